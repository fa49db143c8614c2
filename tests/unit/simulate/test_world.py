"""The company itself: plausible, fixed by its seed, and guarded around the clock."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import pairwise
from math import pi

import pytest

from nocd.domain.geo import haversine_m
from nocd.domain.instant import DAY_MS, HOUR_MS, from_ms, local, zone
from nocd.errors import InputError
from nocd.simulate.places import KINDS, METROS
from nocd.simulate.rhythm import count, gate_mean
from nocd.simulate.roster import crews, duties, least_crew, tours_of
from nocd.simulate.seeding import chance, derive
from nocd.simulate.space import Point, measure, move
from nocd.simulate.world import World
from tests.unit.simulate.claims import START, world

pytestmark = pytest.mark.heavy


def test_the_same_seed_builds_the_same_company_and_another_seed_another():
    assert world(5).places == world(5).places
    assert world(5).guards == world(5).guards
    assert world(5).places != world(6).places


def test_sites_spread_over_real_time_zones_on_every_side_of_daylight_saving():
    made = world(1, sites=48, people=48)
    zones = {place.timezone for place in made.places}
    offsets = {(local(START, name).utcoffset(), local(START + 120 * DAY_MS, name).utcoffset()) for name in zones}
    assert len(zones) == len(METROS) == 24
    assert any(now == later for now, later in offsets)
    assert any(now != later for now, later in offsets)
    assert all(zone(metro.timezone) for metro in METROS)


def test_eight_sites_lie_in_four_time_zones():
    assert len({place.timezone for place in world(1, sites=8, people=60).places}) == 4


def test_sites_of_a_city_are_too_far_apart_for_minutes_of_travel():
    made = world(2, sites=200, people=200)
    for place in made.places:
        for other in made.neighbours(place):
            assert other is not place
            assert haversine_m(*place.centre, *other.centre) > 27_000


def test_a_place_has_four_to_eight_checkpoints_inside_its_fence():
    for place in world(3, sites=40, people=40).places:
        assert 4 <= len(place.checkpoints) <= 8
        assert all(haversine_m(*place.centre, *point.point) < place.radius_m for point in place.checkpoints)


def test_every_kind_of_place_has_a_rhythm_and_hours():
    for kind in KINDS:
        place = replace(world(3).places[0], kind=kind)
        busiest = max(range(START, START + 7 * DAY_MS, HOUR_MS), key=partial(gate_mean, place))
        assert 6 <= local(busiest, place.timezone).hour <= 21
        assert re.fullmatch(r"Mon-\w{3} \d\d:\d\d-\d\d:\d\d", kind.business_hours)


def test_counts_are_never_negative_and_average_out():
    rng = derive(1, "count")
    drawn = [count(rng, 4.0) for _ in range(2_000)]
    assert min(drawn) >= 0
    assert 3.8 < sum(drawn) / len(drawn) < 4.2


def test_phones_are_nobodys_and_names_are_of_many_cultures():
    guards = world(4, sites=48, people=2_000).guards
    free = r"\+44 7700 900\d{3}|\+1 (212|416) 555 01\d\d|\+33 6 39 98 \d{4}|\+49 171 39200\d\d|\+46 70 174 06\d\d"
    assert all(re.fullmatch(free, guard.phone) for guard in guards)
    assert len({guard.name for guard in guards}) > 800
    assert all(len(guard.name.split()) == 2 for guard in guards)


def test_people_are_spread_evenly_and_some_know_a_second_site():
    made = world(5, sites=8, people=60)
    assert {len(made.team[place.id]) for place in made.places} == {7, 8}
    assert 10 < sum(len(guard.sites) == 2 for guard in made.guards) < 40


@pytest.mark.parametrize(
    "wrong",
    [
        {"sites": 0},
        {"people": 0},
        {"days": 0},
        {"sites": 10_001},
        {"people": 100_001},
        {"days": 3_661},
        {"rates": {"NO_SUCH": 0.1}},
        {"rates": {"NO_SHOW": 1.1}},
    ],
)
def test_a_world_that_cannot_be_is_refused(wrong):
    with pytest.raises(InputError):
        World(1, **{"sites": 2, "people": 4, "start_ms": START, "days": 1, **wrong})


@pytest.mark.parametrize("people", [8, 12, 30, 75, 200])
def test_shifts_follow_each_other_without_a_gap_at_every_site(people):
    """Ten days over Europe's change of clocks: the shift of that night is an hour shorter, and none is missing."""
    made = world(7, sites=4, people=people, days=10)
    for place in made.places:
        shifts = list(crews(made, place))
        assert shifts[0].start < START + 26 * HOUR_MS
        assert all(before.end == after.start for before, after in pairwise(shifts))
        assert {local(crew.start, place.timezone).hour for crew in shifts} == set(place.changes)
        assert min(len(crew.guards) for crew in shifts) >= least_crew(made, place) >= 1


def test_the_night_of_the_clock_change_is_an_hour_shorter():
    made = world(7, sites=48, people=400, days=10)
    lengths = {crew.end - crew.start for place in made.places for crew in crews(made, place)}
    assert {11 * HOUR_MS, 12 * HOUR_MS} <= lengths


def test_people_rest_between_shifts_and_have_days_off():
    made = world(8, sites=4, people=60, days=12)
    for guard in made.guards:
        mine = list(duties(made, guard))
        assert all(after.crew.start - before.crew.end >= 9 * HOUR_MS for before, after in pairwise(mine))
        alone = [duty for duty in mine if duty.place.lone_night and len(duty.crew.guards) == 1]
        assert len(mine) == 6 if alone else 7 <= len(mine) <= 9


@pytest.mark.parametrize(("sites", "people"), [(3, 12), (4, 30), (20, 200)])
def test_at_one_site_of_three_two_take_turns_in_being_alone_at_night(sites, people):
    made = world(13, sites=sites, people=people, days=12)
    lone = [place for place in made.places if place.lone_night]
    assert len(lone) == (sites + 1) // 3
    for place in lone:
        nights = [crew for crew in crews(made, place) if crew.no == len(place.changes) - 1]
        assert {len(crew.guards) for crew in nights} == {1}
        assert len({crew.guards[0].id for crew in nights}) == 2
        assert all(local(crew.start, place.timezone).hour >= 18 for crew in nights)
        assert max(len(crew.guards) for crew in crews(made, place)) >= 2


def test_a_lone_guard_works_by_day_and_an_unmanned_site_has_no_shifts():
    made = world(9, sites=3, people=2, days=3)
    lone, empty = made.places[0], made.places[2]
    assert [crew.end - crew.start for crew in crews(made, lone)] == [12 * HOUR_MS] * 3
    assert list(crews(made, empty)) == []
    assert least_crew(made, empty) == 0


def test_tours_fall_inside_their_shift_and_pass_every_checkpoint():
    made = world(10, sites=4, people=60, days=4)
    for guard in made.guards:
        for duty in duties(made, guard):
            tours = tours_of(made, duty)
            assert len(tours) == (0 if duty.static else 2 if duty.crew.end - duty.crew.start < 10 * HOUR_MS else 4)
            for tour in tours:
                assert duty.crew.start < tour.planned_start < duty.crew.end - HOUR_MS
                assert set(tour.checkpoints) == set(duty.place.checkpoints)


def test_a_site_is_never_left_to_static_posts_alone():
    made = world(11, sites=4, people=60, days=4)
    static = {duty.crew.key: 0 for guard in made.guards for duty in duties(made, guard)}
    sizes = {}
    for guard in made.guards:
        for duty in duties(made, guard):
            static[duty.crew.key] += duty.static
            sizes[duty.crew.key] = len(duty.crew.guards)
    assert sum(static.values()) > 0
    assert all(static[key] < sizes[key] for key in static)


def test_randomness_belongs_to_a_name():
    assert derive(1, "a", 2).random() == derive(1, "a", 2).random()
    assert derive(1, "a", 2).random() != derive(1, "a", 3).random()
    assert chance(1, "a") != chance(2, "a")
    assert 0 <= chance(3, "b") < 1


def test_an_honest_phone_is_never_further_off_than_half_its_accuracy():
    rng, truth = derive(1, "gps"), Point(59.3, 18.0)
    for _ in range(500):
        fix = measure(rng, truth)
        assert 5 <= fix.accuracy_m <= 35
        assert haversine_m(*truth, fix.lat, fix.lon) <= fix.accuracy_m / 2 + 0.2


def test_a_move_of_a_kilometre_is_a_kilometre_long():
    assert haversine_m(52.5, 13.4, *move(Point(52.5, 13.4), bearing=1.0, metres=1_000)) == pytest.approx(
        1_000, rel=0.01
    )


@pytest.mark.parametrize(("lon", "bearing", "arrives"), [(174.8, pi / 2, -176.2), (-176.2, -pi / 2, 174.8)])
def test_a_move_over_the_date_line_stays_on_the_globe(lon, bearing, arrives):
    there = move(Point(0.0, lon), bearing=bearing, metres=1_000_800)
    assert there.lon == pytest.approx(arrives, abs=0.01)


def test_days_are_site_local():
    made = world(12, sites=48, people=400, days=2)
    for place in made.places:
        for crew in crews(made, place):
            assert crew.day == local(crew.start, place.timezone).date()
            assert abs(crew.day - from_ms(crew.start).date()) <= timedelta(days=1)
