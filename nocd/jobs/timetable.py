"""The table of jobs that run now, and the upkeep they carry out."""

from __future__ import annotations

import asyncio
import logging
import os
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from nocd import log
from nocd.detect.failures import JOB_FAILED
from nocd.domain.change import Change
from nocd.domain.command import Command
from nocd.errors import NocdError, StateError, StorageFull
from nocd.jobs.retention import Keep, retain
from nocd.jobs.scheduler import Job
from nocd.jobs.tuning import Budget, tune_thresholds
from nocd.store import queries
from nocd.store.rows import JobRun

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from nocd.jobs.scheduler import Ran
    from nocd.metrics import Metrics
    from nocd.tenant import Tenant

REST_AFTER_ROUNDS = 5


class FeedStats(Protocol):
    """What the feed tells about its clients."""

    @property
    def clients(self) -> int:
        """Return how many listen."""
        ...

    @property
    def backlog(self) -> int:
        """Return how many changes wait for slow ones."""
        ...

    @property
    def lagged(self) -> int:
        """Return how many were cut for being too slow."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class UpkeepLimits:
    """How much room must stay, how long the log may grow, how long rows are kept, how many false findings may be."""

    min_free_bytes: int
    wal_max_bytes: int
    keep: Keep
    budget: Budget = field(default_factory=Budget)


@dataclass(slots=True, kw_only=True)
class Upkeep:
    """Looks after every tenant: time, room, write-ahead log, retention; and knows each part's state."""

    tenants: Mapping[str, Tenant]
    folder: Path
    metrics: Metrics
    settings: UpkeepLimits
    feed_stats: Callable[[], FeedStats]
    flush_tokens: Callable[[], None]
    now_ms: Callable[[], int]
    _failed: dict[str, str] = field(default_factory=dict)
    _in_a_row: Counter[str] = field(default_factory=Counter)
    _asking: set[asyncio.Task[None]] = field(default_factory=set)
    _full: str = ""
    _broken: dict[str, str] = field(default_factory=dict)
    _damaged: dict[str, str] = field(default_factory=dict)
    _still: dict[str, tuple[int, int]] = field(default_factory=dict)

    async def pass_time(self) -> str:
        """Let every tenant's deadlines come up."""
        now = self.now_ms()
        for tenant in self.tenants.values():
            tenant.pipeline.tick(now)
        return ""

    async def keep_house(self) -> str:
        """Watch the disk, repair what broke, use quiet moments, measure."""
        await self.guard_disk()
        for name, tenant in list(self.tenants.items()):
            self._watch(name, tenant)
            if tenant.pipeline.broken is not None or self._rests(name, tenant):
                tenant.pipeline.rest()
            await self._checkpoint(name, tenant)
        await self._measure()
        return ""

    async def guard_disk(self) -> None:
        """Refuse new events while the disk has too little room; take them again as soon as it has."""
        room = await asyncio.to_thread(os.statvfs, self.folder)
        free = room.f_bavail * room.f_frsize
        least = min(self.settings.min_free_bytes, room.f_blocks * room.f_frsize // 20)
        full = f"{free} bytes are free, {least} must stay free: new events are refused" if free < least else ""
        if bool(full) != bool(self._full):
            self._tell("disk", full)
        self._full = full
        for tenant in self.tenants.values():
            tenant.pipeline.refusal = StorageFull(full) if full else None

    async def tune(self) -> str:
        """Let every threshold follow what its alerts turned out to be."""
        told = [
            f"{name}: {await tune_thresholds(tenant, budget=self.settings.budget, now=self.now_ms())}"
            for name, tenant in list(self.tenants.items())
        ]
        return "; ".join(told)

    async def retain(self) -> str:
        """Let go of what is past its time."""
        told = []
        for name, tenant in list(self.tenants.items()):
            done = await retain(tenant.store, self.settings.keep, now=self.now_ms(), saved_to=tenant.pipeline.saved_to)
            told.append(f"{name}: {done}")
        await asyncio.to_thread(self.flush_tokens)
        return "; ".join(told)

    async def check_integrity(self) -> str:
        """Have SQLite check every file, on a reader; what is damaged is degraded from then."""
        for name, tenant in list(self.tenants.items()):
            found = await tenant.store.read(queries.quick_check)
            self._note(self._damaged, name, "" if found == "ok" else found)
        if self._damaged:
            raise StateError(f"{_listed(self._damaged)}; restore a backup", code="corrupt_database")
        return f"{len(self.tenants)} sound"

    def told(self, ran: Ran) -> None:
        """Hear of a job's run: measured always, on the feed and in the log where it matters."""
        self.metrics.job_seconds.labels(ran.job).observe(ran.seconds)
        former = self._failed.pop(ran.job, None)
        if ran.ok:
            self.metrics.job_success.labels(ran.job).set(self.now_ms() / 1_000)
            del self._in_a_row[ran.job]
        else:
            self._failed[ran.job] = ran.detail
            self._accuse(ran)
        if ran.quiet and former == self._failed.get(ran.job):
            return  # it runs all the time: told is what is new
        now, data = self.now_ms(), ran.told()
        row = JobRun(started=now - round(ran.seconds * 1_000), **data)
        for tenant in self.tenants.values():
            tenant.pipeline.announce(Change(type="job_finished", time=now, data=data), row)

    def _accuse(self, ran: Ran) -> None:
        """Make a failed run a finding of every tenant; a job that fails each second is told once until it is well."""
        self._in_a_row[ran.job] += 1
        failures = self._in_a_row[ran.job]
        if ran.quiet and failures > 1:
            return
        asked = Command(
            verb=JOB_FAILED,
            target=ran.job,
            actor="nocd",
            time=self.now_ms(),
            args={"detail": ran.detail, "failures": failures},
        )
        for name, tenant in self.tenants.items():
            task = asyncio.create_task(_ask(tenant, asked), name=f"job-failed-{name}")
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)

    def parts(self) -> dict[str, dict[str, Any]]:
        """Return each part's state, `ok` or `degraded`, with why."""
        stats = self.feed_stats()
        return {
            "disk": _part(self._full),
            "store": _part(_listed(self._broken, self._damaged)),
            "jobs": _part(_listed(self._failed)),
            "feed": {**_part(""), "clients": stats.clients, "backlog": stats.backlog, "lagged": stats.lagged},
        }

    def _watch(self, name: str, tenant: Tenant) -> None:
        broken = tenant.pipeline.broken
        self._note(self._broken, name, "" if broken is None else broken.detail)

    def _note(self, faults: dict[str, str], name: str, detail: str) -> None:
        """Keep what is wrong with a tenant's store, or that it is well again; tell where that is new."""
        former = faults.pop(name, "")
        if detail:
            faults[name] = detail
        if bool(former) != bool(detail):
            self._tell("store", _listed(self._broken, self._damaged))

    def _tell(self, part: str, detail: str) -> None:
        state = "degraded" if detail else "ok"
        log.event("part_changed", level=logging.WARNING if detail else logging.INFO, part=part, state=state)
        data = {"part": part, "state": state, "detail": detail or "well again"}
        for tenant in self.tenants.values():
            tenant.pipeline.announce(Change(type="system_state", time=self.now_ms(), data=data))

    def _rests(self, name: str, tenant: Tenant) -> bool:
        """Tell whether nothing came in for some rounds, so that saving what lags disturbs nobody."""
        last_no, rounds = self._still.get(name, (-1, 0))
        rounds = rounds + 1 if tenant.pipeline.last_no == last_no else 0
        self._still[name] = (tenant.pipeline.last_no, rounds)
        return rounds >= REST_AFTER_ROUNDS and tenant.pipeline.saved_to < tenant.pipeline.last_no

    async def _checkpoint(self, name: str, tenant: Tenant) -> None:
        idle = tenant.pipeline.idle and self._still.get(name, (0, 0))[1] == 1
        size = await tenant.store.wal_bytes()
        if idle or size > self.settings.wal_max_bytes:
            await tenant.store.checkpoint(wal_max_bytes=self.settings.wal_max_bytes)

    async def _measure(self) -> None:
        stats = self.feed_stats()
        self.metrics.feed_clients.set(stats.clients)
        self.metrics.feed_backlog.set(stats.backlog)
        self.metrics.feed_lagged.set(stats.lagged)
        sizes = await asyncio.to_thread(_sizes, [tenant.store.path for tenant in self.tenants.values()])
        self.metrics.database_bytes.set(sizes[0])
        self.metrics.wal_bytes.set(sizes[1])


def timetable(upkeep: Upkeep) -> list[Job]:
    """Return the jobs that run now."""
    return [
        Job(name="expiries", run=upkeep.pass_time, every_s=1, limit_s=0.5, quiet=True),
        Job(name="upkeep", run=upkeep.keep_house, every_s=1, limit_s=5, quiet=True),
        Job(name="retention", run=upkeep.retain, at="04:10", limit_s=600),
        Job(name="tuning", run=upkeep.tune, at="03:00", day="sun", limit_s=1_800),
        Job(name="integrity", run=upkeep.check_integrity, at="05:00", day="sun", limit_s=1_800, quiet=True),
    ]


async def _ask(tenant: Tenant, asked: Command) -> None:
    """Have a tenant know of a failure; one that cannot commit now is told by its own state."""
    with suppress(NocdError):
        await tenant.ask(asked)


def _listed(*faults: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {detail}" for each in faults for name, detail in each.items())


def _part(detail: str) -> dict[str, Any]:
    return {"state": "degraded" if detail else "ok", "detail": detail}


def _sizes(paths: list[Path]) -> tuple[int, int]:
    wals = [path.with_name(f"{path.name}-wal") for path in paths]
    return _total(paths), _total(wals)


def _total(paths: list[Path]) -> int:
    return sum(path.stat().st_size for path in paths if path.exists())
