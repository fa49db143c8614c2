"""How far a phone moved: from its fixes in order of their time, however they arrive within the lateness."""

from __future__ import annotations

from bisect import bisect_right, insort
from dataclasses import dataclass, field
from typing import NamedTuple

from nocd.domain.geo import haversine_m
from nocd.domain.instant import HOUR_MS

SPEED_MAX_MPS = 60.0
ACCURACY_UNKNOWN_M = 25.0
ANCHOR_KEPT_MS = 8 * HOUR_MS
_LAST = float("inf")  # sorts after every latitude
PENDING_MAX = 600  # a fix a second for the ten minutes of lateness


class Fix(NamedTuple):
    """Where a phone was; ordered by time (ms), and where that is equal by what else it says."""

    time: int
    lat: float
    lon: float
    accuracy_m: float


class Step(NamedTuple):
    """The way to a fix: when (ms), how far, and whether nobody moves like that."""

    time: int
    distance_m: float
    suspect: bool


@dataclass(slots=True, kw_only=True)
class Trail:
    """One phone's last counted fix, and those whose turn has not come because an earlier one may still arrive."""

    heard_at: int
    source: str = ""  # what the phone last spoke through
    anchor: Fix | None = None
    pending: list[Fix] = field(default_factory=list)

    def add(self, fix: Fix) -> None:
        """Take a fix in, in any order."""
        insort(self.pending, fix)

    def settle(self, upto: int) -> list[Step]:
        """Walk the fixes up to `upto` (ms), which nothing can come before any more; return the steps made."""
        count = max(bisect_right(self.pending, (upto, _LAST)), len(self.pending) - PENDING_MAX)
        steps, self.anchor = walk(self.anchor, self.pending[:count])
        del self.pending[:count]
        return steps

    def ahead(self) -> list[Step]:
        """Return the steps the waiting fixes would make as things stand."""
        return walk(self.anchor, self.pending)[0]


def walk(anchor: Fix | None, fixes: list[Fix]) -> tuple[list[Step], Fix | None]:
    """Return the steps from `anchor` along `fixes`, and the last fix that counted.

    A fix nearer than the worse of two accuracies is not a step and does not become the anchor, else a slow walk would
    count as nothing. What implies more than 60 m/s is suspect and does not become the anchor either.
    """
    steps = []
    for fix in fixes:
        if anchor is None or fix.time - anchor.time > ANCHOR_KEPT_MS:
            anchor = fix
            continue
        distance_m = haversine_m(anchor.lat, anchor.lon, fix.lat, fix.lon)
        if distance_m < max(anchor.accuracy_m, fix.accuracy_m):
            continue
        if distance_m * 1_000 > SPEED_MAX_MPS * (fix.time - anchor.time):
            steps.append(Step(fix.time, 0.0, suspect=True))
            continue
        steps.append(Step(fix.time, distance_m, suspect=False))
        anchor = fix
    return steps, anchor
