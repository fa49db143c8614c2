"""Guards who show no sign of life at night. T0 is midnight; nights begin at 20:00, hour 20."""

from __future__ import annotations

import pytest

from nocd.detect.night import Night, moving, night
from nocd.domain.event import Event
from nocd.domain.instant import HOUR_MS, MINUTE_MS, from_ms
from nocd.domain.severity import Severity
from tests.build import T0, event
from tests.build_field import Field, company, hours, played, punch, shift
from tests.unit.detect.build_watch import at_hour, done, fixes, phones, removal, scan, span, task, tour

KIND = "GUARD_INACTIVITY"
EVENING = at_hour(19)  # duty from 19:00 on
COMES = [*company("P1"), shift("P1", 19, 31), punch("P1", "in", hours(19))]
AWAKE_TO = at_hour(21)


def awake(first: float = EVENING, last: float = AWAKE_TO) -> list[Event]:
    """A guard who walks about with a phone that tells so."""
    return [*phones("P1", span(first, last)), *fixes("P1", span(first, last), step_m=20.0)]


def asleep(*more: Event | list[Event], until: float = 24.0) -> Field:
    return played(COMES, awake(), *more, until=hours(until))


def test_a_guard_without_any_sign_for_a_window_is_inactive_and_told_of_every_five_minutes() -> None:
    run = asleep(until=23.5)
    found = run.of(KIND)
    assert [each.evidence["consecutive_windows"] for each in found] == [1, 2, 3, 4, 5, 6, 7]
    assert found[0].time == hours(23)
    assert found[0].severity is Severity.CRITICAL
    assert found[0].evidence["missing"] == ["phone", "movement"]
    assert run.alerts(KIND) == [("open", 7)]


def test_a_window_is_not_over_a_moment_before_its_end() -> None:
    assert not played(COMES, awake(), until=hours(23) - MINUTE_MS).of(KIND)


def test_a_sign_at_the_very_end_of_the_window_keeps_it_quiet() -> None:
    assert not asleep(phones("P1", [AWAKE_TO + 120 - 1 / 60_000]), until=24).of(KIND)


def test_the_next_sign_of_life_ends_it_at_its_own_time() -> None:
    run = asleep(phones("P1", [at_hour(23) + 12]), until=24)
    assert [each.evidence["consecutive_windows"] for each in run.of(KIND)] == [1, 2, 3]
    assert run.alerts(KIND) == [("resolved", 3)]


def test_it_goes_on_over_midnight_as_one_alert() -> None:
    run = asleep(until=25)
    assert run.alerts(KIND) == [("open", 25)]


def test_a_guard_who_is_awake_all_night_is_quiet() -> None:
    assert not played(COMES, awake(last=at_hour(31)), until=hours(32)).of(KIND)


def test_a_late_upload_withdraws_it() -> None:
    late = event(
        "noc.phone.event", at=hours(22), received_at=hours(23.2), event_id="late", person="P1", kind="device_log"
    )
    run = played(COMES, awake(), late, until=hours(23.5))
    assert not run.of(KIND)
    assert run.withdrawn(KIND) == 3


def test_an_upload_that_comes_late_but_in_time_and_twice_gives_none() -> None:
    late = [
        event(
            "noc.phone.event",
            at=hours(22.9),
            received_at=hours(23) - each,
            event_id=f"late{each}",
            person="P1",
            kind="device_log",
        )
        for each in (1_000, 2_000)
    ]
    assert not played(COMES, awake(), late, until=hours(24)).of(KIND)


def test_by_day_nobody_is_judged_and_the_night_ends_it() -> None:
    run = played(COMES, awake(last=at_hour(28)), until=hours(32))
    assert run.of(KIND)[0].time == hours(30)
    assert run.of(KIND)[-1].time == hours(31) - 5 * MINUTE_MS
    assert run.alerts(KIND) == [("resolved", 12)]


def test_punching_out_ends_it() -> None:
    run = asleep(punch("P1", "out", hours(23.2)), until=24)
    assert run.alerts(KIND) == [("resolved", 3)]


def test_a_break_is_no_inactivity_and_the_window_begins_after_it() -> None:
    pause = [punch("P1", "break_start", hours(22)), punch("P1", "break_end", hours(22.5))]
    run = asleep(pause, until=24.6)
    assert run.of(KIND)[0].time == hours(24.5)


def test_a_break_nobody_ended_lasts_an_hour() -> None:
    run = asleep(punch("P1", "break_start", hours(22)), until=25.1)
    assert run.of(KIND)[0].time == hours(25)


def test_an_unknown_phone_is_not_judged() -> None:
    assert not played(COMES, tour(EVENING + 90), until=hours(26)).of(KIND)


def test_a_phone_is_judged_only_a_window_after_it_was_first_heard() -> None:
    run = played(COMES, phones("P1", [at_hour(22)]), until=hours(25))
    assert run.of(KIND)[0].time == hours(24)


def test_a_tour_left_out_alone_says_too_little_of_one_whose_phone_is_heard_for_the_first_time() -> None:
    heard = [*phones("P1", span(EVENING + 5, at_hour(24))), *fixes("P1", span(EVENING + 5, at_hour(24)), step_m=20.0)]
    assert not played(COMES, heard, tour(EVENING + 60), until=hours(23)).of(KIND)


def test_a_stop_of_the_daemon_is_not_judged() -> None:
    run = played(COMES, awake())
    run.beat(hours(21))
    run.beat(hours(23))
    run.pass_time(hours(24.9))
    assert not run.of(KIND)
    run.pass_time(hours(25))
    assert run.of(KIND)[0].time == hours(25)


def test_a_phone_that_lies_still_with_a_tour_and_a_task_undone_is_inactive() -> None:
    beside = phones("P1", span(AWAKE_TO, at_hour(25)))
    still = fixes("P1", span(AWAKE_TO, at_hour(25)))
    run = asleep(beside, still, tour(at_hour(22)), task(at_hour(21.5), at_hour(22.5)), until=23.4)
    found = run.of(KIND)
    assert found[0].severity is Severity.HIGH
    assert found[0].evidence["score"] == 0.8
    assert found[0].evidence["missing"] == ["movement", "tasks", "tours"]


def test_the_tour_walked_is_no_inactivity() -> None:
    beside = phones("P1", span(AWAKE_TO, at_hour(25)))
    assert not asleep(
        beside, tour(at_hour(22)), task(at_hour(21.5), at_hour(22.5)), scan("P1", at_hour(22)), until=24.9
    ).of(KIND)


def test_in_the_deep_of_night_weights_are_others_and_less_is_too_little() -> None:
    to = at_hour(29)
    beside = phones("P1", span(EVENING, at_hour(31)))
    walks = fixes("P1", span(EVENING, at_hour(24)), step_m=20.0)
    run = played(COMES, beside, walks, fixes("P1", span(at_hour(24) + 10, to)), tour(at_hour(25)), until=hours(31))
    found = run.of(KIND)
    assert found[0].evidence["score"] == 0.84
    assert found[0].severity is Severity.HIGH
    assert run.alerts(KIND)[0][0] == "resolved"


def test_what_anyone_may_do_counts_as_done_by_a_colleague() -> None:
    others = [*company("P2"), punch("P2", "in", hours(19)), scan("P2", at_hour(25)), done("P2", at_hour(25))]
    beside = phones("P1", span(EVENING, at_hour(31)))
    still = fixes("P1", span(EVENING, at_hour(31)))
    dues = [tour(at_hour(25), person=None), task(at_hour(24.5), at_hour(25.5), person=None)]
    assert not played(COMES, others, beside, still, dues, until=hours(27)).of(KIND)
    alone = played(COMES, beside, still, dues, until=hours(27))
    assert alone.of(KIND)[0].evidence["missing"] == ["movement", "tours"]
    assert ["movement", "tasks", "tours"] in [each.evidence["missing"] for each in alone.of(KIND)]


def test_a_due_given_to_nobody_is_asked_of_those_on_duty_when_it_is_entered() -> None:
    beside = [*phones("P1", span(EVENING, at_hour(31))), *fixes("P1", span(EVENING, at_hour(31)))]
    wanted = event("noc.task", at=hours(25), id="K2", site="S1", created_at=from_ms(hours(25)), priority="CRITICAL")
    assert played(COMES, beside, wanted, until=hours(26)).of(KIND)[0].time == hours(25.25)


def test_what_was_called_off_is_not_expected() -> None:
    dues = [tour(at_hour(25), cancelled=True), task(at_hour(24.5), at_hour(25.5), completed_at=from_ms(hours(25)))]
    beside = [*phones("P1", span(EVENING, at_hour(31))), *fixes("P1", span(EVENING, at_hour(31)))]
    assert not played(COMES, beside, dues, until=hours(27)).of(KIND)


def test_at_a_static_post_no_movement_is_expected() -> None:
    post = [*company("P1"), shift("P1", 19, 31, static_post=True), punch("P1", "in", hours(19))]
    beside = [*phones("P1", span(EVENING, at_hour(31))), *fixes("P1", span(EVENING, at_hour(31)))]
    run = played(post, beside, tour(at_hour(25)), until=hours(27))
    assert not run.of(KIND)


def test_less_may_be_expected_from_some_hour_on() -> None:
    beside = [*phones("P1", span(EVENING, at_hour(31))), *fixes("P1", span(EVENING, at_hour(31)))]
    run = played(COMES, beside, tour(at_hour(25)), until=hours(29.5))
    ledger = [row.reason for outcome in run.outcomes for row in outcome.ledger if "less was expected" in row.reason]
    assert ledger


def test_a_person_who_is_removed_is_no_longer_claimed_of() -> None:
    run = asleep(until=23.2)
    run.feed([removal("noc.person", "P1", run.engine.now)])
    assert not run.of(KIND)
    run.feed([removal("noc.task", "K1", run.engine.now)])


def test_someone_off_duty_has_nothing_due() -> None:
    run = played(company("P1"))
    assert Night().due("P1", None, T0, run.engine.scene) is None
    assert Night().final_before("P1", None, run.engine.scene) == 0


@pytest.mark.parametrize(("day", "hours_long"), [(739_523, 11), (739_703, 10)])
def test_a_night_is_of_the_sites_clock_even_where_that_is_put_forward(day: int, hours_long: int) -> None:
    whole, deep = night("Europe/Berlin", day)
    assert whole[1] - whole[0] == hours_long * HOUR_MS
    assert deep[0] > whole[0]


def test_many_small_steps_are_a_movement() -> None:
    assert moving([(0, 4.0), (60_000, 4.0), (120_000, 4.0)], HOUR_MS) == [(120_000, HOUR_MS)]
    assert moving([(0, 4.0), (HOUR_MS, 4.0)], HOUR_MS) == []
    assert moving([(0, 11.0), (60_000, 12.0)], HOUR_MS) == [(0, HOUR_MS + 60_000)]
