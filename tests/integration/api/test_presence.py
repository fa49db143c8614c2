"""Presence over HTTP and on the feed: said, told to all, never stored, and not to tokens that see only some sites."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientWebSocketResponse

from nocd.domain.token import Role
from nocd.wire.frames import Present
from tests.integration.api.desk import Desk, running

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def desk() -> Any:
    async with running() as running_desk:
        await running_desk.give("tomas", Role.OPERATOR)
        await running_desk.give("north", Role.VIEWER, sites=frozenset({"S1"}))
        yield running_desk


async def say(desk: Desk, token: str, looking: str | None, *claims: str) -> None:
    answer = await desk.ask("POST", "/v1/presence", token=token, json={"looking": looking, "claims": [*claims]})
    assert answer.status == 200


async def presence(socket: ClientWebSocketResponse) -> dict[str, Any]:
    """Return the next frame that tells who is where."""
    async with asyncio.timeout(10):
        while (frame := await socket.receive_json())["type"] != "presence":
            pass
    return dict(frame)


async def test_where_one_is_is_told_to_all_without_a_number_and_to_who_comes_later(desk: Desk) -> None:
    before = (await desk.ask("GET", "/v1/snapshot")).json["seq"]
    await say(desk, "tomas", "A-1", "A-1")
    (found,) = await desk.items("/v1/presence")
    assert (found["name"], found["looking"], found["claims"]) == ("tomas", "A-1", ["A-1"])
    headers = {"Authorization": f"Bearer {desk.tokens['admin']}"}
    async with desk.session.ws_connect(f"{desk.daemon.url}/v1/feed", headers=headers) as socket:
        frame = await presence(socket)
        assert [each.name for each in Present.model_validate(frame).people] == ["tomas"]
        await say(desk, "tomas", None)
        assert (await presence(socket))["people"] == []
    assert (await desk.ask("GET", "/v1/snapshot")).json["seq"] == before


@pytest.mark.parametrize("body", [{"looking": "x"}, {"claims": ["A-1"] * 21}, {"looking": "A-1", "who": "me"}])
async def test_what_is_no_place_is_refused(desk: Desk, body: dict[str, Any]) -> None:
    assert (await desk.ask("POST", "/v1/presence", json=body)).status == 400


async def test_a_token_limited_to_sites_sees_nobody(desk: Desk) -> None:
    assert (await desk.ask("GET", "/v1/presence", token="north")).status == 403
    assert (await desk.ask("POST", "/v1/presence", token="north", json={"looking": "A-2"})).status == 200
    await say(desk, "north", None)
