"""Thresholds: the ladder, the budget, what-if, and what is only ever proposed."""

from __future__ import annotations

import pytest

from nocd.baseline.threshold import Score, budgeted, clamped, optimum, what_if
from nocd.baseline.tuning import Verdicts, narrowest, tune
from nocd.domain.instant import HOUR_MS


def verdicts(false: int, of: int, pool="site") -> Verdicts:
    return Verdicts(pool=pool, verdicts=of, false_positives=false)


def scores(*zs: float, verdict=None) -> list[Score]:
    return [Score(time=at * HOUR_MS, z=z, verdict=verdict) for at, z in enumerate(zs)]


def now_and_then(z: float) -> list[float]:
    """Return two weeks of hours, every eighth of them at `z`."""
    return [1.0 if at % 8 else z for at in range(336)]


def flagged(z: float, threshold: float) -> bool:
    return what_if(scores(z), old=threshold, new=threshold).findings_after == 1


def test_known_numeric_cases():
    sure = tune([verdicts(0, 10)], old=3.0, effective_n=150)
    assert sure.threshold == 2.5
    assert flagged((130 - 100) / 10, sure.threshold)
    noisy = tune([verdicts(4, 10)], old=3.0, effective_n=80)
    assert noisy.threshold == 4.0
    assert not flagged(3.5, noisy.threshold)
    assert not flagged(3.2, 3.5)
    assert tune([verdicts(35, 100)], old=3.0, effective_n=120).threshold == 4.0


def test_beyond_is_strict_and_both_sides_count():
    assert not flagged(3.0, 3.0)
    assert not flagged(-3.0, 3.0)
    assert flagged(-3.0001, 3.0)


@pytest.mark.parametrize(("asked", "given"), [(1.0, 1.5), (1.5, 1.5), (3.3, 3.3), (9.0, 5.0)])
def test_thresholds_lie_between_one_and_a_half_and_five(asked, given):
    assert clamped(asked) == given


@pytest.mark.parametrize(
    ("false", "effective_n", "threshold"),
    [(30, 100, 3.0), (31, 100, 4.0), (30, 101, 2.5), (31, 101, 4.0), (0, 60, 3.0)],
)
def test_the_ladder_and_its_edges(false, effective_n, threshold):
    told = tune([verdicts(false, 100)], old=3.0, effective_n=effective_n)
    assert told.threshold == threshold
    assert (told.pool, told.verdicts, told.fp_rate) == ("site", 100, false / 100)
    assert f"{false} of 100 verdicts (this site)" in told.reason
    assert told.changed == (threshold != 3.0)


def test_the_pool_widens_until_it_has_ten_verdicts():
    pools = [verdicts(9, 9), verdicts(2, 12, "client"), verdicts(50, 60, "all")]
    assert narrowest(pools) is pools[1]
    told = tune(pools, old=3.0, effective_n=50)
    assert (told.pool, told.verdicts) == ("client", 12)
    assert "all sites of the client" in told.reason


def test_fewer_than_ten_verdicts_anywhere_are_skipped_with_that_reason():
    told = tune([verdicts(9, 9), verdicts(9, 9, "all")], old=3.5, effective_n=200)
    assert not told.changed
    assert told.pool is None
    assert told.reason == "skipped: 9 verdicts in 30 days are fewer than 10"


def test_a_pinned_threshold_is_left_alone():
    told = tune([verdicts(10, 10)], old=3.5, effective_n=200, pinned=True, scores=scores(*[9.0] * 200), per_week=1)
    assert (told.threshold, told.reason) == (3.5, "pinned by an operator")


def test_what_was_raised_comes_down_only_after_two_calm_tunings_in_a_row():
    first = tune([verdicts(1, 10)], old=4.0, effective_n=50)
    assert (first.threshold, first.calm_tunings) == (4.0, 1)
    uneasy = tune([verdicts(2, 10)], old=4.0, effective_n=50, calm_tunings=1)
    assert (uneasy.threshold, uneasy.calm_tunings) == (4.0, 0)
    second = tune([verdicts(1, 10)], old=4.0, effective_n=50, calm_tunings=1)
    assert (second.threshold, second.calm_tunings) == (3.0, 0)


def test_many_false_positives_never_lower_a_threshold():
    assert tune([verdicts(9, 10)], old=4.5, effective_n=50).threshold == 4.5


def test_a_budget_raises_by_steps_above_the_ladder():
    zs = now_and_then(5.0)
    first = tune([verdicts(1, 10)], old=3.0, effective_n=50, scores=scores(*zs), per_week=3)
    assert first.threshold == 3.5
    assert "steps of at most 0.5" in first.reason
    assert tune([verdicts(1, 10)], old=4.5, effective_n=50, scores=scores(*zs), per_week=3).threshold == 5.0


def test_a_budget_never_goes_below_the_ladder():
    quiet = scores(*[0.5] * 336)
    assert tune([verdicts(4, 10)], old=3.0, effective_n=50, scores=quiet, per_week=3).threshold == 4.0
    assert tune([verdicts(0, 10)], old=3.0, effective_n=50, scores=quiet, per_week=3).threshold == 3.0
    assert tune([], old=3.0, effective_n=50, scores=quiet, per_week=3).threshold == 3.0


def test_a_budget_alone_works_without_verdicts_and_comes_down_when_two_tunings_agree():
    quiet = scores(*[0.5] * 336)
    first = tune([], old=4.0, effective_n=50, scores=quiet, per_week=3)
    assert (first.threshold, first.calm_tunings) == (4.0, 1)
    second = tune([], old=4.0, effective_n=50, scores=quiet, per_week=3, calm_tunings=1)
    assert second.threshold == 3.5


@pytest.mark.parametrize(
    ("old", "zs", "threshold"),
    [
        (3.0, [0.5] * 336, 3.0),
        (2.5, [0.5] * 336, 2.5),
        (3.4, [0.5] * 336, 3.0),
        (4.0, [0.5] * 336, 3.5),
        (2.5, now_and_then(2.8), 2.8),
        (3.0, now_and_then(5.0), 3.5),
        (3.0, [5.0] * 40 + [0.5] * 296, 3.0),
    ],
)
def test_without_verdicts_a_budget_raises_and_lowers_only_toward_three(old, zs, threshold):
    told = tune([verdicts(9, 9)], old=old, effective_n=200, calm_tunings=1, scores=scores(*zs), per_week=3)
    assert (told.threshold, told.pool) == (threshold, None)
    assert told.reason.startswith("fewer than 10 verdicts in 30 days; ")


def test_no_budget_before_a_week_of_hours():
    solved = budgeted(scores(*[4.0] * 167), old=3.0, per_week=3)
    assert solved.threshold is None
    told = tune([], old=3.0, effective_n=50, scores=scores(*[4.0] * 167), per_week=3)
    assert "less than a week" in told.reason


@pytest.mark.parametrize("allowed", [0, 1, 3, 10])
def test_a_budget_keeps_to_its_count(allowed):
    zs = [at / 100 if at % 2 else 0.0 for at in range(336)]
    threshold = budgeted(scores(*zs), old=3.2, per_week=allowed / 2).threshold
    assert threshold is not None
    assert what_if(scores(*zs), old=3.2, new=threshold).alerts_after == allowed


def test_a_night_of_hours_costs_a_budget_one_alert():
    night = [4.1, 4.4, 4.8, 4.6, 4.2]
    zs = [*night, *[0.5] * 100, *(z - 0.3 for z in night), *[0.5] * 226]
    assert budgeted(scores(*zs), old=3.0, per_week=1).threshold == 2.5
    assert budgeted(scores(*zs), old=4.4, per_week=0.5).threshold == 4.5


def test_known_true_findings_cost_no_budget():
    true = scores(*[4.5] * 20, verdict="true_positive")
    assert budgeted([*true, *scores(*[1.0] * 316)], old=3.0, per_week=3).threshold == 2.5


def test_what_if_counts_findings_alerts_and_rates_on_both_sides():
    zs = [3.2, 3.4, 0.0, 0.0, 4.5, 0.0, -3.1]
    told = what_if(scores(*zs, verdict="false_positive"), old=3.0, new=4.0)
    assert (told.findings_before, told.findings_after) == (4, 1)
    assert (told.alerts_before, told.alerts_after) == (3, 1)
    assert (told.fp_rate_before, told.fp_rate_after) == (1.0, 1.0)
    assert what_if(scores(3.5), old=3.0, new=4.0).fp_rate_after is None


def test_the_optimum_is_the_lowest_that_keeps_the_rate():
    false, true = scores(3.1, 3.2, 3.3, verdict="false_positive"), scores(3.0, 3.5, 4.0, 4.5, verdict="true_positive")
    assert optimum([*false, *true], fp_rate_max=0.25).threshold == 3.2
    assert optimum(false, fp_rate_max=0.25).threshold == 3.3
    assert optimum(scores(3.0), fp_rate_max=0.25).threshold is None
