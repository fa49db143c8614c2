"""Stories told on a live daemon by a clock that is wound: from what a phone says to a frame, a ticket, an incident."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from nocd.domain.instant import HOUR_MS, MINUTE_MS, rfc3339
from tests.bench.wound import Clock
from tests.build import until
from tests.e2e.daemon import DaemonProcess

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(120), pytest.mark.may_block("a daemon in a process of its own")]

NIGHT = 1_795_590_000_000  # 2026-11-25T07:00:00Z
SITE = {"id": "S1", "name": "Depot", "client": "Acme", "timezone": "UTC", "lat": 51.5, "lon": -0.1, "supervisor": "P9"}
PEOPLE = [
    {"id": name, "name": f"Guard {name}", "sites": ["S1"], "role": "guard", "active": True} for name in ("P1", "P9")
]


@dataclass(slots=True)
class Story:
    """A daemon, its clock, what is posted and asked, and every change its feed told."""

    daemon: DaemonProcess
    clock: Clock
    session: aiohttp.ClientSession
    changes: list[dict[str, Any]] = field(default_factory=list)
    _ids: Any = field(default_factory=lambda: count(1))

    async def post(self, event_type: str, /, **data: Any) -> None:
        """Post an event that happens now."""
        event: dict[str, Any] = {
            "specversion": "1.0",
            "id": f"e{next(self._ids)}",
            "source": "/story",
            "type": event_type,
        }
        event |= {"time": rfc3339(self.clock.now_ms()), "data": data}
        headers = {"Content-Type": "application/cloudevents+json"}
        async with self.session.post("/v1/events", data=json.dumps(event), headers=headers) as answer:
            assert (await answer.json())["accepted"] == 1, event

    async def begin(self) -> None:
        """Have a guard come on duty at a site."""
        await self.post("noc.site", **SITE)
        for person in PEOPLE:
            await self.post("noc.person", **person)
        await self.post("noc.device", id="D1", person="P1", kind="phone")
        shift = {"start": rfc3339(NIGHT), "end": rfc3339(NIGHT + 12 * HOUR_MS)}
        await self.post("noc.shift", id="H1", site="S1", person="P1", **shift)
        await self.post("noc.attendance.punch", person="P1", site="S1", direction="in", device="D1", method="NFC")

    async def heartbeats(self, minutes: int) -> None:
        """Have the guard's phone say something every five minutes."""
        for _ in range(0, minutes, 5):
            self.clock.wind(self.clock.now_ms() + 5 * MINUTE_MS)
            await self.post("noc.phone.event", person="P1", kind="stepcount", steps=40, device="D1")
            await self.post("noc.location.fix", person="P1", lat=51.5, lon=-0.1, accuracy_m=8.0, device="D1")

    async def ask(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        """Ask, and return the answer."""
        async with self.session.request(method, path, json=body if method == "POST" else None) as answer:
            told = await answer.json()
            assert answer.status == status, told
            return told

    def told(self, kind: str, **about: Any) -> list[dict[str, Any]]:
        """Return the changes of a type that say all this."""
        found = [change for change in self.changes if change["type"] == kind]
        return [change for change in found if about.items() <= change["data"].items()]

    async def until(self, kind: str, **about: Any) -> dict[str, Any]:
        """Return the first change of a type that says all this, as soon as it is told."""
        await until(lambda: bool(self.told(kind, **about)))
        return self.told(kind, **about)[0]

    async def listen(self) -> None:
        """Take in the feed from its beginning."""
        async with self.session.ws_connect("/v1/feed?after=0") as feed:
            async for message in feed:
                frame = json.loads(message.data)
                self.changes += frame.get("changes", ())


@asynccontextmanager
async def story(folder: Path, *settings: str) -> AsyncIterator[Story]:
    """Give a daemon whose clock stands at the beginning of the night."""
    clock = Clock(folder / "clock", NIGHT)
    daemon = DaemonProcess(folder / "data", more=settings, clock=folder / "clock")
    await daemon.start()
    headers = {"Authorization": f"Bearer {daemon.token('admin')}"}
    async with aiohttp.ClientSession(daemon.url, headers=headers) as session:
        told = Story(daemon, clock, session)
        listening = asyncio.create_task(told.listen())
        yield told
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    assert await daemon.stop() == 0


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
