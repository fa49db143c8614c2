"""The tickets that are to be done: found by id and key, numbered, and with all that happens to them on record."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from nocd.domain.finding import fingerprint
from nocd.domain.instant import HOUR_MS
from nocd.domain.ticket import Ticket, TicketStatus, TimelineRow
from nocd.domain.verdict import CHECKS, FRAUD
from nocd.triage.deadlines import Deadlines

if TYPE_CHECKING:
    from nocd.domain.roster import Roster
    from nocd.domain.shelf import Shelves

KIND: Final = "ticket"
NOWHERE: Final = "NOC"  # what stands for the site in the number of a ticket about none
ALERTS_MAX: Final = 200  # alerts a ticket names; more are counted
FRAUD_TYPES: Final = CHECKS | {FRAUD}
REOPEN_WITHIN_MS: Final = 4 * HOUR_MS
FRAUD_REOPEN_WITHIN_MS: Final = 24 * HOUR_MS
SYSTEM: Final = "nocd"


@dataclass(slots=True, kw_only=True)
class TicketNews:
    """Something that happened to a ticket, to be told: the ticket as it was then, and its status before."""

    ticket: Ticket
    created: bool
    old_status: TicketStatus | None
    decision: str
    reason: str
    actor: str

    @property
    def moved(self) -> bool:
        """Tell whether it changed the ticket's status."""
        return self.created or self.old_status is not self.ticket.status


@dataclass(slots=True, kw_only=True)
class TicketsTold:
    """What a batch did to tickets: each of them in the end, what to tell in order, and the rows behind it."""

    tickets: list[Ticket] = field(default_factory=list)
    news: list[TicketNews] = field(default_factory=list)
    timeline: list[TimelineRow] = field(default_factory=list)


def reopens_within_ms(ticket: Ticket) -> int:
    """Return how long after its resolve a ticket is opened again rather than another made."""
    return FRAUD_REOPEN_WITHIN_MS if ticket.type in FRAUD_TYPES else REOPEN_WITHIN_MS


def key_for(kind: str, site: str | None, person: str | None) -> str:
    """Return what is unique among open tickets: type and site, of a fraud the person too."""
    return fingerprint(kind, site, person if kind in FRAUD_TYPES else None)


def _place(ticket: Ticket) -> tuple[bool, int, int]:
    return ticket.open, ticket.resolved_at or 0 if ticket.status is TicketStatus.RESOLVED else 0, ticket.no


class TicketBook:
    """Holds open tickets, and resolved ones for as long as the same trouble opens them again."""

    def __init__(self, shelves: Shelves, roster: Roster) -> None:
        """Take up what the shelves hold."""
        self._shelves = shelves
        self._roster = roster
        self._tickets: dict[str, Ticket] = shelves.kind(KIND)
        self._by_key: dict[str, set[str]] = {}
        self._deadlines = Deadlines()
        self._touched: dict[str, Ticket] = {}
        self._told = TicketsTold()
        self._last: dict[str, int] = {}  # where in the batch's news the last of a ticket stands
        self.open_count = 0
        for ticket in self._tickets.values():
            self._by_key.setdefault(ticket.key, set()).add(ticket.id)
            self.open_count += ticket.open
            self._deadlines.plan(ticket.id, ticket.due_at)

    def get(self, ticket_id: str) -> Ticket | None:
        """Return a ticket for reading, or None where it is not held."""
        return self._tickets.get(ticket_id)

    def of_key(self, key: str) -> Ticket | None:
        """Return the ticket with this key that is open, else the one resolved last, else one that ended, or None."""
        held = [self._tickets[ticket_id] for ticket_id in self._by_key.get(key, ())]
        return max(held, key=_place, default=None)

    def next_no(self) -> int:
        """Return the number of the next ticket."""
        return self._next(KIND)

    def number_at(self, site: str | None) -> str:
        """Return what people will call the next ticket of a site: `NTH-04-7`."""
        place = site if site is not None and site in self._roster.sites else NOWHERE
        return f"{place}-{self._next(f'{KIND}@{place}')}"

    def add(self, ticket: Ticket) -> None:
        """Put a new ticket in the book; no other is open for its key."""
        self._shelves.put(KIND, ticket.id, ticket)
        self._by_key.setdefault(ticket.key, set()).add(ticket.id)
        self.open_count += 1

    def recall(self, ticket: Ticket) -> None:
        """Take a ticket back that the book had let go of."""
        self._shelves.put(KIND, ticket.id, ticket)
        self._by_key.setdefault(ticket.key, set()).add(ticket.id)
        self._deadlines.plan(ticket.id, ticket.due_at)

    def let_go(self, ticket_id: str) -> None:
        """Forget a ticket that nothing opens again by itself."""
        ticket = self._tickets[ticket_id]
        self._by_key[ticket.key].discard(ticket_id)
        if not self._by_key[ticket.key]:
            del self._by_key[ticket.key]
        self._deadlines.plan(ticket_id, None)
        self._shelves.drop(KIND, ticket_id)

    def edit(self, ticket_id: str) -> Ticket:
        """Return a ticket that is about to change."""
        ticket: Ticket = self._shelves.edit(KIND, ticket_id)
        return ticket

    def move(self, ticket: Ticket, status: TicketStatus) -> TicketStatus:
        """Change a ticket's status, keeping counts right; return the former."""
        former = ticket.status
        self.open_count -= ticket.open
        ticket.status = status
        self.open_count += ticket.open
        return former

    def decide(
        self,
        ticket: Ticket,
        decision: str,
        reason: str,
        *,
        now: int,
        actor: str = SYSTEM,
        old: TicketStatus | None = None,
    ) -> None:
        """Put on record what happened to a ticket; every change of its status is told, of the rest the last a batch."""
        ticket.timeline_rows += 1
        ticket.updated_at = now
        self._touched[ticket.id] = ticket
        created = decision == "created"
        old_status = None if created else old or ticket.status
        row = TimelineRow(
            ticket=ticket.id,
            row=ticket.timeline_rows,
            time=now,
            decision=decision,
            reason=reason,
            actor=actor,
            old_status=old_status,
            new_status=ticket.status,
        )
        self._told.timeline.append(row)
        self._tell(ticket, row, created=created)

    def planned(self, ticket: Ticket, at: int | None) -> None:
        """Remember when time alone has something to do for a ticket (UTC ms)."""
        if ticket.due_at != at:
            ticket.due_at = at
            self._deadlines.plan(ticket.id, ticket.due_at)

    def due(self, now: int) -> list[Ticket]:
        """Return, for reading, the tickets for which something is due by `now`, each at most once a call."""
        due = self._deadlines.take(now)
        return sorted((self._tickets[ticket_id] for ticket_id in due), key=lambda ticket: ticket.no)

    def next_due(self) -> int | None:
        """Return the instant of the earliest deadline (UTC ms), or None."""
        return self._deadlines.next()

    def finish(self) -> TicketsTold:
        """End the batch and return what happened in it."""
        told, self._told = self._told, TicketsTold()
        told.tickets = list(self._touched.values())
        self._touched, self._last = {}, {}
        return told

    def _tell(self, ticket: Ticket, row: TimelineRow, *, created: bool) -> None:
        """Put a change of status after what was told before; all else is part of what the batch tells last of it."""
        news = TicketNews(
            ticket=ticket.copied(),
            created=created,
            old_status=None if row.old_status is None else TicketStatus(row.old_status),
            decision=row.decision,
            reason=row.reason,
            actor=row.actor,
        )
        last = self._last.get(ticket.id)
        if last is None or (news.moved and self._told.news[last].moved):
            self._last[ticket.id] = len(self._told.news)
            self._told.news.append(news)
        elif news.moved or not self._told.news[last].moved:
            self._told.news[last] = news
        else:
            self._told.news[last].ticket = news.ticket

    def _next(self, counter: str) -> int:
        number = int(self._shelves.get("counter", counter) or 0) + 1
        self._shelves.put("counter", counter, number)
        return number
