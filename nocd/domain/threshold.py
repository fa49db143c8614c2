"""Closed hours as they are kept, and the moves of the thresholds that are solved from them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteHour:
    """One closed hour of one baseline as judged: `hour` is its start (UTC ms), `value` the total over `heads`."""

    baseline: str
    hour: int
    hour_of_week: int
    value: float
    heads: float | None
    expected: float | None
    spread: float | None
    z: float | None
    threshold: float
    anomalous: bool
    learned: bool


@dataclass(slots=True, kw_only=True)
class ThresholdChange:
    """One move of a threshold: who, why, on which verdicts, and what past hours said of it; `T-7` is its id."""

    no: int
    baseline: str
    time: int
    old: float
    new: float
    actor: str
    reason: str
    pool: str | None = None
    verdicts: int | None = None
    alerts_before: int | None = None
    alerts_after: int | None = None
    false_positive_rate_before: float | None = None
    false_positive_rate_after: float | None = None
    rolled_back_at: int | None = None
    rolled_back_by: str | None = None

    @property
    def id(self) -> str:
        """Return what operators call it."""
        return f"T-{self.no}"
