"""More sampled series than are watched."""

from __future__ import annotations

from nocd.domain.finding import Category, Finding
from nocd.domain.severity import Severity


def series_limit(refused: str, *, series_max: int, time: int) -> Finding:
    """Say that a new series is stored and not watched, because as many as may be are watched already."""
    return Finding(
        type="SERIES_LIMIT",
        category=Category.OPERATIONAL,
        severity=Severity.LOW,
        confidence=1.0,
        time=time,
        reason=f"{series_max} series of samples are watched, as many as may be: {refused} is stored and not watched; "
        "send fewer, or wait until some had no point for 35 days",
        entity_type="samples",
        entity_id="series",
        evidence={"series_max": series_max, "refused": refused},
    )
