"""Closed hours one after another: judged once, learned once, and nothing learned from what is unusual."""

from __future__ import annotations

from copy import deepcopy
from itertools import pairwise

import pytest

from nocd.baseline.calendar import slot
from nocd.baseline.hours import judge
from nocd.baseline.learning import solved
from nocd.domain.baseline import VALUE_MAX, Judgement, Slot
from nocd.domain.instant import DAY_MS, HOUR_MS
from tests.unit.baseline.weeks import MONDAY, WEEK_MS, busy, chancy, close, fresh, run, steady

GROWN = MONDAY + 28 * DAY_MS
NOON = slot(GROWN + 12 * HOUR_MS, "UTC")


@pytest.fixture
def grown():
    profile = fresh()
    run(profile, 28, chancy(5))
    return profile


def moments(profile) -> dict[int, tuple[float, ...]]:
    return {hour: bucket[:7] for hour, bucket in profile.buckets.items()}


def test_the_first_hours_are_learned_and_not_judged():
    profile = fresh()
    assert close(profile, slot(MONDAY, "UTC"), 6) is None
    assert profile.buckets.get(0)[:3] == (1.0, 1.0, 6.0)
    assert profile.baseline.since == MONDAY


def test_an_hour_is_closed_exactly_once(grown):
    assert close(grown, NOON, 20) is not None
    before = deepcopy((grown.baseline, grown.buckets))
    assert close(grown, NOON, 20) is None
    assert (grown.baseline, grown.buckets) == before


@pytest.mark.parametrize("total", [0, 90, 1e30, 1e308])
def test_nothing_is_learned_from_an_anomaly(grown, total):
    law, before = list(grown.baseline.law), moments(grown)
    told = close(grown, NOON, total)
    assert told.anomalous
    assert not told.learned
    assert told.why == "too unusual to learn from"
    assert moments(grown) == before
    assert grown.baseline.law == law
    assert grown.baseline.counts


def test_nothing_is_learned_under_maintenance(grown):
    law, before = list(grown.baseline.law), dict(grown.buckets)
    told = close(grown, NOON, 20, learn=False)
    assert told.why == "under maintenance"
    assert grown.buckets == before
    assert grown.baseline.law == law


def weekly(profile, total: float, weeks: int) -> list[Judgement]:
    """Close Monday noon of so many weeks at `total`, usual days in between."""
    judged = []
    for week in range(weeks):
        at = slot(GROWN + week * WEEK_MS + 12 * HOUR_MS, "UTC")
        judged.append(close(profile, at, total))
        run(profile, 6, chancy(6), start=at.start + HOUR_MS)
    return judged


def test_what_is_odd_at_one_hour_three_weeks_in_a_row_is_its_new_usual(grown):
    judged = weekly(grown, 33, 3)
    assert not any(told.anomalous for told in judged)
    assert [told.learned for told in judged] == [False, False, True]


def test_what_was_alerted_is_its_new_usual_after_eight_weeks_and_no_sooner(grown):
    judged = weekly(grown, 60, 12)
    assert [told.learned for told in judged[:8]] == [False] * 7 + [True]
    assert all(told.anomalous for told in judged[:8])
    assert judged[-1].expected > 35


@pytest.mark.parametrize("mean", [7.0, 12.0, 24.0])
def test_silence_is_alerted_night_after_night_and_teaches_nothing(mean):
    usual = chancy(5, lambda at: mean)

    def silent(at: Slot) -> float:
        return 0.0 if at.hour < 4 else float(usual(at))

    profile = fresh()
    run(profile, 28, usual)
    nights = [
        [told for told in run(profile, 1, silent, start=start) if told.anomalous]
        for start in range(GROWN, GROWN + 4 * WEEK_MS, DAY_MS)
    ]
    assert all(len([told for told in night if told.z < 0]) >= 3 for night in nights)
    assert not any(told.learned for night in nights for told in night)


def test_an_odd_hour_that_is_no_anomaly_teaches_how_hours_scatter_and_not_what_is_usual():
    profile = fresh()
    run(profile, 28, chancy(5, lambda at: 6.0))
    at = slot(GROWN, "UTC")
    law, before = list(profile.baseline.law), moments(profile)
    told = close(profile, at, 0)
    assert (
        profile.baseline.threshold > abs(told.z) > 2.5 > (told.expected - told.observed) / profile.expect(at).spread()
    )
    assert not told.learned
    assert moments(profile) == before
    assert profile.baseline.law != law


def test_what_only_hours_together_show_is_not_learned_either():
    profile = fresh()
    run(profile, 56, chancy(7))
    judged = run(profile, 2, lambda at: busy(at) // 2, start=MONDAY + 56 * DAY_MS)
    found = [told for told in judged if told.anomalous and told.span_h > 1]
    assert found
    assert not any(told.learned for told in found)


@pytest.mark.parametrize("share", [0.6, 1.6])
def test_a_level_that_stays_is_usual_again_within_a_month(share):
    def moved(at: Slot) -> float:
        return float(busy(at) * share)

    profile = fresh()
    run(profile, 56, chancy(3))
    run(profile, 28, chancy(4, moved), start=MONDAY + 56 * DAY_MS)
    judged = run(profile, 14, chancy(6, moved), start=MONDAY + 84 * DAY_MS)
    assert sum(told.anomalous for told in judged) <= 4


def test_the_first_value_of_an_hour_is_drawn_in_to_what_its_like_allow():
    profile = fresh()
    run(profile, 28, chancy(5))
    del profile.buckets[12]
    usual = profile.expect(NOON)
    told = close(profile, NOON, 0)
    assert told.anomalous
    assert profile.buckets.get(12)[2] >= usual.mean - 2.5 * usual.spread()


def test_a_site_learns_how_it_differs_from_those_that_lend_to_it(grown):
    newcomer = fresh()
    judged = run(newcomer, 2, lambda at: 90.0, start=GROWN, peers=[grown])
    assert any(told.anomalous and told.borrowed for told in judged)
    assert all(told.learned for told in judged)


def test_twice_to_different_sides_is_not_a_row(grown):
    for week, total in enumerate([60, 0, 60, 0]):
        at = slot(GROWN + week * WEEK_MS + 12 * HOUR_MS, "UTC")
        assert not close(grown, at, total).learned


def test_a_threshold_is_strict(grown):
    told = close(grown, NOON, 40)
    grown.baseline.threshold = told.z
    again = judge(grown.baseline, NOON, grown.expect(NOON), 40)
    assert again.threshold <= told.z
    assert not (again.z == again.threshold and again.anomalous)


def test_z_expected_observed_and_spread_agree(grown):
    for total in (0, 5, 15, 25, 45):
        told = judge(grown.baseline, NOON, grown.expect(NOON), total)
        assert told.spread > 0
        assert told.z == pytest.approx((told.observed - told.expected) / told.spread, abs=1e-3)
        assert told.usual_low < told.expected < told.usual_high


def test_the_usual_band_is_where_the_threshold_lies(grown):
    expected = grown.expect(NOON)
    told = judge(grown.baseline, NOON, expected, 20)
    assert judge(grown.baseline, NOON, expected, told.usual_high).z == pytest.approx(3.0)
    assert judge(grown.baseline, NOON, expected, told.usual_low).z == pytest.approx(-3.0)


def test_half_of_the_usual_shows_over_hours_where_one_hour_cannot_tell():
    profile = fresh()
    run(profile, 56, chancy(7))
    judged = run(profile, 1, lambda at: busy(at) // 2, start=MONDAY + 56 * DAY_MS)
    found = [told for told in judged if told.anomalous]
    assert found
    assert any(told.span_h > 1 for told in found)
    assert all(told.z < 0 for told in found)
    assert found[0].start == slot(found[0].start, "UTC").start


def test_a_span_needs_hours_in_a_row():
    profile = fresh()
    run(profile, 56, chancy(8))
    for hour in range(1, 24, 2):
        at = slot(MONDAY + 56 * DAY_MS + hour * HOUR_MS, "UTC")
        assert close(profile, at, busy(at) // 2).span_h == 1


def test_a_busy_day_is_no_surprise_four_times_over():
    def daily(at):
        return busy(at) * (10 + at.day * 7 % 5) / 2

    profile = fresh()
    run(profile, 56, daily)
    judged = run(profile, 1, lambda at: busy(at) * 7.5, start=MONDAY + 56 * DAY_MS)
    assert {told.span_h for told in judged} >= {1, 4}
    assert not any(told.anomalous for told in judged)


@pytest.mark.parametrize("timezone", ["Europe/Berlin", "America/Los_Angeles", "Australia/Sydney"])
def test_a_year_of_clock_changes_teaches_each_local_hour_once_a_date(timezone):
    profile = fresh()
    days: dict[int, list[float]] = {}
    for hour in range(366 * 24):
        at = slot(MONDAY + hour * HOUR_MS, timezone)
        close(profile, at, steady(at))
        last = days.setdefault(at.hour_of_week, [])
        if profile.buckets.get(at.hour_of_week)[6] not in last:
            last.append(profile.buckets.get(at.hour_of_week)[6])
    assert all(before < after for last in days.values() for before, after in pairwise(last))
    weights = [bucket[0] for bucket in profile.buckets.values()]
    assert max(weights) < 12.06  # one value a week can weigh no more
    expected = profile.expect(slot(MONDAY + 366 * DAY_MS, timezone))
    assert expected.stable


def test_a_gap_of_weeks_keeps_what_was_known(grown):
    later = slot(GROWN + 21 * DAY_MS + 12 * HOUR_MS, "UTC")
    told = close(grown, later, 20)
    assert told.stable
    assert told.span_h == 1


def test_values_beyond_all_bounds_are_bounded():
    profile = fresh(metric="wild")
    run(profile, 20, lambda at: 1e308 if at.hour % 2 else -1e308)
    told = run(profile, 1, lambda at: 1e308, start=MONDAY + 20 * DAY_MS)
    assert all(abs(each.z) < float("inf") and each.observed <= VALUE_MAX * 4 for each in told)


@pytest.mark.parametrize(
    ("fano", "phi"), [(1.0, 0.0), (1.0, 0.2), (4.0, 0.0), (3.0, 0.05)], ids=["poisson", "wide", "clumped", "both"]
)
def test_the_law_is_found_from_squared_residuals(fano, phi):
    law = [0.0] * 5
    for mean in range(1, 200):
        variance = fano * mean + phi * mean**2
        chance, square, seen = mean / variance, mean**2 / variance, 1.0
        for at, news in enumerate((chance**2, chance * square, square**2, chance * seen, square * seen)):
            law[at] += news
    assert solved(law) == pytest.approx((fano, phi), abs=1e-9)


def test_a_law_is_never_narrower_than_chance():
    assert solved([100.0, 50.0, 100.0, 20.0, 10.0]) == (1.0, 0.0)


@pytest.mark.parametrize("scale", [0.05, 0.5, 3.0])
def test_honest_chance_is_seldom_unusual(scale):
    profile = fresh()
    judged = run(profile, 120, chancy(11, lambda at: busy(at) * scale))
    stable = [told for told in judged if told.stable]
    assert len(stable) > 2_400
    assert sum(told.anomalous for told in stable) / len(stable) < 0.006
