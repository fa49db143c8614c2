"""The table of jobs that run now, and the upkeep they carry out."""

from __future__ import annotations

import asyncio
import logging
import os
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from nocd import log
from nocd.domain.change import Change
from nocd.domain.command import HEARTBEAT, Command
from nocd.errors import StateError, StorageFull
from nocd.jobs.kpis import Refresh
from nocd.jobs.report import Report, each
from nocd.jobs.retention import Keep, retain
from nocd.jobs.reviews import put_up
from nocd.jobs.runs import Runs, nameless
from nocd.jobs.scheduler import Job
from nocd.jobs.scorecard import score_day
from nocd.jobs.tuning import Budget, tune_thresholds
from nocd.store import queries
from nocd.store.audit import check as check_trail
from nocd.store.audit import walked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from nocd.jobs.report import Ran
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
    """How much room must stay, how long the log may grow, how long rows are kept, how many false findings may be.

    With `kpi_samples` the key figures are samples that baselines watch.
    """

    min_free_bytes: int
    wal_max_bytes: int
    keep: Keep
    budget: Budget = field(default_factory=Budget)
    kpi_samples: bool = False


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
    flush_refusals: Callable[[], None] = lambda: None
    others: Callable[[], dict[str, dict[str, Any]]] = dict
    figures: Refresh = field(init=False)
    runs: Runs = field(init=False)
    _full: str = ""
    _broken: dict[str, str] = field(default_factory=dict)
    _damaged: dict[str, str] = field(default_factory=dict)
    _still: dict[str, tuple[int, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Hear of the runs of jobs for the same tenants."""
        self.figures = Refresh(samples=self.settings.kpi_samples)
        self.runs = Runs(tenants=self.tenants, metrics=self.metrics, now_ms=self.now_ms)

    async def pass_time(self) -> Report:
        """Let every tenant's deadlines come up."""
        now = self.now_ms()

        async def tick(_: str, tenant: Tenant) -> str:
            tenant.pipeline.tick(now)
            return ""

        return await each(self.tenants, tick)

    async def say_alive(self) -> Report:
        """Let every tenant know that the daemon lives: what it did not hear meanwhile was never sent."""
        now = self.now_ms()

        async def beat(name: str, tenant: Tenant) -> str:
            await tenant.ask(Command(verb=HEARTBEAT, target=name, actor="nocd", time=now))
            return ""

        return await each(self.tenants, beat)

    async def keep_house(self) -> Report:
        """Watch the disk, repair what broke, use quiet moments, measure."""
        await self.guard_disk()

        async def keep(name: str, tenant: Tenant) -> str:
            self._watch(name, tenant)
            if tenant.pipeline.broken is not None or self._rests(name, tenant):
                tenant.pipeline.rest()
            await self._checkpoint(name, tenant)
            return ""

        report = await each(self.tenants, keep)
        await asyncio.to_thread(self.flush_refusals)
        await self._measure()
        return report

    async def guard_disk(self) -> None:
        """Refuse new events while the disk has too little room; take them again as soon as it has."""
        room = await asyncio.to_thread(os.statvfs, self.folder)
        free = room.f_bavail * room.f_frsize
        least = min(self.settings.min_free_bytes, room.f_blocks * room.f_frsize // 20)
        full = f"{free} bytes are free, {least} must stay free: new events are refused" if free < least else ""
        if bool(full) != bool(self._full):
            self._tell("disk", full, among=self.tenants)
        self._full = full
        for tenant in self.tenants.values():
            tenant.pipeline.refusal = StorageFull(full) if full else None

    async def refresh(self) -> Report:
        """Keep and tell every tenant's key figures."""
        now = self.now_ms()

        async def refresh(_: str, tenant: Tenant) -> str:
            return await self.figures.run(tenant, now=now)

        return await each(self.tenants, refresh)

    async def score(self) -> Report:
        """Judge the day before for every tenant's clients."""
        now = self.now_ms()

        async def score(_: str, tenant: Tenant) -> str:
            return await score_day(tenant, now=now)

        return await each(self.tenants, score)

    async def review(self) -> Report:
        """Put up for review what a model is to learn from beside its alerts."""
        now = self.now_ms()

        async def review(_: str, tenant: Tenant) -> str:
            return await put_up(tenant, now=now)

        return await each(self.tenants, review)

    async def tune(self) -> Report:
        """Let every threshold follow what its alerts turned out to be."""

        async def tune(_: str, tenant: Tenant) -> str:
            return await tune_thresholds(tenant, budget=self.settings.budget, now=self.now_ms())

        return await each(self.tenants, tune)

    async def retain(self) -> Report:
        """Let go of what is past its time."""

        async def let_go(_: str, tenant: Tenant) -> str:
            keep, saved_to = self.settings.keep, tenant.pipeline.saved_to
            return await retain(tenant.store, keep, now=self.now_ms(), saved_to=saved_to)

        report = await each(self.tenants, let_go)
        await asyncio.to_thread(self.flush_tokens)
        return report

    async def check_integrity(self) -> Report:
        """Check every file and its audit trail, on a reader; a damaged file is degraded from then."""

        async def check(name: str, tenant: Tenant) -> str:
            found = await tenant.store.read(queries.quick_check)
            self._note(self._damaged, name, "" if found == "ok" else found)
            if found != "ok":
                raise StateError(f"{found}; restore a backup", code="corrupt_database")
            if (place := await walked(partial(tenant.store.read, check_trail))).fault is not None:
                raise StateError(f"the audit trail does not hold: {place.fault}", code="broken_audit")
            return "sound"

        return await each(self.tenants, check)

    async def recall(self, jobs: Sequence[Job]) -> dict[str, int]:
        """Take up what is known of former runs; return from when on each job is to be planned (UTC ms)."""
        return await self.runs.recall(jobs)

    def told(self, ran: Ran) -> None:
        """Hear of a job's run."""
        self.runs.told(ran)

    def parts(self) -> dict[str, dict[str, Any]]:
        """Return each part's state, `ok` or `degraded`, with why, in words that every tenant may read."""
        stats, faults = self.feed_stats(), [self._fault(name) for name in self.tenants]
        broken = [fault for fault in faults if fault]
        return {
            "disk": _part(self._full),
            "store": _part(nameless(broken, len(faults)) if broken else ""),
            "jobs": _part(self.runs.failing()),
            "feed": {**_part(""), "clients": stats.clients, "backlog": stats.backlog, "lagged": stats.lagged},
            **self.others(),
        }

    def _watch(self, name: str, tenant: Tenant) -> None:
        broken = tenant.pipeline.broken
        self._note(self._broken, name, "" if broken is None else broken.detail)

    def _note(self, faults: dict[str, str], name: str, detail: str) -> None:
        """Keep what is wrong with a tenant's store, or that it is well again; tell that tenant where it is new."""
        former = faults.pop(name, "")
        if detail:
            faults[name] = detail
        if bool(former) != bool(detail):
            self._tell("store", self._fault(name), among=(name,))

    def _fault(self, name: str) -> str:
        """Return what is wrong with a tenant's store, or nothing."""
        return "; ".join(faults[name] for faults in (self._broken, self._damaged) if name in faults)

    def _tell(self, part: str, detail: str, *, among: Iterable[str]) -> None:
        state = "degraded" if detail else "ok"
        log.event("part_changed", level=logging.WARNING if detail else logging.INFO, part=part, state=state)
        data = {"part": part, "state": state, "detail": detail or "well again"}
        for name in among:
            self.tenants[name].pipeline.announce(Change(type="system_state", time=self.now_ms(), data=data))

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
        for part, told in self.parts().items():
            self.metrics.degraded.labels(part).set(told["state"] != "ok")
        sizes = await asyncio.to_thread(_sizes, [tenant.store.path for tenant in self.tenants.values()])
        self.metrics.database_bytes.set(sizes[0])
        self.metrics.wal_bytes.set(sizes[1])


def timetable(upkeep: Upkeep) -> list[Job]:
    """Return the jobs that run now."""
    return [
        Job(name="expiries", run=upkeep.pass_time, every_s=1, limit_s=0.5, quiet=True),
        Job(name="heartbeat", run=upkeep.say_alive, every_s=300, limit_s=1, quiet=True),
        Job(name="upkeep", run=upkeep.keep_house, every_s=1, limit_s=5, quiet=True),
        Job(name="kpis", run=upkeep.refresh, every_s=300, limit_s=30, quiet=True),
        Job(name="scorecard", run=upkeep.score, at="06:00", limit_s=60),
        Job(name="retention", run=upkeep.retain, at="04:10", limit_s=600),
        Job(name="reviews", run=upkeep.review, at="05:30", limit_s=600),
        Job(name="tuning", run=upkeep.tune, at="03:00", day="sun", limit_s=1_800),
        Job(name="integrity", run=upkeep.check_integrity, at="05:00", day="sun", limit_s=1_800),
    ]


def _part(detail: str) -> dict[str, Any]:
    return {"state": "degraded" if detail else "ok", "detail": detail}


def _sizes(paths: list[Path]) -> tuple[int, int]:
    wals = [path.with_name(f"{path.name}-wal") for path in paths]
    return _total(paths), _total(wals)


def _total(paths: list[Path]) -> int:
    return sum(path.stat().st_size for path in paths if path.exists())
