"""The rule score: one strong proof is enough, two weak ones are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nocd.domain.score import Check, Level
from nocd.domain.verdict import CHECKS
from nocd.fraud.rules import CHECK_OF, FRAUD_FROM, JUMP, STRENGTHS, TICKET_FROM, level, reasons, score

CHECKS_OF_A_PUNCH = st.lists(
    st.builds(
        Check, name=st.sampled_from([*STRENGTHS]), confidence=st.floats(0, 1), reason=st.sampled_from(["a", "b"])
    ),
    max_size=12,
)


def check(name: str, confidence: float = 1.0) -> Check:
    return Check(name=name, confidence=confidence, reason=f"{name} it is")


def test_every_check_has_its_finding_and_its_strength() -> None:
    assert set(CHECK_OF) == CHECKS
    assert set(CHECK_OF.values()) == set(STRENGTHS)


@pytest.mark.parametrize("strong", ["gps_spoofing", "buddy_punching", "impossible_travel"])
def test_one_strong_proof_reaches_a_ticket(strong: str) -> None:
    assert score([check(strong, 0.95)]) >= TICKET_FROM


def test_two_weak_ones_do_not() -> None:
    weak = [check("device_sharing"), check("geofence")]
    assert FRAUD_FROM <= score(weak) < TICKET_FROM
    assert score([check("biometric_low"), check("schedule")]) < FRAUD_FROM


def test_one_jump_counts_once_by_the_larger_of_what_it_makes() -> None:
    both = [check("impossible_travel", 0.85), check("gps_spoofing", 0.95)]
    assert score(both) == pytest.approx(0.9 * 0.95)
    assert [(each.check, each.counts) for each in reasons(both)] == [
        ("gps_spoofing", True),
        ("impossible_travel", False),
    ]


def test_a_check_found_twice_counts_by_the_surest() -> None:
    assert score([check("geofence", 0.3), check("geofence", 0.9), check("geofence", 0.5)]) == pytest.approx(0.405)


def test_nothing_found_is_no_fraud() -> None:
    assert score([]) == 0.0
    assert level(0.0) is Level.MINIMAL


@pytest.mark.parametrize(
    ("of", "name"), [(0.8, "CRITICAL"), (0.79, "HIGH"), (0.6, "HIGH"), (0.4, "MEDIUM"), (0.2, "LOW"), (0.19, "MINIMAL")]
)
def test_levels_begin_where_they_are_said_to(of: float, name: str) -> None:
    assert level(of) == name


@given(CHECKS_OF_A_PUNCH, CHECKS_OF_A_PUNCH)
def test_more_checks_never_lower_a_score_and_order_never_matters(some: list[Check], more: list[Check]) -> None:
    assert 0.0 <= score(some) <= score([*some, *more]) <= 1.0
    assert score([*some, *more]) == score([*more, *some])
    assert reasons([*some, *more]) == reasons([*more, *some])


@given(CHECKS_OF_A_PUNCH)
def test_the_strongest_reason_comes_first_and_at_most_one_of_a_jump_counts(checks: list[Check]) -> None:
    said = [each for each in reasons(checks) if each.counts]
    assert [each.share for each in said] == sorted((each.share for each in said), reverse=True)
    assert sum(each.check in JUMP for each in said) <= 1
