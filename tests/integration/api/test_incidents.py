"""Incidents over HTTP: found, listed, shown with all of them, acted on, put together, and only for who may see them."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
import pytest_asyncio

from nocd.clock import now_ms
from nocd.domain.instant import MINUTE_MS, rfc3339
from nocd.domain.token import Role
from tests.integration.api.desk import Desk, running

pytestmark = pytest.mark.asyncio(loop_scope="module")
PATH = "/v1/incidents"
_stories = count()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def desk() -> Any:
    async with running() as running_desk:
        await running_desk.give("viewer", Role.VIEWER)
        await running_desk.give("north", Role.OPERATOR, sites=frozenset({"S1"}))
        sites = [{"id": name, "name": f"Site {name}", "timezone": "UTC"} for name in ("S1", "S2", "S3")]
        await running_desk.post(*({"type": "noc.site", "data": site} for site in sites))
        yield running_desk


async def story(desk: Desk, person: str, *names: str, site: str = "S1", severity: str = "HIGH") -> list[str]:
    """Post alerts about one person, a minute apart, and return their ids."""
    at = now_ms() - (240 - 6 * next(_stories)) * MINUTE_MS  # each later, and far from others: many would be a storm
    for no, name in enumerate(names):
        data = {"alert_type": f"{name}-{person}", "severity": severity, "status": "firing", "message": name}
        about = {"entity_type": "person", "entity_id": person, "person": person, "site": site}
        event = {"id": f"{name}-{person}", "source": "/t", "specversion": "1.0", "time": rfc3339(at + no * MINUTE_MS)}
        await desk.post({**event, "type": "noc.alert", "data": {**data, **about}})
    return [(await desk.items(f"/v1/alerts?type={name}-{person}"))[0]["id"] for name in names]


async def incident_of(desk: Desk, alert: str) -> dict[str, Any]:
    found = (await desk.ask("GET", f"/v1/alerts/{alert}")).json["alert"]["incident"]
    return dict((await desk.ask("GET", f"{PATH}/{found}")).json)


async def test_two_alerts_of_a_person_are_an_incident_with_its_timeline_and_alerts(desk: Desk) -> None:
    alerts = await story(desk, "P1", "Fence", "Gate")
    detail = await incident_of(desk, alerts[0])
    incident = detail["incident"]
    assert (incident["alerts"], incident["standing"], incident["status"]) == (alerts, 2, "open")
    assert (incident["score"], incident["score_parts"]) == (0.8, {"time": 0.3, "same_person": 0.5})
    assert (incident["cause"]["alert"], incident["site_name"]) == (alerts[0], "Site S1")
    assert [moment["happened"] for moment in detail["timeline"]] == ["joined", "joined"]
    assert sorted(alert["id"] for alert in detail["alerts"]) == alerts
    why = await desk.items(f"/v1/alerts/{alerts[1]}/why")
    assert [row["decision"] for row in why if row["decision"] != "ticketed"] == ["opened", "grouped"]


async def test_the_feed_tells_that_a_correlation_was_identified_and_what_happened_to_it(desk: Desk) -> None:
    before = (await desk.ask("GET", "/v1/snapshot")).json["seq"]
    (first, *_) = await story(desk, "P2", "Fence", "Gate", "Roof")
    number = (await incident_of(desk, first))["incident"]["id"]
    await desk.ask("POST", f"{PATH}/{number}/ack", token="operator")
    changes = (await desk.ask("GET", f"/v1/changes?after={before}&wait_s=0")).json["changes"]
    mine = [change for change in changes if change["data"].get("id") == number]
    assert [change["type"] for change in mine] == ["correlation_identified", "incident_updated", "incident_updated"]
    told = [(change["data"]["old_status"], change["data"]["new_status"], change["data"]["happened"]) for change in mine]
    assert told == [(None, "open", "opened"), ("open", "open", "joined"), ("open", "acknowledged", "acknowledged")]
    assert mine[0]["site"] == "S1"
    assert mine[0]["person"] == "P2"


async def test_acting_on_an_incident_acts_on_its_alerts_and_can_be_undone(desk: Desk) -> None:
    alerts = await story(desk, "P3", "Fence", "Gate")
    number = (await incident_of(desk, alerts[0]))["incident"]["id"]
    refused = await desk.ask("POST", f"{PATH}/{number}/resolve", token="operator", json={})
    assert refused.told == (400, "bad_value")
    done = await desk.ask("POST", f"{PATH}/{number}/resolve", token="operator", json={"verdict": "fraud"})
    assert (done.status, done.json["status"], done.json["verdict"]) == (200, "resolved", "fraud")
    detail = await incident_of(desk, alerts[0])
    assert [alert["verdict"] for alert in detail["alerts"]] == ["fraud", "fraud"]
    assert (await desk.ask("POST", f"{PATH}/{number}/undo", token="operator")).json["status"] == "open"
    detail = await incident_of(desk, alerts[0])
    assert [alert["status"] for alert in detail["alerts"]] == ["open", "open"]
    assert (await desk.ask("POST", f"{PATH}/{number}/reopen", token="operator")).told == (409, "not_in_this_status")


async def test_incidents_are_listed_severity_first_and_filtered(desk: Desk) -> None:
    (low, _) = await story(desk, "P4", "Fence", "Gate", severity="LOW")
    (high, _) = await story(desk, "P5", "Fence", "Gate", severity="CRITICAL")
    ids = [(await incident_of(desk, alert))["incident"]["id"] for alert in (high, low)]
    listed = [each["id"] for each in await desk.items(f"{PATH}?limit=500") if each["id"] in ids]
    assert listed == ids
    assert [each["id"] for each in await desk.items(f"{PATH}?person=P4")] == [ids[1]]
    assert ids[1] not in [each["id"] for each in await desk.items(f"{PATH}?min_severity=HIGH")]
    page = (await desk.ask("GET", f"{PATH}?limit=1")).json
    second = (await desk.ask("GET", f"{PATH}?limit=1&cursor={page['cursor']}")).json
    assert page["items"][0]["id"] != second["items"][0]["id"]


async def test_correlations_are_those_of_the_last_hours_from_medium_on(desk: Desk) -> None:
    (low, _) = await story(desk, "P6", "Fence", "Gate", severity="LOW")
    (high, _) = await story(desk, "P7", "Fence", "Gate")
    ids = [(await incident_of(desk, alert))["incident"]["id"] for alert in (low, high)]
    await desk.ask("POST", f"{PATH}/{ids[1]}/resolve", token="operator", json={"verdict": "benign"})
    found = [each["id"] for each in await desk.items("/v1/telemetry/correlations")]
    assert (ids[0] in found, ids[1] in found) == (False, True)
    found = [each["id"] for each in await desk.items("/v1/telemetry/correlations?min_severity=INFO&hours=1&site=S1")]
    assert found[:2] == [ids[1], ids[0]]
    assert await desk.items("/v1/telemetry/correlations?site=S9") == []


async def test_incidents_are_made_merged_and_split_by_hand(desk: Desk) -> None:
    first, second = [(await story(desk, person, "Fence", "Gate"))[0] for person in ("P8", "P9")]
    one, two = [(await incident_of(desk, alert))["incident"]["id"] for alert in (first, second)]
    merged = await desk.ask("POST", f"{PATH}/{one}/merge", token="operator", json={"incidents": [two]})
    assert (merged.status, merged.json["standing"]) == (200, 4)
    assert (await desk.ask("GET", f"{PATH}/{two}")).json["incident"]["merged_into"] == one
    assert (await desk.ask("POST", f"{PATH}/{one}/undo", token="operator")).json["standing"] == 2
    made = await desk.ask("POST", PATH, token="operator", json={"title": "Break-in", "alerts": [first, second]})
    assert (made.status, made.json["title"], made.json["alerts"]) == (201, "Break-in", [first, second])


async def test_who_does_not_see_a_site_sees_none_of_its_incidents(desk: Desk) -> None:
    (alert, _) = await story(desk, "Q1", "Fence", "Gate", site="S3")
    number = (await incident_of(desk, alert))["incident"]["id"]
    (own, _) = await story(desk, "Q2", "Fence", "Gate")
    mine = (await incident_of(desk, own))["incident"]["id"]
    assert number not in [each["id"] for each in await desk.items(f"{PATH}?limit=500", token="north")]
    assert (await desk.ask("GET", f"{PATH}/{number}", token="north")).told == (404, "not_found")
    assert (await desk.ask("POST", f"{PATH}/{number}/ack", token="north")).told == (404, "not_found")
    for verb, body in (
        ("merge", {"incidents": [number]}),
        ("link", {"alerts": [alert]}),
        ("reparent", {"parent": number}),
    ):
        assert (await desk.ask("POST", f"{PATH}/{mine}/{verb}", token="north", json=body)).told == (404, "not_found")
    made = await desk.ask("POST", PATH, token="north", json={"title": "x", "alerts": [alert]})
    assert made.told == (404, "not_found")
    await desk.ask("POST", f"{PATH}/{mine}/link", token="operator", json={"alerts": [alert]})
    assert (await desk.ask("POST", f"{PATH}/{mine}/ack", token="north")).told == (403, "forbidden")
    shown = (await desk.ask("GET", f"{PATH}/{mine}", token="north")).json
    assert alert not in [each["id"] for each in shown["alerts"]]
    assert alert not in [moment["alert"] for moment in shown["timeline"]]
    (other, _) = await story(desk, "Q5", "Fence", "Gate")
    ours = (await incident_of(desk, other))["incident"]["id"]
    merge = await desk.ask("POST", f"{PATH}/{ours}/merge", token="north", json={"incidents": [mine]})
    assert merge.told == (403, "forbidden")


async def test_what_stands_in_an_incident_is_shown_before_what_ended(desk: Desk) -> None:
    alerts = [(await story(desk, f"M{no}", "Fence"))[0] for no in range(3)]
    made = (await desk.ask("POST", PATH, token="operator", json={"title": "Many", "alerts": alerts})).json["id"]
    for alert in alerts[1:]:
        await desk.ask("POST", f"/v1/alerts/{alert}/resolve", json={"verdict": "benign"})
    detail = (await desk.ask("GET", f"{PATH}/{made}")).json
    assert [each["status"] for each in detail["alerts"]] == ["open", "resolved", "resolved"]


async def test_an_alert_out_of_reach_is_looked_for_among_however_many(desk: Desk) -> None:
    begun, events = now_ms() - 40 * MINUTE_MS, []
    for no in range(102):  # so few at a time that it is no storm
        about = {"entity_type": "person", "entity_id": "M8", "person": "M8", "site": "S2" if no == 1 else "S1"}
        data = {"alert_type": f"N{no}", "severity": "MEDIUM", "message": "x", "status": "firing", **about}
        event = {"id": f"M8-{no}", "source": "/t", "specversion": "1.0", "type": "noc.alert", "data": data}
        events.append({**event, "time": rfc3339(begun + no * MINUTE_MS // 3)})
    await desk.post(*events)
    (alert,) = await desk.items("/v1/alerts?type=N101")
    incident = (await incident_of(desk, alert["id"]))["incident"]
    assert incident["standing"] == 102
    assert (await desk.ask("POST", f"{PATH}/{incident['id']}/ack", token="north")).told == (403, "forbidden")


async def test_an_unknown_incident_or_command_is_not_found_and_a_viewer_only_reads(desk: Desk) -> None:
    for name in ("I-999999", "I-01", "A-1", "x"):
        assert (await desk.ask("GET", f"{PATH}/{name}")).told == (404, "not_found")
    (alert, _) = await story(desk, "Q3", "Fence", "Gate")
    number = (await incident_of(desk, alert))["incident"]["id"]
    assert (await desk.ask("POST", f"{PATH}/{number}/dance", token="operator")).told == (404, "unknown_command")
    assert (await desk.ask("POST", f"{PATH}/{number}/ack", token="viewer")).told == (403, "forbidden")


async def test_a_repeat_under_one_idempotency_key_gets_the_first_answer(desk: Desk) -> None:
    (alert, _) = await story(desk, "Q4", "Fence", "Gate")
    number = (await incident_of(desk, alert))["incident"]["id"]
    path, key = f"{PATH}/{number}/ack", {"Idempotency-Key": "once"}
    first, again = [await desk.ask("POST", path, token="operator", headers=key) for _ in range(2)]
    assert (first.status, first.json) == (200, again.json)
