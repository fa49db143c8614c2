"""A day at one site, told to a running daemon so that every kind of change comes of it."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nocd.clock import monotonic_s
from nocd.domain.command import Command
from nocd.domain.instant import HOUR_MS, MINUTE_MS, rfc3339, zone
from nocd.errors import UnavailableError
from nocd.fraud import steps
from nocd.jobs.scheduler import Scheduler
from nocd.jobs.timetable import timetable
from nocd.triage.receivers import FAILED
from tests.build import T0, until
from tests.unit.ingest.examples import envelope

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import ClientWebSocketResponse

    from tests.build import Clock
    from tests.integration.api.desk import Desk

SITE = {"id": "NTH-04", "name": "North Yard", "timezone": "Asia/Kolkata", "client": "Acme"}
PERSON = {"id": "P1", "name": "Asha Rao", "sites": ["NTH-04"], "phone": "+91 555"}
DOOR = {
    "alert_type": "Door forced",
    "severity": "HIGH",
    "status": "firing",
    "message": "Dock 3 held open",
    "entity_type": "door",
    "entity_id": "dock-3",
    "site": "NTH-04",
    "labels": {"rack": "12"},
}


@dataclass(slots=True, kw_only=True)
class Story:
    """Tells the day, at one minute an act."""

    desk: Desk
    clock: Clock
    told: int = 0

    async def whole(self) -> None:
        """Tell everything, in order."""
        await self.directory()
        await self.punches()
        await self.distress()
        await self.incident()
        await self.queue()
        await self.door()
        await self.maintenance()
        await self.outside()
        await self.models()
        await self.silence()
        await self.handover()
        await self.house()

    async def event(self, kind: str, data: dict[str, Any], *, at: int | None = None) -> None:
        """Post one event that happened `at` (now)."""
        self.told += 1
        now = self.clock.forward(MINUTE_MS)
        time = rfc3339(now if at is None else at)
        await self.desk.post(envelope(kind, data, id=f"story-{self.told}", source="/story", time=time))

    async def directory(self) -> None:
        """Enter, change and remove; and name a place and a person nobody has entered."""
        await self.event("noc.site", SITE)
        await self.event("noc.person", PERSON)
        shift = {"id": "SH1", "site": "NTH-04", "person": "P1", "start": rfc3339(T0), "end": rfc3339(T0 + 8 * HOUR_MS)}
        await self.event("noc.shift", shift)
        await self.event("noc.site", {**SITE, "tier": 1})
        await self.event("noc.shift", {"id": "SH1", "removed": True})
        await self.event("noc.alert", {**DOOR, "site": "NOWHERE", "person": "NOBODY", "entity_id": "gate"})

    async def punches(self) -> None:
        """Punch in twice; the `out` between them arrives late, of a doubtful face, and takes the finding back."""
        punch = {"person": "P1", "site": "NTH-04", "method": "FACE"}
        first = self.clock.now
        await self.event("noc.attendance.punch", {**punch, "direction": "in"}, at=first)
        await self.event("noc.attendance.punch", {**punch, "direction": "in"}, at=first + 60_000)
        await self.event("noc.attendance.punch", {**punch, "direction": "out", "confidence": 0.3}, at=first + 30_000)

    async def distress(self) -> None:
        """Press panic, twice, on duty."""
        for _ in range(2):
            await self.event("noc.phone.event", {"person": "P1", "kind": "panic", "battery_percent": 7})

    async def incident(self) -> None:
        """Take on what was found to be one story about the guard."""
        await self.event("noc.alert", {**DOOR, "alert_type": "Fence cut", "person": "P1", "entity_id": "fence"})
        (incident,) = await self.desk.items("/v1/incidents?person=P1")
        answer = await self.desk.ask("POST", f"/v1/incidents/{incident['id']}/ack", token="operator")
        assert answer.status == 200, answer

    async def door(self) -> None:
        """Open an outside alert and carry out every command on it; let it end by itself at last."""
        await self.event("noc.alert", DOOR)
        await self.event("noc.alert", {**DOOR, "severity": "CRITICAL"})
        (alert,) = await self.desk.items("/v1/alerts?type=Door%20forced&site=NTH-04")
        for verb, body in (
            ("ack", {"note": "on it"}),
            ("note", {"text": "called Asha Rao"}),
            ("assign", {"assignee": "mara"}),
            ("start", {}),
            ("escalate", {}),
            ("resolve", {"verdict": "true_positive"}),
            ("undo", {}),
            ("resolve", {"verdict": "benign"}),
            ("reopen", {}),
        ):
            path = f"/v1/alerts/{alert['id']}/{verb}"
            answer = await self.desk.ask("POST", path, token="operator", json=body)
            assert answer.status == 200, answer
        await self.event("noc.alert", {**DOOR, "status": "resolved"})

    async def outside(self) -> None:
        """Learn that a receiver is gone."""
        args = {"notification": "N-1", "detail": "answered 410", "gone": True, "attempts": 1}
        command = Command(verb=FAILED, target="desk", actor="nocd", time=self.clock.now, args=args)
        assert (await self.desk.daemon.tenants["default"].ask(command)).ok

    async def models(self) -> None:
        """Learn of every step of a model's life."""
        for kind in steps.KINDS:
            args = steps.args(kind, version="000001", reason="told", body={"level": "HIGH", "moved": ["gps_drift_m"]})
            command = Command(verb=steps.MODEL_STEP, target="000001", actor="nocd", time=self.clock.now, args=args)
            assert (await self.desk.daemon.tenants["default"].ask(command)).ok

    async def queue(self) -> None:
        """Watch a queue for hours, until it is longer than ever; and move the threshold of what is usual there."""
        start = self.clock.now
        self.clock.forward(262 * MINUTE_MS)
        lengths = [*(10 + minute % 7 for minute in range(250)), 400]
        points = [
            envelope(
                "noc.sample",
                {"metric": "queue", "site": "NTH-04", "value": length},
                id=f"queue-{minute}",
                source="/story",
                time=rfc3339(start + minute * MINUTE_MS),
            )
            for minute, length in enumerate(lengths)
        ]
        await self.desk.post(*points)
        path = "/v1/baselines/queue@NTH-04/threshold"
        answer = await self.desk.ask("POST", path, token="admin", json={"threshold": 3.5})
        assert answer.status == 200, answer

    async def maintenance(self) -> None:
        """Plan a maintenance window and call it off."""
        now = self.clock.now
        window = {"scope": "site", "target": "NTH-04", "reason": "new cameras"}
        times = {"start": rfc3339(now + HOUR_MS), "end": rfc3339(now + 2 * HOUR_MS)}
        planned = await self.desk.ask("POST", "/v1/maintenance", token="operator", json={**window, **times})
        assert planned.status == 201, planned
        ended = await self.desk.ask("DELETE", f"/v1/maintenance/{planned.json['id']}", token="operator")
        assert ended.status == 200, ended

    async def silence(self) -> None:
        """Silence what may yet come of a camera."""
        matchers = [{"name": "site", "value": "NTH-04"}, {"name": "type", "op": "=~", "value": "Camera.*"}]
        asked = {"matchers": matchers, "ends_at": rfc3339(self.clock.now + HOUR_MS), "comment": "new cameras"}
        planned = await self.desk.ask("POST", "/v1/silences", token="operator", json=asked)
        assert planned.status == 201, planned

    async def handover(self) -> None:
        """Write a note, sign the shift and let another take it over."""
        noted = await self.desk.ask("POST", "/v1/notes", token="operator", json={"text": "gate 2 flaps"})
        signed = await self.desk.ask("POST", "/v1/handovers", token="operator")
        taken = await self.desk.ask("POST", f"/v1/handovers/{signed.json['id']}/accept", token="admin")
        assert (noted.status, signed.status, taken.status) == (201, 201, 200), taken

    async def house(self) -> None:
        """Let a job run, and the store break and mend."""
        upkeep, tenant = self.desk.daemon._upkeep, self.desk.daemon.tenants["default"]
        jobs = Scheduler(timetable(upkeep), timezone=zone("UTC"), told=upkeep.told, monotonic_s=monotonic_s)
        assert (await jobs.run("retention")).ok
        assert (await jobs.run("kpis")).ok
        assert (await jobs.run("scorecard")).ok
        tenant.pipeline.broken = UnavailableError("the disk is gone")
        await upkeep.keep_house()
        await until(lambda: tenant.pipeline.broken is None)
        await upkeep.keep_house()
        await self.event("noc.sample", {"metric": "queue", "value": 1})


@dataclass(slots=True)
class Listener:
    """A client of the feed that keeps every frame."""

    socket: ClientWebSocketResponse
    frames: list[dict[str, Any]] = field(default_factory=list)

    async def until(self, seq: int) -> list[dict[str, Any]]:
        """Return every frame up to the change `seq`."""
        async with asyncio.timeout(20):
            while self.seen < seq:
                self.frames.append(json.loads((await self.socket.receive()).data))
        return self.frames

    @property
    def seen(self) -> int:
        return max((frame.get("to") or 0 for frame in self.frames), default=0)

    @property
    def changes(self) -> list[dict[str, Any]]:
        return [change for frame in self.frames for change in frame.get("changes", ())]


@asynccontextmanager
async def listening(desk: Desk, query: str, *, token: str = "admin") -> AsyncIterator[Listener]:
    """Listen to the feed while the context lasts."""
    headers = {"Authorization": f"Bearer {desk.tokens[token]}"}
    async with desk.session.ws_connect(f"{desk.daemon.url}/v1/feed?{query}", headers=headers, max_msg_size=0) as socket:
        yield Listener(socket)
