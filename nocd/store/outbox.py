"""The outbox: messages that wait, those that arrived, and dead letters; every list has a bound and walks an index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from nocd.domain.delivery import GIVE_UP_MS
from nocd.domain.instant import rfc3339, rfc3339_or_none
from nocd.store.queries import token_limits

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nocd.store.sqlite import sqlite3

    Statement = tuple[str, tuple[Any, ...]]

STATES: Final = ("waiting", "delivered", "dead")
INSERT: Final = (
    "INSERT INTO outbox (id, receiver, state, route, run, step, site, client, alerts, created_at, due_at, give_up_at,"
    " body) VALUES (?, ?, 'waiting', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_SHOWN: Final = "no, id, receiver, state, route, run, alerts, created_at, due_at, ended_at, attempts, error"
_INSTANTS: Final = ("created_at", "due_at", "ended_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message that is due; `id` is the same at every attempt. Times are UTC milliseconds."""

    no: int
    id: str
    run: str | None
    step: int | None
    attempts: int
    give_up_at: int
    body: bytes


def due(connection: sqlite3.Connection, receiver: str, *, now: int, limit: int) -> list[Message]:
    """Return up to `limit` messages of a receiver that are due by `now` (UTC ms), the longest due first."""
    rows = connection.execute(
        "SELECT no, id, run, step, attempts, give_up_at, body FROM outbox"
        " WHERE receiver = ? AND state = 'waiting' AND due_at <= ? ORDER BY due_at, no LIMIT ?",
        (receiver, now, limit),
    ).fetchall()
    names = ("no", "id", "run", "step", "attempts", "give_up_at", "body")
    return [Message(**dict(zip(names, row, strict=True))) for row in rows]


def next_due(connection: sqlite3.Connection, receiver: str) -> int | None:
    """Return when a receiver's next message is due (UTC ms), or None where none waits."""
    row = connection.execute("SELECT min(due_at) FROM outbox WHERE receiver = ? AND state = 'waiting'", (receiver,))
    at: int | None = row.fetchone()[0]
    return at


def counts(
    connection: sqlite3.Connection, *, sites: frozenset[str] = frozenset(), clients: frozenset[str] = frozenset()
) -> dict[str, dict[str, int]]:
    """Return how many messages wait and how many are dead letters, by receiver, of those a token's limits let see."""
    told: dict[str, dict[str, int]] = {}
    seen, values = token_limits(sites, clients)
    where = " AND ".join(["state IN ('waiting', 'dead')", *seen])
    rows = connection.execute(
        f"SELECT receiver, state, count(*) FROM outbox WHERE {where} GROUP BY receiver, state",  # noqa: S608 - marks only
        values,
    )
    for receiver, state, count in rows:
        told.setdefault(receiver, {})[state] = count
    return told


def page(
    connection: sqlite3.Connection,
    *,
    state: str | None,
    receiver: str | None,
    sites: frozenset[str],
    clients: frozenset[str],
    before: int | None,
    limit: int,
) -> tuple[list[dict[str, Any]], int | None]:
    """Return messages without their bodies, newest first, and the number to continue before."""
    where: list[str] = ["no < ?"]
    values: list[Any] = [2**62 if before is None else before]
    for column, value in (("state", state), ("receiver", receiver)):
        if value is not None:
            where.append(f"{column} = ?")
            values.append(value)
    seen, limits = token_limits(sites, clients)
    where += seen
    values += limits
    rows = connection.execute(
        f"SELECT {_SHOWN} FROM outbox WHERE {' AND '.join(where)} ORDER BY no DESC LIMIT ?",  # noqa: S608 - names and marks only
        (*values, limit + 1),
    ).fetchall()
    return [_shown(row) for row in rows[:limit]], (rows[limit - 1][0] if len(rows) > limit else None)


def one(connection: sqlite3.Connection, no: int) -> tuple[dict[str, Any], str | None, str | None] | None:
    """Return (message without its body, site, client), or None."""
    row = connection.execute(f"SELECT {_SHOWN}, site, client FROM outbox WHERE no = ?", (no,)).fetchone()  # noqa: S608 - columns only
    return None if row is None else (_shown(row[:-2]), row[-2], row[-1])


def _shown(row: tuple[Any, ...]) -> dict[str, Any]:
    told = dict(zip(_SHOWN.split(", "), row, strict=True))
    told |= {name: rfc3339_or_none(told[name]) for name in _INSTANTS}
    told["due_at"] = told["due_at"] if told["state"] == "waiting" else None
    number, told["webhook_id"] = told.pop("no"), told["id"]
    return {**told, "id": f"N-{number}", "alerts": told["alerts"].split(",") if told["alerts"] else []}


def delivered(no: int, *, now: int) -> Statement:
    """Return what marks a message as arrived."""
    sql = "UPDATE outbox SET state = 'delivered', attempts = attempts + 1, ended_at = ?, error = NULL WHERE no = ?"
    return sql, (now, no)


def failed(no: int, *, due_at: int, error: str) -> Statement:
    """Return what plans the next attempt, unless it became a dead letter meanwhile."""
    sql = "UPDATE outbox SET attempts = attempts + 1, due_at = ?, error = ? WHERE no = ? AND state = 'waiting'"
    return sql, (due_at, error, no)


def dead(no: int, *, now: int, error: str) -> Statement:
    """Return what makes a message a dead letter."""
    sql = "UPDATE outbox SET state = 'dead', attempts = attempts + 1, ended_at = ?, error = ? WHERE no = ?"
    return sql, (now, error, no)


def expired(receiver: str, *, now: int) -> Statement:
    """Return what makes dead letters of a receiver's messages that waited too long to be tried."""
    sql = (
        "UPDATE outbox SET state = 'dead', ended_at = ?1, error = coalesce(error, 'its receiver was disabled')"
        " WHERE receiver = ?2 AND state = 'waiting' AND give_up_at <= ?1"
    )
    return sql, (now, receiver)


def overfull(receiver: str, *, now: int, waiting_max: int) -> Statement:
    """Return what makes dead letters of a receiver's oldest messages where more than `waiting_max` wait."""
    sql = (
        "UPDATE outbox SET state = 'dead', ended_at = ?1, error = 'more than ' || ?3 || ' messages waited'"
        " WHERE receiver = ?2 AND state = 'waiting' AND no <= coalesce((SELECT no FROM outbox"
        " WHERE receiver = ?2 AND state = 'waiting' ORDER BY no DESC LIMIT 1 OFFSET ?3), 0)"
    )
    return sql, (now, receiver, waiting_max)


def nobodys(receivers: Iterable[str], *, now: int) -> Statement:
    """Return what makes dead letters of messages whose receiver is set no more."""
    names = sorted(receivers)
    error = f"no receiver of this name is set since {rfc3339(now)}"
    sql = f"UPDATE outbox SET state = 'dead', ended_at = ?, error = ? WHERE state = 'waiting' AND receiver NOT IN ({', '.join('?' * len(names))})"  # noqa: S608, E501 - marks only
    return sql, (now, error, *names)


def replayed(no: int, *, now: int) -> Statement:
    """Return what sends a dead letter again, under the id it had."""
    sql = (
        "UPDATE outbox SET state = 'waiting', attempts = 0, due_at = ?1, give_up_at = ?2, ended_at = NULL, error = NULL"
        " WHERE no = ?3 AND state = 'dead'"
    )
    return sql, (now, now + GIVE_UP_MS, no)
