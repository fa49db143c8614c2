"""How runs ended: kept and told to each tenant, counted in a row, and made findings where they failed."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nocd.detect.failures import IN_A_ROW, JOB_FAILED
from nocd.domain.change import Change
from nocd.domain.command import Command
from nocd.errors import NocdError
from nocd.store import usual
from nocd.store.rows import JobRun

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nocd.jobs.report import Ran
    from nocd.jobs.scheduler import Job
    from nocd.metrics import Metrics
    from nocd.tenant import Tenant


@dataclass(slots=True, kw_only=True)
class Runs:
    """Hears of every run of a job; what it keeps is by job and tenant."""

    tenants: Mapping[str, Tenant]
    metrics: Metrics
    now_ms: Callable[[], int]
    _failed: dict[tuple[str, str], str] = field(default_factory=dict)
    _in_a_row: Counter[tuple[str, str]] = field(default_factory=Counter)
    _asking: set[asyncio.Task[None]] = field(default_factory=set)

    async def recall(self, jobs: Sequence[Job]) -> dict[str, int]:
        """Take up what the stores know of former runs; return from when on each job is to be planned (UTC ms).

        That is its last run, or where it never ran the oldest run of any job: nothing for a fresh install.
        """
        told = [job.name for job in jobs if not job.quiet]  # a quiet job's rows are its news, not its runs
        last: dict[str, int] = {}
        first = now = self.now_ms()
        for name, tenant in list(self.tenants.items()):
            with suppress(NocdError):  # a store that cannot be read is found by the check of its file
                past = await tenant.store.read(usual.past_runs)
                self._in_a_row.update({(job, name): past.failures[job] for job in told if job in past.failures})
                for job, started in past.last.items():
                    last[job] = max(last.get(job, 0), min(started, now))
                first = min(first, past.first or now)
        return {job: last.get(job, first) for job in told} if last else {}

    def told(self, ran: Ran) -> None:
        """Hear of a run: measured always, kept and on the feed where it matters, to each tenant its own part."""
        self.metrics.job_seconds.labels(ran.job).observe(ran.seconds)
        if ran.ok:
            self.metrics.job_success.labels(ran.job).set(self.now_ms() / 1_000)
        for name, tenant in self.tenants.items():
            self._tell(name, tenant, ran)

    def failing(self) -> str:
        """Return which jobs fail, in words that every tenant may read."""
        by_job: dict[str, list[str]] = defaultdict(list)
        for (job, _), detail in self._failed.items():
            by_job[job].append(detail)
        return "; ".join(f"{job}: {nameless(details, len(self.tenants))}" for job, details in by_job.items())

    def _tell(self, name: str, tenant: Tenant, ran: Ran) -> None:
        part, key = ran.of(name), (ran.job, name)
        former = self._failed.pop(key, None)
        if part.ok:
            del self._in_a_row[key]
        else:
            self._failed[key] = part.detail
            self._in_a_row[key] += 1
            self._accuse(name, tenant, ran, failures=self._in_a_row[key])
        if ran.quiet and former == self._failed.get(key):
            return  # it runs all the time: told is what is new
        now, data = self.now_ms(), ran.told(name)
        row = JobRun(started=now - round(ran.seconds * 1_000), **data)
        tenant.pipeline.announce(Change(type="job_finished", time=now, data=data), row)

    def _accuse(self, name: str, tenant: Tenant, ran: Ran, *, failures: int) -> None:
        """Make a failure a finding; of a job that runs all the time only the first, and the one that is HIGH."""
        if ran.quiet and failures not in (1, IN_A_ROW):
            return
        args = {"detail": ran.of(name).detail, "failures": failures}
        asked = Command(verb=JOB_FAILED, target=ran.job, actor="nocd", time=self.now_ms(), args=args)
        task = asyncio.create_task(_ask(tenant, asked), name=f"job-failed-{name}")
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)


def nameless(details: Sequence[str], tenants: int) -> str:
    """Return what is wrong with some of so many tenants: in its own words only where it is the same with all."""
    if len(details) == tenants and len(set(details)) == 1:
        return details[0]
    return f"{len(details)} of {tenants} tenants"


async def _ask(tenant: Tenant, asked: Command) -> None:
    """Have a tenant know of a failure; one that cannot commit now is told by its own state."""
    with suppress(NocdError):
        await tenant.ask(asked)
