"""What a backtest runs: the live detectors, each seen as something that takes points and tells what it judged."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a detector made of the points up to `time_ms` (UTC): a score, its threshold, and why in words.

    `hour_z` is set where a closed hour was judged by itself, for shares of flagged hours at other thresholds.
    """

    time_ms: int
    score: float
    threshold: float
    anomalous: bool
    reason: str
    hour_z: float | None = None


class Watch(Protocol):
    """One series under a live detector; nothing is told while it still learns."""

    def step(self, time_ms: int, value: float) -> list[Judged]:
        """Take the next point in; return what was judged with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is watched: the metric's name, where its hours are local, and the threshold, None for the default."""

    metric: str
    timezone: str = "UTC"
    country: str | None = None
    threshold: float | None = None


# detector: the module whose `watch(subject)` makes one; imported when it is asked for.
DETECTORS: Final = {"baseline": "nocd.history.baseline_watch", "stream": "nocd.history.stream_watch"}


def watch(detector: str, subject: Subject) -> Watch:
    """Return a live detector over `subject`, at its beginning."""
    make: Callable[[Subject], Watch] = importlib.import_module(DETECTORS[detector]).watch
    return make(subject)
