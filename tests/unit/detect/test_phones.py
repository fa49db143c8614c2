"""Phones that tell one half of the story. T0 is midnight."""

from __future__ import annotations

import pytest

from nocd.detect.phones import Phones
from nocd.domain.event import Event
from nocd.domain.instant import from_ms
from nocd.domain.severity import Severity
from tests.build import T0, event
from tests.build_field import Field, company, hours, minutes, played, punch, shift
from tests.unit.detect.build_watch import done, fixes, phones, removal, scan, span, task, tour

PHANTOM, GPS, PHONE = "PHANTOM_GUARD", "DEVICE_GPS_FAILURE", "DEVICE_PHONE_FAILURE"
COMES = [*company("P1"), shift("P1", 0, 12), punch("P1", "in", T0)]


def no_position(*more: Event | list[Event], until: float = 90) -> Field:
    """The last position at 0:10, phone events all the time."""
    return played(COMES, fixes("P1", [5, 10]), phones("P1", span(1, until)), *more, until=minutes(until))


def test_five_phone_events_and_no_position_in_an_hour_are_a_failed_receiver() -> None:
    run = no_position()
    found = run.of(GPS)
    assert [each.time for each in found] == [minutes(70) + 1]
    assert found[0].severity is Severity.HIGH
    assert found[0].evidence["phone_events_count"] == 6
    assert run.alerts(GPS) == [("open", 1)]
    assert not run.of(PHONE)


def test_a_position_within_the_hour_is_none() -> None:
    assert not no_position(fixes("P1", [70])).of(GPS)


def test_fewer_than_five_phone_events_say_nothing() -> None:
    assert not played(COMES, fixes("P1", [5, 10]), phones("P1", span(1, 100, 20)), until=minutes(100)).of(GPS)


def test_it_waits_until_the_phone_is_heard_enough() -> None:
    run = played(COMES, fixes("P1", [5, 10]), phones("P1", span(100, 160)), until=minutes(160))
    assert run.of(GPS)[0].time == minutes(145)


def test_the_next_position_ends_it_and_the_end_of_duty_does() -> None:
    assert no_position(fixes("P1", [80])).alerts(GPS) == [("resolved", 1)]
    assert no_position(punch("P1", "out", minutes(80))).alerts(GPS) == [("resolved", 1)]
    assert no_position(until=800).alerts(GPS) == [("resolved", 1)]


def test_a_late_position_withdraws_it() -> None:
    place = fixes("P1", [40])[0].data
    late = Event(
        id="late",
        source="/t",
        type="noc.location.fix",
        time=minutes(40),
        received_at=minutes(80),
        data=place,
        body=b"{}",
    )
    run = no_position(late)
    assert not run.of(GPS)
    assert run.withdrawn(GPS) == 1


def test_a_position_out_of_order_and_twice_keeps_it_quiet() -> None:
    place = fixes("P1", [40])[0].data
    late = [
        Event(
            id=f"l{at}",
            source="/t",
            type="noc.location.fix",
            time=minutes(65),
            received_at=minutes(at),
            data=place,
            body=b"{}",
        )
        for at in (68, 69)
    ]
    assert not no_position(late).of(GPS)


def test_a_phone_that_never_sent_a_position_is_not_judged() -> None:
    assert not played(COMES, phones("P1", span(1, 200)), until=minutes(200)).of(GPS)


def test_where_positions_come_every_ten_minutes_an_hour_is_not_enough() -> None:
    run = played(COMES, fixes("P1", span(0, 120)), phones("P1", span(1, 290)), until=minutes(290))
    assert minutes(240) < run.of(GPS)[0].time < minutes(255)


@pytest.mark.parametrize(("colleague", "after"), [([], 60), (span(0, 180), 133)])
def test_who_just_came_is_judged_by_what_those_before_them_showed(colleague: list[float], after: int) -> None:
    before = [punch("P2", "in", T0), *fixes("P2", colleague), punch("P2", "out", minutes(181))]
    comes = [punch("P1", "in", minutes(170)), *fixes("P1", [171, 175]), *phones("P1", span(171, 330))]
    run = played(company("P1", "P2", "P3"), punch("P3", "in", T0), before, comes, until=minutes(330))
    assert [each.time // 60_000 for each in run.of(GPS)] == [minutes(175 + after) // 60_000]


PAUSED = [punch("P1", "break_start", minutes(40)), punch("P1", "break_end", minutes(75))]


def test_a_break_neither_ends_a_pause_nor_adds_to_it() -> None:
    run = no_position(PAUSED, until=110)
    assert [each.time for each in run.of(GPS)] == [minutes(105) + 1]
    assert not no_position(PAUSED, until=105).of(GPS)


def test_a_position_sent_in_a_break_ends_a_pause() -> None:
    assert not no_position(PAUSED, fixes("P1", [60]), until=134).of(GPS)


def test_positions_and_no_phone_event_are_a_failed_phone() -> None:
    run = played(COMES, phones("P1", [5, 10]), fixes("P1", span(1, 90)), until=minutes(90))
    assert [each.time for each in run.of(PHONE)] == [minutes(70) + 1]
    assert run.of(PHONE)[0].severity is Severity.HIGH
    assert not played(COMES, phones("P1", [5, 10, 70]), fixes("P1", span(1, 90)), until=minutes(90)).of(PHONE)


IDLE = [*fixes("P1", span(0, 240)), *phones("P1", span(1, 240))]


def idle(*more: Event | list[Event], until: float = 200) -> Field:
    return played(COMES, IDLE, *more, until=minutes(until))


def test_positions_without_the_work_that_was_due_are_a_phantom() -> None:
    run = idle(tour(60))
    found = run.of(PHANTOM)
    assert [each.time for each in found] == [minutes(120)]
    assert found[0].severity is Severity.MEDIUM
    assert found[0].evidence["location_updates_count"] == 12
    assert idle(task(20, 60)).of(PHANTOM)
    assert idle(task(20, None, priority="MEDIUM")).of(PHANTOM)


def test_a_scan_or_a_task_within_the_window_is_work() -> None:
    assert not idle(tour(60), scan("P1", 61)).of(PHANTOM)
    assert not idle(tour(60), done("P1", 61)).of(PHANTOM)


def test_where_nothing_was_due_idleness_is_none() -> None:
    assert not idle(tour(60, person="P2")).of(PHANTOM)
    assert not idle(tour(60, cancelled=True), task(20, 60, completed_at=from_ms(minutes(50)))).of(PHANTOM)


def test_too_few_positions_make_no_phantom() -> None:
    few = [*fixes("P1", span(0, 240, 40)), *phones("P1", span(1, 240))]
    assert not played(COMES, few, tour(60), until=minutes(200)).of(PHANTOM)


def test_the_scan_ends_it_and_so_does_the_passing_of_what_was_due() -> None:
    assert idle(tour(60), scan("P1", 150)).alerts(PHANTOM) == [("resolved", 1)]
    assert idle(tour(60)).alerts(PHANTOM) == [("resolved", 1)]


def test_what_anyone_may_do_counts_as_done_by_a_colleague() -> None:
    other = [*company("P2"), punch("P2", "in", T0), scan("P2", 61)]
    assert not idle(tour(60, person=None), other).of(PHANTOM)
    assert idle(tour(60, person=None)).of(PHANTOM)


def test_a_break_begins_the_window_anew() -> None:
    pause = [punch("P1", "break_start", minutes(50)), punch("P1", "break_end", minutes(70))]
    assert not idle(tour(60), pause, until=185).of(PHANTOM)


def test_a_person_who_is_removed_is_no_longer_claimed_of() -> None:
    run = no_position()
    run.feed([removal("noc.person", "P1", run.engine.now), removal("noc.task", "K", run.engine.now)])
    assert not run.of(GPS)


def test_a_shift_far_ahead_touches_nobody_and_without_duty_nothing_is_due() -> None:
    scene = played(company("P1")).engine.scene
    assert Phones().keys(shift("P1", 100, 110), scene) == ()
    assert Phones().due("P1", None, T0, scene) is None


def test_what_nobody_was_given_is_asked_of_those_on_duty() -> None:
    scene = played(COMES).engine.scene
    assert Phones().keys(tour(60, person=None), scene) == ["P1"]


@pytest.mark.parametrize("kind", [PHANTOM, GPS, PHONE])
def test_off_duty_nothing_is_claimed(kind: str) -> None:
    alone = [*company("P1"), *IDLE, event("noc.phone.event", at=hours(1), person="P1", kind="login")]
    assert not played(alone, tour(60), until=hours(6)).of(kind)
