"""How devices feel, as one score."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from nocd.detect.readings import SLOTS_MAX, Readings
from nocd.detect.registry import CATALOG
from nocd.detect.rules import Rules
from nocd.domain.event import Event
from nocd.domain.finding import Category
from nocd.domain.instant import MINUTE_MS
from nocd.domain.severity import Severity
from nocd.domain.shelf import Shelves
from nocd.engine import Engine
from nocd.store.codec import encode
from tests.build import ALONE, T0, event
from tests.build_field import Field, company, hours, minutes, played

PHONE = event("noc.device", id="A", kind="phone", person="P1")
FINE: dict[str, Any] = {"battery_percent": 90.0, "signal_percent": 90.0, "temperature_c": 22.0, "online": True}
BAD: dict[str, Any] = {"battery_percent": 10.0, "signal_percent": 20.0, "temperature_c": 22.0, "online": False}


def health(at: float, *, received: float | None = None, again: str = "", **more: Any) -> Event:
    return event(
        "noc.device.health",
        at=minutes(at),
        received_at=None if received is None else minutes(received),
        event_id=f"health-{at}{again}",
        device="A",
        **more,
    )


def device(*parts: Event | list[Event], until: float | None = None) -> Field:
    return played(company("P1"), PHONE, *parts, until=None if until is None else minutes(until))


def score(*told: dict[str, Any]) -> float:
    """Return the score after readings, one in ten minutes."""
    readings = Readings()
    for number, each in enumerate(told):
        readings.take(minutes(10 * number), **each)
    return round(readings.scores()[-1].score, 3)


def full(**more: Any) -> dict[str, Any]:
    return {"battery": 90.0, "signal": 90.0, "temperature": 22.0, "online": True, **more}


@pytest.mark.parametrize(
    ("battery", "points"), [(80, 100), (79, 80), (50, 80), (49, 60), (30, 60), (29, 40), (20, 40), (19, 20)]
)
def test_the_battery_counts_for_two_fifths(battery: float, points: float) -> None:
    assert score(full(battery=battery)) == 60 + 0.4 * points


@pytest.mark.parametrize(("signal", "points"), [(80, 100), (79, 80), (60, 80), (59, 60), (40, 60), (39, 40)])
def test_the_signal_counts_for_three_tenths(signal: float, points: float) -> None:
    assert score(full(signal=signal)) == 70 + 0.3 * points


@pytest.mark.parametrize(("swing", "points"), [(9, 100), (10, 80), (19, 80), (20, 60)])
def test_a_signal_that_swings_counts_less(swing: float, points: float) -> None:
    assert score(full(signal=80 - swing), full(signal=80 + swing)) == 70 + 0.3 * points


@pytest.mark.parametrize(
    ("celsius", "points"), [(15, 100), (35, 100), (14, 80), (40, 80), (9, 60), (45, 60), (4, 40), (46, 40)]
)
def test_the_temperature_counts_for_a_tenth(celsius: float, points: float) -> None:
    assert score(full(temperature=celsius)) == 90 + 0.1 * points


def test_the_time_online_counts_for_a_fifth() -> None:
    assert score(full(online=False), full(), full(), full()) == 80 + 0.2 * 75


def test_a_battery_whose_last_five_fall_below_the_five_before_loses_twenty() -> None:
    assert score(*[full(battery=95)] * 5, *[full(battery=90)] * 5) == 60 + 0.4 * 80
    assert score(*[full(battery=95)] * 4, *[full(battery=90)] * 5) == 100
    assert score(*[full(battery=90)] * 10) == 100


def test_what_is_not_told_counts_for_nothing_and_too_little_is_no_score() -> None:
    assert score({"battery": 90.0, "signal": 40.0}) == round((40 + 0.3 * 60) / 0.7, 3)
    readings = Readings()
    assert readings.scores() == []
    readings.take(T0, battery=5.0)
    assert readings.scores() == []


def test_below_forty_is_critical() -> None:
    run = device(health(5, **BAD))
    found = run.of("DEVICE_CRITICAL")[0]
    assert (found.severity, found.category, found.time) == (Severity.HIGH, Category.DEVICE_HEALTH, minutes(0))
    assert (found.site, found.person, found.entity_type, found.entity_id) == ("S1", "P1", "device", "A")
    assert found.reason == (
        "A of Guard P1 at Site S1 scores 30 of 100 over 72 h; weakest is time online (0): "
        "charge it, or swap it before the next shift"
    )
    assert found.evidence == {
        "score_percent": 30.0,
        "battery_score_percent": 20,
        "signal_score_percent": 40,
        "uptime_score_percent": 0.0,
        "temperature_score_percent": 100,
    }
    assert not run.of("DEVICE_WARNING")
    assert run.alerts("DEVICE_CRITICAL") == [("open", 1)]


def test_forty_is_a_warning_and_sixty_is_none() -> None:
    forty: dict[str, Any] = {"battery_percent": 30.0, "signal_percent": 39.0, "temperature_c": 3.0, "online": False}
    run = device(health(0, **forty))
    assert [(found.severity, found.evidence["score_percent"]) for found in run.of("DEVICE_WARNING")] == [
        (Severity.MEDIUM, 40.0)
    ]
    assert not run.of("DEVICE_CRITICAL")
    sixty: dict[str, Any] = {"battery_percent": 20.0, "signal_percent": 70.0, "temperature_c": 22.0, "online": True}
    assert not device(health(0, **{**sixty, "online": False, "battery_percent": 70.0})).of("DEVICE_WARNING")
    assert not device(health(0, **sixty)).of("DEVICE_WARNING")


def test_a_days_use_of_an_honest_battery_is_no_warning() -> None:
    told = [health(20 * number, **{**FINE, "battery_percent": 100.0 - 2 * number}) for number in range(36)]
    run = device(told)
    assert not run.of("DEVICE_WARNING")
    assert not run.of("DEVICE_CRITICAL")


def test_it_is_over_when_the_score_recovers() -> None:
    run = device(health(5, **BAD), health(15, **BAD))
    assert run.alerts("DEVICE_CRITICAL") == [("open", 1)]
    run.feed([health(25, **FINE)])
    assert run.alerts("DEVICE_CRITICAL") == [("resolved", 1)]
    assert run.alerts("DEVICE_WARNING") == [("open", 1)]
    run.feed([health(35 + 10 * number, **FINE) for number in range(9)])
    assert run.alerts("DEVICE_WARNING") == [("resolved", 1)]
    assert run.withdrawn("DEVICE_CRITICAL") == run.withdrawn("DEVICE_WARNING") == 0
    assert len(run.of("DEVICE_CRITICAL")) == 1


def test_of_what_nothing_is_heard_for_three_days_nothing_is_known() -> None:
    run = device(health(0, **BAD), until=72 * 60 - 1)
    assert run.alerts("DEVICE_CRITICAL") == [("open", 1)]
    run.pass_time(hours(72))
    assert run.alerts("DEVICE_CRITICAL") == [("resolved", 1)]
    run.pass_time(hours(97))
    assert not run.engine.shelves.kind("devices")


def test_what_was_over_a_day_ago_is_not_taken_back() -> None:
    low = {**FINE, "battery_percent": 5.0, "signal_percent": 70.0, "online": False}
    run = device(health(0, **low), [health(10 * number, **FINE) for number in range(1, 300)])
    assert run.of("DEVICE_WARNING")
    assert run.withdrawn("DEVICE_WARNING") == 0


def test_a_late_reading_that_tells_better_takes_it_back() -> None:
    twin: dict[str, Any] = {**FINE, "battery_percent": 100.0}
    run = device(health(5, battery_percent=10.0, signal_percent=70.0), until=6)
    assert run.of("DEVICE_WARNING")
    run.feed([health(4, received=7, **{**twin, "signal_percent": 95.0})])
    assert not run.of("DEVICE_WARNING")
    assert run.withdrawn("DEVICE_WARNING") == 1


@pytest.mark.parametrize("seed", range(4))
def test_neither_order_nor_repeats_of_the_content_matter(seed: int) -> None:
    rng = Random(seed)
    told = [(10.0 * number + 5, BAD if number < 4 else FINE) for number in range(12)]
    late = [health(at, received=at + rng.uniform(0, 9), **each) for at, each in told]
    twice = [health(at, received=at + 9, again="-again", **each) for at, each in told]
    run = device(sorted(late + twice, key=lambda each: each.received_at))
    plain = device([health(at, **each) for at, each in told])
    assert [(found.type, found.time) for found in run.standing] == [
        (found.type, found.time) for found in plain.standing
    ]


def test_a_rule_that_asks_for_more_looks_at_every_reading() -> None:
    strict = Engine(Shelves(encode), ALONE, rules=Rules(CATALOG, general={"DEVICE_WARNING": {"score_min": 95.0}}))
    run = Field(engine=strict)
    run.feed([*company("P1"), PHONE, health(0, **{**FINE, "battery_percent": 70.0})])
    assert [found.evidence["score_percent"] for found in run.of("DEVICE_WARNING")] == [92.0]


def test_phone_events_tell_of_their_device_too() -> None:
    def told(at: float, **more: Any) -> Event:
        return event("noc.phone.event", at=minutes(at), event_id=f"p{at}", person="P1", kind="device_log", **more)

    low: dict[str, Any] = {"battery_percent": 10.0, "signal_percent": 30.0}
    assert not device(told(0, device="A", battery_percent=90.0, signal_percent=90.0)).of("DEVICE_WARNING")
    assert device(told(0, device="A", **low)).of("DEVICE_CRITICAL")
    assert not device(told(0, **low)).of("DEVICE_CRITICAL")
    assert not device(told(0, device="A")).engine.shelves.kind("devices")


def test_a_device_nobody_entered_is_judged_without_a_place() -> None:
    found = played(health(0, **BAD)).of("DEVICE_CRITICAL")[0]
    assert (found.site, found.person, found.entity_id) == (None, None, "A")
    assert found.reason.startswith("A scores 30 of 100")


@pytest.mark.parametrize("poor", [{"temperature_c": 50.0}, {"temperature_c": 0.0}, {"signal_percent": 59.0}])
def test_after_a_poor_reading_every_new_one_is_looked_at(poor: dict[str, Any]) -> None:
    run = device(health(0, **{**FINE, **poor}), health(10, **FINE), health(11, **FINE))
    assert not run.of("DEVICE_WARNING")
    assert run.engine.shelves.get("devices", "A").poor_at == T0


def test_readings_are_one_in_ten_minutes_and_of_four_days() -> None:
    readings = Readings()
    for number in range(SLOTS_MAX + 10):
        assert readings.take(minutes(10 * number), battery=90.0, signal=90.0)
        assert not readings.take(minutes(10 * number) + MINUTE_MS, battery=90.0)
    assert len(readings.slots) == SLOTS_MAX
    assert not readings.take(minutes(0), battery=1.0)
    assert len(readings.scores()) == 144


def test_readings_older_than_three_days_count_no_more() -> None:
    readings = Readings()
    readings.take(minutes(0), battery=5.0, signal=5.0, online=False, temperature=60.0)
    readings.take(hours(72) - 1, **full())
    assert round(readings.scores()[-1].score) < 100
    readings.take(hours(72), **full())
    assert round(readings.scores()[-1].score) == 100


def test_readings_are_the_same_after_a_stop() -> None:
    assert score(full(temperature=None)) == score(full(battery=None)) == 100
    assert score(full(signal=None, temperature=None)) == 100
    readings = Readings()
    readings.poor_at = T0
    for number in range(7):
        readings.take(minutes(10 * number), **full(battery=90.0 - number))
    again = Readings.load(readings.dump())
    assert again.dump() == readings.dump()
    assert again.scores() == readings.scores()


def test_a_strict_rule_of_one_site_is_read_there_and_only_there() -> None:
    fair = [health(10 * number, **{**FINE, "battery_percent": 60.0, "signal_percent": 70.0}) for number in range(3)]
    for site, found in (("S1", 1), ("S2", 0)):
        rules = Rules(CATALOG, sites={site: {"DEVICE_WARNING": {"score_min": 90.0}}})
        run = Field(engine=Engine(Shelves(encode), ALONE, rules=rules))
        run.feed([*company("P1"), PHONE, *fair])
        assert len(run.of("DEVICE_WARNING")) == found


@pytest.mark.parametrize(("levels", "found"), [((52, 52, 44), 1), ((46, 46, 46), 0), ((60, 60, 52), 0)])
def test_a_battery_that_falls_below_half_counts_as_a_low_one(levels: tuple[float, ...], found: int) -> None:
    told = [
        event(
            "noc.phone.event",
            at=minutes(10 * number),
            event_id=f"phone-{number}",
            person="P1",
            kind="device_log",
            device="A",
            battery_percent=levels[number // 5],
            signal_percent=70.0,
        )
        for number in range(15)
    ]
    assert len(device(told).of("DEVICE_WARNING")) == found
