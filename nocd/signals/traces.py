"""When someone's signals were heard at all: stretches without a pause, whatever the order of arrival.

Unlike the counts these take in what a phone sends after hours offline: nothing but a trace refutes an absence.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from nocd.domain.instant import HOUR_MS, MINUTE_MS
from nocd.domain.observation import LocationFix, PhoneEvent, TaskDone, TourScan

Heard = tuple[int, int]  # the first and the last event of a stretch, UTC ms
PAUSE_MS = 30 * MINUTE_MS  # the shortest window anyone asks about; events nearer than this are one stretch
TRACES_KEPT_MS = 26 * HOUR_MS  # before the newest event


@dataclass(slots=True, kw_only=True)
class Traces:
    """One person's stretches of phone events, fixes, tasks done and checkpoints scanned.

    `since` is the first sign ever of any device of theirs, `phone_since` and `fixes_since` the first of each sort.
    """

    phone: list[Heard] = field(default_factory=list)
    fixes: list[Heard] = field(default_factory=list)
    tasks: list[Heard] = field(default_factory=list)
    scans: list[Heard] = field(default_factory=list)
    since: int | None = None
    fixes_since: int | None = None
    phone_since: int | None = None

    def take(self, data: PhoneEvent | LocationFix | TaskDone | TourScan, time: int) -> None:
        """Take an event in."""
        if isinstance(data, PhoneEvent):
            mark(self.phone, time)
            if self.phone_since is None or time < self.phone_since:
                self.phone_since = time
        elif isinstance(data, LocationFix):
            mark(self.fixes, time)
            if self.fixes_since is None or time < self.fixes_since:
                self.fixes_since = time
        elif isinstance(data, TaskDone):
            mark(self.tasks, time)
            return  # a task may be closed at a desk
        elif data.scan != "SKIP":
            mark(self.scans, time)
        if self.since is None or time < self.since:
            self.since = time


def mark(stretches: list[Heard], time: int) -> None:
    """Take an event's time into stretches that are kept in order; the same come of the same times in any order."""
    if stretches and stretches[-1][0] <= time < stretches[-1][1] + PAUSE_MS:
        if time > stretches[-1][1]:
            stretches[-1] = (stretches[-1][0], time)
        return
    at = bisect_left(stretches, (time, time))
    first = last = time
    if at < len(stretches) and stretches[at][0] - time < PAUSE_MS:
        last = stretches.pop(at)[1]
    if at and time - stretches[at - 1][1] < PAUSE_MS:
        at -= 1
        before = stretches.pop(at)
        first, last = before[0], max(before[1], last)
    stretches.insert(at, (first, last))
    while stretches[0][1] < stretches[-1][1] - TRACES_KEPT_MS:
        del stretches[0]
