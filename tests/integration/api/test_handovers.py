"""Handovers over HTTP: the sheet, notes, signing and accepting, text to print, and who may not see them."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio

from nocd.domain.token import Role
from nocd.wire.handovers import HandoverView, SheetView
from tests.integration.api.desk import Desk, running

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def desk() -> Any:
    async with running() as running_desk:
        await running_desk.give("tomas", Role.OPERATOR)
        await running_desk.give("viewer", Role.VIEWER)
        await running_desk.give("north", Role.OPERATOR, sites=frozenset({"S1"}))
        yield running_desk


async def test_what_is_signed_is_accepted_by_another_and_kept(desk: Desk) -> None:
    note = await desk.ask("POST", "/v1/notes", json={"text": "gate 2 flaps", "pinned": True})
    assert (note.status, note.json["id"]) == (201, "N-1")
    sheet = await desk.ask("GET", "/v1/handovers/sheet", token="viewer")
    assert [each.text for each in SheetView.model_validate(sheet.json).notes] == ["gate 2 flaps"]
    signed = await desk.ask("POST", "/v1/handovers", json={"note": "quiet"})
    assert (signed.status, HandoverView.model_validate(signed.json).accepted_by) == (201, None)
    name = signed.json["id"]
    refused = await desk.ask("POST", f"/v1/handovers/{name}/accept")
    assert (refused.status, refused.json["code"]) == (409, "same_person")
    taken = await desk.ask("POST", f"/v1/handovers/{name}/accept", token="tomas")
    assert taken.json["accepted_by"] == "tomas"
    text = await desk.ask("GET", f"/v1/handovers/{name}?format=text", token="viewer")
    assert (text.media_type, text.body.startswith(f"Handover {name}  shift ".encode())) == ("text/plain", True)
    kept = await desk.ask("GET", f"/v1/handovers/{name}")
    assert kept.json == taken.json
    assert name in [each["id"] for each in await desk.items("/v1/handovers")]
    assert [each["id"] for each in await desk.items("/v1/notes")] == ["N-1"]
    closed = await desk.ask("DELETE", "/v1/notes/N-1")
    assert (closed.status, await desk.items("/v1/notes")) == (200, [])


async def test_a_page_goes_on_where_the_last_one_ended(desk: Desk) -> None:
    names = [(await desk.ask("POST", "/v1/handovers")).json["id"] for _ in range(3)]
    first = await desk.ask("GET", "/v1/handovers?limit=2")
    rest = await desk.ask("GET", f"/v1/handovers?limit=2&cursor={first.json['cursor']}")
    found = [each["id"] for each in (*first.json["items"], *rest.json["items"])]
    assert found[:3] == names[::-1]


@pytest.mark.parametrize(
    ("method", "path", "token", "status"),
    [
        ("GET", "/v1/handovers/H-999", "viewer", 404),
        ("GET", "/v1/handovers/x", "viewer", 404),
        ("GET", "/v1/handovers/sheet?format=pdf", "viewer", 400),
        ("POST", "/v1/handovers", "viewer", 403),
        ("POST", "/v1/handovers/H-999/accept", "tomas", 404),
        ("DELETE", "/v1/notes/N-999", "tomas", 404),
        ("GET", "/v1/handovers/sheet", "north", 403),
        ("GET", "/v1/handovers", "north", 403),
        ("GET", "/v1/notes", "north", 403),
        ("POST", "/v1/handovers", "north", 403),
    ],
)
async def test_what_is_not_there_or_not_allowed_says_so(
    desk: Desk, method: str, path: str, token: str, status: int
) -> None:
    assert (await desk.ask(method, path, token=token)).status == status
