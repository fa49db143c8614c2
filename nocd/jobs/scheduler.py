"""The one door to APScheduler: jobs by name, each run reported, a failed one too, never two of one at a time."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from nocd import log
from nocd.domain.instant import rfc3339, to_ms

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A row of the timetable: every so many seconds, or at HH:MM (daily, or on one `day` of the week).

    A run past `limit_s` is stopped and failed.

    A `quiet` job's good runs are not told: it runs all the time. `run` returns a sentence about what it did.
    """

    name: str
    run: Callable[[], Awaitable[str]]
    limit_s: float
    every_s: float | None = None
    at: str | None = None
    day: str | None = None
    quiet: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One run of a job: how it ended, how long it took, and what it said."""

    job: str
    ok: bool
    seconds: float
    detail: str
    quiet: bool

    def told(self) -> dict[str, Any]:
        """Return the run as feed and API tell it."""
        return {
            "job": self.job,
            "outcome": "ok" if self.ok else "failed",
            "seconds": round(self.seconds, 3),
            "detail": self.detail,
        }


class Scheduler:
    """Runs the timetable on the event loop; `told` hears of every run."""

    def __init__(
        self,
        jobs: Sequence[Job],
        *,
        timezone: ZoneInfo,
        told: Callable[[Ran], None],
        monotonic_s: Callable[[], float],
    ) -> None:
        """Plan `jobs`; nothing runs before `start`."""
        self._told = told
        self._monotonic_s = monotonic_s
        self._jobs = {job.name: job for job in jobs}
        self._running: dict[str, asyncio.Task[Ran]] = {}
        self._scheduler = AsyncIOScheduler(timezone=timezone)
        for job in jobs:
            self._scheduler.add_job(
                self._start,
                _trigger(job, timezone),
                args=[job],
                id=job.name,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )

    def start(self) -> None:
        """Begin to run jobs."""
        self._scheduler.start()

    async def stop(self, *, grace_s: float = 1.0) -> None:
        """Plan no more; what runs may end within `grace_s`, and is then stopped."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        running = list(self._running.values())
        if running:
            await asyncio.wait(running, timeout=grace_s)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def run(self, name: str) -> Ran:
        """Run one job now, or wait for its run under way; raises KeyError for a name nobody knows."""
        return await asyncio.shield(self._begin(self._jobs[name]))

    def listed(self) -> list[dict[str, Any]]:
        """Return each job's name, plan in words, limit and next run (RFC 3339, or None while nothing is planned)."""
        return [
            {"name": job.name, "plan": _plan(job), "next_run": self._next(job.name), "limit_s": job.limit_s}
            for job in self._jobs.values()
        ]

    async def run_now(self, name: str) -> dict[str, Any]:
        """Run one job now, or wait for its run under way; return how it ended. Raises KeyError for an unknown name."""
        ran = await self.run(name)
        return ran.told()

    def _next(self, name: str) -> str | None:
        planned = self._scheduler.get_job(name)
        at = getattr(planned, "next_run_time", None)
        return None if at is None else rfc3339(to_ms(at))

    async def _start(self, job: Job) -> None:
        # The scheduler cancels its own coroutines at shutdown; a run of ours may end.
        await asyncio.shield(self._begin(job))

    def _begin(self, job: Job) -> asyncio.Task[Ran]:
        """Return the run under way, else a new one: there are never two."""
        task = self._running.get(job.name)
        if task is None:
            task = self._running[job.name] = asyncio.create_task(self._run(job), name=f"job-{job.name}")
            task.add_done_callback(lambda _: self._running.pop(job.name, None))
        return task

    async def _run(self, job: Job) -> Ran:
        started = self._monotonic_s()
        limit = asyncio.timeout(job.limit_s)
        try:
            async with limit:
                ok, detail = True, await job.run()
        except Exception as error:  # noqa: BLE001 - whatever went wrong in a job is its result, and is told
            ok, detail = False, f"{type(error).__name__}: {error}"
            if limit.expired():
                detail = f"stopped after its limit of {job.limit_s:g} s"
            log.event("job_failed", level=logging.ERROR, error=error, job=job.name, detail=detail)
        ran = Ran(job=job.name, ok=ok, seconds=self._monotonic_s() - started, detail=detail, quiet=job.quiet)
        self._told(ran)
        return ran


def _plan(job: Job) -> str:
    if job.at is None:
        return f"every {job.every_s:g} s"
    return f"{job.day or 'daily'} at {job.at}"


def _trigger(job: Job, timezone: ZoneInfo) -> IntervalTrigger | CronTrigger:
    if job.at is not None:
        hour, minute = job.at.split(":")
        return CronTrigger(day_of_week=job.day, hour=int(hour), minute=int(minute), timezone=timezone)
    return IntervalTrigger(seconds=job.every_s or 1, timezone=timezone)
