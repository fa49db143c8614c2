"""How busy a place is at each hour of its week: what baselines are to find."""

from __future__ import annotations

from math import exp
from typing import TYPE_CHECKING

from nocd.domain.instant import local

if TYPE_CHECKING:
    from random import Random

HOURS_PER_DAY = 24
_SATURDAY = 5
# Visitors a quarter of an hour at the busiest, their share at weekends, and the hours they come in.
_GATES: dict[str, tuple[float, float, tuple[float, ...]]] = {
    "office": (45.0, 0.08, (8.5, 12.5, 17.5)),
    "warehouse": (18.0, 0.55, (6.5, 13.5, 21.0)),
    "mall": (90.0, 1.4, (12.0, 17.0, 19.0)),
    "hospital": (40.0, 0.6, (9.0, 14.5, 18.5)),
    "construction": (22.0, 0.1, (6.8, 12.0, 16.3)),
    "datacentre": (5.0, 0.4, (9.0, 15.0)),
}
_WIDTH_H = 1.4
_NIGHT_GATE = 0.02
# A guard's own activity: night 0-5, morning 6-11, afternoon 12-17, evening 18-23.
_GUARD = (0.7, 1.2, 1.1, 0.9)
_WEEKEND_GUARD = 0.9


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


def gate_mean(kind: str, week_hour: int) -> float:
    """Return how many people a quarter of an hour usually pass the gate of such a place."""
    return _GATE_WEEK[kind][week_hour]


def activity(week_hour: int) -> float:
    """Return how busy a guard is, about 0.6 (weekend night) to 1.2 (weekday morning)."""
    day, hour = divmod(week_hour, HOURS_PER_DAY)
    return _GUARD[hour // 6] * (_WEEKEND_GUARD if day >= _SATURDAY else 1.0)


def count(rng: Random, mean: float) -> int:
    """Return a whole number about `mean` with Poisson spread (normal approximation, never below 0)."""
    return max(0, round(rng.gauss(mean, mean**0.5)))
