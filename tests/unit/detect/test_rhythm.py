"""Tours scanned by the stopwatch."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from nocd.detect.registry import CATALOG
from nocd.detect.rhythm import SCANS_MAX, TOURS_KEPT, Rhythm, chance_below
from nocd.detect.rules import Rules
from nocd.domain.event import Event
from nocd.domain.instant import DAY_MS, HOUR_MS
from nocd.domain.severity import Severity
from tests.build import T0, event
from tests.build_field import Field, company, played

EVEN = (120.0, 120.0, 120.0, 121.0, 120.0)
DAY = DAY_MS // 1_000


def tour(name: str, start_s: float, gaps_s: tuple[float, ...], *, person: str = "P1", late_s: float = 0) -> list[Event]:
    """Return a tour's scans, so many seconds after T0 and then after each other."""
    scans, at = [], start_s
    for number, gap_s in enumerate((0.0, *gaps_s)):
        at += gap_s
        time = T0 + round(at * 1_000)
        data = {"tour": name, "checkpoint": f"C{number}", "person": person, "site": "S1", "scan": "NFC"}
        scans.append(event("noc.tour.scan", at=time, received_at=time + round(late_s * 1_000), **data))
    return scans


def walked(rng: Random, count: int = 5, spread_s: float = 30.0) -> tuple[float, ...]:
    return tuple(max(20.0, rng.gauss(120, spread_s)) for _ in range(count))


def past(days: int = 5, *, seed: int = 1, spread_s: float = 30.0, a_day: int = 2) -> list[Event]:
    """Return honest tours of several days, so many a day."""
    rng = Random(seed)
    return [
        each
        for day in range(days)
        for number in range(a_day)
        for each in tour(f"D{day}-{number}", day * DAY + number * 9_000, walked(rng, spread_s=spread_s))
    ]


def test_gaps_equal_to_the_second_are_no_walk_of_someone_whose_gaps_usually_differ() -> None:
    run = played(company("P1"), past(), tour("X", 6 * DAY, EVEN))
    (found,) = run.of("SCANS_TOO_REGULAR")
    assert (found.severity, found.confidence, found.person, found.site) == (Severity.MEDIUM, 0.75, "P1", "S1")
    assert found.time == T0 + 6 * DAY_MS + 601_000
    assert "Guard P1 scanned tour X at Site S1 by the stopwatch: gaps differ by 0.4 s, usually by" in found.reason
    assert (found.evidence["gaps"], found.evidence["spread_s"]) == (5, 0.45)
    assert found.evidence["chance"] < 1e-5
    assert run.alerts("SCANS_TOO_REGULAR") == [("open", 1)]


def test_honest_tours_of_a_month_are_never_too_regular() -> None:
    assert not played(company("P1"), past(30, a_day=4)).of("SCANS_TOO_REGULAR")


def test_who_always_walks_evenly_is_not_too_even() -> None:
    assert not played(company("P1"), past(spread_s=0.5), tour("X", 6 * DAY, EVEN)).of("SCANS_TOO_REGULAR")


def test_just_not_unlikely_enough_is_quiet_and_how_unlikely_can_be_set() -> None:
    parts = [*company("P1"), *past(), *tour("X", 6 * DAY, (120.0, 126.0, 114.0, 121.0, 119.0))]
    assert not played(parts).of("SCANS_TOO_REGULAR")
    run = Field()
    run.engine.scene.rules = Rules(CATALOG, general={"SCANS_TOO_REGULAR": {"chance_max": 0.01}})
    run.feed(parts)
    assert run.of("SCANS_TOO_REGULAR")


def test_before_five_tours_of_ones_own_nothing_is_usual() -> None:
    four = past(4, a_day=1)
    assert not played(company("P1"), four, tour("X", 6 * DAY, EVEN)).of("SCANS_TOO_REGULAR")
    five = past(5, a_day=1)
    assert played(company("P1"), five, tour("X", 6 * DAY, EVEN)).of("SCANS_TOO_REGULAR")
    others = [*past(), *tour("X", 6 * DAY, EVEN, person="P2")]
    assert not played(company("P1", "P2"), others).of("SCANS_TOO_REGULAR")


def test_too_few_gaps_scans_within_seconds_and_skips_say_nothing() -> None:
    assert not played(company("P1"), past(), tour("X", 6 * DAY, (120.0, 120.0))).of("SCANS_TOO_REGULAR")
    assert not played(company("P1"), past(), tour("X", 6 * DAY, (14.0,) * 6)).of("SCANS_TOO_REGULAR")
    data: dict[str, Any] = {"tour": "X", "person": "P1", "site": "S1", "scan": "SKIP"}
    skips = [
        event("noc.tour.scan", at=T0 + 6 * DAY_MS + number * 60_000, checkpoint=f"C{number}", **data)
        for number in range(9)
    ]
    assert not played(company("P1"), past(), skips).of("SCANS_TOO_REGULAR")


def test_short_tours_are_judged_together_with_the_others_of_the_shift() -> None:
    short = (120.0, 120.0, 120.0)
    alone = [*past(), *tour("X", 6 * DAY, short)]
    assert not played(company("P1"), alone).of("SCANS_TOO_REGULAR")
    pair = [*alone, *tour("W", 6 * DAY + 3_600, (120.0,)), *tour("Y", 6 * DAY + 7_200, short)]
    (found,) = played(company("P1"), pair).of("SCANS_TOO_REGULAR")
    assert found.evidence["tours"] == ["Y", "X"]
    assert "scanned 2 tours" in found.reason
    apart = [*alone, *tour("Y", 6 * DAY + 13 * 3_600, short)]
    assert not played(company("P1"), apart).of("SCANS_TOO_REGULAR")


@pytest.mark.parametrize("late_s", [0, 540], ids=["in order", "late"])
def test_they_are_found_however_the_scans_arrive_and_once_when_told_twice(late_s: float) -> None:
    scans = tour("X", 6 * DAY, EVEN)
    late = tour("X", 6 * DAY, EVEN, late_s=late_s)
    mixed = [*scans[::2], *late[1::2], *scans[::2]]
    assert len(played(company("P1"), past(), mixed).of("SCANS_TOO_REGULAR")) == 1


def test_a_scan_that_comes_late_can_show_that_they_were_not_even() -> None:
    run = played(company("P1"), past(), tour("X", 6 * DAY, EVEN))
    run.feed(tour("X", 6 * DAY + 150, (), late_s=600))
    assert run.withdrawn("SCANS_TOO_REGULAR") == 1
    assert run.alerts("SCANS_TOO_REGULAR") == [("resolved", 1)]


def test_nothing_is_learned_from_what_was_too_even() -> None:
    even = [each for day in range(6, 20) for each in tour(f"X{day}", day * DAY, EVEN)]
    run = played(company("P1"), past(), even)
    assert len(run.of("SCANS_TOO_REGULAR")) == 14
    assert run.withdrawn("SCANS_TOO_REGULAR") == 0
    assert len(run.engine.shelves.get("rhythm", "P1").usual) == 10


def test_what_was_too_even_only_together_stays_so_and_teaches_nothing_as_the_next_days_are_walked() -> None:
    short = (120.0, 120.0, 120.0)
    together = [each for hour in (0, 2, 4, 6) for each in tour(f"X{hour}", 6 * DAY + hour * 3_600, short)]
    rng = Random(2)
    after = [each for hour in range(24, 72, 2) for each in tour(f"Y{hour}", 6 * DAY + hour * 3_600, walked(rng))]
    run = played(company("P1"), past(), together, after)
    assert [each.evidence["tours"][0] for each in run.of("SCANS_TOO_REGULAR")] == ["X2", "X4", "X6"]
    assert run.withdrawn("SCANS_TOO_REGULAR") == 0
    usual = run.engine.shelves.get("rhythm", "P1").usual
    assert not [ended for ended, _ in usual if T0 + 6 * DAY_MS <= ended < T0 + 7 * DAY_MS]


def test_what_is_kept_is_bounded_and_what_is_older_than_a_day_comes_too_late() -> None:
    run = played(company("P1"), past(40, a_day=2), tour("L", 41 * DAY, (60.0,) * (SCANS_MAX + 9)))
    kept: Rhythm = run.engine.shelves.get("rhythm", "P1")
    assert len(kept.usual) == TOURS_KEPT
    assert len(kept.strolls["L"].times) == SCANS_MAX
    run.feed(tour("OLD", 30 * DAY, EVEN, late_s=12 * DAY))
    assert "OLD" not in kept.strolls
    assert kept.newest - T0 > 41 * DAY_MS + HOUR_MS


def test_who_scans_no_more_is_forgotten() -> None:
    run = played(company("P1"), past(1), until=T0 + 40 * DAY_MS)
    assert run.engine.shelves.get("rhythm", "P1") is not None
    run.pass_time(T0 + 47 * DAY_MS)
    assert run.engine.shelves.get("rhythm", "P1") is None


def test_the_chance_is_at_most_the_leading_term_and_never_over_one() -> None:
    assert chance_below(0.02, 2) == pytest.approx(0.01)
    assert chance_below(0.02, 4) == pytest.approx(0.00005)
    assert chance_below(100.0, 4) == 1.0
