"""What readers ask about fraud scores; every list has a bound and walks an index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from nocd.store.queries import token_limits

if TYPE_CHECKING:
    from nocd.store.sqlite import sqlite3

SITES_MAX: Final = 500
UPSERT: Final = (
    "INSERT INTO scores (no, punch, person, site, client, time, updated_at, rules, model, score, level, alert, x, body,"
    " model_version, shadow, shadow_version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (no) DO UPDATE SET updated_at = excluded.updated_at, rules = excluded.rules,"
    " model = excluded.model, score = excluded.score, level = excluded.level,"
    " alert = coalesce(excluded.alert, alert), body = excluded.body,"
    " model_version = excluded.model_version, shadow = excluded.shadow, shadow_version = excluded.shadow_version"
)
JUDGE: Final = "UPDATE scores SET verdict = ?, judged_at = ?, judged_by = ?, note = ? WHERE no = ?"
_LAST: Final = "(SELECT max(time) FROM verdicts WHERE alert = scores.alert)"
_COLUMNS: Final = (
    "scores.body, scores.x, scores.verdict, scores.judged_at, scores.judged_by, scores.note, verdicts.verdict,"
    " verdicts.type, scores.site, scores.client"
)
_SAID: Final = f"LEFT JOIN verdicts ON verdicts.alert = scores.alert AND verdicts.time = {_LAST}"
JUDGED: Final = f"scores {_SAID}"
Limits = tuple[frozenset[str], frozenset[str]]


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """A score as stored: its view, features as JSON, its own verdict, and that of its alert with the alert's type."""

    body: bytes
    x: bytes | None
    verdict: str | None
    judged_at: int | None
    judged_by: str | None
    note: str | None
    alert_verdict: str | None
    alert_type: str | None
    site: str
    client: str | None


class Review(NamedTuple):
    """A score put up for review: when (UTC ms), whether `random` or `chosen`, and the weight of its verdict."""

    put_at: int
    how: str
    weight: float
    row: ScoreRow


def score(connection: sqlite3.Connection, no: int) -> ScoreRow | None:
    """Return one score, or None."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM {JUDGED} WHERE no = ?", (no,)).fetchone()  # noqa: S608 - names of ours
    return None if row is None else ScoreRow(*row)


def live(
    connection: sqlite3.Connection,
    *,
    since: int,
    least: float,
    site: str | None,
    person: str | None = None,
    limits: Limits,
    limit: int,
) -> list[ScoreRow]:
    """Return the scores from `least` on of punches since `since` (UTC ms), newest first."""
    where, values = _where(limits, site)
    if person is not None:
        where, values = f"{where} AND scores.person = ?", [*values, person]
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM {JUDGED} WHERE scores.time >= ? AND score >= ?{where}"  # noqa: S608 - names and marks only
        " ORDER BY scores.time DESC, no DESC LIMIT ?",
        (since, least, *values, limit),
    )
    return [ScoreRow(*row) for row in rows]


def history(connection: sqlite3.Connection, person: str, *, since: int, limits: Limits) -> list[dict[str, Any]]:
    """Return a person's scores since `since` (UTC ms) by day, the newest first."""
    where, values = _where(limits)
    rows = connection.execute(
        "SELECT strftime('%Y-%m-%d', time / 1000, 'unixepoch') AS day, avg(score), max(score), count(*),"  # noqa: S608 - names and marks only
        f" sum(level IN ('HIGH', 'CRITICAL')) FROM scores WHERE person = ? AND time >= ?{where}"
        " GROUP BY day ORDER BY day DESC",
        (person, since, *values),
    )
    names = ("day", "mean", "max", "count", "high")
    return [dict(zip(names, (row[0], round(row[1], 4), *row[2:]), strict=True)) for row in rows]


def heatmap(
    connection: sqlite3.Connection, *, since: int, now: int, least: int, limits: Limits
) -> list[dict[str, Any]]:
    """Return the sites with at least `least` scores since `since` (UTC ms), the greatest sum first; at most 500.

    `trend` is the mean against that of as long a time before, None where nothing was.
    """
    where, values = _where(limits)
    rows = connection.execute(
        "SELECT site, client, avg(score) FILTER (WHERE late), max(score) FILTER (WHERE late), sum(late),"  # noqa: S608 - names and marks only
        " sum(late AND level = 'HIGH'), sum(late AND level = 'CRITICAL'), sum(score) FILTER (WHERE late) AS risk,"
        f" avg(score) FILTER (WHERE NOT late) FROM (SELECT *, time >= ? AS late FROM scores WHERE time >= ?{where})"
        " GROUP BY site HAVING sum(late) >= ? ORDER BY risk DESC, site LIMIT ?",
        (since, 2 * since - now, *values, least, SITES_MAX),
    ).fetchall()
    whole = sum(row[7] for row in rows) or 1.0
    names = ("site", "client", "mean", "max", "count", "high", "critical", "share", "trend")
    return [
        dict(
            zip(
                names,
                (*row[:2], round(row[2], 4), *row[3:7], round(row[7] / whole, 4), trend(row[2], row[8])),
                strict=True,
            )
        )
        for row in rows
    ]


def trend(mean: float | None, before: float | None) -> float | None:
    """Return how much a mean rose against the one before, None where either is not there."""
    return None if mean is None or before is None else round(mean - before, 4)


def _where(limits: Limits, site: str | None = None) -> tuple[str, list[Any]]:
    conditions, values = token_limits(*limits)
    conditions = [
        each.replace("site IN", "scores.site IN").replace("client IN", "scores.client IN") for each in conditions
    ]
    if site is not None:
        conditions.append("scores.site = ?")
        values.append(site)
    return "".join(f" AND {each}" for each in conditions), values


def up_for_review(connection: sqlite3.Connection, *, waiting: bool, limits: Limits, limit: int) -> list[Review]:
    """Return the scores that were put up for review, the last first; with `waiting` those nobody has judged."""
    where, values = _where(limits)
    waits = " AND scores.verdict IS NULL AND verdicts.verdict IS NULL" if waiting else ""
    rows = connection.execute(
        f"SELECT reviews.put_at, reviews.how, reviews.weight, {_COLUMNS}"  # noqa: S608 - names and marks only
        f" FROM reviews CROSS JOIN scores ON scores.no = reviews.score {_SAID} WHERE TRUE{waits}{where}"
        " ORDER BY reviews.put_at DESC, reviews.score DESC LIMIT ?",
        (*values, limit),
    )
    return [Review(at, how, weight, ScoreRow(*row)) for at, how, weight, *row in rows]


def limited(limits: Limits) -> tuple[str, list[Any]]:
    """Return the condition for the scores that a token sees, to follow another, and its values."""
    return _where(limits)
