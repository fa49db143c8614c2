"""What a row of the bench is, and how a value is measured beside its limit."""

from __future__ import annotations

import json
import statistics
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A value beside the limit it is held against.

    With a limit, `ratio` is value ÷ limit, and `must` its least (or, `at_most`, its greatest) good value. Without one,
    `must` is the greatest good value and `ratio` is must ÷ value, so that from 1 upwards it holds.
    """

    name: str
    value: float
    must: float
    unit: str
    limit: float | None = None
    at_most: bool = False
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        return self.must / self.value if self.limit is None else self.value / self.limit

    @property
    def ok(self) -> bool:
        if self.limit is None:
            return self.ratio >= 1
        return self.ratio <= self.must if self.at_most else self.ratio >= self.must

    def line(self) -> str:
        """Return the row as one line of JSON."""
        limit = None if self.limit is None else _short(self.limit)
        told: dict[str, Any] = {
            "name": self.name,
            "value": _short(self.value),
            "limit": limit,
            "ratio": _short(self.ratio),
        }
        told |= {"must": self.must, "ok": self.ok, "unit": self.unit, **self.more}
        return json.dumps(told, ensure_ascii=False)


class Pair(NamedTuple):
    """What was measured, and its limit just after it."""

    value: float
    limit: float

    @property
    def ratio(self) -> float:
        return self.value / self.limit


def paired(value: Callable[[], float], limit: Callable[[], float], *, pairs: int) -> Pair:
    """Measure value, limit, value, limit …; return the pair whose ratio is the median."""
    measured = []
    for number in range(pairs):
        measured.append(pair := Pair(value(), limit()))
        note(f"  pair {number + 1}: {_short(pair.value)} to {_short(pair.limit)}, {_short(pair.ratio)}")
    return sorted(measured, key=lambda pair: pair.ratio)[pairs // 2]


def percentile(values: list[float], percent: float) -> float:
    """Return the value that `percent` of all do not pass."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def median(values: list[float]) -> float:
    """Return the median."""
    return statistics.median(values)


def note(text: str) -> None:
    """Tell whoever watches what is going on, beside the rows."""
    print(text, file=sys.stderr, flush=True)


def _short(number: float) -> float:
    return round(number, 3 if abs(number) < 100 else 0)
