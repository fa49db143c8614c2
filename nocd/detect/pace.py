"""How a source usually pauses, and since when it is silent: counts of gaps by their length, O(1) an event."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from nocd.domain.instant import DAY_MS, HOUR_MS, SECOND_MS

if TYPE_CHECKING:
    from nocd.domain.observation import Data

KIND: Final = "sources"
POSTS_MIN: Final = 100
SILENCES_KEPT: Final = 8
BUCKETS: Final = 90  # four to each doubling of seconds: a month of silence falls in the last
GAPS_COUNTED_MAX: Final = 2_048  # then all counts are halved, so that the past fades
DAYS_KEPT: Final = 7
DAYS_MIN: Final = 3
SHORT_MS: Final = HOUR_MS
PHONE_REVIEW_MS: Final = 6 * HOUR_MS
_QUANTILE: Final = 0.99
_HABIT: Final = 1.25  # of the pause of a usual day
_STRANGERS_SHARE: Final = 0.1  # so much may others borrow what is still one person's phone

Silence = tuple[int, int, int | None]  # heard last, found silent, heard again


@dataclass(slots=True, kw_only=True)
class Pace:
    """A source's posts (what one receipt brought is one): gaps between them, who speaks through it, its silences.

    `limit_ms` is how long it may be silent, 0 where it is not judged, to be reviewed at `review_at`. `counts` and
    `longest` go by bucket of length; `days` are the longest gaps of the last days, `today` of this one.
    """

    posts: int = 0
    heard_at: int = 0
    limit_ms: int = 0
    review_at: int = 0
    counts: list[int] = field(default_factory=list)
    longest: list[int] = field(default_factory=list)
    counted: int = 0
    days: list[int] = field(default_factory=list)
    day: int = 0
    today: int = 0
    silences: list[Silence] = field(default_factory=list)
    person: str | None = None
    own: int = 0
    others: int = 0
    device: str | None = None
    devices: int = 0
    site: str | None = None
    sites: int = 0

    def met(self, data: Data) -> None:
        """Take in who, what and where an event of the source is about."""
        person = getattr(data, "person", None)
        if person is not None:
            if person == self.person:
                self.own += 1
            elif self.person is None:
                self.person, self.own = person, 1
            else:
                self.others += 1
        device = getattr(data, "device", None)
        if device is not None and device != self.device:
            self.device, self.devices = self.device or device, self.devices + 1
        site = getattr(data, "site", None)
        if site is not None and site != self.site:
            self.site, self.sites = self.site or site, self.sites + 1

    def of_one_person(self) -> bool:
        """Tell whether all but a few of its events are about one and the same person."""
        return self.person is not None and self.others <= _STRANGERS_SHARE * self.own

    def post(self, at: int) -> None:
        """Note one more post at its receipt (UTC ms)."""
        self.posts += 1
        self.heard_at = at
        day = at // DAY_MS
        if day != self.day:
            if self.day:
                self.days = [*self.days[1 - DAYS_KEPT :], self.today]
            self.day, self.today = day, 0

    def learn(self, gap_ms: int) -> None:
        """Count a gap that was no silence."""
        bucket = _SHORT[gap_ms // SECOND_MS] if gap_ms < SHORT_MS else _bucket(gap_ms // SECOND_MS)
        if len(self.counts) <= bucket:
            more = [0] * (bucket + 1 - len(self.counts))
            self.counts += more
            self.longest += more
        self.counts[bucket] += 1
        self.longest[bucket] = max(self.longest[bucket], gap_ms)
        self.counted += 1
        if self.counted > GAPS_COUNTED_MAX:
            self.counts = [count // 2 for count in self.counts]
            self.counted = sum(self.counts)

    def usual_ms(self) -> int:
        """Return the 99th percentile of its gaps: the longest of the bucket it lies in."""
        wanted, below = _QUANTILE * self.counted, 0
        for count, longest in zip(self.counts, self.longest, strict=True):
            below += count
            if below >= wanted:
                return longest
        return 0

    def habit_ms(self) -> int:
        """Return how long it may pause because it does so on most days: nights of what works by day."""
        if len(self.days) < DAYS_MIN:
            return 0
        return int(_HABIT * sorted(self.days)[(len(self.days) - 1) // 2])


def _bucket(seconds: int) -> int:
    doublings = seconds.bit_length()
    if doublings < 3:  # noqa: PLR2004 - below four seconds there is a bucket for each
        return seconds
    return min(BUCKETS - 1, 4 * (doublings - 2) + ((seconds >> (doublings - 3)) & 3))


_SHORT: Final = tuple(_bucket(seconds) for seconds in range(SHORT_MS // SECOND_MS))  # most gaps are
