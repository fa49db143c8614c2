"""Playbooks over HTTP: listed with what came of them, run, approved and cancelled by whoever may."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from nocd.domain.token import DEFAULT_RIGHTS, Right, Role
from tests.integration.api.desk import Desk, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.asyncio(loop_scope="module")
FILE = """
[DOOR]
title = "Look at the door"
applies_to = ["Door"]
steps = ["Look"]
escalation_minutes = 10
role = "boss"
playbook = [{ do = "note", text = "seen" }, { do = "assign", assignee = "tomas", auto = false }]
"""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    file = tmp_path_factory.mktemp("own") / "runbooks.toml"
    file.write_text(FILE)
    async with running(runbooks=str(file)) as desk:
        await desk.give("viewer", Role.VIEWER)
        rights = DEFAULT_RIGHTS[Role.OPERATOR] | {Right.APPROVE}
        await desk.give("chief", Role.OPERATOR, rights=rights)
        await desk.give("south", Role.OPERATOR, sites=frozenset({"S2"}), rights=rights)
        yield desk


async def opened(desk: Desk, door: str, *, kind: str = "Door") -> dict[str, Any]:
    data = {"alert_type": kind, "severity": "HIGH", "status": "firing", "entity_type": "door", "entity_id": door}
    await desk.post({"type": "noc.alert", "data": {**data, "site": "S1", "message": "forced"}})
    (alert,) = [each for each in await desk.items(f"/v1/alerts?type={kind}") if each["entity"]["id"] == door]
    return alert


async def run_of(desk: Desk, alert: dict[str, Any]) -> dict[str, Any]:
    (run,) = await desk.items(f"/v1/playbooks/runs?alert={alert['id']}")
    return run


async def test_a_step_is_approved_by_whoever_has_the_right_and_sees_the_site(desk: Desk) -> None:
    alert = await opened(desk, "d-1")
    run = await run_of(desk, alert)
    assert (run["status"], [step["state"] for step in run["steps"]]) == ("pending", ["done", "approval"])
    path = f"/v1/playbooks/runs/{run['id']}/approve"
    assert (await desk.ask("POST", path, token="operator")).told == (403, "forbidden")
    assert (await desk.ask("POST", path, token="south")).told == (404, "not_found")
    assert await desk.items("/v1/playbooks/runs", token="south") == []
    approved = await desk.ask("POST", path, token="chief")
    assert (approved.status, approved.json["status"], approved.json["steps"][1]["approved_by"]) == (
        200,
        "success",
        "chief",
    )
    assert (await desk.ask("POST", path, token="chief")).told == (409, "over")
    assert (await desk.ask("GET", f"/v1/alerts/{alert['id']}")).json["alert"]["assignee"] == "tomas"


async def test_a_run_is_cancelled_and_one_that_is_none_is_not_there(desk: Desk) -> None:
    run = await run_of(desk, await opened(desk, "d-2"))
    cancelled = await desk.ask("POST", f"/v1/playbooks/runs/{run['id']}/cancel", token="operator")
    assert cancelled.json["status"] == "cancelled"
    for name in ("R-0", "R-99", "X", "R-x"):
        assert (await desk.ask("POST", f"/v1/playbooks/runs/{name}/cancel")).told == (404, "not_found")
    listed = await desk.items("/v1/playbooks/runs?run_status=cancelled")
    assert run["id"] in [each["id"] for each in listed]
    assert (await desk.ask("GET", "/v1/playbooks/runs?run_status=lost")).told == (400, "bad_parameter")


async def test_a_playbook_is_run_by_hand_once_for_an_alert_that_is_seen(desk: Desk) -> None:
    alert = await opened(desk, "w-1", kind="Window")
    path = "/v1/playbooks/DOOR/run"
    assert (await desk.ask("POST", path, token="south", json={"alert": alert["id"]})).told == (404, "not_found")
    assert (await desk.ask("POST", path, json={"alert": "A-x"})).told == (404, "not_found")
    assert (await desk.ask("POST", "/v1/playbooks/NONE/run", json={"alert": alert["id"]})).told == (404, "not_found")
    begun = await desk.ask("POST", path, token="operator", json={"alert": alert["id"]})
    assert (begun.status, begun.json["actor"]) == (200, "operator")
    assert (await desk.ask("POST", path, json={"alert": alert["id"]})).told == (409, "ran_already")
    await opened(desk, "d-4")
    page = (await desk.ask("GET", "/v1/playbooks/runs?limit=1")).json
    assert (await desk.ask("GET", f"/v1/playbooks/runs?limit=1&cursor={page['cursor']}")).status == 200


async def test_runbooks_and_playbooks_say_what_came_of_them(desk: Desk) -> None:
    alert = await opened(desk, "d-3")
    resolve = {"verdict": "benign"}
    assert (await desk.ask("POST", f"/v1/alerts/{alert['id']}/resolve", json=resolve)).status == 200
    (door,) = [each for each in await desk.items("/v1/playbooks") if each["id"] == "DOOR"]
    assert door["use"]["alerts"] >= door["use"]["resolved"] >= 1
    assert 0 < door["use"]["success_rate"] <= 1
    assert door == (await desk.ask("GET", "/v1/runbooks/DOOR")).json
    limited = (await desk.ask("GET", "/v1/runbooks/DOOR", token="south")).json
    assert limited["use"] is None
    assert [each["do"] for each in door["playbook"]] == ["note", "assign"]
