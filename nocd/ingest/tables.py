"""Directory entries as a table: one row an entry, one column a field, and back."""

from __future__ import annotations

import csv
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

import orjson
from pydantic import TypeAdapter, ValidationError

from nocd.domain.directory import DIRECTORY_TYPES
from nocd.faults import Faulty, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nocd.domain.directory import Entry

KINDS: Final[dict[str, type[Entry]]] = {name.removeprefix("noc."): kind for name, kind in DIRECTORY_TYPES.items()}
ROWS_MAX: Final = 200_000
_BETWEEN: Final = ";"
_LISTS: Final = frozenset({"sites", "checkpoints", "contacts", "polygon"})
_OURS: Final = frozenset({"provisional"})  # the daemon's own mark, nobody's to enter


class BadTable(Faulty):
    """A table cannot be taken in; each fault is of a row or column, named by its line."""

    code = "bad_table"


def columns(kind: str) -> list[str]:
    """Return the columns a kind's table may have."""
    return [field.name for field in fields(KINDS[kind]) if field.name not in _OURS]


def read_table(kind: str, lines: Iterable[str]) -> tuple[list[str], dict[str, dict[str, Any]]]:
    """Return a table's columns, and its entries by id, each as the data of its event: only what the row has.

    Lists are written with semicolons, a polygon as `lat lon;lat lon;…`; an empty cell is not given. Raises BadTable
    with every fault found.
    """
    reader, faults, entries = csv.DictReader(lines, strict=True), list[str](), dict[str, dict[str, Any]]()
    adapter, names = TypeAdapter(KINDS[kind]), list[str]()
    try:
        names = list(reader.fieldnames or [])
        faults = _unknown(kind, names)
        for row in reader if not faults else ():
            if len(entries) >= ROWS_MAX:
                raise BadTable([f"line {reader.line_num}: more than {ROWS_MAX} rows; import them in parts"])
            _take(adapter, row, reader.line_num, entries, faults)
    except csv.Error as error:
        faults.append(f"line {reader.line_num}: {error}")
    except UnicodeDecodeError as error:
        faults.append(f"after line {reader.line_num}: {error.reason}: this is no UTF-8; save the table as CSV in UTF-8")
    if faults:
        raise BadTable(faults)
    return names, entries


def _take(
    adapter: TypeAdapter[Entry],
    row: dict[str, Any],
    line: int,
    entries: dict[str, dict[str, Any]],
    faults: list[str],
) -> None:
    if None in row or None in row.values():
        faults.append(f"line {line}: has not as many cells as the first line")
        return
    given = {name: _cell(name, text.strip()) for name, text in row.items() if text.strip()}
    try:
        entry = adapter.validate_python(given, strict=False)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        faults += [f"line {line}: {'.'.join(map(str, fault['loc'])) or 'row'}: {fault['msg']}" for fault in found]
        return
    if entry.id in entries:
        faults.append(f"line {line}: {entry.id} stands in this table already")
        return
    told = orjson.loads(orjson.dumps(entry))
    entries[entry.id] = {name: told[name] for name in given}


def table(kind: str, entries: Iterable[dict[str, Any]]) -> list[list[str]]:
    """Return entries as rows of text, the columns' names first; what `read_table` reads back."""
    names = columns(kind)
    return [names, *([_text(name, entry.get(name)) for name in names] for entry in entries)]


def completed(kind: str, entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry's data with every field, defaults filled in: what the directory then holds."""
    whole = TypeAdapter(KINDS[kind]).validate_json(orjson.dumps(entry))
    told: dict[str, Any] = orjson.loads(orjson.dumps(whole))
    return {name: told[name] for name in columns(kind)}


def _unknown(kind: str, names: Iterable[str]) -> list[str]:
    known, given = columns(kind), list(names)
    if "id" not in given:
        return [f"the first line names the columns, id among them; there may be {', '.join(known)}"]
    faults = [f"column {name} stands twice" for name in {name for name in given if given.count(name) > 1}]
    return faults + [f"{name} is no column of {kind}{nearest(name, known)}" for name in given if name not in known]


def _cell(name: str, text: str) -> Any:
    if name not in _LISTS:
        return text
    parts = [part.strip() for part in text.split(_BETWEEN) if part.strip()]
    return [part.split() for part in parts] if name == "polygon" else parts


def _text(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name == "polygon":
        return _BETWEEN.join(f"{lat} {lon}" for lat, lon in value)
    if name in _LISTS:
        return _BETWEEN.join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
