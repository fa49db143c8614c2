"""Shifts nobody works. T0 is midnight; the guard's phone was heard the evening before."""

from __future__ import annotations

import pytest

from nocd.detect.ghosts import Ghosts
from nocd.domain.event import Event
from nocd.domain.severity import Severity
from tests.build import T0, event
from tests.build_field import Field, company, hours, minutes, played, punch, shift
from tests.unit.detect.build_watch import done, fixes, phones, removal, scan

KIND = "GHOST_SHIFT"
KNOWN = [*company("P1"), *phones("P1", [0]), shift("P1", 6, 14)]
IN = punch("P1", "in", hours(6))


def ghost(*more: Event | list[Event], until: float = 9) -> Field:
    return played(KNOWN, IN, *more, until=hours(until))


def test_a_punch_and_no_trace_for_two_hours_is_a_ghost() -> None:
    run = ghost()
    found = run.of(KIND)
    assert [each.time for each in found] == [hours(8)]
    assert found[0].severity is Severity.HIGH
    assert found[0].evidence["without_trace_minutes"] == 120
    assert run.alerts(KIND) == [("open", 1)]


@pytest.mark.parametrize(
    "sign",
    [
        phones("P1", [480]),
        fixes("P1", [480]),
        [scan("P1", 480)],
        [done("P1", 480)],
        [punch("P1", "break_start", hours(8))],
    ],
    ids=["phone", "fix", "scan", "task", "punch"],
)
def test_any_trace_within_two_hours_is_enough(sign: list[Event]) -> None:
    assert not ghost(sign).of(KIND)


def test_the_first_sign_after_all_ends_it_and_punching_out_does() -> None:
    assert ghost(phones("P1", [500])).alerts(KIND) == [("resolved", 1)]
    assert ghost(punch("P1", "out", hours(8.5))).alerts(KIND) == [("resolved", 1)]


def test_the_end_of_the_duty_by_itself_ends_it() -> None:
    assert ghost(until=16).alerts(KIND) == [("resolved", 1)]


def test_a_late_upload_withdraws_it() -> None:
    late = event("noc.phone.event", at=hours(7), received_at=hours(8.5), event_id="l", person="P1", kind="device_log")
    run = ghost(late)
    assert not run.of(KIND)
    assert run.withdrawn(KIND) == 1


def test_the_same_sign_twice_and_out_of_order_keeps_it_quiet() -> None:
    late = [
        event(
            "noc.phone.event",
            at=minutes(475),
            received_at=minutes(each),
            event_id=f"l{each}",
            person="P1",
            kind="login",
        )
        for each in (478, 479)
    ]
    assert not ghost(late).of(KIND)


def test_who_leaves_within_two_hours_is_no_ghost() -> None:
    assert not ghost(punch("P1", "out", hours(7))).of(KIND)


def test_a_phone_nobody_ever_heard_is_not_judged() -> None:
    assert not played(company("P1"), shift("P1", 6, 14), IN, until=hours(9)).of(KIND)
    assert not played(company("P1"), shift("P1", 6, 14), IN, phones("P1", [600]), until=hours(11)).of(KIND)


def test_a_phone_the_directory_knows_is_judged_where_those_of_colleagues_are_heard() -> None:
    own = event("noc.device", id="D1", person="P1", kind="phone")
    first = [*company("P1", "P2"), own, shift("P1", 6, 14), IN]
    other = [punch("P2", "in", hours(5)), *phones("P2", [310])]
    assert not played(first, until=hours(9)).of(KIND)
    assert played(first, other, until=hours(9)).of(KIND)
    gone = removal("noc.device", "D1", T0)
    assert not played(first, gone, other, until=hours(9)).of(KIND)


def test_a_stop_of_the_daemon_is_not_judged() -> None:
    run = played(KNOWN, IN)
    run.beat(hours(7))
    run.beat(hours(7.5))
    run.pass_time(hours(9))
    assert not run.of(KIND)


def test_a_person_who_is_removed_is_no_longer_claimed_of() -> None:
    run = ghost()
    run.feed([removal("noc.person", "P1", run.engine.now), removal("noc.task", "K", run.engine.now)])
    assert not run.of(KIND)


def test_a_shift_far_ahead_touches_nobody_and_without_duty_nothing_is_due() -> None:
    scene = played(company("P1")).engine.scene
    assert Ghosts().keys(shift("P1", 100, 110), scene) == ()
    assert Ghosts().due("P1", None, T0, scene) is None
