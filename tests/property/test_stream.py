"""For any series: the score is in [0, 1], state saves anywhere, unit and order of arrival do not matter; ids differ."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from nocd.detect.samples import series_id
from nocd.detect.stream import PROBATION_POINTS, State, Step, StreamDetector
from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS
from nocd.domain.observation import Sample
from tests.build import T0
from tests.build_samples import point, restarted
from tests.build_site import Run
from tests.examples import examples

if TYPE_CHECKING:
    from nocd.domain.event import Event

pytestmark = pytest.mark.heavy

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
@examples(40)
def test_any_finite_value_gets_a_score_in_the_unit_interval_and_a_reason(values) -> None:
    for step in run(values):
        assert 0 <= step.score <= 1
        assert step.anomalous == (step.score > step.threshold)
        assert step.reason


@given(series(ANY, MOVING + STILL), st.data())
@examples(40)
def test_saving_and_loading_anywhere_changes_nothing(values, data) -> None:
    cut = data.draw(st.integers(0, len(values)))
    straight = run(values)
    state = DETECTOR.start()
    before = run(values[:cut], state)
    loaded = STATE.validate_json(orjson.dumps(state))
    assert loaded == state
    assert [*before, *run(values[cut:], loaded, first=cut)] == straight


@given(series(WHOLE, MOVING), st.sampled_from([0.25, 2.0, 1024.0]), st.integers(-(10**6), 10**6))
@examples(40)
def test_another_unit_gives_the_same_score(values, factor, offset) -> None:
    """Whole numbers and powers of two keep the arithmetic exact. (A still series has no unit but its own value.)"""
    moved = [value * factor + offset for value in values]
    assert [step.score for step in run(moved)] == [step.score for step in run(values)]


@given(series(ANY, MOVING + STILL))
@settings(max_examples=20, deadline=None)
def test_the_same_series_gives_the_same_steps(values) -> None:
    assert run(values) == run(values)


LATENESS_MS = 10 * MINUTE_MS
LEARNED_MS = 15 * DAY_MS


def _learned() -> Run:
    """Return an engine that has seen two weeks of a series, in order."""
    rng, run = Random(5), Run()
    run.feed(point(T0 + at, rng.gauss(50, 4)) for at in range(0, LEARNED_MS, 5 * MINUTE_MS))
    return run


def _day() -> list[Event]:
    """Return a day with a spike and two hours of trouble in it."""
    rng, start = Random(6), T0 + LEARNED_MS
    return [
        point(start + at, rng.gauss(50, 4) + (300 if at == 5 * HOUR_MS else 0) + 40 * (9 <= at / HOUR_MS < 11))
        for at in range(0, DAY_MS // 2, 2 * MINUTE_MS + 7_001)
    ]


LEARNED, DAY = _learned(), _day()


def _arrived(delays: list[int]) -> tuple[list[Any], list[tuple[str, int]]]:
    run = restarted(LEARNED)
    late = [replace(each, received_at=each.time + delay) for each, delay in zip(DAY, delays, strict=True)]
    run.feed(sorted(late, key=lambda each: each.received_at))
    run.pass_time(T0 + LEARNED_MS + 2 * DAY_MS)
    found = [
        (finding.type, finding.time)
        for outcome in run.outcomes
        for finding, _ in outcome.findings
        if finding.type.startswith("ANOMALY_")
    ]
    known = [row for row in run.engine.shelves if row[0] in ("series", "stream", "baseline", "bucket")]
    return known, sorted(found)


IN_ORDER = _arrived([0] * len(DAY))


@given(st.randoms(use_true_random=False))
@settings(max_examples=15, deadline=None)
def test_any_arrival_within_the_lateness_finds_and_remembers_the_same(chance) -> None:
    assert {kind for kind, _ in IN_ORDER[1]} >= {"ANOMALY_STREAM", "ANOMALY_SAMPLE_ABOVE"}
    assert _arrived([chance.randrange(LATENESS_MS) for _ in DAY]) == IN_ORDER


PARTS = st.text(st.sampled_from("AB@:%-2D.40|"), min_size=1, max_size=4)
METRICS = PARTS | st.sampled_from(["phone_events", "sample.phone_events", "sample.sample.phone_events", "sample.x"])
SERIES = st.tuples(METRICS, st.none() | PARTS, st.none() | PARTS)


@given(SERIES, SERIES)
def test_different_series_never_share_an_id(first, second) -> None:
    def name(series: tuple[str, str | None, str | None]) -> str:
        metric, site, entity = series
        return series_id(Sample(metric=metric, value=1.0, site=site, entity=entity))

    assert (name(first) == name(second)) == (first == second)
