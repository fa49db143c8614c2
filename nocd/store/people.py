"""What readers ask about one person; every answer has a bound and walks an index or a stretch of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from nocd.domain.instant import rfc3339
from nocd.store.evidence import first_no
from nocd.store.queries import token_limits
from nocd.store.scores import trend

if TYPE_CHECKING:
    from nocd.store.scores import Limits
    from nocd.store.sqlite import sqlite3

DAY_ROWS_MAX: Final = 500
SCANNED_MAX: Final = 50_000
TOLD_LATE_MS: Final = 3_600_000
_FIX: Final = b'"noc.location.fix"'
_FIX_FIELDS: Final = ("lat", "lon", "accuracy_m", "speed_mps", "location_mocked", "device")


class DayRows(NamedTuple):
    """The scores of a day's punches, and the alerts that were seen in it, each as their view."""

    scores: list[dict[str, Any]]
    alerts: list[dict[str, Any]]


def risk(connection: sqlite3.Connection, person: str, *, since: int, now: int, limits: Limits) -> dict[str, Any]:
    """Return how a person's punches scored from `since` to `now` (UTC ms), beside as long a time before."""
    conditions, values = token_limits(*limits)
    where = "".join(f" AND {each}" for each in conditions)
    row = connection.execute(
        "SELECT count(*) FILTER (WHERE late), avg(score) FILTER (WHERE late), max(score) FILTER (WHERE late),"  # noqa: S608 - names and marks only
        " count(*) FILTER (WHERE late AND level = 'HIGH'), count(*) FILTER (WHERE late AND level = 'CRITICAL'),"
        " count(*) FILTER (WHERE NOT late), avg(score) FILTER (WHERE NOT late) FROM"
        f" (SELECT score, level, time >= ? AS late FROM scores WHERE person = ? AND time > ? AND time <= ?{where})",
        (since, person, 2 * since - now, now, *values),
    ).fetchone()
    names = ("count", "mean", "max", "high", "critical", "count_before", "mean_before")
    told = dict(zip(names, row, strict=True))
    mean, before = told["mean"], told["mean_before"]
    told |= {"mean": _rounded(mean), "mean_before": _rounded(before), "trend": trend(mean, before)}
    return told


def day(connection: sqlite3.Connection, person: str, *, start: int, end: int) -> DayRows:
    """Return what is on record of a person from `start` to `end` (UTC ms): one more row of each than is shown."""
    scores = connection.execute(
        "SELECT body FROM scores WHERE person = ? AND time >= ? AND time < ? ORDER BY time LIMIT ?",
        (person, start, end, DAY_ROWS_MAX + 1),
    )
    alerts = connection.execute(
        "SELECT body FROM alerts WHERE person = ? AND last_seen >= ? AND json_extract(record, '$.first_seen') < ?"
        " ORDER BY last_seen LIMIT ?",
        (person, start, end, DAY_ROWS_MAX + 1),
    )
    return DayRows([orjson.loads(body) for (body,) in scores], [orjson.loads(body) for (body,) in alerts])


def fixes(
    connection: sqlite3.Connection, person: str, *, start: int, end: int, after: int, limit: int
) -> tuple[list[dict[str, Any]], int | None]:
    """Return fixes of a person's phone between two instants (UTC ms) as they came, and the number to go on after.

    Looked through are the events received from `start` to an hour after `end`, so many at a time; None is the end.
    """
    first = max(after + 1, first_no(connection, start))
    last = min(first + SCANNED_MAX, first_no(connection, end + TOLD_LATE_MS)) - 1
    rows = connection.execute(
        "SELECT no, time, received_at, body FROM inputs WHERE no BETWEEN ? AND ? AND kind = 0"
        " AND instr(body, ?) AND instr(body, ?) ORDER BY no",
        (first, last, _FIX, person.encode()),
    )
    found: list[dict[str, Any]] = []
    for no, time, received_at, body in rows:
        event = orjson.loads(body)
        if event["type"] == "noc.location.fix" and event["data"]["person"] == person and start <= time < end:
            found.append(_fix(no, time, received_at, event["data"]))
            if len(found) == limit:
                return found, no
    return found, (last if last - first + 1 == SCANNED_MAX else None)


def _fix(no: int, time: int, received_at: int, data: dict[str, Any]) -> dict[str, Any]:
    told = {name: data.get(name) for name in _FIX_FIELDS}
    return {"no": no, "time": rfc3339(time), "received_at": rfc3339(received_at), **told}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
