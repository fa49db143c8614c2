"""What a model learns from: every scored punch with its features, and what it turned out to be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from nocd.domain.alert import Verdict
from nocd.domain.model_step import ModelStep

if TYPE_CHECKING:
    from nocd.store.sqlite import sqlite3

SLICE_ROWS: Final = 500
STEPS_MAX: Final = 200
_LAST: Final = "(SELECT max(time) FROM verdicts WHERE alert = scores.alert)"
_SHIFT, _DEVICE = (f"json_extract(scores.body, '$.{name}')" for name in ("shift", "device_kind"))
_SCORED: Final = (
    "SELECT scores.no, scores.person, scores.site, scores.time, scores.x, scores.rules, scores.verdict,"  # noqa: S608 - names of ours
    " scores.judged_at, verdicts.verdict, verdicts.type, verdicts.time, reviews.how, reviews.weight,"
    f" {_SHIFT}, {_DEVICE}"
    f" FROM scores LEFT JOIN verdicts ON verdicts.alert = scores.alert AND verdicts.time = {_LAST}"
    " LEFT JOIN reviews ON reviews.score = scores.no"
    " WHERE scores.no > ? AND scores.no <= ? AND scores.time >= ? AND scores.x IS NOT NULL ORDER BY scores.no"
)


@dataclass(frozen=True, slots=True)
class ScoredPunch:
    """A scored punch as stored: features as JSON, its own verdict and its alert's, why it was put up for review."""

    no: int
    person: str
    site: str
    time: int
    x: bytes
    rules: float
    verdict: Verdict | None
    judged_at: int | None
    alert_verdict: Verdict | None
    alert_type: str | None
    alert_judged_at: int | None
    how: str | None
    weight: float | None
    shift: str | None
    device: str | None


def bounds(connection: sqlite3.Connection, *, since: int) -> tuple[int, int, int]:
    """Return the numbers before the first and of the last score, and how many are of punches since `since` (UTC ms)."""
    first, last = connection.execute("SELECT min(no), max(no) FROM scores").fetchone()
    count = connection.execute("SELECT count(*) FROM scores WHERE time >= ?", (since,)).fetchone()[0]
    return (first or 1) - 1, last or 0, int(count)


def scored(connection: sqlite3.Connection, *, after: int, since: int) -> list[ScoredPunch]:
    """Return the scored punches numbered `after` up to `SLICE_ROWS` further, of those since `since` (UTC ms)."""
    rows = connection.execute(_SCORED, (after, after + SLICE_ROWS, since))
    return [_punch(*row) for row in rows]


def steps(connection: sqlite3.Connection) -> list[ModelStep]:
    """Return the newest steps of models' lives, newest first."""
    rows = connection.execute(
        "SELECT time, kind, version, reason, body FROM model_steps ORDER BY no DESC LIMIT ?", (STEPS_MAX,)
    )
    return [_step(*row) for row in rows]


def _step(time: int, kind: str, version: str | None, reason: str, body: bytes) -> ModelStep:
    figures = orjson.loads(body)
    actor = figures.pop("actor")
    return ModelStep(time=time, kind=kind, version=version, reason=reason, actor=actor, body=figures)


def _punch(*row: Any) -> ScoredPunch:
    own, of_alert = _verdict(row[6]), _verdict(row[8])
    return ScoredPunch(*row[:6], own, row[7], of_alert, *row[9:])  # type: ignore[call-arg]  # the columns as asked for


def _verdict(word: str | None) -> Verdict | None:
    return None if word is None else Verdict(word)
