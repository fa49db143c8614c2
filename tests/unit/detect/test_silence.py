"""Sites nothing is heard of. T0 is midnight."""

from __future__ import annotations

import pytest

from nocd.detect.silence import Silence
from nocd.domain.event import Event
from nocd.domain.instant import MINUTE_MS
from nocd.domain.severity import Severity
from tests.build import T0, event
from tests.build_field import Field, company, hours, minutes, played, punch, shift
from tests.build_site import directory, phone
from tests.unit.detect.build_watch import done, fixes, phones, removal, scan, span

SILENT, PHONE, LOCATION = "SILENT_SITE", "CRITICAL_SIGNAL_LOW_PHONE", "CRITICAL_SIGNAL_LOW_LOCATION"
COMES = [*company("P1"), shift("P1", 0, 12), punch("P1", "in", T0)]


def heard(last: float = 30) -> list[Event]:
    return [*phones("P1", span(0, last, 5)), *fixes("P1", span(0, last, 10))]


def silent(*more: Event | list[Event], until: float = 120) -> Field:
    return played(COMES, heard(), *more, until=minutes(until))


def test_an_hour_without_anything_from_anyone_on_duty_is_silence() -> None:
    run = silent()
    found = run.of(SILENT)
    assert [each.time for each in found] == [minutes(90) + 1]
    assert found[0].severity is Severity.CRITICAL
    assert found[0].evidence["silent_minutes"] == 60
    assert run.alerts(SILENT) == [("open", 1)]
    assert not run.of(PHONE)
    assert not run.of(LOCATION)


def test_a_sign_within_the_hour_is_no_silence() -> None:
    assert not silent(phones("P1", [90]), until=140).of(SILENT)


def test_any_sign_ends_it() -> None:
    assert silent(phones("P1", [100])).alerts(SILENT) == [("resolved", 1)]
    assert silent(fixes("P1", [100])).alerts(SILENT) == [("resolved", 1)]
    assert silent(done("P1", 100)).alerts(SILENT) == [("resolved", 1)]
    assert silent(scan("P1", 100)).alerts(SILENT) == [("resolved", 1)]


def test_the_end_of_all_duty_ends_it() -> None:
    assert silent(punch("P1", "out", minutes(110))).alerts(SILENT) == [("resolved", 1)]


def test_a_duty_that_ends_by_itself_ends_it() -> None:
    run = played(COMES, heard(), until=hours(14))
    assert run.alerts(SILENT) == [("resolved", 1)]


def test_a_late_upload_withdraws_it() -> None:
    late = event(
        "noc.phone.event", at=minutes(60), received_at=minutes(100), event_id="l", person="P1", kind="device_log"
    )
    run = silent(late, until=119)
    assert not run.of(SILENT)
    assert run.withdrawn(SILENT) == 1


def test_the_same_sign_twice_and_out_of_order_keeps_it_quiet() -> None:
    late = [
        event(
            "noc.phone.event", at=minutes(85), received_at=minutes(each), event_id=f"l{each}", person="P1", kind="login"
        )
        for each in (88, 89)
    ]
    assert not silent(late, until=144).of(SILENT)


def test_nobody_on_duty_is_no_silence() -> None:
    assert not played(company("P1"), heard(), until=hours(6)).of(SILENT)


def test_a_phone_nobody_ever_heard_is_not_judged() -> None:
    run = played(COMES, until=hours(6))
    assert not run.of(SILENT)
    assert not played(COMES, [done("P1", 5)], until=hours(6)).of(SILENT)


def test_one_of_two_who_is_heard_is_enough() -> None:
    other = [*company("P2"), punch("P2", "in", T0)]
    assert not played(COMES, other, phones("P1", [1]), phones("P2", span(0, 200)), until=minutes(200)).of(SILENT)


def test_a_stop_of_the_daemon_is_not_judged() -> None:
    run = played(COMES, heard())
    run.beat(minutes(30))
    run.beat(minutes(100))
    run.pass_time(minutes(159))
    assert not run.of(SILENT)
    run.pass_time(minutes(161))
    assert run.of(SILENT)


def test_positions_without_phone_events_are_a_low_critical_signal() -> None:
    run = silent(fixes("P1", span(40, 120)))
    assert [each.time for each in run.of(PHONE)] == [minutes(90) + 1]
    assert run.of(PHONE)[0].severity is Severity.HIGH
    assert not silent(fixes("P1", span(40, 90)), until=90).of(PHONE)
    assert silent(fixes("P1", span(40, 120)), phones("P1", [110])).alerts(PHONE) == [("resolved", 1)]


def test_a_silence_that_grows_whole_ends_the_low_signal() -> None:
    run = silent(fixes("P1", span(40, 70)), until=140)
    assert run.alerts(PHONE) == [("resolved", 1)]
    assert run.alerts(SILENT) == [("open", 1)]


def test_phone_events_without_positions_are_a_low_critical_signal() -> None:
    run = silent(phones("P1", span(35, 120)))
    assert [each.time for each in run.of(LOCATION)] == [minutes(90) + 1]
    assert not silent(phones("P1", span(35, 90)), until=90).of(LOCATION)


def test_where_positions_are_rare_an_hour_without_says_nothing() -> None:
    beside = phones("P1", span(0, 500, 5))
    rare = fixes("P1", [5, 60, 120, 180])
    assert not played(COMES, beside, rare, until=minutes(300)).of(LOCATION)


def test_where_they_come_every_ten_minutes_more_than_two_hours_without_do() -> None:
    beside = phones("P1", span(0, 500, 5))
    run = played(COMES, beside, fixes("P1", span(0, 120)), until=minutes(300))
    assert minutes(240) < run.of(LOCATION)[0].time < minutes(255)
    soon = [*phones("P1", span(0, 270, 5)), *fixes("P1", [*span(0, 120), 260])]
    assert played(COMES, soon, until=minutes(270)).alerts(LOCATION) == [("resolved", 1)]


@pytest.mark.parametrize(("leaves", "after"), [(400, 66), (130, 123)])
def test_the_silence_of_two_says_as_much_as_twice_as_long_a_silence_of_the_one_who_stays(leaves, after) -> None:
    people = [*company("P1", "P2"), punch("P1", "in", T0), punch("P2", "in", T0), punch("P2", "out", minutes(leaves))]
    heard = [*phones("P1", span(0, 400, 5)), *fixes("P1", span(0, 120)), *fixes("P2", span(0, 120))]
    run = played(people, heard, until=minutes(260))
    assert [(each.time - minutes(120)) // MINUTE_MS for each in run.of(LOCATION)] == [after]


def test_a_break_adds_nothing_to_a_silence() -> None:
    pause = [punch("P1", "break_start", minutes(130)), punch("P1", "break_end", minutes(160))]
    run = played(COMES, pause, phones("P1", span(0, 400, 5)), fixes("P1", span(0, 120)), until=minutes(300))
    assert [(each.time - minutes(120)) // MINUTE_MS for each in run.of(LOCATION)] == [133 + 30]


def test_a_site_that_is_removed_is_no_longer_claimed_of() -> None:
    run = silent()
    run.feed([removal("noc.site", "S1", run.engine.now), removal("noc.task", "K", run.engine.now)])
    assert not run.of(SILENT)


def test_a_shift_far_ahead_touches_nobody() -> None:
    run = silent()
    assert Silence().keys(shift("P1", 100, 110), run.engine.scene) == ()
    assert Silence().due("S2", None, T0, run.engine.scene) is None
    assert run.engine.now < hours(2) + MINUTE_MS


def test_what_is_usual_gives_the_chance_of_silence() -> None:
    run = Field()
    run.feed(directory(days=30, person="P1"))
    run.feed([punch("P1", "in", T0), *phone(range(24 * 14))])
    run.feed([punch("P1", "in", hours(24 * 14), event_id="again")])
    run.pass_time(hours(24 * 14 + 3))
    found = run.of(SILENT)[-1]
    assert found.evidence["p_nothing"] < 0.001
    assert found.confidence == 0.99


def test_when_phones_are_heard_again_before_positions_that_is_no_second_trouble() -> None:
    run = silent(phones("P1", span(110, 150, 5)), until=150)
    assert run.alerts(SILENT) == [("resolved", 1)]
    assert not run.of(LOCATION)


def test_a_punch_out_told_hours_late_ends_the_silence_and_the_next_one_is_told_of_its_own() -> None:
    first = [shift("P1", 0, 12), punch("P1", "in", hours(0)), *phones("P1", span(0, 60))]
    run = played(company("P1"), first, until=hours(5))
    run.feed([punch("P1", "out", hours(1.2), received_at=hours(8))])
    assert run.alerts("SILENT_SITE") == [("resolved", 1)]
    run.feed([shift("P1", 24, 36), punch("P1", "in", hours(24)), *phones("P1", span(1_440, 1_500))])
    run.pass_time(hours(28))
    assert run.alerts("SILENT_SITE") == [("resolved", 1), ("open", 1)]
