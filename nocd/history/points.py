"""Points of a history file: a column of times and a column of values, plain or gzipped, one line at a time."""

from __future__ import annotations

import csv
import gzip
import io
import math
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from nocd.domain.instant import SECOND_MS, local, to_ms, zone
from nocd.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_EPOCH_MS_FROM = 100_000_000_000  # numbers from here on are milliseconds; as seconds they would lie past the year 5138


@dataclass(frozen=True, slots=True)
class Row:
    """A line: its time as written, that instant (UTC ms; None where no clock stood there), its value if any."""

    written: str
    time_ms: int | None
    value: float | None


class WallClock:
    """Reads times as written: with an offset as they are, without one on the wall clock of a time zone.

    Of an hour that a clock shows twice, times that do not run on are taken for the second.
    """

    def __init__(self, timezone: str) -> None:
        self._zone = zone(timezone)
        self._timezone = timezone
        self._last: int | None = None

    def read(self, text: str) -> int | None:
        """Return UTC ms, or None for a wall time that was skipped; raises InputError for what is no time."""
        moment = _moment(text)
        if isinstance(moment, int):
            return moment
        if moment.tzinfo is not None:
            return to_ms(moment)
        instant = to_ms(moment.replace(tzinfo=self._zone))
        if self._last is not None and instant <= self._last:
            instant = max(instant, to_ms(moment.replace(tzinfo=self._zone, fold=1)))
        if local(instant, self._timezone).replace(tzinfo=None, microsecond=moment.microsecond) != moment:
            return None
        self._last = instant
        return instant


def _moment(text: str) -> datetime | int:
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        raise InputError(f"{text!r} is no time; write 2026-01-31T22:00:00 or seconds since 1970") from None
    return int(number if abs(number) >= _EPOCH_MS_FROM else number * SECOND_MS)


def rows(path: Path, *, metric: str | None, timezone: str) -> Iterator[Row]:
    """Yield the lines of a file; values are in the column `metric`, else `value`, else the second."""
    with opened(path) as text:
        lines = csv.reader(text)
        header = next(lines, [])
        column = _column(header, metric, path)
        clock = WallClock(timezone)
        for cells in lines:
            if cells:
                yield Row(cells[0], clock.read(cells[0]), _value(cells[column] if column < len(cells) else ""))


@contextmanager
def opened(path: Path) -> Iterator[io.TextIOWrapper]:
    """Open a text file, gzipped or not."""
    with path.open("rb") as file:
        packed = file.peek(2)[:2] == b"\x1f\x8b"
        raw = gzip.GzipFile(fileobj=file) if packed else file
        with io.TextIOWrapper(raw, encoding="utf-8", newline="") as text:
            yield text


def _column(header: list[str], metric: str | None, path: Path) -> int:
    for name in (metric, "value"):
        if name in header[1:]:
            return header.index(name, 1)
    if len(header) < 2:  # noqa: PLR2004 - a time and a value
        raise InputError(f"{path} has no column of values; its first line must name them, like timestamp,value")
    return 1


def _value(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
