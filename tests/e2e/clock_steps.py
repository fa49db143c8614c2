"""Step the clock under a running daemon: an hour back, then a day on, then an hour back again.

    pip download --no-deps libfaketime && unzip libfaketime-*.whl
    python -m tests.e2e.clock_steps --faketime …/libfaketime.so.1

Held: events and commands are taken all along; a job of the day that the step passed is run once, and not again after
the step back; no job fails; alerts and numbers stay in order; a stop and a start under the stepped clock lose nothing.
The machine's own clock is left alone, and durations go by the monotonic one.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from nocd.store.sqlite import sqlite3
from tests.e2e.daemon import DaemonProcess
from tests.e2e.disk_full import check
from tests.e2e.probe import Probe

HOUR_S = 3_600
DAILY = ("retention", "scorecard")
BEFORE_THEM_S = 3 * HOUR_S + 1_800  # 03:30 UTC: retention comes at 04:10, the scorecard at 06:00
SETTLES_WITHIN_S = 20.0


def runs(folder: Path) -> dict[str, int]:
    """Return how often each job of the day ran, and how often any failed."""
    with closing(sqlite3.connect(f"file:{folder / 'tenants' / 'default.db'}?mode=ro", uri=True)) as base:
        counted: dict[str, int] = dict(base.execute("SELECT job, count(*) FROM job_runs GROUP BY 1").fetchall())
        failed = base.execute("SELECT count(*) FROM job_runs WHERE outcome != 'ok'").fetchone()[0]
    return {name: counted.get(name, 0) for name in DAILY} | {"failed": int(failed)}


async def run(scratch: Path, faketime: Path) -> dict[str, Any]:
    """Run the whole story; return what was counted."""
    folder, stamp = scratch / "data", scratch / "clock"
    now_s = time.time()
    offset = BEFORE_THEM_S - now_s % 86_400

    def step(more_s: float) -> None:
        nonlocal offset
        offset += more_s
        stamp.write_text(f"{offset:+.0f}s\n")

    step(0)
    os.environ |= {
        "LD_PRELOAD": str(faketime),
        "FAKETIME_TIMESTAMP_FILE": str(stamp),
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_NO_CACHE": "1",
    }
    daemon = DaemonProcess(folder)
    await daemon.start()
    told: dict[str, Any] = {}
    async with aiohttp.ClientSession() as session:
        probe = Probe(daemon, session)
        await probe.post_for(2)
        told["before"] = runs(folder)
        for name, seconds in (("hour back", -HOUR_S), ("day on", 25 * HOUR_S), ("hour back again", -HOUR_S)):
            step(seconds)
            await probe.post_for(5)
            status, _ = await probe.ask("POST", "/v1/alerts/A-1/note", body=orjson.dumps({"text": name}))
            assert status == 200, (name, status)
            health = await probe.ask("GET", "/v1/health")
            assert health[1]["parts"]["jobs"]["state"] == "ok", health
            told[name] = await settled(folder, {job: int(name != "hour back") for job in DAILY})
        assert set(probe.told) == {"200"}, probe.told
        assert await daemon.stop() == 0
        await daemon.start()
        await probe.post_for(1)
        assert await daemon.stop() == 0
        assert runs(folder) == told["hour back again"], "a job ran again after the start"
        counted = await asyncio.to_thread(check, folder, probe.answered)
    return counted | {"jobs": told}


async def settled(folder: Path, expected: dict[str, int]) -> dict[str, int]:
    """Return how often jobs ran once that is as expected; raises AssertionError where it does not come to be."""
    ends = time.monotonic() + SETTLES_WITHIN_S
    while {name: runs(folder)[name] for name in DAILY} != expected:
        assert time.monotonic() < ends, (runs(folder), expected)
        await asyncio.sleep(0.2)
    found = runs(folder)
    assert found["failed"] == 0, found
    return found


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faketime", type=Path, required=True)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        print(orjson.dumps(asyncio.run(run(Path(scratch), asked.faketime))).decode())  # noqa: T201 - its output


if __name__ == "__main__":
    main()
