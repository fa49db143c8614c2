"""How a punch is unlike its person's others, each in words with what is usual, and how strongly from 0 to 5.

The strength is how often what was seen would have to double to be one punch in ten, half a punch added for what has not
been seen yet: nothing in 10 punches is 1, nothing in 30 is 2, nothing in 200 is 5. Of what can be measured it is never
more than how far it is from what is usual: in hours, in doublings of the distance or delay, in standard deviations past
two.
"""

from __future__ import annotations

from bisect import bisect_left
from math import log2
from typing import TYPE_CHECKING, Final

from nocd.domain.score import Deviation
from nocd.fraud.profile import HOURS_DAY, METRES, MINUTES, PUNCHES_MIN, usual, usual_upto

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nocd.fraud.profile import Profile, Seen

STRENGTH_MAX: Final = 5
WEEKDAY_NAMES: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_RARE: Final = 10  # one punch in so many
_KILOMETRE: Final = 1_000
_MATCH_SPREAD_MIN: Final = 0.03
_SPREADS_FREE: Final = 2
_NAMED_MAX: Final = 3


def unjudged(profile: Profile | None) -> str | None:
    """Return why nothing can be said of what is usual, or None where it can."""
    punches = 0 if profile is None else profile.punches
    if punches >= PUNCHES_MIN:
        return None
    return f"{punches} punches are known of 90 days; what is usual is told from {PUNCHES_MIN}"


def deviations(profile: Profile, seen: Seen) -> list[Deviation]:
    """Return how a punch is unlike those before it, the strongest first."""
    compared = _MEASURED if profile.common(seen, _RARE) else (*_COUNTED, *_MEASURED)
    found = [each for compare in compared if (each := compare(profile, seen)) is not None]
    return sorted(found, key=lambda each: -each.strength) if len(found) > 1 else found


def rarity(count: int, of: int) -> int:
    """Return how rare so many of so many punches are, 0 to 5; among too few nothing is."""
    if of < PUNCHES_MIN or count * _RARE >= of:
        return 0
    return min(STRENGTH_MAX, max(0, int(log2((of + 1) / (_RARE * (count + 0.5))))))


def hour_words(hours: Sequence[int]) -> str:
    """Return hours of the day as stretches, like `06-08 and 18-20`."""
    known = set(hours)
    if len(known) == HOURS_DAY:
        return "any hour"
    starts = [hour for hour in sorted(known) if (hour - 1) % HOURS_DAY not in known]
    return " and ".join(f"{start:02d}-{_end(start, known):02d}" for start in starts)


def metre_words(metres: float) -> str:
    """Return a distance as `60 m` or `1.9 km`."""
    return f"{metres / _KILOMETRE:.1f} km" if metres >= _KILOMETRE else f"{metres:.0f} m"


def _end(hour: int, known: set[int]) -> int:
    while hour in known:
        hour = (hour + 1) % HOURS_DAY
    return hour


def _hour(profile: Profile, seen: Seen) -> Deviation | None:
    strength = rarity(profile.near_hour(seen.hour), profile.punches)
    if not strength:
        return None
    hours = usual(profile.hours)
    off = min(min((seen.hour - hour) % HOURS_DAY, (hour - seen.hour) % HOURS_DAY) for hour in hours)
    words = f"at {seen.hour:02d}:{seen.minute:02d}; usual {hour_words(hours)}"
    return Deviation(name="hour", words=words, strength=min(strength, off)) if off else None


def _weekday(profile: Profile, seen: Seen) -> Deviation | None:
    count = profile.on_weekday(seen.weekday)
    strength = rarity(count, profile.punches)
    if not strength:
        return None
    words = f"a {WEEKDAY_NAMES[seen.weekday]}; {_seldom(count, profile.punches)}"
    return Deviation(name="weekday", words=words, strength=strength)


def _site(profile: Profile, seen: Seen) -> Deviation | None:
    count = profile.at_site(seen.site)
    strength = rarity(count, profile.punches)
    if not strength:
        return None
    first = f"first time at this site in {profile.punches} punches"
    words = f"at this site; {_seldom(count, profile.punches)}" if count else first
    return Deviation(name="site", words=words, strength=strength)


def _device(profile: Profile, seen: Seen) -> Deviation | None:
    if seen.device is None:
        return None
    count, of = profile.with_device(seen.device), profile.with_devices
    strength = rarity(count, of)
    if not strength:
        return None
    devices = profile.by_device()
    names = [*devices]
    own = " and ".join(names[column] for column in usual([*devices.values()])[:_NAMED_MAX])
    words = f"with device {seen.device} {count} of {of} times" if count else "never with this device before"
    return Deviation(name="device", words=f"{words}; usual {own}", strength=strength)


def _distance(profile: Profile, seen: Seen) -> Deviation | None:
    strength, edge = (0, 0) if seen.distance_m is None else _beyond(profile.metres, METRES, seen.distance_m)
    if not strength or seen.distance_m is None:
        return None
    words = f"{metre_words(seen.distance_m)} from the site; usual up to {metre_words(edge)}"
    return Deviation(name="distance", words=words, strength=strength)


def _punctuality(profile: Profile, seen: Seen) -> Deviation | None:
    strength, edge = (0, 0) if seen.late_minutes is None else _beyond(profile.minutes, MINUTES, seen.late_minutes)
    if not strength or seen.late_minutes is None:
        return None
    words = f"{seen.late_minutes:.0f} min late; usual up to {edge} min"
    return Deviation(name="punctuality", words=words, strength=strength)


def _match(profile: Profile, seen: Seen) -> Deviation | None:
    if seen.match is None or profile.matches < PUNCHES_MIN:
        return None
    mean, spread = profile.match()
    strength = int((mean - seen.match) / max(spread, _MATCH_SPREAD_MIN)) - _SPREADS_FREE
    if strength <= 0:
        return None
    words = f"face, finger or iris matched to {seen.match:.0%}; usual {mean:.0%}"
    return Deviation(name="match", words=words, strength=min(STRENGTH_MAX, strength))


def _beyond(counts: Sequence[int], edges: Sequence[int], value: float) -> tuple[int, int]:
    """Return how strongly a value is beyond what is usual, and the edge up to which it is usual."""
    column = bisect_left(edges, value)
    strength = rarity(sum(counts[column:]), sum(counts))
    if not strength:
        return 0, 0
    upto = usual_upto(counts)  # before `column`: nine in ten and more are
    return min(strength, column - upto), edges[upto]


def _seldom(count: int, of: int) -> str:
    return f"{count} of {of} punches" if count else f"never before in {of} punches"


_COUNTED: Final = (_hour, _weekday, _site, _device, _distance, _punctuality)
_MEASURED: Final = (_match,)
