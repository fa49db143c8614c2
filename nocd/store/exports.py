"""What can be exported: a table, what of it, and a page at a time, so that no export needs memory for more than one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from nocd.store import audit
from nocd.store.queries import token_limits

if TYPE_CHECKING:
    from collections.abc import Callable

    from nocd.store.sqlite import sqlite3

PAGE_ROWS: Final = 500
LOOKED_AT_MAX: Final = 10_000
_ALERT: Final = (
    *("id", "type", "category", "severity", "status", "priority", "title", "reason", "site", "site_name", "client"),
    *("person", "person_name", "entity.type", "entity.id", "source", "first_seen", "last_seen", "opened_at", "count"),
    *("incident", "ticket", "assignee", "acknowledged_by", "acknowledged_at", "resolved_by", "resolved_at", "verdict"),
    *("suppressed_by", "fraud_score", "escalated_at", "time_to_acknowledge_s", "time_to_resolve_s", "ended_unseen"),
)
_INCIDENT: Final = (
    *("id", "title", "status", "severity", "score", "storm", "site", "site_name", "client", "person", "person_name"),
    *("first_seen", "last_seen", "opened_at", "updated_at", "standing", "sightings", "alerts", "cause", "owner"),
    *("acknowledged_by", "acknowledged_at", "escalated_at", "resolved_by", "resolved_at", "verdict", "merged_into"),
    *("parent", "time_to_acknowledge_s", "time_to_resolve_s"),
)
_TICKET: Final = (
    *("id", "number", "type", "category", "title", "severity", "priority", "status", "origin", "site", "site_name"),
    *(
        "client",
        "person",
        "person_name",
        "assignee",
        "assigned_as",
        "alerts",
        "alerts_total",
        "created_at",
        "created_by",
    ),
    *("updated_at", "resolved_at", "resolved_by", "verdict", "ended_at", "escalated_at", "escalated_to", "comments"),
    "sla",
)
_AUDIT: Final = (
    "no",
    "time",
    "time_ms",
    "actor",
    "act",
    "target",
    "peer",
    "site",
    "client",
    "detail",
    "prior",
    "digest",
)


def _loaded(row: tuple[Any, ...]) -> dict[str, Any]:
    view: dict[str, Any] = orjson.loads(row[1])
    return view


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A table with a numbered key `no` and columns `site` and `client`; `select` are its columns after the number.

    `view` makes what is exported of (number, columns…); `columns` are its keys in CSV, a dot going into an object.
    """

    table: str
    columns: tuple[str, ...]
    select: str = "body"
    view: Callable[[tuple[Any, ...]], dict[str, Any]] = _loaded
    searchable: bool = False


EXPORTS: Final[dict[str, Export]] = {
    "alerts": Export(table="alerts", columns=_ALERT, searchable=True),
    "incidents": Export(table="incidents", columns=_INCIDENT),
    "tickets": Export(table="tickets", columns=_TICKET),
    "audit": Export(
        table="audit",
        columns=_AUDIT,
        select="time, actor, act, target, peer, site, client, detail, prior, digest",
        view=audit.exported,
    ),
}


def newest(connection: sqlite3.Connection, export: Export) -> int:
    """Return the number of a table's newest row: where an export that begins now ends."""
    return int(connection.execute(f"SELECT max(no) FROM {export.table}").fetchone()[0] or 0)  # noqa: S608 - a name of ours


def page(
    connection: sqlite3.Connection,
    export: Export,
    *,
    after: int,
    upto: int,
    asked: tuple[str, tuple[Any, ...]] = ("1", ()),
    sites: frozenset[str] = frozenset(),
    clients: frozenset[str] = frozenset(),
) -> tuple[list[dict[str, Any]], int | None]:
    """Return rows numbered after `after` and up to `upto`, oldest first, and the number to go on after, or None.

    A page looks at so many numbers at most, so that none reads for long however few rows match.
    """
    where, values = token_limits(sites, clients)
    last = min(upto, after + LOOKED_AT_MAX)
    rows = connection.execute(
        f"SELECT no, {export.select} FROM {export.table}"  # noqa: S608 - names and marks only
        f" WHERE {' AND '.join([*where, 'no > ?', 'no <= ?', asked[0]])} ORDER BY no LIMIT ?",
        (*values, after, last, *asked[1], PAGE_ROWS),
    ).fetchall()
    on = rows[-1][0] if len(rows) == PAGE_ROWS else last
    return [export.view(row) for row in rows], on if on < upto else None
