"""Sources that fell silent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from nocd.detect.pace import BUCKETS, GAPS_COUNTED_MAX, SILENCES_KEPT, Pace
from nocd.domain.event import Event
from nocd.domain.finding import Category
from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS
from nocd.domain.severity import Severity
from tests.build import T0, event
from tests.build_field import Field, company, hours, minutes, played, punch

GATE = "/gates/S1"


def sample(at: int, *, source: str = GATE, site: str | None = "S1", received_at: int | None = None) -> Event:
    name = f"{source}-{at}-{received_at}"
    made = event("noc.sample", at=at, received_at=received_at, event_id=name, metric="gate", value=1.0, site=site)
    return replace(made, source=source)


def fix(at: int, person: str, *, source: str, **more: Any) -> Event:
    name = f"{source}-{person}-{at}"
    made = event("noc.location.fix", at=at, event_id=name, person=person, lat=52.52, lon=13.405, **more)
    return replace(made, source=source)


def posts(count: int, *, every: float = 10.0, start: float = 0.0, **more: Any) -> list[Event]:
    """Return so many samples, one every so many minutes."""
    return [sample(minutes(start + every * number), **more) for number in range(count)]


def silent(*parts: Event | list[Event], until: float) -> Field:
    return played(company(), *parts, until=minutes(until))


def test_after_three_times_its_longest_usual_gap_a_source_is_silent() -> None:
    run = silent(posts(100), until=990 + 29)
    assert not run.of("SOURCE_SILENT")
    run.pass_time(minutes(990 + 30))
    found = run.of("SOURCE_SILENT")[0]
    assert (found.severity, found.category, found.time) == (Severity.HIGH, Category.OPERATIONAL, minutes(1_020))
    assert (found.site, found.entity_type, found.entity_id) == ("S1", "source", GATE)
    assert found.reason == (
        "/gates/S1 has sent nothing for 30 min, since 16:30: check power, network and token; "
        "what it alone reports is not judged meanwhile"
    )
    assert found.evidence["limit_minutes"] == 30.0
    assert found.evidence["gap_p99_s"] == 600.0
    assert run.alerts("SOURCE_SILENT") == [("open", 1)]


def test_a_hundred_posts_make_a_pace_and_one_less_does_not() -> None:
    assert not silent(posts(99), until=3_000).of("SOURCE_SILENT")
    assert silent(posts(100), until=3_000).of("SOURCE_SILENT")


def test_what_one_receipt_brings_is_one_post() -> None:
    together = [sample(minutes(number), received_at=minutes(200)) for number in range(150)]
    assert not silent(together, until=3_000).of("SOURCE_SILENT")


def test_however_quick_a_source_is_it_may_pause_for_five_minutes() -> None:
    quick = posts(200, every=0.1)
    last = 19.9
    assert not silent(quick, [sample(minutes(last + 5))], until=last + 5).of("SOURCE_SILENT")
    run = silent(quick, until=last + 6)
    assert [found.time for found in run.of("SOURCE_SILENT")] == [minutes(last + 5)]


def test_its_next_event_ends_it_and_the_next_silence_is_another() -> None:
    run = silent(posts(100), until=1_050)
    run.feed([sample(minutes(1_060))])
    assert run.alerts("SOURCE_SILENT") == [("resolved", 1)]
    run.feed(posts(3, start=1_070))
    run.pass_time(minutes(1_200))
    assert [found.time for found in run.of("SOURCE_SILENT")] == [minutes(1_020), minutes(1_120)]
    assert run.withdrawn("SOURCE_SILENT") == 0


def test_a_post_at_the_very_limit_is_no_silence_and_takes_it_back() -> None:
    run = silent(posts(100), until=1_020)
    run.feed([sample(minutes(1_020))])
    assert not run.of("SOURCE_SILENT")
    assert run.withdrawn("SOURCE_SILENT") == 1


def test_what_arrives_late_ends_a_silence_by_its_receipt_and_says_nothing_of_the_time_before() -> None:
    run = silent(posts(100), until=1_050)
    run.feed([sample(minutes(995), received_at=minutes(1_055))])
    assert len(run.of("SOURCE_SILENT")) == 1
    assert run.alerts("SOURCE_SILENT") == [("resolved", 1)]


def test_the_same_twice_under_another_id_changes_nothing() -> None:
    twice = [replace(each, id=f"{each.id}-again") for each in posts(100)]
    assert not silent(posts(50), twice[:50], until=3_000).of("SOURCE_SILENT")


def test_rare_long_gaps_are_no_pace_and_regular_ones_are() -> None:
    irregular = [*posts(95, every=1), *posts(6, start=200, every=60)]
    assert not silent(irregular, until=500 + 179).of("SOURCE_SILENT")
    rare = [*posts(300, every=1), *posts(300, start=360, every=1)]
    assert [found.time for found in silent(rare, until=664.5).of("SOURCE_SILENT")] == [minutes(304), minutes(664)]


def test_a_source_that_rests_every_night_may_rest_every_night() -> None:
    def week(days: int) -> list[Event]:
        return [each for day in range(days) for each in posts(600, start=day * 1_440, every=1)]

    run = silent(week(6), until=6 * 1_440)
    nights = [found.time // DAY_MS - T0 // DAY_MS for found in run.of("SOURCE_SILENT")]
    assert nights == [0, 1, 2]  # until it is seen to be a habit
    run.pass_time(minutes(7 * 1_440 + 180))
    assert len(run.of("SOURCE_SILENT")) == 4  # longer than any night


def test_one_persons_phone_goes_home_with_them() -> None:
    own = [fix(minutes(number), "P1", source="/phones/A", device="A") for number in range(200)]
    assert not silent(own, until=2_000).of("SOURCE_SILENT")
    known = [event("noc.device", id="A", kind="phone", person="P1")]
    borrowed = [fix(minutes(number) + 1, "P2", source="/phones/A", device="A") for number in range(100)]
    assert not silent(known, own, borrowed, until=2_000).of("SOURCE_SILENT")


@pytest.mark.parametrize("kind", ["terminal", "sensor"])
def test_a_sites_own_device_does_not_however_few_use_it(kind: str) -> None:
    entered = event("noc.device", id="A", kind=kind, site="S1")
    uses = [replace(punch("P1", "in", minutes(10 * number), device="A"), source="/a") for number in range(120)]
    assert silent(entered, uses, until=2_000).of("SOURCE_SILENT")


def gateway(count: int, *people: str) -> list[Event]:
    return [fix(minutes(number), person, source="/gateway") for number in range(count) for person in people]


def test_behind_a_dead_gateway_everyone_is_deaf_and_before_and_after_nobody() -> None:
    run = silent(gateway(150, "P1", "P2"), until=154.5)
    scene = run.engine.scene
    assert scene.deaf("P1") == "/gateway"
    assert scene.deaf("P2") == "/gateway"
    assert scene.deaf("P3") is None
    assert not scene.source_silent("/nobody")
    run.feed([fix(minutes(160), "P1", source="/gateway")])
    assert scene.deaf("P1") is None
    assert scene.source_silent("/gateway", minutes(150), minutes(155))
    assert not scene.source_silent("/gateway", minutes(100), minutes(148))
    assert not scene.source_silent("/gateway", minutes(160), minutes(161))


def test_while_the_daemon_was_stopped_nothing_was_silent_and_nothing_was_learned() -> None:
    run = silent(posts(100), until=990)
    run.beat(minutes(991))
    run.beat(minutes(1_200))
    assert not run.of("SOURCE_SILENT")
    run.feed([sample(minutes(1_210))])
    run.pass_time(minutes(1_240))
    assert [found.time for found in run.of("SOURCE_SILENT")] == [minutes(1_240)]


def test_what_stays_silent_after_a_stop_is_found_as_long_after_it() -> None:
    run = silent(posts(100), until=990)
    run.beat(minutes(991))
    run.beat(minutes(1_200))
    run.pass_time(minutes(1_229))
    assert not run.of("SOURCE_SILENT")
    run.pass_time(minutes(1_230))
    assert [found.time for found in run.of("SOURCE_SILENT")] == [minutes(1_230)]


def test_a_month_after_its_last_post_a_source_is_forgotten() -> None:
    run = silent(posts(100), until=990)
    run.pass_time(T0 + 31 * DAY_MS)
    assert not run.engine.shelves.kind("sources")


def test_only_the_last_silences_are_remembered() -> None:
    run = silent(posts(100), until=990)
    for number in range(SILENCES_KEPT + 2):
        run.feed([sample(minutes(1_100 + 100 * number))])
    assert len(run.of("SOURCE_SILENT")) == SILENCES_KEPT + 2
    assert run.withdrawn("SOURCE_SILENT") == 0
    assert len(run.engine.shelves.get("sources", GATE).silences) == SILENCES_KEPT


def test_counts_of_gaps_are_bounded_and_the_past_fades() -> None:
    pace = Pace()
    for _ in range(GAPS_COUNTED_MAX):
        pace.learn(HOUR_MS)
    pace.learn(400 * DAY_MS)
    assert pace.counted == GAPS_COUNTED_MAX // 2
    assert len(pace.counts) == BUCKETS
    assert pace.usual_ms() == HOUR_MS
    for _ in range(40 * GAPS_COUNTED_MAX):
        pace.learn(MINUTE_MS)
    assert pace.usual_ms() == MINUTE_MS


def test_without_gaps_there_is_no_usual_one() -> None:
    assert Pace().usual_ms() == 0
    assert Pace().habit_ms() == 0


def test_a_source_of_two_sites_belongs_to_neither() -> None:
    both = [sample(minutes(10 * number), site=f"S{1 + number % 2}") for number in range(120)]
    assert [found.site for found in silent(both, until=3_000).of("SOURCE_SILENT")] == [None]


def test_hours_count_from_receipt_alone() -> None:
    run = silent(posts(100), until=990)
    run.feed([sample(hours(1), received_at=minutes(1_000))])
    run.pass_time(minutes(1_025))
    assert not run.of("SOURCE_SILENT")
