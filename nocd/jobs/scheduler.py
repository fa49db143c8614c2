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
from nocd.clock import now_ms
from nocd.domain.instant import MINUTE_MS, SECOND_MS, from_ms, rfc3339, to_ms
from nocd.jobs.report import Ran, Report, failure

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from zoneinfo import ZoneInfo

WATCHED_S = 1.0
STEP_MIN_MS = 2_000  # further than a clock is slewed between two looks at it
_EARLY_MS = MINUTE_MS  # a run that began so little before its time was the run of that time: clocks are set


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A row of the timetable: every so many seconds, or at HH:MM (daily, or on one `day` of the week).

    A run past `limit_s` is stopped and failed.

    A `quiet` job's good runs are not told: it runs all the time. `run` returns what it did, for each tenant its part.
    """

    name: str
    run: Callable[[], Awaitable[Report]]
    limit_s: float
    every_s: float | None = None
    at: str | None = None
    day: str | None = None
    quiet: bool = False


class Scheduler:
    """Runs the timetable on the event loop; `told` hears of every run."""

    def __init__(
        self,
        jobs: Sequence[Job],
        *,
        timezone: ZoneInfo,
        told: Callable[[Ran], None],
        monotonic_s: Callable[[], float],
        now_ms: Callable[[], int] = now_ms,
    ) -> None:
        """Plan `jobs`; nothing runs before `start`."""
        self._told = told
        self._now_ms = now_ms
        self._watching: asyncio.Task[None] | None = None
        self._monotonic_s = monotonic_s
        self._jobs = {job.name: job for job in jobs}
        self._running: dict[str, asyncio.Task[Ran]] = {}
        self._timezone = timezone
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

    def start(self, last: Mapping[str, int] | None = None) -> None:
        """Begin to run jobs; one whose time came since its `last` run (UTC ms), however often, runs once at once."""
        for name, started in (last or {}).items():
            job = self._jobs[name]
            if job.at is not None:
                since = from_ms(started + _EARLY_MS).astimezone(self._timezone)
                planned = _trigger(job, self._timezone).get_next_fire_time(None, since)
                self._scheduler.modify_job(name, next_run_time=planned)
        self._scheduler.start()
        self._watching = asyncio.create_task(self._watch_clock(self._apart_ms()), name="clock")

    async def stop(self, *, grace_s: float = 1.0) -> None:
        """Plan no more; what runs may end within `grace_s`, and is then stopped."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        if self._watching is not None:
            self._watching.cancel()
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

    async def run_now(self, name: str, *, tenant: str) -> dict[str, Any]:
        """Run one job now, or wait for its run under way; return how it ended for a tenant. KeyError: unknown name."""
        ran = await self.run(name)
        return ran.told(tenant)

    def _next(self, name: str) -> str | None:
        planned = self._scheduler.get_job(name)
        at = getattr(planned, "next_run_time", None)
        return None if at is None else rfc3339(to_ms(at))

    async def _watch_clock(self, apart_ms: float) -> None:
        """Plan anew whenever the time of day is stepped: the library sleeps until an instant, wherever that went."""
        while True:
            await asyncio.sleep(WATCHED_S)
            former, apart_ms = apart_ms, self._apart_ms()
            if abs(apart_ms - former) >= STEP_MIN_MS:
                log.event("clock_stepped", level=logging.WARNING, seconds=round((apart_ms - former) / SECOND_MS))
                self._replan()

    def _apart_ms(self) -> float:
        return self._now_ms() - self._monotonic_s() * SECOND_MS

    def _replan(self) -> None:
        """Run at once what repeats, and what a step on has passed, once; what a step back brings again has been run."""
        now = from_ms(self._now_ms()).astimezone(self._timezone)
        for job in self._jobs.values():
            if job.at is None:
                self._scheduler.modify_job(job.name, next_run_time=now)
        self._scheduler.wakeup()

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
                report = await job.run()
            ok = all(part.ok for part in report.parts.values())
        except Exception as error:  # noqa: BLE001 - whatever went wrong in a job is its result, and is told
            detail = f"stopped after its limit of {job.limit_s:g} s" if limit.expired() else failure(error)
            ok, report = False, Report(detail=detail)
            log.event("job_failed", level=logging.ERROR, error=error, job=job.name, detail=detail)
        seconds = self._monotonic_s() - started
        ran = Ran(job=job.name, ok=ok, seconds=seconds, detail=report.detail, quiet=job.quiet, parts=report.parts)
        _log_parts(ran)
        self._told(ran)
        return ran


def _log_parts(ran: Ran) -> None:
    for tenant, part in ran.parts.items():
        if not part.ok:
            log.event(
                "job_failed", level=logging.ERROR, error=part.error, job=ran.job, tenant=tenant, detail=part.detail
            )


def _plan(job: Job) -> str:
    if job.at is None:
        return f"every {job.every_s:g} s"
    return f"{job.day or 'daily'} at {job.at}"


def _trigger(job: Job, timezone: ZoneInfo) -> IntervalTrigger | CronTrigger:
    if job.at is not None:
        hour, minute = job.at.split(":")
        return CronTrigger(day_of_week=job.day, hour=int(hour), minute=int(minute), timezone=timezone)
    return IntervalTrigger(seconds=job.every_s or 1, timezone=timezone)
