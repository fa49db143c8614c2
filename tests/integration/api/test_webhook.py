"""Alertmanager's webhook over HTTP: real bodies become alerts, their ends end them, and nonsense is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from nocd.domain.instant import rfc3339
from tests.build import Clock
from tests.integration.api.desk import Desk, running

pytestmark = pytest.mark.asyncio(loop_scope="module")

REAL = Path(__file__).parents[4] / "shared" / "data" / "alertmanager" / "webhook_payloads.json"
WEBHOOK = "/v1/webhooks/alertmanager"


async def tell(desk: Desk, payload: Any) -> dict[str, Any]:
    answer = await desk.ask("POST", WEBHOOK, token="ingest", json=payload)
    assert answer.status == 200, answer
    told: dict[str, Any] = answer.json
    return told


def over(payload: dict[str, Any], at: str) -> dict[str, Any]:
    alerts = [{**alert, "status": "resolved", "endsAt": at} for alert in payload["alerts"]]
    return {**payload, "status": "resolved", "alerts": alerts}


def payloads() -> list[dict[str, Any]]:
    if not REAL.exists():
        pytest.skip(f"third-party data is not here: {REAL}")
    return [entry["payload"] for entry in orjson.loads(REAL.read_bytes())]


async def test_every_real_body_is_taken_whole_and_its_repeat_too(desk: Desk) -> None:
    for payload in payloads():
        told = await tell(desk, payload)
        assert told["accepted"] + told["duplicates"] == len(payload["alerts"])
        assert told["rejected"] == []


async def test_what_fires_is_an_alert_and_its_end_ends_it() -> None:
    for payload in payloads():
        clock = Clock()
        async with running(clock=clock) as desk:
            await tell(desk, payload)
            firing = [alert for alert in payload["alerts"] if alert["status"] == "firing"]
            alerts = await desk.items("/v1/alerts")
            assert {alert["type"] for alert in alerts} == {alert["labels"]["alertname"] for alert in firing}
            assert sum(alert["count"] for alert in alerts) == len(firing)
            assert all(alert["source"].startswith("/alertmanager") for alert in alerts)
            await tell(desk, over(payload, rfc3339(clock.forward(60_000))))
            assert await desk.items("/v1/alerts?status=unresolved") == [
                alert for alert in await desk.items("/v1/alerts") if alert["ended_unseen"]
            ]
            assert {alert["status"] for alert in await desk.items("/v1/alerts")} <= {"resolved"}


async def test_a_repeat_within_a_minute_is_a_duplicate_and_a_later_one_renews() -> None:
    clock = Clock()
    async with running(clock=clock) as desk:
        body = {"alerts": [{"labels": {"alertname": "Camera", "instance": "cam-4"}, "status": "firing"}]}
        assert (await tell(desk, body))["accepted"] == 1
        assert (await tell(desk, body))["duplicates"] == 1
        clock.forward(60_000)
        assert (await tell(desk, body))["accepted"] == 1
        (alert,) = await desk.items("/v1/alerts")
        assert alert["count"] == 2


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "not_json"),
        (b"[]", "not_json"),
        (b"{}", "missing_field"),
        (b'{"alerts":{}}', "bad_value"),
        (b'{"alerts":[]}', "no_events"),
        (b"[" * 9_000, "not_json"),
        (b'{"alerts":"\xff"}', "not_json"),
    ],
)
async def test_a_body_that_is_no_webhook_is_refused(desk: Desk, body: bytes, code: str) -> None:
    assert (await desk.ask("POST", WEBHOOK, token="ingest", body=body)).told == (400, code)


async def test_more_alerts_than_it_takes_are_refused_whole(desk: Desk) -> None:
    body = orjson.dumps({"alerts": [{}] * 10_001})
    assert (await desk.ask("POST", WEBHOOK, token="ingest", body=body)).told == (413, "batch_too_large")


async def test_an_alert_that_cannot_be_read_is_named_beside_the_good(desk: Desk) -> None:
    good = {"labels": {"alertname": "Mixed"}, "status": "firing"}
    told = await tell(desk, {"alerts": [7, good, {"labels": 7}, {"labels": {}, "status": "maybe"}]})
    assert told["accepted"] == 1
    assert [(each["index"], each["code"]) for each in told["rejected"]] == [
        (0, "bad_value"),
        (2, "bad_value"),
        (3, "bad_value"),
    ]
    none = await desk.ask("POST", WEBHOOK, token="ingest", json={"alerts": [7]})
    assert (none.status, none.json["accepted"]) == (422, 0)
