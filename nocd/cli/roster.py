"""`nocd roster`: the directory from a table and back; what would change is shown before it does."""

from __future__ import annotations

import csv
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import click

from nocd.cli.client import Client, find
from nocd.cli.command import Failed, command, show
from nocd.cli.where import daemon_options

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS: Final = ("site", "checkpoint", "person", "shift", "tour", "task", "device")
_PLURALS: Final = {"person": "people"}
_PAGE: Final = 500
_SHOWN_MAX: Final = 20
_CHUNK: Final = 1_000
_kind = click.argument("kind", type=click.Choice(KINDS))


@click.group()
def roster() -> None:
    """Enter sites, people, shifts, tours, tasks and devices from tables, or write them to one."""


@command(
    "import",
    epilog="""\
  nocd roster import shift week-48.csv
  nocd roster import shift week-48.csv --apply
  nocd roster import site sites.csv --remove-missing --apply

The first line names the columns: id and any other field of the kind, as in the events; lists have semicolons, a polygon
is lat lon;lat lon;…. Without --apply nothing is sent: what would change is printed. An empty cell means the default;
what the table has no column for stays as it is.""",
)
@_kind
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--apply", "applied", is_flag=True, help="Send the changes; otherwise they are only shown.")
@click.option("--remove-missing", is_flag=True, help="Remove entries of the kind that the table does not have.")
@daemon_options
def import_(*, as_json: bool, kind: str, file: Path, applied: bool, remove_missing: bool, **options: Any) -> None:
    """Enter the KIND entries of the CSV table FILE; a dry run unless told to apply."""
    from nocd.ingest.tables import read_table

    with file.open(encoding="utf-8-sig", newline="") as lines:
        names, wanted = read_table(kind, lines)
    with Client(find(options, prefer=("admin",))) as client:
        there = dict(_entries(client, kind))
        wanted = {name: {**_beside(kind, names, there.get(name, {})), **entry} for name, entry in wanted.items()}
        plan = _plan(kind, wanted, there, remove_missing=remove_missing)
        rejected = _send(client, kind, plan) if applied else 0
    result = {name: len(plan[name]) for name in ("created", "updated", "removed", "unchanged")}
    result |= {"rejected": rejected, "applied": applied}
    show({**result, "changes": _changes(plan)}, _told(kind, plan, applied=applied), as_json=as_json)
    if rejected:
        raise Failed(f"{rejected} were rejected")


@command("export", epilog="  nocd roster export site > sites.csv\n  nocd roster export shift --json | jq '.items[0]'")
@_kind
@daemon_options
def export(*, as_json: bool, kind: str, **options: Any) -> None:
    """Write the KIND entries as a CSV table that import reads back."""
    from nocd.ingest.tables import columns, table

    with Client(find(options, prefer=("admin",))) as client:
        entries = [entry for _, entry in _entries(client, kind)]
    if as_json:
        show({"items": [{name: entry.get(name) for name in columns(kind)} for entry in entries]}, "", as_json=True)
        return
    csv.writer(sys.stdout, lineterminator="\n").writerows(table(kind, entries))


def _entries(client: Client, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what the daemon's directory holds of a kind, but for what it made up itself."""
    path, cursor = f"/v1/{_PLURALS.get(kind, f'{kind}s')}", None
    while True:
        query = {"limit": _PAGE} | ({"cursor": cursor} if cursor else {})
        answer = client.json("GET", f"{path}?{urlencode(query)}")
        yield from ((entry["id"], entry) for entry in answer["items"] if not entry.get("provisional"))
        cursor = answer["cursor"]
        if cursor is None:
            return


def _plan(
    kind: str, wanted: dict[str, dict[str, Any]], there: dict[str, dict[str, Any]], *, remove_missing: bool
) -> dict[str, dict[str, Any]]:
    """Return what is to be created, updated (with what changes), removed and left, by id."""
    from nocd.ingest.tables import completed

    plan: dict[str, dict[str, Any]] = {"created": {}, "updated": {}, "removed": {}, "unchanged": {}, "moves": {}}
    for name, entry in wanted.items():
        if name not in there:
            plan["created"][name] = entry
            continue
        old, new = completed(kind, _beside(kind, [], there[name])), completed(kind, entry)
        moves = {field: (old[field], new[field]) for field in new if old[field] != new[field]}
        plan["updated" if moves else "unchanged"][name] = entry
        plan["moves"][name] = moves
    if remove_missing:
        plan["removed"] = {name: {"id": name, "removed": True} for name in there if name not in wanted}
    return plan


def _beside(kind: str, names: list[str], entry: dict[str, Any]) -> dict[str, Any]:
    """Return what an entry has beside a table's columns."""
    from nocd.ingest.tables import columns

    return {name: entry[name] for name in columns(kind) if name not in names and entry.get(name) is not None}


def _send(client: Client, kind: str, plan: dict[str, dict[str, Any]]) -> int:
    """Post the changes, each under an id of its own; return how many were rejected."""
    import orjson

    from nocd.cli.lines import Line
    from nocd.cli.post import Poster

    poster = Poster(client)
    changes = [entry for what in ("created", "updated", "removed") for entry in plan[what].values()]
    lines = [
        Line(no, orjson.dumps({"id": uuid.uuid4().hex, "type": f"noc.{kind}", "data": entry}))
        for no, entry in enumerate(changes, start=2)
    ]
    for start in range(0, len(lines), _CHUNK):
        poster.send(lines[start : start + _CHUNK])
    return poster.tally.rejected


def _changes(plan: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"id": name, "happened": what, "fields": {field: list(pair) for field, pair in _moves(plan, name).items()}}
        for what in ("created", "updated", "removed")
        for name in plan[what]
    ]


def _moves(plan: dict[str, dict[str, Any]], name: str) -> dict[str, tuple[Any, Any]]:
    moves: dict[str, tuple[Any, Any]] = plan["moves"].get(name, {})
    return moves


def _told(kind: str, plan: dict[str, dict[str, Any]], *, applied: bool) -> str:
    lines = [_line(what, name, _moves(plan, name)) for what in ("created", "updated", "removed") for name in plan[what]]
    more = [f"  … and {len(lines) - _SHOWN_MAX} more"] if len(lines) > _SHOWN_MAX else []
    counts = ", ".join(f"{len(plan[what])} {what}" for what in ("created", "updated", "removed", "unchanged"))
    last = f"{kind}: {counts}" if applied else f"{kind}: {counts} if applied; nothing was sent: add --apply"
    return "\n".join([*lines[:_SHOWN_MAX], *more, last])


def _line(what: str, name: str, moves: dict[str, tuple[Any, Any]]) -> str:
    sign = {"created": "+", "updated": "~", "removed": "-"}[what]
    told = ", ".join(f"{field} {old} → {new}" for field, (old, new) in moves.items())
    return f"  {sign} {name}" + (f": {told}" if told else "")


for _command in (import_, export):
    roster.add_command(_command)
