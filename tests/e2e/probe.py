"""A client that posts, asks how the daemon is, and remembers what was answered 200; for scripts that break things."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import aiohttp
import orjson

if TYPE_CHECKING:
    from tests.e2e.daemon import DaemonProcess

ANSWERS_WITHIN_S = 15.0


@dataclass(slots=True)
class Probe:
    """Posts batches of alerts and fixes, each event under an id of its own."""

    daemon: DaemonProcess
    session: aiohttp.ClientSession
    size: int = 20
    prefix: str = "p"
    answered: set[str] = field(default_factory=set)
    told: Counter[str] = field(default_factory=Counter)
    _ids: itertools.count[int] = field(default_factory=itertools.count)

    async def post(self) -> str:
        """Post a batch; return `200`, or `STATUS code` of any other answer, `0 REASON` where there was none."""
        names = [f"{self.prefix}{next(self._ids)}" for _ in range(self.size)]
        body = b"\n".join(orjson.dumps(_event(name)) for name in names)
        status, told = await self.ask("POST", "/v1/events", role="ingest", body=body)
        said = "200" if status == 200 else f"{status} {told.get('code')}"
        self.told[said] += 1
        if status == 200:
            assert told["accepted"] + told["duplicates"] == len(names), told
            self.answered.update(names)
        return said

    async def ask(self, method: str, path: str, *, role: str = "admin", body: bytes | None = None) -> tuple[int, Any]:
        """Return the status and JSON of an answer; status 0 where there was none."""
        headers = {"Authorization": f"Bearer {self.daemon.token(role)}", "Content-Type": "application/x-ndjson"}
        try:
            async with (
                asyncio.timeout(ANSWERS_WITHIN_S),
                self.session.request(method, f"{self.daemon.url}{path}", data=body, headers=headers) as answer,
            ):
                return answer.status, orjson.loads(await answer.read())
        except (aiohttp.ClientError, ConnectionError, TimeoutError) as error:
            return 0, {"code": type(error).__name__}

    async def post_for(self, seconds: float, *, pause_s: float = 0.02) -> None:
        """Post batch after batch for so long."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + seconds
        while loop.time() < ends:
            await self.post()
            await asyncio.sleep(pause_s)

    async def well_within(self, seconds: float) -> float:
        """Return after how long a batch is taken again; raises AssertionError where that takes longer."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        while await self.post() != "200":
            assert loop.time() - began < seconds, self.told
            await asyncio.sleep(0.05)
        return round(loop.time() - began, 2)

    async def part(self, name: str) -> str:
        """Return the state of a part of the daemon."""
        status, told = await self.ask("GET", "/v1/health")
        return str(told["parts"][name]["state"]) if status == 200 else f"no answer ({status})"


def _event(name: str) -> dict[str, Any]:
    where = {"entity_type": "door", "entity_id": f"door-{int(name[-2:].strip('-p')) % 50}", "site": "S1"}
    data = {"alert_type": "Door", "severity": "LOW", "status": "firing", "message": "open", **where}
    return {"specversion": "1.0", "id": name, "source": "/probe", "type": "noc.alert", "data": data}
