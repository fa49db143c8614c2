"""Break the disk under a running daemon, by strace: fsync fails now and then, or nothing can be written at all.

    python -m tests.e2e.disk_errors fsync     # every fifth fsync or fdatasync fails with EIO for 6 s
    python -m tests.e2e.disk_errors read-only # every write fails with EROFS for 6 s; then a start on a read-only disk

Held: what was answered 200 is stored once; what was not is refused with 503 or 507, never with success; reads go on,
health says `store` is degraded; within 5 s of the end of it events are taken again. A start on a read-only disk ends by
itself, with exit code 1 and a sentence. Needs strace and leave to trace; `read-only` needs leave to mount.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import orjson

from tests.e2e.daemon import DaemonProcess
from tests.e2e.disk_full import check, small_disk
from tests.e2e.probe import Probe

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

LASTS_S = 6.0
RESUMES_WITHIN_S = 5.0
FAULTS = {
    "fsync": ("fsync,fdatasync", "error=EIO:when=2+5"),
    "read-only": ("pwrite64,ftruncate,fallocate,unlink", "error=EROFS"),
}
REFUSED = {"503 store_failing", "503 unavailable", "503 engine_failed", "507 storage_full"}


@contextlib.asynccontextmanager
async def broken(pid: int, fault: str) -> AsyncIterator[None]:
    """Have system calls of a process fail while the context lasts."""
    calls, how = FAULTS[fault]
    tracing = await asyncio.create_subprocess_exec(
        *("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}", "-e", f"inject={calls}:{how}"),
        *("-p", str(pid)),
        stderr=asyncio.subprocess.PIPE,
    )
    await asyncio.sleep(0.5)
    assert tracing.returncode is None, (await tracing.communicate())[1]
    try:
        yield
    finally:
        tracing.terminate()
        await tracing.wait()


async def run(folder: Path, fault: str) -> dict[str, Any]:
    """Run the whole story in `folder`; return what was counted."""
    daemon = DaemonProcess(folder)
    await daemon.start()
    async with aiohttp.ClientSession() as session:
        probe = Probe(daemon, session)
        await probe.post_for(1)
        assert daemon.process is not None
        states = set()
        async with broken(daemon.process.pid, fault):
            for _ in range(6):
                await probe.post_for(LASTS_S / 6)
                states.add(await probe.part("store"))
                assert (await probe.ask("GET", "/v1/alerts?limit=5"))[0] == 200
        resumed_s = await probe.well_within(RESUMES_WITHIN_S)
        await probe.post_for(1)
        assert set(probe.told) - {"200"} <= REFUSED, probe.told
        assert len(probe.told) > 1, "the fault was never met"
        assert await daemon.stop() == 0
        counted = await asyncio.to_thread(check, folder, probe.answered)
    return counted | {"told": dict(probe.told), "store": sorted(states), "resumed_s": resumed_s}


def start_read_only(place: Path) -> dict[str, Any]:
    """Start a daemon on a disk that was remounted read-only; return how it ended."""
    with small_disk(place) as disk:
        folder = disk / "data"
        subprocess.run((sys.executable, "-m", "nocd", "tokens", "list", "--data-dir", folder), check=True)
        subprocess.run(("mount", "-o", "remount,ro", disk), check=True)
        serve = ("serve", "--data-dir", folder, "--listen", "127.0.0.1:0")
        ended = subprocess.run(
            (sys.executable, "-m", "nocd", *serve), capture_output=True, text=True, timeout=30, check=False
        )
        assert ended.returncode == 1, ended
        assert "Traceback" not in ended.stderr, ended.stderr
        return {"exit": ended.returncode, "said": ended.stderr.strip().splitlines()[-1][:200]}


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("fault", choices=[*FAULTS])
    fault = parser.parse_args().fault
    with tempfile.TemporaryDirectory() as scratch:
        told = asyncio.run(run(Path(scratch) / "data", fault))
        if fault == "read-only":
            told["start"] = start_read_only(Path(scratch) / "disk")
    print(orjson.dumps(told).decode())  # noqa: T201 - its output


if __name__ == "__main__":
    main()
