"""Gates, and whether accusations fall evenly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ml.fairness import fairness
from ml.gate import judge
from tests.unit.ml.test_evaluate import trial


def metrics(**changes: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"pr_auc": [0.8, 0.7, 0.9], "precision_at_80_recall": 0.6}
    differences = changes.pop("differences", {})
    return {"model": told | changes, "differences": differences, "groups": {}}


def failed(told: dict[str, Any]) -> list[str]:
    return [gate.name for gate in judge(told).gates if not gate.passed]


def test_a_good_model_passes() -> None:
    ruling = judge(metrics(differences={"rules": [0.1, 0.0, 0.2], "champion": [0.0, -0.01, 0.01]}))
    assert ruling.passed
    assert [gate.name for gate in ruling.gates] == [
        *("pr_auc", "precision_at_80_recall", "no_worse_than_rules", "no_worse_than_champion")
    ]


@pytest.mark.parametrize(
    ("change", "gate"),
    [
        ({"pr_auc": [0.69, 0.6, 0.8]}, "pr_auc"),
        ({"pr_auc": [None, None, None]}, "pr_auc"),
        ({"precision_at_80_recall": 0.49}, "precision_at_80_recall"),
        ({"precision_at_80_recall": None}, "precision_at_80_recall"),
        ({"differences": {"rules": [0.1, -0.05, 0.2]}}, "no_worse_than_rules"),
        ({"differences": {"champion": [-0.03, -0.04, -0.02]}}, "no_worse_than_champion"),
        ({"differences": {"champion": [None, None, None]}}, "no_worse_than_champion"),
    ],
)
def test_one_failing_gate_is_told_and_refuses(change: dict[str, Any], gate: str) -> None:
    assert failed(metrics(**change)) == [gate]
    assert all(each["reason"] for each in judge(metrics(**change)).told()["gates"])


def groups(rates: dict[str, float], *, honest: int = 2_000) -> dict[str, Any]:
    """Return the verdict on sites of which so many in a thousand honest rows are accused."""
    site = np.repeat(list(rates), honest)
    flagged = np.concatenate([np.arange(honest) < rate * honest for rate in rates.values()])
    rows = trial([0.5] * len(site), [0] * len(site), site=site.tolist()).rows
    told: dict[str, Any] = fairness(rows, flagged)["site"]
    return told


@pytest.mark.parametrize(
    ("rates", "level"),
    [
        ({"a": 0.02, "b": 0.024}, "ok"),
        ({"a": 0.02, "b": 0.03}, "shown"),
        ({"a": 0.02, "b": 0.05}, "refused"),
        ({"a": 0.0, "b": 0.05}, "refused"),
        ({"a": 0.02}, "ok"),
    ],
)
def test_a_site_that_is_accused_more_often_is_shown_and_then_refuses(rates: dict[str, float], level: str) -> None:
    assert groups(rates)["level"] == level


def test_a_group_of_few_rows_is_not_compared() -> None:
    told = groups({"a": 0.02, "b": 0.08}, honest=100)
    assert (told["level"], told["ratio"]) == ("ok", None)


def test_a_ratio_that_chance_makes_refuses_nothing() -> None:
    assert groups({"a": 0.02, "b": 0.044}, honest=330)["level"] == "shown"


def test_rows_of_no_group_are_no_group() -> None:
    rows = trial([0.5] * 4, [0] * 4).rows
    assert fairness(rows, np.ones(4, dtype=np.bool_)) == {}


def test_unfair_groups_fail_their_gate() -> None:
    told = metrics()
    told["groups"] = {"site": groups({"a": 0.02, "b": 0.05})}
    assert failed(told) == ["fair_by_site"]
