"""A tour and its scans: when it must begin, whether it did, when it is closed, and how much of it was scanned."""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from nocd.domain.directory import Tour  # noqa: TC001 - the store reads the record's annotations
from nocd.domain.instant import HOUR_MS, MINUTE_MS, to_ms

KIND: Final = "tours"
MISSED_AFTER_MS: Final = 2 * HOUR_MS
EARLY_MS: Final = 12 * HOUR_MS  # scans before that are of another day's tour of the same id
SCANS_MAX: Final = 2_048  # two of each checkpoint of the longest tour; what comes then is not kept
SKIP: Final = "SKIP"


class Scan(NamedTuple):
    """A checkpoint scanned or skipped, ordered by its time (UTC ms)."""

    time: int
    checkpoint: str
    person: str
    sort: str


@dataclass(slots=True, kw_only=True)
class Round:
    """A tour as the directory last had it, and its scans in order of time.

    `off` says that it was cancelled or removed, at `off_at`; `shortened` that an update closed it before its time.
    `since` is from when on what is claimed of the id is claimed of this tour, however often it was moved.
    """

    tour: Tour | None = None
    scans: list[Scan] = field(default_factory=list)
    off: str = ""
    off_at: int = 0
    shortened: bool = False
    heard_at: int = 0
    since: int = 0

    def enter(self, tour: Tour, time: int) -> None:
        """Take the tour's entry at `time` (UTC ms)."""
        former, self.tour = self.tour, tour
        since = planned(tour) - EARLY_MS
        moved = former is not None and time < planned(former) + MISSED_AFTER_MS
        self.since = min(self.since, since) if moved else since
        if not tour.cancelled:
            self.off = ""
        elif self.off != "cancelled":
            self.off, self.off_at = "cancelled", time
        closed_at = closed_ms(tour)
        by_update = self.shortened or (former is not None and former.closed_at is None)
        self.shortened = by_update and closed_at is not None and closed_at < _its_time(tour)

    def remove(self, time: int) -> None:
        """Take the entry's removal; of a tour whose time is over that is housekeeping and says nothing."""
        if self.tour is not None and time < latest(self.tour) and not self.off:
            self.off, self.off_at = "removed", time

    def scan(self, scan: Scan) -> None:
        """Take a scan in, in any order; the same one told twice is one."""
        if scan not in self.scans and len(self.scans) < SCANS_MAX:
            insort(self.scans, scan)

    def counted(self, tour: Tour, upto: int | None = None) -> list[Scan]:
        """Return the tour's own scans, up to an instant (UTC ms) where one is given."""
        since = planned(tour) - EARLY_MS
        return [scan for scan in self.scans if since <= scan.time and (upto is None or scan.time <= upto)]

    def begun(self, tour: Tour) -> Scan | None:
        """Return the first scan, a skipped checkpoint included, or None."""
        since = planned(tour) - EARLY_MS
        return next((scan for scan in self.scans if scan.time >= since), None)

    def closes(self, tour: Tour) -> int:
        """Return when the tour is closed: by its last checkpoint answered, by the directory, or by itself."""
        closed_at = closed_ms(tour)
        end = latest(tour) if closed_at is None else min(closed_at, latest(tour))
        open_ones = set(tour.checkpoints)
        for scan in self.counted(tour, end) if open_ones else ():
            open_ones.discard(scan.checkpoint)
            if not open_ones:
                return scan.time
        return end


def planned(tour: Tour) -> int:
    """Return when a tour is to begin (UTC ms)."""
    return to_ms(tour.planned_start)


def grace_ms(tour: Tour) -> int:
    """Return how much later it may begin."""
    return int(tour.grace_minutes * MINUTE_MS)


def latest(tour: Tour) -> int:
    """Return when a tour is closed by itself (UTC ms)."""
    return planned(tour) + MISSED_AFTER_MS + grace_ms(tour)


def closed_ms(tour: Tour) -> int | None:
    """Return when the directory says it was closed (UTC ms), or None."""
    return None if tour.closed_at is None else to_ms(tour.closed_at)


def _its_time(tour: Tour) -> int:
    return latest(tour) if tour.planned_end is None else to_ms(tour.planned_end)
