"""One person's hour, minute by minute: small enough that nine hours of thousands of people fit in memory."""

from __future__ import annotations

from array import array
from binascii import a2b_base64, b2a_base64
from enum import IntEnum
from typing import Any, Self

from nocd.domain.instant import HOUR_MS, MINUTE_MS

MINUTES = 60
CHECKPOINTS_MAX = 1_000
_MOST = 65_535


class Row(IntEnum):
    """What is counted in each minute."""

    PHONE_EVENTS = 0
    LOCATION_UPDATES = 1
    TASKS_COMPLETED = 2
    SUSPECT_STEPS = 3


class Minutes:
    """Counts and metres of 60 minutes, and the minutes in which each checkpoint was scanned, as bits."""

    __slots__ = ("_counts", "_metres", "scanned")

    def __init__(self) -> None:
        """Start at nothing."""
        self._counts = array("H", bytes(2 * MINUTES * len(Row)))
        self._metres = array("f", bytes(4 * MINUTES))
        self.scanned: dict[str, int] = {}

    def count(self, row: Row, minute: int) -> None:
        """Count one more in a minute (0-59)."""
        at = row * MINUTES + minute
        self._counts[at] = min(self._counts[at] + 1, _MOST)

    def move(self, minute: int, distance_m: float) -> None:
        """Add metres to a minute."""
        self._metres[minute] += distance_m

    def scan(self, minute: int, checkpoint: str) -> None:
        """Keep when a checkpoint was scanned; past the bound on checkpoints a new one is not kept."""
        if checkpoint in self.scanned or len(self.scanned) < CHECKPOINTS_MAX:
            self.scanned[checkpoint] = self.scanned.get(checkpoint, 0) | 1 << minute

    def scanned_in(self, start: int, end: int) -> list[str]:
        """Return the checkpoints scanned in the minutes from `start` to before `end`."""
        asked = (1 << end) - (1 << start)
        return [checkpoint for checkpoint, minutes in self.scanned.items() if minutes & asked]

    def counted(self, row: Row, start: int, end: int) -> int:
        """Return how many were counted in the minutes from `start` to before `end`."""
        first = row * MINUTES
        return sum(self._counts[first + start : first + end])

    def moved_m(self, start: int, end: int) -> float:
        """Return the metres of the minutes from `start` to before `end`."""
        return sum(self._metres[start:end])

    def moves(self, hour: int) -> list[tuple[int, float]]:
        """Return (minute as UTC ms, metres) of every minute of the hour (counted from 1970) with any."""
        return [(hour * HOUR_MS + minute * MINUTE_MS, metres) for minute, metres in enumerate(self._metres) if metres]

    def dump(self) -> list[Any]:
        """Return the stored form."""
        return [*(b2a_base64(row, newline=False).decode() for row in (self._counts, self._metres)), self.scanned]

    @classmethod
    def load(cls, stored: list[Any]) -> Self:
        """Bring an hour back from its stored form."""
        made = cls()
        made._counts, made._metres = array("H", _row(stored[0])), array("f", _row(stored[1]))
        made.scanned = stored[2]
        return made


def _row(stored: str | list[Any]) -> bytes | list[Any]:
    """Return a stored row's bytes, or its numbers as they were stored once."""
    return a2b_base64(stored) if isinstance(stored, str) else stored
