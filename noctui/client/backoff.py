"""How long to wait before the next try."""

from __future__ import annotations

BASE_S = 0.25
CAP_S = 5.0


def delay_s(attempt: int, chance: float, *, base_s: float = BASE_S, cap_s: float = CAP_S) -> float:
    """Return the wait before try number `attempt` (from 1): doubling up to the cap, the upper half of it by chance."""
    whole = min(base_s * 2.0 ** min(attempt - 1, 30), cap_s)
    return whole * (0.5 + chance / 2)
