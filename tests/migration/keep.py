"""Keeps a tenant's file as a build leaves it, for later builds to open; run it with the last build of a schema.

    python -m tests.migration.keep tests/migration/0009.sql.gz

What is in it: a directory, alerts seen to and not, a punch that does not pair, a sample; saved whole by a stop; then
two more events that only a killed daemon took.
"""

from __future__ import annotations

import asyncio
import gzip
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from nocd.clock import now_ms
from nocd.domain.instant import rfc3339
from nocd.store.sqlite import sqlite3
from tests.e2e.daemon import DaemonProcess

ALARMS = (("HIGH", "Door"), ("MEDIUM", "Camera"), ("CRITICAL", "Fire panel"), ("HIGH", "Fence"))
PUNCH = {"person": "G-1", "site": "S-1", "method": "FACE"}
ACTS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("A-1", "ack", {}),
    ("A-2", "resolve", {"verdict": "false_positive"}),
    ("A-4", "note", {"text": "kept"}),
)


def event(name: str, kind: str, /, **data: Any) -> dict[str, Any]:
    """Return an event of now."""
    envelope = {"specversion": "1.0", "id": name, "source": "/kept", "type": kind, "time": rfc3339(now_ms())}
    return {**envelope, "data": data}


def alarm(name: str, severity: str, what: str) -> dict[str, Any]:
    """Return an outside alert about a device of its own."""
    about = {"entity_type": "device", "entity_id": f"dev-{name}", "site": "S-1"}
    said = {"severity": severity, "status": "firing", "message": f"{what} says so"}
    return event(name, "noc.alert", alert_type=what, **said, **about)


def first() -> list[dict[str, Any]]:
    """Return what the daemon saves."""
    return [
        event("site", "noc.site", id="S-1", name="Depot North", timezone="Europe/Berlin", client="ACME"),
        event("person", "noc.person", id="G-1", name="Ada Example"),
        *(alarm(f"alert-{number}", *said) for number, said in enumerate(ALARMS)),
        event("panic", "noc.phone.event", person="G-1", kind="panic"),
        *(event(name, "noc.attendance.punch", direction="in", **PUNCH) for name in ("in1", "in2")),
        event("sample", "noc.sample", metric="queue", value=3.5, site="S-1"),
    ]


def late() -> list[dict[str, Any]]:
    """Return what only the log of inputs has."""
    return [alarm("late-1", "HIGH", "Gate"), event("late-2", "noc.attendance.punch", direction="out", **PUNCH)]


async def kept(folder: Path) -> str:
    """Return a tenant's file as SQL, after all of that."""
    daemon = DaemonProcess(folder)
    for events, acts in ((first(), ACTS), (late(), ())):
        url = await daemon.start()
        async with ClientSession(url, headers={"Authorization": f"Bearer {daemon.token('admin')}"}) as session:
            await _ask(session, "/v1/events", events)
            for alert, act, body in acts:
                await _ask(session, f"/v1/alerts/{alert}/{act}", body)
        await (daemon.stop() if acts else daemon.kill())
    with closing(sqlite3.connect(folder / "tenants" / "default.db")) as base:
        return "\n".join(base.iterdump()) + "\n"


async def _ask(session: ClientSession, path: str, body: Any) -> None:
    async with session.post(path, json=body) as answer:
        answer.raise_for_status()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as work:
        made = asyncio.run(kept(Path(work) / "data"))
    Path(sys.argv[1]).write_bytes(gzip.compress(made.encode(), 9, mtime=0))
