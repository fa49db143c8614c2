"""What is usual at this hour, learned from the metric alone: hour of the week once known, else hour of the day."""

from __future__ import annotations

from dataclasses import dataclass, field

from nocd.domain.instant import HOUR_MS

DAY_H = 24
WEEK_H = 168
LEARNED_SHARE = 0.3  # of the newest day or week: an odd one fades to a quarter in four, a new habit shows within three


@dataclass(slots=True, kw_only=True)
class Season:
    """The mean of each hour (UTC) of the day and of the week, and of the hour that is running."""

    days: list[float | None] = field(default_factory=lambda: [None] * DAY_H)
    weeks: list[float | None] = field(default_factory=lambda: [None] * WEEK_H)
    hour: int = 0
    mean: float = 0.0
    count: int = 0


def residual(season: Season, time_ms: int, value: float, *, learn: bool) -> float | None:
    """Return how far the value is above what is usual at its hour, None while that is unknown; then learn from it."""
    hour = time_ms // HOUR_MS
    if hour != season.hour:
        _close(season)
        season.hour = hour
    if learn:
        season.count += 1
        season.mean += (value - season.mean) / season.count
    usual = season.weeks[hour % WEEK_H]
    if usual is None:
        usual = season.days[hour % DAY_H]
    return None if usual is None else value - usual


def _close(season: Season) -> None:
    if season.count:
        for means, place in ((season.days, season.hour % DAY_H), (season.weeks, season.hour % WEEK_H)):
            old = means[place]
            means[place] = season.mean if old is None else old + LEARNED_SHARE * (season.mean - old)
    season.mean, season.count = 0.0, 0
