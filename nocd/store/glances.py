"""What a console shows at a glance: counts by site and step of time, and people's highest scores by day."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from nocd.domain.instant import DAY_MS, rfc3339
from nocd.store.queries import token_limits
from nocd.store.reports import Limits, first_since

if TYPE_CHECKING:
    from nocd.store.sqlite import sqlite3

HIGH_FROM: Final = 0.7
PEOPLE_MAX: Final = 10_000
_OPENED: Final = "json_extract(CAST(body AS TEXT), '$.opened_at')"
_OPENED_MS: Final = f"unixepoch({_OPENED}) * 1000"
Counts = dict[str | None, dict[str, list[int]]]


def heat(connection: sqlite3.Connection, *, start: int, step_ms: int, steps: int, limits: Limits) -> Counts:
    """Return alerts opened, findings made and high scores by site, a number a step from `start` (UTC ms) on."""
    alerts = first_since(connection, "alerts", _OPENED, rfc3339(start))
    findings = first_since(connection, "findings", "recorded_at", start)
    asked: tuple[tuple[str, str, str, list[Any]], ...] = (
        ("alerts", "alerts", _OPENED_MS, ["no >= ?", alerts]),
        ("findings", "findings", "time", ["no >= ? AND withdrawn = 0", findings]),
        ("fraud", "scores", "time", ["time >= ? AND score >= ?", start, HIGH_FROM]),
    )
    found: Counts = defaultdict(lambda: {name: [0] * steps for name, *_ in asked})
    for name, table, when, (condition, *values) in asked:
        where, more = token_limits(*limits)
        rows = connection.execute(
            f"SELECT site, ({when} - ?) / ? AS step, count(*) FROM {table}"  # noqa: S608 - names of ours and marks
            f" WHERE {' AND '.join([condition, *where])} GROUP BY site, step",
            [start, step_ms, *values, *more],
        )
        for site, step, count in rows:
            if 0 <= step < steps:
                found[site][name][step] = count
    return dict(found)


def scored(connection: sqlite3.Connection, *, since: int, days: int, limits: Limits) -> dict[str, list[float | None]]:
    """Return people's highest score on each of so many UTC days from `since` (ms) on; at most 10 000, highest first."""
    where, values = token_limits(*limits)
    rows = connection.execute(
        "SELECT person, (time - ?) / ? AS day, max(score) AS most FROM scores"  # noqa: S608 - names of ours and marks
        f" WHERE {' AND '.join(['time >= ?', *where])} GROUP BY person, day ORDER BY most DESC LIMIT ?",
        [since, DAY_MS, since, *values, PEOPLE_MAX],
    )
    found: dict[str, list[float | None]] = {}
    for person, day, most in rows:
        if day < days:
            found.setdefault(person, [None] * days)[day] = most
    return found
