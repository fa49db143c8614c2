"""Forgetting a person in a tenant's file that no daemon has: everywhere but in the audit trail and what is held.

Held is what an open ticket cites. All of it is one transaction: killed anywhere, nothing happened.
"""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import orjson

from nocd.domain.audit import Entry
from nocd.domain.forgetting import RESERVED, Forgetting
from nocd.errors import Conflict, InputError, NocdError, NotFound, StateError
from nocd.store import audit
from nocd.store.evidence import case
from nocd.store.rows import number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from nocd.store.sqlite import sqlite3

FORGET: Final = "forget"
_KEPT: Final = ("audit", "audit_anchors", "meta", "seen", "migrations")
_DIRECTORY: Final = ("site", "checkpoint", "device", "shift", "tour", "task")
_PERSON: Final = "person"


@dataclass(slots=True, kw_only=True)
class Held:
    """What open tickets cite, by table and key."""

    tickets: list[str] = field(default_factory=list)
    rows: set[tuple[str, int]] = field(default_factory=set)
    state: set[tuple[str, str]] = field(default_factory=set)

    def has(self, table: str, row: dict[str, Any]) -> bool:
        """Tell whether a row is held."""
        if table == "state":
            return (row["kind"], row["key"]) in self.state
        owner = {"ledger": "alert", "findings": "alert", "ticket_timeline": "ticket"}.get(table, "no")
        of = {"ledger": "alerts", "findings": "alerts", "ticket_timeline": "tickets"}.get(table, table)
        return (of, row.get(owner)) in self.rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What forgetting a person does or did: rows by table, tickets that hold some, audit rows that stay."""

    pseudonym: str
    names: int
    rows: dict[str, int]
    held: list[str]
    audit_rows: int


def forget(
    connection: sqlite3.Connection,
    person: str,
    *,
    now: int,
    dry: bool,
    check: Callable[[str, dict[str, Any]], None],
) -> Forgotten:
    """Replace a person by a new pseudonym, or only count (`dry`); `check(table, row)` raises where a row is unreadable.

    Raises NotFound for a person nothing is stored of, InputError for an id that cannot be told from other words,
    Conflict where the daemon's state is not saved up to the last input.
    """
    wanted = _wanted(connection, person)
    held = _held(connection, wanted)
    found = list(_mentions(connection, wanted, held))
    if not found and not held.tickets:
        raise NotFound(f"nothing is stored of a person {person}", code="not_found")
    told = Forgotten(
        pseudonym="" if dry else wanted.pseudonym,
        names=len(wanted.names) + len(wanted.shared),
        rows=dict(sorted(Counter(table for table, _ in found).items())),
        held=held.tickets,
        audit_rows=_named_in_audit(connection, wanted),
    )
    if not dry:
        _saved(connection)
        _carry_out(connection, wanted, found, told, now=now, check=check)
    return told


def _wanted(connection: sqlite3.Connection, person: str) -> Forgetting:
    """Return the person with all names and phones they ever had."""
    if person.casefold() in RESERVED:
        raise InputError(f"{person} is also a word of this product; it cannot be told from it", code="bad_person")
    kinds = ", ".join("?" * len(_DIRECTORY))
    other = connection.execute(
        f"SELECT kind FROM state WHERE key = ? AND kind IN ({kinds}) LIMIT 1",  # noqa: S608 - marks only
        (person, *_DIRECTORY),
    ).fetchone()
    if other is not None:
        raise InputError(f"{person} is also a {other[0]}'s id; it cannot be told from it", code="bad_person")
    names, others = set[str](), set[str]()
    for entry in _people(connection):
        (names if entry.get("id") == person else others).update(
            str(entry[each]) for each in ("name", "phone") if entry.get(each)
        )
    names = {name for name in names - {person} if name.casefold() not in RESERVED}
    alone = {name for name in names - others if " " in name or name[1:].isdigit()}
    return Forgetting(
        id=person,
        pseudonym=f"forgotten-{secrets.token_hex(6)}",
        names=tuple(sorted(alone)),
        shared=tuple(sorted(names - alone)),
    )


def _people(connection: sqlite3.Connection) -> Iterator[dict[str, Any]]:
    """Yield every entry of a person that is kept: as saved, and as it came in."""
    for (body,) in connection.execute("SELECT body FROM state WHERE kind = ? AND body IS NOT NULL", (_PERSON,)):
        yield orjson.loads(body)
    entries = "SELECT body FROM inputs WHERE kind = 0 AND instr(body, ?)"
    for (body,) in connection.execute(entries, (b"noc.person",)):
        event = orjson.loads(body)
        if event.get("type") == "noc.person" and isinstance(event.get("data"), dict):
            yield event["data"]


def _held(connection: sqlite3.Connection, wanted: Forgetting) -> Held:
    """Return what open tickets cite that name the person: themselves, their alerts, findings, decisions and events."""
    held = Held()
    for no, body in connection.execute("SELECT no, body FROM tickets WHERE open = 1 ORDER BY no").fetchall():
        cited = case(connection, no) if _names(connection, wanted, body) else None
        if cited is None:
            continue
        held.tickets.append(cited.ticket["number"])
        alerts = [number(alert["id"]) for alert in cited.alerts]
        held.rows |= {("tickets", no), *(("alerts", alert) for alert in alerts)}
        held.rows |= {("inputs", event["no"]) for event in cited.events}
        held.state |= {("ticket", f"T-{no}"), *(("alert", f"A-{alert}") for alert in alerts), (_PERSON, wanted.id)}
    return held


def _names(connection: sqlite3.Connection, wanted: Forgetting, body: bytes) -> bool:
    """Tell whether a ticket, or one of its alerts, names the person."""
    ticket = orjson.loads(body)
    alerts = (
        connection.execute("SELECT body FROM alerts WHERE no = ?", (number(each),)).fetchone()
        for each in ticket["alerts"]
    )
    return wanted.named_in(ticket) or any(row is not None and wanted.named_in(orjson.loads(row[0])) for row in alerts)


def _mentions(connection: sqlite3.Connection, wanted: Forgetting, held: Held) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield (table, key) of every row that names the person and is not held."""
    for table, columns, keys in _tables(connection):
        for values in connection.execute(f"SELECT {', '.join((*keys, *columns))} FROM {table}"):  # noqa: S608 - names of the schema
            cells = values[len(keys) :]
            changed = any(wanted.cell(value) != value for value in cells)
            if changed and not held.has(table, _row(columns, cells)):
                yield table, values[: len(keys)]


def _tables(connection: sqlite3.Connection) -> list[tuple[str, list[str], list[str]]]:
    """Return each table to look through with its columns and what its rows are found by."""
    tables = connection.execute("SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type = 'table'")
    told = []
    for name, without_rowid in tables.fetchall():
        if name in _KEPT or name.startswith("sqlite_"):
            continue
        about = connection.execute("SELECT name, pk FROM pragma_table_info(?)", (name,)).fetchall()
        keys = [column for column, pk in about if pk] if without_rowid else ["rowid"]
        told.append((name, [f'"{column}"' for column, _ in about], [f'"{key}"' for key in keys]))
    return told


def _row(columns: list[str], cells: Iterable[Any]) -> dict[str, Any]:
    return {column.strip('"'): cell for column, cell in zip(columns, cells, strict=True)}


def _named_in_audit(connection: sqlite3.Connection, wanted: Forgetting) -> int:
    rows = connection.execute("SELECT target, detail FROM audit")
    return sum(any(wanted.cell(value) != value for value in row) for row in rows)


def _saved(connection: sqlite3.Connection) -> None:
    """Raise Conflict where the daemon would fold inputs again at its next start, whose state still has the person."""
    saved_to = connection.execute("SELECT value FROM meta WHERE key = 'saved_to'").fetchone()
    newest = connection.execute("SELECT max(no) FROM inputs").fetchone()[0] or 0
    if saved_to is None or int(saved_to[0]) < newest:
        raise Conflict("the daemon did not stop cleanly; start and stop it once, then try again", code="not_saved")


def _carry_out(
    connection: sqlite3.Connection,
    wanted: Forgetting,
    found: list[tuple[str, tuple[Any, ...]]],
    told: Forgotten,
    *,
    now: int,
    check: Callable[[str, dict[str, Any]], None],
) -> None:
    tables = {name: (columns, keys) for name, columns, keys in _tables(connection)}
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("BEGIN IMMEDIATE")
    try:
        for table, at in found:
            _rewrite(connection, wanted, table, at, *tables[table], check=check)
        detail = {"rows": told.rows, "held": len(told.held)}
        by = audit.LOCALLY
        entry = Entry(time=now, actor=by.name, act=FORGET, target=told.pseudonym, peer=by.peer, detail=detail)
        audit.append(connection, [entry])
        connection.execute("UPDATE meta SET value = ? WHERE key = 'epoch'", (secrets.token_hex(8),))
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("VACUUM")  # pages that were let go of before may still hold what is forgotten
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _rewrite(
    connection: sqlite3.Connection,
    wanted: Forgetting,
    table: str,
    at: tuple[Any, ...],
    columns: list[str],
    keys: list[str],
    *,
    check: Callable[[str, dict[str, Any]], None],
) -> None:
    where = " AND ".join(f"{key} = ?" for key in keys)
    row = connection.execute(f"SELECT {', '.join(columns)} FROM {table} WHERE {where}", at).fetchone()  # noqa: S608 - names of the schema
    changed = [wanted.cell(value) for value in row]
    try:
        check(table, _row(columns, changed))
    except (ValueError, NocdError) as error:
        raise StateError(f"a row of {table} would be unreadable ({error}); nothing was changed") from error
    sets = ", ".join(f"{column} = ?" for column in columns)
    connection.execute(f"UPDATE {table} SET {sets} WHERE {where}", (*changed, *at))  # noqa: S608 - names of the schema
