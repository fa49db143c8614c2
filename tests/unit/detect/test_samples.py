"""Sampled series in the engine: arrival order, restarts, what is forgotten, refused, told, and what they are called."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from nocd.detect import samples
from nocd.detect.samples import SERIES_KEPT_MS, WAITING_MAX, series_id
from nocd.domain.command import Command
from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from nocd.domain.observation import Sample
from tests.build import T0, event
from tests.build_samples import point, points, restarted
from tests.build_site import Run

if TYPE_CHECKING:
    from nocd.domain.event import Event

LATENESS_MS = 10 * MINUTE_MS
WEEKS_H = 24 * 16
LATER = T0 + WEEKS_H * HOUR_MS


@pytest.fixture(scope="module")
def weeks() -> list[Event]:
    """Sixteen days of a value every other minute."""
    rng = Random(1)
    return [point(T0 + minute * MINUTE_MS, rng.randint(40, 60)) for minute in range(0, WEEKS_H * 60, 2)]


def site(zone: str, *, at: int = T0) -> Event:
    return event("noc.site", at=at, id="S1", name="Site", timezone=zone, client="A")


def records(run: Run, *kinds: str) -> dict[tuple[str, str], bytes | None]:
    return {(kind, key): body for kind, key, body in run.engine.shelves if not kinds or kind in kinds}


def told(run: Run) -> list[tuple[str, int]]:
    found = [finding for outcome in run.outcomes for finding, _ in outcome.findings]
    return [(each.type, each.time) for each in found if each.type.startswith("ANOMALY_")]


def test_a_site_that_moves_to_another_zone_takes_its_series_along() -> None:
    lived = Run()
    lived.feed([point(T0 + minute * MINUTE_MS, 5) for minute in range(20)])
    lived.feed([site("Asia/Kolkata", at=T0 + 20 * MINUTE_MS)])
    again = restarted(lived)
    for run in (lived, again):
        run.feed(point(T0 + minute * MINUTE_MS, 5 + minute % 3) for minute in range(21, 6 * 60))
    assert records(lived) == records(again)
    hours = [hour.hour for outcome in again.outcomes for hour in outcome.hours]
    assert hours
    assert all(hour % HOUR_MS == HOUR_MS // 2 for hour in hours)


def test_a_restart_plans_the_same_at_every_moment() -> None:
    run, rng = Run(), Random(2)
    for _ in range(300):
        now = run.engine.now + rng.choice((SECOND_MS, 40 * SECOND_MS, 7 * MINUTE_MS, HOUR_MS))
        now = max(now, T0)
        delay = rng.choice((0, 0, MINUTE_MS, 9 * MINUTE_MS, 3 * HOUR_MS))
        run.feed([point(now - delay, rng.randint(0, 9), received_at=now, metric=rng.choice("abcd"))])
        assert restarted(run).engine.samples.next_due() == run.engine.samples.next_due()


@pytest.mark.parametrize("minutes", [5, 70])
def test_a_late_point_after_a_tick_is_taken_alike_by_a_restarted_engine(minutes) -> None:
    lived = Run()
    lived.feed(point(T0 + minute * MINUTE_MS, 3) for minute in range(60))
    lived.pass_time(T0 + 3 * HOUR_MS)
    again, now = restarted(lived), T0 + 3 * HOUR_MS + minutes * MINUTE_MS
    for run in (lived, again):
        run.engine.tick(now)
        run.engine.finish()
        run.feed([point(now - 40 * MINUTE_MS, 9, received_at=now + MINUTE_MS)])
        run.pass_time(now + DAY_MS)
    assert records(lived) == records(again)


def test_what_is_usual_is_asked_anew_once_values_are_no_counts(weeks) -> None:
    lived = Run()
    lived.feed(weeks)
    lived.feed(point(LATER + minute * MINUTE_MS, 50) for minute in range(30))
    lived.feed(point(LATER + minute * MINUTE_MS, 50.5) for minute in range(30, 42))
    assert not lived.engine.shelves.get("baseline", "q@S1").counts
    again = restarted(lived)
    for run in (lived, again):
        run.feed(point(LATER + minute * MINUTE_MS, 90) for minute in range(42, 80))
        run.pass_time(LATER + 3 * HOUR_MS)
    assert told(lived)[-len(told(again)) :] == told(again)
    assert [found for found, _ in told(again)].count("ANOMALY_SAMPLE_ABOVE")
    assert records(lived) == records(again)


def trouble(seed: int = 4) -> list[tuple[int, float]]:
    rng = Random(seed)
    return [(T0 + m * MINUTE_MS, rng.gauss(50, 3) + (60 if 400 <= m < 405 else 0)) for m in range(600)]


def test_a_shuffle_within_the_lateness_takes_every_point_and_finds_the_same() -> None:
    rng, ordered, shuffled = Random(9), Run(), Run()
    series = [point(time, value) for time, value in trouble()]
    late = [replace(each, received_at=each.time + rng.randrange(LATENESS_MS)) for each in series]
    for run, arrivals in ((ordered, series), (shuffled, late)):
        run.feed(sorted(arrivals, key=lambda each: each.received_at))
        run.pass_time(T0 + 12 * HOUR_MS)
    assert ordered.engine.shelves.get("stream", "q@S1").points == 600
    assert told(shuffled) == told(ordered) == [("ANOMALY_STREAM", T0 + 400 * MINUTE_MS)]
    assert records(ordered, "series", "stream", "baseline") == records(shuffled, "series", "stream", "baseline")


def test_one_point_ahead_of_time_blinds_nobody() -> None:
    run = Run()
    run.feed([point(T0 + 5 * HOUR_MS, 50.0, received_at=T0)])
    run.feed(point(time, value) for time, value in trouble())
    assert ("ANOMALY_STREAM", T0 + 400 * MINUTE_MS) in told(run)


def test_a_finding_comes_at_the_latest_a_minute_after_the_watermark_has_passed_its_point() -> None:
    run, last = Run(), T0 + 400 * MINUTE_MS
    run.feed(point(time, value) for time, value in trouble() if time <= last)
    assert "ANOMALY_STREAM" not in run.findings
    assert run.engine.samples.next_due() is not None
    run.pass_time(last + LATENESS_MS + 2 * MINUTE_MS)
    assert told(run) == [("ANOMALY_STREAM", last)]


def test_a_series_that_goes_on_needs_no_ticks() -> None:
    run, ticks = Run(), 0
    for second in range(0, 5 * 3_600, 60):
        now = T0 + second * SECOND_MS + 30 * SECOND_MS
        due = run.engine.samples.next_due()
        ticks += due is not None and due <= now
        run.engine.fold([point(now, 3)])
        run.engine.finish()
    assert ticks == 0


def test_at_most_a_thousand_points_wait_and_the_oldest_goes_first() -> None:
    run = Run()
    for number in range(WAITING_MAX + 500):
        run.engine.fold([point(T0 + number * 100, number % 7)])
    record = run.engine.shelves.get("series", "q@S1")
    assert len(record.waiting) == WAITING_MAX
    assert run.engine.shelves.get("stream", "q@S1").points == 500
    assert sum(points for _, points, _ in record.bins) == 500
    run.feed([])
    run.pass_time(T0 + HOUR_MS)
    assert record.waiting == []
    assert run.engine.shelves.get("stream", "q@S1").points == WAITING_MAX + 500


def test_points_of_long_ago_teach_their_hours_in_their_order() -> None:
    run, now = Run(), T0 + 5 * HOUR_MS
    run.feed(point(T0 + minute * MINUTE_MS, 3, received_at=now) for minute in range(200))
    run.pass_time(now + HOUR_MS)
    hours = [((hour.hour - T0) // HOUR_MS, hour.heads) for outcome in run.outcomes for hour in outcome.hours]
    assert hours == [(0, 60), (1, 60), (2, 60)]  # the fourth was seen for a third of it


def test_events_past_the_learning_horizon_are_learned_from_never() -> None:
    run = Run()
    old = [replace(each, received_at=T0, late=True) for each in points(300, start=T0 - 60 * DAY_MS)]
    run.feed(old)
    run.pass_time(T0 + DAY_MS)
    assert records(run, "series", "stream", "baseline", "bucket") == {}


def test_trouble_that_lasts_is_told_when_confirmed_and_then_once_an_hour(weeks) -> None:
    run, rng = Run(), Random(3)
    run.feed(weeks)
    before = len(told(run))
    run.feed(point(LATER + minute * MINUTE_MS, rng.randint(80, 100)) for minute in range(6 * 60))
    times = [time for kind, time in told(run)[before:] if kind == "ANOMALY_SAMPLE_ABOVE"]
    assert 5 <= len(times) <= 6
    assert times[0] <= LATER + 45 * MINUTE_MS
    assert all(second - first >= HOUR_MS for first, second in pairwise(times))


def test_a_series_without_a_point_for_weeks_is_forgotten_with_all_it_kept(weeks) -> None:
    run = Run()
    run.feed(weeks)
    last = weeks[-1].time
    move = Command(verb="set_threshold", target="q@S1", actor="a", time=last, args={"threshold": 4.0})
    assert run.engine.apply(move).ok
    kinds = ("series", "stream", "baseline", "bucket", "threshold_changes")
    assert {kind for kind, _ in records(run, *kinds)} == set(kinds)
    run.pass_time(last + SERIES_KEPT_MS - MINUTE_MS)
    assert run.engine.shelves.get("series", "q@S1")
    run.pass_time(last + SERIES_KEPT_MS + MINUTE_MS)
    assert records(run, *kinds) == {}
    assert run.engine.samples.next_due() is None
    run.feed([point(last + SERIES_KEPT_MS + HOUR_MS, 1)])
    assert run.engine.shelves.get("stream", "q@S1").points == 0


def test_a_refused_series_is_told_once_a_day_and_watched_once_there_is_room(monkeypatch) -> None:
    monkeypatch.setattr(samples, "SERIES_MAX", 3)
    run = Run()
    for hour in range(30):
        now = T0 + hour * HOUR_MS
        run.feed([point(now, 1, metric=f"m{hour}-{each}") for each in range(4)])
    found = [finding for outcome in run.outcomes for finding, _ in outcome.findings if finding.type == "SERIES_LIMIT"]
    assert [finding.time for finding in found] == [T0, T0 + DAY_MS]
    assert (found[0].severity.name, found[0].category) == ("LOW", "OPERATIONAL")
    assert found[0].evidence == {"series_max": 3, "refused": "m0-3@S1"}
    assert len(records(run, "series")) == 3
    run.pass_time(T0 + SERIES_KEPT_MS + DAY_MS)
    run.feed([point(T0 + SERIES_KEPT_MS + DAY_MS, 1, metric="new")])
    assert [key for _, key in records(run, "series")] == ["new@S1"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("queue@S1", {"site": "S1"}),
        ("queue@S1:gate", {"site": "S1", "entity": "gate"}),
        ("queue@-", {}),
        ("queue@:gate", {"entity": "gate"}),
        ("queue@%2D", {"site": "-"}),
        ("queue@A%3AB", {"site": "A:B"}),
        ("queue@A%253AB", {"site": "A%3AB"}),
        ("queue%40A@B:C%40D", {"metric": "queue@A", "site": "B", "entity": "C@D"}),
        ("sample.phone_events@S1", {"metric": "phone_events", "site": "S1"}),
        ("sample.sample.phone_events@S1", {"metric": "sample.phone_events", "site": "S1"}),
        ("sample.other@S1", {"metric": "sample.other", "site": "S1"}),
    ],
)
def test_a_series_is_called_by_metric_site_and_entity(name, data: dict[str, Any]) -> None:
    assert series_id(Sample(**{"metric": "queue", "value": 1.0, **data})) == name


def test_a_baseline_holds_the_metric_as_it_was_posted() -> None:
    run = Run()
    run.feed([point(T0, 1, metric="disk@db:1"), point(T0, 1, metric="phone_events")])
    metrics = {name: about.metric for name, about in run.engine.shelves.kind("baseline").items()}
    assert metrics == {"disk%40db%3A1@S1": "disk@db:1", "sample.phone_events@S1": "sample.phone_events"}
