"""The stream detector over history: the same object that judges samples in the daemon, on a state of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nocd.detect.stream import PROBATION_POINTS, StreamDetector
from nocd.errors import InputError
from nocd.history.watch import Judged

if TYPE_CHECKING:
    from nocd.history.watch import Subject


class StreamWatch:
    """Tells every point after the first 200; the score is in [0, 1]."""

    def __init__(self, subject: Subject) -> None:
        threshold = subject.threshold
        if threshold is not None and not 0 <= threshold < 1:
            raise InputError(
                f"the stream detector's score lies between 0 and 1, and so must its threshold: {threshold:g}",
                code="bad_threshold",
            )
        self._detector = StreamDetector() if threshold is None else StreamDetector(threshold=threshold)
        self._state = self._detector.start()

    def step(self, time_ms: int, value: float) -> list[Judged]:
        """Take the next point in; return what was made of it."""
        step = self._detector.step(self._state, time_ms, value)
        if self._state.points <= PROBATION_POINTS:
            return []
        return [
            Judged(
                time_ms=step.time,
                score=step.score,
                threshold=step.threshold,
                anomalous=step.anomalous,
                reason=step.reason,
            )
        ]


def watch(subject: Subject) -> StreamWatch:
    """Return the stream detector over `subject`, with nothing learned."""
    return StreamWatch(subject)
