"""For any series: the stream detector's score is in [0, 1], its state saves anywhere, and the unit does not matter."""

from __future__ import annotations

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from nocd.detect.stream import PROBATION_POINTS, State, Step, StreamDetector

DETECTOR = StreamDetector()
STATE = TypeAdapter(State)
CADENCE_MS = 60_000

WHOLE = st.integers(-1_000, 1_000)
ANY = st.floats(allow_nan=False, allow_infinity=False)
MOVING = [list(range(9)), [0, 0, 0, 100], [*range(50), *range(50, 0, -1)], [1, 1_000]]
STILL = [[0], [5]]


@st.composite
def series(draw: st.DrawFn, values: st.SearchStrategy[float], patterns: list[list[int]]) -> list[float]:
    """Draw a series that is past its probation: a pattern repeated, then any values."""
    pattern = draw(st.sampled_from(patterns))
    early = [pattern[at % len(pattern)] for at in range(PROBATION_POINTS)]
    return [*early, *draw(st.lists(values, min_size=1, max_size=120))]


def run(values: list[float], state: State | None = None, *, first: int = 0) -> list[Step]:
    state = DETECTOR.start() if state is None else state
    return [DETECTOR.step(state, (first + at) * CADENCE_MS, value) for at, value in enumerate(values)]


@given(series(ANY, MOVING + STILL))
@settings(max_examples=60, deadline=None)
def test_any_finite_value_gets_a_score_in_the_unit_interval_and_a_reason(values) -> None:
    for step in run(values):
        assert 0 <= step.score <= 1
        assert step.anomalous == (step.score > step.threshold)
        assert step.reason


@given(series(ANY, MOVING + STILL), st.data())
@settings(max_examples=60, deadline=None)
def test_saving_and_loading_anywhere_changes_nothing(values, data) -> None:
    cut = data.draw(st.integers(0, len(values)))
    straight = run(values)
    state = DETECTOR.start()
    before = run(values[:cut], state)
    loaded = STATE.validate_json(orjson.dumps(state))
    assert loaded == state
    assert [*before, *run(values[cut:], loaded, first=cut)] == straight


@given(series(WHOLE, MOVING), st.sampled_from([0.25, 2.0, 1024.0]), st.integers(-(10**6), 10**6))
@settings(max_examples=60, deadline=None)
def test_another_unit_gives_the_same_score(values, factor, offset) -> None:
    """Whole numbers and powers of two keep the arithmetic exact. (A still series has no unit but its own value.)"""
    moved = [value * factor + offset for value in values]
    assert [step.score for step in run(moved)] == [step.score for step in run(values)]


@given(series(ANY, MOVING + STILL))
@settings(max_examples=20, deadline=None)
def test_the_same_series_gives_the_same_steps(values) -> None:
    assert run(values) == run(values)
