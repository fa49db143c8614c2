"""What readers ask of a tenant's file; every list has a bound and walks an index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from pydantic_core import from_json

from nocd.domain.change import Change, LedgerRow, NumberedChange
from nocd.domain.finding import fingerprint
from nocd.domain.instant import rfc3339, rfc3339_or_none
from nocd.domain.severity import Severity
from nocd.wire.present import ledger_view

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nocd.store.sqlite import sqlite3

SNAPSHOT_ALERTS_MAX = 5_000
_SEVERITIES = {severity.rank: severity for severity in Severity}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertQuery:
    """Which alerts: the standing ones unless a status is named, here or (`every`) by what is `asked` in SQL.

    `sites` and `clients` are a token's limits.
    """

    asked: tuple[str, tuple[Any, ...]] = ("", ())
    every: bool = False
    statuses: tuple[str, ...] = ()
    severities: tuple[int, ...] = ()
    min_severity: int = 1
    site: str | None = None
    type: str | None = None
    person: str | None = None
    sites: frozenset[str] = frozenset()
    clients: frozenset[str] = frozenset()
    after: tuple[int, int, int, int] | None = None
    limit: int = 100


def marks(values: Sequence[object]) -> str:
    """Return a question mark for each value."""
    return ", ".join("?" * len(values))


def token_limits(sites: frozenset[str], clients: frozenset[str]) -> tuple[list[str], list[Any]]:
    """Return the condition of a token's limits to sites and clients."""
    if not sites and not clients:
        return [], []
    return [f"(site IN ({marks([*sites])}) OR client IN ({marks([*clients])}))"], [*sorted(sites), *sorted(clients)]


def _alert_conditions(query: AlertQuery) -> tuple[list[str], list[Any]]:
    where, values = token_limits(query.sites, query.clients)
    if query.statuses:
        where.append(f"status IN ({marks(query.statuses)})")
        values += query.statuses
    elif not query.every:
        where.append("standing = 1")
    if query.severities:
        where.append(f"severity IN ({marks(query.severities)})")
        values += query.severities
    where.append("severity >= ?")
    values.append(query.min_severity)
    for column in ("site", "type", "person"):
        if (value := getattr(query, column)) is not None:
            where.append(f"{column} = ?")
            values.append(value)
    if query.asked[0]:
        where.append(query.asked[0])
        values += query.asked[1]
    return where, values


def alerts(connection: sqlite3.Connection, query: AlertQuery) -> tuple[list[bytes], tuple[int, int, int, int] | None]:
    """Return alert bodies, severity first, then priority, then newest, and the place of the last one."""
    where, values = _alert_conditions(query)
    if query.after is not None:
        where.append("(severity, priority, last_seen, no) < (?, ?, ?, ?)")
        values += query.after
    rows = connection.execute(
        f"SELECT body, severity, priority, last_seen, no FROM alerts WHERE {' AND '.join(where)}"  # noqa: S608 - names and marks only
        " ORDER BY severity DESC, priority DESC, last_seen DESC, no DESC LIMIT ?",
        (*values, query.limit + 1),
    ).fetchall()
    more = len(rows) > query.limit
    rows = rows[: query.limit]
    return [row[0] for row in rows], (tuple(rows[-1][1:]) if more else None)


def alert(connection: sqlite3.Connection, no: int) -> tuple[bytes, str | None, str | None] | None:
    """Return (body, site, client) of one alert, or None."""
    row: tuple[bytes, str | None, str | None] | None = connection.execute(
        "SELECT body, site, client FROM alerts WHERE no = ?", (no,)
    ).fetchone()
    return row


def why(connection: sqlite3.Connection, no: int, *, limit: int = 500) -> list[dict[str, Any]]:
    """Return the newest decisions about one alert, oldest first."""
    rows = connection.execute(
        "SELECT row, time, decision, reason, actor, old_status, new_status FROM ledger"
        " WHERE alert = ? ORDER BY row DESC LIMIT ?",
        (no, limit),
    ).fetchall()
    names = ("row", "time", "decision", "reason", "actor", "old_status", "new_status")
    return [ledger_view(LedgerRow(alert=f"A-{no}", **dict(zip(names, row, strict=True)))) for row in reversed(rows)]


def findings(
    connection: sqlite3.Connection,
    *,
    alert_no: int | None = None,
    site: str | None = None,
    kind: str | None = None,
    sites: frozenset[str] = frozenset(),
    clients: frozenset[str] = frozenset(),
    before: int | None = None,
    limit: int = 100,
) -> tuple[list[dict[str, Any]], int | None]:
    """Return findings, newest first, and the number to continue before."""
    where, values = token_limits(sites, clients)
    for column, value in (("alert", alert_no), ("site", site), ("type", kind)):
        if value is not None:
            where.append(f"{column} = ?")
            values.append(value)
    if before is not None:
        where.append("no < ?")
        values.append(before)
    rows = connection.execute(
        f"SELECT no, alert, withdrawn, body FROM findings WHERE {' AND '.join(where or ['1'])}"  # noqa: S608 - names and marks only
        " ORDER BY no DESC LIMIT ?",
        (*values, limit + 1),
    ).fetchall()
    more = len(rows) > limit
    rows = rows[:limit]
    return [_finding(row) for row in rows], (rows[-1][0] if more else None)


def _finding(row: tuple[int, int | None, int, bytes]) -> dict[str, Any]:
    _, alert_no, withdrawn, body = row
    record = orjson.loads(body)
    return {
        **{name: record[name] for name in record if name not in ("entity_type", "entity_id", "condition")},
        "entity": {"type": record["entity_type"], "id": record["entity_id"]},
        "fingerprint": fingerprint(
            record["type"], record["site"], record["person"] or f"{record['entity_type']}:{record['entity_id']}"
        ),
        "time": rfc3339(record["time"]),
        "alert": None if alert_no is None else f"A-{alert_no}",
        "withdrawn": bool(withdrawn),
    }


def events(connection: sqlite3.Connection, *, after: int, limit: int) -> list[dict[str, Any]]:
    """Return stored events numbered after `after`."""
    rows = connection.execute(
        "SELECT no, received_at, claimed_time, late, body FROM inputs WHERE no > ? AND kind = 0 ORDER BY no LIMIT ?",
        (after, limit),
    ).fetchall()
    return [_event(row) for row in rows]


def event(connection: sqlite3.Connection, no: int) -> dict[str, Any] | None:
    """Return one stored event, or None."""
    row = connection.execute(
        "SELECT no, received_at, claimed_time, late, body FROM inputs WHERE no = ? AND kind = 0", (no,)
    ).fetchone()
    return None if row is None else _event(row)


def _event(row: tuple[int, int, int | None, int, bytes]) -> dict[str, Any]:
    no, received_at, claimed_time, late, body = row
    return {
        "no": no,
        "received_at": rfc3339(received_at),
        "claimed_time": rfc3339_or_none(claimed_time),
        "late": bool(late),
        "event": from_json(body),
    }


def changes(connection: sqlite3.Connection, *, after: int, limit: int) -> list[NumberedChange]:
    """Return changes numbered after `after`, as the feed carries them."""
    rows = connection.execute(
        "SELECT seq, no, time, type, site, client, person, severity, body FROM feed WHERE seq > ? ORDER BY seq LIMIT ?",
        (after, limit),
    )
    return [
        NumberedChange(
            seq=seq,
            no=no,
            change=Change(type=kind, time=time, data={}, site=site, client=client, person=person, severity=severity),
            body=body,
        )
        for seq, no, time, kind, site, client, person, severity, body in rows
    ]


def bounds(connection: sqlite3.Connection) -> tuple[int, int]:
    """Return the oldest and newest kept change numbers; (1, 0) where there is none."""
    oldest, newest = connection.execute("SELECT min(seq), max(seq) FROM feed").fetchone()
    return (oldest or 1), (newest or 0)


def snapshot(
    connection: sqlite3.Connection, *, sites: frozenset[str], clients: frozenset[str]
) -> tuple[int, list[bytes], dict[str, int]]:
    """Return the change number this is true at, the worst standing alerts, and how many stand by severity."""
    seq = bounds(connection)[1]
    query = AlertQuery(sites=sites, clients=clients, limit=SNAPSHOT_ALERTS_MAX)
    bodies, _ = alerts(connection, query)
    where, values = _alert_conditions(query)
    counts = connection.execute(
        f"SELECT severity, count(*) FROM alerts WHERE {' AND '.join(where)} GROUP BY severity",  # noqa: S608 - names and marks only
        values,
    ).fetchall()
    return seq, bodies, {_SEVERITIES[rank].value: count for rank, count in counts}


def events_between(connection: sqlite3.Connection, first_no: int, last_no: int) -> list[tuple[int, int, bytes]]:
    """Return (no, received_at, body) of the events numbered `first_no` to `last_no`, both included."""
    return connection.execute(
        "SELECT no, received_at, body FROM inputs WHERE no BETWEEN ? AND ? AND kind = 0 ORDER BY no",
        (first_no, last_no),
    ).fetchall()


def quick_check(connection: sqlite3.Connection) -> str:
    """Return `ok`, or what SQLite finds wrong with the file; takes seconds per million rows."""
    return "; ".join(str(row[0]) for row in connection.execute("PRAGMA quick_check(10)"))


def totals(connection: sqlite3.Connection) -> tuple[dict[str, int], dict[str, int]]:
    """Return findings by type, and how many alerts, incidents, tickets and fraud scores are kept."""
    findings = connection.execute("SELECT type, count(*) FROM findings GROUP BY type ORDER BY type").fetchall()
    tables = {"alerts": "alerts", "incidents": "incidents", "tickets": "tickets", "fraud_scores": "scores"}
    counts = {
        name: int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - names of ours
        for name, table in tables.items()
    }
    return dict(findings), counts
