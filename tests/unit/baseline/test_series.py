"""A sampled metric, live: arrival order within the lateness, windows, closed hours, gaps, bounds."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import Any

import pytest

from nocd.baseline.series import LATENESS_MS, WINDOW_MS, Series, SeriesRecord
from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS
from tests.unit.baseline.weeks import MONDAY, fresh, poisson

FIVE = 5 * MINUTE_MS


def series(**more) -> Any:
    return Series(fresh(metric="cars", **more), SeriesRecord(), timezone="UTC")


def points(days: float, *, seed: int = 1, start: int = MONDAY, step: int = FIVE, mean: float = 8.0):
    random = Random(seed)
    count = int(days * DAY_MS / step)
    return [(start + at * step, poisson(random, mean + (start + at * step) // HOUR_MS % 24 / 4)) for at in range(count)]


def feed(live: Series, told: list[tuple[int, float]]):
    return [each for time, value in told for each in live.step(time, value)]


@pytest.fixture(scope="module")
def month():
    return points(28)


def test_it_is_quiet_while_it_learns_and_seldom_speaks_of_the_usual(month):
    live = series()
    judged = feed(live, month)
    assert not any(each.anomalous for each in judged if each.end < MONDAY + 9 * DAY_MS)
    stable = [each for each in judged if each.closed and each.judgement and each.judgement.stable]
    assert len(stable) > 300
    assert sum(each.anomalous for each in judged if each.end >= MONDAY + 20 * DAY_MS) < 10


def test_an_hour_closes_once_the_watermark_has_passed_its_end():
    live = series()
    feed(live, points(10 + 1 / 24))
    end = MONDAY + 10 * DAY_MS + HOUR_MS
    assert not any(each.closed for each in live.tick(end + LATENESS_MS - 1))
    assert [each.end for each in live.tick(end + LATENESS_MS) if each.closed] == [end]
    assert live.tick(end + LATENESS_MS) == []


def test_a_surge_is_told_inside_its_hour_when_windows_agree(month):
    live = series()
    feed(live, month)
    start = MONDAY + 28 * DAY_MS + 12 * HOUR_MS
    feed(live, points(0.5, start=MONDAY + 28 * DAY_MS))
    judged = feed(live, [(start + at * FIVE, 60) for at in range(12)])
    ends = [each.end for each in judged if each.anomalous]
    assert ends
    assert start + 15 * MINUTE_MS <= ends[0] <= start + 45 * MINUTE_MS
    assert all(not each.closed and each.judgement.z > 0 for each in judged if each.anomalous)
    before = dict(live.profile.buckets)
    live.tick(start + 2 * HOUR_MS)
    assert [bucket[:7] for bucket in live.profile.buckets.values()] == [bucket[:7] for bucket in before.values()]


def test_a_window_off_for_a_moment_is_no_anomaly(month):
    live = series()
    feed(live, month)
    start = MONDAY + 28 * DAY_MS
    brief = [(time, value + 30 if time == start + 3 * HOUR_MS else value) for time, value in points(0.2, start=start)]
    early = [each for each in feed(live, brief) if each.end < start + 3 * HOUR_MS + 15 * MINUTE_MS]
    assert any(abs(each.judgement.z) > 3 for each in early)
    assert not any(each.anomalous for each in early)


def test_order_within_the_lateness_changes_nothing():
    told = points(16, seed=3)
    random = Random(4)
    shuffled = sorted(told, key=lambda each: each[0] + random.randrange(LATENESS_MS))
    assert shuffled != told
    first, second = series(), series()
    end = told[-1][0] + DAY_MS
    assert feed(first, told) + first.tick(end) == feed(second, shuffled) + second.tick(end)
    assert first.record == second.record
    assert first.profile.baseline == second.profile.baseline
    assert first.profile.buckets == second.profile.buckets


def test_what_comes_after_the_lateness_is_not_counted():
    live = series()
    feed(live, points(1))
    bins = list(live.record.bins)
    assert live.step(MONDAY + 12 * HOUR_MS, 999) == []
    assert live.record.bins == bins


def test_a_point_an_hour_is_judged_by_hours_alone():
    live = series()
    judged = feed(live, points(28, step=HOUR_MS))
    assert judged
    assert all(each.closed for each in judged)
    surge = live.step(MONDAY + 28 * DAY_MS, 90) + live.tick(MONDAY + 28 * DAY_MS + 2 * HOUR_MS)
    assert [each.anomalous for each in surge][-1:] == [True]


def test_a_gap_judges_nothing_and_an_hour_hardly_seen_teaches_nothing(month):
    live = series()
    feed(live, month)
    later = MONDAY + 33 * DAY_MS
    before = dict(live.profile.buckets)
    judged = feed(live, [(later, 9), (later + FIVE, 9), (later + DAY_MS, 9)])
    assert not any(each.end > MONDAY + 28 * DAY_MS + HOUR_MS for each in judged)
    monday = {hour: bucket for hour, bucket in live.profile.buckets.items() if bucket != before.get(hour)}
    assert set(monday) <= {167}


def test_hours_under_maintenance_are_not_learned(month):
    live = series()
    feed(live, month)
    start = MONDAY + 28 * DAY_MS
    kept: Any = Series(live.profile, live.record, timezone="UTC", may_learn=lambda hour: hour < start)
    judged = feed(kept, points(0.5, start=start))
    assert {each.judgement.why for each in judged if each.closed and each.judgement.start >= start} == {
        "under maintenance"
    }


def test_what_is_kept_is_bounded_at_any_cadence():
    live = series()
    most = 0
    for second in range(3 * 3_600):
        live.step(MONDAY + second * 1_000, 1)
        most = max(most, len(live.record.bins))
    assert most <= (WINDOW_MS + LATENESS_MS) // MINUTE_MS + 1
    live.step(MONDAY + 30 * DAY_MS, 1)
    assert len(live.record.bins) <= WINDOW_MS // MINUTE_MS + 1


def test_when_time_was_let_pass_between_makes_no_difference():
    told = points(16, seed=5)
    first, second = series(), series()
    judged = feed(first, told)
    also = []
    for time, value in told:
        for minute in range(5):
            also += second.tick(time - FIVE + minute * MINUTE_MS)
        also += second.step(time, value)
    assert judged == also
    assert first.record == second.record


def test_trouble_is_told_when_confirmed_and_then_at_most_once_an_hour(month):
    live = series()
    feed(live, month)
    start = MONDAY + 28 * DAY_MS
    judged = feed(live, [(start + at * MINUTE_MS, 60) for at in range(0, 6 * 60, 5)])
    anomalous = [each for each in judged if each.anomalous]
    ends = [each.end for each in judged if each.tell]
    assert len(anomalous) > 20
    assert 5 <= len(ends) <= 6
    assert ends[0] == anomalous[0].end
    assert all(second - first >= HOUR_MS for first, second in pairwise(ends))
    assert all(each.anomalous for each in judged if each.tell)


def test_new_trouble_within_the_hour_is_told_anew(month):
    live = series()
    feed(live, month)
    start = MONDAY + 28 * DAY_MS
    usual = [value for _, value in points(1 / 24, start=start)]
    levels = [*[60] * 4, *usual[:7], *[60] * 6]
    judged = feed(live, [(start + at * FIVE, value) for at, value in enumerate(levels)])
    judged += live.tick(start + 90 * MINUTE_MS)
    first, second = [each.end for each in judged if each.tell and not each.closed]
    assert second - first < HOUR_MS


def test_points_of_an_hour_that_time_closed_are_not_counted():
    live = series()
    for minute in range(0, 30, 5):
        live.step(MONDAY + minute * MINUTE_MS, 3)
    assert [each.points for each in live.tick(MONDAY + HOUR_MS + LATENESS_MS) if each.closed] == [6]
    assert feed(live, [(MONDAY + minute * MINUTE_MS, 3) for minute in range(30, 60, 5)]) == []
    assert live.tick(MONDAY + 3 * HOUR_MS) == []


def test_the_first_fraction_changes_the_law_once_its_minute_is_passed(month):
    live = series()
    feed(live, month)
    start = MONDAY + 28 * DAY_MS
    live.step(start, 7.5)
    assert live.profile.baseline.counts
    live.step(start + LATENESS_MS + MINUTE_MS, 8)
    assert not live.profile.baseline.counts


def test_halves_are_no_counts():
    live = series()
    live.step(MONDAY, 1.5)
    live.step(MONDAY + FIVE, 1.5)
    feed(live, points(1))
    assert not live.profile.baseline.counts
