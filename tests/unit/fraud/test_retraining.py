"""When a model is trained and put in force, and what is told of it."""

from __future__ import annotations

from typing import Any

import pytest

from nocd.domain.instant import DAY_MS, HOUR_MS
from nocd.domain.model_step import ModelStep
from nocd.fraud import retraining, steps
from tests.build import T0

GATES = [
    {"name": "pr_auc", "passed": True, "reason": "PR-AUC 0.91, 0.70 needed"},
    {"name": "fair_by_site", "passed": False, "reason": "by site: north 3 %, south 1 %"},
]
FIGURES = {
    "pr_auc": [0.91, 0.85, 0.95],
    "roc_auc": 0.99,
    "precision_at_80_recall": 0.8,
    "recall_at_1_percent_alerts": 0.3,
    "brier": 0.01,
    "reliability": [],
}
ANSWER: dict[str, Any] = {
    "outcome": "passed",
    "version": "000002",
    "gates": GATES[:1],
    "data": {"rows": 900, "labelled": 300, "fraud": 40},
    "metrics": {"test": {"rows": 60}, "model": FIGURES, "rules": FIGURES, "ticket": {"text": "met"}},
    "calibrated": True,
    "champion": "000001",
}


def step(kind: str, *, days_ago: float = 0, **body: Any) -> ModelStep:
    time = T0 - int(days_ago * DAY_MS)
    return ModelStep(time=time, kind=kind, version="000001", reason="", actor="nocd", body=body)


@pytest.mark.parametrize(("level", "trained"), [("MEDIUM", False), ("HIGH", True), ("CRITICAL", True)])
def test_a_drift_from_high_on_has_a_model_trained(level: str, trained: bool) -> None:  # noqa: FBT001 - a test's case
    assert retraining.on_drift(level, [], now=T0).allowed is trained


@pytest.mark.parametrize(
    ("past", "trained"),
    [
        (step(steps.TRAINED, days_ago=6.9, trigger="drift"), False),
        (step(steps.REFUSED, days_ago=1, trigger="drift"), False),
        (step(steps.TRAINED, days_ago=7, trigger="drift"), True),
        (step(steps.TRAINED, days_ago=1, trigger="plan"), True),
        (step(steps.DRIFTED, days_ago=1, level="HIGH"), True),
    ],
)
def test_a_drift_has_one_trained_once_in_seven_days(past: ModelStep, trained: bool) -> None:  # noqa: FBT001 - a test's case
    decided = retraining.on_drift("HIGH", [past], now=T0)
    assert decided.allowed is trained
    assert ("again from" in decided.reason) is not trained


CRITICAL = step(steps.DRIFTED, days_ago=2, level="CRITICAL")


@pytest.mark.parametrize(
    ("past", "in_force"),
    [
        ([], True),
        ([step(steps.DRIFTED, level="HIGH")], True),
        ([CRITICAL], False),
        ([step(steps.TRAINED), CRITICAL], False),
        ([step(steps.ACTIVATED), CRITICAL], True),
        ([step(steps.ROLLED_BACK), CRITICAL], True),
    ],
)
def test_after_a_critical_drift_of_the_model_in_force_a_person_approves(past: list[ModelStep], in_force: bool) -> None:  # noqa: FBT001 - a test's case
    decided = retraining.activation(past, auto_approve=False)
    assert decided.allowed is in_force
    assert ("waits for approval: 000001" in decided.reason) is not in_force
    assert retraining.activation(past, auto_approve=True).allowed


def test_what_is_told_of_a_training_is_its_gates_and_figures_within_bounds() -> None:
    told = retraining.trained(ANSWER, trigger="plan")
    assert told[:3] == (steps.TRAINED, "000002", "learned from 300 labelled punches, 40 of them fraud")
    assert told.body["gates"] == GATES[:1]
    assert told.body["figures"]["model"]["pr_auc"] == [0.91, 0.85, 0.95]
    assert "reliability" not in told.body["figures"]["rules"]
    assert (told.body["trigger"], told.body["champion"], told.body["ticket"]) == ("plan", "000001", "met")


def test_a_model_that_failed_a_gate_is_refused_by_the_gates_reason() -> None:
    told = retraining.trained({**ANSWER, "outcome": "failed", "gates": GATES}, trigger="drift")
    assert told[:3] == (steps.REFUSED, "000002", "by site: north 3 %, south 1 %")
    assert told.body["code"] == "gates_not_passed"


def test_a_training_that_was_refused_is_told_with_code_and_counts() -> None:
    refused = {"outcome": "refused", "code": "too_few_labels", "reason": "7 of 100", "counts": {"labelled": 7}}
    told = retraining.trained(refused, trigger="plan")
    assert told == (
        steps.REFUSED,
        None,
        "7 of 100",
        {"trigger": "plan", "code": "too_few_labels", "counts": {"labelled": 7}},
    )


def part(name: str, level: str = "none") -> dict[str, Any]:
    return {"name": name, "level": level, "reason": f"{name} moved"}


def test_what_drifted_is_named_and_where_nothing_did_nothing_is_told() -> None:
    answer = {
        "version": "000002",
        "level": "HIGH",
        "rows": 900,
        "features": [part("gps_drift_m", "HIGH"), part("hour_of_day")],
        "scores": part("scores", "MEDIUM"),
        "performance": [part("pr_auc")],
    }
    told = retraining.drifted(answer)
    assert told is not None
    assert told[:3] == (steps.DRIFTED, "000002", "gps_drift_m moved; scores moved")
    assert (told.body["level"], told.body["moved"], told.body["rows"]) == ("HIGH", ["gps_drift_m", "scores"], 900)
    quiet = {**answer, "features": [], "scores": part("scores")}
    assert retraining.drifted(quiet) is None


@pytest.mark.parametrize(("hour", "shift"), [(6, "day"), (17.0, "day"), (18, "night"), (23, "night"), (4, "night")])
def test_a_shift_is_of_the_night_by_the_hour_it_begins(hour: float, shift: str) -> None:
    assert retraining.shift_class(hour) == shift


@pytest.mark.parametrize(
    ("days", "windows"),
    [
        (0.9, []),
        (1, [1]),
        (6, [2, 1]),
        (7, [7, 2, 1]),
        (13.5, [7, 2, 1]),
        (20, [14, 7, 2, 1]),
        (27.99, [21, 7, 2, 1]),
        (90, [28, 7, 2, 1]),
    ],
)
def test_drift_is_looked_for_in_whole_weeks_and_the_last_days(days: float, windows: list[int]) -> None:
    assert retraining.windows_days(int(days * 24 * HOUR_MS)) == windows
