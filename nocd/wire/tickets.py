"""Tickets on the wire: what is answered, what is asked, and what the feed tells of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from nocd.wire.requests import Request
from nocd.wire.views import AlertView, SeverityName, VerdictName, View

TicketStatusName = Literal["new", "open", "in_progress", "on_hold", "resolved", "closed", "cancelled"]
PriorityName = Literal["P1", "P2", "P3", "P4"]
Name = Annotated[str, Field(min_length=1, max_length=128)]
Comment = Annotated[str, Field(min_length=1, max_length=4_000, pattern=r"\S")]


class ClockView(View):
    """One clock of a ticket: when it is due (null while it rests or is over), and where it stands."""

    due: str | None = None
    met_at: str | None = None
    state: Literal["running", "paused", "warned", "breached", "met", "over"]


class SlaView(View):
    """A ticket's clocks: minutes counted until `counting_since`, from which they run on."""

    paused: bool
    counted_minutes: float
    counting_since: str | None = None
    response: ClockView
    resolution: ClockView


class CheckView(View):
    """A step of the checklist that is done: which, counted from 1, by whom, and when."""

    step: int
    by: str
    at: str


class TicketView(View):
    """One ticket: what is to be done, by whom, until when, and for which alerts."""

    id: str
    number: str
    type: str
    category: str
    title: str
    body: str
    severity: SeverityName
    priority: PriorityName
    status: TicketStatusName
    origin: Literal["alert", "fraud", "operator"]
    site: str | None = None
    site_name: str | None = None
    client: str | None = None
    person: str | None = None
    person_name: str | None = None
    steps_to_take: list[str]
    checks: list[CheckView] = Field(default_factory=list)
    evidence: dict[str, Any]
    assignee: str | None = None
    assignee_name: str | None = None
    assigned_as: str | None = None
    alerts: list[str]
    alerts_total: int
    trouble_ended_at: str | None = None
    created_at: str
    created_by: str
    updated_at: str
    resolved_at: str | None = None
    resolved_by: str | None = None
    verdict: VerdictName | None = None
    ended_at: str | None = None
    escalated_at: str | None = None
    escalated_to: str | None = None
    late: dict[str, str]
    comments: int = 0
    sla: SlaView


class TimelineView(View):
    """Something that happened to a ticket, with its reason."""

    row: int
    time: str
    decision: str
    reason: str
    actor: str
    old_status: TicketStatusName | None = None
    new_status: TicketStatusName | None = None


class TicketDetail(View):
    """A ticket with its alerts and all that happened to it."""

    ticket: TicketView
    alerts: list[AlertView]
    timeline: list[TimelineView]


class TicketChanged(TicketView):
    """A ticket was made or moved: the whole ticket, what happened to it, and why."""

    old_status: TicketStatusName | None = None
    new_status: TicketStatusName
    happened: str
    why: str
    actor: str


class CreateTicket(Request):
    """Open a ticket by hand; with a `type` it is the one open ticket of that type and site (of a fraud, person too)."""

    title: Annotated[str, Field(min_length=1, max_length=256)]
    priority: PriorityName = "P3"
    body: Annotated[str, Field(max_length=16_000)] = ""
    type: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    site: Name | None = None
    person: Name | None = None
    assignee: Name | None = None
    alerts: Annotated[list[Annotated[str, Field(pattern=r"^A-[0-9]{1,18}$")]], Field(max_length=100)] = Field(
        default_factory=list
    )


class MoveTicket(Request):
    """Take a ticket on, start, hold or reopen it."""

    comment: Comment | None = None


class EndTicket(Request):
    """Close or cancel a ticket, saying why."""

    comment: Comment


class ResolveTicket(Request):
    """End the work, saying what was done and what it turned out to be: its alerts get the verdict, and end."""

    verdict: VerdictName
    comment: Comment


class AssignTicket(Request):
    """Hand a ticket to someone."""

    assignee: Name
    comment: Comment | None = None


class EscalateTicket(Request):
    """Hand a ticket up, to a role or person."""

    to: Name | None = None
    comment: Comment | None = None


class CheckTicket(Request):
    """Tick a step of the checklist, counted from 1, or take the tick away."""

    step: Annotated[int, Field(ge=1, le=100)]
    done: bool = True


class NoteTicket(Request):
    """Write something down on a ticket."""

    text: Annotated[str, Field(min_length=1, max_length=4_000)]


class TicketBulk(Request):
    """One command for many tickets (at most 100), answered one by one."""

    ids: Annotated[list[Annotated[str, Field(min_length=1, max_length=64)]], Field(min_length=1, max_length=100)]
    command: Literal["ack", "start", "hold", "resolve", "reopen", "close", "cancel", "assign", "escalate", "note"]
    args: dict[str, object] = Field(default_factory=dict)


TICKET_COMMANDS: dict[str, type[Request]] = {
    "ack": MoveTicket,
    "start": MoveTicket,
    "hold": MoveTicket,
    "resolve": ResolveTicket,
    "reopen": MoveTicket,
    "close": EndTicket,
    "cancel": EndTicket,
    "assign": AssignTicket,
    "escalate": EscalateTicket,
    "check": CheckTicket,
    "note": NoteTicket,
}
