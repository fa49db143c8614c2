"""What is planted holds by the specification's rules, alone in its shift, and leaves the rest of the world alone."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from statistics import fmean

import pytest

from nocd.domain.instant import DAY_MS, HOUR_MS, local
from nocd.simulate import RATES, Truth, World
from nocd.simulate.plan import honest
from nocd.simulate.render import render
from nocd.simulate.roster import Duty, crews, duties
from nocd.simulate.sending import sent
from nocd.simulate.troubles import CREW_TROUBLES, DUTY_TROUBLES, SITE_TROUBLES, crew_trouble, patrol, planned
from nocd.simulate.troubles.base import quiet_window
from nocd.simulate.troubles.lookalike import flat_battery, ride
from nocd.simulate.troubles.phone import WORN
from tests.unit.simulate.claims import HOLDS, NONE, START, holds, only, seen, world

pytestmark = pytest.mark.heavy

NAMED = [
    *((trouble.name, trouble.kind) for trouble in DUTY_TROUBLES),
    *((trouble.name, trouble.kind) for trouble in CREW_TROUBLES),
    *((trouble.name, trouble.kind) for trouble in SITE_TROUBLES),
]
PLANT = {trouble.kind: trouble.plant for trouble in DUTY_TROUBLES}
# to the first Monday, until the own tours are known, and until days off have passed
DAYS = {"REPORT_MISSING": 4, "SCANS_TOO_REGULAR": 9, "PADDED_SHIFT": 6}
OF_CREWS = {"WRONG_PERSON", "DEVICE_SHARING", "TURN_TAKING", "FRIEND_PUNCHING", "PADDED_SHIFT"}  # not of a lone guard


def test_every_kind_is_planted_by_some_trouble_has_a_rate_and_a_check():
    kinds = {kind for _, kind in NAMED}
    assert kinds == set(RATES) == set(HOLDS)
    names = [name for name, _ in NAMED]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("kind", RATES)
@pytest.mark.parametrize(("sites", "people"), [(4, 30), (6, 12)])
def test_a_planted_trouble_holds(kind, sites, people):
    """Thirty people make crews of several; twelve at six sites make crews of one."""
    saw, truths = seen(world(1, sites=sites, people=people, days=DAYS.get(kind, 2), rates=only(kind)))
    assert truths or (kind in OF_CREWS and people == 12)
    assert {truth.kind for truth in truths} <= {kind}
    for truth in truths:
        assert holds(truth, saw), truth
        assert truth.from_ms <= truth.to_ms


def test_no_source_goes_dead_on_the_first_day_before_anyone_knows_how_it_pauses():
    planted = world(1, days=3, rates=only("SOURCE_SILENT"))
    _, truths = seen(planted)
    assert {(truth.from_ms - START) // DAY_MS for truth in truths} == {1, 2}


def test_both_ways_of_buddy_punching_occur():
    alone, _ = seen(world(2, sites=6, people=12, rates=only("BUDDY_PUNCHING")))
    pairs, truths = seen(world(2, sites=4, people=30, rates=only("BUDDY_PUNCHING")))
    assert any(event["id"].endswith("-buddy") for event in alone.all)
    assert any(pairs.by_id[truth.event_id]["data"]["device"] != f"PH-{truth.person[2:]}" for truth in truths)


def test_the_three_ways_of_faking_a_position_occur():
    _, truths = seen(world(2, rates=only("GPS_SPOOFING")))
    ways = {truth.event_id.rpartition("-")[2] for truth in truths}
    assert ways == {"mock0", "jump", "frozen0"}


def test_a_slack_night_shows_a_share_of_what_the_same_night_would_have():
    """The same shift of the same seed, slack and honest, counted within the row's hours."""
    slack, truths = seen(world(1, sites=6, people=40, days=6, rates=only("SLACK_NIGHT")))
    plain, _ = seen(world(1, sites=6, people=40, days=6, rates=NONE))
    assert len(truths) > 8
    shares = []
    for truth in truths:
        window = ("noc.phone.event", truth.person, truth.from_ms, truth.to_ms)
        shares.append(len(slack.within(*window)) / len(plain.within(*window)))
        assert 4 * HOUR_MS <= truth.to_ms - truth.from_ms <= 8 * HOUR_MS
    assert max(shares) < 0.35
    assert 0.1 < fmean(shares) < 0.25


def test_a_slack_night_needs_one_guard_and_a_night():
    made = world(1, sites=6, people=60, days=6, rates=only("SLACK_NIGHT"))
    planted = [duty for guard in made.guards for duty in duties(made, guard) if planned(made, duty)[1]]
    assert planted
    for duty in planted:
        assert len(duty.crew.guards) == 1
        assert local(duty.crew.start, duty.place.timezone).hour >= 18


def test_a_silent_site_calls_its_tours_off_and_breaks_at_the_terminal():
    saw, truths = seen(world(1, days=4, rates=only("SILENT_SITE")))
    cancelled = [tour for tour in saw.of["noc.tour"] if tour["data"].get("cancelled")]
    assert cancelled
    for tour in cancelled:
        assert any(t.site == tour["data"]["site"] and t.from_ms <= tour["at"] <= t.to_ms for t in truths)
    breaks = [p for p in saw.of["noc.attendance.punch"] if p["data"]["direction"].startswith("break")]
    during = [p for p in breaks for t in truths if t.site == p["data"]["site"] and t.from_ms <= p["at"] <= t.to_ms]
    assert during
    assert all(p["source"].startswith("/terminals/") for p in during)
    hours = [(truth.to_ms - truth.from_ms) / HOUR_MS for truth in truths]
    assert min(hours) < 2.7
    assert max(hours) > 3.5


def test_a_script_punches_for_weeks_and_begins_to_once():
    made = world(1, sites=1, people=4, days=22, rates=only("BIOMETRIC_PATTERN", 0.2))
    saw, truths = seen(made)
    runs = [truth for truth in truths if truth.to_ms - truth.from_ms > 2 * DAY_MS]
    assert runs
    assert all(holds(truth, saw) for truth in truths)
    for run in runs:
        zone = saw.site[run.site]["timezone"]
        punches = saw.within("noc.attendance.punch", run.person, run.from_ms, run.to_ms - DAY_MS)
        assert len({f"{local(punch['at'], zone):%H:%M}" for punch in punches}) == 4
        assert len(punches) >= 48


def test_nobody_comes_at_an_odd_hour_where_a_colleague_is_missing():
    rates = {**only("SCHEDULE_MISMATCH"), "NO_SHOW": 0.3, "WRONG_SITE": 0.2, "LATE_ARRIVAL": 0.2, "WRONG_PERSON": 0.2}
    saw, truths = seen(world(1, days=3, rates=rates))
    odd = [truth for truth in truths if truth.kind == "SCHEDULE_MISMATCH"]
    assert odd
    assert all(holds(truth, saw) for truth in odd)


def test_a_site_whose_reports_ended_only_tells_of_the_last_one():
    saw, truths = seen(world(1, sites=9, people=9, days=3, rates=only("REPORT_NEVER_GENERATED", 0.6)))
    dead = {truth.site for truth in truths}
    assert dead < set(saw.site)
    assert all(truth.to_ms < START + 3 * DAY_MS for truth in truths)
    told = [event for event in saw.of["noc.report"] if event["data"]["site"] in dead]
    assert len(told) == len(dead)


def test_strangers_are_people_or_sites():
    _, truths = seen(world(2, rates=only("UNKNOWN_ENTITY")))
    assert any(truth.person for truth in truths)
    assert any(truth.site for truth in truths)
    assert all(bool(truth.person) != bool(truth.site) for truth in truths)


@pytest.mark.parametrize("kind", ["BUDDY_PUNCHING", "IMPOSSIBLE_SHIFTS", "UNAUTHORIZED_SITE"])
def test_a_company_of_one_site_has_no_second_one_to_be_at(kind):
    _, truths = seen(world(3, sites=1, people=2, rates=only(kind)))
    assert truths == []


def test_a_static_post_has_no_tour_to_miss_or_to_hurry():
    made = world(4, people=60)
    static = next(duty for guard in made.guards for duty in duties(made, guard) if duty.static)
    plan = honest(made, static)
    assert patrol.tour_missed(made, plan, Random(1)) is None
    assert patrol.tour_too_fast(made, plan, Random(1)) is None
    assert planned(made, static)[0].walks == []


def a_duty(made: World) -> Duty:
    return next(duty for guard in made.guards for duty in duties(made, guard))


def test_a_shift_without_room_for_a_trouble_goes_on_honestly():
    made = world(5)
    plan = honest(made, a_duty(made))
    assert quiet_window(plan, Random(1), 24 * HOUR_MS) is None
    assert quiet_window(plan, Random(1), 5 * HOUR_MS) is None


def test_where_no_window_is_quiet_nothing_of_a_phone_is_planted():
    made = world(5, rates=only("GPS_SPOOFING"))
    duty = a_duty(made)
    plan = honest(made, duty)
    plan.pause = (plan.start, plan.end)
    for seed in range(9):
        assert PLANT["GPS_SPOOFING"](made, plan, Random(seed)) is None
    for kind in ("DEVICE_OFFLINE", "LEFT_SITE", "DEVICE_PHONE_FAILURE", "TOUR_ABANDONMENT"):
        assert PLANT[kind](made, plan, Random(1)) is None
    nowhere = [PLANT["NULL_ISLAND"](made, plan, Random(seed)) for seed in range(9)]
    assert None in nowhere
    assert {row.event_id for row in nowhere if row} == {f"{duty.id}-in"}
    assert not flat_battery(made, plan, Random(1))
    assert plan.mutes == []
    assert plan.extras == []


def test_what_has_no_time_or_place_is_not_planted():
    made = world(5, sites=1, people=6)
    plan = honest(made, a_duty(made))
    assert not ride(made, plan, Random(1))
    plan.jobs = []
    assert PLANT["TASK_OVERDUE"](made, plan, Random(1)) is None
    plan.end = plan.start + HOUR_MS
    assert PLANT["PHANTOM_GUARD"](made, plan, Random(1)) is None


def test_a_phone_that_wears_out_is_worn_for_days_and_begins_to_once():
    made = world(5, days=6, rates=only("DEVICE_CRITICAL"))
    saw, truths = seen(made)
    first = min(truths)
    device = f"PH-{first.person[2:]}"
    told = [e["data"] for e in saw.of["noc.device.health"] if e["data"]["device"] == device]
    rows = [truth for truth in truths if truth.person == first.person]
    assert all(later.from_ms - earlier.from_ms >= 4 * 24 * HOUR_MS for earlier, later in pairwise(sorted(rows)))
    assert max(one["battery_percent"] for one in told) < 25


def test_who_stands_in_for_someone_with_a_worn_phone_carries_their_own():
    made = world(1, days=2, rates=NONE)
    plan = honest(made, next(duty for guard in made.guards for duty in duties(made, guard)))
    plan.wear = WORN["DEVICE_CRITICAL"]
    stands_in = next(guard for guard in made.guards if guard is not plan.guard)
    left = {}
    for guard in (plan.guard, stands_in):
        plan.guard = guard
        health = [raw for raw in sent(made.seed, plan, render(made, plan)) if raw.type == "noc.device.health"]
        left[guard.id] = [raw.data["battery_percent"] for raw in health]
    worn, own = left.values()
    assert max(worn) < 25 < min(own)


@pytest.mark.parametrize("part", range(4))
def test_with_everything_likely_no_shift_has_two_troubles(part):
    kinds = list(RATES)[part::4]
    certain = {"SLACK_NIGHT", "REPORT_MISSING", "AFTER_HOURS_ACTIVITY", "SCANS_TOO_REGULAR", "PADDED_SHIFT"}
    likely = {kind: 1.0 if kind in certain else 0.14 for kind in kinds}
    made = world(6, sites=6, people=50, days=6, rates={**NONE, **likely})
    saw, truths = seen(made)
    assert {truth.kind for truth in truths} == set(kinds)
    assert all(holds(truth, saw) for truth in truths)
    assert_disjoint(made, truths)


def assert_disjoint(made: World, truths: list[Truth]) -> None:
    """Each shift has one trouble of its own at most, and none if its crew has one; each crew one at most."""
    common = {}
    for place in made.places:
        for crew in crews(made, place):
            planted = crew_trouble(made, crew)
            if planted is not None:
                common[planted.truth] = crew.key
    struck = [common[truth] for truth in truths if truth in common]
    own: dict[str, int] = {}
    for truth in truths:
        if truth not in common and truth.person:
            duty = _duty(made, truth)
            own[duty.id] = own.get(duty.id, 0) + 1
            assert crew_trouble(made, duty.crew) is None
    assert len(struck) == len(set(struck)) == len(common)
    assert max(own.values(), default=0) <= 1


def _duty(made: World, truth: Truth) -> Duty:
    guard = next(guard for guard in made.guards if guard.id == truth.person)
    return [duty for duty in duties(made, guard) if duty.crew.start - HOUR_MS <= truth.from_ms][-1]


def test_planting_one_trouble_changes_nothing_but_its_shift():
    plain, _ = seen(world(7, rates=NONE))
    other, truths = seen(world(7, rates=only("TOUR_MISSED", 0.2)))
    missed = {truth.person for truth in truths}
    changed = {
        event_id
        for event_id in plain.by_id.keys() | other.by_id.keys()
        if plain.by_id.get(event_id) != other.by_id.get(event_id)
    }
    assert truths
    assert changed
    assert all(any(person[2:] in event_id for person in missed) for event_id in changed)


def test_a_rate_is_the_share_of_shifts():
    made = world(8, sites=10, people=150, days=6, rates=only("DOUBLE_PUNCH", 0.1))
    _, truths = seen(made)
    shifts = sum(1 for guard in made.guards for _ in duties(made, guard))
    assert 0.07 < len(truths) / shifts < 0.13


def test_truth_rows_lie_inside_the_world():
    made = world(9, days=3, rates=dict.fromkeys(RATES, 0.1))
    for truth in seen(made)[1]:
        assert START <= truth.from_ms < made.end_ms + 24 * HOUR_MS
