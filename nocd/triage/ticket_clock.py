"""The clocks of a ticket: when they run, when they are due, and what time alone does to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from nocd.detect.work import DELAYED_LONG_MS, DELAYED_MS, UNASSIGNED_MS, UNESCALATED_MS
from nocd.domain.finding import Category
from nocd.domain.ticket import TicketPriority, TicketStatus
from nocd.triage.sla import WARN_SHARE, Clock, counted_ms, reached, target_ms
from nocd.triage.ticket_book import reopens_within_ms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nocd.domain.ticket import Ticket
    from nocd.triage.sla import Hours

RESPONSE_WARNED: Final = "response_warned"
RESPONSE_BREACHED: Final = "response_breached"
RESOLUTION_WARNED: Final = "resolution_warned"
RESOLUTION_BREACHED: Final = "resolution_breached"
UNASSIGNED: Final = "unassigned"
UNESCALATED: Final = "unescalated"
DELAYED: Final = "delayed"
DELAYED_LONG: Final = "delayed_long"
AGES: Final = frozenset({DELAYED, DELAYED_LONG})
FORGOTTEN: Final = "forgotten"  # let go of: nothing opens it again by itself

_SHARES: Final[tuple[tuple[str, Clock, float], ...]] = (
    (RESPONSE_WARNED, "response", WARN_SHARE),
    (RESPONSE_BREACHED, "response", 1.0),
    (RESOLUTION_WARNED, "resolution", WARN_SHARE),
    (RESOLUTION_BREACHED, "resolution", 1.0),
)


class Step(NamedTuple):
    """What time does to a ticket, and when (UTC ms)."""

    at: int
    what: str


def run(ticket: Ticket, *, now: int) -> None:
    """Let a ticket's clocks run from now on."""
    if ticket.counting_since is None:
        ticket.counting_since = now


def rest(ticket: Ticket, hours: Hours, *, now: int) -> None:
    """Let a ticket's clocks stand."""
    if ticket.counting_since is not None:
        ticket.counted_ms += counted_ms(hours, ticket.counting_since, now)
        ticket.counting_since = None


def reckon(ticket: Ticket, hours: Hours) -> int | None:
    """Write on a ticket when its clocks are due; return when time next has something to do (UTC ms), or None."""
    waits = ticket.open and ticket.responded_at is None
    ticket.response_due = _at(ticket, hours, "response", 1.0) if waits else None
    ticket.resolution_due = _at(ticket, hours, "resolution", 1.0)
    return min((step.at for step in to_come(ticket, hours)), default=None)


def to_come(ticket: Ticket, hours: Hours) -> list[Step]:
    """Return what time will do to a ticket that stays as it is, soonest first."""
    if ticket.status is TicketStatus.RESOLVED:
        return [Step((ticket.resolved_at or 0) + reopens_within_ms(ticket), FORGOTTEN)]
    if not ticket.open:
        return [Step(ticket.updated_at, FORGOTTEN)]
    steps = [*_clocks(ticket, hours), *_neglects(ticket)]
    return sorted(step for step in steps if step.what not in ticket.steps)


def _clocks(ticket: Ticket, hours: Hours) -> Iterator[Step]:
    for what, clock, share in _SHARES:
        if clock == "resolution" or ticket.responded_at is None:
            at = _at(ticket, hours, clock, share)
            if at is not None:
                yield Step(at, what)


def _neglects(ticket: Ticket) -> Iterator[Step]:
    """Yield what comes by the wall clock, on hold or not."""
    since = ticket.created_at if ticket.opened_at is None else ticket.opened_at
    yield Step(since + DELAYED_MS + 1, DELAYED)
    yield Step(since + DELAYED_LONG_MS + 1, DELAYED_LONG)
    if ticket.priority is not TicketPriority.P1:
        return
    if ticket.assignee is None:
        yield Step(ticket.created_at + UNASSIGNED_MS + 1, UNASSIGNED)
    if ticket.category == Category.SAFETY and ticket.responded_at is None and ticket.escalated_at is None:
        yield Step(ticket.created_at + UNESCALATED_MS + 1, UNESCALATED)


def _at(ticket: Ticket, hours: Hours, clock: Clock, share: float) -> int | None:
    if ticket.counting_since is None:
        return None
    left_ms = int(target_ms(ticket.priority, clock) * share) - ticket.counted_ms
    return reached(hours, ticket.counting_since, left_ms)
