"""What operators ask of alerts: each command, each refusal, repeats under a key, and many at once."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from tests.integration.api.desk import Answer, Desk, running
from tests.unit.ingest.examples import MINIMAL, envelope

pytestmark = pytest.mark.asyncio(loop_scope="module")

_names = count(1)


async def opened(desk: Desk, **more: Any) -> str:
    """Open an alert and return its id."""
    name = f"cmd{next(_names)}"
    data = {**MINIMAL["noc.alert"], "site": name, "entity_id": name, **more}
    await desk.post(envelope("noc.alert", data, id=name, source="/commands"))
    (alert,) = await desk.items(f"/v1/alerts?site={name}")
    return str(alert["id"])


async def act(
    desk: Desk, alert: str, verb: str, body: Any = None, *, token: str = "operator", **headers: str
) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await desk.ask("POST", f"/v1/alerts/{alert}/{verb}", token=token, json=body, headers=named)


async def why(desk: Desk, alert: str) -> list[str]:
    """Return what was decided about an alert, in order."""
    return [row["decision"] for row in await desk.items(f"/v1/alerts/{alert}/why")]


async def test_an_alerts_way_from_open_to_its_verdict_and_back(desk: Desk) -> None:
    alert = await opened(desk)
    steps = [
        ("ack", {"note": "on it", "expires_minutes": 5}, "acknowledged"),
        ("assign", {"assignee": "mara"}, "assigned"),
        ("start", None, "in_progress"),
        ("escalate", {}, "escalated"),
        ("note", {"text": "called"}, "escalated"),
        ("resolve", {"verdict": "true_positive", "note": "done"}, "resolved"),
        ("undo", {}, "escalated"),
        ("resolve", {"verdict": "benign"}, "resolved"),
        ("reopen", {"note": "again"}, "open"),
    ]
    for verb, body, status in steps:
        answer = await act(desk, alert, verb, body)
        assert (answer.status, answer.json["status"]) == (200, status), verb
        assert (await desk.ask("GET", f"/v1/alerts/{alert}")).json["alert"] == answer.json
    detail = (await desk.ask("GET", f"/v1/alerts/{alert}")).json
    assert [row["row"] for row in detail["why"]] == list(range(1, len(detail["why"]) + 1))
    assert [row["decision"] for row in detail["why"] if row["actor"] == "operator"] == [
        *("acknowledged", "assigned", "started", "escalated", "note", "resolved", "undone", "resolved", "reopened")
    ]
    assert await desk.items(f"/v1/alerts/{alert}/why") == detail["why"]


@pytest.mark.parametrize(
    ("first", "verb", "code"),
    [
        (("ack",), "ack", "not_in_this_status"),
        ((), "undo", "nothing_to_undo"),
        ((), "reopen", "not_in_this_status"),
        (("resolve",), "resolve", "not_in_this_status"),
        (("resolve",), "ack", "not_in_this_status"),
        (("resolve",), "assign", "not_in_this_status"),
        (("start",), "start", "not_in_this_status"),
        (("escalate",), "escalate", "not_in_this_status"),
    ],
)
async def test_a_command_in_the_wrong_status_is_a_conflict_that_says_so(
    desk: Desk, first, verb: str, code: str
) -> None:
    bodies = {"resolve": {"verdict": "benign"}, "assign": {"assignee": "mara"}}
    alert = await opened(desk)
    for each in first:
        assert (await act(desk, alert, each, bodies.get(each))).status == 200
    answer = await act(desk, alert, verb, bodies.get(verb))
    assert answer.told == (409, code)
    assert verb in answer.json["detail"] or code == "nothing_to_undo"


async def test_only_its_own_hand_takes_an_act_back(desk: Desk) -> None:
    alert = await opened(desk)
    await act(desk, alert, "ack")
    assert (await act(desk, alert, "undo", token="admin")).told == (409, "nothing_to_undo")
    assert (await act(desk, alert, "undo")).json["status"] == "open"


BAD_BODIES: dict[str, tuple[str, bytes, str]] = {
    "no JSON": ("note", b"{", "not_json"),
    "an array": ("note", b"[]", "bad_value"),
    "a text": ("note", b'"x"', "bad_value"),
    "null": ("note", b"null", "bad_value"),
    "nothing where something is needed": ("note", b"", "bad_value"),
    "no UTF-8": ("note", b'{"text":"\xff"}', "not_json"),
    "half of a surrogate pair": ("note", b'{"text":"\\ud800"}', "not_json"),
    "nesting without end": ("note", b'{"text":' + b"[" * 20_000, "not_json"),
    "an unknown field": ("note", b'{"text":"x","txet":"y"}', "unknown_field"),
    "an empty note": ("note", b'{"text":""}', "bad_value"),
    "a note past its length": ("note", b'{"text":"' + b"x" * 4_001 + b'"}', "bad_value"),
    "a number as note": ("note", b'{"text":7}', "bad_value"),
    "a verdict nobody gives": ("resolve", b'{"verdict":"maybe"}', "bad_value"),
    "no verdict": ("resolve", b"{}", "bad_value"),
    "nobody as assignee": ("assign", b'{"assignee":""}', "bad_value"),
    "no minutes": ("ack", b'{"expires_minutes":0}', "bad_value"),
    "minutes past a day": ("ack", b'{"expires_minutes":1441}', "bad_value"),
    "minutes no machine holds": ("ack", b'{"expires_minutes":1' + b"0" * 400 + b"}", "bad_value"),
    "minutes past every parser": ("ack", b'{"expires_minutes":1' + b"0" * 5_000 + b"}", "bad_value"),
    "half a minute": ("ack", b'{"expires_minutes":0.5}', "bad_value"),
    "minutes in words": ("ack", b'{"expires_minutes":"5"}', "bad_value"),
    "NaN minutes": ("ack", b'{"expires_minutes":NaN}', "bad_value"),
}


@pytest.mark.parametrize("name", BAD_BODIES)
async def test_a_body_that_cannot_be_meant_is_refused_and_does_nothing(desk: Desk, name: str) -> None:
    verb, body, code = BAD_BODIES[name]
    alert = await opened(desk)
    before = await why(desk, alert)
    answer = await desk.ask("POST", f"/v1/alerts/{alert}/{verb}", body=body)
    assert answer.status == 400
    assert answer.json["code"] in {code, "not_json" if name == "minutes past every parser" else code}
    assert await why(desk, alert) == before


async def test_a_whole_number_may_be_written_with_a_point(desk: Desk) -> None:
    alert = await opened(desk)
    answer = await desk.ask("POST", f"/v1/alerts/{alert}/ack", body=b'{"expires_minutes":5.0}')
    assert (answer.status, answer.json["status"]) == (200, "acknowledged")


async def test_a_body_past_its_size_is_refused(desk: Desk) -> None:
    alert = await opened(desk)
    for path in f"/v1/alerts/{alert}/note", "/v1/alerts/bulk", "/v1/tokens", "/v1/tokens/admin/rotate":
        assert (await desk.ask("POST", path, body=b" " * 65_537)).told == (413, "body_too_large")


@pytest.mark.parametrize("verb", ["delete", "ACK", "%00", "%FF", "ack%20", "x" * 3_000, "model_dump", "a%2Fb"])
async def test_a_command_nobody_knows_is_named_with_those_there_are(desk: Desk, verb: str) -> None:
    answer = await act(desk, await opened(desk), verb)
    assert answer.told == (404, "unknown_command")


async def test_a_repeat_under_a_key_gets_the_first_answer_and_does_nothing_more(desk: Desk) -> None:
    alert = await opened(desk)
    before = await why(desk, alert)
    first = await act(desk, alert, "note", {"text": "once"}, Idempotency_Key="k1")
    again = await act(desk, alert, "note", {"text": "once"}, Idempotency_Key="k1")
    assert (first.status, again.status) == (200, 200)
    assert again.json == first.json
    assert await why(desk, alert) == [*before, "note"]
    reused = await act(desk, alert, "note", {"text": "twice"}, Idempotency_Key="k1")
    assert reused.told == (422, "idempotency_key_reused")
    reused = await act(desk, alert, "ack", Idempotency_Key="k1")
    assert reused.told == (422, "idempotency_key_reused")
    assert (await act(desk, alert, "note", {"text": "once"}, Idempotency_Key="k1", token="admin")).status == 200
    assert await why(desk, alert) == [*before, "note", "note"]


async def test_a_refusal_under_a_key_stays_the_refusal(desk: Desk) -> None:
    alert = await opened(desk)
    first = await act(desk, alert, "reopen", Idempotency_Key="r1")
    await act(desk, alert, "resolve", {"verdict": "benign"})
    again = await act(desk, alert, "reopen", Idempotency_Key="r1")
    assert first.told == again.told == (409, "not_in_this_status")


@pytest.mark.parametrize("key", ["", "x" * 201, "k\u00e9y", "a\tb"])
async def test_a_key_that_is_none_is_refused(desk: Desk, key: str) -> None:
    answer = await act(desk, await opened(desk), "ack", Idempotency_Key=key)
    assert answer.told == (400, "bad_header")
    body = {"ids": ["nobody"], "command": "ack"}
    many = await desk.ask("POST", "/v1/alerts/bulk", json=body, headers={"Idempotency-Key": key})
    assert many.told == (400, "bad_header")


async def test_a_key_of_bytes_that_are_no_text_harms_nobody(desk: Desk) -> None:
    alert = await opened(desk)
    head = f"POST /v1/alerts/{alert}/ack HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {desk.tokens['admin']}\r\n"
    request = head.encode() + b"Idempotency-Key: \xff\xfe\r\nContent-Length: 0\r\n\r\n"
    assert (await desk.raw(request, path=f"/v1/alerts/{alert}/ack", method="POST")).told == (400, "bad_header")
    assert desk.daemon.ready() == ""


async def test_many_at_once_are_answered_one_by_one(desk: Desk) -> None:
    alerts = [await opened(desk) for _ in range(3)]
    await act(desk, alerts[1], "ack")
    body = {"ids": [*alerts, "A-999999", "nonsense", "A-" + "9" * 60], "command": "ack", "args": {"note": "all"}}
    answer = await desk.ask("POST", "/v1/alerts/bulk", token="operator", json=body)
    assert answer.status == 200
    told = answer.json["items"]
    assert [each["id"] for each in told] == body["ids"]
    assert [each["status"] for each in told] == [200, 409, 200, 404, 404, 404]
    assert told[0]["body"]["status"] == "acknowledged"
    assert told[1]["body"]["code"] == "not_in_this_status"
    assert told[3]["body"]["code"] == "not_found"


async def test_many_at_once_under_a_key_are_repeated_each(desk: Desk) -> None:
    alerts = [await opened(desk) for _ in range(2)]
    body = {"ids": alerts, "command": "note", "args": {"text": "once"}}
    key = {"Idempotency-Key": "bulk1"}
    first = await desk.ask("POST", "/v1/alerts/bulk", json=body, headers=key)
    assert (await desk.ask("POST", "/v1/alerts/bulk", json=body, headers=key)).json == first.json
    for alert in alerts:
        assert (await why(desk, alert)).count("note") == 1


BAD_BULK: dict[str, tuple[bytes, str]] = {
    "nobody": (b'{"ids":[],"command":"ack"}', "bad_value"),
    "more than a hundred": (b'{"ids":[' + b",".join([b'"A-1"'] * 101) + b'],"command":"ack"}', "bad_value"),
    "numbers": (b'{"ids":[1],"command":"ack"}', "bad_value"),
    "a name past its length": (b'{"ids":["' + b"x" * 65 + b'"],"command":"ack"}', "bad_value"),
    "no command": (b'{"ids":["A-1"]}', "bad_value"),
    "an unknown command": (b'{"ids":["A-1"],"command":"zap"}', "unknown_command"),
    "an argument it does not take": (b'{"ids":["A-1"],"command":"ack","args":{"text":"x"}}', "unknown_field"),
    "no argument it needs": (b'{"ids":["A-1"],"command":"note"}', "bad_value"),
    "a number no machine holds": (
        b'{"ids":["A-1"],"command":"ack","args":{"expires_minutes":1' + b"0" * 40 + b"}}",
        "bad_value",
    ),
    "NaN": (b'{"ids":["A-1"],"command":"ack","args":{"expires_minutes":NaN}}', "bad_value"),
    "nesting without end": (b'{"ids":["A-1"],"command":"ack","args":{"a":' + b"[" * 20_000, "not_json"),
}


@pytest.mark.parametrize("name", BAD_BULK)
async def test_a_bulk_that_cannot_be_meant_is_refused_whole(desk: Desk, name: str) -> None:
    body, code = BAD_BULK[name]
    assert (await desk.ask("POST", "/v1/alerts/bulk", body=body)).told == (400, code)


async def test_an_alert_that_left_memory_is_still_acted_on() -> None:
    async with running() as desk:
        alert = await opened(desk)
        await act(desk, alert, "resolve", {"verdict": "benign"})
        tenant = desk.daemon.tenants["default"]
        tenant.pipeline.engine.book.let_go(alert)
        assert not tenant.pipeline.engine.holds(alert)
        assert (await act(desk, alert, "reopen")).json["status"] == "open"
        assert (await act(desk, alert, "ack")).json["status"] == "acknowledged"


async def test_an_alert_carries_the_steps_of_its_runbook(desk: Desk) -> None:
    alert = (await desk.ask("GET", f"/v1/alerts/{await opened(desk)}")).json["alert"]
    runbook = (await desk.ask("GET", f"/v1/runbooks/{alert['runbook']}")).json
    assert runbook["id"] == "GENERIC"
    assert runbook in await desk.items("/v1/runbooks")
    assert alert["recommended_actions"][: len(runbook["steps"])] == runbook["steps"]
    assert alert["recommended_actions"][-1] == "Not settled within 60 min: hand it to the supervisor"
    assert (await desk.ask("GET", "/v1/runbooks/NONE")).status == 404
