"""People inside a closed site. T0 is Thursday 2026-01-01, midnight UTC."""

from __future__ import annotations

import pytest

from nocd.detect.after_hours import Opening, closed, opening
from nocd.detect.registry import CATALOG
from nocd.detect.rules import Rules
from nocd.domain.directory import Site
from nocd.domain.event import Event
from nocd.domain.severity import Severity
from nocd.domain.shelf import Shelves
from nocd.engine import Engine
from nocd.store.codec import encode
from tests.build import ALONE, T0, event
from tests.build_field import HERE, THERE, Field, company, hours, minutes, played, punch, shift
from tests.unit.detect.build_watch import fixes, scan

KIND = "AFTER_HOURS_ACTIVITY"
DAYTIME = "Mon-Fri 09:00-18:00, Sat 10:00-14:00"
COMPANY = company("P1", open_24h=False, opening_hours=DAYTIME)


def at_night(*more: Event | list[Event], until: float = 12) -> Field:
    return played(COMPANY, *more, until=hours(until))


def test_positions_inside_a_closed_site_of_someone_off_duty_are_one_finding() -> None:
    run = at_night(fixes("P1", [120, 130, 140]))
    found = run.of(KIND)
    assert [each.time for each in found] == [minutes(120)]
    assert found[0].severity is Severity.HIGH
    assert found[0].evidence["opening_hours"] == DAYTIME
    assert run.alerts(KIND) == [("open", 1)]


def test_an_earlier_position_that_comes_late_makes_it_the_same_visit() -> None:
    place = fixes("P1", [115])[0].data
    late = [
        Event(
            id=f"l{at}",
            source="/t",
            type="noc.location.fix",
            time=minutes(115),
            received_at=minutes(at),
            data=place,
            body=b"{}",
        )
        for at in (122, 123)
    ]
    assert [each.time for each in at_night(fixes("P1", [120]), late).of(KIND)] == [minutes(115)]


def test_a_scan_and_a_punch_in_count_like_positions() -> None:
    assert at_night(scan("P1", 120)).of(KIND)
    assert at_night(shift("P1", 30, 38), punch("P1", "in", hours(2))).of(KIND)


def test_a_skipped_checkpoint_and_a_punch_out_do_not() -> None:
    skipped = event("noc.tour.scan", at=hours(2), tour="R", checkpoint="C", person="P1", site="S1", scan="SKIP")
    assert not at_night(skipped).of(KIND)
    assert not at_night(punch("P1", "out", hours(2))).of(KIND)


def test_the_last_minute_before_closing_is_open_and_the_first_after_is_not() -> None:
    assert not at_night(fixes("P1", [18 * 60 - 1]), until=24).of(KIND)
    assert at_night(fixes("P1", [18 * 60]), until=24).of(KIND)


def test_a_smaller_fence_set_for_sites_without_one_is_read_here_too() -> None:
    rules = Rules(CATALOG, clients={"ACME": {"GEOFENCE_VIOLATION": {"radius_m": 50.0}}})
    near = fixes("P1", [120, 130, 140], step_m=100.0)
    small = Field(engine=Engine(Shelves(encode), ALONE, rules=rules))
    small.feed([*COMPANY, near[1]])
    assert not small.of(KIND)
    assert at_night(near[1]).of(KIND)


def test_a_guard_on_duty_may_be_inside() -> None:
    assert not at_night(punch("P1", "in", hours(0)), shift("P1", 0, 8), fixes("P1", [120])).of(KIND)


def test_who_comes_early_for_a_shift_is_no_intruder() -> None:
    early = [shift("P1", 3, 8), *fixes("P1", [130]), punch("P1", "in", hours(2.5))]
    assert not at_night(early).of(KIND)


def test_a_punch_that_comes_late_withdraws_it() -> None:
    run = at_night(fixes("P1", [120]), punch("P1", "in", minutes(119), received_at=minutes(125)), shift("P1", 1.9, 8))
    assert not run.of(KIND)


def test_a_late_punch_in_refutes_the_sighting_but_is_one_itself_without_a_shift() -> None:
    run = at_night(fixes("P1", [120]), punch("P1", "in", minutes(119), received_at=minutes(125)))
    assert run.withdrawn(KIND) == 1
    assert [each.time for each in run.of(KIND)] == [minutes(119)]


def test_a_position_elsewhere_or_too_vague_says_nothing() -> None:
    far = event("noc.location.fix", at=hours(2), person="P1", lat=THERE[0], lon=THERE[1], accuracy_m=5.0)
    vague = event("noc.location.fix", at=hours(2), person="P1", lat=HERE[0], lon=HERE[1], accuracy_m=400.0)
    mocked = event("noc.location.fix", at=hours(2), person="P1", lat=HERE[0], lon=HERE[1], location_mocked=True)
    assert not at_night(far, vague, mocked).of(KIND)


def test_a_polygon_is_a_fence_too() -> None:
    square = tuple(
        (HERE[0] + north, HERE[1] + east)
        for north, east in ((-1e-3, -1e-3), (-1e-3, 1e-3), (1e-3, 1e-3), (1e-3, -1e-3))
    )
    fenced = company("P1", open_24h=False, opening_hours=DAYTIME, polygon=square)
    assert played(fenced, fixes("P1", [120]), until=hours(4)).of(KIND)


@pytest.mark.parametrize("hours_told", [None, "nine to five", "Mon-Fri 09:00-18:00; Sat"])
def test_hours_that_cannot_be_read_are_not_judged(hours_told: str | None) -> None:
    loose = company("P1", open_24h=False, opening_hours=hours_told)
    assert not played(loose, fixes("P1", [120]), until=hours(4)).of(KIND)


def test_a_site_open_round_the_clock_is_never_closed() -> None:
    assert not played(company("P1", opening_hours=DAYTIME), fixes("P1", [120]), until=hours(4)).of(KIND)


def test_a_site_without_a_place_or_that_is_unknown_is_not_judged() -> None:
    nowhere = [
        event("noc.site", id="S1", name="S", timezone="UTC", open_24h=False, opening_hours=DAYTIME),
        event("noc.person", id="P1", name="P", sites=("S1", "S9")),
    ]
    assert not played(nowhere, fixes("P1", [120]), until=hours(4)).of(KIND)


def test_a_visit_is_let_go_of_after_two_days() -> None:
    run = at_night(fixes("P1", [120]), until=60)
    assert not run.engine.shelves.kind("after_hours")


def test_a_new_visit_is_another_finding() -> None:
    run = at_night(fixes("P1", [120]), fixes("P1", [300]), punch("P1", "out", hours(6)))
    assert [each.time for each in run.of(KIND)] == [minutes(120), minutes(300)]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Mon 09:00-18:00", (Opening(0, 540, 1080),)),
        ("Fri-Sat 22:00-02:00", (Opening(4, 1320, 1560), Opening(5, 1320, 1560))),
        ("Sat-Sun 00:00-24:00", (Opening(5, 0, 1440), Opening(6, 0, 1440))),
        ("Sun-Mon 10:00-12:00", (Opening(6, 600, 720), Opening(0, 600, 720))),
        ("Mon 9:00-18:00", (Opening(0, 540, 1080),)),
        ("Mon–Tue 09–18", (Opening(0, 540, 1080), Opening(1, 540, 1080))),
        ("Mon 09:00-18:00,Tue 22-2", (Opening(0, 540, 1080), Opening(1, 1320, 1560))),
        ("Mon 900-1800", None),
        ("Mon, Tue 09:00-18:00", None),
        ("Mon 09:60-18:00", None),
        ("Mon 09:00-25:00", None),
        ("Foo 09:00-18:00", None),
        ("Mon-Bar 09:00-18:00", None),
        ("", None),
    ],
)
def test_hours_are_read_as_people_write_them_or_not_at_all(text: str, read: tuple[Opening, ...] | None) -> None:
    assert opening(text) == read


def test_hours_over_midnight_are_those_of_the_day_before() -> None:
    bar = Site(id="B", name="Bar", timezone="UTC", open_24h=False, opening_hours="Wed 22:00-02:00")
    assert not closed(bar, T0 + 60_000)
    assert closed(bar, hours(2))
    assert not closed(bar, hours(-1))
    assert not closed(None, T0)
