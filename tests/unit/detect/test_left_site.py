"""Guards who leave their site while they are on duty, and those who only seem to."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from nocd.detect.left_site import LeftSite
from nocd.detect.registry import CATALOG
from nocd.detect.rules import Rules
from nocd.domain.severity import Severity
from nocd.domain.shelf import Shelves
from nocd.engine import Engine
from nocd.store.codec import encode
from tests.build import ALONE, event
from tests.build_field import Field, company, hours, minutes, played, punch, shift
from tests.build_place import along, fix

if TYPE_CHECKING:
    from nocd.domain.event import Event

IN = punch("P1", "in", minutes(0))


def out(first: float, last: float, *, every: float = 2.0, km: float = 1.0, **more: Any) -> list[Event]:
    """Return fixes outside the fence from one minute to another, both included."""
    count = round((last - first) / every)
    times = [first + every * no for no in range(count)]
    return along([(minutes(each), km) for each in (*times, last)], **more)


def left(*parts: Event | list[Event], until: int | None = hours(7), **site: Any) -> Field:
    return played(company("P1", **site), shift("P1", 0, 8), parts[0], *parts[1:], until=until)


def test_who_is_outside_for_more_than_ten_minutes_on_duty_has_left() -> None:
    run = left(IN, fix(minutes(5)), out(20, 31), until=None)
    finding = run.of("LEFT_SITE")[0]
    assert (finding.severity, finding.confidence, finding.time) == (Severity.HIGH, 0.85, minutes(30))
    assert (finding.site, finding.person, finding.evidence["outside_m"]) == ("S1", "P1", 800)
    assert finding.reason == (
        "Guard P1 is on duty but has been outside Site S1 for more than 10 min, since 00:20, "
        "800 m beyond its fence; call them, send cover"
    )
    assert run.alerts("LEFT_SITE") == [("open", 1)]


def test_ten_minutes_to_the_millisecond_are_allowed() -> None:
    assert not left(IN, out(20, 30)).of("LEFT_SITE")
    assert left(IN, out(20, 30), fix(minutes(30) + 1, 1)).of("LEFT_SITE")


def test_it_is_told_again_while_it_lasts_and_over_on_return() -> None:
    run = left(IN, out(20, 55), until=None)
    assert run.alerts("LEFT_SITE") == [("open", 3)]
    run.feed([fix(minutes(60), 0.1)])
    assert run.alerts("LEFT_SITE") == [("resolved", 3)]
    run.feed(out(70, 81))
    assert len(run.of("LEFT_SITE")) == 4
    assert run.withdrawn("LEFT_SITE") == 0


def test_who_punches_out_has_gone_home() -> None:
    run = left(IN, out(20, 40), punch("P1", "out", minutes(41)), out(42, 90))
    assert run.alerts("LEFT_SITE") == [("resolved", 2)]
    assert run.withdrawn("LEFT_SITE") == 0


def test_an_out_punch_that_comes_late_withdraws_it() -> None:
    run = left(IN, out(20, 32), punch("P1", "out", minutes(19), received_at=minutes(33)))
    assert run.withdrawn("LEFT_SITE") == 1
    assert run.alerts("LEFT_SITE") == [("resolved", 1)]
    just_before = left(IN, out(20, 32), punch("P1", "out", minutes(30), received_at=minutes(33)))
    assert not just_before.of("LEFT_SITE")


def test_what_is_final_is_over_by_a_punch_that_comes_too_late_to_withdraw_it() -> None:
    run = left(IN, out(20, 60), punch("P1", "out", minutes(25), received_at=minutes(62)))
    assert [status for status, _ in run.alerts("LEFT_SITE")] == ["resolved"]
    assert run.withdrawn("LEFT_SITE") == 0
    never = left(IN, out(20, 60), punch("P1", "out", minutes(19), received_at=minutes(62)))
    assert [status for status, _ in never.alerts("LEFT_SITE")] == ["resolved"]


def test_a_fix_inside_that_comes_late_withdraws_it() -> None:
    run = left(IN, out(20, 31), fix(minutes(27), 0, received_at=minutes(32)))
    assert run.withdrawn("LEFT_SITE") == 1
    assert not run.of("LEFT_SITE")


def test_an_in_punch_that_comes_late_shows_who_was_on_duty() -> None:
    late = punch("P1", "in", minutes(15), received_at=minutes(22))
    earlier = [punch("P1", "in", minutes(0)), punch("P1", "out", minutes(2))]
    assert left(earlier, out(14, 22), late, out(24, 30)).of("LEFT_SITE")[0].time == minutes(26)


def test_a_duty_that_nobody_ended_ends_by_itself() -> None:
    run = left(IN, out(20, 40), until=hours(8.9))
    assert run.alerts("LEFT_SITE") == [("open", 2)]
    run.pass_time(hours(9.1))
    assert run.alerts("LEFT_SITE") == [("resolved", 2)]


def test_a_break_that_is_told_late_withdraws_it() -> None:
    run = left(IN, out(20, 32), punch("P1", "break_start", minutes(29), received_at=minutes(33)))
    assert run.withdrawn("LEFT_SITE") == 1


def test_on_a_break_people_may_leave() -> None:
    pause = [punch("P1", "break_start", minutes(20)), punch("P1", "break_end", minutes(50))]
    assert not left(IN, pause, out(21, 49), fix(minutes(51))).of("LEFT_SITE")
    assert left(IN, pause, out(21, 62)).of("LEFT_SITE")[0].time == minutes(61)
    went = left(IN, out(5, 18), pause, out(21, 49))
    assert went.alerts("LEFT_SITE") == [("resolved", 1)]


def test_off_duty_or_only_planned_nobody_leaves() -> None:
    assert not played(company("P1"), shift("P1", 0, 8), out(20, 90), until=hours(3)).of("LEFT_SITE")
    assert not left(IN, punch("P1", "out", minutes(10)), out(20, 90)).of("LEFT_SITE")


def test_a_phone_indoors_that_wanders_within_its_accuracy_stays() -> None:
    rng = Random(1)
    indoors = [fix(minutes(minute), 0.2 + 0.08 * rng.random(), accuracy_m=90.0) for minute in range(2, 200, 2)]
    assert not left(IN, indoors).of("LEFT_SITE")


def test_single_fixes_gone_astray_are_nobody_leaving() -> None:
    way = [fix(minutes(minute), 3 if minute % 4 == 0 else 0) for minute in range(2, 200, 2)]
    assert not left(IN, way).of("LEFT_SITE")


def test_hysteresis_keeps_a_guard_at_the_fence_from_leaving_and_coming_back() -> None:
    between = [fix(minutes(minute), 0.233, accuracy_m=30.0) for minute in range(2, 60, 2)]
    assert not left(IN, between, hysteresis_m=5.0).of("LEFT_SITE")
    gone = left(
        IN, out(2, 20), [replace(each, received_at=each.received_at) for each in between[10:]], hysteresis_m=5.0
    )
    assert gone.alerts("LEFT_SITE") == [("open", 1)]


def test_an_inexact_fix_shows_no_return() -> None:
    run = left(IN, out(20, 31), fix(minutes(33), 0.5, accuracy_m=900.0), until=None)
    assert run.alerts("LEFT_SITE") == [("open", 1)]
    run.feed([fix(minutes(34), 0.1, accuracy_m=900.0)])
    assert run.alerts("LEFT_SITE") == [("resolved", 1)]


def test_two_fixes_an_hour_apart_do_not_say_where_one_was_between_them() -> None:
    assert not left(IN, fix(minutes(20), 1), fix(minutes(81), 1)).of("LEFT_SITE")
    assert left(IN, fix(minutes(20), 1), fix(minutes(80), 1)).of("LEFT_SITE")
    lasting = left(IN, out(20, 31), fix(minutes(120), 1), until=None)
    assert [status for status, _ in lasting.alerts("LEFT_SITE")] == ["open"]


def test_a_made_up_position_is_no_leaving() -> None:
    assert not left(IN, out(20, 90, location_mocked=True)).of("LEFT_SITE")
    island = [event("noc.location.fix", at=minutes(20 + no), person="P1", lat=0.0, lon=0.0) for no in range(30)]
    assert not left(IN, island).of("LEFT_SITE")


def test_a_site_without_a_fence_cannot_be_left() -> None:
    nowhere = [event("noc.site", id="S1", name="Site", timezone="UTC"), event("noc.person", id="P1", name="P")]
    assert not played(nowhere, IN, out(20, 90), until=hours(3)).of("LEFT_SITE")


def test_the_next_duty_elsewhere_begins_anew() -> None:
    there = punch("P1", "in", minutes(40), site="S2")
    run = left(IN, out(20, 38), there, out(42, 90, km=30.02))
    assert [(each.site, each.time) for each in run.of("LEFT_SITE")] == [("S1", minutes(30))]
    assert run.alerts("LEFT_SITE") == [("resolved", 1)]


@pytest.mark.parametrize("seed", range(5))
def test_order_of_arrival_and_repeats_of_the_content_change_nothing(seed: int) -> None:
    rng, way = Random(seed), [*out(4, 18), fix(minutes(19)), *out(25, 37), fix(minutes(40))]
    late = [replace(each, received_at=each.time + rng.randrange(540_000)) for each in [*way, *way[::3]]]
    run = left(IN, late)
    found = {each.time for each in run.of("LEFT_SITE")}
    assert found == {minutes(14), minutes(35)}
    assert [status for status, _ in run.alerts("LEFT_SITE")][-1:] == ["resolved"]


def test_how_long_and_how_far_can_be_set() -> None:
    rules = Rules(CATALOG, general={"LEFT_SITE": {"outside_minutes": 30.0}, "GEOFENCE_VIOLATION": {"radius_m": 900.0}})
    run = Field(engine=Engine(Shelves(encode), ALONE, rules=rules))
    run.feed([*company("P1"), shift("P1", 0, 8), IN, *out(10, 39), fix(minutes(45)), *out(50, 90, km=0.91)])
    assert not run.of("LEFT_SITE")
    run.feed(out(100, 131))
    assert [each.time for each in run.of("LEFT_SITE")] == [minutes(130)]


def test_what_is_over_is_let_go_and_stands_for_good() -> None:
    run = left(IN, out(20, 31), fix(minutes(33)), fix(minutes(60)))
    assert run.engine.shelves.get("left_site", "P1").head.away == []
    assert len(run.of("LEFT_SITE")) == 1
    assert run.withdrawn("LEFT_SITE") == 0
    run.pass_time(hours(24 * 4))
    assert not run.engine.shelves.kind("left_site")


def test_of_who_was_never_on_duty_nothing_is_kept() -> None:
    run = played(company("P1"), out(1, 20))
    assert not run.engine.shelves.kind("left_site")
    assert LeftSite().keys(fix(minutes(21)), run.engine.scene) == ()
