"""SIGTERM under load, with clients that hang: an end in time, nothing lost, nothing of it in the log."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from nocd.domain.instant import rfc3339
from nocd.store.seen import key_of
from nocd.store.sqlite import sqlite3
from tests.build import T0, until
from tests.e2e.daemon import DaemonProcess

pytestmark = pytest.mark.heavy

STOPS_WITHIN_S = 10.0
WORKERS = 24


class Load:
    """Clients that post until nobody answers, and what they were told."""

    def __init__(self, daemon: DaemonProcess) -> None:
        self.daemon = daemon
        self.sent: dict[str, dict[str, Any]] = {}
        self.answered: set[str] = set()
        self.odd: list[tuple[int, str]] = []
        self._ids = count()

    async def post_until_gone(self) -> None:
        headers = {"Authorization": f"Bearer {self.daemon.token('ingest')}", "Content-Type": "application/x-ndjson"}
        async with aiohttp.ClientSession(headers=headers) as session:
            while True:
                events = [self._event(f"e{next(self._ids)}") for _ in range(40)]
                body = "\n".join(map(json.dumps, events))
                try:
                    async with session.post(f"{self.daemon.url}/v1/events", data=body) as answer:
                        text = await answer.text()
                except (aiohttp.ClientError, ConnectionError):
                    return
                if answer.status == 200:
                    self.answered.update(event["id"] for event in events)
                elif answer.status not in {429, 503}:
                    self.odd.append((answer.status, text))

    def _event(self, name: str) -> dict[str, Any]:
        number = int(name[1:])
        time = rfc3339(T0 + number)
        event = {"specversion": "1.0", "id": name, "source": "/stop", "type": "noc.location.fix", "time": time}
        self.sent[name] = {**event, "data": {"person": f"P{number % 50}", "lat": 1.0, "lon": 2.0}}
        return self.sent[name]


def hanging(daemon: DaemonProcess, head: str, *, end: str = "\r\n") -> socket.socket:
    """Open a connection that sends `head` and then neither reads nor writes."""
    host, _, port = daemon.url.removeprefix("http://").partition(":")
    hung = socket.socket()
    hung.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    hung.connect((host, int(port)))
    hung.send(f"{head}Host: x\r\nAuthorization: Bearer {daemon.token('admin')}\r\n{end}".encode())
    return hung


def hung_clients(daemon: DaemonProcess) -> list[socket.socket]:
    upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    kinds = (
        "POST /v1/events HTTP/1.1\r\nContent-Type: application/x-ndjson\r\nContent-Length: 100000\r\n",
        f"GET /v1/feed?after=0&events=1 HTTP/1.1\r\n{upgrade}{key}",
        "GET /v1/feed.sse?after=0&events=1 HTTP/1.1\r\n",
        "GET /v1/changes?types=note_added&wait_s=60 HTTP/1.1\r\n",
    )
    return [hanging(daemon, "GET /v1/live HTTP/1.1\r\n", end=""), *(hanging(daemon, kind) for kind in kinds * 2)]


def stored(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "tenants" / "default.db")) as base:
        assert base.execute("PRAGMA quick_check").fetchall() == [("ok",)]
        last, saved = base.execute(
            "SELECT max(no), (SELECT value FROM meta WHERE key = 'saved_to') FROM inputs"
        ).fetchone()
        assert saved == last, "the state was not saved"
        return [key_of(body)[1] for (body,) in base.execute("SELECT body FROM inputs WHERE kind = 0")]


@pytest.mark.timeout(120)
@pytest.mark.may_block("the test reads the file of a daemon that has ended, and hangs on purpose")
async def test_a_stop_under_load_is_in_time_and_loses_nothing(tmp_path) -> None:
    daemon = DaemonProcess(tmp_path / "data")
    await daemon.start()
    load = Load(daemon)
    workers = [asyncio.create_task(load.post_until_gone()) for _ in range(WORKERS)]
    await until(lambda: len(load.answered) > 2_000)
    hung = hung_clients(daemon)
    seen = len(load.answered)
    await until(lambda: len(load.answered) > seen + 2_000)
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert await daemon.stop() == 0
    took_s = loop.time() - began
    await asyncio.wait_for(asyncio.gather(*workers), 20)
    for each in hung:
        each.close()
    assert took_s <= STOPS_WITHIN_S
    assert load.odd == []
    kept = stored(daemon.folder)
    assert load.answered <= set(kept)
    assert len(kept) == len(set(kept))
    log = [json.loads(line) for line in daemon.log.read_text().splitlines()]
    assert [line for line in log if line["level"] in {"warning", "error"}] == []
    assert log[-1]["event"] == "stopped"
    await daemon.start()
    await _repeats_are_known(load, daemon)
    assert await daemon.stop() == 0


async def _repeats_are_known(load: Load, daemon: DaemonProcess) -> None:
    again = [load.sent[name] for name in sorted(load.answered)][:5_000]
    headers = {"Authorization": f"Bearer {daemon.token('ingest')}", "Content-Type": "application/json"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{daemon.url}/v1/events", data=json.dumps(again).encode()) as answer,
    ):
        told = await answer.json()
        assert (told["accepted"], told["duplicates"]) == (0, len(again))
