"""How busy a place and its guards are: by hour of the week, by season, on holidays, by site and person and day."""

from __future__ import annotations

from math import cos, exp, pi
from typing import TYPE_CHECKING, Final

from nocd.baseline.calendar import load
from nocd.domain.instant import DAY_MS, HOUR_MS, local
from nocd.simulate.seeding import derive

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from random import Random

    from nocd.simulate.world import Place

HOURS_PER_DAY = 24
BUSIEST: Final = 1.6  # no guard's hour is busier than this many times the usual
_SATURDAY, _SUNDAY = 5, 6
# Visitors a quarter of an hour at the busiest, their share at weekends, and the hours they come in.
_GATES: Final[Mapping[str, tuple[float, float, tuple[float, ...]]]] = {
    "office": (45.0, 0.08, (8.5, 12.5, 17.5)),
    "warehouse": (18.0, 0.55, (6.5, 13.5, 21.0)),
    "mall": (90.0, 1.4, (12.0, 17.0, 19.0)),
    "hospital": (40.0, 0.6, (9.0, 14.5, 18.5)),
    "construction": (22.0, 0.1, (6.8, 12.0, 16.3)),
    "datacentre": (5.0, 0.4, (9.0, 15.0)),
}
_WIDTH_H = 1.4
_NIGHT_GATE = 0.02
# A guard's own activity at each hour of the day: a dip from 3 to 5 at night, busiest before noon.
_NIGHT = "0.92 0.90 0.85 0.70 0.68 0.80"
_MORNING = "1.05 1.15 1.20 1.15 1.10 1.10"
_AFTERNOON = "1.05 1.05 1.10 1.10 1.10 1.15"
_TO_MIDNIGHT = "1.10 1.05 1.00 1.00 0.97 0.95"
_GUARD_DAY: Final = tuple(map(float, f"{_NIGHT} {_MORNING} {_AFTERNOON} {_TO_MIDNIGHT}".split()))
# By kind of place: a guard's activity at weekends, and how much more a midsummer evening asks than the year's average.
_GUARDS: Final[Mapping[str, tuple[float, float]]] = {
    "office": (0.88, 0.06),
    "warehouse": (0.92, 0.10),
    "mall": (1.12, 0.10),
    "hospital": (0.97, 0.06),
    "construction": (0.85, 0.15),
    "datacentre": (0.96, 0.04),
}
_EVENING = range(17, 23)
_OUTSIDE_EVENING = 0.3  # of the evening's seasonal swing, at other hours
_HOLIDAY = 0.9  # of a Sunday
_MIDSUMMER_MS = 171 * DAY_MS  # 21 June
_YEAR_MS = 365.2425 * DAY_MS
_FULL_SEASONS_DEG = 40.0  # from this latitude on
_OPENING, _CLOSING, _AFTER_BREAK = 1.1, 0.9, 0.8
_LULL_MS = 80 * 60_000  # from the beginning of the break
_SITE_DAY_SIGMA, _PERSON_SIGMA, _SHIFT_SIGMA = 0.10, 0.06, 0.05


def _gate_hour(peaks: tuple[float, ...], hour: int) -> float:
    middle = hour + 0.5
    return max(_NIGHT_GATE, *(exp(-(((middle - peak) / _WIDTH_H) ** 2)) for peak in peaks))


_GATE_WEEK = {
    kind: tuple(
        top * _gate_hour(peaks, hour) * (weekend if day >= _SATURDAY else 1.0)
        for day in range(7)
        for hour in range(HOURS_PER_DAY)
    )
    for kind, (top, weekend, peaks) in _GATES.items()
}


def hour_of_week(instant: int, timezone: str) -> int:
    """Return 0 (Monday 00:00) to 167 on the wall clock of `timezone`."""
    moment = local(instant, timezone)
    return moment.weekday() * HOURS_PER_DAY + moment.hour


def holiday(country: str, moment: datetime) -> bool:
    """Tell whether the local day of `moment` is a public holiday of the country."""
    return moment.toordinal() in load(country)


def gate_mean(place: Place, instant: int) -> float:
    """Return how many people a quarter of an hour usually pass the gate; a holiday is a Sunday."""
    moment = local(instant, place.timezone)
    day = _SUNDAY if holiday(place.metro.country, moment) else moment.weekday()
    return _GATE_WEEK[place.kind.name][day * HOURS_PER_DAY + moment.hour]


def activity(place: Place, instant: int) -> float:
    """Return how busy a guard there usually is, 1 being the average: by hour, weekend, holiday and season."""
    moment = local(instant, place.timezone)
    weekend, _ = _GUARDS[place.kind.name]
    busy = _GUARD_DAY[moment.hour] * season(place, instant, moment.hour)
    if holiday(place.metro.country, moment):
        return busy * weekend * _HOLIDAY
    return busy * weekend if moment.weekday() >= _SATURDAY else busy


def season(place: Place, instant: int, hour: int) -> float:
    """Return the factor of the time of year at a local hour: above 1 in the summer of the place's hemisphere."""
    latitude = place.centre.lat
    summer = cos(2 * pi * (instant - _MIDSUMMER_MS) / _YEAR_MS) * max(-1.0, min(1.0, latitude / _FULL_SEASONS_DEG))
    _, swing = _GUARDS[place.kind.name]
    return 1 + swing * summer * (1.0 if hour in _EVENING else _OUTSIDE_EVENING)


def in_shift(time: int, start: int, end: int, pause: tuple[int, int] | None) -> float:
    """Return the factor of the moment of the shift: a brisk first hour, a lull after the break, a slow last hour."""
    if pause is not None and pause[0] <= time < pause[0] + _LULL_MS:
        return _AFTER_BREAK
    if time < start + HOUR_MS:
        return _OPENING
    return _CLOSING if time >= end - HOUR_MS else 1.0


def pace(seed: int, *, site_day: str, guard: str, shift: str) -> float:
    """Return the factor of one guard's shift: the site's day (lognormal, 10 %), the person (6 %), the shift (5 %).

    Together they make the counts of an hour vary more than Poisson's.
    """
    draws = (
        derive(seed, "site-day", site_day).gauss(0, _SITE_DAY_SIGMA),
        derive(seed, "person-pace", guard).gauss(0, _PERSON_SIGMA),
        derive(seed, "shift-pace", shift).gauss(0, _SHIFT_SIGMA),
    )
    return exp(sum(draws))


def count(rng: Random, mean: float) -> int:
    """Return a whole number about `mean` with Poisson spread (normal approximation, never below 0)."""
    return max(0, round(rng.gauss(mean, mean**0.5)))
