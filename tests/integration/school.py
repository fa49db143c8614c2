"""A tenant on a real file, who trains its models, and what came of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from ml.registry import Registry
from nocd.fraud import steps
from nocd.store import training as stored
from nocd.store.folder import Folder
from nocd.tenant import Tenant
from nocd.training import Training
from tests.build import Clock, Opened, event
from tests.integration.build_scores import NOW


@dataclass(slots=True, kw_only=True)
class School:
    """A tenant, who trains its models, and which tenants' models are new."""

    tenant: Tenant
    training: Training
    clock: Clock
    heard: list[str] = field(default_factory=list)

    @property
    def registry(self) -> Registry:
        return Registry(self.training.folder.tenant_models("default"))

    @property
    def left(self) -> list[Path]:
        """Return the files of rows that are there."""
        return [*self.training.folder.models.glob(".rows-*")]

    def writes(self) -> bool:
        """Tell whether a child has begun to write its model."""
        return (self.registry.folder / ".lock").exists()

    def lives(self, child: int) -> bool:
        """Tell whether a process is there."""
        return Path(f"/proc/{child}").exists()

    async def retrain(self) -> str:
        return await self.training.retrain("default", self.tenant)

    async def look(self) -> str:
        return await self.training.look("default", self.tenant)

    async def steps(self) -> list[tuple[str, str | None]]:
        """Return kind and version of each step, in order."""
        past = await self.tenant.store.read(stored.steps)
        return [(step.kind, step.version) for step in reversed(past)]

    async def last(self) -> dict[str, Any]:
        """Return the figures of the newest step."""
        return (await self.tenant.store.read(stored.steps))[0].body

    async def told(self) -> list[str]:
        """Return the types of what the feed told of models and drift; the daemon takes events as ever."""
        posted = await self.tenant.post([event("noc.sample", at=self.clock.now, metric="queue", value=1.0)])
        assert posted.accepted == 1
        changes = [orjson.loads(change.body) for change in await self.tenant.log.read(0, limit=1_000)]
        return [each["type"] for each in changes if each["type"] in steps.KINDS]


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[School]:
    """Open a school in a folder of its own while the context lasts."""
    clock, heard = Clock(now=NOW), list[str]()

    async def changed(name: str) -> None:
        heard.append(name)

    async with Opened(folder / "t.db", clock=clock).tenant() as tenant:
        training = Training(folder=Folder(folder), now_ms=clock, changed=changed)
        yield School(tenant=tenant, training=training, clock=clock, heard=heard)
