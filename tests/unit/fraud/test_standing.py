"""Whether the former model comes back, and the reason that is told."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nocd.domain.instant import DAY_MS
from nocd.fraud.performance import Judged
from nocd.fraud.standing import ALERTS_MIN, SHADOW_DAYS, VERDICTS_MIN, Shadowed, decide

SINCE = 1_000 * DAY_MS
NOW = SINCE + DAY_MS


def judged(count: int, *, better: str) -> list[Judged]:
    """Return judged punches of which one model knows and the other guesses."""
    rows = []
    for at in range(count):
        fraud = at % 3 == 0
        knows, guesses = (0.9 if fraud else 0.1), 0.05 + (at * 7 % 10) / 11
        scores = (guesses, knows) if better == "former" else (knows, guesses)
        rows.append(Judged(f"P{at}", int(fraud), 1.0, scores if better != "neither" else (knows, knows)))
    return rows


def seen(**more: Any) -> Shadowed:
    told = {"punches": 1_000, "alerts": 12, "former_alerts": 10, "judged": [], **more}
    return Shadowed(active="000002", former="000001", since=SINCE, **told)


def test_a_former_model_that_ranks_better_by_enough_verdicts_comes_back() -> None:
    decision = decide(seen(judged=judged(60, better="former")), now=NOW)
    assert decision.returns
    assert decision.reason.startswith("000001 comes back: it ranks better by more than 0.05: PR-AUC +0.")
    assert decision.reason.endswith(" by 60 verdicts")
    assert decision.figures["difference"][1] > 0


@pytest.mark.parametrize("better", ["active", "neither"])
def test_a_model_that_is_no_worse_stays(better: str) -> None:
    decision = decide(seen(judged=judged(60, better=better)), now=NOW)
    assert not decision.returns
    assert decision.reason.startswith("000002 stays: 000001 is not shown to rank better by more than 0.05: PR-AUC ")


def test_too_few_verdicts_decide_nothing() -> None:
    decision = decide(seen(judged=judged(VERDICTS_MIN - 1, better="former")), now=NOW)
    assert (decision.returns, decision.reason) == (False, "000002 stays: 29 verdicts of 30 that it takes to judge it")


def test_what_chance_may_make_decides_nothing() -> None:
    rows = [Judged(f"P{at}", int(at < 2), 1.0, (0.4 if at == 1 else 0.6, 0.6)) for at in range(VERDICTS_MIN)]
    assert not decide(seen(judged=rows), now=NOW).returns


def test_a_model_that_alerts_over_twice_as_often_is_taken_back_whatever_verdicts_there_are() -> None:
    decision = decide(seen(alerts=21, former_alerts=10), now=NOW)
    assert decision.returns
    assert decision.reason == (
        "000001 comes back: 000002 makes 21 alerts of 1000 punches, 000001 would have made 10;"
        " over 2 times as many is too many"
    )
    assert decision.figures == {"punches": 1_000, "alerts": 21, "former_alerts": 10, "verdicts": 0}
    assert not decide(seen(alerts=20, former_alerts=10), now=NOW).returns


def test_of_a_few_alerts_twice_as_many_are_chance() -> None:
    assert not decide(seen(alerts=ALERTS_MIN - 1, former_alerts=0), now=NOW).returns
    assert decide(seen(alerts=ALERTS_MIN, former_alerts=0), now=NOW).returns


def test_after_its_days_in_the_shadow_the_former_model_does_not_come_back() -> None:
    better = seen(alerts=500, judged=judged(60, better="former"))
    assert decide(better, now=SINCE + SHADOW_DAYS * DAY_MS).returns
    decision = decide(better, now=SINCE + SHADOW_DAYS * DAY_MS + 1)
    assert (decision.returns, decision.figures) == (False, {})
    assert decision.reason == "000002 stays: it has been in force for over 14 days"


@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 20), st.sampled_from(["former", "active"]))
def test_every_decision_has_its_reason_and_names_who_is_in_force_after_it(
    alerts: int, former_alerts: int, days: int, better: str
) -> None:
    shadowed = seen(alerts=alerts, former_alerts=former_alerts, judged=judged(30, better=better))
    decision = decide(shadowed, now=SINCE + days * DAY_MS)
    assert decision.reason.startswith("000001 comes back" if decision.returns else "000002 stays")
