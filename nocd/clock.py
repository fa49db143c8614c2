"""The only reader of the time of day."""

from __future__ import annotations

import time


def now_ms() -> int:
    """Return the time of day in milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


def monotonic_s() -> float:
    """Return seconds on a clock that never steps; for durations only."""
    return time.monotonic()
