"""Shifts nobody came to, and those taken up late."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nocd.domain.directory import Removal
from nocd.domain.severity import Severity
from tests.build import event
from tests.build_field import company, hours, minutes, played, punch, shift
from tests.unit.detect.build_watch import removal


def test_a_quarter_of_an_hour_after_the_start_nobody_has_come() -> None:
    on_time = played(company("P1"), shift("P1", 8, 16), until=minutes(494))
    assert not on_time.of("NO_SHOW")
    run = played(company("P1"), shift("P1", 8, 16, post="Gate"), until=minutes(495))
    found = run.of("NO_SHOW")[0]
    assert (found.severity, found.confidence, found.time) == (Severity.HIGH, 0.90, minutes(495))
    assert found.reason == (
        "Guard P1 has not come to Site S1 (Gate): the shift began at 08:00; call, then send a stand-in"
    )
    assert run.alerts("NO_SHOW") == [("open", 1)]


def test_once_a_shift_and_over_with_the_punch_which_is_late() -> None:
    run = played(company("P1"), shift("P1", 8, 16), until=minutes(500))
    run.feed([punch("P1", "in", minutes(520))])
    assert run.alerts("NO_SHOW") == [("resolved", 1)]
    late = run.of("LATE_ARRIVAL")[0]
    assert (late.severity, late.evidence["late_minutes"]) == (Severity.MEDIUM, 40.0)
    run.pass_time(hours(70))
    assert len(run.of("NO_SHOW")) == 1
    assert run.withdrawn("NO_SHOW") == 0


def test_a_shift_given_to_someone_else_is_no_longer_missed_by_the_first() -> None:
    run = played(company("P1", "P2"), shift("P1", 8, 16, id="H"), until=minutes(500))
    given = replace(shift("P2", 8, 16, id="H"), id="given", time=minutes(501), received_at=minutes(501))
    run.feed([given])
    assert [found.person for found in run.of("NO_SHOW")] == ["P2"]
    run.feed([punch("P2", "in", minutes(510))])
    assert run.alerts("NO_SHOW") == [("resolved", 1), ("resolved", 1)]


def test_a_punch_in_the_grace_is_no_late_arrival_and_an_earlier_duty_goes_on() -> None:
    assert not played(company("P1"), shift("P1", 8, 16), punch("P1", "in", minutes(495)), until=hours(20)).of("NO_SHOW")
    double = [shift("P1", 0, 8), shift("P1", 8, 16)]
    assert not played(company("P1"), double, punch("P1", "in", hours(0)), until=minutes(530)).of("NO_SHOW")


def test_a_phone_that_was_offline_takes_the_claim_back_and_says_so() -> None:
    run = played(company("P1"), shift("P1", 8, 16), until=hours(10))
    run.feed([punch("P1", "in", hours(8), received_at=hours(10))])
    assert run.withdrawn("NO_SHOW") == 1
    assert run.alerts("NO_SHOW") == [("resolved", 1)]
    assert not run.of("LATE_ARRIVAL")


def test_only_a_shifts_own_person_at_its_own_site_takes_it_up() -> None:
    other = [punch("P2", "in", hours(8)), punch("P1", "in", hours(8), site="S2")]
    assert played(company("P1", "P2"), shift("P1", 8, 16), other, until=hours(9)).of("NO_SHOW")
    unverified = punch("P1", "in", hours(8), verified=False)
    assert played(company("P1"), shift("P1", 8, 16), unverified, until=hours(9)).of("NO_SHOW")


def test_who_is_on_call_or_replaced_is_not_expected() -> None:
    assert not played(company("P1"), shift("P1", 8, 16, on_call=True), until=hours(9)).of("NO_SHOW")
    stand_in = [shift("P1", 8, 16), shift("P2", 8, 16, substitute_for="P1"), punch("P2", "in", hours(8))]
    assert not played(company("P1", "P2"), stand_in, until=hours(9)).of("NO_SHOW")


def test_a_shift_that_is_removed_or_moved_takes_its_claim_along() -> None:
    run = played(company("P1"), shift("P1", 8, 16, id="H1"), until=hours(9))
    run.feed([event("noc.shift", at=hours(9), id="H1", **times(10, 18))])
    assert run.withdrawn("NO_SHOW") == 1
    run.pass_time(hours(11))
    assert [found.time for found in run.of("NO_SHOW")] == [minutes(615)]


def test_a_shift_that_is_called_off_takes_its_alert_along() -> None:
    run = played(company("P1"), shift("P1", 8, 16, id="H1"), until=hours(9))
    removal = event("noc.shift", at=hours(9), id="H1", **times(8, 16))
    run.feed([replace(removal, data=Removal(id="H1", removed=True))])
    assert run.withdrawn("NO_SHOW") == 1
    assert run.alerts("NO_SHOW") == [("resolved", 1)]


def times(start: float, end: float) -> dict[str, Any]:
    data = shift("P1", start, end).data
    return {name: getattr(data, name) for name in ("site", "person", "start", "end")}


def test_while_the_daemon_was_stopped_nobody_is_missed() -> None:
    run = played(company("P1"), shift("P1", 8, 16))
    run.beat(hours(7))
    run.beat(minutes(500))
    run.pass_time(hours(9))
    assert not run.of("NO_SHOW")


def test_a_shift_entered_after_it_began_is_judged_at_once() -> None:
    late = event("noc.shift", at=hours(9), id="H9", **times(8, 16))
    assert played(company("P1"), late).of("NO_SHOW")


def test_a_stand_in_who_is_taken_off_again_leaves_a_shift_that_is_missed() -> None:
    stands_in = shift("P2", 8, 16, id="S", substitute_for="P1")
    run = played(company("P1", "P2"), shift("P1", 8, 16), stands_in, until=hours(9))
    assert [found.person for found in run.of("NO_SHOW")] == ["P2"]
    run.feed([removal("noc.shift", "S", hours(9))])
    assert run.of("NO_SHOW") == []
    run.pass_time(hours(9.25))
    assert [(found.person, found.time) for found in run.of("NO_SHOW")] == [("P1", minutes(495))]


def test_nobody_is_missed_behind_a_terminal_that_fell_silent() -> None:
    people = ("P1", "P2", "P3", "P4")
    pairs = [(person, way, at) for at, way in enumerate(("in", "out") * 30) for person in people[:3]]
    told = [
        replace(punch(person, way, minutes(12 * at + int(person[1]))), source="/terminals") for person, way, at in pairs
    ]
    plan = [shift(person, 14, 20) for person in people]
    run = played(company(*people), told, plan, until=hours(18))
    assert [found.entity_id for found in run.of("SOURCE_SILENT")] == ["/terminals"]
    assert not run.of("NO_SHOW")
    alive = [event("noc.device.health", at=minutes(720 + 10 * number), device="T-S1") for number in range(20)]
    speaks = [replace(each, source="/terminals") for each in alive]
    assert len(played(company(*people), told, plan, speaks, until=hours(15)).of("NO_SHOW")) == 4
