"""An operator for simulated months: takes on every ticket within a minute and ends it in half an hour, but for some.

Those are planted troubles of triage's own work, each with its truth row: a P1 that is not taken on for nine minutes, a
ticket that is ended half an hour after its time, and one that is left for 74 hours.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any, Final

from nocd.domain.command import Command
from nocd.domain.finding import Category
from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS
from nocd.domain.ticket import Ticket, TicketPriority
from nocd.simulate.truth import Truth
from nocd.triage.sla import target_ms
from tests.e2e.entailed import ONE_AT_A_TIME

if TYPE_CHECKING:
    from collections.abc import Callable

    from nocd.engine import Engine

SLOW, FORGOTTEN, UNCLAIMED = 0.05, 0.02, 0.20
_TAKEN_MS: Final = MINUTE_MS
_TAKEN_LATE_MS: Final = 9 * MINUTE_MS
_ENDED_MS: Final = 30 * MINUTE_MS
_FORGOTTEN_MS: Final = 74 * HOUR_MS
_NEVER_MS: Final = 400 * DAY_MS  # what lasts by itself, and adds to one alert, is no operator's to end
_LASTS_MS: Final = {"FIELD_SUPPORT_DELAYED": 48 * HOUR_MS}  # it is told again, and graver, at 120 h
_NEGLECTS: Final = (
    ("EMERGENCY_ESCALATION_DELAYED", 2 * MINUTE_MS),
    ("EMERGENCY_TICKET_UNASSIGNED", 5 * MINUTE_MS),
    ("FIELD_SUPPORT_DELAYED", 72 * HOUR_MS),
)


@dataclass(slots=True)
class Desk:
    """Works on an engine's tickets by commands, as operators do; `plant` hears what was neglected."""

    engine: Engine
    seed: int
    plant: Callable[[Truth], None]
    _tickets: dict[str, Ticket] = field(default_factory=dict)
    _open_ms: dict[str, int] = field(default_factory=dict)
    _due: list[tuple[int, str, str]] = field(default_factory=list)

    def see(self, tickets: list[Ticket]) -> None:
        """Plan what is done of tickets that are new, or open again."""
        for ticket in tickets:
            former = self._tickets.get(ticket.id)
            self._tickets[ticket.id] = ticket.copied()
            if ticket.open and (former is None or ticket.opened_at != former.opened_at):
                self._plan(ticket, ticket.opened_at or ticket.created_at, again=ticket.opened_at is not None)
            elif ticket.open and former is not None and ticket.priority != former.priority:
                self._hurry(ticket)

    def act(self, now: int) -> None:
        """Do what is due up to `now` (UTC ms)."""
        while self._due and self._due[0][0] <= now:
            at, ticket_id, what = heappop(self._due)
            ticket = self._tickets[ticket_id]
            if not ticket.open:
                continue
            if what == "take":
                self._order("assign_ticket", ticket, at, assignee="mara")
                self._order("start_ticket", ticket, at)
            elif what == "end":
                self._open_ms[ticket_id] = (
                    self._open_ms.get(ticket_id, 0) + at - (ticket.opened_at or ticket.created_at)
                )
                self._order("resolve_ticket", ticket, at, verdict="true_positive", comment="seen to")
            else:
                self.plant(Truth("", what, "", ticket.site or "", at, at + _LASTS_MS.get(what, 0)))

    def _plan(self, ticket: Ticket, since: int, *, again: bool) -> None:
        draw = 1.0 if again else self._draw(ticket)
        urgent = ticket.priority is TicketPriority.P1
        taken, ended, late = since + _TAKEN_MS, since + _ENDED_MS, self._late(ticket)
        if draw < FORGOTTEN:
            ended = since + _FORGOTTEN_MS
        elif ticket.type in ONE_AT_A_TIME:
            ended = since + _NEVER_MS
        elif draw < SLOW:
            ended = late + _ENDED_MS
        elif draw < UNCLAIMED and urgent:
            taken = since + _TAKEN_LATE_MS
        plans = [(taken, "take"), (ended, "end")]
        plans += [(late, "SLA_BREACH")] if since < late <= ended else []
        plans += [
            (since + after, kind) for kind, after in _NEGLECTS if self._neglected(ticket, kind, since, after, plans)
        ]
        for at, what in plans:
            heappush(self._due, (at, ticket.id, what))

    def _hurry(self, ticket: Ticket) -> None:
        """Reckon with less time for a ticket that became graver."""
        late, ended = self._late(ticket), next(at for at, each, what in self._due if (each, what) == (ticket.id, "end"))
        if late <= ended:
            heappush(self._due, (late, ticket.id, "SLA_BREACH"))

    def _late(self, ticket: Ticket) -> int:
        """Return when a ticket is past its time; what it was open before it came again counts."""
        since = ticket.opened_at or ticket.created_at
        return since + target_ms(ticket.priority, "resolution") - self._open_ms.get(ticket.id, 0)

    def _neglected(self, ticket: Ticket, kind: str, since: int, after: int, plans: list[tuple[int, str]]) -> bool:
        taken, ended = plans[0][0], plans[1][0]
        if kind == "FIELD_SUPPORT_DELAYED":
            return since + after < ended
        if kind == "EMERGENCY_TICKET_UNASSIGNED" and ticket.assignee is not None:
            return False  # the site's supervisor's from the first
        emergency = kind == "EMERGENCY_TICKET_UNASSIGNED" or ticket.category == Category.SAFETY
        return ticket.priority is TicketPriority.P1 and emergency and since + after < taken

    def _draw(self, ticket: Ticket) -> float:
        digest = blake2b(f"{self.seed}|{ticket.id}".encode(), digest_size=8).digest()
        return int.from_bytes(digest) / 2**64

    def _order(self, verb: str, ticket: Ticket, at: int, **args: Any) -> None:
        self.engine.apply(Command(verb=verb, target=ticket.id, actor="mara", time=at, args=args))
