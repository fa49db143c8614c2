"""The audit trail at rest: appended to, read, checked from its first kept row to its last, and let go of after years.

A tenant's file has one, and `daemon.db` has one of its own for tokens and refused logins; both the same table.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import orjson

from nocd.domain.audit import GENESIS, Entry, Sealed, fault, sealed
from nocd.domain.instant import rfc3339
from nocd.store.migrations import shipped, statements

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from nocd.store.sqlite import sqlite3

LOCAL: Final = "local"  # who asks over the daemon's own socket, or at its command line
SLICE_ROWS: Final = 5_000
_COLUMNS: Final = "no, time, actor, act, target, peer, site, client, detail, prior, digest"


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """Who acts, and from where."""

    name: str = LOCAL
    peer: str = "command line"


LOCALLY: Final = By()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How far a chain is checked: the number and digest of the last good row, how many were, and what then broke."""

    no: int
    digest: str
    rows: int = 0
    fault: str | None = None
    ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """Which rows: of an actor, act or target; `sites` and `clients` are a token's limits, `tenant` is for daemon.db."""

    actor: str | None = None
    act: str | None = None
    target: str | None = None
    sites: frozenset[str] = frozenset()
    clients: frozenset[str] = frozenset()
    tenant: str | None = None
    before: int | None = None
    limit: int = 100


def schema() -> list[str]:
    """Return the statements that make the trail's tables, as the migration makes them in a tenant's file."""
    (sql,) = (step.sql for step in shipped() if step.name == "create_audit")
    return [each for each in statements(sql) if "audit" in each]


def append(connection: sqlite3.Connection, entries: Sequence[Entry]) -> None:
    """Add rows to the chain, within the caller's transaction."""
    no, prior = _end(connection) if entries else (0, "")
    for entry in entries:
        no += 1
        row = sealed(entry, no=no, prior=prior)
        connection.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", astuple(row))
        prior = row.digest


def _end(connection: sqlite3.Connection) -> tuple[int, str]:
    row = connection.execute("SELECT no, digest FROM audit ORDER BY no DESC LIMIT 1").fetchone()
    return (row[0], row[1]) if row else start(connection)


def start(connection: sqlite3.Connection) -> tuple[int, str]:
    """Return number and digest of the row that the first kept one must seal: the newest anchor, else none."""
    anchor = connection.execute("SELECT no, digest FROM audit_anchors ORDER BY no DESC LIMIT 1").fetchone()
    return (anchor[0], anchor[1]) if anchor else (0, GENESIS)


def check(connection: sqlite3.Connection, place: Place | None = None, *, rows_max: int = SLICE_ROWS) -> Place:
    """Check up to `rows_max` rows after `place` (from the beginning); `ended` where there are no more, or one broke."""
    anchor, sealed_by = start(connection)
    if place is None or place.no < anchor:
        place = Place(no=anchor, digest=sealed_by, rows=place.rows if place else 0)
        if anchor and not _told(connection, anchor):
            return replace(place, fault=f"no row tells that those up to {anchor} were let go of", ended=True)
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM audit WHERE no > ? ORDER BY no LIMIT ?",  # noqa: S608 - columns only
        (place.no, rows_max),
    ).fetchall()
    for row in (Sealed(*row) for row in rows):
        if (broke := fault(row, no=place.no + 1, prior=place.digest)) is not None:
            return replace(place, fault=broke, ended=True)
        place = Place(no=row.no, digest=row.digest, rows=place.rows + 1)
    return replace(place, ended=len(rows) < rows_max)


async def walked(slice_of: Callable[[Place | None], Awaitable[Place]]) -> Place:
    """Return where a chain ends or breaks, checked slice by slice."""
    place = await slice_of(None)
    while not place.ended:
        place = await slice_of(place)
    return place


def _told(connection: sqlite3.Connection, anchor: int) -> bool:
    said = "SELECT 1 FROM audit WHERE act = 'let_go' AND json_extract(detail, '$.upto') = ? LIMIT 1"
    return connection.execute(said, (anchor,)).fetchone() is not None


def page(connection: sqlite3.Connection, query: AuditQuery) -> tuple[list[dict[str, Any]], int | None]:
    """Return rows, newest first, and the number to continue before."""
    where, values = _conditions(query)
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM audit WHERE {' AND '.join(where)} ORDER BY no DESC LIMIT ?",  # noqa: S608 - names and marks only
        (*values, query.limit + 1),
    ).fetchall()
    more = len(rows) > query.limit
    rows = rows[: query.limit]
    return [view(row) for row in rows], (rows[-1][0] if more else None)


def _conditions(query: AuditQuery) -> tuple[list[str], list[Any]]:
    where: list[str] = ["no < ?"]
    values: list[Any] = [2**62 if query.before is None else query.before]
    for column in ("actor", "act", "target"):
        if (value := getattr(query, column)) is not None:
            where.append(f"{column} = ?")
            values.append(value)
    if query.tenant is not None:
        where.append("json_extract(detail, '$.tenant') = ?")
        values.append(query.tenant)
    if query.sites or query.clients:
        marks = [", ".join("?" * len(limits)) for limits in (query.sites, query.clients)]
        where.append(f"(site IN ({marks[0]}) OR client IN ({marks[1]}))")
        values += [*sorted(query.sites), *sorted(query.clients)]
    return where, values


def view(row: tuple[Any, ...]) -> dict[str, Any]:
    """Return a row of the trail as `AuditView`."""
    told = Sealed(*row)
    return {
        "no": told.no,
        "time": rfc3339(told.time),
        "actor": told.actor,
        "act": told.act,
        "target": told.target,
        "peer": told.peer,
        "site": told.site,
        "client": told.client,
        "detail": orjson.loads(told.detail),
        "digest": told.digest,
    }


def configured(connection: sqlite3.Connection, settings: dict[str, Any], now: int) -> None:
    """Put the settings of a start or a reload on record where they are not those before, within a transaction."""
    last = "SELECT detail FROM audit WHERE act = 'configure' ORDER BY no DESC LIMIT 1"
    row = connection.execute(last).fetchone()
    former = {} if row is None else orjson.loads(row[0])["settings"]
    if former == settings:
        return
    changed = [name for name in sorted({*former, *settings}) if former.get(name) != settings.get(name)] if row else []
    detail = {
        "tenant": None,
        "settings": settings,
        "before": {name: former.get(name) for name in changed},
        "after": {name: settings.get(name) for name in changed},
    }
    append(connection, [Entry(time=now, actor="nocd", act="configure", peer="start", detail=detail)])


def exported(row: tuple[Any, ...]) -> dict[str, Any]:
    """Return a row with all that another needs to check the chain: time and `detail` as they were sealed."""
    told = Sealed(*row)
    return {**view(row), "time_ms": told.time, "detail": told.detail, "prior": told.prior}


def let_go(connection: sqlite3.Connection, before: int, step: int, now: int) -> int:
    """Remove up to `step` of the oldest rows from before `before` (UTC ms); an anchor and a row of their own tell it.

    One transaction; the newest row always stays. Returns how many went.
    """
    rows = connection.execute("SELECT no, time, digest FROM audit ORDER BY no LIMIT ?", (step + 1,)).fetchall()
    old = 0
    while old < len(rows) - 1 and rows[old][1] < before:
        old += 1
    if not old:
        return 0
    no, _, last = rows[old - 1]
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute("INSERT INTO audit_anchors VALUES (?, ?, ?)", (no, last, now))
        told = Entry(time=now, actor="retention", act="let_go", target="audit", detail={"rows": old, "upto": no})
        append(connection, [told])
        connection.execute("DELETE FROM audit WHERE no <= ?", (no,))
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return old
