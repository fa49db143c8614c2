"""Other systems' shapes over HTTP: what Prometheus pushes, and what is sent as to PagerDuty."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import orjson
import pytest

from nocd.api.ingest import STRANGERS_MAX
from nocd.domain.instant import DAY_MS, rfc3339
from nocd.domain.token import Role
from tests.build import Clock
from tests.integration.api.desk import Answer, Desk, running

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAGES = "/v1/webhooks/pagerduty"
PUSH = "/api/v2/alerts"


def page(action: str = "trigger", key: str | None = "srv01/disk", **payload: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"event_action": action} | ({} if key is None else {"dedup_key": key})
    said = {"summary": "Disk full", "source": "srv01", "severity": "error", "class": "disk", **payload}
    return {**told, "payload": said} if action == "trigger" else told


async def send(desk: Desk, told: dict[str, Any], *, path: str = PAGES) -> Answer:
    """Send as a client of PagerDuty does: the secret in the body, none in the header."""
    return await desk.ask("POST", path, token=None, json={**told, "routing_key": desk.tokens["ingest"]})


async def only(desk: Desk) -> dict[str, Any]:
    (alert,) = await desk.items("/v1/alerts")
    return alert


@pytest.mark.parametrize("path", [PAGES, "/v2/enqueue"])
async def test_a_page_is_answered_as_pagerduty_does_and_opens_an_alert(path: str) -> None:
    async with running() as desk:
        answer = await send(desk, page(), path=path)
        assert answer.status == 202
        assert answer.json == {"status": "success", "message": "Event processed", "dedup_key": "srv01/disk"}
        alert = await only(desk)
        assert (alert["type"], alert["severity"], alert["reason"]) == ("disk", "HIGH", "Disk full")
        assert alert["source"] == "/pagerduty/ingest"


async def test_a_page_is_repeated_acknowledged_and_resolved_by_its_key() -> None:
    clock = Clock()
    async with running(clock=clock) as desk:
        key = (await send(desk, page(key=None))).json["dedup_key"]
        clock.forward(1)
        await send(desk, page(key=key, severity="critical"))
        alert = await only(desk)
        assert (alert["count"], alert["severity"], alert["status"]) == (2, "CRITICAL", "open")
        clock.forward(1)
        await send(desk, page("acknowledge", key))
        alert = await only(desk)
        assert (alert["status"], alert["acknowledged_by"]) == ("acknowledged", "/pagerduty/ingest")
        clock.forward(1)
        assert (await send(desk, page("acknowledge", key))).status == 202
        assert (await send(desk, page("resolve", key))).status == 202
        (ended,) = await desk.items("/v1/alerts?status=resolved")
        assert ended["id"] == alert["id"]
        why = (await desk.ask("GET", f"/v1/alerts/{alert['id']}/why")).json["items"]
        assert [row["decision"] for row in why if row["decision"] in ("acknowledged", "ended")] == [
            "acknowledged",
            "ended",
        ]


async def test_a_page_stands_until_it_is_resolved_not_for_an_hour() -> None:
    clock = Clock()
    async with running(clock=clock) as desk:
        await send(desk, page())
        clock.forward(DAY_MS)
        await send(desk, page(key="other"))
        assert len(await desk.items("/v1/alerts?status=unresolved")) == 2


@pytest.mark.parametrize("action", ["acknowledge", "resolve"])
async def test_what_follows_nothing_is_taken_and_does_nothing(desk: Desk, action: str) -> None:
    before = await desk.items("/v1/alerts")
    assert (await send(desk, page(action, "never-seen"))).status == 202
    assert await desk.items("/v1/alerts") == before


async def test_a_faulty_page_is_refused_as_pagerduty_does(desk: Desk) -> None:
    answer = await send(desk, {"event_action": "trigger", "payload": {"summary": "x", "source": "h"}})
    assert answer.status == 400
    assert answer.json["status"] == "invalid event"
    assert answer.json["code"] == "missing_field"
    assert [sentence.partition(":")[0] for sentence in answer.json["errors"]] == ["payload.severity"]
    bad = await desk.ask("POST", PAGES, token="ingest", body=b"{")
    assert (bad.status, bad.json["code"]) == (400, "not_json")


async def test_a_page_needs_a_known_secret_in_header_or_body(desk: Desk) -> None:
    for told in (page(), {**page(), "routing_key": "noc_wrong"}, {**page(), "routing_key": 7}):
        assert (await desk.ask("POST", PAGES, token=None, json=told)).told == (401, "unauthorised")
    assert (await desk.ask("POST", PAGES, token="ingest", json=page())).status == 202
    viewer = {**page(), "routing_key": await desk.give("watcher", Role.VIEWER)}
    assert (await desk.ask("POST", PAGES, token=None, json=viewer)).told == (403, "forbidden")


async def test_a_page_past_its_bound_is_refused_before_it_is_read(desk: Desk) -> None:
    body = orjson.dumps({**page(), "routing_key": desk.tokens["ingest"], "fill": "x" * 524_288})
    assert (await desk.ask("POST", PAGES, token=None, body=body)).told == (413, "body_too_large")


async def test_no_more_strangers_are_read_than_memory_is_kept_for(desk: Desk) -> None:
    head = f"POST {PAGES} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n".encode()
    async with AsyncExitStack() as stack:
        for _ in range(STRANGERS_MAX):
            _, writer = await asyncio.open_connection("127.0.0.1", desk.port)
            stack.callback(writer.close)
            writer.write(head)
        while (refused := await send(desk, page())).status == 202:
            pass
        assert refused.told == (503, "unavailable")
        assert (await desk.ask("POST", PAGES, token="ingest", json=page())).status == 202
    while (await send(desk, page())).status != 202:
        pass


async def test_what_prometheus_pushes_fires_renews_and_ends() -> None:
    clock = Clock()
    async with running(clock=clock) as desk:
        labels = {"alertname": "InstanceDown", "instance": "cam-4:80", "severity": "page"}
        started = rfc3339(clock())

        async def push(ends_in_ms: int) -> dict[str, Any]:
            body = [{"labels": labels, "startsAt": started, "endsAt": rfc3339(clock() + ends_in_ms)}]
            answer = await desk.ask("POST", PUSH, token="ingest", json=body)
            assert answer.status == 200, answer
            told: dict[str, Any] = answer.json
            return told

        assert (await push(240_000))["accepted"] == 1
        assert (await push(240_000))["duplicates"] == 1
        clock.forward(60_000)
        assert (await push(240_000))["accepted"] == 1
        alert = await only(desk)
        assert (alert["type"], alert["severity"], alert["count"]) == ("InstanceDown", "CRITICAL", 2)
        clock.forward(60_000)
        await push(-1)
        (ended,) = await desk.items("/v1/alerts?status=resolved")
        assert ended["id"] == alert["id"]


@pytest.mark.parametrize(("body", "told"), [(b"{}", (400, "not_json")), (b"[]", (400, "no_events"))])
async def test_a_push_that_holds_no_alert_is_refused(desk: Desk, body: bytes, told: tuple[int, str]) -> None:
    assert (await desk.ask("POST", PUSH, token="ingest", body=body)).told == told


async def test_a_push_of_which_nothing_can_be_read_is_refused_by_place(desk: Desk) -> None:
    answer = await desk.ask("POST", PUSH, token="ingest", json=[7])
    assert (answer.status, answer.json["rejected"][0]["index"]) == (422, 0)
