"""Points of a history file: a column of times and a column of values, plain or gzipped, one line at a time."""

from __future__ import annotations

import csv
import gzip
import io
import math
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from nocd.domain.instant import SECOND_MS, local, to_ms, zone
from nocd.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_EPOCH_MS_FROM = 100_000_000_000  # numbers from here on are milliseconds; as seconds they would lie past the year 5138
_YEARS: Final = (1_000, 9_000)  # far from where calendars end, so that every time has a local hour
_EARLIEST_MS, _LATEST_MS = (to_ms(datetime(year, 1, 1, tzinfo=UTC)) for year in _YEARS)
_SHOWN: Final = 200  # characters of what was not understood


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
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return _number(text)
    if not _YEARS[0] <= moment.year < _YEARS[1]:
        raise _no_time(text)
    return moment


def _number(text: str) -> int:
    try:
        number = float(text)
    except ValueError:
        raise _no_time(text) from None
    instant = number if abs(number) >= _EPOCH_MS_FROM else number * SECOND_MS
    if not _EARLIEST_MS <= instant < _LATEST_MS:  # what is no number lies nowhere
        raise _no_time(text)
    return int(instant)


def _no_time(text: str) -> InputError:
    told = f"{text[:_SHOWN]!r} is no time; write 2026-01-31T22:00:00 or seconds since 1970"
    return InputError(told, code="bad_time")


def rows(path: Path, *, metric: str | None, timezone: str) -> Iterator[Row]:
    """Yield the lines of a file; values are in the column `metric`, without one in `value`, else the second.

    Raises InputError (bad_file, no_column, bad_time) for what cannot be read.
    """
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
    """Open a text file, gzipped or not; raises InputError (bad_file) where it turns out to be no such thing."""
    with path.open("rb") as file:
        packed = file.peek(2)[:2] == b"\x1f\x8b"
        raw = gzip.GzipFile(fileobj=file) if packed else file
        with io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as text:
            try:
                yield text
            except (UnicodeDecodeError, csv.Error, EOFError, zlib.error, gzip.BadGzipFile) as error:
                raise InputError(f"{path} is no text that can be read: {error}", code="bad_file") from None


def _column(header: list[str], metric: str | None, path: Path) -> int:
    if len(header) < 2:  # noqa: PLR2004 - a time and a value
        told = f"{path} has no column of values; its first line must name them, like timestamp,value"
        raise InputError(told, code="no_column")
    name = metric or "value"
    if name in header[1:]:
        return header.index(name, 1)
    if metric:
        told = f"{path} has no column {metric[:_SHOWN]!r}; it has {', '.join(header[1:])[:_SHOWN]}"
        raise InputError(told, code="no_column")
    return 1


def _value(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
