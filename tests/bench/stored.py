"""Tenants in this process, and databases that hold many events, written by the daemon's own pipeline and writer."""

from __future__ import annotations

import asyncio
import os
import shutil
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nocd.batch import Limits
from nocd.clock import monotonic_s, now_ms
from nocd.domain.instant import HOUR_MS
from nocd.metrics import Metrics
from nocd.tenant import Tenant, TenantLimits
from tests.bench.rows import note
from tests.bench.traffic import Traffic
from tests.build import crash, decoder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from nocd.domain.event import Event

BATCH = 1_000
WAITING_MAX = 20 * BATCH
WINDOW_MS = 2 * HOUR_MS
NEVER = 1_000_000_000


@dataclass(slots=True)
class Bench:
    """Where a run keeps its files, whether it is a quick one, and the large database its rows share."""

    folder: Path
    quick: bool
    traffic: Traffic = field(default_factory=Traffic)
    _large: Path | None = None

    def size(self, full: int, quick: int) -> int:
        """Return how much of something there is to be."""
        return quick if self.quick else full

    def fresh(self, name: str) -> Path:
        """Return an empty folder."""
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return folder

    @property
    def pairs(self) -> int:
        """Return how often a value is measured beside its limit."""
        return self.size(5, 1)

    @property
    def window_events(self) -> int:
        """Return how many events fill the windows of two hours."""
        return self.size(self.traffic.events_in(WINDOW_MS), 200)

    @property
    def large_events(self) -> int:
        """Return how many events the large database holds."""
        return self.size(1_000_000, 3_000)

    def large(self, target: Path) -> Path:
        """Copy the large database to `target`; it is written at the first call."""
        if self._large is None:
            self._large = self.fresh("large") / "default.db"
            note(f"writing {self.large_events} events once")
            asyncio.run(fill(self._large, self.traffic, self.large_events))
        shutil.copy(self._large, target)
        return target


@asynccontextmanager
async def tenant(path: Path, *, save_every_events: int = Limits().save_every_events) -> AsyncIterator[Tenant]:
    """Open a tenant on a file; it is closed well."""
    limits = TenantLimits(pipeline=Limits(save_every_events=save_every_events))
    opened = await Tenant.open(
        "default", path, metrics=Metrics(), limits=limits, now_ms=now_ms, monotonic_s=monotonic_s
    )
    try:
        yield opened
    finally:
        await opened.close()


def decoded(lines: list[bytes]) -> list[Event]:
    """Return lines as the daemon takes them in now."""
    decode, now = decoder(), now_ms()
    return [decode.line(line, received_at=now, source="bench") for line in lines]


async def post(opened: Tenant, lines: list[bytes]) -> float:
    """Store events as fast as they are taken; return the seconds it took, decoding apart."""
    seconds = 0.0
    for first in range(0, len(lines), WAITING_MAX):
        waiting = decoded(lines[first : first + WAITING_MAX])
        began = monotonic_s()
        await asyncio.gather(*(opened.post(waiting[at : at + BATCH]) for at in range(0, len(waiting), BATCH)))
        seconds += monotonic_s() - began
    return seconds


async def fill(path: Path, traffic: Traffic, count: int) -> None:
    """Write the directory and `count` events to a new file."""
    async with tenant(path) as opened:
        for lines in traffic.directory():
            await post(opened, lines)
        for start in range(0, count, WAITING_MAX):
            await post(opened, traffic.lines(min(WAITING_MAX, count - start)))


async def lag(path: Path, traffic: Traffic, count: int) -> None:
    """Add `count` events whose state is not saved, and end as a kill would."""
    async with tenant(path):
        pass  # saved to the end
    limits = TenantLimits(pipeline=Limits(save_every_events=NEVER))
    opened = await Tenant.open(
        "default", path, metrics=Metrics(), limits=limits, now_ms=now_ms, monotonic_s=monotonic_s
    )
    await post(opened, traffic.lines(count))
    await crash(opened)


def forget_pages(path: Path) -> None:
    """Drop a file from the page cache, so that whoever reads it next reads the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
