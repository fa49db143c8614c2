"""Restart the daemon again and again behind a socket that outlives it, as systemd's does, while callers keep coming.

    python -m tests.e2e.handover --restarts 5

Held: no caller is refused; a connection made while no daemon runs waits, and is answered by the next. Whoever a stop
cuts off before its answer (printed, with the code 0) tries again, which an event's id makes safe. Nothing answered is
lost, nothing stored twice.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from nocd.store.folder import Folder
from tests.e2e.daemon import DaemonProcess
from tests.e2e.disk_full import check
from tests.e2e.probe import Probe
from tests.e2e.test_service import HANDED_OVER

BETWEEN_S = 1.5
CALLERS = 8


async def serving(handed: socket.socket, folder: Path) -> asyncio.subprocess.Process:
    """Return a daemon that serves the socket it is handed, once it takes events."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", HANDED_OVER, str(handed.fileno()), str(folder)),
        pass_fds=(handed.fileno(),),
        env={**os.environ, "LISTEN_FDS": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    assert await asyncio.wait_for(process.stdout.readline(), 30)
    return process


async def call(probe: Probe, until: asyncio.Event) -> None:
    """Post over a new connection each time."""
    while not until.is_set():
        async with aiohttp.ClientSession() as probe.session:
            await probe.post()


async def run(folder: Path, restarts: int) -> dict[str, Any]:
    """Run the whole story; return what was counted."""
    stops_s, over = [], asyncio.Event()
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0), backlog=512) as handed:
        daemon = DaemonProcess(folder, url=f"http://127.0.0.1:{handed.getsockname()[1]}")
        process = await serving(handed, folder)
        probes = [Probe(daemon, session=None, prefix=f"c{number}-") for number in range(CALLERS)]  # type: ignore[arg-type]  # one a call
        calling = [asyncio.create_task(call(probe, over)) for probe in probes]
        for _ in range(restarts):
            await asyncio.sleep(BETWEEN_S)
            began = loop.time()
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 15) == 0
            stops_s.append(loop.time() - began)
            process = await serving(handed, folder)
        over.set()
        await asyncio.gather(*calling)
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    told: dict[str, int] = {}
    for said, count in (item for probe in probes for item in probe.told.items()):
        told[said] = told.get(said, 0) + count
    assert "0 ClientConnectorError" not in told, told
    counted = await asyncio.to_thread(check, folder, {name for probe in probes for name in probe.answered})
    return counted | {"told": told, "restarts": restarts, "slowest_stop_s": round(max(stops_s), 2)}


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--restarts", type=int, default=5)
    restarts = parser.parse_args().restarts
    with tempfile.TemporaryDirectory() as scratch:
        folder = Folder(Path(scratch) / "data").create()
        print(orjson.dumps(asyncio.run(run(folder.root, restarts))).decode())  # noqa: T201 - its output


if __name__ == "__main__":
    main()
