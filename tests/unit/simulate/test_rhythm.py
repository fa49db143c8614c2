"""Rhythms show in the totals of the events: hour, weekend, season, holiday, and days that differ."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from statistics import fmean, pvariance, stdev
from typing import TYPE_CHECKING

import pytest

from nocd.baseline.calendar import load
from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, local, to_ms
from nocd.simulate import World
from nocd.simulate.places import KINDS, METROS
from nocd.simulate.rhythm import BUSIEST, activity, gate_mean, in_shift, pace, season
from nocd.simulate.roster import duties
from nocd.simulate.troubles import planned
from tests.unit.simulate.claims import NONE, Seen, seen, world

if TYPE_CHECKING:
    from nocd.simulate.world import Place

pytestmark = pytest.mark.heavy

MONDAY = to_ms(datetime(2026, 3, 2, tzinfo=UTC))
BY_KIND = {kind.name: kind for kind in KINDS}
BY_CITY = {metro.name: metro for metro in METROS}


def a_place(kind: str, city: str = "London") -> Place:
    metro = BY_CITY[city]
    some: Place = world(1).places[0]
    return replace(some, kind=BY_KIND[kind], metro=metro, centre=metro.centre)


def at(place: Place, day: int, hour: int, month: int = 3, year: int = 2026) -> int:
    """Return an hour of a local day; 2 March 2026 is a Monday."""
    near = to_ms(datetime(year, month, day, hour, tzinfo=UTC))
    offset = local(near, place.timezone).utcoffset()
    assert offset is not None
    return near - int(offset.total_seconds()) * 1_000


class Worked:
    """Phone events and minutes on duty, by site and hour of the local day, on work days or at weekends."""

    def __init__(self, made: World) -> None:
        self.saw: Seen = seen(made)[0]
        self.events: Counter[tuple[str, int, bool]] = Counter()
        self.minutes: Counter[tuple[str, int, bool]] = Counter()
        site_of = {shift["person"]: shift["site"] for shift in self.saw.shifts}
        zone = {site: entry["timezone"] for site, entry in self.saw.site.items()}
        for event in self.saw.of["noc.phone.event"]:
            site = site_of[event["data"]["person"]]
            self.events[self._key(site, event["at"], zone[site])] += 1
        for shift in self.saw.shifts:
            start, end = (to_ms(datetime.fromisoformat(shift[name])) for name in ("start", "end"))
            for time in range(start, end, 15 * MINUTE_MS):
                self.minutes[self._key(shift["site"], time, zone[shift["site"]])] += 15

    @staticmethod
    def _key(site: str, time: int, zone: str) -> tuple[str, int, bool]:
        moment = local(time, zone)
        return site, moment.hour, moment.weekday() >= 5

    def an_hour(self, *, hours: range, weekend: bool, site: str | None = None) -> float:
        """Return the phone events of an hour of one guard's duty."""

        def total(of: Counter[tuple[str, int, bool]]) -> int:
            return sum(n for (s, h, w), n in of.items() if h in hours and w == weekend and site in {None, s})

        return total(self.events) / total(self.minutes) * 60


def a_world() -> World:
    """Return two malls, two offices, a building site and a warehouse, for two weeks."""
    return World(1, sites=6, people=42, start_ms=MONDAY, days=14, rates=NONE)


@pytest.fixture(scope="module")
def fortnight() -> Worked:
    return Worked(a_world())


def test_a_guard_on_duty_is_heard_of_some_twenty_times_an_hour(fortnight):
    assert 24 < fortnight.an_hour(hours=range(24), weekend=False) < 32
    assert fortnight.an_hour(hours=range(3, 5), weekend=False) > 14


def test_nights_dip_from_three_to_five(fortnight):
    dip = fortnight.an_hour(hours=range(3, 5), weekend=False)
    assert dip < 0.85 * fortnight.an_hour(hours=range(2), weekend=False)
    assert dip < 0.7 * fortnight.an_hour(hours=range(8, 12), weekend=False)


def test_weekends_are_quieter_where_nobody_works_and_busier_where_people_shop(fortnight):
    ratio: dict[str, list[float]] = {}
    for place in a_world().places:
        weekend, workdays = (
            fortnight.an_hour(hours=range(24), weekend=is_so, site=place.id) for is_so in (True, False)
        )
        ratio.setdefault(place.kind.name, []).append(weekend / workdays)
    assert fmean(ratio["office"] + ratio["construction"]) < 0.95
    assert fmean(ratio["mall"]) > 1.03


@pytest.mark.parametrize("kind", BY_KIND)
def test_a_guard_is_busiest_on_a_morning_and_never_idle_nor_frantic(kind):
    place = a_place(kind)
    week = {hour: activity(place, at(place, 2, 0) + hour * HOUR_MS) for hour in range(168)}
    assert max(week, key=week.__getitem__) % 24 == 8
    assert min(week, key=week.__getitem__) % 24 == 4
    assert 0.5 < min(week.values()) < 0.75
    assert max(week.values()) < BUSIEST


@pytest.mark.parametrize(("city", "sign"), [("Stockholm", 1), ("Sydney", -1), ("Singapore", 0)])
def test_summer_evenings_are_busier_on_either_side_of_the_equator(city, sign):
    place = a_place("construction", city)
    june, december = (at(place, 15, 20, month) for month in (6, 12))
    gain = season(place, june, 20) - season(place, december, 20)
    assert sign * gain > 0.2 if sign else abs(gain) < 0.02
    assert abs(season(place, june, 10) - season(place, december, 10)) <= abs(gain) / 3


def test_the_season_shows_in_the_totals():
    def evenings(month: int) -> float:
        made = World(3, sites=1, people=8, start_ms=to_ms(datetime(2026, month, 1, tzinfo=UTC)), days=12, rates=NONE)
        place = a_place("construction", "Stockholm")
        mine = made.places[0]
        made.places = (replace(mine, kind=place.kind, metro=place.metro, centre=place.centre),)
        made.place = {mine.id: made.places[0]}
        return Worked(made).an_hour(hours=range(17, 23), weekend=False)

    assert evenings(6) > 1.15 * evenings(12)


def test_a_holiday_is_a_quiet_sunday():
    for kind in BY_KIND:
        place = a_place(kind)
        christmas, sunday, friday = (at(place, day, 12, 12) for day in (25, 20, 18))
        assert activity(place, christmas) == pytest.approx(0.9 * activity(place, sunday), rel=0.01)
        assert gate_mean(place, christmas) == gate_mean(place, sunday)
        assert gate_mean(place, christmas) != gate_mean(place, friday)
    assert all(load(metro.country) for metro in METROS)


def test_a_shift_begins_briskly_lulls_after_the_break_and_ends_slowly():
    start, end, pause = 0, 8 * HOUR_MS, (4 * HOUR_MS, 4 * HOUR_MS + 30 * MINUTE_MS)
    by_half_hour = [in_shift(half * 30 * MINUTE_MS, start, end, pause) for half in range(16)]
    assert by_half_hour == [1.1, 1.1, *[1.0] * 6, 0.8, 0.8, 0.8, *[1.0] * 3, 0.9, 0.9]
    assert in_shift(pause[0], start, end, None) == 1.0


def test_days_people_and_shifts_differ_by_a_tenth_or_so():
    drawn = [pace(1, site_day=f"d{no}", guard=f"g{no}", shift=f"s{no}") for no in range(2_000)]
    assert 0.11 < stdev(drawn) < 0.15
    assert 0.98 < fmean(drawn) < 1.03
    same_day = [pace(1, site_day="d", guard="g", shift=f"s{no}") for no in range(500)]
    assert 0.04 < stdev(same_day) < 0.06


def test_counts_of_an_hour_vary_more_than_poisson(fortnight):
    """Each guard's events between nine and twelve on work days, when nothing but days and people differ."""
    counts: Counter[tuple[str, int]] = Counter()
    zone = {shift["person"]: fortnight.saw.site[shift["site"]]["timezone"] for shift in fortnight.saw.shifts}
    for event in fortnight.saw.of["noc.phone.event"]:
        moment = local(event["at"], zone[event["data"]["person"]])
        if moment.hour in range(9, 12) and moment.weekday() < 5:
            counts[event["data"]["person"], moment.toordinal() * 24 + moment.hour] += 1
    full = [n for n in counts.values() if n > 8]
    assert len(full) > 300
    assert 1.2 < pvariance(full) / fmean(full) < 2.5


def test_some_honest_phones_die_for_twenty_minutes():
    made = world(4, people=60, days=6, rates=NONE)
    plans = [planned(made, duty)[0] for guard in made.guards for duty in duties(made, guard)]
    dead = [(plan.guard.device, mute) for plan in plans for mute in plan.mutes]
    assert 0.005 < len(dead) / len(plans) < 0.06
    saw, truths = seen(made)
    assert truths == []
    for device, mute in dead:
        assert mute.end - mute.start == 20 * MINUTE_MS
        assert not any(e["source"] == f"/phones/{device}" for e in saw.all if mute.start <= e["at"] <= mute.end)


def test_a_year_turns_around():
    place = a_place("mall")
    assert season(place, MONDAY, 20) == pytest.approx(season(place, MONDAY + 365 * DAY_MS, 20), abs=0.01)
