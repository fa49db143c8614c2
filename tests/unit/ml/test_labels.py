"""Verdicts to labels."""

from __future__ import annotations

import pytest

from ml.labels import Judgement, delay_ms, labels, read_label
from nocd.domain.alert import Verdict


def judged(verdict: Verdict, *, event: str = "e", at: int = 10, kind: str = "ATTENDANCE_FRAUD") -> Judgement:
    return Judgement(event_id=event, time_ms=0, verdict=verdict, finding_type=kind, judged_at_ms=at)


@pytest.mark.parametrize(
    ("verdict", "label"),
    [(Verdict.FRAUD, 1), (Verdict.TRUE_POSITIVE, 1), (Verdict.FALSE_POSITIVE, 0), (Verdict.BENIGN, 0)],
)
def test_a_verdict_that_says_something_is_a_label(verdict: Verdict, label: int) -> None:
    assert labels([judged(verdict)])["e"].fraud == label


@pytest.mark.parametrize("verdict", [Verdict.UNKNOWN, Verdict.DUPLICATE])
def test_a_verdict_that_says_nothing_is_no_label(verdict: Verdict) -> None:
    assert labels([judged(verdict)]) == {}


def test_a_true_positive_of_another_kind_is_no_fraud_and_no_acquittal() -> None:
    assert labels([judged(Verdict.TRUE_POSITIVE, kind="GUARD_DISTRESS")]) == {}


def test_the_latest_verdict_that_says_something_counts() -> None:
    told = [judged(Verdict.UNKNOWN, at=30), judged(Verdict.FRAUD, at=10), judged(Verdict.BENIGN, at=20)]
    assert labels(told)["e"].fraud is False


def test_labels_are_complete_after_the_delay_of_nine_in_ten() -> None:
    told = labels(judged(Verdict.FRAUD, event=str(at), at=at) for at in range(1, 11))
    assert delay_ms(told) == 9
    assert delay_ms({}) == 0


@pytest.mark.parametrize(
    ("word", "label"), [("1", 1), ("1.0", 1), ("TRUE", 1), ("Not fraud", 0), ("0", 0), ("", None), ("unknown", None)]
)
def test_a_label_is_read_as_people_write_it(word: str, label: int | None) -> None:
    assert read_label(word) == label


def test_any_other_word_is_no_label() -> None:
    with pytest.raises(ValueError):
        read_label("maybe")
