"""How far long work has come: a bar on a terminal, a plain line now and then elsewhere; always on stderr."""

from __future__ import annotations

import sys
from typing import Final

from nocd.clock import monotonic_s

_BAR_INTERVAL_S: Final = 0.1
_LINE_INTERVAL_S: Final = 10.0
_BAR_CHARS: Final = 30


class Progress:
    """Prints at most ten bars a second to a terminal, or a line every 10 s to anything else."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._bar = sys.stderr.isatty()
        self._next_s = monotonic_s() + (0.0 if self._bar else _LINE_INTERVAL_S)

    def at(self, done: int, total: int, told: str) -> None:
        """Say that `done` of `total` (0: unknown) is through; `told` says it in the work's own terms."""
        now = monotonic_s()
        if now < self._next_s:
            return
        self._next_s = now + (_BAR_INTERVAL_S if self._bar else _LINE_INTERVAL_S)
        share = min(1.0, done / total) if total else 0.0
        percent = f"{share:4.0%} " if total else ""
        if self._bar:
            full = round(share * _BAR_CHARS)
            drawn = f"[{'#' * full}{'-' * (_BAR_CHARS - full)}] " if total else ""
            sys.stderr.write(f"\r\x1b[K{self._what} {drawn}{percent}{told}")
        else:
            sys.stderr.write(f"{self._what}: {percent}{told}\n")
        sys.stderr.flush()

    def end(self) -> None:
        """Clear the bar, so that what is printed next stands on a line of its own."""
        if self._bar:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
