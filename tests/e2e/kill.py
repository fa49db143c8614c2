"""Kill the daemon at random moments under load, and see that nothing was lost, doubled or told twice.

    python -m tests.e2e.kill --kills 30 --seed 1

Held afterwards: every answered event is stored once (also where the client retried what was committed but not
answered); change numbers have no hole; a client that resumed saw each of them once; the stored inputs, folded through
a fresh engine, give the alerts the database shows; every act is on record once, in a chain that holds; the file is
sound.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from nocd.domain.command import HEARTBEAT
from nocd.domain.instant import rfc3339
from nocd.domain.shelf import Shelves
from nocd.engine import Engine
from nocd.procedures import read_runbooks
from nocd.store import audit
from nocd.store.codec import encode
from nocd.store.rows import InputKind, InputRow
from nocd.store.seen import key_of
from nocd.store.sqlite import sqlite3
from nocd.tenant import refold
from nocd.triage.intake import Limits
from tests.build import until
from tests.e2e.daemon import DaemonProcess

WORKERS = 4
BATCH_MAX = 60


@dataclass(slots=True)
class Load:
    """Clients that post, retry and act; and what they were told."""

    daemon: DaemonProcess
    seed: int
    prefix: str = ""
    answered: set[str] = field(default_factory=set)
    retried: int = 0
    stopping: bool = False
    commands: int = 0

    async def post_for_ever(self, worker: int) -> None:
        """Post batches until told to stop; what got no answer is posted again until it gets one."""
        chance = random.Random(f"{self.seed}-{worker}")
        number = 0
        async with aiohttp.ClientSession() as session:
            while not self.stopping:
                events = [self._event(worker, number + n, chance) for n in range(chance.randint(1, BATCH_MAX))]
                number += len(events)
                await self._post(session, events)

    async def _post(self, session: aiohttp.ClientSession, events: list[dict[str, Any]]) -> None:
        headers = {"Authorization": f"Bearer {self.daemon.token('ingest')}"}
        body = "\n".join(json.dumps(event) for event in events)
        headers["Content-Type"] = "application/x-ndjson"
        while True:
            try:
                async with session.post(f"{self.daemon.url}/v1/events", data=body, headers=headers) as answer:
                    told = await answer.json()
                    if answer.status == 200:
                        assert told["accepted"] + told["duplicates"] == len(events), told
                        self.answered.update(event["id"] for event in events)
                        return
                    assert answer.status in (429, 503), told
            except (aiohttp.ClientError, ConnectionError):
                self.retried += 1
            await asyncio.sleep(0.02)

    def _event(self, worker: int, number: int, chance: random.Random) -> dict[str, Any]:
        time = rfc3339(1_790_000_000_000 + number * 1_000)
        event = {"specversion": "1.0", "id": f"{self.prefix}w{worker}-{number}", "source": "/kill", "time": time}
        if chance.random() < 0.3:
            camera = f"cam-{chance.randint(1, 40)}"
            firing = {"alert_type": "Camera", "severity": chance.choice(["LOW", "HIGH"]), "message": "dark"}
            status = chance.choice(["firing", "firing", "resolved"])
            where = {"entity_type": "camera", "entity_id": camera, "site": f"S{chance.randint(1, 5)}"}
            return {**event, "type": "noc.alert", "data": {**firing, **where, "status": status}}
        data: dict[str, Any] = {"person": f"P{chance.randint(1, 50)}", "lat": 1.5, "lon": 2.5}
        return {**event, "type": "noc.location.fix", "data": data}

    async def act_for_ever(self) -> None:
        """Acknowledge and resolve alerts, each act under its own key, until told to stop."""
        chance = random.Random(f"{self.seed}-acts")
        headers = {"Authorization": f"Bearer {self.daemon.token('admin')}"}
        async with aiohttp.ClientSession(headers=headers) as session:
            while not self.stopping:
                await asyncio.sleep(0.7)
                verb, body = chance.choice([("ack", {}), ("resolve", {"verdict": "benign"})])
                url = f"{self.daemon.url}/v1/alerts/A-{chance.randint(1, 30)}/{verb}"
                try:
                    key = {"Idempotency-Key": f"k{self.commands}"}
                    async with session.post(url, json=body, headers=key) as answer:
                        assert answer.status in (200, 404, 409, 503), await answer.text()
                        self.commands += 1
                except (aiohttp.ClientError, ConnectionError):
                    continue


@dataclass(slots=True)
class Listener:
    """A feed client that resumes after the number it saw last."""

    daemon: DaemonProcess
    seen: int = 0
    resumed: int = 0

    async def listen_for_ever(self) -> None:
        """Check that numbers come one after another, over every break."""
        headers = {"Authorization": f"Bearer {self.daemon.token('operator')}"}
        async with aiohttp.ClientSession(headers=headers) as session:
            while True:
                try:
                    url = f"{self.daemon.url}/v1/feed?after={self.seen}"
                    async with session.ws_connect(url, max_msg_size=0) as socket:
                        async for message in socket:
                            if message.type is aiohttp.WSMsgType.TEXT:
                                self._take(json.loads(message.data))
                except (aiohttp.ClientError, ConnectionError):
                    pass
                self.resumed += 1
                await asyncio.sleep(0.02)

    def _take(self, frame: dict[str, Any]) -> None:
        assert frame["type"] not in ("gap", "lagged"), frame
        for change in frame.get("changes", ()):
            assert change["seq"] == self.seen + 1, (change["seq"], self.seen)
            self.seen = change["seq"]


async def run(folder: Path, *, kills: int, seed: int, longest_s: float = 1.5) -> dict[str, Any]:
    """Run the whole story in `folder`; return what was counted, raise AssertionError where a promise broke."""
    chance = random.Random(seed)
    daemon = DaemonProcess(folder, ("--set", "state_lag_events_max=5000", "--set", "commands_per_minute=100000"))
    await daemon.start()
    load, listener = Load(daemon, seed), Listener(daemon)
    posting = [asyncio.create_task(load.post_for_ever(worker)) for worker in range(WORKERS)]
    posting.append(asyncio.create_task(load.act_for_ever()))
    listening = asyncio.create_task(listener.listen_for_ever())
    for _ in range(kills):
        await asyncio.sleep(chance.uniform(0.05, longest_s))
        await daemon.kill()
        assert not any(task.done() for task in (*posting, listening)), [t for t in (*posting, listening) if t.done()]
        await daemon.start()
    await asyncio.sleep(0.5)
    load.stopping = True
    await asyncio.wait_for(asyncio.gather(*posting), 30)
    last = await _newest(daemon)
    await until(lambda: listener.seen >= last)
    listening.cancel()
    assert await daemon.stop() == 0
    return check(folder, load.answered) | {
        "retried": load.retried,
        "commands": load.commands,
        "kills": kills,
        "resumed": listener.resumed,
        "seen": listener.seen,
        "slowest_ready_s": round(max(daemon.ready_s), 2),
    }


async def _newest(daemon: DaemonProcess) -> int:
    headers = {"Authorization": f"Bearer {daemon.token('operator')}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(f"{daemon.url}/v1/snapshot") as answer,
    ):
        return int((await answer.json())["seq"])


def check(folder: Path, answered: set[str]) -> dict[str, Any]:
    """Compare what was answered with what is stored."""
    with closing(sqlite3.connect(folder / "tenants" / "default.db")) as base:
        assert base.execute("PRAGMA quick_check").fetchall() == [("ok",)]
        stored = [key_of(body)[1] for (body,) in base.execute("SELECT body FROM inputs WHERE kind = 0")]
        lost = answered - set(stored)
        assert not lost, f"{len(lost)} answered events are not stored: {sorted(lost)[:5]}"
        assert len(stored) == len(set(stored)), f"{len(stored) - len(set(stored))} events are stored twice"
        first, last, count = base.execute("SELECT min(seq), max(seq), count(*) FROM feed").fetchone()
        assert (first, count) == (1, last), "change numbers have a hole"
        acts = [
            json.loads(body)["verb"] for (body,) in base.execute("SELECT body FROM inputs WHERE kind = 1 ORDER BY no")
        ]
        recorded = [act for (act,) in base.execute("SELECT act FROM audit ORDER BY no")]
        assert recorded == [verb for verb in acts if verb != HEARTBEAT], "acts and the audit trail differ"
        assert audit.check(base, rows_max=1_000_000).fault is None
        shown = {no: json.loads(body) for no, body in base.execute("SELECT no, record FROM alerts")}
        replayed = _replay(base)
        assert replayed == shown, f"replayed inputs give other alerts: {_first_difference(replayed, shown)}"
    counted = {"answered": len(answered), "stored": len(stored), "lost": 0, "doubled": 0, "changes": last}
    return counted | {"alerts": len(shown)}


def _first_difference(replayed: dict[int, Any], shown: dict[int, Any]) -> str:
    for no in sorted(replayed.keys() | shown.keys()):
        one, other = replayed.get(no, {}), shown.get(no, {})
        if one != other:
            return f"A-{no}: {[(name, one.get(name), other.get(name)) for name in one if one[name] != other.get(name)]}"
    return ""


def _replay(base: sqlite3.Connection) -> dict[int, Any]:
    """Fold every stored input through a fresh engine and return each alert as it was last."""
    engine = Engine(Shelves(encode), Limits(), runbooks=read_runbooks(None))
    alerts: dict[int, Any] = {}
    for no, kind, time, received_at, claimed_time, late, body in base.execute("SELECT * FROM inputs ORDER BY no"):
        row = InputRow(no, InputKind(kind), time, received_at, claimed_time, bool(late), body)
        alerts |= {alert.no: json.loads(encode(alert)) for alert, _ in refold(engine, [row]).alerts}
    return alerts


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        print(json.dumps(asyncio.run(run(Path(scratch) / "data", kills=asked.kills, seed=asked.seed))))  # noqa: T201 - its output


if __name__ == "__main__":
    main()
