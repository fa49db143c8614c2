"""How much came lately: a rate over seconds, and counts by minute for a spark line."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from noctui.state.times import MINUTE_MS, SECOND_MS

RATE_WINDOW_S = 10
MINUTES_MAX = 60
BLOCKS = "▁▂▃▄▅▆▇█"


@dataclass(slots=True)
class Rate:
    """Counts per second over the last ten seconds, and the total since the start."""

    total: int = 0
    _seconds: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=RATE_WINDOW_S + 1))

    def add(self, count: int, now: int) -> None:
        """Count what came at `now` (milliseconds)."""
        self.total += count
        second = now // SECOND_MS
        if self._seconds and self._seconds[-1][0] == second:
            count += self._seconds.pop()[1]
        self._seconds.append((second, count))

    def per_s(self, now: int) -> float:
        """Return the mean rate of the last ten whole seconds."""
        second_now = now // SECOND_MS
        window = range(second_now - RATE_WINDOW_S, second_now)
        return sum(count for second, count in self._seconds if second in window) / RATE_WINDOW_S


@dataclass(slots=True)
class Minutes:
    """Feed lines by minute of the last hour, and the minutes that held something severe."""

    counts: dict[int, int] = field(default_factory=dict)
    severe: set[int] = field(default_factory=set)

    def add(self, instant: int, *, severe: bool) -> None:
        """Count a line at its instant (milliseconds)."""
        minute = instant // MINUTE_MS
        self.counts[minute] = self.counts.get(minute, 0) + 1
        if severe:
            self.severe.add(minute)
        if len(self.counts) > 2 * MINUTES_MAX:
            self._forget(max(self.counts) - MINUTES_MAX)

    def _forget(self, until: int) -> None:
        self.counts = {minute: count for minute, count in self.counts.items() if minute > until}
        self.severe = {minute for minute in self.severe if minute > until}

    def spark(self, now: int) -> str:
        """Return the last hour as sixty blocks, the present minute at the right."""
        last = now // MINUTE_MS
        row = [self.counts.get(minute, 0) for minute in range(last - MINUTES_MAX + 1, last + 1)]
        top = max(row)
        return "".join(BLOCKS[(count * (len(BLOCKS) - 1) + top - 1) // top] if top else BLOCKS[0] for count in row)

    def marks(self, now: int) -> str:
        """Return the line below the spark: `!` where something of P1 or P2 came, `^` at the present minute."""
        last = now // MINUTE_MS
        row = ["!" if minute in self.severe else " " for minute in range(last - MINUTES_MAX + 1, last)]
        return "".join((*row, "^"))
