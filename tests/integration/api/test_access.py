"""Who sees what: expired and revoked tokens, tokens limited to places, masked names, and limits on rates."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientSession, UnixConnector, WSMsgType

from nocd.domain.token import Right, Role
from tests.integration.api.desk import Desk, running
from tests.unit.ingest.examples import MINIMAL, envelope

pytestmark = pytest.mark.asyncio(loop_scope="module")

NORTH: dict[str, Any] = {"id": "NORTH", "name": "North Gate", "timezone": "UTC", "client": "Acme"}
SOUTH: dict[str, Any] = {"id": "SOUTH", "name": "South Gate", "timezone": "UTC", "client": "Zeta"}
ASHA: dict[str, Any] = {"id": "ASHA", "name": "Asha Rao", "sites": ["NORTH"], "phone": "+91 555"}
BORIS: dict[str, Any] = {"id": "BORIS", "name": "Boris Kim", "sites": ["SOUTH"]}


def firing(site: str | None, name: str, **more: Any) -> dict[str, Any]:
    data = {**MINIMAL["noc.alert"], "alert_type": name, "entity_id": name, **more}
    return envelope("noc.alert", data | ({} if site is None else {"site": site}), id=f"{name}-{site}", source="/access")


@pytest_asyncio.fixture(loop_scope="module", scope="module", autouse=True)
async def two_sites(desk: Desk) -> None:
    entries = [("noc.site", NORTH), ("noc.site", SOUTH), ("noc.person", ASHA), ("noc.person", BORIS)]
    await desk.post(*(envelope(kind, data, id=f"a-{data['id']}", source="/access") for kind, data in entries))
    punch = {"person": "ASHA", "site": "NORTH", "direction": "in", "method": "NFC"}
    await desk.post(envelope("noc.attendance.punch", punch, id="a-in", source="/access", time=...))
    panic = envelope("noc.phone.event", {"person": "ASHA", "kind": "panic"}, id="a-panic", source="/access", time=...)
    await desk.post(panic, firing("NORTH", "n"), firing("SOUTH", "s"), firing(None, "nowhere"))
    await desk.give("north", Role.OPERATOR, sites=frozenset({"NORTH"}))
    await desk.give("zeta", Role.OPERATOR, clients=frozenset({"Zeta"}))
    await desk.give("north-admin", Role.ADMIN, sites=frozenset({"NORTH"}))


async def test_a_token_past_its_time_opens_nothing(desk: Desk) -> None:
    await desk.give("old", Role.ADMIN, now=0, expires_at=1_000)
    assert (await desk.ask("GET", "/v1/alerts", token="old")).told == (401, "token_expired")


@pytest.mark.parametrize(
    "body",
    [
        {"name": 7, "role": "viewer"},
        {"name": "n", "role": "viewer", "sites": "S1"},
        {"name": "n", "role": "viewer", "sites": [1]},
        {"name": "n", "role": "viewer", "expires_at": 2_000_000_000},
        {"name": "n", "role": "viewer", "expires_at": "9999-12-31T23:59:59-12:00"},
        {"name": "n", "role": "viewer", "expires_at": "2020-01-01T00:00:00Z"},
        {"name": "local", "role": "viewer"},
        {"name": "n", "role": "viewer", "allow": ["everywhere"]},
    ],
)
async def test_a_token_that_cannot_be_meant_is_not_made(desk: Desk, body: dict[str, Any]) -> None:
    answer = await desk.ask("POST", "/v1/tokens", json=body)
    assert answer.status == 400
    assert answer.json["code"] in {"bad_body", "bad_token"}
    assert not [each for each in await desk.items("/v1/tokens") if each["name"] == "n"]


@pytest.mark.parametrize("hours", ["false", '"5"', "-1", "1e400", "null", "8761"])
async def test_a_rotation_that_cannot_be_meant_is_not_made(desk: Desk, hours: str) -> None:
    body = f'{{"overlap_hours":{hours}}}'.encode()
    assert (await desk.ask("POST", "/v1/tokens/viewer/rotate", body=body)).told == (400, "bad_body")
    assert (await desk.ask("GET", "/v1/alerts", token="viewer")).status == 200


async def test_a_revoked_token_opens_nothing_at_once(desk: Desk) -> None:
    await desk.give("short", Role.VIEWER)
    assert (await desk.ask("GET", "/v1/alerts", token="short")).status == 200
    assert (await desk.ask("DELETE", "/v1/tokens/short")).json == {"name": "short", "revoked": True}
    assert (await desk.ask("GET", "/v1/alerts", token="short")).told == (401, "unauthorised")


async def test_a_token_is_for_its_addresses_only(desk: Desk) -> None:
    await desk.give("elsewhere", Role.VIEWER, allow=("10.0.0.0/8",))
    assert (await desk.ask("GET", "/v1/alerts", token="elsewhere")).told == (403, "address_not_allowed")
    await desk.give("here", Role.VIEWER, allow=("127.0.0.0/8",))
    assert (await desk.ask("GET", "/v1/alerts", token="here")).status == 200


async def test_a_token_limited_to_places_sees_those_in_every_list(desk: Desk) -> None:
    for token, site, person in ("north", "NORTH", "ASHA"), ("zeta", "SOUTH", "BORIS"):
        alerts = await desk.items("/v1/alerts", token=token)
        assert {alert["site"] for alert in alerts} == {site}
        assert [each["id"] for each in await desk.items("/v1/sites", token=token)] == [site]
        assert [each["id"] for each in await desk.items("/v1/people", token=token)] == [person]
        assert {each["site"] for each in await desk.items("/v1/findings", token=token)} <= {site}
        snapshot = (await desk.ask("GET", "/v1/snapshot", token=token)).json
        assert [each["id"] for each in snapshot["sites"]] == [site]
        assert {each["site"] for each in snapshot["alerts"]} == {site}
        assert snapshot["alerts_total"] == sum(snapshot["counts"].values()) == len(snapshot["alerts"])
        for path in "/v1/events", "/v1/events/1":
            assert (await desk.ask("GET", path, token=token)).told == (403, "forbidden")


async def test_what_a_token_does_not_see_is_not_there_for_it(desk: Desk) -> None:
    every = {alert["site"]: alert["id"] for alert in await desk.items("/v1/alerts")}
    for site in ("SOUTH", None):
        path = f"/v1/alerts/{every[site]}"
        for method, more in ("GET", ""), ("GET", "/why"), ("POST", "/ack"):
            assert (await desk.ask(method, f"{path}{more}", token="north")).told == (404, "not_found"), more
        body = {"ids": [every[site], every["NORTH"]], "command": "note", "args": {"text": "mine"}}
        told = (await desk.ask("POST", "/v1/alerts/bulk", token="north", json=body)).json["items"]
        assert [each["status"] for each in told] == [404, 200]
    for path in "/v1/sites/SOUTH", "/v1/people/BORIS":
        assert (await desk.ask("GET", path, token="north")).told == (404, "not_found")
    assert (await desk.ask("GET", f"/v1/alerts/{every['NORTH']}", token="north")).status == 200


async def test_a_limited_token_reads_no_more_in_the_feed_than_in_lists(desk: Desk) -> None:
    answer = (await desk.ask("GET", "/v1/changes?after=0", token="north")).json
    assert {change.get("site") for change in answer["changes"]} == {"NORTH"}
    whole = (await desk.ask("GET", "/v1/changes?after=0")).json
    assert answer["seq"] == whole["seq"]
    assert len(answer["changes"]) < len(whole["changes"])
    headers = {"Authorization": f"Bearer {desk.tokens['zeta']}"}
    async with desk.session.ws_connect(f"{desk.daemon.url}/v1/feed?after=0", headers=headers) as socket:
        sites = set()
        while (frame := json.loads((await socket.receive()).data))["type"] != "caught_up":
            sites |= {change.get("site") for change in frame.get("changes", ())}
        assert sites == {"SOUTH"}


async def test_an_admin_limited_to_places_handles_neither_tokens_nor_backups(desk: Desk) -> None:
    body = {"name": "wide", "role": "viewer"}
    assert (await desk.ask("POST", "/v1/tokens", token="north-admin", json=body)).told == (403, "forbidden")
    assert (await desk.ask("POST", "/v1/backup", token="north-admin")).told == (403, "forbidden")


async def test_names_and_phones_are_for_those_with_the_right(desk: Desk) -> None:
    (distress,) = await desk.items("/v1/alerts?type=GUARD_DISTRESS&person=ASHA", token="viewer")
    assert distress["person_name"] == "***"
    assert "Asha" not in json.dumps(distress)
    assert distress["person"] == "ASHA"
    person = (await desk.ask("GET", "/v1/people/ASHA", token="viewer")).json
    assert (person["id"], person["name"], person["phone"]) == ("ASHA", "***", "***")
    for path in "/v1/snapshot", "/v1/events?limit=500", "/v1/findings", "/v1/changes?after=0", "/v1/people":
        masked = (await desk.ask("GET", path, token="viewer")).body.decode()
        assert "Asha" not in masked, path
        assert "+91 555" not in masked, path
        whole = (await desk.ask("GET", path, token="operator")).body.decode()
        assert "Asha" in whole, path
    for path in f"/v1/alerts/{distress['id']}", f"/v1/alerts/{distress['id']}/why":
        assert "Asha" not in (await desk.ask("GET", path, token="viewer")).body.decode(), path
        assert "Asha" in (await desk.ask("GET", path, token="operator")).body.decode(), path
    await desk.give("trusted", Role.VIEWER, rights=frozenset({Right.PII}))
    assert (await desk.ask("GET", "/v1/people/ASHA", token="trusted")).json["name"] == "Asha Rao"


async def test_whoever_left_the_directory_is_not_named_either(desk: Desk) -> None:
    gone = {"id": "GONE", "name": "Gita Devi"}
    panic = envelope("noc.phone.event", {"person": "GONE", "kind": "panic"}, id="g-panic", source="/access", time=...)
    await desk.post(envelope("noc.person", gone, id="g-in", source="/access"), panic)
    await desk.post(envelope("noc.person", {"id": "GONE", "removed": True}, id="g-out", source="/access"))
    for token, named in ("operator", True), ("viewer", False):
        (finding,) = [each for each in await desk.items("/v1/findings", token=token) if each["person"] == "GONE"]
        assert ("Gita" in finding["reason"]) == named
        shown = await desk.ask("GET", f"/v1/findings/{finding['id']}", token=token)
        assert shown.json == finding


async def test_a_websocket_is_refused_with_a_code_its_client_can_see(desk: Desk) -> None:
    for token, code in ("noc_wrong", 4401), (desk.tokens["ingest"], 4403):
        headers = {"Authorization": f"Bearer {token}"}
        async with desk.session.ws_connect(f"{desk.daemon.url}/v1/feed", headers=headers) as socket:
            message = await socket.receive()
            assert (message.type, message.data) == (WSMsgType.CLOSE, code)


async def test_another_tenants_things_are_not_there() -> None:
    async with running() as desk:
        made = await desk.ask("POST", "/v1/tokens", json={"name": "other", "role": "admin"})
        assert made.json["tenant"] == "default"
        await desk.post(firing("NORTH", "mine"))
        body = {"name": "stranger", "role": "admin", "tenant": "stranger"}
        assert (await desk.ask("POST", "/v1/tokens", json=body)).told == (403, "forbidden")
        async with ClientSession("http://nocd", connector=UnixConnector(str(desk.daemon.folder.socket))) as local:
            desk.tokens["stranger"] = (await (await local.post("/v1/tokens", json=body)).json())["token"]
        assert await desk.items("/v1/alerts", token="stranger") == []
        for method, path in ("GET", "/v1/alerts/A-1"), ("GET", "/v1/sites/NORTH"), ("POST", "/v1/alerts/A-1/ack"):
            assert (await desk.ask(method, path, token="stranger")).told == (404, "not_found")
        assert (await desk.ask("GET", "/v1/changes?after=0", token="stranger")).json["changes"] == []
        assert [each["name"] for each in await desk.items("/v1/tokens", token="stranger")] == ["stranger"]
        assert (await desk.ask("DELETE", "/v1/tokens/other", token="stranger")).told == (404, "unknown_token")
        assert (await desk.ask("POST", "/v1/backup", token="stranger")).told == (403, "forbidden")
        assert (await desk.ask("POST", "/v1/backup")).told == (403, "forbidden")


async def test_too_many_commands_are_told_when_to_go_on() -> None:
    async with running(commands_per_minute=3) as desk:
        await desk.post(firing("NORTH", "rate"))
        answers = [await desk.ask("POST", "/v1/alerts/A-1/note", json={"text": str(n)}) for n in range(4)]
        assert [answer.status for answer in answers] == [200, 200, 200, 429]
        assert answers[3].told == (429, "rate_limited")
        assert 1 <= int(answers[3].headers["Retry-After"]) <= 20
        assert (await desk.ask("POST", "/v1/alerts/A-1/note", token="operator", json={"text": "x"})).status == 200
        assert (await desk.ask("GET", "/v1/alerts")).status == 200


async def test_too_many_failures_are_told_when_to_try_again_and_a_good_token_passes() -> None:
    async with running(failed_logins_per_minute=3) as desk:
        answers = [await desk.ask("GET", "/v1/alerts", token="noc_wrong") for _ in range(4)]
        assert [answer.status for answer in answers] == [401, 401, 401, 429]
        assert answers[3].told == (429, "too_many_failures")
        assert int(answers[3].headers["Retry-After"]) >= 1
        assert (await desk.ask("GET", "/v1/alerts")).status == 200


async def test_the_feed_has_a_last_place() -> None:
    async with running(feed_clients_max=1) as desk:
        headers = {"Authorization": f"Bearer {desk.tokens['admin']}"}
        async with desk.session.ws_connect(f"{desk.daemon.url}/v1/feed", headers=headers) as socket:
            await asyncio.wait_for(socket.receive(), 10)
            answer = await desk.ask("GET", "/v1/changes")
            assert answer.told == (503, "feed_full")
            assert answer.headers["Retry-After"] == "1"
