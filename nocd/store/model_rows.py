"""What is stored of models: the steps of their lives, and what they made of punches that were judged since."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from nocd.domain.instant import rfc3339
from nocd.fraud.labels import label
from nocd.fraud.rules import FRAUD_FROM, TICKET_FROM
from nocd.fraud.steps import ACTIVATED, ROLLED_BACK
from nocd.store.reviews import CHOSEN, verdict
from nocd.store.scores import JUDGED, limited

if TYPE_CHECKING:
    from nocd.store.scores import Limits
    from nocd.store.sqlite import sqlite3

STEPS_MAX: Final = 50
_SHADOW: Final = "max(scores.rules, scores.shadow)"
_SUMS: Final = ", ".join(
    f"total({score} >= {least})"
    for score in ("scores.score", "scores.rules", _SHADOW)
    for least in (FRAUD_FROM, TICKET_FROM)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which scores: of punches since `since` (UTC ms), under a model's version, with another in its shadow.

    Without `version` they are all, whoever scored them; without `shadow` those with any or none.
    """

    since: int
    version: str | None
    shadow: str | None = None
    limits: Limits = (frozenset(), frozenset())


class Counted(NamedTuple):
    """How many punches there are, and how many would be alerts and tickets by the score, the rules and the shadow."""

    punches: int
    alerts: int
    tickets: int
    rule_alerts: int
    rule_tickets: int
    shadow_alerts: int
    shadow_tickets: int
    both_alerts: int


class JudgedRow(NamedTuple):
    """A score whose label is known: its figures, the label, how many it stands for, and when it was judged (UTC ms)."""

    no: int
    person: str
    time: int
    rules: float
    score: float
    shadow: float | None
    label: int
    weight: float
    chosen: bool
    judged_at: int


class InForce(NamedTuple):
    """Which version was told to be in force, when (UTC ms), and by which kind of step."""

    version: str
    time: int
    kind: str


def counted(connection: sqlite3.Connection, scope: Scope) -> Counted:
    """Return the counts of a scope."""
    condition, values = _of(scope)
    row = connection.execute(
        f"SELECT count(*), {_SUMS}, total(scores.score >= {FRAUD_FROM} AND {_SHADOW} >= {FRAUD_FROM})"  # noqa: S608 - names and marks only
        f" FROM scores WHERE {condition}",
        values,
    ).fetchone()
    return Counted(*map(int, row))


def judged(connection: sqlite3.Connection, scope: Scope, *, limit: int) -> list[JudgedRow]:
    """Return the scores of a scope whose label is known, of the last `limit` that anybody judged, newest first."""
    condition, values = _of(scope)
    rows = connection.execute(
        f"SELECT scores.no, scores.person, scores.time, scores.rules, scores.score, {_SHADOW}, scores.verdict,"  # noqa: S608 - names and marks only
        " scores.judged_at, verdicts.verdict, verdicts.type, verdicts.time, reviews.how, reviews.weight"
        f" FROM {JUDGED} LEFT JOIN reviews ON reviews.score = scores.no WHERE {condition}"
        " AND coalesce(scores.verdict, verdicts.verdict) IS NOT NULL ORDER BY scores.time DESC LIMIT ?",
        (*values, limit),
    )
    return [row for row in map(_judged, rows) if row is not None]


def shadow_of(connection: sqlite3.Connection, scope: Scope) -> str | None:
    """Return the version that scored last in the shadow of a scope's, None where none did."""
    condition, values = _of(scope)
    row = connection.execute(
        f"SELECT shadow_version FROM scores WHERE {condition} AND shadow_version IS NOT NULL"  # noqa: S608 - names and marks only
        " ORDER BY scores.time DESC LIMIT 1",
        values,
    ).fetchone()
    return None if row is None else str(row[0])


def apart(connection: sqlite3.Connection, scope: Scope, *, limit: int) -> list[dict[str, Any]]:
    """Return the scores that model and shadow differ most about."""
    condition, values = _of(scope)
    rows = connection.execute(
        f"SELECT scores.no, scores.time, scores.site, scores.rules, scores.score, {_SHADOW} AS shadow, scores.verdict,"  # noqa: S608 - names and marks only
        f" verdicts.verdict, verdicts.type FROM {JUDGED} WHERE {condition} AND {_SHADOW} != scores.score"
        f" ORDER BY abs({_SHADOW} - scores.score) DESC, scores.no LIMIT ?",
        (*values, limit),
    )
    return [
        {
            "score": f"FS-{row[0]}",
            "punched_at": rfc3339(row[1]),
            "site": row[2],
            "rules": row[3],
            "active": row[4],
            "shadow": row[5],
            "label": label(verdict(row[6]), of_alert=verdict(row[7]), alert_type=row[8]),
        }
        for row in rows
    ]


def steps(connection: sqlite3.Connection, version: str) -> list[dict[str, Any]]:
    """Return the steps of a version's life, the last first; at most 50."""
    rows = connection.execute(
        "SELECT time, kind, reason, body FROM model_steps WHERE version = ? ORDER BY no DESC LIMIT ?",
        (version, STEPS_MAX),
    )
    return [
        {"time": rfc3339(time), "kind": kind, "reason": reason, "body": orjson.loads(body)}
        for time, kind, reason, body in rows
    ]


def put_in_force(connection: sqlite3.Connection) -> InForce | None:
    """Return what was last told to be in force, None where nothing was."""
    row = connection.execute(
        "SELECT version, time, kind FROM model_steps WHERE kind IN (?, ?) ORDER BY no DESC LIMIT 1",
        (ACTIVATED, ROLLED_BACK),
    ).fetchone()
    return None if row is None else InForce(*row)


def _of(scope: Scope) -> tuple[str, list[Any]]:
    seen, more = limited(scope.limits)
    given = {"model_version": scope.version, "shadow_version": scope.shadow}
    named = {name: value for name, value in given.items() if value is not None}
    conditions = "".join(f" AND scores.{name} = ?" for name in named)
    return f"scores.time >= ?{conditions}{seen}", [scope.since, *named.values(), *more]


def _judged(row: tuple[Any, ...]) -> JudgedRow | None:
    no, person, time, rules, score, shadow, own, own_at, of_alert, alert_type, alert_at, how, weight = row
    by_itself = label(verdict(own), of_alert=None, alert_type=None)
    said = label(verdict(own), of_alert=verdict(of_alert), alert_type=alert_type)
    if said is None:
        return None
    return JudgedRow(
        no=no,
        person=person,
        time=time,
        rules=rules,
        score=score,
        shadow=shadow,
        label=said,
        weight=1.0 if weight is None else weight,
        chosen=how == CHOSEN,
        judged_at=alert_at if by_itself is None else own_at,
    )
