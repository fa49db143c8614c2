"""Hours as people at a site count them: local hour of the week, a public holiday counted as a Sunday."""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import Final

from nocd.domain.baseline import Slot
from nocd.domain.instant import MINUTE_MS, local

# Offsets of all time zones are whole quarters of an hour, so that a quarter lies in one local hour.
_QUARTER_MS: Final = 15 * MINUTE_MS
_SUNDAY: Final = 6
_YEARS: Final = range(1990, 2101)
_TABLES: Final[dict[str, frozenset[int]]] = {}


def slot(instant_ms: int, timezone: str, country: str | None = None) -> Slot:
    """Return the local hour in which `instant_ms` (UTC) lies; `country` is ISO 3166, or None for no holidays."""
    return _slot(instant_ms // _QUARTER_MS, timezone, country or "")


@lru_cache(maxsize=16_384)
def _slot(quarter: int, timezone: str, country: str) -> Slot:
    instant = quarter * _QUARTER_MS
    wall = local(instant, timezone)
    day = wall.date()
    weekday = _SUNDAY if country and day.toordinal() in load(country) else day.weekday()
    start = instant - wall.minute * MINUTE_MS
    return Slot(hour_of_week=weekday * 24 + wall.hour, day=day.toordinal(), start=start)


def is_loaded(country: str) -> bool:
    """Tell whether a country's holidays are known already, so that asking costs nothing."""
    return not country or country in _TABLES


def load(country: str) -> frozenset[int]:
    """Return the local dates (ordinals) of a country's public holidays; the first time this reads files."""
    if country not in _TABLES:
        _TABLES[country] = _read(country)
    return _TABLES[country]


def _read(country: str) -> frozenset[int]:
    import holidays  # noqa: PLC0415 - a heavy table that only sites with a country need

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # years for which nothing was announced yet have fewer days
            days = holidays.country_holidays(country.upper(), years=_YEARS)
    except NotImplementedError:  # nobody has written this country's holidays down
        return frozenset()
    return frozenset(day.toordinal() for day in days)
