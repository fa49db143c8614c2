"""A real daemon in a process of its own, and what it uses of the machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

_TICKS = os.sysconf("SC_CLK_TCK")
_SERVE = ("serve", "--json", "--listen", "127.0.0.1:0")


@dataclass(slots=True)
class Daemon:
    """`nocd serve` on a folder, as a context; `ready_s` is from the start of the process to its ready line.

    With a `clock` it is the clock in that file that it goes by.
    """

    folder: Path
    settings: tuple[str, ...] = ()
    clock: Path | None = None
    ready_s: float = 0.0
    address: tuple[str, int] = ("", 0)
    _process: subprocess.Popen[bytes] = field(init=False)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start, and return once it takes events."""
        began = time.perf_counter()
        program = ("nocd",) if self.clock is None else ("tests.bench.wound", str(self.clock))
        arguments = [part for setting in self.settings for part in ("--set", setting)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *program, *_SERVE, "--data-dir", str(self.folder), *arguments],
                stdout=subprocess.PIPE,
                stderr=log,
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        self.ready_s = time.perf_counter() - began
        assert line, self.log.read_text()[-4_000:]
        host, _, port = json.loads(line)["url"].removeprefix("http://").partition(":")
        self.address = (host, int(port))

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it, well or by SIGKILL."""
        self._process.send_signal(how)
        self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()

    @property
    def log(self) -> Path:
        """Return the file its log goes to."""
        return self.folder.with_name(f"{self.folder.name}.log")

    @property
    def database(self) -> Path:
        """Return the file of the default tenant."""
        return self.folder / "tenants" / "default.db"

    def token(self, role: str) -> str:
        """Return the first token of a role."""
        return (self.folder / f"{role}.token").read_text().strip()

    def cpu_s(self) -> float:
        """Return the CPU seconds used so far by all threads, to a hundredth."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def rss_mb(self) -> float:
        """Return the resident memory now."""
        status = Path(f"/proc/{self._process.pid}/status").read_text("ascii")
        return int(status.partition("VmRSS:")[2].split()[0]) / 1_024
