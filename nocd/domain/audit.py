"""The audit trail: who did what to what, from where, when, and what it changed; each row seals the one before."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from nocd.domain.command import HEARTBEAT, Command, Reply
from nocd.domain.shelf import Shelves

GENESIS: Final = "0" * 64  # what the first row of all seals
# Acts that change nothing the engine knows of, and are commands so that they are on record before they happen.
WITNESSED: Final = frozenset(
    {"export", "run_job", "backup", "evidence", "whatif", "replay_notification", "test_receiver"}
)
_UNTOLD: Final = frozenset({HEARTBEAT})  # the daemon's own pulse: nobody's act, and 288 rows a day
# On which shelf the record of an id lies, by the id's first letters; baselines have ids of their own.
_SHELVES: Final = {"A": "alert", "I": "incident", "M": "maintenance", "S": "silence", "T": "ticket"}
_PLAIN: Final = (str, int, float, bool, type(None))
_BOOKKEEPING: Final = frozenset(
    {"ledger_rows", "renewals", "priority", "updated_at", "judged_before", "calm_tunings", "count", "notes"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One act; `peer` is the address it came from, `time` UTC milliseconds, `detail` JSON-able."""

    time: int
    actor: str
    act: str
    target: str = ""
    peer: str = ""
    site: str | None = None
    client: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sealed:
    """An entry as a row of the chain, columns in order."""

    no: int
    time: int
    actor: str
    act: str
    target: str
    peer: str
    site: str | None
    client: str | None
    detail: str
    prior: str
    digest: str


def sealed(entry: Entry, *, no: int, prior: str) -> Sealed:
    """Return an entry as row `no`, which seals the row with the digest `prior`."""
    detail = orjson.dumps(entry.detail, option=orjson.OPT_SORT_KEYS).decode()
    columns = no, entry.time, entry.actor, entry.act, entry.target, entry.peer, entry.site, entry.client, detail
    return Sealed(*columns, prior, digest(prior, *columns))


def digest(prior: str, *columns: str | int | None) -> str:
    """Return the SHA-256 in hex of a row's columns (all but the last two) and of the digest before it."""
    return hashlib.sha256(orjson.dumps([prior, *columns])).hexdigest()


def fault(row: Sealed, *, no: int, prior: str) -> str | None:
    """Return what is wrong with a row that should be number `no` and seal `prior`, or None."""
    if row.no != no:
        return f"row {no} is missing" if row.no > no else f"row {row.no} stands where row {no} belongs"
    if row.prior != prior:
        return f"row {no} does not seal the row before it"
    columns = row.no, row.time, row.actor, row.act, row.target, row.peer, row.site, row.client, row.detail
    return None if digest(row.prior, *columns) == row.digest else f"row {no} was altered"


def standing(shelves: Shelves, command: Command) -> dict[str, Any]:
    """Return the plain fields of what a command is about, as it stands; nothing where nothing does."""
    record = _record(shelves, command.target) or command.recalled or getattr(command, "recalled_ticket", None)
    return _fields(record)


def carried_out(
    command: Command,
    reply: Reply,
    *,
    before: dict[str, Any],
    shelves: Shelves,
    client: Callable[[str | None], str | None],
) -> list[Entry]:
    """Return what goes on record of a command that was carried out: nothing only for the daemon's own pulse."""
    if command.verb in _UNTOLD:
        return []
    target = command.target or str(reply.body.get("id", ""))
    after = _fields(_record(shelves, target))
    changed = [name for name in sorted({*before, *after} - _BOOKKEEPING) if before.get(name) != after.get(name)]
    detail: dict[str, Any] = {"args": command.args}
    if changed:
        detail["before"] = {name: before.get(name) for name in changed if name in before}
        detail["after"] = {name: after.get(name) for name in changed if name in after}
    now = after or before
    site = now.get("target") if now.get("scope") == "site" else now.get("site")
    return [
        Entry(
            time=command.time,
            actor=command.actor,
            act=command.verb,
            target=target,
            peer=command.peer,
            site=site,
            client=client(site),
            detail=detail,
        )
    ]


def _record(shelves: Shelves, target: str) -> Any:
    letter, dash, _ = target.partition("-")
    return shelves.get(_SHELVES.get(letter, "") if dash else "", target) or shelves.get("baseline", target)


def _fields(record: Any) -> dict[str, Any]:
    if not dataclasses.is_dataclass(record):
        return {}
    values = {each.name: getattr(record, each.name) for each in dataclasses.fields(record)}
    return {name: value for name, value in values.items() if isinstance(value, _PLAIN)}
