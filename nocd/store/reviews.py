"""Scores that are put up for review: what is looked at to draw them, and the rows that are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import orjson

from nocd.domain.alert import Verdict
from nocd.fraud.labels import label
from nocd.fraud.review import Seen
from nocd.store.scores import JUDGED

if TYPE_CHECKING:
    from nocd.store.sqlite import sqlite3

RANDOM: Final = "random"
CHOSEN: Final = "chosen"
_SEEN: Final = (
    "SELECT scores.no, scores.time, punch, scores.score, scores.alert IS NOT NULL, scores.verdict, verdicts.verdict,"  # noqa: S608 - names of ours
    f" verdicts.type, reviews.score IS NOT NULL, x FROM {JUDGED} LEFT JOIN reviews ON reviews.score = scores.no"
    " WHERE (scores.time, scores.no) > (?, ?) AND scores.time >= ? AND scores.time < ?"
    " ORDER BY scores.time, scores.no LIMIT ?"
)
_PUT_UP: Final = "INSERT OR IGNORE INTO reviews (score, put_at, how, weight) VALUES (?, ?, ?, ?)"


def lot_key(connection: sqlite3.Connection) -> bytes:
    """Return the tenant's own secret, by which lots are drawn that nobody outside can foresee."""
    return bytes(connection.execute("SELECT value FROM meta WHERE key = 'seen_key'").fetchone()[0])


def seen(connection: sqlite3.Connection, after: tuple[int, int], *, until: int, limit: int) -> list[Seen]:
    """Return scores after (time, no) of punches before `until` (UTC ms), oldest first."""
    rows = connection.execute(_SEEN, (*after, after[0], until, limit))
    return [_seen(row) for row in rows]


def chosen_since(connection: sqlite3.Connection, since: int) -> int:
    """Return how many scores were chosen since `since` (UTC ms)."""
    row = connection.execute("SELECT count(*) FROM reviews WHERE put_at > ? AND how = ?", (since, CHOSEN)).fetchone()
    return int(row[0])


def put_up(no: int, now: int, how: Literal["random", "chosen"], weight: float) -> tuple[str, tuple[Any, ...]]:
    """Return what puts a score up for review; one that was put up stays as it is."""
    return _PUT_UP, (no, now, how, weight)


def _seen(row: tuple[Any, ...]) -> Seen:
    no, time, punch, score, alerted, own, of_alert, alert_type, put, x = row
    said = label(verdict(own), of_alert=verdict(of_alert), alert_type=alert_type)
    vector = None if x is None else orjson.loads(x)
    return Seen(no, time, punch, score, bool(alerted), said is not None, bool(put), vector)


def verdict(word: str | None) -> Verdict | None:
    """Return a stored verdict."""
    return None if word is None else Verdict(word)
