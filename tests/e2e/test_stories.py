"""Stories told on a live daemon by a clock that is wound: from what a phone says to a frame, a ticket, an incident."""

from __future__ import annotations

import asyncio
import json
from itertools import count
from typing import TYPE_CHECKING

import pytest

from nocd.domain.instant import MINUTE_MS, rfc3339
from tests.build import until
from tests.e2e.story import story

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(120), pytest.mark.may_block("a daemon in a process of its own")]


async def test_heartbeats_that_cease_become_signals_a_finding_frames_and_a_ticket(tmp_path: Path) -> None:
    async with story(tmp_path) as night:
        await night.begin()
        await night.heartbeats(60)
        signals = await night.ask("GET", "/v1/telemetry/people/P1/signals?window_minutes=60")
        assert signals["signals"]["phone_events"]["value"] >= 11
        night.clock.wind(night.clock.now_ms() + 65 * MINUTE_MS)
        found = await night.until("finding_created", type="SILENT_SITE")
        alert = await night.until("alert_created", type="SILENT_SITE")
        ticket = await night.until("ticket_created", type="SILENT_SITE")
        assert found["data"]["opened_alert"] == alert["data"]["id"]
        assert ticket["data"]["number"].startswith("S1-")
        assert ticket["data"]["priority"] == "P1"
        why = await night.ask("GET", f"/v1/alerts/{alert['data']['id']}/why")
        assert {"opened", "ticketed"} <= {row["decision"] for row in why["items"]}
        seqs = [change["seq"] for change in night.changes]
        assert seqs == sorted(set(seqs)) == list(range(seqs[0], seqs[0] + len(seqs)))


async def test_scans_become_signals_and_telemetry(tmp_path: Path) -> None:
    async with story(tmp_path) as night:
        await night.begin()
        points = [f"C{number}" for number in range(1, 5)]
        for point in points:
            await night.post("noc.checkpoint", id=point, site="S1", lat=51.5, lon=-0.1)
        planned = rfc3339(night.clock.now_ms() + MINUTE_MS)
        await night.post(
            "noc.tour", id="T1", site="S1", person="P1", kind="ROUTINE", planned_start=planned, checkpoints=points
        )
        for point in points:
            night.clock.wind(night.clock.now_ms() + 3 * MINUTE_MS)
            scan = {"tour": "T1", "checkpoint": point, "person": "P1", "site": "S1", "scan": "NFC"}
            await night.post("noc.tour.scan", **scan, lat=51.5, lon=-0.1, accuracy_m=5.0)
        for path in ("people/P1", "sites/S1"):
            signals = await night.ask("GET", f"/v1/telemetry/{path}/signals?window_minutes=60")
            assert signals["signals"]["tour_checkpoints"]["value"] == len(points), path


async def test_a_phone_gone_quiet_and_offline_is_one_incident_and_is_investigated(tmp_path: Path) -> None:
    async with story(tmp_path) as night:
        await night.begin()
        await night.heartbeats(10)
        night.clock.wind(night.clock.now_ms() + 35 * MINUTE_MS)
        offline = await night.until("alert_created", type="DEVICE_OFFLINE")
        incident = (await night.until("correlation_identified"))["data"]
        assert offline["data"]["id"] in incident["alerts"]
        assert incident["score"] >= 0.6
        detail = await night.ask("GET", f"/v1/incidents/{incident['id']}")
        assert "context" in detail
        await night.ask("POST", f"/v1/incidents/{incident['id']}/ack", {"note": "calling"})
        await night.ask("POST", f"/v1/incidents/{incident['id']}/note", {"text": "flat battery, guard is well"})
        await night.ask("POST", f"/v1/incidents/{incident['id']}/resolve", {"verdict": "benign", "note": "charged"})
        await night.until("incident_updated", id=incident["id"], new_status="resolved")
        closed = await night.until("alert_updated", id=offline["data"]["id"], new_status="resolved")
        assert closed["data"]["verdict"] == "benign"


async def test_every_move_of_a_ticket_is_a_frame(tmp_path: Path) -> None:
    async with story(tmp_path) as night:
        await night.begin()
        made = await night.ask(
            "POST", "/v1/tickets", {"title": "Broken gate", "priority": "P3", "site": "S1"}, status=201
        )
        moves = [
            ("ack", {}, "open"),
            ("start", {}, "in_progress"),
            ("hold", {"comment": "waits for a part"}, "on_hold"),
            ("start", {}, "in_progress"),
            ("resolve", {"comment": "mended", "verdict": "true_positive"}, "resolved"),
            ("reopen", {}, "open"),
            ("resolve", {"comment": "mended again", "verdict": "true_positive"}, "resolved"),
            ("close", {"comment": "checked"}, "closed"),
        ]
        for verb, body, _ in moves:
            await night.ask("POST", f"/v1/tickets/{made['id']}/{verb}", body)
        refused = await night.ask("POST", f"/v1/tickets/{made['id']}/start", {}, status=409)
        assert "closed" in refused["detail"]
        await night.until("ticket_updated", id=made["id"], new_status="closed")
        assert len(night.told("ticket_created", id=made["id"])) == 1
        moved = [
            change["data"]["new_status"]
            for change in night.told("ticket_updated", id=made["id"])
            if change["data"]["old_status"] != change["data"]["new_status"]
        ]
        assert moved == [status for _, _, status in moves]


async def test_posting_past_the_limit_is_refused_for_now_and_nothing_is_lost(tmp_path: Path) -> None:
    async with story(tmp_path, "--set", "inbox_events_max=1000", "--set", "batch_events_max=100") as night:
        refusals = count()

        async def posted(worker: int) -> None:
            lines = [
                json.dumps(
                    {
                        "id": f"w{worker}-{n}",
                        "source": "/load",
                        "type": "noc.sample",
                        "data": {"metric": "m", "value": n},
                    }
                )
                for n in range(500)
            ]
            while True:
                headers = {"Content-Type": "application/x-ndjson"}
                async with night.session.post("/v1/events", data="\n".join(lines), headers=headers) as answer:
                    if answer.status == 200:
                        return
                    assert answer.status == 429, await answer.text()
                    assert float(answer.headers["Retry-After"]) > 0
                    next(refusals)
                    await asyncio.sleep(0.05)

        await asyncio.gather(*(posted(worker) for worker in range(16)))
        assert next(refusals) > 0
        await until(lambda: sum(change["data"]["count"] for change in night.told("events_stored")) == 16 * 500)
