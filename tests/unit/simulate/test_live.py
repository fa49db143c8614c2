"""The demo's company: a week behind it, and something to see within seconds."""

from __future__ import annotations

from itertools import pairwise

import pytest

from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from nocd.errors import InputError
from nocd.simulate import Truth, demo_world, live
from nocd.simulate.live import DUE_EVENTS_MAX
from nocd.simulate.world import World
from tests.unit.simulate.claims import NONE, START, Seen, holds, ms, only

pytestmark = pytest.mark.heavy

NOW = START + 9 * HOUR_MS + 12_345


def test_the_demo_is_eight_sites_sixty_guards_and_three_days():
    made = demo_world(1, NOW)
    assert (len(made.places), len(made.guards), made.start_ms) == (8, 60, NOW - 3 * DAY_MS)


def test_history_is_three_days_of_events_up_to_now():
    times = [ms(event["time"]) for event in live(demo_world(1, NOW), NOW).history()]
    assert 35_000 <= len(times) <= 75_000
    assert times == sorted(times)
    assert times[-1] < NOW
    assert NOW - times[-1] < 10 * MINUTE_MS


def test_what_is_due_follows_history_without_a_gap_or_a_repeat():
    made = demo_world(2, NOW)
    paced = live(made, NOW)
    history = list(paced.history())
    due = [event for step in range(1, 121) for event in paced.due(NOW + step * 30 * SECOND_MS)]
    times = [ms(event["time"]) for event in (*history[-100:], *due)]
    assert times == sorted(times)
    assert len({(event["source"], event["id"]) for event in (*history, *due)}) == len(history) + len(due)
    assert all(NOW <= ms(event["time"]) < NOW + HOUR_MS for event in due)
    assert paced.due(NOW + HOUR_MS) == []


@pytest.mark.parametrize("seed", range(5))
def test_a_viewer_sees_trouble_within_seconds(seed):
    truths: list[Truth] = []
    paced = live(demo_world(seed, NOW), NOW, truth=truths.append)
    for _ in paced.history():
        pass
    before = len(truths)
    first = paced.due(NOW + 5 * SECOND_MS)
    assert any(event["type"] == "noc.alert" for event in first)
    assert any(event["data"].get("kind") == "panic" for event in first)
    paced.due(NOW + 5 * MINUTE_MS)
    assert {"GUARD_DISTRESS", "BUDDY_PUNCHING", "GPS_SPOOFING", "GEOFENCE_VIOLATION", "OUTSIDE_ALERT"} <= {
        truth.kind for truth in truths[before:]
    }


def test_what_is_played_live_holds():
    truths: list[Truth] = []
    made = World(3, sites=8, people=60, start_ms=NOW - 2 * DAY_MS, days=30, rates=NONE)
    paced = live(made, NOW, truth=truths.append)
    saw = Seen([*paced.history(), *paced.due(NOW + HOUR_MS)])
    played = [truth for truth in truths if truth.to_ms < NOW + HOUR_MS and truth.kind != "OUTSIDE_ALERT"]
    assert len(played) > 60
    assert len({truth.person for truth in played[:10]}) > 5
    assert all(holds(truth, saw) for truth in played)


def test_double_speed_shows_two_hours_in_one():
    paced = live(demo_world(4, NOW), NOW, 2.0)
    for _ in paced.history():
        pass
    due = paced.due(NOW + HOUR_MS)
    assert paced.world_ms(NOW + HOUR_MS) == NOW + 2 * HOUR_MS
    assert 2 * HOUR_MS - 5 * MINUTE_MS < ms(due[-1]["time"]) - NOW < 2 * HOUR_MS


def test_a_long_sleep_is_caught_up_in_bounded_steps():
    paced = live(demo_world(5, NOW), NOW)
    until = NOW + HOUR_MS
    slept = []
    while got := paced.due(until):
        slept.append(got)
    assert [len(got) for got in slept[:-1]] == [DUE_EVENTS_MAX] * (len(slept) - 1)
    awake = live(demo_world(5, NOW), NOW)
    assert [event for got in slept for event in got] == [*awake.history(), *awake.due(until)]


def test_nothing_is_due_when_the_world_has_ended():
    made = World(6, sites=2, people=4, start_ms=NOW - DAY_MS, days=2)
    paced = live(made, NOW)
    last = [due[-1] for _ in range(5) if (due := paced.due(NOW + 9 * DAY_MS))]
    assert len(last) < 5
    assert ms(last[-1]["time"]) < made.end_ms + 24 * HOUR_MS


def test_a_company_of_one_site_and_one_guard_still_plays():
    made = World(7, sites=1, people=1, start_ms=NOW - DAY_MS, days=3)
    truths: list[Truth] = []
    paced = live(made, NOW, truth=truths.append)
    due = paced.due(NOW + DAY_MS)
    times = [ms(event["time"]) for event in due]
    assert all(after >= before for before, after in pairwise(times))
    assert not any(event["id"].endswith("-buddy") and event["id"].startswith("ACT") for event in due)


def test_acts_are_played_only_where_nothing_is_planted():
    truths: list[Truth] = []
    made = World(8, sites=8, people=60, start_ms=NOW - DAY_MS, days=3, rates=only("SILENT_SITE"))
    due = live(made, NOW, truth=truths.append).due(NOW + HOUR_MS)
    assert {truth.kind for truth in truths} == {"SILENT_SITE"}
    assert not any(event["id"].startswith("ACT") for event in due)


@pytest.mark.parametrize("speed", [0.0, -1.0, 1e9])
def test_a_speed_that_is_none_is_refused(speed):
    with pytest.raises(InputError):
        live(demo_world(1, NOW), NOW, speed)
