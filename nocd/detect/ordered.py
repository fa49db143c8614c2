"""What a phone tells, walked in order of its time however it arrives: at once where it comes in order.

Whatever lies within the lateness is pending. One walker has taken the settled part for good, the other also what is
pending; only when something arrives out of order is the second walked anew, and then not before the next minute: for
those who ask by a copy, for good with what is taken next.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Any, Final, Protocol, Self

from nocd.domain.instant import MINUTE_MS

PENDING_MAX: Final = 600  # one a second for the ten minutes of lateness; past it the oldest are settled early


class Walker(Protocol):
    """Takes what is seen one after the other."""

    def step(self, seen: Any, known: Any) -> bool:
        """Take the next in, by what else is known; tell whether claims may have changed."""

    def copy(self) -> Self:
        """Return one that goes on from here by itself."""


class Line(Protocol):
    """What is kept of one phone: two walkers, what is pending (in order), and up to when all is settled (UTC ms).

    `walk_at` is when what came out of order is to be walked, 0 where nothing did.
    """

    settled: Any
    head: Any
    pending: list[Any]
    settled_to: int
    walk_at: int


def take(line: Line, seen: Any, known: Any, *, now: int) -> bool:
    """Take something with a `time` in; tell whether claims, or when to ask for them, may have changed.

    What comes too late is not taken.
    """
    again = 0 < line.walk_at <= now
    if again:
        line.head, line.walk_at = walked(line, now, known), 0
    return _taken(line, seen, known, now=now) or again


def _taken(line: Line, seen: Any, known: Any, *, now: int) -> bool:
    if seen.time <= line.settled_to:
        return False
    pending = line.pending
    last = not pending or pending[-1] < seen
    at = len(pending) if last else bisect_left(pending, seen)
    if not last and pending[at] == seen:
        return False
    pending.insert(at, seen)
    if len(pending) > PENDING_MAX:
        _settle_first(line, known)
    if last:
        return not line.walk_at and bool(line.head.step(seen, known))
    planned, line.walk_at = line.walk_at, line.walk_at or (now // MINUTE_MS + 1) * MINUTE_MS
    return not planned


def settle(line: Line, upto: int, known: Any) -> None:
    """Settle all up to an instant (ms) that nothing can come before any more."""
    while line.pending and line.pending[0].time <= upto:
        _settle_first(line, known)
    line.settled_to = max(line.settled_to, upto)


def walked(line: Line, at: int, known: Any) -> Any:
    """Return the walker of all there is at an instant (ms): a new one where something came out of order before it."""
    if not 0 < line.walk_at <= at:
        return line.head
    head = line.settled.copy()
    for seen in line.pending:
        head.step(seen, known)
    return head


def _settle_first(line: Line, known: Any) -> None:
    first = line.pending.pop(0)
    line.settled.step(first, known)
    line.settled_to = max(line.settled_to, first.time)
