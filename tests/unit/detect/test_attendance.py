"""Who punches in where, against the roster."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from nocd.domain.directory import Removal
from nocd.domain.finding import Finding
from nocd.domain.severity import Severity
from tests.build import event
from tests.build_field import HERE, company, hours, minutes, played, punch, shift


def only(found: list[Finding]) -> Finding:
    assert len(found) == 1, found
    return found[0]


def test_someone_who_takes_up_a_colleagues_shift_is_the_wrong_person() -> None:
    run = played(company("P1", "P2"), shift("P1", 8, 16), punch("P2", "in", hours(8)))
    found = only(run.of("WRONG_PERSON"))
    assert (found.person, found.site, found.severity, found.confidence) == ("P2", "S1", Severity.HIGH, 0.95)
    assert found.reason == "Guard P2 punched in at Site S1 at 08:00 without a shift there; due is Guard P1"
    assert run.alerts("ATTENDANCE_FRAUD") == [("open", 1)]
    assert not run.of("SCHEDULE_MISMATCH")


def test_sets_are_compared_so_that_one_who_comes_beside_the_whole_crew_is_not_the_wrong_person() -> None:
    crew = [shift("P1", 8, 16), shift("P2", 8, 16)]
    run = played(company("P1", "P2", "P3"), crew, *(punch(name, "in", hours(8)) for name in ("P1", "P2", "P3")))
    assert not run.of("WRONG_PERSON")
    assert only(run.of("SCHEDULE_MISMATCH")).person == "P3"


def test_the_right_person_coming_after_all_takes_the_claim_back() -> None:
    run = played(company("P1", "P2"), shift("P1", 8, 16), punch("P2", "in", minutes(470)), punch("P1", "in", hours(8)))
    assert run.withdrawn("WRONG_PERSON") == 1
    assert run.alerts("ATTENDANCE_FRAUD") == [("resolved", 1)]


def test_a_swap_by_approval_is_nothing_before_and_after_the_punch() -> None:
    swap = shift("P2", 8, 16, id="swap", substitute_for="P1")
    before = played(company("P1", "P2"), shift("P1", 8, 16), swap, punch("P2", "in", hours(8)), until=hours(10))
    assert [found.type for found in before.standing] == []
    late = event("noc.shift", **{**vars_of(swap), "id": "swap"}, at=hours(9))
    after = played(company("P1", "P2"), shift("P1", 8, 16), punch("P2", "in", hours(8)), late, until=hours(10))
    assert after.withdrawn("WRONG_PERSON") == 1
    assert after.withdrawn("NO_SHOW") == 1


def vars_of(entered: object) -> dict[str, Any]:
    data = entered.data  # type: ignore[attr-defined]  # an event
    return {name: getattr(data, name) for name in ("site", "person", "start", "end", "substitute_for")}


def test_nobodys_shift_is_taken_up_more_than_half_an_hour_before_it() -> None:
    early = played(company("P1", "P2"), shift("P1", 8, 16), punch("P2", "in", minutes(449)))
    assert not early.of("WRONG_PERSON")
    assert played(company("P1", "P2"), shift("P1", 8, 16), punch("P2", "in", minutes(451))).of("WRONG_PERSON")


def test_a_site_that_is_none_of_ones_own_is_unauthorised() -> None:
    run = played(company("P1", sites=("S2",)), punch("P1", "in", hours(8)))
    found = only(run.of("UNAUTHORIZED_SITE"))
    assert (found.severity, found.confidence) == (Severity.CRITICAL, 0.9)
    assert run.alerts("UNAUTHORIZED_SITE") == [("open", 1)]


@pytest.mark.parametrize(
    "why",
    [
        shift("P1", 8, 16),
        shift("P1", 9, 17),
        shift("P1", 8, 16, on_call=True),
        event("noc.person", id="P1", name="Guard P1", sites=()),
        event("noc.person", id="P1", name="Guard P1", sites=("S1", "S2")),
    ],
)
def test_with_a_shift_there_or_without_known_sites_it_is_not(why) -> None:
    assert not played(company("P1", sites=("S2",)), why, punch("P1", "in", hours(8))).of("UNAUTHORIZED_SITE")


def test_a_punch_out_is_nobodys_coming() -> None:
    assert not played(company("P1", sites=("S2",)), punch("P1", "out", hours(8))).of("UNAUTHORIZED_SITE")
    unverified = punch("P1", "in", hours(8), verified=False)
    assert not played(company("P1", sites=("S2",)), unverified).of("UNAUTHORIZED_SITE")


def test_two_sites_closer_in_time_than_in_space_are_impossible() -> None:
    both = company("P1", sites=("S1", "S2"))
    run = played(both, punch("P1", "out", hours(8)), punch("P1", "in", minutes(490), site="S2"))
    found = only(run.of("IMPOSSIBLE_SHIFTS"))
    assert (found.site, found.severity, found.confidence) == ("S2", Severity.CRITICAL, 0.85)
    assert found.evidence["distance_m"] == pytest.approx(30_023, abs=5)
    assert found.evidence["speed_kmh"] == 180
    assert found.reason == (
        "Guard P1 punched at Site S1 and 10 min later at Site S2, 30 km away: nobody travels so fast"
    )


@pytest.mark.parametrize(("gap", "found"), [(12.0, True), (12.1, False), (60, False)])
def test_the_greatest_speed_is_the_border(gap, found) -> None:
    run = played(
        company("P1", sites=("S1", "S2")),
        punch("P1", "out", hours(8)),
        punch("P1", "in", minutes(480 + gap), site="S2"),
    )
    assert bool(run.of("IMPOSSIBLE_SHIFTS")) is found


def test_within_minutes_it_is_somebody_elses_punch() -> None:
    both = company("P1", sites=("S1", "S2"))
    run = played(both, punch("P1", "in", hours(8)), punch("P1", "in", minutes(485), site="S2"))
    assert only(run.of("BUDDY_PUNCHING")).confidence == 0.95
    assert not run.of("IMPOSSIBLE_SHIFTS")


def test_what_comes_after_a_false_punch_is_compared_with_where_the_person_was() -> None:
    both = company("P1", sites=("S1", "S2"))
    run = played(
        both,
        punch("P1", "in", hours(8)),
        punch("P1", "in", minutes(482), site="S2"),
        punch("P1", "break_start", minutes(484)),
    )
    assert [found.site for found in run.of("BUDDY_PUNCHING")] == ["S2"]


def test_fences_and_accuracies_that_meet_are_no_travel() -> None:
    near = event("noc.site", id="S2", name="Site S2", timezone="UTC", lat=HERE[0] + 0.004, lon=HERE[1], radius_m=200.0)
    run = played(
        company("P1", sites=("S1", "S2")),
        near,
        punch("P1", "out", hours(8), accuracy_m=30.0, lat=HERE[0], lon=HERE[1]),
        punch("P1", "in", hours(8) + 1_000, site="S2", accuracy_m=30.0),
    )
    assert not run.of("BUDDY_PUNCHING")


@pytest.mark.parametrize("place", [{"lat": 0.0, "lon": 0.0}, {"lat": 10.1, "lon": 10.1, "location_mocked": True}])
def test_a_position_that_is_none_or_made_up_is_no_travel(place: dict[str, Any]) -> None:
    stays = played(company("P1"), punch("P1", "in", hours(8)), punch("P1", "out", hours(16), **place))
    moves = (punch("P1", "in", hours(8), **place), punch("P1", "in", hours(10), site="S2"))
    for run in (stays, played(company("P1", sites=("S1", "S2")), *moves)):
        assert not run.of("IMPOSSIBLE_SHIFTS")
    false = (punch("P1", "in", hours(8), **place), punch("P1", "in", minutes(485), site="S2", **place))
    assert played(company("P1", sites=("S1", "S2")), *false).of("BUDDY_PUNCHING")


def test_a_place_nobody_has_entered_is_not_judged() -> None:
    run = played(
        company("P1", sites=("S1", "S3")), punch("P1", "out", hours(8)), punch("P1", "in", hours(8) + 1_000, site="S3")
    )
    assert not run.of("BUDDY_PUNCHING")


def test_a_site_removed_since_is_not_judged() -> None:
    gone = replace(
        event("noc.site", at=hours(9), id="S1", name="x", timezone="UTC"), data=Removal(id="S1", removed=True)
    )
    here: dict[str, Any] = {"lat": HERE[0], "lon": HERE[1]}
    run = played(company("P1", sites=("S1", "S2")), punch("P1", "out", hours(8), **here), gone)
    run.feed([punch("P1", "in", hours(9), site="S2")])
    assert not run.of("IMPOSSIBLE_SHIFTS")


def test_a_late_punch_between_two_is_judged_where_it_belongs() -> None:
    both = company("P1", sites=("S1", "S2"))
    late = punch("P1", "in", minutes(482), site="S2", received_at=minutes(489))
    run = played(both, punch("P1", "out", hours(8)), punch("P1", "in", minutes(484)), late)
    assert [found.time for found in run.of("BUDDY_PUNCHING")] == [minutes(482)]


def test_no_shift_is_a_mismatch_and_a_shift_elsewhere_the_wrong_site() -> None:
    none = played(company("P1", "P2"), shift("P2", 30, 38), punch("P1", "in", hours(8)))
    found = only(none.of("SCHEDULE_MISMATCH"))
    assert (found.severity, found.confidence) == (Severity.MEDIUM, 0.70)
    assert found.reason == "Guard P1 punched in at Site S1 at 08:00 without any shift that day"
    elsewhere = played(company("P1", sites=("S1", "S2")), shift("P1", 8, 16, site="S2"), punch("P1", "in", hours(8)))
    assert only(elsewhere.of("WRONG_SITE")).severity is Severity.HIGH
    assert not elsewhere.of("SCHEDULE_MISMATCH")


@pytest.mark.parametrize(("at", "severities"), [(419, ["LOW"]), (420, []), (958, []), (960, ["LOW"])])
def test_an_hour_early_is_the_border_and_further_off_is_low(at, severities) -> None:
    run = played(company("P1"), shift("P1", 8, 16), punch("P1", "in", minutes(at)))
    assert [found.severity for found in run.of("SCHEDULE_MISMATCH")] == severities
    assert not run.alerts("SCHEDULE_MISMATCH")


def test_without_any_roster_nothing_is_said_of_it() -> None:
    assert not played(company("P1"), punch("P1", "in", hours(8))).of("SCHEDULE_MISMATCH")


def test_someone_inactive_is_told_at_any_punch() -> None:
    gone = event("noc.person", id="P1", name="Guard P1", sites=("S1",), active=False)
    run = played(company("P1"), gone, punch("P1", "out", hours(8)))
    found = only(run.of("INACTIVE_PERSON"))
    assert (found.severity, found.confidence) == (Severity.HIGH, 0.95)
    assert not played(company("P1"), punch("P1", "out", hours(8))).of("INACTIVE_PERSON")


def test_who_leaves_or_is_transferred_is_not_accused_of_what_was_right_before() -> None:
    run = played(company("P1", "P2"), shift("P1", 8, 16), punch("P1", "in", hours(8)), punch("P2", "in", hours(8)))
    run.feed([event("noc.person", at=hours(9), id="P1", name="Guard P1", sites=("S2",), active=False)])
    run.feed([punch("P1", "break_start", hours(10))])
    assert [(found.type, found.time) for found in run.standing if found.person == "P1"] == [
        ("INACTIVE_PERSON", hours(10))
    ]
    assert "P1-in-" in next(iter(run.engine.shelves.get("attendance", "P1").types))


def test_a_directory_put_right_excuses() -> None:
    run = played(company("P1", sites=("S2",)), punch("P1", "in", hours(8)))
    run.feed([event("noc.person", at=hours(9), id="P1", name="Guard P1", sites=("S1",))])
    run.feed([punch("P1", "break_start", hours(10))])
    assert run.withdrawn("UNAUTHORIZED_SITE") == 1


def test_a_day_later_a_claim_stands_for_good() -> None:
    days = [punch("P1", "in", hours(8 + 24 * day)) for day in range(1, 5)]
    run = played(company("P1", sites=("S2",)), punch("P1", "in", hours(8)), days)
    assert len(run.of("UNAUTHORIZED_SITE")) == 5
    assert run.withdrawn("UNAUTHORIZED_SITE") == 0


def test_who_came_at_an_odd_hour_is_not_accused_once_the_colleagues_punches_are_forgotten() -> None:
    crew = [shift("P1", 6, 18), punch("P1", "in", hours(6)), punch("P1", "out", hours(18))]
    odd = [shift("P2", -12, 6), punch("P2", "in", hours(14)), punch("P2", "out", hours(15))]
    back = [shift("P1", 80, 92), punch("P1", "in", hours(80))]
    planned = replace(shift("P2", 100, 112), received_at=hours(90), time=hours(90))
    run = played(company("P1", "P2"), crew, odd, back, planned)
    assert only(run.of("SCHEDULE_MISMATCH")).person == "P2"
    assert run.withdrawn("SCHEDULE_MISMATCH") == 0
    assert not run.of("WRONG_PERSON")
