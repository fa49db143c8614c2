"""Figures about scores, against their definitions written out."""

from __future__ import annotations

from math import isnan, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.measure import (
    Floats,
    Ranking,
    bounds,
    brier,
    chi_square_tail,
    kolmogorov_tail,
    resampled,
    rounded,
    rows_worth,
    share,
)

ROWS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 5), st.integers(1, 4)), min_size=2, max_size=30).filter(
    lambda rows: {label for label, _, _ in rows} == {0, 1}
)


def columns(rows: list[tuple[int, int, int]]) -> tuple[Floats, Floats, Floats]:
    label, score, weight = np.array(rows, dtype=np.float64).T
    return label, score, weight


def repeated(rows: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    return [(label, score, 1) for label, score, weight in rows for _ in range(weight)]


@given(ROWS)
def test_average_precision_is_the_mean_precision_at_the_frauds_scores(
    rows: list[tuple[int, int, int]],
) -> None:
    label, score, weight = columns(rows)
    plain = repeated(rows)
    precisions = []
    for fraud, at, _ in plain:
        above = [each for each, other, _ in plain if other >= at]
        precisions += [sum(above) / len(above)] * fraud
    assert Ranking(label, score).average_precision(weight) == pytest.approx(np.mean(precisions))


@given(ROWS)
def test_roc_auc_is_the_chance_that_a_fraud_ranks_first(rows: list[tuple[int, int, int]]) -> None:
    label, score, weight = columns(rows)
    plain = repeated(rows)
    pairs = [(a > b) + (a == b) / 2 for one, a, _ in plain for other, b, _ in plain if one > other]
    assert Ranking(label, score).roc_auc(weight) == pytest.approx(np.mean(pairs))


def test_precision_is_read_where_the_recall_is_reached() -> None:
    ranking = Ranking(np.array([1.0, 0, 1, 0, 1]), np.array([5.0, 4, 3, 2, 1]))
    even = np.ones(5)
    assert ranking.precision_at_recall(even, 0.33) == 1
    assert ranking.precision_at_recall(even, 0.8) == pytest.approx(3 / 5)
    assert ranking.recall_at_rate(even, 0.2) == pytest.approx(1 / 3)
    assert ranking.curve(even, [0.33, 1.0]) == [(1.0, 5.0), (pytest.approx(3 / 5), 1.0)]


def test_of_equal_scores_a_part_is_alerted() -> None:
    assert Ranking(np.array([1.0, 1, 0, 0]), np.ones(4)).recall_at_rate(np.ones(4), 0.25) == pytest.approx(0.25)


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_without_one_class_nothing_is_said_of_it(label: float) -> None:
    ranking, even = Ranking(np.full(3, label), np.arange(3.0)), np.ones(3)
    assert isnan(ranking.roc_auc(even))
    told = (ranking.average_precision(even), ranking.precision_at_recall(even, 0.8), ranking.recall_at_rate(even, 0.1))
    assert all(isnan(each) == (label == 0) for each in told)


def test_a_sample_draws_whole_shifts_and_is_the_same_for_the_same_seed() -> None:
    cluster = np.array([0, 0, 1, 2, 2])
    first, second = (list(resampled(cluster, np.ones(5), rounds=20, seed=3)) for _ in range(2))
    assert np.array_equal(first, second)
    assert all(each[0] == each[1] and each[3] == each[4] and each[[0, 2, 3]].sum() == 3 for each in first)


def test_bounds_are_those_of_the_known_values() -> None:
    told = bounds(0.5, np.array([nan, *np.linspace(0, 1, 101)]))
    assert (told.value, told.low, told.high) == pytest.approx((0.5, 0.05, 0.95))
    assert bounds(0.5, np.array([nan])).told() == [0.5, None, None]


def test_a_share_keeps_bounds_even_of_few_rows() -> None:
    low, high = share(0, 3, 3), share(300, 400, 400)
    assert low.low == 0
    assert low.high == pytest.approx(0.474, abs=1e-3)
    assert (high.low, high.high) == pytest.approx((0.713, 0.784), abs=1e-3)
    assert share(0, 0, 0).told() == [None, 0.0, 1.0]


def test_uneven_rows_are_worth_fewer() -> None:
    assert rows_worth(np.ones(9)) == 9
    assert rows_worth(np.array([100.0, 1, 1])) == pytest.approx(1.04, abs=0.01)
    assert rows_worth(np.empty(0)) == 0


def test_brier_is_the_mean_squared_miss() -> None:
    assert brier(np.array([1.0, 0]), np.array([0.5, 0.1]), np.array([1.0, 3])) == pytest.approx((0.25 + 0.03) / 4)


@pytest.mark.parametrize(("value", "freedom", "chance"), [(3.841, 1, 0.05), (16.92, 9, 0.05), (27.88, 9, 0.001)])
def test_the_chi_square_tail_is_that_of_the_tables(value: float, freedom: int, chance: float) -> None:
    assert chi_square_tail(value, freedom) == pytest.approx(chance, rel=0.15)


@pytest.mark.parametrize(("scaled", "chance"), [(1.358, 0.05), (1.628, 0.01), (1.949, 0.001), (0.01, 1.0)])
def test_the_kolmogorov_tail_is_that_of_the_tables(scaled: float, chance: float) -> None:
    assert kolmogorov_tail(scaled / 1_000, 1_000_000) == pytest.approx(chance, rel=0.02)


def test_a_report_holds_no_nan() -> None:
    assert rounded(nan) is None
    assert rounded(1 / 3, 2) == 0.33
