"""Instants and durations as people read them; an instant is UTC milliseconds, a zone is always given."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """From where the model is looked at: the daemon's time `now` (frozen while nothing is heard) and the zone.

    `there` tells who else looks at something.
    """

    now: int
    tz: tzinfo | None = None
    me: str = ""
    there: Callable[[str], tuple[str, ...]] = field(default=lambda _: (), compare=False)


def parse(text: object) -> int | None:
    """Return an RFC 3339 instant as UTC milliseconds, or None for anything else."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return round(moment.timestamp() * SECOND_MS) if moment.tzinfo else None


def clock(instant: int | None, tz: tzinfo | None) -> str:
    """Return `14:07:22` in the zone given (None: this machine's), or `-` for no instant."""
    return local(instant, tz).strftime("%H:%M:%S") if instant is not None else "-"


def moment(instant: int | None, look: Look) -> str:
    """Return the time of day, with the date where it is not today's."""
    if instant is None:
        return "-"
    then, today = local(instant, look.tz), local(look.now, look.tz)
    return then.strftime("%H:%M:%S" if then.date() == today.date() else "%Y-%m-%d %H:%M:%S")


def day_time(instant: int | None, look: Look) -> str:
    """Return `today 14:07`, `11-15 03:00` or, of another year, `2025-11-15 03:00`."""
    if instant is None:
        return "-"
    then, today = local(instant, look.tz), local(look.now, look.tz)
    if then.date() == today.date():
        return then.strftime("today %H:%M")
    return then.strftime("%m-%d %H:%M" if then.year == today.year else "%Y-%m-%d %H:%M")


def stamp(instant: int, look: Look) -> str:
    """Return the second of today, the minute of another day of this year, else the day."""
    then, today = local(instant, look.tz), local(look.now, look.tz)
    if then.date() == today.date():
        return then.strftime("%H:%M:%S")
    return then.strftime("%m-%d %H:%M" if then.year == today.year else "%Y-%m-%d")


def short_time(instant: int, look: Look) -> str:
    """Return five cells: the time of day within 20 hours, else the day."""
    then = local(instant, look.tz)
    return then.strftime("%H:%M" if abs(instant - look.now) < 20 * HOUR_MS else "%m-%d")


def local(instant: int, tz: tzinfo | None) -> datetime:
    """Return an instant as a moment in the zone given (None: this machine's), which it then knows."""
    return datetime.fromtimestamp(instant / SECOND_MS, UTC).astimezone(tz)


def rfc3339(instant: int) -> str:
    """Return an instant as the wire has it, whole seconds in UTC."""
    return datetime.fromtimestamp(instant // SECOND_MS, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def age(duration_ms: int) -> str:
    """Return an age in at most six cells, coarser as it grows: 0:41, 7:40, 11m, 2h10, 1d02."""
    duration_ms = max(duration_ms, 0)
    if duration_ms < MINUTE_MS:
        return f"0:{duration_ms // SECOND_MS:02d}"
    if duration_ms < 10 * MINUTE_MS:
        return f"{duration_ms // MINUTE_MS}:{duration_ms % MINUTE_MS // (10 * SECOND_MS)}0"
    if duration_ms < HOUR_MS:
        return f"{duration_ms // MINUTE_MS}m"
    if duration_ms < DAY_MS:
        return f"{duration_ms // HOUR_MS}h{duration_ms % HOUR_MS // MINUTE_MS:02d}"
    return f"{duration_ms // DAY_MS}d{duration_ms % DAY_MS // HOUR_MS:02d}"


def spell(duration_ms: int) -> str:
    """Return a duration in words of the largest unit that fits: `12 s`, `3 min`, `2 h`, `4 d`."""
    for unit, size in (("d", DAY_MS), ("h", HOUR_MS), ("min", MINUTE_MS)):
        if duration_ms >= 2 * size:
            return f"{duration_ms // size} {unit}"
    return f"{max(duration_ms, 0) // SECOND_MS} s"
