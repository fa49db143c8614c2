"""Log-odds to probabilities that mean what they say."""

from __future__ import annotations

import numpy as np
import pytest

from ml.calibrate import FITS, Calibrator, fit
from ml.measure import Floats, brier
from ml.schema import Refused


def sigmoid(margin: Floats) -> Floats:
    return 1 / (1 + np.exp(-margin))


def drawn(rows: int, truth: Floats | None = None, *, seed: int = 1) -> tuple[Floats, Floats, Floats]:
    draw = np.random.default_rng(seed)
    margin = draw.normal(0, 3, rows)
    chance = sigmoid(margin * 0.5 - 1) if truth is None else truth
    return margin, (draw.random(rows) < chance).astype(np.float64), np.ones(rows)


def test_too_bold_a_model_is_brought_back_to_what_happens() -> None:
    margin, label, weight = drawn(900)
    made = fit(margin, label, weight)
    assert made.calibrated
    assert made.kind in ("logistic", "beta")
    assert made.probability(np.array([-4.0, 0.0, 4.0])) == pytest.approx(sigmoid(np.array([-3.0, -1.0, 1.0])), abs=0.08)
    assert brier(label, made.probability(margin), weight) < brier(label, sigmoid(margin), weight)


def test_isotonic_is_taken_where_there_are_rows_enough_and_nothing_smooth_fits() -> None:
    margin = np.random.default_rng(2).normal(0, 3, 3_000)
    label = (np.random.default_rng(3).random(3_000) < np.where(margin > 1, 0.9, 0.3)).astype(np.float64)
    assert fit(margin, label, np.ones(3_000)).kind == "isotonic"
    assert fit(margin[:900], label[:900], np.ones(900)).kind != "isotonic"


@pytest.mark.parametrize("kind", ["logistic", "beta", "isotonic"])
def test_every_kind_rises_and_survives_being_stored(kind: str) -> None:
    margin, label, weight = drawn(2_000)
    made = Calibrator(kind, FITS[kind](margin, label, weight), calibrated=True)
    again = Calibrator.read(made.told())
    at = np.linspace(-60, 60, 500)
    assert np.array_equal(again.probability(at), made.probability(at))
    assert np.all(np.diff(made.probability(at)) >= 0)
    assert np.all((made.probability(at) > 0) & (made.probability(at) < 1))


def test_calibrated_rows_keep_their_order() -> None:
    margin, label, weight = drawn(2_000)
    at = np.linspace(-5, 5, 500)
    assert np.all(np.diff(Calibrator("isotonic", FITS["isotonic"](margin, label, weight)).probability(at)) > 0)


def test_few_rows_of_a_class_leave_it_uncalibrated() -> None:
    margin = np.linspace(-3, 3, 200)
    label = (margin > 2.2).astype(np.float64)
    made = fit(margin, label, np.ones(200))
    assert label.sum() < 30
    assert (made.kind, made.calibrated) == ("logistic", False)
    assert 0.5 < made.probability(np.array([3.0]))[0] < 1


def test_without_a_class_the_model_is_taken_at_its_word() -> None:
    made = fit(np.linspace(-3, 3, 50), np.zeros(50), np.ones(50))
    assert made.probability(np.array([0.0]))[0] == pytest.approx(0.5)
    assert not made.calibrated


@pytest.mark.parametrize("kind", ["logistic", "beta"])
def test_a_model_that_ranks_backwards_is_not_turned_round(kind: str) -> None:
    margin, label, weight = drawn(600)
    numbers = FITS[kind](-margin, label, weight)
    told = Calibrator(kind, numbers).probability(np.array([-3.0, 3.0]))
    assert told[0] == pytest.approx(told[1])
    assert told[0] == pytest.approx(label.mean(), abs=0.02)


def test_sampling_weights_count_as_so_many_rows() -> None:
    margin, label, _ = drawn(400)
    heavy = np.where(margin < 0, 3.0, 1.0)
    repeated = np.repeat(np.arange(400), heavy.astype(int))
    plain = FITS["logistic"](margin[repeated], label[repeated], np.ones(len(repeated)))["ab"]
    assert FITS["logistic"](margin, label, heavy)["ab"] == pytest.approx(plain, abs=0.01)


@pytest.mark.parametrize(
    "told",
    [
        None,
        {},
        {"kind": "magic", "numbers": {}, "calibrated": True},
        {"kind": "logistic", "numbers": {"ab": [1]}, "calibrated": True},
        {"kind": "logistic", "numbers": {"ab": [-1, 0]}, "calibrated": True},
        {"kind": "logistic", "numbers": {"ab": [float("nan"), 0]}, "calibrated": True},
        {"kind": "isotonic", "numbers": {"margin": [], "share": []}, "calibrated": True},
    ],
)
def test_what_is_no_calibrator_is_refused(told: object) -> None:
    with pytest.raises(Refused) as refused:
        Calibrator.read(told)
    assert refused.value.code == "bad_calibrator"
