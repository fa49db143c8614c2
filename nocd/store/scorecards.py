"""Scorecards at rest, and what a day left that they are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from nocd.domain.instant import rfc3339
from nocd.store.reports import first_since

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nocd.store.sqlite import sqlite3

CARDS_MAX: Final = 500
FOUND_MAX: Final = 20_000
_CRITICAL: Final = 5
_HIGH: Final = 4


class FoundRow(NamedTuple):
    """A finding of a day: when, of which type, where, of whom, and its id; `critical` by its severity."""

    time: int
    type: str
    site: str | None
    client: str | None
    id: str
    critical: bool


class AnsweredRow(NamedTuple):
    """A grave alert of a day: when it was opened (RFC 3339) and taken on or handed up, and how it stands."""

    id: str
    severity: int
    site: str | None
    client: str | None
    category: str
    status: str
    opened_at: str
    waited_s: float | None
    escalated_at: str | None


def found(connection: sqlite3.Connection, types: Sequence[str], *, since: int, until: int) -> list[FoundRow]:
    """Return the findings of some types from `since` to `until` (UTC ms) that nothing refuted."""
    first = first_since(connection, "findings", "recorded_at", since)
    rows = connection.execute(
        "SELECT time, type, site, client, no, severity FROM findings WHERE no >= ? AND recorded_at < ?"  # noqa: S608 - marks only
        f" AND withdrawn = 0 AND type IN ({', '.join('?' * len(types))}) ORDER BY no LIMIT ?",
        (first, until, *types, FOUND_MAX),
    )
    return [
        FoundRow(time, kind, site, client, f"F-{no}", severity == _CRITICAL)
        for time, kind, site, client, no, severity in rows
    ]


def answered(connection: sqlite3.Connection, *, since: int, until: int) -> list[AnsweredRow]:
    """Return the HIGH and CRITICAL alerts opened from `since` to `until` (UTC ms)."""
    opened = "json_extract(CAST(body AS TEXT), '$.opened_at')"
    first = first_since(connection, "alerts", opened, rfc3339(since))
    rows = connection.execute(
        "SELECT no, severity, site, client, json_extract(CAST(body AS TEXT), '$.category'), status,"  # noqa: S608 - names of ours
        f" {opened}, json_extract(CAST(body AS TEXT), '$.time_to_acknowledge_s'),"
        " json_extract(CAST(body AS TEXT), '$.escalated_at')"
        f" FROM alerts WHERE no >= ? AND severity >= ? AND {opened} < ? ORDER BY no LIMIT ?",
        (first, _HIGH, rfc3339(until), FOUND_MAX),
    )
    return [AnsweredRow(f"A-{row[0]}", *row[1:]) for row in rows]


def kept(client: str, day: int, card: dict[str, Any]) -> tuple[str, tuple[Any, ...]]:
    """Return what keeps a client's card of a day (UTC ms of its beginning), in place of a former one."""
    return "INSERT OR REPLACE INTO scorecards VALUES (?, ?, ?)", (client, day, orjson.dumps(card))


def cards(
    connection: sqlite3.Connection, *, since: int, client: str | None, clients: Sequence[str] | None
) -> list[bytes]:
    """Return the cards of days from `since` (UTC ms), newest first; of one client, or of those a token sees."""
    where: list[str] = ["day >= ?"]
    values: list[Any] = [since]
    if client is not None:
        where.append("client = ?")
        values.append(client)
    if clients is not None:
        where.append(f"client IN ({', '.join('?' * len(clients))})")
        values += clients
    rows = connection.execute(
        f"SELECT body FROM scorecards WHERE {' AND '.join(where)} ORDER BY day DESC, client LIMIT ?",  # noqa: S608 - names and marks only
        (*values, CARDS_MAX),
    )
    return [body for (body,) in rows]
