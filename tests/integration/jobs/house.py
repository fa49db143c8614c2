"""An upkeep over one tenant on a real file, with a disk and a clock that are wound by hand."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson

from nocd.jobs.retention import Keep
from nocd.jobs.timetable import Upkeep, UpkeepLimits
from nocd.metrics import Metrics
from nocd.store import queries
from nocd.tenant import Tenant
from tests.build import Clock, Opened, event

MIB = 1_048_576


@dataclass(slots=True)
class Disk:
    """What `statvfs` says of a disk of 1 GiB."""

    free: int = 512 * MIB
    total: int = 1_024 * MIB

    def __call__(self, _path: object) -> os.statvfs_result:
        block = 4_096
        blocks, free = self.total // block, self.free // block
        return os.statvfs_result((block, block, blocks, free, free, 0, 0, 0, 0, 255))


@dataclass(slots=True)
class Stats:
    """What the feed tells about its clients."""

    clients: int = 3
    backlog: int = 5
    lagged: int = 7


@dataclass(slots=True, kw_only=True)
class House:
    """A tenant, who looks after it, and what was put on its feed."""

    tenant: Tenant
    upkeep: Upkeep
    clock: Clock
    disk: Disk
    flushed: list[int] = field(default_factory=list)

    async def told(self, kind: str) -> list[dict[str, Any]]:
        """Return the data of every change of a kind that was announced until now."""
        pipeline = self.tenant.pipeline
        refusal, pipeline.refusal = pipeline.refusal, None
        await self.tenant.post([event("noc.sample", at=self.clock.now, metric="barrier", value=1.0)])
        pipeline.refusal = refusal
        changes = [orjson.loads(change.body) for change in await self.tenant.log.read(0, limit=100_000)]
        return [change["data"] for change in changes if change["type"] == kind]

    async def retained(self) -> str:
        """Let go of what is past its time; return what the tenant is told of it."""
        part = (await self.upkeep.retain()).parts["default"]
        assert part.ok, part
        return part.detail

    async def count(self, table: str) -> int:
        return int(
            await self.tenant.store.read(lambda base: base.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
        )

    async def numbers(self) -> tuple[int, int]:
        """Return the newest input and change numbers, as stored."""
        newest = await self.tenant.store.read(lambda base: base.execute("SELECT max(no) FROM inputs").fetchone()[0])
        return int(newest or 0), (await self.tenant.store.read(queries.bounds))[1]


@asynccontextmanager
async def kept(opened: Opened, *, keep: Keep | None = None, wal_max_bytes: int = 64 * MIB) -> AsyncIterator[House]:
    """Open the house while the context lasts."""
    async with opened.tenant() as tenant:
        flushed: list[int] = []
        upkeep = Upkeep(
            tenants={"default": tenant},
            folder=opened.path.parent,
            metrics=Metrics(),
            settings=UpkeepLimits(min_free_bytes=64 * MIB, wal_max_bytes=wal_max_bytes, keep=keep or Keep()),
            feed_stats=Stats,
            flush_tokens=lambda: flushed.append(1),
            now_ms=opened.clock,
        )
        yield House(tenant=tenant, upkeep=upkeep, clock=opened.clock, disk=Disk(), flushed=flushed)
