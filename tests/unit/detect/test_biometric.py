"""How surely people are recognised, once and over a month."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from nocd.detect.biometric import CHECKS_KEPT, MONTH_CHECKS_MAX, Check, Checks
from nocd.domain.event import Event
from nocd.domain.finding import Category
from nocd.domain.instant import DAY_MS, MINUTE_MS
from nocd.domain.severity import Severity
from tests.build import T0, event
from tests.build_field import Field, company, hours, minutes, played, punch

SURE = {"confidence": 0.95, "liveness": 0.9, "quality": 0.9}
DAY_MINUTES = 1_440


def check(at: float, *, received: float | None = None, again: str = "", **more: Any) -> Event:
    given = {"person": "P1", "site": "S1", "method": "FACE", "verified": True, **SURE, **more}
    return event(
        "noc.biometric.check",
        at=minutes(at),
        received_at=None if received is None else minutes(received),
        event_id=f"check-{at}{again}",
        **given,
    )


def checked(*parts: Event | list[Event], until: int | None = None, **site: Any) -> Field:
    return played(company("P1", **site), *parts, until=until)


@pytest.mark.parametrize(
    ("doubt", "confidence"),
    [
        ({"confidence": 0.69}, 0.6),
        ({"liveness": 0.49}, 0.8),
        ({"quality": 0.39}, 0.6),
        ({"liveness": 0, "quality": 0}, 0.8),
    ],
)
def test_a_doubtful_check_is_found(doubt: dict[str, Any], confidence: float) -> None:
    run = checked(check(60, **doubt))
    found = run.of("BIOMETRIC_LOW")[0]
    assert (found.severity, found.category, found.confidence) == (Severity.MEDIUM, Category.SECURITY, confidence)
    assert (found.time, found.person, found.site) == (minutes(60), "P1", "S1")
    assert run.alerts("BIOMETRIC_LOW") == [("open", 1)]


def test_the_reason_says_what_was_low() -> None:
    found = checked(check(60, confidence=0.6, quality=0.2)).of("BIOMETRIC_LOW")[0]
    assert found.reason == (
        "Guard P1 was checked at Site S1 at 01:00 with confidence 60% (at least 70%), quality 20% (at least 40%): "
        "see whose face it is"
    )
    assert found.evidence == {
        "event": "check-60",
        "liveness_share": 0.9,
        "confidence_share": 0.6,
        "quality_share": 0.2,
    }


def test_at_its_limits_a_check_is_sure_enough() -> None:
    assert not checked(check(60, confidence=0.7, liveness=0.5, quality=0.4)).of("BIOMETRIC_LOW")


def test_a_punch_is_a_check_too() -> None:
    assert checked(punch("P1", "in", hours(8), confidence=0.5)).of("BIOMETRIC_LOW")
    assert checked(punch("P1", "in", hours(8), confidence=None, liveness=0.2)).of("BIOMETRIC_LOW")
    assert not checked(punch("P1", "in", hours(8))).of("BIOMETRIC_LOW")


@pytest.mark.parametrize("method", ["NFC", "PIN", "MANUAL"])
def test_what_a_card_vouches_for_is_not_judged(method: str) -> None:
    assert not checked(punch("P1", "in", hours(8), method=method, confidence=0.1)).of("BIOMETRIC_LOW")


def test_what_is_not_said_is_not_judged() -> None:
    run = checked(punch("P1", "in", hours(8), confidence=None), check(60, liveness=None, quality=None))
    assert not run.of("BIOMETRIC_LOW")
    assert list(run.engine.shelves.kind("biometric")) == ["P1"]


def test_the_same_check_told_twice_is_one_and_each_other_renews_it() -> None:
    twice = [check(60, confidence=0.5), check(60, received=61, again="-again", confidence=0.5)]
    assert checked(twice).alerts("BIOMETRIC_LOW") == [("open", 1)]
    assert checked(twice, check(90, confidence=0.5)).alerts("BIOMETRIC_LOW") == [("open", 2)]


def days(count: int, *, minute: float = 480, start: int = 0, **more: Any) -> list[Event]:
    """Return a check at the same minute of so many days."""
    return [check(minute + DAY_MINUTES * (start + day), **more) for day in range(count)]


def test_ten_checks_at_the_same_minute_are_too_regular() -> None:
    assert not checked(days(9)).of("BIOMETRIC_PATTERN")
    run = checked(days(10))
    found = run.of("BIOMETRIC_PATTERN")[0]
    assert (found.severity, found.category, found.confidence) == (Severity.MEDIUM, Category.SECURITY, 0.75)
    assert found.time == minutes(480 + 9 * DAY_MINUTES)
    assert found.reason == (
        "10 checks of Guard P1 within 30 days look made: only 10% at different minutes of the day; "
        "compare the photos, and have the next check watched"
    )
    assert run.alerts("BIOMETRIC_PATTERN") == [("open", 1)]


def test_three_of_ten_minutes_are_different_enough() -> None:
    three = [check(480 + day % 3 + DAY_MINUTES * day) for day in range(10)]
    assert not checked(three).of("BIOMETRIC_PATTERN")
    two = [check(480 + day % 2 + DAY_MINUTES * day) for day in range(10)]
    assert checked(two).of("BIOMETRIC_PATTERN")


def test_punctual_people_who_come_and_go_within_minutes_of_the_hour_are_honest() -> None:
    rng = Random(3)
    told = [check(round(hour * 60 + rng.gauss(0, 3)) + DAY_MINUTES * day) for day in range(60) for hour in (8, 16)]
    assert not checked(told).of("BIOMETRIC_PATTERN")


def test_minutes_are_those_of_the_sites_clock() -> None:
    summer = [check(480 - (60 if day >= 5 else 0) + DAY_MINUTES * (82 + day)) for day in range(12)]
    assert (
        checked(summer, timezone="Europe/Berlin").of("BIOMETRIC_PATTERN")[0].evidence["minutes_distinct_share"] == 0.1
    )


def spread(count: int, **more: Any) -> list[Event]:
    return [check(7 * number + DAY_MINUTES * number, **more) for number in range(count)]


def test_low_confidence_on_the_whole_is_a_pattern_and_at_the_limit_is_none() -> None:
    found = checked(spread(10, confidence=0.69)).of("BIOMETRIC_PATTERN")[0]
    assert (found.evidence["confidence_mean_share"], found.evidence["low_share"]) == (0.69, 0.0)
    assert "mean confidence 69%" in found.reason
    assert not checked(spread(10, confidence=0.75)).of("BIOMETRIC_PATTERN")


def test_many_checks_below_a_half_are_a_pattern_and_three_of_ten_are_none() -> None:
    def low(count: int) -> list[Event]:
        return [
            check(7 * number + DAY_MINUTES * number, confidence=0.4 if number < count else 1.0) for number in range(10)
        ]

    assert not checked(low(3)).of("BIOMETRIC_PATTERN")
    found = checked(low(4)).of("BIOMETRIC_PATTERN")[0]
    assert "40% below 50%" in found.reason


def test_confidence_that_is_not_said_is_not_low() -> None:
    assert not checked(
        [punch("P1", "in", hours(24 * day + day / 9), confidence=None, liveness=0.9) for day in range(12)]
    ).of("BIOMETRIC_PATTERN")


def test_it_is_over_with_checks_that_look_honest_and_with_none() -> None:
    run = checked(days(10))
    run.feed([check(DAY_MINUTES * (10 + number) + 13 * number) for number in range(4)])
    assert run.alerts("BIOMETRIC_PATTERN") == [("resolved", 1)]
    assert run.withdrawn("BIOMETRIC_PATTERN") == 0
    alone = checked(days(10), until=T0 + 39 * DAY_MS)
    assert alone.alerts("BIOMETRIC_PATTERN") == [("open", 1)]
    alone.pass_time(T0 + 40 * DAY_MS)
    assert alone.alerts("BIOMETRIC_PATTERN") == [("resolved", 1)]
    alone.pass_time(T0 + 42 * DAY_MS)
    assert not alone.engine.shelves.kind("biometric")


def test_a_late_check_that_breaks_the_rhythm_takes_it_back() -> None:
    rhythm = [check(480 + day % 2 + DAY_MINUTES * day) for day in range(9)]
    last = 480 + DAY_MINUTES * 9
    run = checked(rhythm, check(last))
    assert run.of("BIOMETRIC_PATTERN")
    run.feed([check(last - 3 - number, received=last + 5) for number in range(3)])
    assert run.withdrawn("BIOMETRIC_PATTERN") == 1
    assert run.alerts("BIOMETRIC_PATTERN") == [("resolved", 1)]


@pytest.mark.parametrize("seed", range(4))
def test_neither_order_nor_repeats_of_the_content_matter(seed: int) -> None:
    rng = Random(seed)
    plain = [check(4 * number, confidence=0.4 if number % 3 else 0.9) for number in range(30)]
    late = [replace(each, received_at=each.time + rng.randrange(9 * MINUTE_MS)) for each in plain]
    twice = [
        replace(each, id=f"{each.id}-again", received_at=each.time + rng.randrange(9 * MINUTE_MS)) for each in plain
    ]
    shuffled, ordered = checked(late, twice), checked(plain)
    assert {found.time for found in shuffled.of("BIOMETRIC_LOW")} == {
        found.time for found in ordered.of("BIOMETRIC_LOW")
    }
    assert len(shuffled.of("BIOMETRIC_PATTERN")) == len(ordered.of("BIOMETRIC_PATTERN")) == 1


def test_checks_are_bounded_in_number_and_time_and_what_is_forgotten_stands() -> None:
    run = checked([check(60 * number, confidence=0.5) for number in range(CHECKS_KEPT + 40)])
    record = run.engine.shelves.get("biometric", "P1")
    assert len(record.checks) == CHECKS_KEPT
    assert record.known_from() == record.checks[MONTH_CHECKS_MAX - 1].time
    assert len(run.of("BIOMETRIC_LOW")) == CHECKS_KEPT + 40
    assert len(run.of("BIOMETRIC_PATTERN")) == 1
    old = Checks()
    for day in (0, 1, 100):
        old.take(Check(time=day * DAY_MS, site="S1", minute=0, confidence=1, liveness=1, quality=1, id="e"))
    assert [each.time for each in old.checks] == [100 * DAY_MS]
    assert old.known_from() == 130 * DAY_MS


def test_someone_nobody_entered_is_judged_by_what_the_check_says() -> None:
    assert played(check(60, confidence=0.2)).of("BIOMETRIC_LOW")[0].person == "P1"
