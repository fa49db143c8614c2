"""What the six verdicts teach a model and a threshold."""

from __future__ import annotations

import pytest

from nocd.detect.registry import CATALOG
from nocd.domain.alert import Verdict
from nocd.domain.verdict import CHECKS, FRAUD, false_positive_rate, fraud_label, right

OF_FRAUD = [FRAUD, *sorted(CHECKS)]
OF_ANYTHING = [*OF_FRAUD, "TOUR_MISSED", "Door forced"]
OPEN = None


@pytest.mark.parametrize("finding_type", OF_ANYTHING)
@pytest.mark.parametrize(
    ("verdict", "label"),
    [("fraud", 1), ("false_positive", 0), ("benign", 0), ("duplicate", OPEN), ("unknown", OPEN)],
)
def test_a_verdict_labels_whatever_it_is_given_on(verdict: str, finding_type: str, label: int | None) -> None:
    assert fraud_label(Verdict(verdict), finding_type) == label


@pytest.mark.parametrize("finding_type", OF_FRAUD)
def test_a_true_positive_is_fraud_on_attendance_fraud_and_its_checks(finding_type: str) -> None:
    assert fraud_label(Verdict.TRUE_POSITIVE, finding_type) == 1


@pytest.mark.parametrize("finding_type", ["TOUR_MISSED", "LATE_ARRIVAL", "Door forced", ""])
def test_a_true_positive_of_anything_else_says_nothing_of_fraud(finding_type: str) -> None:
    assert fraud_label(Verdict.TRUE_POSITIVE, finding_type) is OPEN


def test_the_checks_are_findings_that_are_made() -> None:
    assert set(CATALOG) >= CHECKS


def test_each_verdict_is_right_wrong_or_silent() -> None:
    assert [verdict for verdict in Verdict if right(verdict)] == ["true_positive", "fraud"]
    assert [verdict for verdict in Verdict if right(verdict) is False] == ["false_positive", "benign"]


@pytest.mark.parametrize(
    ("counts", "rate"),
    [
        ({}, None),
        ({"duplicate": 3, "unknown": 9}, None),
        ({"true_positive": 2, "fraud": 1, "benign": 0, "duplicate": 5}, 0.0),
        ({"false_positive": 1, "benign": 1, "true_positive": 1, "fraud": 1, "duplicate": 8, "unknown": 4}, 0.5),
        ({"benign": 7}, 1.0),
    ],
)
def test_the_rate_of_false_positives_leaves_duplicates_and_unknowns_out(counts, rate) -> None:
    assert false_positive_rate({Verdict(word): count for word, count in counts.items()}) == rate
