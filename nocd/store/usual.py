"""What readers ask about closed hours, thresholds and jobs; every list has a bound and walks an index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import orjson

from nocd.baseline.threshold import Score
from nocd.domain.alert import Verdict
from nocd.domain.instant import HOUR_MS, rfc3339
from nocd.domain.threshold import SiteHour, ThresholdChange
from nocd.domain.verdict import right
from nocd.wire.present import hour_view, threshold_change_view

if TYPE_CHECKING:
    from nocd.store.sqlite import sqlite3

Said = Literal["true_positive", "false_positive"]
_HOUR_COLUMNS = "baseline, hour, hour_of_week, value, heads, expected, spread, z, threshold, anomalous, learned"
_NAMES = _HOUR_COLUMNS.split(", ")
# What a verdict says of a threshold; duplicates, unknowns and words of another release say nothing.
_WORDS: dict[bool, Said] = {True: "true_positive", False: "false_positive"}
_SAYS = {verdict: _WORDS[said] for verdict in Verdict if (said := right(verdict)) is not None}


class PastRuns(NamedTuple):
    """When each job last began (UTC ms), when any first did, and how often each failed since it last ended well."""

    last: dict[str, int]
    first: int | None
    failures: dict[str, int]


class Judged(NamedTuple):
    """A verdict on an alert that a baseline led to; it `says` None where it says nothing of the threshold."""

    baseline: str
    client: str | None
    says: Said | None


def hours(
    connection: sqlite3.Connection, baseline: str, *, before: int | None, after: int, limit: int
) -> tuple[list[dict[str, Any]], int | None]:
    """Return a baseline's closed hours from `after` (UTC ms) on, newest first, and the hour to continue before."""
    rows = connection.execute(
        f"SELECT {_HOUR_COLUMNS} FROM site_hours WHERE baseline = ? AND hour >= ? AND hour < ? ORDER BY hour DESC LIMIT ?",  # noqa: S608, E501 - columns only
        (baseline, after, 2**62 if before is None else before, limit + 1),
    ).fetchall()
    more = len(rows) > limit
    rows = rows[:limit]
    return [hour_view(_hour(row)) for row in rows], (rows[-1][1] if more else None)


def _hour(row: tuple[Any, ...]) -> SiteHour:
    values = dict(zip(_NAMES, row, strict=True))
    values["anomalous"], values["learned"] = bool(values["anomalous"]), bool(values["learned"])
    return SiteHour(**values)


def learned_values(connection: sqlite3.Connection, baseline: str, *, after: int) -> list[tuple[int, float]]:
    """Return (hour of week, value a head) of the hours a baseline learned from since `after` (UTC ms)."""
    return connection.execute(
        "SELECT hour_of_week, value / coalesce(heads, 1.0) FROM site_hours"
        " WHERE baseline = ? AND hour >= ? AND learned = 1",
        (baseline, after),
    ).fetchall()


def scored(connection: sqlite3.Connection, baseline: str, *, after: int) -> list[Score]:
    """Return a baseline's judged hours since `after` (UTC ms), in order, each with the verdict on what it led to."""
    verdicts = connection.execute(
        "SELECT findings.time, verdicts.verdict FROM verdicts JOIN findings ON findings.alert = verdicts.alert"
        " WHERE verdicts.baseline = ? AND findings.time >= ? ORDER BY verdicts.time",
        (baseline, after),
    ).fetchall()
    rows = connection.execute(
        "SELECT hour, z FROM site_hours WHERE baseline = ? AND hour >= ? AND z IS NOT NULL ORDER BY hour",
        (baseline, after),
    ).fetchall()
    says = {time: _SAYS.get(verdict) for time, verdict in verdicts}
    return [Score(time=hour + HOUR_MS, z=z, verdict=_of_hour(says, hour)) for hour, z in rows]


def _of_hour(says: dict[int, Said | None], hour: int) -> Said | None:
    return next((word for time, word in says.items() if hour < time <= hour + HOUR_MS), None)


def judged(connection: sqlite3.Connection, *, after: int) -> list[Judged]:
    """Return the verdicts since `after` (UTC ms) on alerts that baselines led to."""
    rows = connection.execute(
        "SELECT baseline, client, verdict FROM verdicts WHERE time >= ? AND baseline IS NOT NULL", (after,)
    ).fetchall()
    return [Judged(baseline, client, _SAYS.get(verdict)) for baseline, client, verdict in rows]


def often_false(connection: sqlite3.Connection, *, after: int, least: int) -> dict[str, int]:
    """Return how many alerts of each baseline were called false since `after` (UTC ms), where at least `least` were."""
    rows = connection.execute(
        "SELECT baseline, count(*) FROM verdicts WHERE time >= ? AND verdict = 'false_positive'"
        " AND baseline IS NOT NULL GROUP BY baseline HAVING count(*) >= ?",
        (after, least),
    )
    return dict(rows.fetchall())


def changes(
    connection: sqlite3.Connection, baseline: str, *, before: int | None, limit: int
) -> tuple[list[dict[str, Any]], int | None]:
    """Return the moves of a threshold, newest first, and the number to continue before."""
    rows = connection.execute(
        "SELECT no, body FROM threshold_changes WHERE baseline = ? AND no < ? ORDER BY no DESC LIMIT ?",
        (baseline, 2**62 if before is None else before, limit + 1),
    ).fetchall()
    more = len(rows) > limit
    rows = rows[:limit]
    items = [threshold_change_view(ThresholdChange(**orjson.loads(body))) for _, body in rows]
    return items, (rows[-1][0] if more else None)


def job_runs(
    connection: sqlite3.Connection, job: str, *, before: int | None, limit: int
) -> tuple[list[dict[str, Any]], int | None]:
    """Return the runs of a job, newest first, and the number to continue before."""
    rows = connection.execute(
        "SELECT no, job, started, seconds, outcome, detail FROM job_runs WHERE job = ? AND no < ?"
        " ORDER BY no DESC LIMIT ?",
        (job, 2**62 if before is None else before, limit + 1),
    ).fetchall()
    more = len(rows) > limit
    rows = rows[:limit]
    return [_run(row) for row in rows], (rows[-1][0] if more else None)


def last_runs(connection: sqlite3.Connection) -> dict[str, dict[str, Any]]:
    """Return the newest run of each job."""
    rows = connection.execute(
        "SELECT no, job, started, seconds, outcome, detail FROM job_runs"
        " WHERE no IN (SELECT max(no) FROM job_runs GROUP BY job)"
    ).fetchall()
    return {row[1]: _run(row) for row in rows}


def past_runs(connection: sqlite3.Connection) -> PastRuns:
    """Return what a start needs to know of the runs before it."""
    newest = connection.execute(
        "SELECT job, started FROM job_runs WHERE no IN (SELECT max(no) FROM job_runs GROUP BY job)"
    ).fetchall()
    failures = {job: connection.execute(_FAILURES, (job,)).fetchone()[0] for job, _ in newest}
    oldest = connection.execute("SELECT started FROM job_runs ORDER BY no LIMIT 1").fetchone()
    return PastRuns(
        dict(newest), oldest[0] if oldest else None, {job: count for job, count in failures.items() if count}
    )


_FAILURES = (
    "SELECT count(*) FROM job_runs WHERE job = ?1 AND no >"
    " coalesce((SELECT no FROM job_runs WHERE job = ?1 AND outcome = 'ok' ORDER BY no DESC LIMIT 1), 0)"
)


def _run(row: tuple[int, str, int, float, str, str]) -> dict[str, Any]:
    no, job, started, seconds, outcome, detail = row
    return {
        "no": no,
        "job": job,
        "started": rfc3339(started),
        "seconds": round(seconds, 3),
        "outcome": outcome,
        "detail": detail,
    }
