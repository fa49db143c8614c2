"""Work handed to someone, with a time to answer and a time to be done."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Literal

from nocd.domain.alert import Verdict
from nocd.domain.severity import Severity


class TicketStatus(StrEnum):
    """Where a ticket stands."""

    NEW = "new"
    OPEN = "open"
    IN_PROGRESS = "in_progress"
    ON_HOLD = "on_hold"
    RESOLVED = "resolved"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class TicketPriority(StrEnum):
    """How soon a ticket is to be worked on, P1 first."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"

    @property
    def rank(self) -> int:
        """Return 1 for P1 up to 4 for P4."""
        return int(self[1:])


Origin = Literal["alert", "fraud", "operator"]
_PRIORITIES = {
    Severity.CRITICAL: TicketPriority.P1,
    Severity.HIGH: TicketPriority.P2,
    Severity.MEDIUM: TicketPriority.P3,
}
_ENDED = frozenset({TicketStatus.RESOLVED, TicketStatus.CLOSED, TicketStatus.CANCELLED})


def priority_of(severity: Severity) -> TicketPriority:
    """Return the priority of a ticket about something this grave."""
    return _PRIORITIES.get(severity, TicketPriority.P4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A step of a ticket's checklist that is done: which, counted from 1, by whom, and when (UTC ms)."""

    step: int
    by: str
    at: int


@dataclass(slots=True, kw_only=True)
class Ticket:
    """A piece of work; times are UTC milliseconds.

    `number` is the one people say (`NTH-04-7`), `key` what is unique among open tickets. Of the alerts behind it the
    first are in `alerts`, all are counted in `alerts_total`. `opened_at` is when it was opened again. `counted_ms` is
    how long its clocks ran up to `counting_since`, None while they rest; `steps` are what time did to it, each once.
    `claims` are the findings about the ticket itself, by type; `due_at` is when time alone has something to do.
    """

    id: str
    no: int
    number: str
    key: str
    type: str
    title: str
    body: str
    severity: Severity
    priority: TicketPriority
    origin: Origin
    created_at: int
    created_by: str
    status: TicketStatus = TicketStatus.NEW
    category: str = ""
    site: str | None = None
    person: str | None = None
    steps_to_take: list[str] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    evidence: dict[str, Any] = field(default_factory=dict)
    assignee: str | None = None
    assigned_as: str | None = None
    alerts: list[str] = field(default_factory=list)
    alerts_total: int = 0
    trouble_ended_at: int | None = None
    responded_at: int | None = None
    resolved_at: int | None = None
    resolved_by: str | None = None
    verdict: Verdict | None = None
    ended_at: int | None = None
    escalated_at: int | None = None
    escalated_to: str | None = None
    opened_at: int | None = None
    counted_ms: int = 0
    counting_since: int | None = None
    response_due: int | None = None
    resolution_due: int | None = None
    steps: list[str] = field(default_factory=list)
    claims: dict[str, str] = field(default_factory=dict)
    due_at: int | None = None
    updated_at: int = 0
    comments: int = 0
    timeline_rows: int = 0

    @property
    def open(self) -> bool:
        """Tell whether it is still to be done: not resolved, closed or cancelled. One that is takes in its trouble."""
        return self.status not in _ENDED

    def copied(self) -> Ticket:
        """Return the ticket as it is now, for telling of it later."""
        return replace(
            self,
            alerts=list(self.alerts),
            steps=list(self.steps),
            claims=dict(self.claims),
            checks=list(self.checks),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineRow:
    """What happened to a ticket: who, what, when, and the reason in words; `row` counts from 1 within the ticket."""

    ticket: str
    row: int
    time: int
    decision: str
    reason: str
    actor: str
    old_status: str | None = None
    new_status: str | None = None
