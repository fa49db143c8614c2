"""What readers ask of a tenant's tickets; every list has a bound and walks an index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from nocd.domain.ticket import TimelineRow
from nocd.store.queries import token_limits
from nocd.store.rows import number
from nocd.wire.present import ledger_view

if TYPE_CHECKING:
    from nocd.store.sqlite import sqlite3

TIMELINE_MAX: Final = 500
_COLUMNS: Final = ("site", "person", "assignee", "type")


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketQuery:
    """Which tickets: the open ones unless a status is named; `sites` and `clients` are a token's limits."""

    statuses: tuple[str, ...] = ()
    priorities: tuple[int, ...] = ()
    site: str | None = None
    person: str | None = None
    assignee: str | None = None
    type: str | None = None
    unassigned: bool = False
    sites: frozenset[str] = frozenset()
    clients: frozenset[str] = frozenset()
    after: tuple[int, int] | None = None
    limit: int = 100


@dataclass(slots=True)
class _Where:
    """Conditions joined by AND, and the values of their marks."""

    parts: list[str]
    values: list[Any]

    def among(self, column: str, values: tuple[Any, ...]) -> None:
        self.parts.append(f"{column} IN ({', '.join('?' * len(values))})")
        self.values += values


def _where(query: TicketQuery) -> _Where:
    where = _Where(*token_limits(query.sites, query.clients))
    if query.statuses:
        where.among("status", query.statuses)
    else:
        where.parts.append("open = 1")
    if query.priorities:
        where.among("priority", query.priorities)
    if query.unassigned:
        where.parts.append("assignee IS NULL")
    for column in _COLUMNS:
        if (value := getattr(query, column)) is not None:
            where.among(column, (value,))
    if query.after is not None:
        priority, no = query.after
        where.parts.append("(priority > ? OR (priority = ? AND no < ?))")
        where.values += [priority, priority, no]
    return where


def tickets(connection: sqlite3.Connection, query: TicketQuery) -> tuple[list[bytes], tuple[int, int] | None]:
    """Return ticket bodies, P1 first, then newest, and the place of the last one."""
    where = _where(query)
    rows = connection.execute(
        f"SELECT body, priority, no FROM tickets WHERE {' AND '.join(where.parts)}"  # noqa: S608 - names and marks only
        " ORDER BY priority, no DESC LIMIT ?",
        (*where.values, query.limit + 1),
    ).fetchall()
    more = len(rows) > query.limit
    rows = rows[: query.limit]
    return [row[0] for row in rows], ((rows[-1][1], rows[-1][2]) if more else None)


def ticket(connection: sqlite3.Connection, no: int) -> tuple[bytes, str | None, str | None] | None:
    """Return (body, site, client) of one ticket, or None."""
    row: tuple[bytes, str | None, str | None] | None = connection.execute(
        "SELECT body, site, client FROM tickets WHERE no = ?", (no,)
    ).fetchone()
    return row


def alerts_of(connection: sqlite3.Connection, body: bytes) -> list[bytes]:
    """Return the alerts that a ticket names, as bodies, in the order they came to it."""
    numbers = [number(alert_id) for alert_id in orjson.loads(body)["alerts"]]
    marks = ", ".join("?" * len(numbers))
    found = connection.execute(f"SELECT no, body FROM alerts WHERE no IN ({marks})", numbers)  # noqa: S608 - marks only
    bodies = dict(found.fetchall())
    return [bodies[no] for no in numbers if no in bodies]


def timeline(connection: sqlite3.Connection, no: int) -> list[dict[str, Any]]:
    """Return the newest that happened to one ticket, oldest first."""
    rows = connection.execute(
        "SELECT row, time, decision, reason, actor, old_status, new_status FROM ticket_timeline"
        " WHERE ticket = ? ORDER BY row DESC LIMIT ?",
        (no, TIMELINE_MAX),
    ).fetchall()
    names = ("row", "time", "decision", "reason", "actor", "old_status", "new_status")
    return [ledger_view(TimelineRow(ticket=f"T-{no}", **dict(zip(names, row, strict=True)))) for row in reversed(rows)]


def detail(connection: sqlite3.Connection, no: int) -> bytes | None:
    """Return one ticket with its alerts and timeline, `{ticket, alerts, timeline}`, or None."""
    found = ticket(connection, no)
    if found is None:
        return None
    alerts = b",".join(alerts_of(connection, found[0]))
    rows = orjson.dumps(timeline(connection, no))
    return b'{"ticket":' + found[0] + b',"alerts":[' + alerts + b'],"timeline":' + rows + b"}"
