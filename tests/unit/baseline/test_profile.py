"""What is usual: pooled until it can carry a judgement, spread that is never nothing, peers for the new."""

from __future__ import annotations

import pytest

from nocd.baseline.calendar import slot
from nocd.domain.baseline import STABLE_SAMPLES, Level
from nocd.domain.instant import DAY_MS, HOUR_MS
from tests.unit.baseline.weeks import MONDAY, WEEK_MS, busy, chancy, fresh, run, steady


def week(profile, day: int, peers=()):
    return [profile.expect(slot(MONDAY + day * DAY_MS + hour * HOUR_MS, "UTC"), peers) for hour in range(168)]


def test_nothing_is_expected_of_the_unknown():
    assert week(fresh(), 0) == [None] * 168


def test_less_than_ten_samples_are_not_stable():
    profile = fresh()
    run(profile, 9)
    assert not any(told.stable for told in week(profile, 9))


def test_fourteen_days_are_stable_at_every_hour():
    profile = fresh()
    run(profile, 14, chancy(1))
    told = week(profile, 14)
    assert all(each.stable and each.effective_n >= STABLE_SAMPLES for each in told)
    assert {each.level for each in told[:120]} <= {Level.HOUR, Level.WEEKPART}
    assert {each.level for each in told[120:]} == {Level.HOUR}


def test_mature_hours_are_carried_by_their_weekpart_and_reach_its_kish_counts():
    profile = fresh()
    run(profile, 700, chancy(2))
    told = week(profile, 700)
    weekdays = [each.effective_n for each in told[:120] if each.level is Level.WEEKPART]
    weekends = [each.effective_n for each in told[120:] if each.level is Level.WEEKPART]
    assert len(weekdays) > 100
    assert all(count == pytest.approx(115, abs=7) for count in weekdays)
    assert all(count == pytest.approx(46, abs=3) for count in weekends)
    counts = profile.effective_ns(slot(MONDAY + 700 * DAY_MS, "UTC").day)
    assert len(counts) == 168
    assert sorted(counts)[84] > 100


def test_an_hour_unlike_its_weekpart_carries_itself():
    profile = fresh()
    run(profile, 700, chancy(3, lambda at: 80.0 if at.hour_of_week == 26 else busy(at)))
    told = profile.expect(slot(MONDAY + 100 * WEEK_MS + 26 * HOUR_MS, "UTC"))
    assert told.level is Level.BUCKET
    assert told.effective_n == pytest.approx(23, abs=1.5)
    assert told.mean == pytest.approx(80, rel=0.1)


@pytest.mark.parametrize("constant", [0.0, 7.0])
@pytest.mark.parametrize("counts", [True, False])
def test_a_constant_metric_still_has_a_spread(constant, counts):
    profile = fresh(counts=counts)
    run(profile, 60, lambda at: constant)
    told = profile.expect(slot(MONDAY + 60 * DAY_MS, "UTC"))
    assert told.mean == pytest.approx(constant, abs=0.01)
    assert told.spread() > 0
    assert 3 < told.z(constant + 14) < 1e9
    if counts:
        assert told.spread() >= max(constant, 0.5) ** 0.5 - 0.01


def test_temperatures_below_zero_are_symmetric():
    profile = fresh(metric="temperature_c")
    run(profile, 60, lambda at: -10.0 + at.hour_of_week % 5)
    told = profile.expect(slot(MONDAY + 60 * DAY_MS, "UTC"))
    assert not profile.baseline.counts
    assert profile.baseline.signed
    assert told.z(told.mean + 3) == pytest.approx(-told.z(told.mean - 3))


def test_a_new_site_borrows_from_stable_peers_until_it_is_stable():
    peers = [fresh(), fresh(), fresh()]
    for seed, peer in enumerate(peers):
        run(peer, 30, chancy(seed))
    newcomer = fresh()
    told = week(newcomer, 30, peers)
    assert all(each.borrowed and each.stable and each.level is Level.PEERS for each in told)
    assert told[12].mean == pytest.approx(20, rel=0.3)
    run(newcomer, 14, chancy(9), start=MONDAY + 30 * DAY_MS, peers=peers)
    assert not any(each.borrowed for each in week(newcomer, 44, peers))


def test_unstable_peers_lend_nothing():
    peer = fresh()
    run(peer, 3)
    assert week(fresh(), 3, [peer]) == [None] * 168


def test_one_peer_alone_is_trusted_less_than_several_that_agree():
    one, two = fresh(), fresh()
    run(one, 30)
    run(two, 30)
    at = slot(MONDAY + 30 * DAY_MS, "UTC")
    assert fresh().expect(at, [one]).spread() > fresh().expect(at, [one, two]).spread()


def test_a_season_moves_what_is_usual_faster_than_buckets_forget():
    profile = fresh()
    run(profile, 60, lambda at: 100.0)
    run(profile, 14, lambda at: 115.0, start=MONDAY + 60 * DAY_MS)
    told = profile.expect(slot(MONDAY + 74 * DAY_MS, "UTC"))
    assert told.mean > 109


def test_heads_share_what_is_not_chance():
    profile = fresh()
    run(profile, 30, steady)
    told = profile.expect(slot(MONDAY + 30 * DAY_MS + 12 * HOUR_MS, "UTC"))
    assert 2 * told.spread(1) > told.spread(4) / 2 >= told.spread(1)
