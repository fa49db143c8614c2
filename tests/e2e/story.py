"""A live daemon by a clock that is wound, for stories: what is posted and asked, and every change its feed told."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

import aiohttp

from nocd.domain.instant import HOUR_MS, MINUTE_MS, rfc3339
from tests.bench.wound import Clock
from tests.build import until
from tests.e2e.daemon import DaemonProcess

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

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
        await self.post_all(event_type, [data])

    async def post_all(self, event_type: str, all_data: list[dict[str, Any]]) -> None:
        """Post events of one type that happen now, in one body."""
        lines = []
        for data in all_data:
            event = {"specversion": "1.0", "id": f"e{next(self._ids)}", "source": "/story", "type": event_type}
            lines.append(json.dumps({**event, "time": rfc3339(self.clock.now_ms()), "data": data}))
        headers = {"Content-Type": "application/x-ndjson"}
        async with self.session.post("/v1/events", data="\n".join(lines), headers=headers) as answer:
            assert (await answer.json())["accepted"] == len(lines), lines

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
