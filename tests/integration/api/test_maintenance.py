"""Maintenance windows over HTTP: planned, listed, ended, and what they hide."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio

from nocd.clock import now_ms
from nocd.domain.instant import HOUR_MS, rfc3339
from nocd.domain.token import Role
from tests.integration.api.desk import Desk, running

pytestmark = pytest.mark.asyncio(loop_scope="module")
PATH = "/v1/maintenance"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def desk() -> Any:
    async with running() as running_desk:
        await running_desk.give("north", Role.OPERATOR, sites=frozenset({"S1"}))
        await running_desk.give("acme", Role.OPERATOR, clients=frozenset({"ACME"}))
        sites = [{"id": name, "name": f"Site {name}", "timezone": "UTC", "client": "ACME"} for name in ("S1", "S2")]
        sites.append({"id": "S5", "name": "Site S5", "timezone": "UTC", "client": "OTHER"})
        await running_desk.post(*({"type": "noc.site", "data": site} for site in sites))
        person = {"id": "P1", "name": "Guard", "sites": ["S2"]}
        await running_desk.post({"type": "noc.person", "data": person})
        await running_desk.give("viewer", Role.VIEWER)
        yield running_desk


def window(**more: Any) -> dict[str, Any]:
    now = now_ms()
    given = {"scope": "site", "target": "S1", "start": rfc3339(now - HOUR_MS), "end": rfc3339(now + HOUR_MS)}
    return {**given, "reason": "camera works", **more}


async def test_a_window_is_planned_listed_hides_and_ends(desk: Desk) -> None:
    planned = await desk.ask("POST", PATH, token="operator", json=window(target="S5"))
    assert (planned.status, planned.json["state"], planned.json["actor"]) == (201, "running", "operator")
    name = planned.json["id"]
    assert name in [item["id"] for item in await desk.items(PATH, token="viewer")]
    punch = {"person": "P1", "site": "S5", "direction": "in", "method": "FACE"}
    await desk.post({"type": "noc.attendance.punch", "data": punch})
    (found,) = await desk.items("/v1/findings?type=UNAUTHORIZED_SITE")
    assert found["alert"] is None
    assert await desk.items("/v1/alerts?type=UNAUTHORIZED_SITE") == []
    ended = await desk.ask("DELETE", f"{PATH}/{name}", token="operator")
    assert (ended.status, ended.json["state"]) == (200, "over")
    assert (await desk.ask("DELETE", f"{PATH}/{name}", token="operator")).told == (409, "over")
    await desk.post({"type": "noc.attendance.punch", "data": {**punch, "direction": "out"}})
    await desk.post({"type": "noc.attendance.punch", "data": punch})
    (alert,) = await desk.items("/v1/alerts?type=UNAUTHORIZED_SITE")
    assert alert["site"] == "S5"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"scope": "planet"}, "bad_value"),
        ({"target": ""}, "bad_value"),
        ({"scope": "all"}, "bad_value"),
        ({"start": "2026-01-01T00:00:00"}, "bad_value"),
        ({"reason": ""}, "bad_value"),
        ({"types": ["NO_SUCH"]}, "bad_value"),
        ({"until": "x"}, "unknown_field"),
    ],
)
async def test_what_is_no_window_is_refused(desk: Desk, more: dict[str, Any], code: str) -> None:
    assert (await desk.ask("POST", PATH, json=window(**more))).told == (400, code)


async def test_a_window_in_the_past_is_refused(desk: Desk) -> None:
    past = window(end=rfc3339(now_ms() - HOUR_MS))
    assert (await desk.ask("POST", PATH, json=past)).told == (409, "bad_window")


async def test_a_token_hides_only_what_it_reaches_and_sees_only_that(desk: Desk) -> None:
    for wide in ({"scope": "all", "target": ""}, {"scope": "client", "target": "ACME"}, {"target": "S2"}):
        assert (await desk.ask("POST", PATH, token="north", json=window(**wide))).told == (403, "forbidden"), wide
    assert (await desk.ask("POST", PATH, token="north", json=window())).status == 201
    of_client = await desk.ask("POST", PATH, token="acme", json=window(scope="client", target="ACME"))
    assert of_client.status == 201
    seen = {item["scope"] for item in await desk.items(PATH, token="north")}
    assert "site" in seen
    assert "client" not in seen
    assert (await desk.ask("DELETE", f"{PATH}/{of_client.json['id']}", token="north")).told == (404, "not_found")


async def test_a_device_is_reached_through_its_site(desk: Desk) -> None:
    await desk.post({"type": "noc.device", "data": {"id": "D1", "site": "S1", "kind": "terminal"}})
    await desk.post({"type": "noc.device", "data": {"id": "D2", "person": "P1"}})
    of_device = {"scope": "device", "target": "D1"}
    assert (await desk.ask("POST", PATH, token="north", json=window(**of_device))).status == 201
    for other in ("D2", "D3"):
        refused = await desk.ask("POST", PATH, token="north", json=window(scope="device", target=other))
        assert refused.told == (403, "forbidden")
