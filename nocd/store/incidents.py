"""What readers ask about incidents; every list has a bound and walks an index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from nocd.store.queries import marks, token_limits

if TYPE_CHECKING:
    from nocd.store.sqlite import sqlite3

Place = tuple[int, int, int]
NumberedAlert = tuple[int, bytes, str | None, str | None]
_ORDERS = {
    "queue": ("severity", "last_seen", "no"),
    "newest": ("opened_at", "no", "no"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentQuery:
    """Which incidents: those that stand unless a status is named; `sites` and `clients` are a token's limits.

    In the order of the queue (severity, then newest seen) or the newest first; `opened_after` is UTC milliseconds.
    """

    statuses: tuple[str, ...] = ()
    any_status: bool = False
    min_severity: int = 1
    site: str | None = None
    person: str | None = None
    opened_after: int | None = None
    sites: frozenset[str] = frozenset()
    clients: frozenset[str] = frozenset()
    order: Literal["queue", "newest"] = "queue"
    after: Place | None = None
    limit: int = 100


def incidents(connection: sqlite3.Connection, query: IncidentQuery) -> tuple[list[bytes], Place | None]:
    """Return incident bodies in the order asked for, and the place of the last one."""
    where, values = _conditions(query)
    columns = ", ".join(_ORDERS[query.order])
    if query.after is not None:
        where.append(f"({columns}) < (?, ?, ?)")
        values += query.after
    order = ", ".join(f"{column} DESC" for column in _ORDERS[query.order])
    rows = connection.execute(
        f"SELECT body, {columns} FROM incidents WHERE {' AND '.join(where)} ORDER BY {order} LIMIT ?",  # noqa: S608 - names and marks only
        (*values, query.limit + 1),
    ).fetchall()
    more = len(rows) > query.limit
    rows = rows[: query.limit]
    return [row[0] for row in rows], (tuple(rows[-1][1:]) if more else None)


def _conditions(query: IncidentQuery) -> tuple[list[str], list[Any]]:
    where, values = token_limits(query.sites, query.clients)
    if query.statuses:
        where.append(f"status IN ({marks(query.statuses)})")
        values += query.statuses
    elif not query.any_status:
        where.append("standing = 1")
    where.append("severity >= ?")
    values.append(query.min_severity)
    for column, value in (("site", query.site), ("person", query.person)):
        if value is not None:
            where.append(f"{column} = ?")
            values.append(value)
    if query.opened_after is not None:
        where.append("opened_at >= ?")
        values.append(query.opened_after)
    return where, values


def incident(connection: sqlite3.Connection, no: int) -> tuple[bytes, str | None, str | None, bytes] | None:
    """Return (body, site, client, timeline) of one incident, or None."""
    row: tuple[bytes, str | None, str | None, bytes] | None = connection.execute(
        "SELECT body, site, client, timeline FROM incidents WHERE no = ?", (no,)
    ).fetchone()
    return row


def alerts_numbered(connection: sqlite3.Connection, numbers: list[int], *, limit: int) -> list[NumberedAlert]:
    """Return (number, body, site, client) of alerts by number, those that stand and are severest first."""
    return connection.execute(
        f"SELECT no, body, site, client FROM alerts WHERE no IN ({marks(numbers)})"  # noqa: S608 - marks only
        " ORDER BY standing DESC, severity DESC, priority DESC, last_seen DESC, no DESC LIMIT ?",
        (*numbers, limit),
    ).fetchall()
