"""The stream: valid, in order, repeatable, and honest where nothing was planted."""

from __future__ import annotations

import io
from collections import Counter
from hashlib import blake2b
from itertools import islice, pairwise

import orjson
import pytest

from nocd.domain.geo import haversine_m
from nocd.domain.instant import HOUR_MS, MINUTE_MS, from_ms, local
from nocd.domain.observation import EVENT_TYPES
from nocd.simulate import events, write
from nocd.simulate.disorder import BUFFERED_MAX_MS, REPEATED_AFTER_MAX_MS
from tests.unit.simulate.claims import NONE, START, Event, Seen, metres, moved_m, ms, seen, world

pytestmark = pytest.mark.heavy

LATENESS_MS = 10 * MINUTE_MS


@pytest.fixture(scope="module")
def honest() -> Seen:
    return seen(world(1, sites=4, people=40, days=3, rates=NONE))[0]


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others():
    def digest(seed: int) -> bytes:
        out = blake2b()
        for event in events(world(seed), disorder=True):
            out.update(orjson.dumps(event))
        return out.digest()

    assert digest(1) == digest(1)
    assert digest(1) != digest(2)


def test_a_longer_world_begins_like_a_shorter_one():
    """Up to the roster of the shifts that only the longer one has."""
    short, long = events(world(3, days=2)), events(world(3, days=4))
    until = from_ms(START + 29 * HOUR_MS).isoformat()[:19]
    begun = [event for event in short if event["time"] < until]
    assert len(begun) > 2_000
    assert begun == list(islice(long, len(begun)))


def test_every_type_but_the_biometric_check_occurs(honest):
    assert set(honest.of) == set(EVENT_TYPES) - {"noc.biometric.check"}


def test_the_directory_comes_first_and_knows_everyone_who_is_named(honest):
    standing = {"noc.site", "noc.checkpoint", "noc.person", "noc.device"}
    first = [event["type"] in standing for event in honest.all]
    assert first == sorted(first, reverse=True)
    for event in honest.all:
        data = event["data"]
        assert data.get("person") in {None, *honest.person}
        assert data.get("site") in {None, *honest.site}
        assert data.get("checkpoint") in {None, *honest.checkpoint}


def test_shifts_and_tours_are_known_before_they_begin(honest):
    assert all(event["at"] < ms(event["data"]["start"]) for event in honest.of["noc.shift"])
    assert all(event["at"] < ms(event["data"]["planned_start"]) for event in honest.of["noc.tour"])


def test_honest_punches_pair_and_lie_inside_the_fence(honest):
    for person in honest.person:
        assert alternate(honest.punches(person))
    for punch in honest.of["noc.attendance.punch"]:
        data = punch["data"]
        site = honest.site[data["site"]]
        assert metres(data, site) <= site["radius_m"]
        assert data["verified"]
        assert data["match_distance"] < 0.4
        assert min(data["confidence"], data["liveness"]) > 0.7


def alternate(punches: list[Event]) -> bool:
    """Tell whether ins and outs take turns, with breaks inside."""
    order = {"in": ("break_start", "out"), "break_start": ("break_end",), "break_end": ("out",), "out": ("in",)}
    directions = [punch["data"]["direction"] for punch in punches]
    return directions[:1] in ([], ["in"]) and all(after in order[before] for before, after in pairwise(directions))


def test_honest_guards_come_within_a_quarter_of_an_hour_and_rest_eight_hours(honest):
    for shift in honest.shifts:
        start, end = ms(shift["start"]), ms(shift["end"])
        near = honest.within("noc.attendance.punch", shift["person"], start - HOUR_MS, end + HOUR_MS)
        assert -20 * MINUTE_MS <= near[0]["at"] - start <= 15 * MINUTE_MS
        assert 0 <= near[-1]["at"] - end <= 20 * MINUTE_MS
    for person in honest.person:
        for before, after in pairwise(honest.punches(person)):
            if before["data"]["direction"] == "out":
                assert after["at"] - before["at"] >= 8 * HOUR_MS


def test_a_device_that_is_no_terminal_serves_one_person(honest):
    users: dict[str, set[str]] = {}
    for event in honest.all:
        device = event["data"].get("device", "")
        if device.startswith("PH-") and "person" in event["data"]:
            users.setdefault(device, set()).add(event["data"]["person"])
    assert users
    assert all(len(persons) == 1 for persons in users.values())


def test_an_honest_phone_is_heard_of_every_half_hour(honest):
    """Phone events, fixes, health: within a shift no half hour goes by without any."""
    for shift in honest.shifts:
        start, end = ms(shift["start"]) + 10 * MINUTE_MS, ms(shift["end"])
        phone = f"/phones/PH-{shift['person'][2:]}"
        times = [e["at"] for e in honest.all if e["source"] == phone and start <= e["at"] <= end]
        assert all(after - before < 30 * MINUTE_MS for before, after in pairwise([start, *times, end]))


def test_honest_fixes_stay_inside_the_fence_at_walking_speed(honest):
    site_of = {shift["person"]: honest.site[shift["site"]] for shift in honest.shifts}
    fixes = honest.of["noc.location.fix"]
    assert not any("location_mocked" in fix["data"] for fix in fixes)
    assert all(
        metres(fix["data"], site_of[fix["data"]["person"]]) < site_of[fix["data"]["person"]]["radius_m"]
        for fix in fixes
    )
    for person in honest.person:
        for before, after in pairwise(honest.by_person["noc.location.fix", person]):
            assert metres(before["data"], after["data"]) < 1_000


def test_a_guard_on_patrol_moves_in_any_two_hours_with_a_tour(honest):
    for tour in honest.of["noc.tour"]:
        start = ms(tour["data"]["planned_start"])
        fixes = honest.within("noc.location.fix", tour["data"]["person"], start, start + 2 * HOUR_MS)
        assert moved_m(fixes) > 50


def test_honest_tours_are_complete_in_time_and_walked_not_run(honest):
    scans: dict[str, list[Event]] = {}
    for scan in honest.of["noc.tour.scan"]:
        scans.setdefault(scan["data"]["tour"], []).append(scan)
    for tour in honest.of["noc.tour"]:
        mine = scans[tour["data"]["id"]]
        assert {scan["data"]["checkpoint"] for scan in mine} == set(tour["data"]["checkpoints"])
        assert 0 <= mine[0]["at"] - ms(tour["data"]["planned_start"]) < 30 * MINUTE_MS
        for before, after in pairwise(mine):
            a, b = (honest.checkpoint[scan["data"]["checkpoint"]] for scan in (before, after))
            assert metres(a, b) / (after["at"] - before["at"]) * 1_000 < 1.6


def test_honest_tasks_are_done_before_they_are_due(honest):
    due = {task["data"]["id"]: ms(task["data"]["due_at"]) for task in honest.of["noc.task"]}
    done = {task["data"]["task"]: task["at"] for task in honest.of["noc.task.done"]}
    assert due.keys() == done.keys()
    assert all(done[task] < due[task] for task in due)


def test_a_gate_is_busy_by_day_and_quiet_by_night(honest):
    for site in honest.site.values():
        by_hour: Counter[int] = Counter()
        for sample in honest.of["noc.sample"]:
            if sample["data"]["metric"] == "gate_count" and sample["data"]["site"] == site["id"]:
                by_hour[local(sample["at"] - 1, site["timezone"]).hour] += sample["data"]["value"]
        assert sum(by_hour[hour] for hour in range(8, 20)) > 3 * sum(by_hour[hour] for hour in range(5))


def test_outside_alerts_fire_again_and_again_and_then_resolve(honest):
    stories: dict[str, list[str]] = {}
    for alert in honest.of["noc.alert"]:
        stories.setdefault(alert["id"].rpartition("-")[0], []).append(alert["data"]["status"])
    assert stories
    assert all(story[-1] == "resolved" and set(story[:-1]) == {"firing"} for story in stories.values())


def test_reports_are_expected_daily_and_delivered_in_time(honest):
    expected = {e["data"]["report"]: e for e in honest.of["noc.report"] if "delivered_at" not in e["data"]}
    delivered = {e["data"]["report"]: e for e in honest.of["noc.report"] if "delivered_at" in e["data"]}
    assert expected.keys() == delivered.keys()
    assert len(expected) >= 3 * len(honest.site)
    assert all(delivered[name]["at"] < ms(expected[name]["data"]["due_at"]) for name in expected)


def test_a_week_has_a_statutory_report_for_each_site():
    saw, _ = seen(world(2, sites=3, people=3, days=7))
    statutory = {e["data"]["site"] for e in saw.of["noc.report"] if e["data"]["kind"] == "STATUTORY"}
    assert statutory == set(saw.site)


def test_a_site_without_people_still_reports_itself():
    saw, truths = seen(world(3, sites=2, people=1, days=1, rates=NONE))
    assert {e["data"]["site"] for e in saw.of["noc.sample"]} == set(saw.site)
    assert not any("supervisor" in site for site in list(saw.site.values())[1:])
    assert truths == []


def test_positions_are_where_the_city_is(honest):
    for site in honest.site.values():
        assert haversine_m(site["lat"], site["lon"], site["lat"], site["lon"]) == 0
        assert site["timezone"]
        assert abs(site["lat"]) < 65


def test_phones_that_were_offline_arrive_late_and_twice_but_within_the_lateness():
    ordered = list(events(world(5)))
    arrived = list(events(world(5), disorder=True))
    assert {event["id"] for event in arrived} == {event["id"] for event in ordered}
    assert len(ordered) * 1.002 < len(arrived) < len(ordered) * 1.05
    latest, late = 0, 0
    for event in arrived:
        at = ms(event["time"])
        late += at < latest
        assert latest - at < BUFFERED_MAX_MS + REPEATED_AFTER_MAX_MS <= LATENESS_MS
        latest = max(latest, at)
    assert late > 50


def test_a_repeat_is_the_same_event():
    by_key: dict[tuple[str, str], Event] = {}
    for event in events(world(5), disorder=True):
        assert by_key.setdefault((event["source"], event["id"]), event) == event


def test_written_lines_and_rows_are_what_was_counted():
    out, rows = io.BytesIO(), io.StringIO()
    counts = write(world(6, days=3), out, rows)
    lines = [orjson.loads(line) for line in out.getvalue().splitlines()]
    table = rows.getvalue().splitlines()
    assert lines == list(events(world(6, days=3)))
    assert counts["events"] == len(lines) == sum(counts["types"].values())
    assert counts["types"] == Counter(line["type"] for line in lines)
    assert table[0] == "event_id,kind,person,site,from,to"
    assert sum(counts["truth"].values()) == len(table) - 1 > 0
    starts = [row.split(",")[4] for row in table[1:]]
    assert starts == sorted(starts)
    assert all(start.endswith("Z") for start in starts)


def test_disorder_can_be_written_too():
    out, rows = io.BytesIO(), io.StringIO()
    assert write(world(6), out, rows, disorder=True)["events"] > len(list(events(world(6))))
