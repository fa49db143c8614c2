"""Tours begun and given up."""

from __future__ import annotations

from typing import Any

import pytest

from nocd.detect.abandonment import MINUTES_MAX, WALKS_MAX, Walk, Walks
from nocd.detect.registry import CATALOG
from nocd.detect.rules import Rules
from nocd.domain.event import Event
from nocd.domain.instant import DAY_MS
from nocd.domain.severity import Severity
from tests.build import event
from tests.build_field import Field, company, hours, played, punch
from tests.build_tours import START, after, north, removed, scan, walk, walked

BEGUN = ("C1", "C2")  # scanned at 0 and 3 min


def fix(at: float, metres: float, *, received_at: int | None = None, **more: Any) -> Event:
    """Return a fix so many minutes after the planned start, so many metres to the north of the site's centre."""
    given = {"person": "P1", "accuracy_m": 15.0, **north(metres), **more}
    return event("noc.location.fix", at=after(at), received_at=received_at, **given)


def gone(*, start: float = 8, end: float = 60, each: int = 8, metres: float = 700, **more: Any) -> list[Event]:
    """Return fixes away from the site, every few minutes."""
    return [fix(start + each * number, metres, **more) for number in range(int((end - start) // each) + 1)]


def hung() -> list[Event]:
    """Return checkpoints C1 to C5 within 40 m of the centre."""
    return [event("noc.checkpoint", id=f"C{number}", site="S1", **north(10 * number)) for number in range(1, 6)]


def given_up(*parts: Any, until: int = after(140), tour: Event | None = None) -> Field:
    return played(company("P1", "P2"), tour or walk(), *parts, until=until)


def ended(run: Field) -> str:
    rows = [row for outcome in run.outcomes for row in outcome.ledger]
    alerts = {alert.id for outcome in run.outcomes for alert, _ in outcome.alerts if alert.type == "TOUR_ABANDONMENT"}
    return [row.reason for row in rows if row.alert in alerts and row.decision == "ended"][-1]


def test_off_site_half_an_hour_after_the_last_scan_the_tour_is_given_up() -> None:
    run = given_up(walked(*BEGUN), gone(), until=after(60))
    (found,) = run.of("TOUR_ABANDONMENT")
    assert (found.severity, found.confidence, found.time) == (Severity.HIGH, 0.80, after(33))
    assert (found.entity_type, found.entity_id, found.person) == ("tour", "T1", "P1")
    assert found.reason == (
        "Guard P1 began tour T1 at Site S1 but has scanned nothing since C2 at 02:03, 30 min, and is away from it: "
        "call, then send someone"
    )
    assert (found.evidence["checkpoint"], found.evidence["idle_minutes"]) == ("C2", 30.0)
    assert run.alerts("TOUR_ABANDONMENT") == [("open", 1)]


def test_a_scan_after_less_than_half_an_hour_goes_on_with_it() -> None:
    assert not given_up(walked(*BEGUN), gone(end=32), scan("C3", 33)).of("TOUR_ABANDONMENT")
    assert not given_up(walked(*BEGUN), gone(end=32), until=after(32)).of("TOUR_ABANDONMENT")


def test_a_guard_held_up_at_the_gate_has_not_given_up() -> None:
    assert not given_up(hung(), walked(*BEGUN), gone(metres=150)).of("TOUR_ABANDONMENT")


def test_who_left_one_checkpoint_out_has_as_good_as_walked_the_tour() -> None:
    assert not given_up(walked("C1", "C2", "C3", "C4"), gone(start=16)).of("TOUR_ABANDONMENT")
    assert given_up(walked("C1", "C2", "C3"), scan("C4", 12, sort="SKIP"), gone(start=16)).of("TOUR_ABANDONMENT")


def test_one_stray_fix_or_a_return_in_time_is_no_giving_up() -> None:
    stray = [fix(10, 0), fix(20, 900), fix(30, 0), fix(40, 0)]
    assert not given_up(walked(*BEGUN), stray).of("TOUR_ABANDONMENT")
    back = [*gone(end=24), fix(32, 0), fix(42, 0)]
    assert not given_up(walked(*BEGUN), back).of("TOUR_ABANDONMENT")


def test_who_goes_only_later_is_found_when_seen_away_twice() -> None:
    run = given_up(walked(*BEGUN), [fix(20, 0), fix(40, 0)], gone(start=50, end=70, each=10))
    assert [found.time for found in run.of("TOUR_ABANDONMENT")] == [after(60)]


def test_within_the_fence_but_far_from_every_checkpoint_is_away_where_their_places_are_known() -> None:
    wide = [*company("P1", radius_m=1_000.0), *hung(), walk(), *walked(*BEGUN)]
    assert played(wide, gone(metres=220), until=after(60)).of("TOUR_ABANDONMENT")
    assert not played(wide, gone(metres=210), until=after(60)).of("TOUR_ABANDONMENT")
    nowhere = event("noc.checkpoint", id="C5", site="S1")
    assert not played(wide, nowhere, gone(metres=220), until=after(60)).of("TOUR_ABANDONMENT")
    without = [*company("P1", radius_m=1_000.0), walk(checkpoints=()), scan("C1", 0)]
    assert not played(without, gone(metres=900), until=after(60)).of("TOUR_ABANDONMENT")


def test_what_is_away_and_for_how_long_can_be_set() -> None:
    wide = [*company("P1", radius_m=1_000.0), *hung(), walk(), *walked(*BEGUN), *gone(metres=220)]
    run = Field()
    run.engine.scene.rules = Rules(CATALOG, general={"TOUR_ABANDONMENT": {"idle_minutes": 20.0, "away_m": 100.0}})
    run.feed(sorted(wide, key=lambda each: each.received_at))
    assert [found.time for found in run.of("TOUR_ABANDONMENT")] == [after(23)]
    calm = Field()
    calm.engine.scene.rules = Rules(CATALOG, general={"TOUR_ABANDONMENT": {"away_m": 400.0}})
    calm.feed(sorted(wide, key=lambda each: each.received_at))
    assert not calm.of("TOUR_ABANDONMENT")


@pytest.mark.parametrize(
    "fixes",
    [
        gone(location_mocked=True),
        gone(accuracy_m=500.0),
        gone(lat=0.0, lon=0.0),
        gone(metres=280, accuracy_m=0.0),
        gone(person="P2"),
    ],
    ids=["mocked", "inexact", "no position", "accuracy unknown", "someone else"],
)
def test_fixes_that_say_nothing_of_where_the_guard_is_are_not_judged(fixes: list[Event]) -> None:
    assert not given_up(walked(*BEGUN), fixes).of("TOUR_ABANDONMENT")


def test_the_next_scan_ends_it() -> None:
    run = given_up(walked(*BEGUN), gone(), scan("C3", 65), until=after(66))
    assert run.alerts("TOUR_ABANDONMENT") == [("resolved", 1)]
    assert ended(run) == "scanning went on at 03:05"


def test_given_up_twice_it_is_told_twice() -> None:
    run = given_up(walked(*BEGUN), gone(), scan("C3", 65), gone(start=70, end=120))
    assert len(run.of("TOUR_ABANDONMENT")) == 2


def test_a_colleague_who_goes_on_with_the_tour_ends_it() -> None:
    run = given_up(walked(*BEGUN), gone(), scan("C3", 65, person="P2"), until=after(66))
    assert ended(run) == "scanning went on at 03:05"
    shared = given_up(walked(*BEGUN), scan("C3", 20, person="P2"), gone())
    assert not shared.of("TOUR_ABANDONMENT")


@pytest.mark.parametrize(
    ("end", "over"),
    [
        (punch("P1", "break_start", after(50)), "a break began at 02:50"),
        (punch("P1", "out", after(50)), "the duty ended at 02:50"),
        (walk(at=after(50), cancelled=True), "the tour was cancelled at 02:50"),
    ],
    ids=["a break", "punched out", "cancelled"],
)
def test_a_break_the_end_of_the_duty_or_an_order_ends_it(end: Event, over: str) -> None:
    run = given_up(punch("P1", "in", hours(1)), walked(*BEGUN), gone(), end)
    assert run.alerts("TOUR_ABANDONMENT") == [("resolved", 1)]
    assert ended(run) == over


def test_the_tours_own_end_ends_it() -> None:
    run = given_up(walked(*BEGUN), gone(), until=after(149))
    assert run.alerts("TOUR_ABANDONMENT") == [("open", 1)]
    run.pass_time(after(151))
    assert ended(run) == "the tour is closed at 04:30"
    run.pass_time(hours(20))
    assert len(run.of("TOUR_ABANDONMENT")) == 1
    assert run.engine.shelves.get("abandonment", "P1") is None


def test_on_a_break_since_the_last_scan_nobody_has_given_up() -> None:
    parts = [punch("P1", "in", hours(1)), *walked(*BEGUN), punch("P1", "break_start", after(5)), *gone()]
    assert not given_up(parts).of("TOUR_ABANDONMENT")


def test_a_tour_walked_to_its_end_or_cut_short_is_not_given_up() -> None:
    assert not given_up(walked("C1", "C2", "C3", "C4", "C5"), gone(start=16)).of("TOUR_ABANDONMENT")
    short = walk(at=after(10), cancelled=True)
    assert not given_up(walked(*BEGUN), short, gone(start=11)).of("TOUR_ABANDONMENT")


@pytest.mark.parametrize("late", [0, 9], ids=["in order", "late"])
def test_it_is_found_however_fixes_arrive_and_once_when_told_twice(late: int) -> None:
    fixes = [fix(at, 700, received_at=after(at + late * (number % 2))) for number, at in enumerate(range(8, 60, 8))]
    assert len(given_up(walked(*BEGUN), fixes, gone()).of("TOUR_ABANDONMENT")) == 1


def test_a_scan_that_comes_late_takes_it_back() -> None:
    run = given_up(walked(*BEGUN), gone(end=32), until=after(36))
    run.feed([scan("C3", 30, received_at=after(37))])
    assert run.withdrawn("TOUR_ABANDONMENT") == 1
    assert run.alerts("TOUR_ABANDONMENT") == [("resolved", 1)]


def test_a_fix_that_comes_late_can_show_that_the_guard_was_back() -> None:
    run = given_up(walked(*BEGUN), gone(end=32), until=after(36))
    assert run.of("TOUR_ABANDONMENT")
    run.feed([fix(32, 0, received_at=after(40))])
    assert run.withdrawn("TOUR_ABANDONMENT") == 1
    assert run.alerts("TOUR_ABANDONMENT") == [("resolved", 1)]


def test_where_the_daemon_was_stopped_a_scan_may_have_gone_unheard() -> None:
    run = played(company("P1"), walk(), walked(*BEGUN))
    run.beat(after(5))
    run.beat(after(20))
    run.feed(gone(start=24))
    run.pass_time(after(60))
    assert not run.of("TOUR_ABANDONMENT")


def test_a_scan_of_no_known_tour_or_a_tour_that_is_gone_begins_nothing() -> None:
    assert not given_up(walked(*BEGUN, tour="T9"), gone()).of("TOUR_ABANDONMENT")
    run = given_up(walked(*BEGUN), fix(8, 700), removed("noc.tour", "T1", at=after(9)), gone(start=16))
    assert not run.of("TOUR_ABANDONMENT")


def test_a_tour_moved_into_the_past_was_never_given_up() -> None:
    run = given_up(walked(*BEGUN), gone(), walk(at=after(60), start=START - 3 * DAY_MS), fix(64, 700))
    assert run.withdrawn("TOUR_ABANDONMENT") == 1


def test_fixes_outside_of_tours_cost_nothing_and_are_not_kept() -> None:
    run = given_up(gone(), until=after(100))
    assert run.engine.shelves.get("abandonment", "P1") is None
    late = given_up(walked(*BEGUN), gone(start=151, end=200), until=after(210))
    assert late.engine.shelves.get("abandonment", "P1").walks["T1"].minutes == []


def test_two_tours_at_once_are_each_seen_in_their_own_time() -> None:
    second = walk(id="T2", start=START + 3_600_000)
    run = given_up(
        second, walked(*BEGUN), walked(*BEGUN, tour="T2", start=62), gone(start=66, end=170), until=after(230)
    )
    assert [found.entity_id for found in run.of("TOUR_ABANDONMENT")] == ["T1", "T2"]
    kept = run.engine.shelves.get("abandonment", "P1").walks
    assert max(minute for minute, _ in kept["T1"].minutes) * 60_000 <= after(150)
    assert max(minute for minute, _ in kept["T2"].minutes) * 60_000 > after(150)


def test_what_is_kept_is_bounded() -> None:
    seen = Walk(until=0)
    for minute in range(MINUTES_MAX + 5):
        seen.see(minute, away=True)
    seen.see(MINUTES_MAX, away=False)
    seen.see(MINUTES_MAX, away=True)
    assert len(seen.minutes) == MINUTES_MAX
    assert (MINUTES_MAX, False) in seen.minutes
    record = Walks(newest=START)
    for number in range(WALKS_MAX + 1):
        record.begin(walk(id=f"T{number}", start=START + number).data)  # type: ignore[arg-type]  # a tour
    assert list(record.walks) == [f"T{number}" for number in range(1, WALKS_MAX + 1)]
    record.newest = START + 24 * 3_600_000
    record.begin(walk(id="NEXT", start=record.newest).data)  # type: ignore[arg-type]  # a tour
    assert list(record.walks) == ["NEXT"]
