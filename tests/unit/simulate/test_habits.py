"""Frauds that show in habits only, and honest shifts like them: none breaks a rule that a punch is checked by."""

from __future__ import annotations

from collections import Counter

import pytest

from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS
from nocd.errors import InputError
from nocd.simulate import RATES, Truth, World, frauds
from nocd.simulate.events import envelope, raws
from nocd.simulate.frauds import FRAUDS, HABITS
from nocd.simulate.roster import crews, duties
from nocd.simulate.troubles import crew_trouble, planned
from nocd.simulate.truth import LIKENESSES
from tests.unit.simulate.claims import NONE, START, Seen, metres, ms
from tests.unit.simulate.further_claims import PUNCH
from tests.unit.simulate.habit_claims import fair

pytestmark = pytest.mark.heavy


def alike(name: str, days: int = 3) -> tuple[Seen, list[Truth]]:
    """A company of which each shift looks like one fraud, where it can."""
    likenesses = {**dict.fromkeys(LIKENESSES, 0.0), name: 1.0}
    made = World(1, sites=4, people=40, start_ms=START, days=days, rates=NONE, likenesses=likenesses)
    rows: list[Truth] = []
    saw = Seen(envelope(raw) for raw in raws(made, lambda _: None, likeness=rows.append))
    assert rows
    return saw, rows


def test_of_three_frauds_one_shows_in_habits_only_and_about_so_many_shifts_hold_one_as_asked():
    rates, likenesses = frauds(0.05)
    made = World(7, sites=20, people=200, start_ms=START, days=24, rates=rates, likenesses=likenesses)
    shifts = [planned(made, duty)[1] for guard in made.guards for duty in duties(made, guard)]
    troubles = [crew_trouble(made, crew) for place in made.places for crew in crews(made, place)]
    kinds = Counter(truth.kind for truth in shifts if truth)
    kinds += Counter(trouble.truth.kind for trouble in troubles if trouble)
    planted = {kind: kinds[kind] for kind in FRAUDS}
    assert min(planted.values()) > 0
    assert 0.03 < sum(planted.values()) / len(shifts) < 0.07
    assert 0.25 < sum(planted[kind] for kind in HABITS) / sum(planted.values()) < 0.42


def test_no_fraud_of_habit_is_planted_unless_asked_for():
    assert {RATES[kind] for kind in HABITS} == {0.0}
    assert set(frauds(0.0)[0].values()) == set(frauds(0.0)[1].values()) == {0.0}


@pytest.mark.parametrize("share", [-0.1, 0.6, float("nan")])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(InputError, match="share of frauds"):
        frauds(share)


def test_a_face_in_bad_light_is_as_fair_as_a_friends_and_at_the_usual_device():
    saw, rows = alike("bad-light")
    for row in rows:
        mine = saw.within(PUNCH, row.person, row.from_ms, row.to_ms)
        assert sum(fair(punch["data"]) for punch in mine) >= 1
        assert {punch["data"]["device"] for punch in mine} <= {f"PH-{row.person[2:]}", f"T-{row.site[2:]}"}


def test_a_phone_that_was_lent_is_a_colleagues_who_is_off_and_serves_one_a_day():
    saw, rows = alike("new-phone")
    for row in rows:
        (device,) = {punch["data"]["device"] for punch in saw.within(PUNCH, row.person, row.from_ms, row.to_ms)}
        assert device != f"PH-{row.person[2:]}"
        on_it = [punch for punch in saw.of[PUNCH] if punch["data"]["device"] == device]
        near = {punch["data"]["person"] for punch in on_it if abs(punch["at"] - row.from_ms) < 30 * MINUTE_MS}
        assert near == {row.person}


def test_who_comes_by_car_with_a_colleague_punches_inside_the_fence_and_beside_the_door():
    saw, rows = alike("together")
    for row in rows:
        first = saw.within(PUNCH, row.person, row.from_ms, row.to_ms)[0]["data"]
        assert 10 < metres(first, saw.site[row.site]) < saw.site[row.site]["radius_m"]
        assert first["device"] == f"PH-{row.person[2:]}"


def test_an_extra_shift_on_a_day_off_is_on_the_roster_and_mostly_at_usual_hours():
    saw, rows = alike("extra-shift", days=8)
    added = [shift for shift in saw.shifts if shift["id"].endswith("-added")]
    assert len(added) == len(rows)
    first = {shift["id"]: ms(shift["start"]) for shift in saw.shifts}
    apart = [(ms(shift["start"]) - first[shift["id"].removesuffix("-added")]) % DAY_MS for shift in added]
    usual = sum(min(each, DAY_MS - each) < 3 * HOUR_MS for each in apart)
    assert 0.5 * len(rows) < usual < len(rows)
    assert all(f"{shift['id']}-in" in saw.by_id for shift in added)
