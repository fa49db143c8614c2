"""Cut the power under load, by a file system that forgets what was not fsynced, and see that nothing answered is lost.

    python -m tests.e2e.power --powerfs POWERFS.py --cuts 20

Needs root, fuse3 and mfusepy (in the Python that `--python` names). Each round starts on the disk the last cut left.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import shutil
import tempfile
from pathlib import Path
from typing import Any

from tests.build import until
from tests.e2e.daemon import DaemonProcess
from tests.e2e.kill import WORKERS, Load, check


async def run(scratch: Path, *, powerfs: Path, python: str, cuts: int, seed: int) -> dict[str, Any]:
    """Run the whole story; return what was counted, raise AssertionError where a promise broke."""
    chance = random.Random(seed)
    mount, live, durable = scratch / "mount", scratch / "live", scratch / "durable"
    answered: set[str] = set()
    data = scratch / "data"
    data.mkdir(mode=0o700)
    (data / "tenants").symlink_to(mount)  # only the databases: such a file system holds no sockets
    for cut in range(cuts):
        shutil.rmtree(live, ignore_errors=True)
        if durable.exists():
            shutil.copytree(durable, live)
        disk = await asyncio.create_subprocess_exec(python, str(powerfs), str(mount), str(live), str(durable))
        await until(mount.is_mount)
        daemon = DaemonProcess(data)
        await daemon.start()
        load = Load(daemon, seed * 1_000 + cut, prefix=f"c{cut}-")
        posting = [asyncio.create_task(load.post_for_ever(worker)) for worker in range(WORKERS)]
        await asyncio.sleep(chance.uniform(0.5, 2.0))
        await daemon.kill()
        for task in posting:
            task.cancel()
        await asyncio.gather(*posting, return_exceptions=True)
        unmount = await asyncio.create_subprocess_exec("umount", "-l", str(mount))
        await unmount.wait()
        await asyncio.wait_for(disk.wait(), 10)
        answered |= load.answered
    shutil.copytree(durable, scratch / "after" / "tenants")
    daemon = DaemonProcess(scratch / "after")
    await daemon.start()
    assert await daemon.stop() == 0
    return check(scratch / "after", answered) | {"cuts": cuts}


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--powerfs", type=Path, required=True)
    parser.add_argument("--python", default="python3")
    parser.add_argument("--cuts", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        work = run(Path(scratch), powerfs=asked.powerfs, python=asked.python, cuts=asked.cuts, seed=asked.seed)
        print(json.dumps(asyncio.run(work)))  # noqa: T201 - its output


if __name__ == "__main__":
    main()
