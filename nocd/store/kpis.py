"""Key figures at rest: samples every five minutes, rolled up to hours and days; a query picks by its span."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from nocd.domain.instant import DAY_MS, MINUTE_MS, rfc3339
from nocd.triage.kpis import EVENTS, GAUGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nocd.store.sqlite import sqlite3

SAMPLE_MINUTES: Final = 5
HOUR_MINUTES: Final = 60
DAY_MINUTES: Final = 1_440
FINER: Final = {HOUR_MINUTES: SAMPLE_MINUTES, DAY_MINUTES: HOUR_MINUTES}
POINTS_MAX: Final = 800
_INSERT: Final = "INSERT OR REPLACE INTO kpis VALUES (?, ?, ?, ?)"

# A row: how many samples, how many events, and the mean, least and greatest of each gauge in the order of GAUGES.
Packed = tuple[int, int, list[float], list[float], list[float]]
Statement = tuple[str, tuple[Any, ...]]


def sampled(scope: str, time: int, figures: Mapping[str, int]) -> Statement:
    """Return what stores a scope's figures at `time` (UTC ms); `events` are those since the sample before."""
    gauges = [figures[name] for name in GAUGES]
    return _INSERT, (scope, SAMPLE_MINUTES, _start(time, SAMPLE_MINUTES), orjson.dumps([1, figures[EVENTS], gauges]))


def _start(time: int, minutes: int) -> int:
    return time - time % (minutes * MINUTE_MS)


def _unpacked(body: bytes) -> Packed:
    row: list[Any] = orjson.loads(body)
    return (*row, row[2], row[2]) if len(row) == 3 else tuple(row)  # noqa: PLR2004 - a sample is its own least and greatest


def merged(bodies: Iterable[bytes]) -> bytes:
    """Return one row for several of the same scope: gauges are averaged by samples, events are added up."""
    rows = [_unpacked(body) for body in bodies]
    count = sum(row[0] for row in rows)
    width = min(len(row[2]) for row in rows)  # an older row may know fewer gauges
    mean = [round(sum(row[0] * row[2][n] for row in rows) / count, 3) for n in range(width)]
    low = [min(row[3][n] for row in rows) for n in range(width)]
    high = [max(row[4][n] for row in rows) for n in range(width)]
    return orjson.dumps([count, sum(row[1] for row in rows), mean, low, high])


def unrolled(connection: sqlite3.Connection, minutes: int, now: int) -> int | None:
    """Return the start of the first whole period of so many `minutes` that is over and not rolled up, or None."""
    finer = connection.execute("SELECT min(time) FROM kpis WHERE minutes = ?", (FINER[minutes],)).fetchone()[0]
    if finer is None:
        return None
    last = connection.execute("SELECT max(time) FROM kpis WHERE minutes = ?", (minutes,)).fetchone()[0]
    after = _start(finer, minutes) if last is None else max(last + minutes * MINUTE_MS, _start(finer, minutes))
    first = connection.execute(
        "SELECT min(time) FROM kpis WHERE minutes = ? AND time >= ?", (FINER[minutes], after)
    ).fetchone()[0]
    start = None if first is None else _start(first, minutes)
    return start if start is not None and start + minutes * MINUTE_MS <= _start(now, FINER[minutes]) else None


def rolled(connection: sqlite3.Connection, minutes: int, start: int) -> list[Statement]:
    """Return what stores a whole period's rows, one a scope."""
    rows = connection.execute(
        "SELECT scope, body FROM kpis WHERE minutes = ? AND time >= ? AND time < ? ORDER BY time",
        (FINER[minutes], start, start + minutes * MINUTE_MS),
    ).fetchall()
    by_scope: dict[str, list[bytes]] = {}
    for scope, body in rows:
        by_scope.setdefault(scope, []).append(body)
    return [(_INSERT, (scope, minutes, start, merged(bodies))) for scope, bodies in by_scope.items()]


def grain(span_ms: int) -> int:
    """Return the minutes of the rows that tell of a span: samples of up to two days, hours of up to a month."""
    if span_ms <= 2 * DAY_MS:
        return SAMPLE_MINUTES
    return HOUR_MINUTES if span_ms <= 31 * DAY_MS else DAY_MINUTES


def trend(connection: sqlite3.Connection, scope: str, *, span_ms: int, now: int) -> dict[str, Any]:
    """Return a scope's figures over the span that ends now, oldest first, each gauge with mean, least and greatest."""
    minutes = grain(span_ms)
    rows = connection.execute(
        "SELECT time, body FROM kpis WHERE scope = ? AND minutes = ? AND time > ? ORDER BY time LIMIT ?",
        (scope, minutes, now - span_ms, POINTS_MAX),
    ).fetchall()
    return {"scope": scope, "minutes": minutes, "points": [_point(time, body) for time, body in rows]}


def _point(time: int, body: bytes) -> dict[str, Any]:
    count, events, mean, low, high = _unpacked(body)
    gauges = {name: {"mean": mean[n], "min": low[n], "max": high[n]} for n, name in enumerate(GAUGES[: len(mean)])}
    return {"time": rfc3339(time), "samples": count, "events": events, "figures": gauges}


# Kept: samples for a week, hours for 90 days, days for two years. Each takes (before, rows).
_OLD: Final = (
    "DELETE FROM kpis WHERE (scope, minutes, time) IN"
    " (SELECT scope, minutes, time FROM kpis WHERE minutes = {minutes} AND time < ?1 ORDER BY time LIMIT ?2)"
)
KEPT: Final = {
    minutes: (_OLD.format(minutes=minutes), kept_ms)
    for minutes, kept_ms in ((SAMPLE_MINUTES, 7 * DAY_MS), (HOUR_MINUTES, 90 * DAY_MS), (DAY_MINUTES, 730 * DAY_MS))
}
