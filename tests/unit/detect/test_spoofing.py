"""Positions that are made up: mocked, out of reach, frozen, at null island; and honest ones that look alike."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from nocd.detect.ordered import PENDING_MAX
from nocd.detect.registry import CATALOG
from nocd.detect.rules import Rules
from nocd.detect.spoofing import PHONES_MAX, Spoofing
from nocd.domain.instant import MINUTE_MS, SECOND_MS
from nocd.domain.severity import Severity
from nocd.domain.shelf import Shelves
from nocd.engine import Engine
from nocd.store.codec import encode
from tests.build import ALONE, T0, event
from tests.build_field import HERE, Field, company, hours, minutes, played, punch, shift
from tests.build_place import KM, along, fix, stepped

if TYPE_CHECKING:
    from nocd.domain.event import Event

LATER = hours(12)


def spoofs(*parts: Event | list[Event], until: int | None = LATER) -> list[tuple[str, int]]:
    """Return (sort, minute) of each standing finding of these events."""
    return told(played(company("P1"), *parts, until=until))


def told(run: Field) -> list[tuple[str, int]]:
    return [(each.evidence["sort"], (each.time - T0) // MINUTE_MS) for each in run.of("GPS_SPOOFING")]


def ruled(**settings: Any) -> Field:
    rules = Rules(CATALOG, general={"GPS_SPOOFING": settings})
    return Field(engine=Engine(Shelves(encode), ALONE, rules=rules))


def at_site(at: int, km: float = 0.0, **more: Any) -> Event:
    """Return a punch so many kilometres to the north of site S1."""
    return punch("P1", "in", at, lat=HERE[0] + km * KM, lon=HERE[1], **more)


# mocked


def test_a_mocked_fix_is_claimed_at_once_and_a_run_of_them_is_one_alert_that_counts() -> None:
    run = played(company("P1"), shift("P1", 0, 8), fix(minutes(60), location_mocked=True))
    finding = run.of("GPS_SPOOFING")[0]
    assert (finding.severity, finding.confidence, finding.site) == (Severity.CRITICAL, 0.99, "S1")
    assert finding.reason == (
        "The phone of Guard P1 marks its position at 01:00 as mocked: an app makes it up; see where they are"
    )
    run.feed(fix(minutes(60) + second * SECOND_MS, location_mocked=True) for second in range(1, 900))
    assert told(run) == [("mocked", 60), ("mocked", 65), ("mocked", 70)]
    assert run.alerts("GPS_SPOOFING") == [("open", 3)]


def test_a_fix_marked_as_genuine_or_not_marked_is_none() -> None:
    assert not spoofs(fix(minutes(1), location_mocked=False), fix(minutes(2)))


def test_a_mocked_punch_is_claimed_each_by_itself() -> None:
    two = [at_site(minutes(1), location_mocked=True), at_site(minutes(2), location_mocked=True)]
    assert spoofs(two) == [("mocked", 1), ("mocked", 2)]


def test_a_mocked_fix_that_comes_late_is_claimed_as_it_comes() -> None:
    run = played(company("P1"), fix(minutes(10)), fix(minutes(5), location_mocked=True, received_at=minutes(11)))
    assert told(run) == [("mocked", 5)]


def test_what_comes_later_than_the_lateness_is_not_judged() -> None:
    assert not spoofs(fix(minutes(30)), fix(minutes(5), location_mocked=True, received_at=minutes(31)))


# out of reach


def test_a_jump_that_no_aeroplane_makes_is_found_with_its_figures() -> None:
    run = played(company("P1"), fix(minutes(0), accuracy_m=5.0), fix(minutes(2), 50, accuracy_m=8.0))
    finding = run.of("GPS_SPOOFING")[0]
    assert (finding.severity, finding.confidence, finding.time) == (Severity.CRITICAL, 0.95, minutes(2))
    wanted = {"moved_m": 50_000, "gap_s": 120.0, "speed_kmh": 1_500, "speed_max_kmh": 600.0, "accuracy_m": 8.0}
    assert wanted.items() <= finding.evidence.items()
    assert finding.reason == (
        "The phone of Guard P1 jumped 50.0 km within 2.0 min at 00:02: nobody travels so; see where they are"
    )


def test_at_the_greatest_speed_nothing_is_found_and_just_above_it_is() -> None:
    assert not spoofs(along([(minutes(0), 0), (minutes(3), 29.99)]))
    assert spoofs(along([(minutes(0), 0), (minutes(3), 30.01)])) == [("jump", 3)]


def test_a_second_is_measured_like_a_minute() -> None:
    assert not spoofs(fix(minutes(1)), fix(minutes(1) + SECOND_MS, 9.99))
    assert spoofs(fix(minutes(1)), fix(minutes(1) + SECOND_MS, 10.01)) == [("jump", 1)]


def test_what_is_within_both_accuracies_is_no_jump() -> None:
    assert not spoofs(fix(minutes(1), accuracy_m=15_000.0), fix(minutes(1) + SECOND_MS, 20, accuracy_m=5_001.0))
    assert spoofs(fix(minutes(1), accuracy_m=15_000.0), fix(minutes(1) + SECOND_MS, 20, accuracy_m=4_999.0))


def test_the_greatest_speeds_can_be_set() -> None:
    run = ruled(speed_max_kmh=1_000.0)
    run.feed([*company("P1"), *along([(minutes(1), 0), (minutes(2), 16)])])
    assert not told(run)
    run = ruled(punch_speed_max_kmh=60.0)
    run.feed([*company("P1"), fix(minutes(1)), at_site(minutes(11), 11)])
    assert told(run) == [("punch", 11)]


def test_a_phone_that_jumps_and_stays_is_told_again_until_it_could_have_come() -> None:
    there = along([(minutes(minute), 150) for minute in range(1, 40)])
    assert spoofs(fix(minutes(0)), there) == [("jump", 1), ("jump", 5), ("jump", 10)]


def test_far_away_it_is_told_as_long_as_nobody_could_have_come_and_seconds_say_nothing_of_speed() -> None:
    there = [(minutes(minute), 400 + minute / 100) for minute in (1, 1.02, 1.04, *range(2, 60))]
    assert [minute for _, minute in spoofs(fix(minutes(0)), along(there))] == [1, *range(5, 41, 5)]


def test_a_phone_that_comes_back_is_no_second_jump() -> None:
    way = [(minutes(0), 0), (minutes(1), 100), (minutes(2), 100), (minutes(3), 0.1), (minutes(4), 0.2)]
    assert spoofs(along(way)) == [("jump", 1)]


def test_a_flight_in_steps_is_travel_once_it_goes_on_as_fast() -> None:
    taxi: list[tuple[int, float]] = [(minutes(minute), 0.3 * minute) for minute in range(10)]
    cruise: list[tuple[int, float]] = [(minutes(9 + minute), 3 + 14 * minute) for minute in range(1, 30)]
    run = played(company("P1"), along(taxi + cruise), until=LATER)
    assert not told(run)
    assert run.withdrawn("GPS_SPOOFING") == 1


@pytest.mark.parametrize("every", [2, 5, 10, 15])
def test_a_flight_is_travel_however_seldom_the_phone_tells(every: int) -> None:
    way = [(minutes(minute), 14.5 * max(0, minute - 31)) for minute in range(0, 120, every)]
    run = played(company("P1"), along(way), until=LATER)
    assert not told(run)
    assert run.withdrawn("GPS_SPOOFING") <= 1


def test_a_flight_whose_phone_tells_its_speed_is_travel_at_once() -> None:
    run = played(company("P1"), along([(minutes(0), 0)]), along([(minutes(1), 14)], speed_mps=230.0))
    assert not run.outcomes[-1].findings


def test_a_phone_switched_off_over_an_ocean_is_no_jump_but_a_faster_one_is() -> None:
    assert not spoofs(along([(hours(0), 0), (hours(4), 3_990)]))
    assert spoofs(along([(hours(0), 0), (hours(4), 4_010)])) == [("jump", 240)]


def test_going_on_slowly_or_the_way_back_is_not_travel() -> None:
    slow = [(minutes(0), 0), (minutes(1), 14), (minutes(2), 15), (minutes(3), 16)]
    assert ("jump", 1) in spoofs(along(slow))
    back = [(minutes(0), 0), (minutes(1), 20), (minutes(2), 8), (minutes(3), 0)]
    assert ("jump", 1) in spoofs(along(back))


def test_a_train_whose_phone_repeats_its_last_position_is_no_jump() -> None:
    before: list[tuple[int, float]] = [(minutes(minute), 2.5 * minute) for minute in range(5)]
    tunnel: list[tuple[int, float]] = [(minutes(4) + no * 5 * SECOND_MS, 10) for no in range(1, 60)]
    after: list[tuple[int, float]] = [(minutes(9), 22.5), (minutes(10), 25)]
    assert not spoofs(along(before + tunnel + after))


def test_a_phone_that_falls_back_on_a_position_it_rested_at_says_nothing_new() -> None:
    rest = [(minutes(0) + no * 5 * SECOND_MS, 0) for no in range(10)]
    away = [(minutes(2) + no * 20 * SECOND_MS, 6 + 2 * no) for no in range(6)]
    again = [(minutes(4), 0), (minutes(4) + 5 * SECOND_MS, 17)]
    assert not spoofs(along(rest + away + again))


def test_a_person_who_stood_still_to_the_letter_and_then_jumps_is_found() -> None:
    still = [(minutes(minute), 0) for minute in range(30)]
    assert spoofs(along([*still, (minutes(30), 50)])) == [("jump", 30)]


def test_late_evidence_that_a_phone_travelled_withdraws_the_jump() -> None:
    run = played(company("P1"), along([(minutes(0), 0), (minutes(9), 100)]))
    assert told(run) == [("jump", 9)]
    run.feed(along([(minutes(minute), 11 * minute) for minute in range(1, 9)], received_at=minutes(10)))
    run.pass_time(minutes(11))
    assert not told(run)
    assert run.withdrawn("GPS_SPOOFING") == 1
    assert run.alerts("GPS_SPOOFING") == [("resolved", 1)]


def test_order_of_arrival_and_repeats_of_the_content_change_nothing() -> None:
    way = along([(minutes(0), 0), (minutes(2), 80), (minutes(4), 80.1), (minutes(6), 0.1)])
    for order in permutations(way):
        late = [replace(each, received_at=minutes(7) + no) for no, each in enumerate((*order, order[0]))]
        assert spoofs(late) == [("jump", 2)]


def test_two_phones_of_one_person_are_two_courses() -> None:
    home = along([(minutes(2 * minute), 60) for minute in range(9)], device="private")
    here = along([(minutes(2 * minute + 1), 0) for minute in range(9)], device="duty")
    assert not spoofs(home, here)
    assert spoofs(home, here, fix(minutes(18), 0, device="private")) == [("jump", 18)]


def test_a_phone_named_only_later_goes_on_with_its_course() -> None:
    assert spoofs(fix(minutes(1)), fix(minutes(2), 40, device="duty")) == [("jump", 2)]


def test_of_too_many_phones_the_silent_one_makes_room_after_a_day() -> None:
    phones = [fix(minutes(no), device=f"D{no}") for no in range(PHONES_MAX)]
    fifth = [fix(minutes(20), device="D9"), fix(minutes(21), 90, device="D9")]
    assert not spoofs(phones, fifth)
    next_day = [fix(hours(30), device="D9"), fix(hours(30) + MINUTE_MS, 90, device="D9")]
    assert spoofs(phones, next_day, until=None) == [("jump", 1801)]


def test_a_phone_is_forgotten_when_it_can_be_anywhere() -> None:
    run = Field()
    run.feed([*company("P1"), fix(minutes(1))])
    assert list(run.engine.shelves.kind("spoofing")) == ["P1"]
    run.pass_time(hours(24 * 4))
    assert not run.engine.shelves.kind("spoofing")


def test_a_phone_whose_positions_are_all_mocked_was_heard_least() -> None:
    mocked = [fix(minutes(1), location_mocked=True, device="M"), fix(minutes(2), device="D")]
    later = [fix(minutes(30), device="D"), at_site(minutes(31), 40, device="T-S1")]
    assert spoofs(mocked, later) == [("mocked", 1), ("punch", 31)]


def test_who_is_past_the_bound_of_the_directory_is_not_followed() -> None:
    assert Spoofing().keys(fix(minutes(1)), Field().engine.scene) == ()


def test_a_phone_event_without_steps_is_not_looked_at() -> None:
    login = event("noc.phone.event", at=minutes(1), person="P1", kind="login")
    assert not played(company("P1"), login).engine.shelves.kind("spoofing")


def test_steps_told_before_any_position_begin_a_course() -> None:
    walked = [stepped(minutes(minute), 40, device="duty") for minute in range(0, 40, 4)]
    still = [fix(minutes(1 + minute), device="duty") for minute in range(0, 40, 5)]
    assert ("frozen", 31) in spoofs(walked, still)


# with a punch


def test_a_punch_far_from_the_phone_is_found() -> None:
    run = played(company("P1"), fix(minutes(1), 30, accuracy_m=10.0), at_site(minutes(5), accuracy_m=10.0))
    finding = run.of("GPS_SPOOFING")[0]
    assert (finding.confidence, finding.time, finding.site) == (0.95, minutes(5), "S1")
    assert finding.reason == (
        "The punch of Guard P1 at 00:05 is 30.0 km from their phone within 4.0 min: "
        "one of the two is faked; see where they are"
    )


def test_a_drive_of_150_kmh_to_the_punch_is_quiet_and_just_above_is_not() -> None:
    assert not spoofs(fix(minutes(0), 24.99), at_site(minutes(10)))
    assert spoofs(fix(minutes(0), 25.01), at_site(minutes(10))) == [("punch", 10)]


def test_a_phone_indoors_and_a_punch_at_the_gate_are_one_place() -> None:
    assert not spoofs(fix(minutes(1), 0.08, accuracy_m=90.0), at_site(minutes(1), accuracy_m=90.0))
    assert not spoofs(fix(minutes(1), 3.5, accuracy_m=3_400.0), at_site(minutes(1), accuracy_m=200.0))


def test_a_phone_heard_only_after_the_punch_is_compared_too() -> None:
    assert spoofs(at_site(minutes(1)), fix(minutes(3), 30)) == [("punch", 1)]
    assert spoofs(fix(minutes(0)), at_site(minutes(1), 30), fix(minutes(2))) == [("punch", 1)]
    assert not spoofs(at_site(minutes(1)), fix(minutes(30), 30))


def test_a_punch_that_comes_late_finds_its_place_in_time() -> None:
    way = along([(minutes(minute), 4 * minute) for minute in range(9)])
    assert not spoofs(way, at_site(minutes(2), 8, received_at=minutes(9)))
    assert spoofs(way, at_site(minutes(2), 38, received_at=minutes(9))) == [("punch", 2)]


def test_a_punch_without_a_position_is_not_judged() -> None:
    assert not spoofs(fix(minutes(1), 300), punch("P1", "in", minutes(2)))


def test_a_punch_by_a_phone_is_compared_with_that_phone() -> None:
    home = fix(minutes(1), 60, device="private")
    assert not spoofs(fix(minutes(0), device="duty"), home, at_site(minutes(2), device="duty"))
    assert spoofs(fix(minutes(0), device="duty"), home, at_site(minutes(2), device="private")) == [("punch", 2)]


def test_a_punch_at_a_terminal_is_compared_with_the_phone_heard_last() -> None:
    phones = [fix(minutes(1), 60, device="private"), fix(minutes(2), device="duty")]
    assert not spoofs(phones, at_site(minutes(4)))
    heard_long_ago = [fix(minutes(1), device="duty"), fix(minutes(40), 60, device="private")]
    assert spoofs(heard_long_ago, at_site(minutes(41))) == [("punch", 41)]


# frozen


def frozen(last: int, *, steps: int = 20, every: int = 5) -> list[Event]:
    """Return the same fix every few minutes up to `last`, steps counted in between."""
    fixes = along([(minutes(minute), 0) for minute in (*range(0, last, every), last)])
    return [*fixes, stepped(minutes(3), steps)]


def test_six_fixes_in_half_an_hour_at_one_place_while_steps_count_are_frozen() -> None:
    run = played(company("P1"), frozen(30), until=LATER)
    finding = run.of("GPS_SPOOFING")[0]
    assert (finding.confidence, finding.time) == (0.80, minutes(30))
    wanted = {"sort": "frozen", "fixes": 7, "still_minutes": 30.0, "steps": 20}
    assert wanted.items() <= finding.evidence.items()
    assert finding.reason == (
        "The phone of Guard P1 gives the same position to the metre for 30 min while 20 steps were counted: "
        "it looks frozen; see where they are"
    )


def test_a_minute_less_a_fix_less_or_a_step_less_is_not_frozen() -> None:
    assert not spoofs(frozen(29))
    assert not spoofs(frozen(30, every=8))
    assert spoofs(frozen(30, every=6)) == [("frozen", 30)]
    assert not spoofs(frozen(30, steps=19))


def test_a_phone_on_the_desk_counts_no_steps_and_a_walk_moves_the_position() -> None:
    assert not spoofs(along([(minutes(minute), 0) for minute in range(0, 300, 5)]))
    walk = along([(minutes(minute), 0.000_2 * (minute % 2)) for minute in range(0, 300, 5)])
    assert not spoofs(walk, stepped(minutes(7), 900))


def test_frozen_fixes_and_steps_that_come_late_and_twice_are_counted_once() -> None:
    events = [*frozen(30, every=6)[:-1], stepped(minutes(25), 25)]
    late = [
        each if each.time < minutes(24) else replace(each, received_at=minutes(32) - each.time % 7) for each in events
    ]
    Random(3).shuffle(late)
    run = played(company("P1"), late, late[-1], until=LATER)
    assert [each.evidence["fixes"] for each in run.of("GPS_SPOOFING")] == [6]


# where


@pytest.mark.parametrize(
    ("parts", "site"),
    [
        ([punch("P1", "in", minutes(1), site="S2")], "S2"),
        ([punch("P1", "in", minutes(1), site="S2"), punch("P1", "out", minutes(3), site="S2")], None),
        ([shift("P1", 0, 8, site="S2")], "S2"),
        ([], None),
    ],
)
def test_a_finding_is_of_the_site_its_person_is_on_duty_at(parts: list[Event], site: str | None) -> None:
    run = played(company("P1", sites=("S1", "S2")), parts, fix(minutes(5), location_mocked=True))
    assert [each.site for each in run.of("GPS_SPOOFING")] == [site]


# bounds


def test_what_is_kept_of_a_phone_is_bounded_whatever_it_sends() -> None:
    run = Field()
    flood = [fix(minutes(1) + 100 * no, 0.001 * (no % 7)) for no in range(2 * PENDING_MAX)]
    run.feed([*company("P1"), *flood])
    phone = run.engine.shelves.get("spoofing", "P1").phones[""]
    assert len(phone.pending) == PENDING_MAX
    assert phone.settled_to == flood[PENDING_MAX - 1].time


def test_it_is_bounded_in_any_order() -> None:
    run = Field()
    late = [fix(minutes(3) - 100 * no, 0.001 * (no % 7), received_at=minutes(3)) for no in range(PENDING_MAX + 50)]
    run.feed([*company("P1"), *late])
    run.pass_time(minutes(5))
    assert len(run.engine.shelves.get("spoofing", "P1").phones[""].pending) == PENDING_MAX
    assert not told(run)


def test_what_was_found_is_let_go_when_it_is_final() -> None:
    run = played(company("P1"), fix(minutes(1), location_mocked=True), fix(minutes(60)))
    assert run.engine.shelves.get("spoofing", "P1").phones[""].head.found == []
    assert told(run) == [("mocked", 1)]
    assert run.withdrawn("GPS_SPOOFING") == 0
