"""Sites with too few people on duty. T0 is midnight."""

from __future__ import annotations

from nocd.detect.coverage import Coverage, manned
from nocd.domain.event import Event
from tests.build import T0, event
from tests.build_field import Field, company, hours, minutes, played, punch, shift
from tests.unit.detect.build_watch import removal

KIND = "COVERAGE_GAP"
TWO = [*company("P1", "P2", required_guards=2), shift("P1", 0, 8), shift("P2", 0, 8)]
BOTH = [punch("P1", "in", T0), punch("P2", "in", T0)]


def short(*more: Event | list[Event], until: float = 120) -> Field:
    return played(TWO, BOTH, punch("P2", "out", minutes(60)), *more, until=minutes(until))


def test_too_few_people_for_a_quarter_of_an_hour_are_a_gap() -> None:
    run = short()
    found = run.of(KIND)
    assert [each.time for each in found] == [minutes(75)]
    assert found[0].evidence["on_duty"] == 1
    assert found[0].evidence["required_guards"] == 2
    assert run.alerts(KIND) == [("open", 1)]


def test_a_relief_within_the_quarter_is_none() -> None:
    assert not short(punch("P2", "in", minutes(75) - 1)).of(KIND)


def test_a_late_punch_withdraws_it() -> None:
    run = short(punch("P2", "in", minutes(74), received_at=minutes(82)), until=119)
    assert not run.of(KIND)
    assert run.withdrawn(KIND) == 1


def test_the_same_punch_twice_fills_one_post() -> None:
    run = short(punch("P1", "in", minutes(61)), punch("P1", "in", minutes(62), event_id="twice"))
    assert len(run.of(KIND)) == 1


def test_who_comes_ends_it() -> None:
    assert short(punch("P2", "in", minutes(90))).alerts(KIND) == [("resolved", 1)]


def test_nobody_at_all_is_a_gap_from_the_shifts_begin() -> None:
    assert played(TWO, until=minutes(20)).of(KIND)[0].evidence["on_duty"] == 0


def test_between_shifts_a_site_open_round_the_clock_needs_its_people() -> None:
    later = [shift("P1", 10, 12), shift("P2", 10, 12)]
    outs = [punch("P1", "out", hours(8)), punch("P2", "out", hours(8))]
    assert played(TWO, BOTH, later, outs, until=hours(9)).of(KIND)[0].time == hours(8.25)


def test_a_site_that_closes_needs_them_while_shifts_are_planned() -> None:
    closing = [*company("P1", required_guards=1, open_24h=False), shift("P1", 0, 8), shift("P1", 10, 12)]
    assert not played(closing, punch("P1", "in", T0), punch("P1", "out", hours(8)), until=hours(10)).of(KIND)


def test_after_the_last_shift_that_is_known_nothing_is_claimed() -> None:
    outs = [punch("P1", "out", hours(8)), punch("P2", "out", hours(8))]
    assert not played(TWO, BOTH, outs, until=hours(20)).of(KIND)


def test_without_any_shifts_those_on_duty_are_counted() -> None:
    loose = [*company("P1", required_guards=2), punch("P1", "in", T0)]
    assert played(loose, until=hours(1)).of(KIND)[0].time == minutes(15)
    assert not played(company("P1", required_guards=2), until=hours(1)).of(KIND)


def test_a_site_that_requires_nobody_is_not_judged() -> None:
    assert not played(company("P1"), shift("P1", 0, 8), until=hours(4)).of(KIND)


def test_a_contract_that_asks_for_more_is_judged_at_once() -> None:
    run = played(company("P1"), shift("P1", 0, 8), punch("P1", "in", T0))
    run.feed(company(required_guards=3)[:1])
    run.pass_time(minutes(30))
    assert run.of(KIND)[0].evidence["required_guards"] == 3


def test_a_stop_of_the_daemon_is_not_judged() -> None:
    run = played(TWO, BOTH, punch("P2", "out", minutes(5)))
    run.beat(minutes(6))
    run.beat(minutes(60))
    run.pass_time(minutes(74))
    assert not run.of(KIND)


def test_a_site_that_is_removed_is_no_longer_claimed_of() -> None:
    run = short()
    run.feed([removal("noc.site", "S1", run.engine.now), removal("noc.task", "K", run.engine.now)])
    assert not run.of(KIND)


def test_a_shift_far_ahead_touches_nobody() -> None:
    scene = played(TWO).engine.scene
    assert Coverage().keys(shift("P1", 100, 110), scene) == ()
    assert Coverage().due("S2", None, T0, played(company("P1", required_guards=1)).engine.scene) is None


def test_heads_are_counted_where_duties_overlap() -> None:
    assert manned([(0, 10), (5, 20)], 2) == [(5, 10)]
    assert manned([], 1) == []


def test_no_event_is_lost_on_a_provisional_site() -> None:
    run = played(event("noc.attendance.punch", person="X", site="Y", direction="in", method="PIN"), until=hours(1))
    assert not run.of(KIND)


def test_a_contract_that_asks_for_fewer_ends_a_gap_however_long_it_lasted() -> None:
    plan = [shift("P1", 0, 40), shift("P2", 0, 40)]
    run = played(company("P1", required_guards=2), plan, punch("P1", "in", hours(0)), until=hours(30))
    assert run.alerts("COVERAGE_GAP") == [("suppressed", 1)]  # who did not come explains it
    run.feed([event("noc.site", at=hours(31), id="S1", name="Site S1", timezone="UTC")])
    assert run.alerts("COVERAGE_GAP") == [("resolved", 1)]
