"""A dry run of a punch over HTTP: what it would score and why, changing nothing; and who is scored without a past."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, from_ms
from nocd.domain.prediction import Moved, Prediction, Predictions
from nocd.domain.token import Right, Role
from tests.build import T0, Clock
from tests.integration.api.desk import Desk, running
from tests.unit.ingest.examples import envelope

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

pytestmark = pytest.mark.asyncio(loop_scope="module")

MIDDLE = {"lat": 52.52, "lon": 13.405}
NIGHT = T0 + 12 * DAY_MS + 3 * HOUR_MS
NOW = NIGHT + 3 * HOUR_MS
FACE: dict[str, Any] = {"method": "FACE", "confidence": 0.95, "device": "D-P1", **MIDDLE}


def punch(person: str, at: int, /, *, name: str = "", **more: Any) -> dict[str, Any]:
    data = {"person": person, "site": "S1", "direction": "in", "method": "PIN", "verified": True, **more}
    event_id = name or f"{person}-{at}"
    return envelope("noc.attendance.punch", data, id=event_id, source="/t", time=from_ms(at).isoformat())


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def desk() -> AsyncIterator[Desk]:
    """Give a daemon that knows P1, P4 and P5 by twelve mornings at one place, P2 by nothing, and P3 as of elsewhere."""
    clock = Clock()
    async with running(clock=clock) as desk:
        site = {"id": "S1", "name": "Site S1", "timezone": "UTC", "client": "ACME", **MIDDLE}
        await desk.post(envelope("noc.site", site, id="site", source="/t"))
        people = [{"id": name, "name": f"Guard {name}", "sites": ["S1"]} for name in ("P1", "P2", "P4", "P5")]
        people.append({"id": "P3", "name": "Guard P3", "sites": ["S2"]})
        await desk.post(*(envelope("noc.person", each, id=f"person-{each['id']}", source="/t") for each in people))
        for day in range(12):
            clock.now = T0 + day * DAY_MS + 7 * HOUR_MS
            came = clock.now - HOUR_MS + day * MINUTE_MS
            await desk.post(
                *(punch(person, came, **{**FACE, "device": f"D-{person}"}) for person in ("P1", "P4", "P5"))
            )
        clock.now = NOW
        await desk.give("narrow", Role.OPERATOR, sites=frozenset({"S1"}))
        await desk.give("nameless", Role.VIEWER, rights=frozenset({Right.FRAUD}))
        await desk.give("viewer", Role.VIEWER)
        yield desk


async def tried(desk: Desk, event: Any, token: str = "admin") -> Any:
    answer = await desk.ask("POST", "/v1/fraud/score", json=event, token=token)
    assert answer.status == 200, answer
    return answer.json


async def state(desk: Desk) -> list[Any]:
    """Return all that a dry run could have changed; inputs are no part of it, for the daemon says that it lives."""
    tenant = desk.daemon.tenants["default"]
    return [[*tenant.pipeline.engine.shelves], tenant.pipeline.last_seq]


async def test_a_dry_run_tells_what_a_punch_would_score_and_why(desk: Desk) -> None:
    before = await state(desk)
    told = await tried(desk, punch("P1", NIGHT, name="dry", **{**FACE, "device": "D-9", "lat": 52.54}))
    score = told["score"]
    assert [each["check"] for each in score["checks"]] == ["geofence"]
    assert (score["id"], score["punch"], score["person_name"]) == ("", "dry", "Guard P1")
    assert [(each["name"], each["words"], each["strength"]) for each in score["deviations"]] == [
        ("hour", "at 03:00; usual 06-07", 1),
        ("device", "never with this device before; usual D-P1", 1),
        ("distance", "2.2 km from the site; usual up to 15 m", 1),
    ]
    assert told["features"]["gps_drift_m"] == pytest.approx(2_224, abs=1)
    assert told["alert"] == {"would": True, "why": "GEOFENCE_VIOLATION is HIGH"}
    assert told["ticket"] == {"would": True, "why": "an alert that is HIGH is work"}
    assert await state(desk) == before


async def test_a_punch_like_the_others_would_lead_to_nothing(desk: Desk) -> None:
    told = await tried(desk, punch("P1", NOW, **FACE))
    assert (told["score"]["fraud_score"], told["score"]["deviations"]) == (0.0, [])
    assert (told["alert"]["would"], told["ticket"]["would"]) == (False, False)


async def test_what_a_dry_run_tells_is_what_the_punch_then_scores(desk: Desk) -> None:
    more: dict[str, Any] = {**MIDDLE, "method": "FACE", "confidence": 0.4}
    event = punch("P3", NOW, **more)
    foreseen = (await tried(desk, event))["score"]
    told = await scored(desk, event)
    assert {**foreseen, "id": told["id"], "alert": told["alert"]}.items() <= told.items()
    assert foreseen["fraud_score"] > 0.5
    assert (await desk.ask("POST", "/v1/fraud/score", json=event)).told == (409, "conflict")


async def test_what_a_model_says_and_why_joins_whatever_it_says(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    far = Moved(feature="gps_drift_m", value=20.0, usual=(0.0, 15.0), raises=True, share=0.7, strength=4)

    async def explain(punches: Mapping[str, tuple[float, ...]], /) -> Predictions:
        said = (Prediction(punch=each, score=0.3, reasons=(far,)) for each in punches)
        return Predictions(version="000004", of=tuple(said))

    monkeypatch.setattr(desk.daemon.tenants["default"], "explain", explain)
    score = (await tried(desk, punch("P1", NOW, **FACE)))["score"]
    assert (score["model_score"], score["fraud_score"], score["rule_score"]) == (0.3, 0.3, 0.0)
    assert score["method"] == "model"
    assert score["model"]["reasons"][0]["words"] == "from the middle of the site: 20 m; usual 0 m to 15 m"


@pytest.mark.parametrize(
    ("event", "status", "code", "words"),
    [
        (punch("P1", NOW, lat=95.0, lon=0.0), 422, "bad_value", "data.lat: must be at most 90"),
        (punch("P1", NOW, device_id="x"), 422, "unknown_field", "data.device_id: unknown field"),
        ({"type": "noc.attendance.punch", "data": {"person": "P1"}}, 422, "missing_field", "data.site: is required"),
        ([punch("P1", NOW)], 422, "not_json", "an array is a batch"),
        (punch("P1", T0 - 40 * DAY_MS), 400, "bad_time", "stored and not scored"),
        (envelope("noc.sample"), 400, "bad_value", "a dry run takes a noc.attendance.punch, not a noc.sample"),
    ],
)
async def test_what_is_no_punch_is_refused_as_where_events_come_in(
    desk: Desk, event: Any, status: int, code: str, words: str
) -> None:
    answer = await desk.ask("POST", "/v1/fraud/score", json=event)
    assert answer.told == (status, code)
    assert words in answer.json["detail"]


async def test_only_who_sees_site_and_person_may_ask(desk: Desk) -> None:
    event = punch("P1", NOW, **FACE)
    assert (await desk.ask("POST", "/v1/fraud/score", json=event, token="viewer")).told == (403, "forbidden")
    assert (await desk.ask("POST", "/v1/fraud/score", json=event, token="narrow")).status == 200
    for hidden in (punch("P1", NOW, site="S2"), punch("P3", NOW)):
        answer = await desk.ask("POST", "/v1/fraud/score", json=hidden, token="narrow")
        assert answer.told == (404, "not_found")
    assert (await tried(desk, event, "nameless"))["score"]["person_name"] == "***"


# ------------------------------------------------------------------------------------------ scored whatever is missing


async def scored(desk: Desk, event: dict[str, Any]) -> dict[str, Any]:
    """Post a punch and return its score."""
    await desk.post(event)
    (told,) = [each for each in await desk.items("/v1/fraud/scores/live?min_score=0") if each["punch"] == event["id"]]
    return told


async def test_a_person_nobody_has_ever_seen_is_scored_and_the_reasons_say_what_is_missing(desk: Desk) -> None:
    told = await scored(desk, punch("P9", NOW))
    assert (told["fraud_score"], told["level"], told["method"]) == (0.0, "MINIMAL", "rules")
    assert told["not_judged"]["profile"] == "0 punches are known of 90 days; what is usual is told from 10"
    assert told["not_judged"]["impossible_travel"] == "no earlier punch is known"
    assert told["not_judged"]["unauthorized_site"] == "nobody said which sites are theirs"
    assert told["features"]["late_arrival_rate"] is None


async def test_a_person_without_history_is_a_fraud_where_a_check_proves_it(desk: Desk) -> None:
    await desk.post(punch("P7", NOW - 2 * MINUTE_MS, device="D-7"))
    told = await scored(desk, punch("P2", NOW, device="D-7"))
    assert (told["level"], [each["check"] for each in told["checks"]]) == ("CRITICAL", ["buddy_punching"])
    (alert,) = await desk.items("/v1/alerts?type=ATTENDANCE_FRAUD&person=P2")
    assert alert["evidence"]["deviations"] == {}
    assert alert["evidence"]["not_judged"]["profile"] == told["not_judged"]["profile"]


async def test_a_punch_without_a_position_is_scored_by_the_rest_and_says_so(desk: Desk) -> None:
    told = await scored(desk, punch("P4", NIGHT, device="D-9"))
    reason = "the punch has no position"
    assert (told["not_judged"]["geofence"], told["not_judged"]["gps_spoofing"]) == (reason, reason)
    assert told["features"]["gps_drift_m"] is None
    assert {each["name"] for each in told["deviations"]} == {"hour", "device"}


async def test_a_punch_without_biometrics_is_scored_by_the_rest_and_says_so(desk: Desk) -> None:
    told = await scored(desk, punch("P5", NIGHT, device="D-P5", lat=52.54, lon=13.405))
    reason = "no face, finger or iris was compared"
    assert (told["not_judged"]["biometric_low"], told["not_judged"]["biometric_pattern"]) == (reason, reason)
    assert told["features"]["face_confidence"] is None
    assert [each["check"] for each in told["checks"]] == ["geofence"]
    assert {each["name"] for each in told["deviations"]} == {"hour", "distance"}
