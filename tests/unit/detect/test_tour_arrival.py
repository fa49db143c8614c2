"""What is found of a tour is the same however its scans arrive within the lateness, and when each is told twice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from nocd.domain.event import Event
from nocd.domain.instant import MINUTE_MS
from tests.build_field import company, hours, played
from tests.build_tours import after, scan, walk, walked

ALL = ("C1", "C2", "C3", "C4", "C5")
TYPES = {"TOUR_OVERDUE", "TOUR_MISSED", "TOUR_INCOMPLETE", "CHECKPOINT_COVERAGE_LOW", "TOUR_OUT_OF_ORDER"}
SCENES: list[tuple[str, dict[str, Any], list[Event]]] = [
    ("in time", {}, walked(*ALL, start=29)),
    ("TOUR_OVERDUE", {}, walked(*ALL, start=31)),
    ("TOUR_INCOMPLETE", {}, walked("C1", "C2", "C4", start=3)),
    ("CHECKPOINT_COVERAGE_LOW", {}, [*walked("C1", "C2"), *(scan(name, 12, sort="SKIP") for name in ALL[2:])]),
    ("TOUR_OUT_OF_ORDER", {"ordered": True}, walked("C1", "C3", "C2", "C4", "C5")),
    ("in order", {"ordered": True}, walked(*ALL)),
]


def found(tour: dict[str, Any], scans: list[Event]) -> list[str]:
    run = played(company("P1"), walk(**tour), scans, until=hours(20))
    return sorted({each.type for each in run.standing if each.type in TYPES})


def late(scans: list[Event], *, every: int) -> list[Event]:
    """Return the same, the first and then one of every so many received nine minutes later."""
    return [
        replace(each, received_at=each.time + 9 * MINUTE_MS * (number % every == 0))
        for number, each in enumerate(scans)
    ]


@pytest.mark.parametrize(("expected", "tour", "scans"), SCENES, ids=[name for name, _, _ in SCENES])
def test_late_and_doubled_scans_change_nothing(expected: str, tour: dict[str, Any], scans: list[Event]) -> None:
    wanted = [expected] if expected in TYPES else []
    again = [replace(each, id=f"{each.id}-again") for each in scans]
    assert found(tour, scans) == wanted
    assert found(tour, late(scans, every=1)) == wanted
    assert found(tour, late(scans, every=2)) == wanted
    assert found(tour, [*late(scans, every=2), *again]) == wanted


def test_a_first_scan_that_comes_minutes_late_takes_back_that_the_tour_was_overdue() -> None:
    run = played(company("P1"), walk(), until=after(35))
    assert run.alerts("TOUR_OVERDUE") == [("open", 1)]
    run.feed([scan("C1", 30, received_at=after(36))])
    assert run.withdrawn("TOUR_OVERDUE") == 1
    assert run.alerts("TOUR_OVERDUE") == [("resolved", 1)]
