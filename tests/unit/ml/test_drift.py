"""Drift: what moved is told, and an honest month is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ml.dataset import Rows
from ml.drift import Histogram, Look, drift, reference, several
from ml.evaluate import Terms, Trial, evaluate
from ml.measure import Floats
from nocd.domain.instant import DAY_MS
from tests.build_punches import MONDAY_MS, company

TRAINED_DAYS = 182
UNKNOWN = {"pr_auc_as_judged": [None] * 3, "confusion": {"precision": None, "rows": 0}}
GOOD = {"pr_auc_as_judged": [0.9, 0.85, 0.95], "confusion": {"precision": 0.95, "rows": 95}}


def scored(rows: Rows) -> Floats:
    """Return what stands in for a model: more with drift and mismatches, less with a good face."""
    x = np.nan_to_num(rows.x.astype(np.float64), nan=0.5)
    found: Floats = 1 / (1 + np.exp(4 - x[:, 4] / 60 - x[:, 10] * 0.7 + x[:, 9] * 2))
    return found


def between(rows: Rows, first_day: int, last_day: int) -> Rows:
    days = (rows.time_ms - MONDAY_MS) / DAY_MS
    return rows.take((days >= first_day) & (days < last_day))


def manifest(rows: Rows, **model: Any) -> dict[str, Any]:
    trained, fresh = between(rows, 0, TRAINED_DAYS), between(rows, 117, TRAINED_DAYS)
    return {
        "reference": reference(trained, scored(fresh), fresh),
        "metrics": {"test": {"fraud": 100}, "model": UNKNOWN | model},
    }


def told(rows: Rows, now: Rows, **model: Any) -> dict[str, Any]:
    return drift(manifest(rows, **model), now, scored(now))


@pytest.mark.parametrize("seed", range(10))
def test_no_day_of_an_honest_month_raises_an_alarm(seed: int) -> None:
    rows = company(seed, days=TRAINED_DAYS + 56, people=20)
    held = manifest(rows)
    for day in range(TRAINED_DAYS + 28, TRAINED_DAYS + 57, 7):
        now = between(rows, day - 28, day)
        assert drift(held, now, scored(now))["moved"] == []


@pytest.mark.parametrize("seed", range(10))
def test_no_verdicts_of_honest_months_raise_an_alarm(seed: int) -> None:
    rows = company(seed, days=TRAINED_DAYS + 28, people=20, fraud=0.05)
    test, now = between(rows, 140, TRAINED_DAYS), between(rows, TRAINED_DAYS, TRAINED_DAYS + 28)
    metrics = evaluate(Trial(rows=test, scores={"model": scored(test)}, terms=Terms(bootstrap_rounds=2)))
    held = manifest(rows) | {"metrics": metrics}
    assert drift(held, now, scored(now))["moved"] == []


def test_verdicts_on_rows_younger_than_labels_take_to_come_do_not_count() -> None:
    rows, score = judged(20, 60, right=False)
    held = manifest(company(5, people=20), **GOOD)
    assert drift(held, rows, score, Look(label_delay_ms=30 * DAY_MS))["performance"] == []


def moved(now: Rows, column: int, change: Any) -> Rows:
    x = now.x.copy()
    x[:, column] = change(x[:, column])
    return now.replaced(schema=now.schema, x=x)


@pytest.mark.parametrize(
    ("column", "change"),
    [
        (4, lambda metres: metres * 2),
        (9, lambda face: face - 0.1),
        (9, lambda face: np.where(face > 0.8, np.nan, face)),
    ],
)
def test_what_everybody_does_otherwise_is_critical_and_named(column: int, change: Any) -> None:
    rows = company(1, people=20)
    answer = told(rows, moved(between(rows, TRAINED_DAYS, 208), column, change))
    assert answer["level"] == "CRITICAL"
    assert answer["features"][column]["name"] in answer["moved"][0]


def test_scores_that_rise_are_told() -> None:
    rows = company(2, people=20)
    now = between(rows, TRAINED_DAYS, 208)
    answer = drift(manifest(rows), now, np.minimum(1, scored(now) * 2))
    assert answer["scores"]["level"] == "CRITICAL"


def test_the_calendar_is_no_drift() -> None:
    rows = company(3, people=20)
    answer = told(rows, moved(between(rows, TRAINED_DAYS, 208), 3, np.ones_like))
    assert answer["features"][3]["psi"] > 0.2
    assert answer["level"] == "none"


def test_a_few_rows_move_nothing() -> None:
    rows = company(4, people=20)
    answer = told(rows, moved(between(rows, 200, 208), 4, lambda metres: metres * 9))
    assert answer["rows"] < 200
    assert answer["level"] == "none"


def judged(frauds: int, honest: int, *, right: bool) -> tuple[Rows, Floats]:
    rows = company(5, days=30, people=20, label=0.0)
    rows = rows.take(np.arange(frauds + honest))
    label = np.arange(frauds + honest) < frauds
    rows.label[:] = label
    return rows, np.where(label == right, 0.9, 0.1)


@pytest.mark.parametrize(
    ("frauds", "honest", "right", "levels"),
    [
        (20, 60, 1, ["none"] * 2),
        (20, 60, 0, ["CRITICAL"] * 2),
        (1, 20, 0, ["none", "CRITICAL"]),
        (0, 10, 1, ["none"] * 2),
        (1, 8, 0, []),
    ],
)
def test_a_model_that_is_wrong_by_its_verdicts_is_told(frauds: int, honest: int, right: int, levels: list[str]) -> None:
    rows, score = judged(frauds, honest, right=bool(right))
    answer = drift(manifest(company(5, people=20), **GOOD), rows, score)
    assert [each["level"] for each in answer["performance"]] == levels


def test_one_row_that_stands_for_a_hundred_is_no_drift() -> None:
    rows, score = judged(30, 60, right=True)
    rows.weight[30:] = 100.0
    score[40] = 0.95
    answer = drift(manifest(company(5, people=20), **GOOD), rows, score)
    assert answer["performance"][0]["now"] > 0.95  # each row for itself
    assert [each["level"] for each in answer["performance"]] == ["none"] * 2


def test_a_column_of_one_value_has_its_histogram() -> None:
    rows = company(6, people=20)
    constant = moved(rows, 5, np.ones_like)
    assert told(constant, between(constant, TRAINED_DAYS, 208))["features"][5]["psi"] < 0.01
    assert told(constant, between(rows, TRAINED_DAYS, 208))["features"][5]["level"] == "CRITICAL"


def weekly(rows: Rows) -> Rows:
    """Return the rows of a company of which at weekends only some people work, always the same."""
    return rows.take((rows.x[:, 1] < 5) | (rows.x[:, 8] > 0.2))


@pytest.mark.parametrize("seed", range(2))
def test_what_moves_suddenly_is_named_within_a_day_and_honest_weekends_are_not(seed: int) -> None:
    rows = weekly(company(seed, days=TRAINED_DAYS + 30, people=320))
    held, windows = manifest(rows), (28, 7, 2, 1)
    first = TRAINED_DAYS + 28 - (TRAINED_DAYS + 28) % 7 + 1  # a Tuesday
    honest = between(rows, first - 28, first)
    assert several(held, honest, scored(honest), windows)["moved"] == []
    weekend = between(rows, first - 30, first - 1)
    assert several(held, weekend, scored(weekend), windows)["moved"] == []
    late = (honest.time_ms - MONDAY_MS) / DAY_MS >= first - 1
    planted = moved(honest, 4, lambda metres: np.where(late, metres * 3, metres))
    assert drift(held, planted, scored(planted))["features"][4]["level"] == "none"
    answer = several(held, planted, scored(planted), windows)
    assert answer["features"][4]["level"] == "CRITICAL"
    assert answer["features"][4]["days"] <= 2
    assert "gps_drift_m of the last 2 days: PSI" in answer["moved"][0]
    assert answer["rows"] == len(honest)


def test_windows_that_training_did_not_know_are_not_judged() -> None:
    none = Histogram(cuts=[0.5], counts=[3, 4, 0], spread=2.0)
    assert [none.unrest(days) for days in (0.5, 1, 27, 28)] == [np.inf, np.inf, np.inf, 2.0]
    kept = Histogram(cuts=[0.5], counts=[3, 4, 0], spread=2.0, short={"7": 3.0, "2": 4.0, "1": 5.0})
    assert [kept.unrest(days) for days in (1, 1.5, 3, 14, 28, 60)] == [5.0, 5.0, 4.0, 3.0, 2.0, 2.0]


def test_a_company_that_grew_is_judged_in_the_windows_that_training_knew() -> None:
    held = manifest(company(3, people=20))
    now = between(company(4, people=400), TRAINED_DAYS, TRAINED_DAYS + 1)
    answer = drift(held, now, scored(now), Look(days=1, tests=13))
    assert answer["level"] == "none"
    assert {each["reason"].partition(": ")[2] for each in (*answer["features"], answer["scores"])} == {
        "too few windows of the last day in training",
        "what looks far back moves in no 1 days",
    }


def test_what_looks_far_back_is_compared_from_the_day_on_that_its_past_is_known() -> None:
    rows = company(5, people=40)
    early = (rows.time_ms - MONDAY_MS) / DAY_MS < 90
    warming = moved(rows, 8, lambda rate: np.where(early, rate * 3, rate))
    answer = told(warming, between(rows, TRAINED_DAYS, 208))
    assert answer["features"][8]["psi"] < 0.1
    short = between(rows, 0, 120)
    held = {"reference": reference(short, scored(short), short), "metrics": {"test": {"fraud": 100}, "model": UNKNOWN}}
    now = between(rows, 120, 148)
    reason = drift(held, now, scored(now))["features"][8]["reason"]
    assert reason == "weekend_work_rate: the training time was too short for what looks 90 days back"


def test_what_looks_far_back_is_looked_at_in_whole_weeks_only() -> None:
    rows = company(6, people=320)
    held = manifest(rows)
    now = moved(between(rows, TRAINED_DAYS, TRAINED_DAYS + 2), 5, lambda steady: steady / 3)
    answer = drift(held, now, scored(now), Look(days=2, tests=1))
    assert answer["features"][5]["reason"] == "location_consistency: what looks far back moves in no 2 days"
    assert answer["features"][4]["psi"] < 0.1
