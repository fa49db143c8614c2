"""Scans that nobody can have made on foot, and of tags that hang in two places."""

from __future__ import annotations

from typing import Any

import pytest

from nocd.detect.registry import CATALOG
from nocd.detect.rules import Rules
from nocd.detect.scans import SIGHTINGS_MAX
from nocd.domain.event import Event
from nocd.domain.severity import Severity
from tests.build import T0, event
from tests.build_field import THERE, Field, company, hours, played
from tests.build_tours import after, north, removed, scan, walk

SECOND = 1 / 60


def hung(name: str, metres: float, *, at: int = T0, **more: Any) -> Event:
    """Return a checkpoint so many metres to the north of the site's centre."""
    return event("noc.checkpoint", at=at, id=name, site="S1", **north(metres), **more)


def corridor(step_m: float = 100.0) -> list[Event]:
    """Return checkpoints C1 to C3 in a line."""
    return [hung(f"C{number}", (number - 1) * step_m) for number in (1, 2, 3)]


def three(**more: Any) -> Event:
    return walk(checkpoints=("C1", "C2", "C3"), **more)


def ruled(events: list[Event], **settings: dict[str, Any]) -> Field:
    run = Field()
    run.engine.scene.rules = Rules(CATALOG, general=settings)
    run.feed(sorted(events, key=lambda each: each.received_at))
    return run


def test_a_hundred_metres_in_half_a_minute_are_walked_too_fast() -> None:
    scans = [scan("C1", 0), scan("C2", 33 * SECOND), scan("C3", 3)]
    run = played(company("P1"), corridor(), three(), scans, until=hours(9))
    (found,) = run.of("TOUR_TOO_FAST")
    assert (found.severity, found.confidence, found.person) == (Severity.HIGH, 0.90, "P1")
    assert (found.entity_type, found.entity_id, found.time) == ("tour", "T1", after(33 * SECOND))
    assert found.reason == (
        "Guard P1 scanned C1 and, 33 s later and 100 m away, C2 on tour T1 at Site S1: "
        "nobody walks so fast; look for copied tags"
    )
    assert (found.evidence["distance_m"], found.evidence["speed_mps"]) == (100, 3.0)
    assert run.alerts("TOUR_TOO_FAST") == [("open", 1)]


def test_three_metres_a_second_to_the_metre_are_not_too_fast() -> None:
    scans = [scan("C1", 0), scan("C2", 0.56), scan("C3", 3)]
    assert not played(company("P1"), corridor(100.8 - 0.01), three(), scans).of("TOUR_TOO_FAST")
    assert played(company("P1"), corridor(100.8 + 0.01), three(), scans).of("TOUR_TOO_FAST")


def test_how_fast_anyone_walks_can_be_set() -> None:
    events = [*company("P1"), *corridor(), three(), scan("C1", 0), scan("C2", 33 * SECOND)]
    assert not ruled(events, TOUR_TOO_FAST={"speed_max_mps": 4.0}).of("TOUR_TOO_FAST")


def test_two_who_share_a_tour_are_each_as_fast_as_they_walk() -> None:
    scans = [scan("C1", 0), scan("C3", 1 * SECOND, person="P2"), scan("C2", 3)]
    assert not played(company("P1", "P2"), corridor(), three(), scans, until=hours(9)).of("TOUR_TOO_FAST")


def test_what_is_within_reach_of_each_other_skipped_or_at_no_known_place_is_no_way() -> None:
    near = [scan("C1", 0), scan("C2", 2 * SECOND), scan("C3", 3)]
    assert not played(company("P1"), corridor(19.0), three(), near, until=hours(9)).of("TOUR_TOO_FAST")
    skipped = [scan("C1", 0), scan("C2", 2 * SECOND, sort="SKIP"), scan("C3", 5)]
    assert not played(company("P1"), corridor(), three(), skipped, until=hours(9)).of("TOUR_TOO_FAST")
    placeless = [event("noc.checkpoint", id="C2", site="S1")]
    unknown = [scan("C1", 0), scan("C2", 2 * SECOND), scan("C4", 3 * SECOND), scan("C3", 3)]
    known = [hung("C1", 0), *placeless, hung("C3", 200)]
    assert not played(company("P1"), known, three(), unknown, until=hours(9)).of("TOUR_TOO_FAST")


@pytest.mark.parametrize("received", [None, after(9)], ids=["in order", "late"])
def test_too_fast_is_found_however_its_scans_arrive_and_once_when_told_twice(received: int | None) -> None:
    scans = [scan("C1", 0, received_at=received), scan("C2", 0.5), scan("C2", 0.5), scan("C3", 4)]
    run = played(company("P1"), corridor(), three(), scans, until=hours(9))
    assert [found.time for found in run.of("TOUR_TOO_FAST")] == [after(0.5)]


def test_a_whole_tour_within_ten_seconds_is_a_burst_wherever_its_checkpoints_are() -> None:
    scans = [scan("C1", 0), scan("C2", 5 * SECOND), scan("C3", 10 * SECOND)]
    run = played(company("P1"), three(), scans)
    (found,) = run.of("TOUR_TOO_FAST")
    assert "scanned all 3 checkpoints within 10 s" in found.reason
    assert (found.evidence["gap_s"], found.time) == (10.0, after(10 * SECOND))
    slower = [scan("C1", 0), scan("C2", 5 * SECOND), scan("C3", 11 * SECOND)]
    assert not played(company("P1"), three(), slower, until=hours(9)).of("TOUR_TOO_FAST")
    longer = ruled([*company("P1"), three(), *slower], TOUR_TOO_FAST={"burst_s": 11.0})
    assert longer.of("TOUR_TOO_FAST")


def test_two_checkpoints_two_people_or_a_tour_that_goes_on_are_no_burst() -> None:
    two = [scan("C1", 0), scan("C2", 1 * SECOND)]
    assert not played(company("P1"), walk(checkpoints=("C1", "C2")), two, until=hours(9)).of("TOUR_TOO_FAST")
    shared = [scan("C1", 0), scan("C2", 1 * SECOND, person="P2"), scan("C3", 2 * SECOND)]
    assert not played(company("P1", "P2"), three(), shared, until=hours(9)).of("TOUR_TOO_FAST")
    begun = [scan("C1", 0), scan("C2", 1 * SECOND), scan("C3", 2 * SECOND)]
    assert not played(company("P1"), walk(), begun, until=after(100)).of("TOUR_TOO_FAST")


def test_what_was_scanned_too_fast_stays_so_when_the_tour_is_cancelled() -> None:
    scans = [scan("C1", 0), scan("C2", 0.5)]
    cancelled = three(at=after(5), cancelled=True)
    run = played(company("P1"), corridor(), three(), scans, cancelled, until=hours(9))
    assert len(run.of("TOUR_TOO_FAST")) == 1


def read(at: float, metres: float, *, accuracy_m: float | None = 10.0, **more: Any) -> Event:
    """Return C1's tag read so many metres to the north of the site's centre."""
    exact = {} if accuracy_m is None else {"accuracy_m": accuracy_m}
    return scan("C1", at, **{**north(metres), **exact, **more})


def cloned(*readings: Event, people: tuple[str, ...] = ("P1", "P2"), home: bool = True) -> Field:
    known = [hung("C1", 0)] if home else []
    return played(company(*people), known, readings, until=hours(12))


def test_a_tag_read_half_a_kilometre_from_where_it_was_read_before_is_a_copy() -> None:
    run = cloned(read(0, 5), read(180, 500, person="P2"))
    (found,) = run.of("TAG_CLONED")
    assert (found.severity, found.confidence, found.person) == (Severity.HIGH, 0.80, "P2")
    assert (found.entity_type, found.entity_id, found.time) == ("checkpoint", "C1", after(180))
    assert found.reason == (
        "The tag of C1 was scanned by Guard P2 at 05:00, 495 m from where Guard P1 scanned it at 02:00: "
        "one is a copy; replace the tag and ask"
    )
    assert found.evidence["other_person"] == "P1"
    assert run.alerts("TAG_CLONED") == [("open", 1)]


def test_as_far_apart_as_the_accuracies_allow_it_may_be_one_tag() -> None:
    assert not cloned(read(0, 0), read(60, 119.9)).of("TAG_CLONED")
    assert cloned(read(0, 0), read(60, 120.1)).of("TAG_CLONED")


def test_how_far_apart_beyond_them_can_be_set() -> None:
    events = [*company("P1"), hung("C1", 0), read(0, 0), read(60, 400)]
    assert not ruled(events, TAG_CLONED={"apart_max_m": 400.0}).of("TAG_CLONED")


@pytest.mark.parametrize(
    "honest",
    [
        [read(0, 0), read(60, 500, accuracy_m=400.0)],
        [read(0, 0, accuracy_m=None), read(60, 299, accuracy_m=0.0)],
        [read(0, 0, sort="BLE"), read(60, 210, sort="BLE")],
        [read(0, 0), read(60, 500, sort="ENTERED")],
        [read(0, 0), read(60, 500, sort="SKIP")],
        [read(0, 0), scan("C1", 60, lat=0.0, lon=0.0), scan("C1", 61)],
    ],
    ids=["inexact", "accuracy unknown", "by radio", "entered by hand", "skipped", "no position"],
)
def test_what_may_have_been_read_where_it_hangs_is_no_copy(honest: list[Event]) -> None:
    assert not cloned(*honest).of("TAG_CLONED")


def test_the_reading_further_from_where_the_tag_hangs_is_the_copy_whichever_came_first() -> None:
    run = cloned(read(0, 500, person="P2"), read(60, 5), read(120, 0))
    assert [found.person for found in run.of("TAG_CLONED")] == ["P2"]
    assert run.of("TAG_CLONED")[0].time == after(60)


def test_between_two_honest_readings_a_copy_is_told_once() -> None:
    assert [
        found.person for found in cloned(read(0, 0), read(60, 500, person="P2"), read(120, 0)).of("TAG_CLONED")
    ] == ["P2"]


def test_where_it_is_not_known_where_the_tag_hangs_the_later_reading_is_the_copy() -> None:
    run = cloned(read(0, 500, person="P2"), read(60, 5), home=False)
    assert [found.person for found in run.of("TAG_CLONED")] == ["P1"]


def test_copies_count_in_one_alert_and_a_reading_told_twice_once() -> None:
    copies = [read(60, 500), read(60, 500), read(180, 500)]
    run = cloned(read(0, 0), *copies, read(120, 0), read(240, 0))
    assert len(run.of("TAG_CLONED")) == 2
    assert run.alerts("TAG_CLONED") == [("open", 2)]


@pytest.mark.parametrize("received", [None, after(69)], ids=["in order", "late"])
def test_a_copy_is_found_however_its_readings_arrive(received: int | None) -> None:
    run = cloned(read(0, 0), read(60, 500, received_at=received), read(62, 0))
    assert [found.evidence["distance_m"] for found in run.of("TAG_CLONED")] == [500]


def test_a_late_reading_can_show_that_another_one_was_the_copy() -> None:
    run = cloned(read(0, 0), read(60, 500), read(55, 500, person="P2", received_at=after(65)))
    assert run.withdrawn("TAG_CLONED") == 1
    assert [found.person for found in run.of("TAG_CLONED")] == ["P2"]


def test_one_tag_read_by_two_people_at_two_sites_is_cloned() -> None:
    there = scan("C1", 1, person="P2", site="S2", lat=THERE[0], lon=THERE[1], accuracy_m=15.0)
    assert cloned(read(0, 0), there).of("TAG_CLONED")[0].evidence["distance_m"] == 30_023


def test_a_tag_that_was_hung_anew_is_not_compared_with_the_former_one() -> None:
    moved = [hung("C1", 500, at=after(30)), hung("C1", 500, at=after(31)), read(20, 0, received_at=after(40))]
    assert not played(company("P1"), hung("C1", 0), read(0, 0), moved, read(60, 500), until=hours(9)).of("TAG_CLONED")


def test_what_was_found_before_a_tag_was_replaced_stands() -> None:
    run = cloned(read(0, 0), read(60, 500))
    run.feed([hung("C1", 0, at=hours(12), tag="NEW"), read(660, 500), read(661, 900)])
    assert run.withdrawn("TAG_CLONED") == 0
    assert len(run.of("TAG_CLONED")) == 2


def test_no_more_readings_are_kept_than_a_week_or_its_bound_and_what_was_found_stands() -> None:
    many = [read(60 + number, 0) for number in range(SIGHTINGS_MAX + 5)]
    run = cloned(read(0, 0), read(30, 500), *many)
    assert len(run.engine.shelves.get("tags", "C1").sightings) == SIGHTINGS_MAX
    run.feed([read(60 * 24 * 8, 0), read(60 * 24 * 8 + 1, 500)])
    assert len(run.engine.shelves.get("tags", "C1").sightings) == 2
    assert len(run.of("TAG_CLONED")) == 2
    assert run.withdrawn("TAG_CLONED") == 0


def test_a_tag_is_forgotten_when_its_checkpoint_is_removed_or_nobody_reads_what_has_no_entry() -> None:
    run = cloned(read(0, 0), read(60, 500))
    run.feed([removed("noc.tour", "C1", at=hours(12))])
    assert run.engine.shelves.get("tags", "C1") is not None
    run.feed([removed("noc.checkpoint", "C1", at=hours(12))])
    assert run.engine.shelves.get("tags", "C1").sightings == []
    run.pass_time(hours(13))
    assert run.engine.shelves.get("tags", "C1") is None
    strange = cloned(read(0, 0), home=False)
    strange.pass_time(hours(24 * 8))
    assert strange.engine.shelves.get("tags", "C1") is None
