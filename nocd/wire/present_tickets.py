"""From tickets to the wire's views, as plain JSON-able values of the shapes in `nocd.wire.tickets`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nocd.domain.instant import MINUTE_MS, rfc3339, rfc3339_or_none
from nocd.domain.ticket import TicketStatus

if TYPE_CHECKING:
    from nocd.domain.roster import Roster
    from nocd.domain.ticket import Ticket

_SAME = (
    "id",
    "number",
    "type",
    "category",
    "title",
    "body",
    "severity",
    "priority",
    "status",
    "origin",
    "site",
    "person",
    "steps_to_take",
    "evidence",
    "assignee",
    "assigned_as",
    "alerts",
    "alerts_total",
    "resolved_by",
    "verdict",
    "escalated_to",
    "created_by",
    "comments",
)
_INSTANTS = ("trouble_ended_at", "resolved_at", "ended_at", "escalated_at")


def ticket_view(ticket: Ticket, *, roster: Roster) -> dict[str, Any]:
    """Return a ticket as `TicketView`."""
    view: dict[str, Any] = {name: getattr(ticket, name) for name in _SAME}
    view.update((name, rfc3339_or_none(getattr(ticket, name))) for name in _INSTANTS)
    view.update(
        site_name=roster.site_name(ticket.site),
        client=roster.client(ticket.site),
        person_name=roster.person_name(ticket.person),
        assignee_name=roster.person_name(ticket.assignee),
        created_at=rfc3339(ticket.created_at),
        updated_at=rfc3339(ticket.updated_at),
        late=dict(ticket.claims),
        checks=[
            {"step": check.step, "by": check.by, "at": rfc3339(check.at)}
            for check in sorted(ticket.checks, key=lambda check: check.step)
        ],
        sla=sla_view(ticket),
    )
    return view


def sla_view(ticket: Ticket) -> dict[str, Any]:
    """Return a ticket's clocks as `SlaView`."""
    paused = ticket.status is TicketStatus.ON_HOLD
    return {
        "paused": paused,
        "counted_minutes": round(ticket.counted_ms / MINUTE_MS, 2),
        "counting_since": rfc3339_or_none(ticket.counting_since),
        "response": _clock(
            ticket,
            "response",
            due=ticket.response_due,
            met_at=ticket.responded_at,
            over=ticket.responded_at is not None,
        ),
        "resolution": _clock(
            ticket, "resolution", due=ticket.resolution_due, met_at=ticket.resolved_at, over=not ticket.open
        ),
    }


def _clock(ticket: Ticket, name: str, *, due: int | None, met_at: int | None, over: bool) -> dict[str, Any]:
    """Return one clock: `breached` and `warned` stay, whatever came after."""
    breached, warned = f"{name}_breached" in ticket.steps, f"{name}_warned" in ticket.steps
    running = "over" if over else "paused" if ticket.counting_since is None else "running"
    state = "breached" if breached else "met" if over and met_at is not None else "warned" if warned else running
    return {"due": rfc3339_or_none(due), "met_at": rfc3339_or_none(met_at), "state": state}
