"""Punches unlike their person's others: in words with what is usual, as strong as they are rare and far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nocd.domain.instant import DAY_MS, HOUR_MS
from nocd.domain.score import KIND, Deviation, PunchScore
from nocd.fraud.deviations import STRENGTH_MAX, deviations, hour_words, metre_words, rarity, unjudged
from nocd.fraud.profile import KIND as PROFILE_KIND
from nocd.fraud.profile import Profile, Seen
from tests.build import T0, engine, saved_and_loaded
from tests.build_field import HERE, company, punch, shift

if TYPE_CHECKING:
    from nocd.domain.event import Event
    from nocd.engine import Engine

USUAL: dict[str, Any] = {"device": "D-12", "distance_m": 40.0, "match": 0.93}


ALIKE = st.builds(
    Seen,
    part=st.just(1),
    hour=st.sampled_from([5, 6, 18]),
    minute=st.just(10),
    weekday=st.sampled_from([0, 0, 0, 4]),
    site=st.sampled_from(["S1", "S1", "S1", "S2"]),
    device=st.sampled_from([None, "D-12", "D-12", "D-9"]),
    distance_m=st.sampled_from([None, 10.0, 20.0, 900.0]),
    late_minutes=st.sampled_from([None, 2.0, 2.0, 30.0]),
    match=st.sampled_from([None, 0.9, 0.9, 0.2]),
)


def seen(hour: int = 6, **more: Any) -> Seen:
    return Seen(**{"part": 1, "hour": hour, "minute": 10, "weekday": 1, "site": "S1", **USUAL, **more})


def guard(weeks: int = 6) -> Profile:
    """Return the habits of one who comes at six and leaves at eighteen, Monday to Friday."""
    profile = Profile()
    for _ in range(weeks):
        for weekday in range(5):
            profile.add(seen(6, weekday=weekday, late_minutes=2.0))
            profile.add(seen(18, weekday=weekday))
    return profile


def said(**more: Any) -> dict[str, tuple[str, int]]:
    """Return what is told of a punch of the guard, by name."""
    return {each.name: (each.words, each.strength) for each in deviations(guard(), seen(**more))}


def test_a_punch_like_the_others_tells_nothing() -> None:
    assert said() == said(hour=7) == said(distance_m=None, device=None, match=None) == {}


def test_an_hour_that_is_far_from_the_usual_ones_is_told_with_them() -> None:
    assert said(hour=3) == {"hour": ("at 03:10; usual 06-07 and 18-19", 3)}
    assert said(hour=8) == {"hour": ("at 08:10; usual 06-07 and 18-19", 2)}


def test_a_day_a_site_and_a_device_that_were_never_seen_are_told() -> None:
    assert said(weekday=6) == {"weekday": ("a Sunday; never before in 60 punches", 3)}
    assert said(site="S9") == {"site": ("first time at this site in 60 punches", 3)}
    assert said(device="D-99") == {"device": ("never with this device before; usual D-12", 3)}


def test_what_was_seen_seldom_is_told_with_how_often() -> None:
    profile = guard(20)
    profile.add(seen(weekday=6, site="S9", device="D-99"))
    told = {each.name: each.words for each in deviations(profile, seen(weekday=6, site="S9", device="D-99"))}
    assert told == {
        "weekday": "a Sunday; 1 of 201 punches",
        "site": "at this site; 1 of 201 punches",
        "device": "with device D-99 1 of 201 times; usual D-12",
    }


def test_distance_delay_and_match_are_told_with_their_units_and_what_is_usual() -> None:
    assert said(distance_m=1_900.0) == {"distance": ("1.9 km from the site; usual up to 60 m", 3)}
    assert said(distance_m=100.0) == {"distance": ("100 m from the site; usual up to 60 m", 1)}
    assert said(late_minutes=42.0) == {"punctuality": ("42 min late; usual up to 5 min", 2)}
    assert said(match=0.62) == {"match": ("face, finger or iris matched to 62%; usual 93%", 5)}
    assert said(match=0.83) == {"match": ("face, finger or iris matched to 83%; usual 93%", 1)}
    assert said(match=0.9) == {}


@settings(max_examples=40)
@given(st.lists(ALIKE, min_size=10, max_size=30), ALIKE)
def test_a_punch_that_is_passed_at_a_glance_tells_nothing_at_a_closer_look(past: list[Seen], last: Seen) -> None:
    profile = Profile()
    for each in past:
        profile.add(each)
    found = deviations(profile, last)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Profile, "common", lambda *_: False)
        assert deviations(profile, last) == found
    assert not (profile.common(last, 10) and [each for each in found if each.name != "match"])


def test_the_strongest_is_told_first() -> None:
    found = deviations(guard(), seen(hour=8, weekday=6, match=0.5))
    assert [each.name for each in found] == ["match", "weekday", "hour"]


def test_of_what_was_never_told_before_nothing_is_usual() -> None:
    profile = Profile()
    for _ in range(30):
        profile.add(seen(device=None, distance_m=None, match=None))
    assert deviations(profile, seen(device="D-1", distance_m=9_000.0, late_minutes=90.0, match=0.1)) == []


def test_where_every_hour_is_usual_none_is_odd() -> None:
    profile = Profile()
    for number in range(48):
        profile.add(seen(number % 24))
    assert [each.name for each in deviations(profile, seen(3))] == []


@pytest.mark.parametrize(
    ("count", "of", "strength"),
    [(0, 9, 0), (0, 10, 1), (0, 30, 2), (0, 60, 3), (0, 100, 4), (0, 200, 5), (0, 9_000, 5), (1, 30, 1), (3, 30, 0)],
)
def test_the_rarer_the_stronger(count: int, of: int, strength: int) -> None:
    assert rarity(count, of) == strength


@given(st.integers(0, 5_000), st.integers(0, 5_000))
def test_a_strength_is_within_its_scale_and_falls_with_what_was_seen(count: int, more: int) -> None:
    of = count + more
    assert 0 <= rarity(count + (more > 0), of) <= rarity(count, of) <= STRENGTH_MAX


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        ([6, 7, 18, 19], "06-08 and 18-20"),
        ([23, 0, 6], "06-07 and 23-01"),
        ([*range(24)], "any hour"),
        ([22], "22-23"),
    ],
)
def test_hours_are_told_as_stretches(hours: list[int], words: str) -> None:
    assert hour_words(hours) == words


def test_distances_have_their_unit() -> None:
    assert [metre_words(each) for each in (59.6, 999, 1_000, 9_960)] == ["60 m", "999 m", "1.0 km", "10.0 km"]


def test_below_ten_punches_it_is_said_that_nothing_is_usual_yet() -> None:
    assert unjudged(None) == "0 punches are known of 90 days; what is usual is told from 10"
    assert unjudged(guard(1)) is None


def test_a_strength_is_at_most_five_and_whole() -> None:
    found = deviations(guard(200), seen(hour=1, weekday=6, site="S", device="D", distance_m=1e4, late_minutes=1e3))
    assert {type(each.strength) for each in found} == {int}
    assert max(each.strength for each in found) == STRENGTH_MAX
    assert len(found) == 6


# ---------------------------------------------------------------------------------------------------------- the engine


def habits(days: int, *, hour: float = 8) -> list[Event]:
    """Return the shifts and punches of P1 on so many days since T0, at their site's terminal, 20 m off its middle."""
    at: dict[str, Any] = {"lat": HERE[0] + 20 / 111_195, "lon": HERE[1]}
    starts = [hour + 24 * day for day in range(days)]
    punches = [punch("P1", "in", T0 + round(each * HOUR_MS), **at) for each in starts]
    return [*(shift("P1", each, each + 8) for each in starts), *punches]


def last(run: Engine) -> PunchScore:
    """Return what is kept of the newest punch."""
    newest: PunchScore = max(run.shelves.kind(KIND).values(), key=lambda each: each.time)
    return newest


def test_a_punch_is_kept_with_its_deviations_which_leave_its_score_alone() -> None:
    run = engine()
    run.fold([*company("P1"), *habits(30)])
    odd: dict[str, Any] = {"device": "D-9", "lat": HERE[0] + 190 / 111_195, "lon": HERE[1]}
    run.fold([punch("P1", "in", T0 + 30 * DAY_MS + 13 * HOUR_MS, confidence=0.72, **odd)])
    record = last(run)
    assert [(each.name, each.words) for each in record.deviations] == [
        ("match", "face, finger or iris matched to 72%; usual 95%"),
        ("hour", "at 13:00; usual 08-09"),
        ("device", "never with this device before; usual T-S1"),
        ("distance", "190 m from the site; usual up to 30 m"),
    ]
    assert "profile" not in record.missing
    (view,) = [each.view for each in run.finish().scores.values() if each.id == record.id]
    assert view["deviations"][0]["strength"] == 5
    assert view["rule_score"] == record.score


def test_the_evidence_of_a_fraud_tells_its_deviations_beside_its_checks() -> None:
    run = engine()
    run.fold([*company("P1", "P2"), *habits(30)])
    at = T0 + 30 * DAY_MS + 3 * HOUR_MS
    run.fold([punch("P2", "in", at, device="D-9"), punch("P1", "in", at + 60_000, device="D-9")])
    (fraud,) = [each for each, _ in run.finish().findings if each.type == "ATTENDANCE_FRAUD"]
    assert fraud.evidence["deviations"]["hour"] == "at 03:01; usual 08-09"
    assert "buddy_punching" in fraud.evidence["checks"]


def test_habits_survive_a_restart_and_a_replay_and_end_after_a_season() -> None:
    story = [*company("P1", "P2"), *habits(30), punch("P2", "in", T0)]
    once, restarted = engine(), engine()
    once.fold(story)
    for each in story:
        restarted.fold([each])
        restarted = saved_and_loaded(restarted) if each.type == "noc.attendance.punch" else restarted
    odd = punch("P1", "in", T0 + 30 * DAY_MS + 3 * HOUR_MS)
    for run in (once, restarted):
        run.fold([odd])
    assert last(once).deviations == last(restarted).deviations != []
    assert isinstance(last(restarted).deviations[0], Deviation)
    assert [row for row in once.shelves if row[0] == PROFILE_KIND] == [
        row for row in restarted.shelves if row[0] == PROFILE_KIND
    ]
    once.fold([punch("P1", "in", T0 + 125 * DAY_MS)])
    assert last(once).missing["profile"].startswith("0 punches are known")
    assert [*once.shelves.kind(PROFILE_KIND)] == ["P1"]
