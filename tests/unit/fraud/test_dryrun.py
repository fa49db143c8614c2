"""A dry run foresees what the engine then does, and changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nocd import dryrun
from nocd.detect.kinds import OpenAfter
from nocd.detect.registry import CATALOG
from nocd.detect.rules import Rules
from nocd.domain.command import Command
from nocd.domain.instant import MINUTE_MS
from nocd.domain.observation import Punch
from nocd.domain.prediction import Moved, Prediction, Predictions
from nocd.domain.severity import Severity
from nocd.dryrun import DryRun
from nocd.fraud.features import NAMES
from nocd.tenant import copied
from tests.build import ALONE, T0, engine, event
from tests.build_field import HERE, THERE, company, hours, minutes, punch, shift

if TYPE_CHECKING:
    from nocd.domain.event import Event
    from nocd.engine import Engine

WORK = frozenset({Severity.CRITICAL, Severity.HIGH})


def tried(run: Engine, what: Event) -> DryRun:
    assert isinstance(what.data, Punch)
    return DryRun(run.scene, what, what.data, copied=copied)


def told(run: Engine, what: Event, *, work: frozenset[Severity] = WORK) -> dict[str, Any]:
    """Return what a dry run tells, having seen that it changed nothing."""
    before = [*run.shelves]
    answer = tried(run, what).told(ticket_severities=work)
    assert [*run.shelves] == before
    return answer


def done(run: Engine, what: Event) -> dict[str, Any]:
    """Return the score the engine gives a punch, as it is told of at first, with its features."""
    run.finish()
    run.fold([what])
    (made,) = [each for each in run.finish().scores.values() if each.view["punch"] == what.id]
    return {"score": {**made.view, "id": "", "alert": None}, "features": made.features}


# ------------------------------------------------------------------------------------------------------------ the same

PLACES = st.sampled_from(
    [{}, {"lat": HERE[0], "lon": HERE[1]}, {"lat": THERE[0], "lon": THERE[1]}, {"lat": 0, "lon": 0}]
)
PUNCHES = st.fixed_dictionaries(
    {
        "person": st.sampled_from(["P1", "P2", "P3", "P9"]),
        "direction": st.sampled_from(["in", "out", "break_start"]),
        "site": st.sampled_from(["S1", "S2", "S9"]),
        "device": st.sampled_from([None, "A", "B", "C", "D", "T-S1"]),
        "method": st.sampled_from(["FACE", "PIN"]),
        "confidence": st.sampled_from([None, 0.3, 0.95]),
        "liveness": st.sampled_from([None, 0.2]),
        "verified": st.sampled_from([None, True, True, False]),
        "location_mocked": st.sampled_from([None, False, True]),
    }
)
STEPS = st.tuples(st.integers(1, 300), PUNCHES, PLACES, st.booleans())


def story(steps: list[tuple[int, dict[str, Any], dict[str, Any], bool]]) -> list[Event]:
    """Return punches so many minutes one after the other, a fix of the phone a minute before those with one."""
    events: list[Event] = []
    minute = 6 * 60
    for number, (gap, data, place, fixed) in enumerate(steps):
        minute += gap
        more = {**data, **place}
        person, direction = more.pop("person"), more.pop("direction")
        if fixed and place:
            events.append(event("noc.location.fix", at=minutes(minute - 1), person=person, **place))
        events.append(punch(person, direction, minutes(minute), event_id=f"p{number}", **more))
    return events


@settings(max_examples=40, deadline=None)
@given(st.lists(STEPS, max_size=9), STEPS)
def test_what_is_foreseen_is_what_then_happens(steps: list[Any], last: Any) -> None:
    run = engine(ALONE)
    known = [*company("P1", "P2", "P3"), event("noc.device", id="A", person="P1"), shift("P1", 8, 16)]
    run.fold([*known, shift("P2", 8, 16), shift("P3", 20, 30, site="S2"), shift("P1", 32, 40)])
    *before, what = story([*steps, last])
    run.fold(before)
    run.finish()
    answer = told(run, what)
    happened = done(run, what)
    assert answer["score"] == happened["score"]
    assert repr([*answer["features"].values()]) == repr([*happened["features"]])
    assert [*answer["features"]] == [*NAMES]


def test_after_a_season_of_habits_too() -> None:
    run = engine(ALONE)
    people = ("P1", "P2", "P3", "P4")
    run.fold(company(*people))
    for day in range(0, 48, 4):
        run.fold([shift("P1", 8 + 24 * day, 16 + 24 * day)])
        run.fold([punch(each, "in", hours(8 + 24 * day), lat=HERE[0], lon=HERE[1]) for each in people])
    what = punch("P1", "in", hours(27 + 24 * 48), device="X", confidence=0.5, lat=HERE[0] + 0.01, lon=HERE[1])
    answer = told(run, what)
    assert {"hour", "device", "distance"} <= {each["name"] for each in answer["score"]["deviations"]}
    assert answer["score"] == done(run, what)["score"]


# ---------------------------------------------------------------------------------------------------- what comes of it


def shared(**rooms: Any) -> Engine:
    """Return an engine in which P1 punched on device A at 8:00."""
    run = engine(ALONE, **rooms)
    run.fold([*company("P1", "P2"), punch("P1", "in", minutes(480), device="A")])
    run.finish()
    return run


BUDDY = punch("P2", "in", minutes(482), device="A")
HONEST = punch("P2", "in", minutes(482))


def test_a_fraud_would_alert_and_be_work_and_an_honest_punch_neither() -> None:
    answer = told(shared(), BUDDY)
    assert answer["alert"] == {"would": True, "why": "ATTENDANCE_FRAUD is CRITICAL"}
    assert answer["ticket"] == {"would": True, "why": "a score of 0.85 is work from 0.8 on"}
    answer = told(shared(), HONEST)
    assert answer["alert"] == {"would": False, "why": "a score of 0.00 is below 0.5"}
    assert answer["ticket"] == answer["alert"]


def test_a_check_that_alerts_by_itself_is_foreseen_too() -> None:
    run = engine(ALONE)
    run.fold([*company("P1"), event("noc.person", id="P2", name="Guard P2", sites=("S2",))])
    answer = told(run, HONEST)
    assert answer["alert"] == {"would": True, "why": "UNAUTHORIZED_SITE is CRITICAL"}
    assert answer["ticket"] == {"would": True, "why": "an alert that is CRITICAL is work"}
    why = "an alert that is CRITICAL is no work, nor a score below 0.8"
    assert told(run, HONEST, work=frozenset())["ticket"] == {"would": False, "why": why}


@pytest.mark.parametrize(
    ("set_to", "why"),
    [
        ({"mode": "shadow"}, "ATTENDANCE_FRAUD is shadow"),
        ({"alert_from": Severity.CRITICAL}, None),
        ({"open_after": OpenAfter(count=3)}, "ATTENDANCE_FRAUD opens an alert after 3 within 60 min"),
    ],
)
def test_what_is_set_for_frauds_is_kept_to(set_to: dict[str, Any], why: str | None) -> None:
    general = {"ATTENDANCE_FRAUD": set_to, "BUDDY_PUNCHING": {"open_after": OpenAfter(count=3)}}
    rules = Rules(CATALOG, general=general)
    answer = told(shared(rules=rules), BUDDY)
    assert answer["alert"] == {"would": why is None, "why": why or "ATTENDANCE_FRAUD is CRITICAL"}


def test_below_what_alerts_open_from_it_is_evidence_only() -> None:
    general = {"BIOMETRIC_LOW": {"alert_from": Severity.HIGH}}
    run = shared(rules=Rules(CATALOG, general=general))
    answer = told(run, punch("P2", "in", minutes(482), confidence=0.3))
    assert answer["alert"] == {"would": False, "why": "BIOMETRIC_LOW is MEDIUM; alerts open from HIGH"}
    assert answer["ticket"]["would"] is False


def test_a_window_of_maintenance_holds_an_alert_back() -> None:
    run = shared()
    args = {"scope": "site", "target": "S1", "start": T0, "end": hours(24), "types": (), "reason": "works"}
    assert run.apply(Command(verb="plan_maintenance", target="", actor="mara", time=T0, args=args)).ok
    answer = told(run, BUDDY)
    assert answer["alert"]["would"] is False
    assert answer["alert"]["why"].startswith("maintenance M-1 until")


def test_what_a_model_says_counts_with_its_reasons() -> None:
    trial = tried(shared(), HONEST)
    ((key, features),) = trial.features.items()
    assert (key, len(features)) == (f"P2|{HONEST.id}", len(NAMES))
    far = Moved(feature="gps_drift_m", value=None, usual=None, raises=True, share=0.7, strength=5)
    trial.predicted(Predictions(version="000001", of=(Prediction(punch=key, score=0.9, reasons=(far,)),)))
    answer = trial.told(ticket_severities=WORK)
    assert (answer["score"]["fraud_score"], answer["score"]["method"]) == (0.9, "model")
    assert answer["score"]["model"]["reasons"][0]["words"] == "from the middle of the site: not known"
    assert (answer["alert"]["would"], answer["ticket"]["would"]) == (True, True)
    assert [*answer["features"].values()] == pytest.approx(features, nan_ok=True)


# ------------------------------------------------------------------------------------------------------------- a bound


def test_only_so_many_colleagues_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dryrun, "COLLEAGUES_MAX", 1)
    run = engine(ALONE)
    people = [f"P{number}" for number in range(9)]
    run.fold([*company(*people), *(shift(each, 8, 16) for each in people[1:])])
    answer = told(run, punch("P0", "in", hours(8)))
    assert [each["check"] for each in answer["score"]["checks"]] == ["wrong_person"]
    assert answer["score"]["checks"][0]["words"].count("Guard") == 2


def test_nobody_is_known_and_still_it_is_scored() -> None:
    answer = told(
        engine(ALONE), punch("P7", "in", T0 + MINUTE_MS, site="S7", method="PIN", confidence=None, device=None)
    )
    assert (answer["score"]["fraud_score"], answer["score"]["checks"]) == (0.0, [])
    assert {"geofence", "gps_spoofing", "biometric_low", "device_sharing", "impossible_travel", "profile"} <= {
        *answer["score"]["not_judged"]
    }
