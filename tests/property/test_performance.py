"""What the daemon reads of scores live is what package `ml` would say of the same rows."""

from __future__ import annotations

from itertools import islice
from math import isnan, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml import measure
from nocd.fraud.performance import (
    ROUNDS,
    ROWS_MAX,
    Interval,
    Judged,
    Ranking,
    Trial,
    bounded,
    drawn,
    middle,
    rows_worth,
    share,
)

scores = st.sampled_from([0.0, 0.1, 0.5, 0.8, 0.9, 1.0]) | st.floats(0, 1)
weights = st.sampled_from([0.0, 1.0, 100.0]) | st.floats(0.01, 100)
rows_of = st.lists(
    st.builds(
        Judged,
        person=st.sampled_from("abcdef"),
        label=st.integers(0, 1),
        weight=st.sampled_from([1.0, 100.0]),
        scores=st.tuples(scores, scores),
    ),
    min_size=1,
    max_size=40,
)
same = pytest.approx


def many(count: int = 300) -> list[Judged]:
    """Return rows of sixty people, of which the first scorer knows more than the second."""
    generator = np.random.default_rng(7)
    label = generator.random(count) < 0.3
    good, poor = (np.clip(label * lift + generator.normal(0.3, 0.2, count), 0, 1) for lift in (0.5, 0.2))
    return [
        Judged(f"P{at % 60}", int(label[at]), 1.0 + 9.0 * (at % 7 == 0), (float(good[at]), float(poor[at])))
        for at in range(count)
    ]


def as_ml(rows: list[Judged], scorer: int) -> tuple[measure.Ranking, measure.Floats]:
    label = np.array([row.label for row in rows], dtype=np.float64)
    score = np.array([row.scores[scorer] for row in rows])
    return measure.Ranking(label, score), np.array([row.weight for row in rows])


@given(rows_of, st.data())
def test_the_ranking_is_worth_the_same_however_rows_are_weighted(rows: list[Judged], data: st.DataObject) -> None:
    theirs, _ = as_ml(rows, 0)
    weight = data.draw(st.lists(weights, min_size=len(rows), max_size=len(rows)))
    expected = theirs.average_precision(np.array(weight))
    assert Ranking(rows, 0).average_precision(weight) == same(expected, nan_ok=True)


@given(st.floats(0, 100), st.floats(0, 100), st.just(0.0) | st.floats(0.01, 1_000))
def test_a_share_has_the_same_bounds(part: float, rest: float, rows: float) -> None:
    found, theirs = share(part, part + rest, rows), measure.share(part, part + rest, rows)
    assert found == same((theirs.value, theirs.low, theirs.high), nan_ok=True)


@given(st.lists(weights, max_size=30))
def test_weights_are_worth_as_many_rows(weight: list[float]) -> None:
    assert rows_worth(weight) == same(measure.rows_worth(np.array(weight)))


@given(st.lists(st.floats(-1, 1) | st.just(nan), max_size=60))
def test_bounds_of_samples_are_the_same(samples: list[float]) -> None:
    theirs = measure.bounds(0.5, np.array(samples))
    assert bounded(0.5, samples) == same((theirs.value, theirs.low, theirs.high), nan_ok=True)


@given(st.integers(1, 50), st.integers(0, 5))
def test_a_sample_draws_as_many_as_there_are_and_the_same_whenever_it_is_asked(count: int, rounds: int) -> None:
    samples = list(drawn(count, rounds))
    assert len(samples) == rounds
    assert all(sum(times) == count and min(times) >= 0 for times in samples)
    assert samples == list(drawn(count, rounds))


def test_a_sample_leaves_out_a_third_of_all_as_chance_does() -> None:
    left = [times.count(0) / 1_000 for times in islice(drawn(1_000, 20), 20)]
    assert np.mean(left) == same(np.exp(-1), abs=0.01)
    assert len({tuple(times) for times in drawn(1_000, 20)}) == 20


@pytest.mark.parametrize("scorer", [0, 1])
def test_bounds_of_a_ranking_are_near_those_that_training_would_state(scorer: int) -> None:
    rows = many()
    theirs, weight = as_ml(rows, scorer)
    cluster = np.array([int(row.person[1:]) for row in rows])
    samples = measure.resampled(cluster, weight, rounds=500, seed=0)
    values = np.array([theirs.average_precision(each) for each in samples])
    expected = measure.bounds(theirs.average_precision(weight), values)
    found = Trial(rows).pr_auc(scorer)
    assert found.value == same(expected.value)
    assert (found.low, found.high) == same((expected.low, expected.high), abs=0.03)


def test_a_scorer_that_knows_more_is_above_beyond_chance_and_none_is_above_itself() -> None:
    trial = Trial(many())
    assert trial.difference(0, 1).low > 0
    assert trial.difference(1, 0).high < 0
    assert trial.difference(0, 0) == (0, 0, 0)


@given(rows_of)
def test_a_difference_is_that_of_the_two_and_the_other_way_round_its_opposite(rows: list[Judged]) -> None:
    trial = Trial(rows, rounds=5)
    there, back = trial.difference(0, 1), trial.difference(1, 0)
    assert there.value == same(trial.pr_auc(0).value - trial.pr_auc(1).value, nan_ok=True)
    assert (there.low, there.high) == same((-back.high, -back.low), nan_ok=True)


def test_tickets_are_those_from_the_threshold_on_each_by_what_it_stands_for() -> None:
    told = [(1, 1.0, 0.8), (0, 1.0, 0.95), (1, 2.0, 0.9), (1, 50.0, 0.79)]
    rows = [Judged("a", label, weight, (score,)) for label, weight, score in told]
    count, precision = Trial(rows).tickets(0)
    assert (count, precision.value) == (3, 0.75)
    assert precision.low < 0.75 < precision.high
    assert Trial([]).tickets(0)[0] == 0


def test_of_no_punch_and_of_no_fraud_nothing_is_known() -> None:
    for rows in ([], [Judged("a", 0, 1.0, (0.5,))]):
        assert Trial(rows).pr_auc(0).told() == [None, None, None]
    assert isnan(Trial([]).difference(0, 0).value)
    assert Interval(0.1234567, 0.0, 1.0).told() == [0.123457, 0.0, 1.0]


def test_no_more_rows_are_measured_than_fit_the_bound() -> None:
    trial = Trial(many(ROWS_MAX + 100), rounds=1)
    assert len(trial.rows) == ROWS_MAX
    assert ROUNDS >= 100


def test_the_middle_of_nothing_is_not_known() -> None:
    assert middle([]) is None
    assert middle([1.0, 2.0, 4.0]) == 2.0
    assert middle([1.0, 2.0, 4.0], 0.9) == same(3.6)
