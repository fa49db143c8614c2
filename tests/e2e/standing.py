"""Work a queue of a hundred thousand open alerts, and see how long a status change and a page take.

    python -m tests.e2e.standing --alerts 100000

Prints milliseconds: p50 and p99 of single commands, of pages of 100 (first and deep), and how many alerts stand.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import Any

import aiohttp

from tests.e2e.daemon import DaemonProcess

BATCH = 1_000
SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW")


def firing(number: int) -> dict[str, Any]:
    """Return an outside alert like no other."""
    severity = SEVERITIES[number % 97 % 4]
    data = {"alert_type": f"check-{number % 40}", "severity": severity, "status": "firing", "message": "went off"}
    more = {
        "entity_type": "camera",
        "entity_id": f"cam-{number}",
        "site": f"S{number % 900}",
        "dedup_key": f"k{number}",
    }
    return {"id": f"e{number}", "source": "/standing", "type": "noc.alert", "data": {**data, **more}}


async def timed(session: aiohttp.ClientSession, method: str, path: str, **more: Any) -> tuple[float, Any]:
    """Return (milliseconds, body) of a request that must succeed."""
    began = perf_counter()
    async with session.request(method, path, **more) as answer:
        body = await answer.json()
        assert answer.status == 200, body
    return (perf_counter() - began) * 1_000, body


async def worked(session: aiohttp.ClientSession, ids: list[str]) -> list[float]:
    """Acknowledge, assign, note and resolve alerts one after another; return the milliseconds of each."""
    acts = {"ack": {}, "assign": {"assignee": "mara"}, "note": {"text": "seen"}, "resolve": {"verdict": "benign"}}
    return [
        (await timed(session, "POST", f"/v1/alerts/{alert}/{verb}", json=args))[0]
        for alert in ids
        for verb, args in acts.items()
    ]


async def pages(session: aiohttp.ClientSession, count: int) -> tuple[list[float], list[str]]:
    """Walk `count` pages of the queue; return the milliseconds of each, and the ids on them."""
    took, ids, cursor = [], [], None
    for _ in range(count):
        params = {"limit": "100", **({"cursor": cursor} if cursor else {})}
        ms, body = await timed(session, "GET", "/v1/alerts", params=params)
        took.append(ms)
        ids += [alert["id"] for alert in body["items"]]
        cursor = body["cursor"]
    return took, ids


async def run(scratch: Path, *, alerts: int, acts: int) -> dict[str, Any]:
    """Open `alerts` alerts in a daemon of their own, then work on some of them."""
    settings = scratch / "nocd.toml"
    settings.write_text(f"alerts_open_max = {alerts * 2}\ncommands_per_minute = 100_000\n")
    daemon = DaemonProcess(scratch / "data", more=("--config", str(settings)))
    await daemon.start()
    headers = {"Authorization": f"Bearer {daemon.token('admin')}"}
    async with aiohttp.ClientSession(daemon.url, headers=headers) as session:
        for first in range(0, alerts, BATCH):
            lines = b"\n".join(json.dumps(firing(number)).encode() for number in range(first, first + BATCH))
            await timed(session, "POST", "/v1/events", data=lines, headers={"Content-Type": "application/x-ndjson"})
        page_ms, ids = await pages(session, 60)
        command_ms = await worked(session, ids[:: max(1, len(ids) // (acts // 4))][: acts // 4])
        page_ms += (await pages(session, 40))[0]
        _, snapshot = await timed(session, "GET", "/v1/snapshot")
    assert await daemon.stop() == 0
    return {
        "standing": sum(snapshot["counts"].values()),
        "commands": len(command_ms),
        "command_p50_ms": round(quantiles(command_ms, n=100)[49], 2),
        "command_p99_ms": round(quantiles(command_ms, n=100)[98], 2),
        "pages": len(page_ms),
        "page_p50_ms": round(quantiles(page_ms, n=100)[49], 2),
        "page_p99_ms": round(quantiles(page_ms, n=100)[98], 2),
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alerts", type=int, default=100_000)
    parser.add_argument("--acts", type=int, default=400)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        told = asyncio.run(run(Path(scratch), alerts=asked.alerts, acts=asked.acts))
    print(json.dumps(told))  # noqa: T201 - what it is for


if __name__ == "__main__":
    main()
