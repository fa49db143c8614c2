"""Notifications, receivers and routes over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from nocd.domain.token import Role
from tests.build import until
from tests.integration.api.desk import Desk, running
from tests.integration.api.planted import dead_letter
from tests.integration.notify.receiving import SECRETS, Server, server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.asyncio(loop_scope="module")
DOOR = {"alert_type": "Door", "status": "firing", "entity_type": "door", "site": "S1", "message": "forced"}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def hook() -> AsyncIterator[Server]:
    async with server() as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def desk(hook: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    secret = tmp_path_factory.mktemp("secret") / "desk"
    secret.write_text(SECRETS["new1"])
    receiver = {"webhook": hook.url, "secrets": [f"file:{secret}"], "addresses": ["127.0.0.0/8"]}
    routes = [{"name": "high", "matchers": ['severity="HIGH"'], "receivers": ["desk"], "group_wait_s": 0}]
    async with running(receivers={"desk": receiver}, routes=routes) as desk:
        await desk.give("viewer", Role.VIEWER)
        await desk.give("north", Role.OPERATOR, sites=frozenset({"S1"}))
        yield desk


async def door(desk: Desk, name: str, *, severity: str = "HIGH") -> dict[str, Any]:
    await desk.post({"type": "noc.alert", "data": {**DOOR, "entity_id": name, "severity": severity}})
    (alert,) = [each for each in await desk.items("/v1/alerts?type=Door") if each["entity"]["id"] == name]
    return alert


async def test_an_alert_is_told_and_its_ledger_and_the_list_say_so(desk: Desk, hook: Server) -> None:
    alert = await door(desk, "d-1")
    await hook.has(1)
    why = [(row["decision"], row["reason"]) for row in await desk.items(f"/v1/alerts/{alert['id']}/why")]
    assert ("notified", "opened: told to desk (route high)") in why
    found = [each for each in await desk.items("/v1/notifications?receiver=desk") if alert["id"] in each["alerts"]]
    assert "high" in [each["route"] for each in found]
    delivered = desk.daemon.metrics.notifications.labels("delivered")
    await until(lambda: delivered._value.get() >= 1)
    text = (await desk.ask("GET", "/metrics", token=None)).body.decode()
    assert 'nocd_notifications_total{state="delivered"}' in text


async def test_a_dead_letter_is_replayed_once_by_whoever_sees_it(desk: Desk, hook: Server) -> None:
    await dead_letter(desk.daemon.tenants["default"], site="S1")
    await dead_letter(desk.daemon.tenants["default"], site="S2")
    first, second = (each["id"] for each in reversed(await desk.items("/v1/notifications?state=dead&receiver=desk")))
    assert [each["id"] for each in await desk.items("/v1/notifications?state=dead", token="north")] == [first]
    path = "/v1/notifications/{}/replay"
    assert (await desk.ask("POST", path.format(second), token="north")).told == (404, "not_found")
    assert (await desk.ask("POST", path.format("N-x"), token="north")).told == (404, "not_found")
    assert (await desk.ask("POST", path.format(first), token="viewer")).told == (403, "forbidden")
    counted = [(await desk.items("/v1/receivers", token=token))[0]["dead"] for token in ("viewer", "north")]
    assert counted == [2, 1]
    replayed = await desk.ask("POST", path.format(first), token="north")
    assert (replayed.status, replayed.json["webhook_id"][:5]) == (200, "msg_x")
    assert (await desk.ask("POST", path.format(first), token="north")).told == (409, "not_dead")
    await until(lambda: any(headers["webhook-id"].startswith("msg_x") for headers, _ in hook.got))
    acts = [(row["act"], row["target"]) for row in await desk.items("/v1/audit?actor=north")]
    assert acts == [("replay_notification", first)]


async def test_a_dead_letter_of_a_receiver_that_is_no_more_stays_one_and_says_why(desk: Desk) -> None:
    await dead_letter(desk.daemon.tenants["default"], site="S3", receiver="former")
    (lost,) = await desk.items("/v1/notifications?receiver=former")
    reply = await desk.ask("POST", f"/v1/notifications/{lost['id']}/replay")
    assert reply.told == (409, "unreachable")
    assert "no receiver is called former" in reply.json["detail"]


async def test_the_list_is_paged_and_knows_its_words(desk: Desk) -> None:
    for name in ("d-3", "d-4"):
        await door(desk, name)
    page = (await desk.ask("GET", "/v1/notifications?limit=1")).json
    more = (await desk.ask("GET", f"/v1/notifications?limit=1&cursor={page['cursor']}")).json
    assert page["items"][0]["id"] != more["items"][0]["id"]
    assert (await desk.ask("GET", "/v1/notifications?state=lost")).told == (400, "bad_parameter")


async def test_a_receiver_is_tried_by_an_admin_and_its_secrets_are_nowhere(desk: Desk, hook: Server) -> None:
    tried = await desk.ask("POST", "/v1/receivers/desk/test")
    assert (tried.status, tried.json) == (200, {"receiver": "desk", "ok": True, "detail": "answered 204"})
    assert (await desk.ask("POST", "/v1/receivers/nobody/test")).told == (404, "not_found")
    assert [row["target"] for row in await desk.items("/v1/audit?act=test_receiver")] == ["desk"]
    assert (await desk.ask("POST", "/v1/receivers/desk/test", token="operator")).told == (403, "forbidden")
    listed = await desk.ask("GET", "/v1/receivers", token="viewer")
    assert (listed.json["items"][0]["name"], listed.json["items"][0]["kind"]) == ("desk", "webhook")
    assert b"whsec" not in listed.body
    assert hook.url.encode() not in listed.body
    assert (await desk.ask("POST", "/v1/receivers/desk/enable")).told == (409, "not_disabled")
    health = (await desk.ask("GET", "/v1/health")).json
    assert health["parts"]["notify"]["state"] == "ok"


async def test_routes_are_tried_with_labels_or_with_an_alert_that_the_token_sees(desk: Desk) -> None:
    path = "/v1/routes/test"
    high = (await desk.ask("POST", path, json={"labels": {"severity": "HIGH"}})).json
    assert (high["receivers"], [each["taken"] for each in high["routes"]]) == (["desk"], [True])
    low = (await desk.ask("POST", path, json={"labels": {"severity": "LOW"}})).json
    assert (low["receivers"], low["routes"][0]["held_until"]) == ([], None)
    alert = await door(desk, "d-2")
    told = await desk.ask("POST", path, token="north", json={"alert": alert["id"]})
    assert told.json["receivers"] == ["desk"]
    await desk.give("south", Role.VIEWER, sites=frozenset({"S2"}))
    assert (await desk.ask("POST", path, token="south", json={"alert": alert["id"]})).told == (404, "not_found")
    assert (await desk.ask("POST", path, json={})).told == (400, "bad_value")
