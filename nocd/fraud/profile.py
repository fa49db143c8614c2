"""A person's habits: their punches of 90 days counted by what is usual of them, in parts of fifteen days.

The span is the present part and the five whole ones before it, the last 76 to 90 days. All counts of a part are one row
of numbers, the sum of the parts another: a punch costs a few additions, however long the past is.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Final, NamedTuple

from nocd.domain.instant import DAY_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

KIND: Final = "punch_profile"
PART_MS: Final = 15 * DAY_MS
PARTS_MAX: Final = 6
PUNCHES_MIN: Final = 10
NAMES_MAX: Final = 8  # sites of one person, and devices; a further one takes the place of the rarest
USUAL_SHARE: Final = 0.9  # what is usual covers so much of the punches
METRES: Final = (15, 30, 60, 120, 250, 500, 1_000, 2_000)  # each about twice the one before; the rest is beyond
MINUTES: Final = (5, 10, 20, 40)  # late, likewise
HOURS_DAY, WEEKDAYS = 24, 7

_HOUR: Final = 0
_WEEKDAY: Final = _HOUR + HOURS_DAY
_METRES: Final = _WEEKDAY + WEEKDAYS
_MINUTES: Final = _METRES + len(METRES) + 1
_SITE: Final = _MINUTES + len(MINUTES) + 1
_DEVICE: Final = _SITE + NAMES_MAX
_PUNCHES: Final = _DEVICE + NAMES_MAX
_MATCHES, _SUM, _SQUARES = _PUNCHES + 1, _PUNCHES + 2, _PUNCHES + 3  # of how well the body matched, in hundredths
_WIDTH: Final = _SQUARES + 1


class Seen(NamedTuple):
    """What of a punch is compared with habits: its moment on the site's clock, place, device and match.

    `late_minutes` is None but for who comes to a shift; a `match` is from 0 to 1.
    """

    part: int
    hour: int
    minute: int
    weekday: int
    site: str
    device: str | None = None
    distance_m: float | None = None
    late_minutes: float | None = None
    match: float | None = None


@dataclass(slots=True, kw_only=True)
class Part:
    """The counts of fifteen days."""

    no: int
    counts: list[int]


@dataclass(slots=True, kw_only=True)
class Profile:
    """The counts of all parts together, those of each, and which site and device each column of names is of."""

    counts: list[int] = field(default_factory=lambda: [0] * _WIDTH)
    parts: list[Part] = field(default_factory=list)
    sites: list[str] = field(default_factory=list)
    devices: list[str] = field(default_factory=list)

    def add(self, seen: Seen) -> None:
        """Count a punch; what is told so late that its part is over is not counted."""
        part = self._part(seen.part)
        if part is None:
            return
        columns = self.columns(seen)
        for row in (self.counts, part.counts):
            row[_PUNCHES] += 1
            for column in columns:
                row[column] += 1
            if seen.match is not None:
                hundredths = round(seen.match * 100)
                row[_MATCHES] += 1
                row[_SUM] += hundredths
                row[_SQUARES] += hundredths * hundredths

    def columns(self, seen: Seen) -> list[int]:
        """Return where a punch is counted; a site or device that is new has a column from now on."""
        columns = [_HOUR + seen.hour, _WEEKDAY + seen.weekday, self._column(self.sites, _SITE, seen.site)]
        if seen.device is not None:
            columns.append(self._column(self.devices, _DEVICE, seen.device))
        if seen.distance_m is not None:
            columns.append(_METRES + bisect_left(METRES, seen.distance_m))
        if seen.late_minutes is not None:
            columns.append(_MINUTES + bisect_left(MINUTES, seen.late_minutes))
        return columns

    def common(self, seen: Seen, share: int) -> bool:
        """Tell, for little, that all that is counted of a punch is in one of so many others; most punches are so."""
        if seen.site not in self.sites or (seen.device is not None and seen.device not in self.devices):
            return False
        counts, least = self.counts, self.counts[_PUNCHES]
        return all(counts[column] * share >= least for column in self.columns(seen))

    def forget_before(self, part: int) -> None:
        """Let go of what no span to a part reaches any more."""
        while self.parts and self.parts[0].no <= part - PARTS_MAX:
            for column, count in enumerate(self.parts.pop(0).counts):
                self.counts[column] -= count

    def at(self, part: int) -> Profile:
        """Return the profile as it is at a part, where nobody has punched since; this one stays as it is."""
        known = Profile(counts=[*self.counts], parts=[*self.parts], sites=[*self.sites], devices=[*self.devices])
        known.forget_before(part)
        return known

    def _part(self, no: int) -> Part | None:
        """Return a part, made where there is none; None where it is over."""
        parts = self.parts
        if parts and parts[-1].no == no:
            return parts[-1]
        if parts and no <= parts[-1].no - PARTS_MAX:
            return None
        self.forget_before(no)
        at = bisect_left(parts, no, key=lambda each: each.no)
        if at == len(parts) or parts[at].no != no:
            parts.insert(at, Part(no=no, counts=[0] * _WIDTH))
        return parts[at]

    def _column(self, names: list[str], first: int, name: str) -> int:
        """Return the column of a name; one that is new takes that of a name without a count, at last of the rarest."""
        if name in names:
            return first + names.index(name)
        counts = self.counts[first : first + len(names)]
        at = next((index for index, count in enumerate(counts) if not count), len(names))
        if at == NAMES_MAX:
            at = min(range(NAMES_MAX), key=lambda index: (counts[index], names[index]))
            for row in (self.counts, *(part.counts for part in self.parts)):
                row[first + at] = 0
        names[at : at + 1] = [name]
        return first + at

    @property
    def punches(self) -> int:
        """Return how many punches are counted."""
        return self.counts[_PUNCHES]

    @property
    def hours(self) -> list[int]:
        """Return the punches of each hour of the day."""
        return self.counts[_HOUR:_WEEKDAY]

    def near_hour(self, hour: int) -> int:
        """Return the punches of an hour of the day and its neighbours."""
        return self.counts[(hour - 1) % HOURS_DAY] + self.counts[hour] + self.counts[(hour + 1) % HOURS_DAY]

    @property
    def weekdays(self) -> list[int]:
        """Return the punches of each day of the week, Monday first."""
        return self.counts[_WEEKDAY:_METRES]

    def on_weekday(self, weekday: int) -> int:
        """Return the punches of a day of the week."""
        return self.counts[_WEEKDAY + weekday]

    @property
    def metres(self) -> list[int]:
        """Return the punches up to each of METRES from the middle of their site, and beyond."""
        return self.counts[_METRES:_MINUTES]

    @property
    def minutes(self) -> list[int]:
        """Return the arrivals up to each of MINUTES after the start of their shift, and beyond."""
        return self.counts[_MINUTES:_SITE]

    def at_site(self, site: str) -> int:
        """Return the punches at a site."""
        return self.counts[_SITE + self.sites.index(site)] if site in self.sites else 0

    def with_device(self, device: str) -> int:
        """Return the punches with a device."""
        return self.counts[_DEVICE + self.devices.index(device)] if device in self.devices else 0

    @property
    def with_devices(self) -> int:
        """Return the punches with any device."""
        return sum(self.counts[_DEVICE:_PUNCHES])

    def by_site(self) -> dict[str, int]:
        """Return the punches at each site."""
        return _named(self.sites, self.counts[_SITE:_DEVICE])

    def by_device(self) -> dict[str, int]:
        """Return the punches with each device."""
        return _named(self.devices, self.counts[_DEVICE:_PUNCHES])

    @property
    def matches(self) -> int:
        """Return how many punches say how well the body matched."""
        return self.counts[_MATCHES]

    def match(self) -> tuple[float, float]:
        """Return mean and standard deviation of how well the body matched (0-1), where it ever was compared."""
        mean = self.counts[_SUM] / self.matches
        return mean / 100, max(0.0, self.counts[_SQUARES] / self.matches - mean * mean) ** 0.5 / 100


def usual(counts: Sequence[int]) -> list[int]:
    """Return the fewest columns that make nine in ten of all counts."""
    chosen, left = [], USUAL_SHARE * sum(counts)
    for column in sorted(range(len(counts)), key=lambda each: (-counts[each], each)):
        if left <= 0:
            break
        chosen.append(column)
        left -= counts[column]
    return sorted(chosen)


def usual_upto(counts: Sequence[int]) -> int:
    """Return the column up to which nine in ten of all counts are."""
    return next(column for column, upto in enumerate(accumulate(counts)) if upto >= USUAL_SHARE * sum(counts))


def _named(names: Sequence[str], counts: Sequence[int]) -> dict[str, int]:
    """Return counts by name, the most first."""
    named = [(name, count) for name, count in zip(names, counts, strict=False) if count]
    return dict(sorted(named, key=lambda each: (-each[1], each[0])))
