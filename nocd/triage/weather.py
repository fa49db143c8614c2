"""Storms: whether alerts of a site come thick, and which of them began together.

In a storm everything is near everything else in time, so nearness says little. There a device's story ends where its
alerts pause and others begin: what begins in one breath belongs together, what begins after a pause is another story.
"""

from __future__ import annotations

from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Final

from nocd.domain.incident import Weather
from nocd.domain.instant import HOUR_MS, MINUTE_MS, SECOND_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nocd.domain.shelf import Shelves

KIND: Final = "weather"
STORM_ALERTS: Final = 20  # more than so many within the time below are a storm
STORM_WITHIN_MS: Final = 5 * MINUTE_MS
CALM_AFTER_MS: Final = HOUR_MS
BREATH_MS: Final = 5 * SECOND_MS
PAUSE_TIMES: Final = 3  # a pause is so many times as long as alerts were apart before
RHYTHM_BEGINS: Final = 3  # a rhythm takes two gaps
BEGINS_MAX: Final = 9


class Skies:
    """Knows the weather of each site, or of each source where alerts name no site."""

    def __init__(self, shelves: Shelves) -> None:
        """Take up what the shelves hold."""
        self._shelves = shelves
        self._skies: dict[str, Weather] = shelves.kind(KIND)

    def over(self, place: str) -> Weather:
        """Return the weather of a place, which is about to change."""
        weather: Weather | None = self._shelves.edit(KIND, place)
        if weather is None:
            weather = Weather()
            self._shelves.put(KIND, place, weather)
        return weather

    def forget_before(self, instant: int) -> None:
        """Let go of the weather of places from which nothing came since `instant` (ms)."""
        for place in [place for place, weather in self._skies.items() if _latest(weather) < instant]:
            self._shelves.drop(KIND, place)


def see(weather: Weather, at: int) -> None:
    """Count a sighting from outside at an event time (ms)."""
    weather.seen.append(at)
    del weather.seen[: -STORM_ALERTS - 1]
    if len(weather.seen) > STORM_ALERTS and max(weather.seen) - min(weather.seen) < STORM_WITHIN_MS:
        if not stormy(weather, at):
            weather.stormy_since = at
        weather.stormy_at = at


def stormy(weather: Weather, at: int) -> bool:
    """Tell whether it storms at an event time (ms), or did within the hour before."""
    return weather.stormy_at is not None and abs(at - weather.stormy_at) <= CALM_AFTER_MS


def begin(weather: Weather, at: int, alert_id: str) -> None:
    """Count a beginning at an event time (ms); those of the last five minutes are kept, as many as make a storm."""
    kept = [(then, other) for then, other in weather.begins if other != alert_id and abs(at - then) < STORM_WITHIN_MS]
    weather.begins = [*kept, (at, alert_id)][-STORM_ALERTS - 1 :]


def thick(weather: Weather, at: int) -> bool:
    """Tell whether more than 20 alerts began within five minutes of `at`, in one breath where it stormed before."""
    times = [then for then, _ in weather.begins]
    if len(times) <= STORM_ALERTS:
        return False
    fresh = weather.stormy_since is None or at - weather.stormy_since <= STORM_WITHIN_MS
    return fresh or not any(paused(times[:no], times[no]) for no in range(1, len(times)))


def paused(begins: Sequence[int], at: int) -> bool:
    """Tell whether a beginning at `at` comes after a pause, measured by how far those before were apart (all in ms)."""
    near = [then for then in begins if abs(at - then) < STORM_WITHIN_MS]
    if not near:
        return True
    gaps = [later - earlier for earlier, later in pairwise(near)]
    usual = median(gaps) if gaps else 0
    return at - near[-1] > max(BREATH_MS, PAUSE_TIMES * usual)


def has_rhythm(begins: Sequence[int], at: int) -> bool:
    """Tell whether enough began lately to know a pause from chance."""
    return sum(abs(at - then) < STORM_WITHIN_MS for then in begins) >= RHYTHM_BEGINS


def _latest(weather: Weather) -> int:
    return max([*weather.seen, *(at for at, _ in weather.begins), 0])
