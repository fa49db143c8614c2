"""The five signals about a person, and how far each value can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Metric(StrEnum):
    """What is counted or measured about each person, and summed for a site."""

    PHONE_EVENTS = "phone_events"
    LOCATION_UPDATES = "location_updates"
    MOVEMENT_DISTANCE_M = "movement_distance_m"
    TASKS_COMPLETED = "tasks_completed"
    TOUR_CHECKPOINTS = "tour_checkpoints"


class Quality(StrEnum):
    """Whether a value was seen, a known device kept silent, or nobody could tell."""

    OBSERVED = "observed"
    SILENT = "silent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What one person did between two instants; `suspect_steps` are those that nobody walks or drives."""

    phone_events: int = 0
    location_updates: int = 0
    movement_distance_m: float = 0.0
    tasks_completed: int = 0
    tour_checkpoints: int = 0
    suspect_steps: int = 0

    def value(self, metric: Metric) -> float:
        """Return the value of one signal."""
        return float(getattr(self, metric.value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One value with its quality."""

    value: float
    quality: Quality
