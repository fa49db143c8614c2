"""Which punches are put up for review: a random part of the low scores, and a few that teach a model most."""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from nocd.fraud.features import FEATURES
from nocd.fraud.rules import FRAUD_FROM, TICKET_FROM

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    Vector = Sequence[float | None]

RATE: Final = 0.01
WEIGHT: Final = 1 / RATE
CHOSEN_A_WEEK: Final = 10
NEAR: Final = 0.1  # so far from the ticket threshold, on either side, a verdict says most about it
NEAR_SHARE: Final = 0.5  # of those chosen; the rest are unlike anything labelled
LABELLED_MAX: Final = 300  # newest
CANDIDATES_MAX: Final = 100  # as the hash would draw them next
_PURPOSE: Final = b"review"
_WHOLE: Final = 2.0**64
_MIDDLE: Final = (0.05, 0.95)  # of what is known: outliers do not set the scale


class Seen(NamedTuple):
    """A stored score: whether an alert has it, whether its label is known, whether it was put up, its features."""

    no: int
    time: int
    punch: str
    score: float
    alerted: bool
    labelled: bool
    put_up: bool
    x: Vector | None


def lot(key: bytes, punch: str) -> float:
    """Return a number from 0 to 1 that is a punch's own for ever, and nobody's guess without the key."""
    drawn = blake2b(punch.encode(), key=key, digest_size=8, person=_PURPOSE).digest()
    return int.from_bytes(drawn) / _WHOLE


@dataclass(slots=True, kw_only=True)
class Sample:
    """Walks over stored scores, oldest first, and keeps what to put up; `choose_from` (UTC ms) bounds the chosen."""

    key: bytes
    choose_from: int
    drawn: list[int] = field(default_factory=list)
    _labelled: deque[Vector] = field(default_factory=lambda: deque(maxlen=LABELLED_MAX))
    _near: list[tuple[float, int]] = field(default_factory=list)
    _next: list[tuple[float, int, Vector]] = field(default_factory=list)

    def take(self, rows: Iterable[Seen]) -> None:
        """Look at some scores."""
        for row in rows:
            if row.labelled and row.x is not None:
                self._labelled.append(row.x)
            if row.put_up:
                continue
            drawn = lot(self.key, row.punch)
            if drawn < RATE and row.score < FRAUD_FROM and not row.alerted:
                self.drawn.append(row.no)
            elif not row.labelled and row.time >= self.choose_from:
                self._consider(row, drawn)

    def choose(self, room: int) -> tuple[list[int], list[int]]:
        """Return up to `room` scores: those near the ticket threshold, and those unlike anything labelled.

        It is half of each, or more of one where there are fewer of the other.
        """
        near = [no for _, no in sorted(self._near, reverse=True)]
        unlike = list(islice(self._unlike(), room - min(round(room * NEAR_SHARE), len(near))))
        return near[: room - len(unlike)], unlike

    def _consider(self, row: Seen, drawn: float) -> None:
        off = abs(row.score - TICKET_FROM)
        if off <= NEAR:
            _keep(self._near, (-off, row.no), CHOSEN_A_WEEK)
        elif row.x is not None and not row.alerted:
            _keep(self._next, (-drawn, row.no, row.x), CANDIDATES_MAX)

    def _unlike(self) -> Iterator[int]:
        """Yield the score farthest from all that is labelled, then the farthest from that too (T. Gonzalez, 1985).

        Where nothing is labelled all are as unlike, and the random part is the better choice.
        """
        found = {no: x for _, no, x in self._next}
        scales = _scales([*self._labelled, *found.values()])
        known = [*self._labelled]
        off = {no: min((distance(x, each, scales) for each in known), default=0.0) for no, x in found.items()}
        while off:
            farthest = max(off, key=lambda no: (off[no], no))
            if off.pop(farthest) <= 0:
                return
            yield farthest
            off = {no: min(least, distance(found[no], found[farthest], scales)) for no, least in off.items()}


def distance(one: Vector, other: Vector, scales: Sequence[float]) -> float:
    """Return how unlike two vectors are, 0 to 1: the mean over their columns (J. C. Gower, Biometrics 27, 1971).

    A value on one side only counts 1. Columns that move with the date are left out: a date is no way of behaving.
    """
    parts = [
        _apart(a, b, scale)
        for a, b, scale, feature in zip(one, other, scales, FEATURES, strict=False)
        if not feature.calendar
    ]
    return sum(parts) / len(parts)


def _apart(one: float | None, other: float | None, scale: float) -> float:
    if one is None or other is None:
        return float(one is not other)
    return min(1.0, abs(one - other) / scale) if scale else float(one != other)


def _scales(vectors: Sequence[Vector]) -> list[float]:
    """Return how far apart the values of each column lie, but for the outermost tenth."""
    found = []
    for column in range(min(map(len, vectors), default=0)):  # older vectors are shorter
        known = sorted(value for value in (x[column] for x in vectors) if value is not None)
        low, high = (known[round(part * (len(known) - 1))] if known else 0.0 for part in _MIDDLE)
        found.append(high - low)
    return found


def _keep(heap: list[Any], item: tuple[Any, ...], most: int) -> None:
    """Keep the greatest `most` items."""
    if len(heap) < most:
        heapq.heappush(heap, item)
    else:
        heapq.heappushpop(heap, item)
