"""Tickets over HTTP: listed, shown with alerts and timeline, worked on, opened by hand, and seen by whom."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
import pytest_asyncio

from nocd.domain.token import Right, Role
from tests.integration.api.desk import Answer, Desk, running

pytestmark = pytest.mark.asyncio(loop_scope="module")
PATH = "/v1/tickets"
_names = count(1)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def desk() -> Any:
    async with running() as running_desk:
        await running_desk.give("viewer", Role.VIEWER)
        await running_desk.give("north", Role.OPERATOR, sites=frozenset({"S1"}))
        await running_desk.give("acme", Role.OPERATOR, clients=frozenset({"ACME"}))
        await running_desk.give("pii", Role.VIEWER, rights=frozenset({Right.PII}))
        sites = [("S1", "ACME"), ("S2", "ACME"), ("S5", "OTHER")]
        entries = [{"id": name, "name": f"Site {name}", "timezone": "UTC", "client": client} for name, client in sites]
        entries[1]["supervisor"] = "P9"
        await running_desk.post(*({"type": "noc.site", "data": entry} for entry in entries))
        await running_desk.post({"type": "noc.person", "data": {"id": "P9", "name": "Vera Lind"}})
        yield running_desk


async def opened(desk: Desk, *, site: str = "S1", **more: Any) -> dict[str, Any]:
    """Have an alert open a ticket; return the ticket."""
    kind = f"Kind{next(_names)}"
    data = {"alert_type": kind, "severity": "HIGH", "status": "firing", "message": "It fell", **more}
    await desk.post({"type": "noc.alert", "data": {**data, "entity_type": "cam", "entity_id": "7", "site": site}})
    (ticket,) = await desk.items(f"{PATH}?type={kind}")
    return ticket


async def act(desk: Desk, ticket: str, verb: str, body: Any = None, *, token: str = "operator", **more: Any) -> Answer:
    return await desk.ask("POST", f"{PATH}/{ticket}/{verb}", token=token, json=body, **more)


async def test_a_tickets_way_from_new_to_closed_with_its_alerts(desk: Desk) -> None:
    ticket = await opened(desk)
    assert ticket["number"].startswith("S1-")
    steps = [
        ("ack", None, "open"),
        ("assign", {"assignee": "mara"}, "open"),
        ("start", {"comment": "on my way"}, "in_progress"),
        ("hold", {"comment": "waits for a part"}, "on_hold"),
        ("reopen", {}, "open"),
        ("escalate", {"to": "manager"}, "open"),
        ("note", {"text": "part came"}, "open"),
        ("resolve", {"verdict": "benign", "comment": "mended"}, "resolved"),
        ("close", {"comment": "seen"}, "closed"),
    ]
    answers = [(await act(desk, ticket["id"], verb, body), verb, status) for verb, body, status in steps]
    assert [(each.status, each.json["status"], verb) for each, verb, _ in answers] == [
        (200, status, verb) for _, verb, status in answers
    ]
    answer = answers[-1][0]
    detail = (await desk.ask("GET", f"{PATH}/{ticket['id']}")).json
    assert detail["ticket"] == answer.json
    assert [(each["status"], each["verdict"]) for each in detail["alerts"]] == [("resolved", "benign")]
    decisions = [row["decision"] for row in detail["timeline"]]
    assert decisions == [
        *("created", "acknowledged", "assigned", "started", "held", "reopened", "escalated", "note", "resolved"),
        "closed",
    ]
    assert (answer.json["sla"]["response"]["state"], answer.json["sla"]["resolution"]["state"]) == ("met", "met")
    (alert,) = detail["alerts"]
    why = await desk.items(f"/v1/alerts/{alert['id']}/why")
    assert {"decision": "ticketed", "reason": f"{ticket['number']} was opened, as it is HIGH, assigned to nobody"} in [
        {"decision": row["decision"], "reason": row["reason"]} for row in why
    ]


@pytest.mark.parametrize(
    ("verb", "body", "code"),
    [
        ("resolve", {"verdict": "benign"}, (400, "bad_value")),
        ("resolve", {"verdict": "benign", "comment": " "}, (400, "bad_value")),
        ("resolve", {"comment": "x"}, (400, "bad_value")),
        ("cancel", {}, (400, "bad_value")),
        ("assign", {}, (400, "bad_value")),
        ("note", {"text": ""}, (400, "bad_value")),
        ("start", {"note": "x"}, (400, "unknown_field")),
        ("resolve", {"verdict": "benign", "comment": "x"}, (409, "not_in_this_status")),
        ("zap", {}, (404, "unknown_command")),
    ],
)
async def test_what_cannot_be_done_is_refused_and_does_nothing(desk: Desk, verb: str, body: Any, code: Any) -> None:
    ticket = await opened(desk)
    assert (await act(desk, ticket["id"], verb, body)).told == code
    assert (await desk.ask("GET", f"{PATH}/{ticket['id']}")).json["ticket"] == ticket


async def test_a_repeat_under_a_key_gets_the_first_answer(desk: Desk) -> None:
    key = {"Idempotency-Key": "t1"}
    asked = {"title": "Mend the gate", "site": "S1"}
    first, again = [await desk.ask("POST", PATH, json=asked, headers=key) for _ in range(2)]
    assert (first.status, first.json) == (again.status, again.json)
    first, again = [await act(desk, first.json["id"], "note", {"text": "once"}, headers=key) for _ in range(2)]
    assert first.json == again.json


async def test_a_ticket_opened_by_hand_takes_alerts_that_have_none(desk: Desk) -> None:
    taken = await opened(desk)
    data = {"alert_type": "Small", "severity": "LOW", "status": "firing", "message": "x", "entity_type": "c"}
    await desk.post({"type": "noc.alert", "data": {**data, "entity_id": "1", "site": "S1"}})
    (alert,) = await desk.items("/v1/alerts?type=Small")
    asked = {"title": "Look at it", "priority": "P4", "site": "S1", "alerts": [alert["id"]], "body": "Twice now"}
    answer = await desk.ask("POST", PATH, token="operator", json=asked)
    assert (answer.status, answer.json["alerts"], answer.json["origin"]) == (201, [alert["id"]], "operator")
    busy = await desk.ask("POST", PATH, token="operator", json={"title": "x", "alerts": taken["alerts"]})
    assert busy.told == (409, "has_ticket")
    missing = await desk.ask("POST", PATH, token="operator", json={"title": "x", "alerts": ["A-999"]})
    assert missing.told == (404, "not_found")
    wrong = await desk.ask("POST", PATH, token="operator", json={"title": "x", "alerts": ["7"]})
    assert wrong.told == (400, "bad_value")


async def test_many_at_once_are_answered_one_by_one(desk: Desk) -> None:
    one, other, hidden = await opened(desk), await opened(desk), await opened(desk, site="S5")
    await act(desk, other["id"], "cancel", {"comment": "x"})
    names = [one["id"], other["id"], hidden["id"], "T-0"]
    asked = {"ids": names, "command": "ack", "args": {"comment": "all"}}
    answer = await desk.ask("POST", f"{PATH}/bulk", token="north", json=asked)
    assert [(each["id"], each["status"]) for each in answer.json["items"]] == [
        *zip(names, (200, 409, 404, 404), strict=True)
    ]
    assert answer.json["items"][0]["body"]["status"] == "open"
    for wrong in ({**asked, "command": "zap"}, {**asked, "ids": []}, {**asked, "args": {"note": "x"}}):
        assert (await desk.ask("POST", f"{PATH}/bulk", json=wrong)).status == 400


async def test_a_ticket_by_hand_is_where_its_alerts_are(desk: Desk) -> None:
    alert = {"alert_type": "Wee", "severity": "LOW", "status": "firing", "message": "x", "entity_type": "c"}
    await desk.post({"type": "noc.alert", "data": {**alert, "entity_id": "1", "site": "S1"}})
    (small,) = await desk.items("/v1/alerts?type=Wee")
    answer = await desk.ask("POST", PATH, token="north", json={"title": "Look", "alerts": [small["id"]]})
    assert (answer.status, answer.json["site"]) == (201, "S1")


async def test_the_list_is_p1_first_then_newest_and_narrowed_as_asked(desk: Desk) -> None:
    grave = await opened(desk, severity="CRITICAL", person="P1")
    mild = await opened(desk, site="S2")
    await act(desk, mild["id"], "ack")
    listed = await desk.items(PATH)
    assert [each["priority"] for each in listed] == sorted(each["priority"] for each in listed)
    assert {each["status"] for each in listed} <= {"new", "open", "in_progress", "on_hold"}
    for query, name in (
        ("priority=P1", grave["id"]),
        ("person=P1", grave["id"]),
        ("assignee=-&site=S1", grave["id"]),
        ("assignee=P9", mild["id"]),
        ("status=open", mild["id"]),
        ("status=unresolved&site=S2", mild["id"]),
    ):
        assert name in [each["id"] for each in await desk.items(f"{PATH}?{query}")], query
    assert mild["id"] not in [each["id"] for each in await desk.items(f"{PATH}?assignee=-")]
    first = (await desk.ask("GET", f"{PATH}?limit=1")).json
    second = (await desk.ask("GET", f"{PATH}?limit=1&cursor={first['cursor']}")).json
    assert [*first["items"], *second["items"]] == listed[:2]


async def test_what_a_token_does_not_see_is_not_there(desk: Desk) -> None:
    elsewhere, here = await opened(desk, site="S5"), await opened(desk, site="S1")
    for token in ("north", "acme"):
        seen = [each["id"] for each in await desk.items(PATH, token=token)]
        assert here["id"] in seen
        assert elsewhere["id"] not in seen
        assert (await desk.ask("GET", f"{PATH}/{elsewhere['id']}", token=token)).told == (404, "not_found")
        assert (await act(desk, elsewhere["id"], "ack", token=token)).told == (404, "not_found")
        refused = await desk.ask("POST", PATH, token=token, json={"title": "x", "site": "S5"})
        assert refused.told == (403, "forbidden")
        nowhere = await desk.ask("POST", PATH, token=token, json={"title": "x"})
        assert nowhere.told == (403, "forbidden")
        theirs = await desk.ask(
            "POST", PATH, token=token, json={"title": "x", "site": "S1", "alerts": elsewhere["alerts"]}
        )
        assert theirs.told == (404, "not_found")
    assert (await act(desk, here["id"], "ack", token="viewer")).told == (403, "forbidden")
    for name in ("T-0", "T-01", "A-1", "x", "T-99999999999999999999"):
        assert (await desk.ask("GET", f"{PATH}/{name}")).told == (404, "not_found")


async def test_names_are_masked_for_who_may_not_read_them(desk: Desk) -> None:
    ticket = await opened(desk, site="S2")
    assert ticket["assignee_name"] == "Vera Lind"
    masked = (await desk.ask("GET", f"{PATH}/{ticket['id']}", token="viewer")).json["ticket"]
    named = (await desk.ask("GET", f"{PATH}/{ticket['id']}", token="pii")).json["ticket"]
    assert (masked["assignee"], masked["assignee_name"], named["assignee_name"]) == ("P9", "***", "Vera Lind")


async def test_the_feed_tells_every_change_of_status(desk: Desk) -> None:
    ticket = await opened(desk)
    await act(desk, ticket["id"], "ack")
    await act(desk, ticket["id"], "start")
    changes = (await desk.ask("GET", "/v1/changes?after=0&limit=500&types=ticket_created,ticket_updated")).json
    mine = [each["data"] for each in changes["changes"] if each["data"]["id"] == ticket["id"]]
    assert [(each["old_status"], each["new_status"]) for each in mine] == [
        (None, "new"),
        ("new", "open"),
        ("open", "in_progress"),
    ]
    assert {each["number"] for each in mine} == {ticket["number"]}
