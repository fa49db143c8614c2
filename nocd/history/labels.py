"""Labels of a history: windows or points in which something is known to have happened."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nocd.errors import InputError
from nocd.history.points import WallClock, opened

if TYPE_CHECKING:
    from pathlib import Path

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

    In JSON that names files the entry is taken whose name `history`'s path ends with.
    """
    with opened(path) as text:
        pairs = _of_json(json.load(text), history, path) if path.suffix == ".json" else _of_csv(list(csv.reader(text)))
    return sorted((_label(pair, timezone, after_ms) for pair in pairs), key=lambda label: (label.start, label.end))


def _label(pair: tuple[str, str], timezone: str, after_ms: int) -> Label:
    start, end = (WallClock(timezone).read(text) for text in pair)
    if start is None or end is None:
        raise InputError(f"{pair[0]} to {pair[1]} lies where no clock in {timezone} ever stood")
    return Label(start, end + after_ms)


def _of_csv(lines: list[list[str]]) -> list[tuple[str, str]]:
    header = [name.strip().lower() for name in lines[0]] if lines else []
    start = next((header.index(name) for name in _STARTS if name in header), 0)
    end = next((header.index(name) for name in _ENDS if name in header), start)
    return [(cells[start], cells[end]) for cells in lines[1:] if cells]


def _of_json(found: Any, history: Path, path: Path) -> list[tuple[str, str]]:
    if isinstance(found, dict):
        whole = history.resolve().as_posix()
        names = [name for name in found if whole.endswith("/" + name.lstrip("/"))]
        if not names:
            raise InputError(f"{path} has no labels for {history.name}")
        found = found[max(names, key=len)]
    return [tuple(each) if isinstance(each, list) else (each, each) for each in found]
