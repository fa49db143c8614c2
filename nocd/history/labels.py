"""Labels of a history: windows or points in which something is known to have happened."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from reprlib import repr as shortened
from typing import TYPE_CHECKING, Any

from nocd.errors import InputError
from nocd.history.points import WallClock, opened

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO

_STARTS = ("start", "begin", "from")
_ENDS = ("end", "to")


@dataclass(slots=True)
class Label:
    """One window (UTC ms): how many points it had, whether any was judged, whether an alarm fell into it."""

    start: int
    end: int
    points: int = 0
    judged: bool = False
    hit: bool = False


def read(path: Path, *, history: Path, timezone: str, after_ms: int = 0) -> list[Label]:
    """Read CSV (start,end or a time a line) or JSON (lists of them, by file or not); sorted, `after_ms` added to ends.

    In JSON that names files the entry is taken whose name `history`'s path ends with. Raises InputError (bad_file,
    bad_labels, bad_time) for what cannot be read.
    """
    with opened(path) as text:
        pairs = _of_json(_parsed(text, path), history, path) if path.suffix == ".json" else _of_csv(text, path)
    return sorted((_label(pair, timezone, after_ms) for pair in pairs), key=lambda label: (label.start, label.end))


def _label(pair: tuple[str, str], timezone: str, after_ms: int) -> Label:
    start, end = (WallClock(timezone).read(text) for text in pair)
    if start is None or end is None:
        raise InputError(f"{pair[0]} to {pair[1]} lies where no clock in {timezone} ever stood", code="bad_time")
    return Label(start, end + after_ms)


def _of_csv(text: TextIO, path: Path) -> list[tuple[str, str]]:
    lines = csv.reader(text)
    header = [name.strip().lower() for name in next(lines, [])]
    start = next((header.index(name) for name in _STARTS if name in header), 0)
    end = next((header.index(name) for name in _ENDS if name in header), start)
    pairs = []
    for cells in lines:
        if cells and len(cells) <= max(start, end):
            raise InputError(f"{path}, line {lines.line_num}: a label needs its start and end", code="bad_labels")
        if cells:
            pairs.append((cells[start], cells[end]))
    return pairs


def _parsed(text: TextIO, path: Path) -> Any:
    content = text.read()
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is no JSON: {error}", code="bad_labels") from None


def _of_json(found: Any, history: Path, path: Path) -> list[tuple[str, str]]:
    if isinstance(found, dict):
        whole = history.resolve().as_posix()
        names = [name for name in found if whole.endswith("/" + name.lstrip("/"))]
        if not names:
            raise InputError(f"{path} has no labels for {history.name}", code="bad_labels")
        found = found[max(names, key=len)]
    if not isinstance(found, list):
        raise InputError(f"{path} has no list of labels: {shortened(found)}", code="bad_labels")
    return [_pair(each, path) for each in found]


def _pair(found: Any, path: Path) -> tuple[str, str]:
    match found if isinstance(found, list) else [found, found]:
        case [int() | float() | str() as start, int() | float() | str() as end]:
            return str(start), str(end)
    raise InputError(f"{path}: a label is a time or [start, end], not {shortened(found)}", code="bad_labels")
