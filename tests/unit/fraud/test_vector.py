"""The features of a punch: of the moment, of the past, and nothing of what comes after."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nocd.domain.instant import HOUR_MS, MINUTE_MS
from nocd.fraud import vector as made
from nocd.fraud.features import NAMES
from nocd.fraud.vector import HISTORY_KIND, PEERS_KIND, Peers
from tests.build import T0, engine, saved_and_loaded
from tests.build_field import HERE, company, punch, shift

if TYPE_CHECKING:
    from nocd.domain.event import Event
    from nocd.engine import Engine

DAY = 24.0


def features(run: Engine, *events: Event) -> dict[str, float]:
    """Return the features of the last punch among events."""
    run.fold(events)
    return dict(zip(NAMES, [each.features for each in run.finish().scores.values() if each.features][-1], strict=True))


def at(hour: float, person: str = "P1", **more: Any) -> Event:
    """Return a punch so many hours after T0, a Thursday and New Year's Day."""
    return punch(person, more.pop("direction", "in"), T0 + round(hour * HOUR_MS), **more)


def north_m(metres: float) -> dict[str, Any]:
    return {"lat": HERE[0] + metres / 111_195, "lon": HERE[1]}


def known(*people: str, **site: Any) -> Engine:
    run = engine()
    run.fold(company(*(people or ("P1",)), **site))
    return run


def test_the_first_punch_of_somebody_new_is_blank_where_a_default_would_lie() -> None:
    told = features(known(), at(8, method="PIN", confidence=None))
    blank = {name for name, value in told.items() if isnan(value)}
    assert blank == {
        *("gps_drift_m", "late_arrival_rate", "weekend_work_rate", "face_confidence"),
        *("device_novelty", "hours_off_usual"),
    }
    assert (told["location_consistency"], told["checkin_frequency_z"], told["seconds_since_last_punch"]) == (
        0.5,
        0,
        86_400,
    )


def test_the_moment_is_the_sites_own() -> None:
    run = known(timezone="Asia/Kolkata", country="DE")
    told = features(run, at(20))
    assert (told["hour_of_day"], told["day_of_week"], told["is_weekend"], told["is_holiday"]) == (1, 4, 0, 0)
    told = features(run, at(8))
    assert (told["day_of_week"], told["is_holiday"]) == (3, 1)
    assert features(run, at(2.2 * DAY))["is_weekend"] == 1


def test_a_position_is_so_far_from_the_centre_and_at_most_ten_kilometres() -> None:
    run = known()
    assert features(run, at(8, **north_m(150)))["gps_drift_m"] == pytest.approx(150, rel=0.01)
    assert features(run, at(9, **north_m(40_000)))["gps_drift_m"] == 10_000


@pytest.mark.parametrize(
    ("seen", "confidence"),
    [
        ({"match_distance": 0.1}, 0.75),
        ({"match_distance": 0.6}, 0.0),
        ({"confidence": 0.9}, 0.9),
    ],
)
def test_a_face_is_as_sure_as_its_distance_says_else_its_confidence(seen: dict[str, Any], confidence: float) -> None:
    assert features(known(), at(8, **seen))["face_confidence"] == pytest.approx(confidence)


def test_the_gap_is_to_the_last_punch_by_the_time_it_happened() -> None:
    run = known()
    run.fold([at(8), at(8.5, received_at=T0 + 9 * HOUR_MS)])
    assert features(run, at(9))["seconds_since_last_punch"] == 1_800


def test_five_punches_say_how_steady_somebodys_place_is() -> None:
    run = known()
    run.fold([at(8 + day * DAY, **north_m(20)) for day in range(4)])
    assert features(run, at(8 + 4 * DAY, **north_m(20)))["location_consistency"] == 0.5
    assert features(run, at(8 + 5 * DAY, **north_m(9_000)))["location_consistency"] == pytest.approx(1.0, abs=1e-6)
    assert features(run, at(8 + 6 * DAY))["location_consistency"] == 0.0


def test_how_often_somebody_punches_is_told_against_their_peers() -> None:
    run = known("P1", "P2", "P3")
    run.fold([at(8, person, device="T-S1") for person in ("P1", "P2", "P3")])
    run.fold([at(9 + hour, "P3") for hour in range(8)])
    assert features(run, at(30, "P3"))["checkin_frequency_z"] == pytest.approx(2**0.5)
    assert features(run, at(31, "P1"))["checkin_frequency_z"] == pytest.approx(-(2**-0.5), abs=0.01)


def test_who_comes_late_to_a_shift_is_remembered_as_late_once() -> None:
    run = known()
    run.fold([shift("P1", 8 + day * DAY, 16 + day * DAY) for day in range(4)])
    assert isnan(features(run, at(8.5))["late_arrival_rate"])
    assert features(run, at(12, direction="break_start"))["late_arrival_rate"] == 1.0
    assert features(run, at(12.5))["late_arrival_rate"] == 1.0  # came before: nobody waits any more
    assert features(run, at(8.1 + DAY))["late_arrival_rate"] == 1.0
    assert features(run, at(8 + 2 * DAY))["late_arrival_rate"] == 0.5


def test_weekends_and_mismatches_are_counted() -> None:
    run = known()
    run.fold([at(8 + day * DAY) for day in range(4)])  # Thursday to Sunday
    told = features(run, at(8 + 4 * DAY, verified=False))
    assert (told["weekend_work_rate"], told["biometric_mismatches_30d"]) == (0.5, 1)
    assert features(run, at(9 + 4 * DAY))["biometric_mismatches_30d"] == 1


def test_after_its_span_the_past_is_forgotten() -> None:
    run = known()
    run.fold([at(8, verified=False, **north_m(0))] + [at(8 + hour, **north_m(0)) for hour in range(1, 6)])
    month = features(run, at(31 * DAY))
    assert (month["biometric_mismatches_30d"], month["location_consistency"]) == (0, 0.5)
    assert month["weekend_work_rate"] == 0
    assert isnan(features(run, at(130 * DAY))["weekend_work_rate"])
    assert len(run.shelves.kind(HISTORY_KIND)["P1"].tallies) <= made.SEASON_STEPS


def test_a_persons_sites_and_a_sites_people_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(made, "PLACES_MAX", 1)
    monkeypatch.setattr(made, "PEERS_MAX", 1)
    run = known("P1", "P2")
    run.fold([at(8), at(9, "P2"), at(10, site="S2")])
    assert [*run.shelves.kind(HISTORY_KIND)["P1"].places] == ["S2"]
    assert [*run.shelves.kind(PEERS_KIND)["S1"].counts] == ["P1"]


def test_people_and_sites_without_a_punch_for_a_season_are_let_go_of() -> None:
    run = known("P1", "P2")
    run.fold([at(8), at(8, "P2", site="S2"), at(130 * DAY)])
    assert [*run.shelves.kind(HISTORY_KIND)] == ["P1"]
    assert [*run.shelves.kind(PEERS_KIND)] == ["S1"]


def test_at_each_step_everybody_is_counted_anew() -> None:
    run = known("P1", "P2", "P3")
    run.fold([at(8, person) for person in ("P1", "P2", "P3")])
    run.fold([at(8 + 31 * DAY)])
    peers = run.shelves.kind(PEERS_KIND)["S1"]
    assert (peers.counts, peers.total, peers.squares) == ({"P1": 1}, 1, 1)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 40 * 24 * 60), st.sampled_from(["P1", "P2", "P3"]), st.floats(0, 3_000), st.booleans()
        ),
        min_size=1,
        max_size=14,
        unique_by=lambda each: each[0],
    ),
    st.integers(0, 14),
)
def test_nothing_that_comes_after_changes_a_vector_and_a_restart_changes_none(
    story: list[tuple[int, str, float, bool]], cut: int
) -> None:
    events = [
        at(minute * MINUTE_MS / HOUR_MS, person, verified=verified, **north_m(metres))
        for minute, person, metres, verified in sorted(story)
    ]

    def told(run: Engine, part: list[Event]) -> list[str]:
        run.fold(part)
        return [repr(each.features) for each in run.finish().scores.values() if each.features]

    people = ("P1", "P2", "P3")
    whole = told(known(*people), events)
    first = known(*people)
    before = told(first, events[:cut])
    assert before == whole[: len(before)]
    assert before + told(saved_and_loaded(first), events[cut:]) == whole
    assert len(whole) == len(events)


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(1, 60)), max_size=30))
def test_the_sums_of_peers_are_those_of_their_counts(puts: list[tuple[str, int]]) -> None:
    peers = Peers(step=0)
    for person, count in puts:
        peers.put(person, count)
    assert peers.total == sum(peers.counts.values())
    assert peers.squares == sum(count * count for count in peers.counts.values())
    assert all(z is None or -3 <= z <= 3 for z in map(peers.z, "abcdef"))


def test_a_device_and_an_hour_are_new_to_who_is_known_before_this_punch_is_counted() -> None:
    run = known()
    for day in range(10):
        features(run, at(8 + day * DAY, device="D1"))
    told = features(run, at(8 + 10 * DAY, device="D2"))
    assert (told["device_novelty"], told["hours_off_usual"]) == (1.0, 0)
    told = features(run, at(13 + 10 * DAY, device="D1"))
    assert (told["device_novelty"], told["hours_off_usual"]) == (1 / 11, 5)
