"""Clocks that are ahead or set back."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from nocd.detect.clocks import SIGNS_KEPT
from nocd.domain.event import Event
from nocd.domain.finding import Category
from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS
from nocd.domain.severity import Severity
from tests.build import T0, event
from tests.build_field import Field, company, minutes, played, punch


def told(received: float, *, lag: float = 0.0, source: str = "/a", person: str = "P1", again: str = "") -> Event:
    """Return an event received so many minutes after T0, and as late."""
    made = event(
        "noc.phone.event",
        at=minutes(received - lag),
        received_at=minutes(received),
        event_id=f"{source}-{received}-{lag}{again}",
        person=person,
        kind="device_log",
    )
    return replace(made, source=source)


def ahead(received: float, *, by: float = 6.0, source: str = "/a", person: str = "P1", again: str = "") -> Event:
    made = told(received, source=source, person=person, again=again or f"ahead{by}")
    return replace(made, claimed_time=minutes(received + by))


def steady(start: float, *, lag: float, count: int = 4, every: float = 0.5) -> list[Event]:
    """Return events that all come as late."""
    return [told(start + every * number, lag=lag) for number in range(count)]


def clocks(*parts: Event | list[Event], until: float = 60) -> Field:
    return played(company("P1"), *parts, until=minutes(until))


def test_three_events_ahead_make_a_clock_suspect() -> None:
    assert not clocks(ahead(1), ahead(2)).of("CLOCK_SUSPECT")
    run = clocks(ahead(1), ahead(2, by=30), ahead(3))
    found = run.of("CLOCK_SUSPECT")[0]
    assert (found.severity, found.category, found.confidence) == (Severity.MEDIUM, Category.OPERATIONAL, 0.8)
    assert (found.time, found.entity_type, found.entity_id) == (minutes(3), "source", "/a")
    assert found.reason == (
        "The clock of /a, phone of Guard P1, is off by up to 30 min: 3 events ahead, 0 jumps back in the 24 h to "
        "00:03; set it, and doubt its times"
    )
    assert found.evidence["events_ahead"] == 3
    assert run.alerts("CLOCK_SUSPECT") == [("open", 1)]


def test_it_is_about_whose_phone_it_is_where_they_are_on_duty_and_about_nobody_if_several_speak() -> None:
    own = clocks(punch("P1", "in", minutes(0)), ahead(1), ahead(2), ahead(3)).of("CLOCK_SUSPECT")[0]
    assert (own.person, own.site, own.entity_id) == ("P1", "S1", "/a")
    shared = clocks(ahead(1), ahead(2, person="P2"), ahead(3), ahead(4, person="P2")).of("CLOCK_SUSPECT")[0]
    assert (shared.person, shared.site) == (None, None)
    unnamed = event("noc.device.health", at=minutes(2), device="A")
    unnamed = replace(unnamed, source="/a", claimed_time=minutes(22))
    assert clocks(ahead(1), unnamed, ahead(3)).of("CLOCK_SUSPECT")[0].person == "P1"
    gate = event("noc.sample", at=minutes(1), metric="gate", value=1.0, site="S1")
    times = [replace(gate, id=f"g{at}", received_at=minutes(at), claimed_time=minutes(at + 9)) for at in (1, 2, 3)]
    assert [(found.person, found.site) for found in clocks(times).of("CLOCK_SUSPECT")] == [(None, "S1")]


def test_five_minutes_ahead_are_none() -> None:
    assert not clocks(ahead(1, by=5), ahead(2, by=5), ahead(3, by=5)).of("CLOCK_SUSPECT")


def test_three_of_three_sources_are_none() -> None:
    assert not clocks(*(ahead(1, source=source) for source in ("/a", "/b", "/c"))).of("CLOCK_SUSPECT")


def test_within_a_day_is_less_than_a_day() -> None:
    day = DAY_MS / MINUTE_MS
    assert not clocks(ahead(1), ahead(2), ahead(1 + day), until=2_000).of("CLOCK_SUSPECT")
    assert clocks(ahead(1), ahead(2), ahead(0.99 + day), until=2_000).of("CLOCK_SUSPECT")


def test_it_is_over_a_day_after_the_third_last_and_begins_again() -> None:
    day = DAY_MS // MINUTE_MS
    run = clocks(ahead(1), ahead(2), ahead(3), until=day)
    assert run.alerts("CLOCK_SUSPECT") == [("open", 1)]
    run.pass_time(minutes(day + 1))
    assert run.alerts("CLOCK_SUSPECT") == [("resolved", 1)]
    run.feed([ahead(day + 400 + number) for number in range(3)])
    assert [found.time for found in run.of("CLOCK_SUSPECT")] == [minutes(3), minutes(day + 402)]
    assert run.withdrawn("CLOCK_SUSPECT") == 0


def test_signs_that_go_on_are_one_condition() -> None:
    run = clocks([ahead(300 * number) for number in range(8)], until=2_500)
    assert [found.time for found in run.of("CLOCK_SUSPECT")] == [minutes(600)]
    assert run.alerts("CLOCK_SUSPECT") == [("open", 1)]


def test_signs_are_bounded_and_the_condition_stands() -> None:
    run = clocks([ahead(number) for number in range(SIGNS_KEPT + 20)], until=100)
    assert len(run.engine.shelves.get("clocks", "/a").signs) == SIGNS_KEPT
    assert run.alerts("CLOCK_SUSPECT") == [("open", 1)]
    assert run.withdrawn("CLOCK_SUSPECT") == 0


def swings(*, lag: float) -> list[Event]:
    """Return a clock that is set back three times for some minutes, and right between."""
    return [each for number in range(3) for each in (*steady(60 * number, lag=lag), *steady(60 * number + 30, lag=0))]


def test_three_jumps_back_make_a_clock_suspect() -> None:
    run = clocks(swings(lag=6), until=300)
    found = run.of("CLOCK_SUSPECT")[0]
    assert (found.evidence["jumps_back"], found.evidence["off_minutes_max"]) == (3, 6.0)
    assert found.time == minutes(120)
    assert not clocks(swings(lag=5), until=300).of("CLOCK_SUSPECT")


def test_one_clock_set_back_for_good_is_one_sign() -> None:
    run = clocks(steady(0, lag=0), steady(10, lag=30, count=200), until=300)
    assert len(run.engine.shelves.get("clocks", "/a").signs) == 1
    assert not run.of("CLOCK_SUSPECT")


@pytest.mark.parametrize(
    "jump",
    [
        steady(10, lag=30, count=2, every=2),
        steady(10, lag=30, every=0.3),
        [told(10, lag=30), told(10, lag=30, again="again"), told(12, lag=30)],
        [told(10, lag=30), told(10.5, lag=29.7), told(11, lag=30), told(11.5, lag=29.7)],
    ],
    ids=["two events", "less than a minute", "two of one receipt", "no steady lag"],
)
def test_a_lag_must_be_steady_to_be_a_jump(jump: list[Event]) -> None:
    run = clocks(jump)
    assert not run.engine.shelves.get("clocks", "/a").signs


def test_backlogs_of_phones_that_were_offline_are_honest() -> None:
    def backlog(end: float) -> list[Event]:
        return [told(end + 0.05 * number, lag=60 - 3 * number) for number in range(20)]

    slow = [told(700 + number, lag=120 - 2 * number) for number in range(60)]
    run = clocks([each for end in (100, 200, 300, 400, 500) for each in backlog(end)], slow, until=900)
    assert not run.of("CLOCK_SUSPECT")
    assert not run.engine.shelves.get("clocks", "/a").signs


@pytest.mark.parametrize("seed", range(4))
def test_what_comes_late_and_in_any_order_and_twice_is_honest(seed: int) -> None:
    rng = Random(seed)
    late = [told(number + rng.uniform(0, 9), lag=rng.uniform(0, 9)) for number in range(600)]
    twice = [replace(each, id=f"{each.id}-again") for each in late]
    assert not clocks(late, twice, until=700).of("CLOCK_SUSPECT")


def test_a_prompt_source_needs_no_record_and_a_late_one_loses_it() -> None:
    run = clocks(steady(0, lag=0), until=10)
    assert not run.engine.shelves.kind("clocks")
    run.feed([told(20, lag=2)])
    assert list(run.engine.shelves.kind("clocks")) == ["/a"]
    run.feed([told(30)])
    run.pass_time(T0 + 3 * DAY_MS + HOUR_MS)
    assert not run.engine.shelves.kind("clocks")
