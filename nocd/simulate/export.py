"""The world on paper: events as NDJSON, the truth as CSV."""

from __future__ import annotations

import csv
from collections import Counter
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from nocd.simulate.events import events
from nocd.simulate.truth import HEADER, Truth

if TYPE_CHECKING:
    from nocd.simulate.world import World

_LINES_PER_WRITE = 1_000


class Bytes(Protocol):
    """Anything that takes bytes, like a file open in binary mode."""

    def write(self, data: bytes, /) -> Any:
        """Take more."""


class Text(Protocol):
    """Anything that takes text, like a file open in text mode with `newline=""`."""

    def write(self, data: str, /) -> Any:
        """Take more."""


def write(world: World, out_file: Bytes, truth_file: Text, *, disorder: bool = False) -> dict[str, Any]:
    """Write every event as a line and every planted trouble as a row; return how many of each.

    Events stream; the truth (a few rows in a hundred shifts) is held and written last, ordered by time.
    """
    truths: list[Truth] = []
    types: Counter[str] = Counter()
    lines: list[bytes] = []
    for event in events(world, disorder=disorder, truth=truths.append):
        types[event["type"]] += 1
        lines.append(orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE))
        if len(lines) >= _LINES_PER_WRITE:
            out_file.write(b"".join(lines))
            lines.clear()
    out_file.write(b"".join(lines))
    rows = csv.writer(truth_file, lineterminator="\n")
    rows.writerow(HEADER)
    rows.writerows(truth.row() for truth in sorted(truths, key=_by_time))
    kinds = Counter(truth.kind for truth in truths)
    return {"events": types.total(), "truth": dict(sorted(kinds.items())), "types": dict(sorted(types.items()))}


def _by_time(truth: Truth) -> tuple[int, str, str, str]:
    return truth.from_ms, truth.kind, truth.site, truth.person
