"""The console's only clock: a monotonic one. The time of day it shows is the daemon's."""

from __future__ import annotations

import time


def now_ms() -> int:
    """Return milliseconds on a clock that never steps."""
    return time.monotonic_ns() // 1_000_000
