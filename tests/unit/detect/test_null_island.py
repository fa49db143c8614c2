"""Fixes at 0, 0 or whole degrees: a phone without a position, or one that makes it up."""

from __future__ import annotations

from nocd.domain.severity import Severity
from tests.build import event
from tests.build_field import company, hours, minutes, played, shift
from tests.build_place import fix

LATER = hours(12)


def test_a_fix_at_null_island_is_found_once_in_five_minutes_and_is_no_jump() -> None:
    island = [event("noc.location.fix", at=minutes(minute), person="P1", lat=0.0, lon=0.0) for minute in range(10)]
    run = played(company("P1"), shift("P1", 0, 8), fix(minutes(0)), island, until=LATER)
    assert [(each.site, each.confidence, each.severity) for each in run.of("NULL_ISLAND")] == [
        ("S1", 1.0, Severity.HIGH)
    ] * 2
    assert run.of("NULL_ISLAND")[0].reason == (
        "The phone of Guard P1 gave its position as 0, 0 at 00:00: it has none or makes it up; ask where they are"
    )
    assert run.alerts("NULL_ISLAND") == [("open", 2)]
    assert not run.of("GPS_SPOOFING")


def test_a_late_fix_at_null_island_is_found_and_one_on_the_equator_is_not() -> None:
    late = event("noc.location.fix", at=minutes(3), received_at=minutes(8), person="P1", lat=-12.0, lon=44.0)
    assert len(played(company("P1"), fix(minutes(7)), late, until=LATER).of("NULL_ISLAND")) == 1
    equator = event("noc.location.fix", at=minutes(3), person="P1", lat=0.0, lon=32.6)
    assert not played(company("P1"), equator, until=LATER).of("NULL_ISLAND")
