"""When data may be painted: on a steady beat, and never on top of what the terminal has not drawn yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LOCAL_S = 0.1
SSH_S = 0.25
SLOW_S = 1.0
BACKLOG_MAX = 1
SKIPS_MAX = 2


@dataclass(slots=True)
class Pacer:
    """Decides at every beat; `slow` while two beats in a row had to be skipped."""

    beat_s: float = LOCAL_S
    skipped: int = 0
    slow: bool = False
    next_at_s: float = 0.0

    def due(self, now_s: float, backlog: int) -> bool:
        """Tell whether to paint now, given how many writes the terminal has not taken yet."""
        if now_s < self.next_at_s:
            return False
        if backlog > BACKLOG_MAX:
            self.skipped += 1
            self.slow = self.slow or self.skipped >= SKIPS_MAX
        else:
            self.slow = self.slow and self.skipped > 0
            self.skipped = 0
        self.next_at_s = now_s + (SLOW_S if self.slow else 0.0)
        return self.skipped == 0


def beat_for(environment: Mapping[str, str]) -> float:
    """Return the beat in seconds: 100 ms at this machine's terminal, 250 ms over SSH."""
    return SSH_S if environment.get("SSH_CONNECTION") or environment.get("SSH_TTY") else LOCAL_S
