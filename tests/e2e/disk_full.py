"""A daemon on a disk that runs full: nothing answered is lost, reads go on, intake comes back by itself.

    python -m tests.e2e.disk_full

Needs to mount a small tmpfs, so root.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp

from nocd.store.seen import key_of
from nocd.store.sqlite import sqlite3
from tests.e2e.daemon import DaemonProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

DISK_MIB = 32
ROOM_MIB = 8
BATCH = 200
RESUMES_WITHIN_S = 5.0
_ids = count(1)


class NotPermitted(Exception):
    """This user may not mount."""


@contextmanager
def small_disk(place: Path) -> Iterator[Path]:
    """Mount a disk of 32 MiB at `place` while the context lasts; raises NotPermitted."""
    place.mkdir()
    mount = ("mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m,mode=0700", "nocd-test", str(place))
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotPermitted(f"mounting a tmpfs is not permitted here: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(("umount", "-l", str(place)), check=True)


@dataclass(slots=True)
class Client:
    """Posts and reads, and remembers what was answered 200."""

    daemon: DaemonProcess
    session: aiohttp.ClientSession
    answered: set[str] = field(default_factory=set)

    async def post(self, size: int = BATCH) -> int:
        """Post a batch of new events; return the status."""
        events = [_event(f"d{next(_ids)}") for _ in range(size)]
        headers = {"Authorization": f"Bearer {self.daemon.token('ingest')}", "Content-Type": "application/x-ndjson"}
        body = "\n".join(map(json.dumps, events))
        async with self.session.post(f"{self.daemon.url}/v1/events", data=body, headers=headers) as answer:
            told = await answer.json()
            if answer.status == 200:
                assert told["accepted"] == size, told
                self.answered.update(event["id"] for event in events)
            else:
                assert told["code"] == "storage_full", told
                assert answer.headers["Retry-After"] == "5"
            return answer.status

    async def ask(self, method: str, path: str) -> tuple[int, Any]:
        """Return the status and JSON of an answer."""
        headers = {"Authorization": f"Bearer {self.daemon.token('admin')}"}
        async with self.session.request(method, f"{self.daemon.url}{path}", headers=headers) as answer:
            return answer.status, await answer.json()

    async def fill(self) -> None:
        """Post until the disk is full, and past it, until the daemon says so."""
        async with asyncio.timeout(60):
            while (await self.ask("GET", "/v1/health"))[1]["parts"]["disk"]["state"] == "ok":
                await self.post()
        assert await self.post() == 507


def _event(name: str) -> dict[str, Any]:
    door = {"alert_type": "Door", "severity": "LOW", "status": "firing", "message": "m" * 300, "site": "S1"}
    data = {**door, "entity_type": "door", "entity_id": f"door-{len(name)}-{name[-1]}"}
    return {"specversion": "1.0", "id": name, "source": "/full", "type": "noc.alert", "data": data}


async def run(folder: Path) -> dict[str, Any]:
    """Run the whole story on the small disk at `folder`; return what was counted."""
    daemon = DaemonProcess(folder)
    filler = await asyncio.to_thread(_fill_up, folder)
    await daemon.start()
    async with aiohttp.ClientSession() as session:
        client = Client(daemon, session)
        await client.fill()
        await _reads_go_on(client)
        before = len(client.answered)
        await asyncio.to_thread(filler.unlink)
        resumed_s = await _resumes(client)
        await client.post()
        _, polled = await client.ask("GET", "/v1/changes?after=0&types=system_state")
        states = {(change["data"]["part"], change["data"]["state"]) for change in polled["changes"]}
        assert {("disk", "degraded"), ("disk", "ok")} <= states, states
        filler = await asyncio.to_thread(_fill_up, folder)
        await client.fill()
        await daemon.kill()
        await asyncio.to_thread(_to_the_last_byte, filler)
        await daemon.start()
        await _reads_go_on(client)
        await asyncio.to_thread(filler.unlink)
        await _resumes(client)
        assert await daemon.stop() == 0
        counted = await asyncio.to_thread(check, folder, client.answered)
    return counted | {"before": before, "resumed_s": round(resumed_s, 2)}


def _fill_up(folder: Path) -> Path:
    filler = folder / "filler"
    filler.write_bytes(bytes(shutil.disk_usage(folder).free - (ROOM_MIB << 20)))
    return filler


def _to_the_last_byte(filler: Path) -> None:
    with filler.open("ab", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4_096)):
            pass
    assert shutil.disk_usage(filler.parent).free == 0


async def _reads_go_on(client: Client) -> None:
    for path in ("/v1/snapshot", "/v1/alerts", "/v1/events?limit=5", "/v1/live", "/v1/changes?after=0"):
        status, _ = await client.ask("GET", path)
        assert status == 200, path
    status, told = await client.ask("GET", "/v1/ready")
    assert (status, told["ready"]) == (503, False)
    _, health = await client.ask("GET", "/v1/health")
    assert health["parts"]["disk"]["state"] == "degraded", health
    assert await client.post(size=1) == 507
    assert (await client.ask("POST", "/v1/alerts/A-1/ack"))[0] in {
        200,
        409,
        507,
    }  # the last room is for acts
    assert (await client.ask("POST", "/v1/backup"))[0] == 507


async def _resumes(client: Client) -> float:
    """Return how long it takes until an event is taken again."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    while await client.post(size=1) == 507:
        assert loop.time() - began < RESUMES_WITHIN_S, "intake does not come back"
        await asyncio.sleep(0.05)
    return loop.time() - began


def check(folder: Path, answered: set[str]) -> dict[str, Any]:
    """Compare what was answered with what is stored."""
    with closing(sqlite3.connect(folder / "tenants" / "default.db")) as base:
        assert base.execute("PRAGMA quick_check").fetchall() == [("ok",)]
        stored = [key_of(body)[1] for (body,) in base.execute("SELECT body FROM inputs WHERE kind = 0")]
        lost = answered - set(stored)
        assert not lost, f"{len(lost)} answered events are not stored: {sorted(lost)[:5]}"
        assert len(stored) == len(set(stored)), "some events are stored twice"
        first, last, changes = base.execute("SELECT min(seq), max(seq), count(*) FROM feed").fetchone()
        assert (first, changes) == (1, last), "change numbers have a hole"
    return {"answered": len(answered), "stored": len(stored), "lost": 0}


def main() -> int:
    """Run from the command line."""
    with tempfile.TemporaryDirectory() as scratch, small_disk(Path(scratch) / "disk") as folder:
        print(json.dumps(asyncio.run(run(folder))))  # noqa: T201 - its output
    return 0


if __name__ == "__main__":
    sys.exit(main())
