"""What a score is worth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ml.dataset import Columns, Rows
from ml.evaluate import SCORES, Terms, Trial, evaluate
from ml.measure import Floats
from ml.schema import any_columns
from nocd.domain.instant import HOUR_MS

TERMS = Terms(bootstrap_rounds=50)


def trial(score: list[float], label: list[int], *, terms: Terms = TERMS, **columns: Any) -> Trial:
    """Return a trial of rows an hour apart; `champion` beside the columns is a scorer."""
    champion: list[float] | None = columns.pop("champion", None)
    found = Columns.empty(any_columns(["a"]))
    found.values |= {
        "id": list(range(len(label))),
        "time_ms": [at * HOUR_MS for at in range(len(label))],
        "label": label,
    }
    found.values |= columns
    rows: Rows = found.rows(np.zeros((len(label), 1), dtype=np.float32))
    scores: dict[str, Floats] = {"model": np.array(score)}
    if "rules" in columns:
        scores["rules"] = rows.rules
    if champion is not None:
        scores["champion"] = np.array(champion)
    return Trial(rows=rows, scores=scores, terms=terms)


def test_every_figure_is_told_of_every_scorer() -> None:
    told = evaluate(trial([0.9, 0.1, 0.8, 0.2], [1, 0, 1, 0], rules=[0.9, 0.1, 0.0, 0.2], champion=[0.5] * 4))
    for name in ("model", "rules", "both", "champion"):
        assert told[name].keys() - {"pr_auc_as_judged"} == {
            *("pr_auc", "roc_auc", "precision_at_80_recall", "recall_at_1_percent_alerts", "brier", "reliability"),
            *("confusion", "pr_curve"),
        }
    assert told["model"]["pr_auc"][0] == 1
    assert told["model"]["pr_auc_as_judged"] == [1, 1, 1]
    assert told["rules"]["pr_auc"][0] == pytest.approx(0.75)
    assert told["champion"]["pr_auc"][0] == 0.5
    assert told["differences"].keys() == {"rules", "champion"}


def test_without_rules_or_champion_the_model_is_told_alone() -> None:
    told = evaluate(trial([0.9, 0.1], [1, 0]))
    assert "rules" not in told
    assert "both" not in told
    assert told["differences"] == {}


def test_the_difference_to_an_equal_scorer_is_nothing_on_every_sample() -> None:
    score = np.random.default_rng(1).random(200)
    label = (np.random.default_rng(2).random(200) < score).astype(int).tolist()
    told = evaluate(trial(score.tolist(), label, champion=score.tolist()))
    assert told["differences"]["champion"] == [0, 0, 0]
    assert told["model"]["pr_auc"][1] < told["model"]["pr_auc"][0] < told["model"]["pr_auc"][2]


def test_a_model_is_compared_by_what_is_acted_on_and_not_for_what_the_rules_find_anyway() -> None:
    label, rules = [1] * 20 + [0] * 40, [0.9] * 20 + [0.0] * 40
    blind = evaluate(trial([0.1] * 60, label, rules=rules, champion=[0.3] * 60))
    assert blind["model"]["pr_auc"][0] < 0.4
    assert blind["differences"] == {"rules": [0, 0, 0], "champion": [0, 0, 0]}
    accusing = evaluate(trial([0.1] * 20 + [0.95] * 40, label, rules=rules))
    assert accusing["differences"]["rules"][0] < -0.3


def test_a_fraud_missed_and_an_honest_row_ticketed_cost_what_they_are_said_to() -> None:
    terms = Terms(bootstrap_rounds=2, cost_miss=7, cost_accusation=3)
    confusion = evaluate(trial([0.9, 0.9, 0.1, 0.1], [1, 0, 1, 0], terms=terms))["model"]["confusion"]
    assert confusion["cost"] == 10
    assert confusion["cost_of_silence"] == 14
    assert (confusion["precision"], confusion["recall"]) == (0.5, 0.5)


def test_a_row_that_stands_for_many_counts_as_many() -> None:
    told = evaluate(trial([0.9, 0.9, 0.1], [1, 0, 1], weight=[1.0, 1.0, 98.0]))["model"]["confusion"]
    assert told["recall"] == pytest.approx(1 / 99, abs=1e-6)


def test_the_score_table_tells_what_each_score_means() -> None:
    score = [0.85] * 8 + [0.3] * 12
    label = [1] * 6 + [0] * 2 + [1] * 2 + [0] * 10
    table = evaluate(trial(score, label))["score_table"]
    assert [row["score"] for row in table] == list(SCORES)
    row = next(row for row in table if row["score"] == 0.8)
    assert row["precision"][0] == 0.75
    assert row["precision"][1] < 0.75 < row["precision"][2]
    assert row["recall"][0] == 0.75
    assert row["honest_accused_per_1000"][0] == pytest.approx(2_000 / 12, abs=1e-3)
    assert row["tickets_a_week"][0] == pytest.approx(8 * 7)  # of one day, the least that is scaled up
    assert (row["at"]["rows"], row["at"]["frauds"]) == (8, 6)


@pytest.mark.parametrize(("frauds", "met"), [(6, True), (5, False)])
def test_a_ticket_must_be_right_three_times_in_four(frauds: int, met: bool) -> None:  # noqa: FBT001  a test's case
    ticket = evaluate(trial([0.8] * 8 + [0.1] * 4, [1] * frauds + [0] * (12 - frauds)))["ticket"]
    assert ticket["met"] is met
    assert ticket["text"] == ("met" if met else "not met")


def test_without_any_ticket_its_meaning_is_not_met() -> None:
    assert evaluate(trial([0.5, 0.1], [1, 0]))["ticket"]["text"] == "not met"


def test_the_final_score_is_the_greater_of_model_and_rules() -> None:
    made = trial([0.2, 0.9], [1, 0], rules=[0.7, 0.1])
    assert made.final.tolist() == [0.7, 0.9]


@pytest.mark.parametrize(("frauds", "calibrated"), [(30, True), (29, False)])
def test_fewer_than_thirty_rows_of_a_class_are_told_as_not_calibrated(frauds: int, calibrated: bool) -> None:  # noqa: FBT001  a test's case
    rows = trial([0.5] * 100, [1] * frauds + [0] * (100 - frauds)).rows
    told = evaluate(trial([0.9, 0.1], [1, 0]), calibration=rows)
    assert told["calibrated"] is calibrated
    assert told["ticket"]["text"].endswith("not calibrated") is not calibrated


def test_reliability_holds_every_row_once_the_certain_ones_too() -> None:
    bins = evaluate(trial([0.0, 0.05, 0.1, 1.0], [0, 0, 1, 1]))["model"]["reliability"]
    assert [each["rows"] for each in bins] == [2, 1, 0, 0, 0, 0, 0, 0, 0, 1]
    assert bins[0]["mean_score"] == 0.025


def test_the_curve_tells_what_it_costs_to_find_each_twentieth_more_of_the_frauds() -> None:
    curve = evaluate(trial([0.9, 0.8, 0.7, 0.6], [1, 0, 1, 0]))["model"]["pr_curve"]
    assert [each["recall"] for each in curve] == [step / 20 for step in range(1, 21)]
    assert {(each["precision"], each["score"]) for each in curve[:10]} == {(1.0, 0.9)}
    assert {(each["precision"], each["score"]) for each in curve[10:]} == {(round(2 / 3, 6), 0.7)}
    nothing = evaluate(trial([0.9, 0.8], [0, 0]))["model"]["pr_curve"]
    assert {(each["precision"], each["score"]) for each in nothing} == {(None, None)}
