"""A real daemon in a process of its own, to be started, killed and asked."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(slots=True)
class DaemonProcess:
    """`nocd serve` on a folder; the port stays the same over restarts; it goes by the `clock` in a file, if any."""

    folder: Path
    more: tuple[str, ...] = ()
    clock: Path | None = None
    url: str = ""
    process: asyncio.subprocess.Process | None = None
    ready_s: list[float] = field(default_factory=list)

    async def start(self) -> str:
        """Start, and return the URL once events are taken."""
        listen = self.url.removeprefix("http://") or "127.0.0.1:0"
        loop = asyncio.get_running_loop()
        began = loop.time()
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", *self._nocd, "serve", "--json"),
                *("--data-dir", str(self.folder), "--listen", listen),
                *self.more,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        assert self.process.stdout is not None
        line = await asyncio.wait_for(self.process.stdout.readline(), 30)
        assert line, self.log.read_text()[-4_000:]
        self.ready_s.append(loop.time() - began)
        self.url = json.loads(line)["url"]
        return self.url

    @property
    def _nocd(self) -> tuple[str, ...]:
        return ("nocd",) if self.clock is None else ("tests.bench.wound", str(self.clock))

    @property
    def log(self) -> Path:
        """Return the file it logs to, beside its folder."""
        return self.folder.with_suffix(".log")

    def token(self, role: str) -> str:
        """Return the first token of a role."""
        return (self.folder / f"{role}.token").read_text().strip()

    async def kill(self) -> None:
        """Kill it as a power cut of the process would."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()

    async def stop(self) -> int:
        """Stop it as a service manager would, and return its exit code."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), 15)
