"""The stream detector as a backtest runs it."""

from __future__ import annotations

from random import Random

import pytest

from nocd.detect.stream import PROBATION_POINTS
from nocd.errors import InputError
from nocd.history.watch import Judged, Subject, watch

MINUTE_MS = 60_000


def judged(values: list[float], *, threshold: float | None = None) -> list[Judged]:
    stream = watch("stream", Subject(metric="cpu", threshold=threshold))
    return [told for at, value in enumerate(values) for told in stream.step(at * MINUTE_MS, value)]


def spiked() -> list[float]:
    dice = Random(1)
    return [*(dice.gauss(20, 1) for _ in range(999)), 41.2]


def test_every_point_after_the_probation_is_told_and_the_spike_is_the_one_alarm() -> None:
    told = judged(spiked())
    assert len(told) == 1_000 - PROBATION_POINTS
    assert [each.time_ms for each in told if each.anomalous][-1] == 999 * MINUTE_MS
    assert told[-1].score > told[-1].threshold
    assert "above everything" in told[-1].reason


def test_another_threshold_is_the_one_used() -> None:
    told = judged(spiked(), threshold=0.99)
    assert not any(each.anomalous for each in told)
    assert told[-1].threshold == 0.99


@pytest.mark.parametrize("threshold", [3.0, -0.1, 1.0, float("nan")])
def test_a_threshold_outside_the_scores_range_is_refused(threshold) -> None:
    with pytest.raises(InputError, match="between 0 and 1") as refused:
        judged([], threshold=threshold)
    assert refused.value.code == "bad_threshold"
