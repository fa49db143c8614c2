"""The order of alerts of one severity: 0 to 100, with its parts shown."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from nocd.domain.alert import Status
from nocd.domain.instant import HOUR_MS, MINUTE_MS, local

if TYPE_CHECKING:
    from nocd.domain.alert import Alert
    from nocd.domain.directory import Site

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"(\w{3})\w*\s*[-–]\s*(\w{3})\w*\s+(\d{1,2})(?::(\d\d))?\s*[-–]\s*(\d{1,2})(?::(\d\d))?")
_IMPACT_FULL_MINUTES = 240
_RECURRENCES_FULL = 50
_ALERTS_FULL = 20
_DEFAULT_TIER = 3
_WEEKDAYS_9_TO_18 = (0, 4, 540, 1080)


@lru_cache(maxsize=256)
def hours_of(text: str) -> tuple[int, int, int, int]:
    """Return first and last day (0 is Monday) and from and to which minute each is open; office hours if unclear."""
    match = _SPAN.search(text.lower())
    if match is None or match[1] not in _DAYS or match[2] not in _DAYS:
        return _WEEKDAYS_9_TO_18
    start = int(match[3]) * 60 + int(match[4] or 0)
    end = int(match[5]) * 60 + int(match[6] or 0)
    return _DAYS.index(match[1]), _DAYS.index(match[2]), start, end


def off_hours(site: Site | None, now: int) -> bool:
    """Tell whether `now` lies outside the site's business hours (`Mon-Fri 09:00-18:00`), on its own clock."""
    return site is not None and _off_hours(site.business_hours, site.timezone, now // MINUTE_MS)


@lru_cache(maxsize=1024)
def _off_hours(business_hours: str, timezone: str, now_minute: int) -> bool:
    first, last, start, end = hours_of(business_hours)
    moment = local(now_minute * MINUTE_MS, timezone)
    minute = moment.hour * 60 + moment.minute
    return not (first <= moment.weekday() <= last and start <= minute < end)


def priority(
    alert: Alert, *, site: Site | None, heads: int, open_at_site: int, now: int
) -> tuple[int, dict[str, float]]:
    """Return the priority and its parts (points, summing to at most 100)."""
    impact_minutes = max(0, alert.last_seen - alert.first_seen) / MINUTE_MS
    recurrences = sum(count for hour, count in alert.hourly if hour > now // HOUR_MS - 24)
    tier = site.tier if site else _DEFAULT_TIER
    parts = {
        "severity": alert.severity.rank / 5 * 30,
        "impact": min(impact_minutes / _IMPACT_FULL_MINUTES, 1) * 20,
        "site_tier": tier / 5 * 15,
        "recurrences_24h": min(recurrences / _RECURRENCES_FULL, 1) * 10,
        "off_hours_or_alone": 10.0 if heads == 1 or off_hours(site, now) else 0.0,
        "open_at_site": min(open_at_site / _ALERTS_FULL, 1) * 10,
        "unattended": 5.0 if alert.status is Status.OPEN else 0.0,
    }
    shown = {name: round(float(points), 1) for name, points in parts.items()}
    return round(sum(parts.values())), shown
