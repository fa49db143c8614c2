"""Instants: UTC milliseconds inside, RFC 3339 outside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
SECOND_MS = 1_000
MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000


def to_ms(moment: datetime) -> int:
    """Return UTC milliseconds of an aware moment; exact, fractions of a millisecond are cut."""
    return (moment - _EPOCH) // _MS


def from_ms(instant: int) -> datetime:
    """Return the aware UTC moment of `instant` (milliseconds)."""
    return _EPOCH + timedelta(milliseconds=instant)


def rfc3339(instant: int) -> str:
    """Return `instant` (UTC milliseconds) as `2026-01-31T23:59:59.123Z`."""
    return f"{_to_the_second(instant // 1_000)}.{instant % 1_000:03d}Z"


@lru_cache(maxsize=4_096)  # neighbours in time share it: most of what is told happened just now
def _to_the_second(second: int) -> str:
    return from_ms(second * 1_000).replace(tzinfo=None).isoformat(timespec="seconds")


def rfc3339_or_none(instant: int | None) -> str | None:
    """Return `instant` as RFC 3339, or None where there is none."""
    return None if instant is None else rfc3339(instant)


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """Return the IANA time zone `name`; raises ValueError for a name nobody knows."""
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:
        msg = f"{name!r} is not an IANA time zone"
        raise ValueError(msg) from error


def seconds_since(start: int, end: int | None) -> float | None:
    """Return the seconds from `start` to `end` (UTC ms), none where the end came first, None without one."""
    return None if end is None else max(0, end - start) / 1_000


def local(instant: int, timezone: str) -> datetime:
    """Return `instant` on the wall clock of the IANA `timezone`, daylight saving included."""
    return from_ms(instant).astimezone(zone(timezone))
