"""Jobs: each run told, a failing one too; never two of one; none past its limit; a stop within its grace."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from nocd.clock import monotonic_s, now_ms
from nocd.domain.instant import zone
from nocd.jobs.report import Ran, Report
from nocd.jobs.scheduler import Job, Scheduler, _trigger
from tests.build import until

TOKYO = zone("Asia/Tokyo")


class Bench:
    """A scheduler, what it told, and a job that is held until let go."""

    def __init__(self) -> None:
        self.told: list[Ran] = []
        self.begun = 0
        self.at_once = 0
        self.most_at_once = 0
        self.go = asyncio.Event()

    async def held(self) -> Report:
        self.begun += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.go.wait()
        finally:
            self.at_once -= 1
        return Report(detail="done")

    def scheduler(self, *jobs: Job) -> Scheduler:
        return Scheduler(jobs, timezone=TOKYO, told=self.told.append, monotonic_s=monotonic_s)


@pytest.fixture
async def bench() -> Bench:
    return Bench()


def job(run: Callable[[], Awaitable[Report]], **more: Any) -> Job:
    return Job(**{"name": "work", "run": run, "limit_s": 30.0, **more})


async def test_a_stepped_clock_holds_up_no_job_that_repeats_and_runs_none_of_the_day_again() -> None:
    ran: list[str] = []
    apart_ms = 0

    async def note(name: str) -> Report:
        ran.append(name)
        return Report(detail="")

    scheduler = Scheduler(
        [
            Job(name="often", run=lambda: note("often"), limit_s=5.0, every_s=3_600, quiet=True),
            Job(name="daily", run=lambda: note("daily"), limit_s=5.0, at="04:10"),
        ],
        timezone=TOKYO,
        told=lambda _: None,
        monotonic_s=monotonic_s,
        now_ms=lambda: now_ms() + apart_ms,
    )
    scheduler.start()
    try:
        planned = scheduler._next("daily")
        apart_ms = -60_000  # a job that repeats was planned an hour ahead, and would wait for longer still
        await until(lambda: ran == ["often"])
        assert scheduler._next("daily") == planned
    finally:
        await scheduler.stop()


async def test_a_run_is_told_with_what_it_said_and_how_long_it_took(bench: Bench) -> None:
    bench.go.set()
    ran = await bench.scheduler(job(bench.held, quiet=True)).run("work")
    assert bench.told == [ran]
    assert (ran.job, ran.ok, ran.detail, ran.quiet) == ("work", True, "done", True)
    assert 0 <= ran.seconds < 10


@pytest.mark.parametrize("error", [ZeroDivisionError("by nothing"), TimeoutError("a client's"), OSError(28, "full")])
async def test_a_failing_job_is_told_by_its_own_words(bench: Bench, error: Exception) -> None:
    async def fail() -> Report:
        raise error

    ran = await bench.scheduler(job(fail)).run("work")
    assert not ran.ok
    assert ran.detail == f"{type(error).__name__}: {error}"


async def test_a_run_past_its_limit_is_stopped_and_told_so(bench: Bench) -> None:
    ran = await bench.scheduler(job(bench.held, limit_s=0.05)).run("work")
    assert (ran.ok, ran.detail) == (False, "stopped after its limit of 0.05 s")
    assert bench.at_once == 0


async def test_a_job_that_swallows_its_stop_is_still_told_as_stopped(bench: Bench) -> None:
    async def stubborn() -> Report:
        try:
            await bench.held()
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            raise
        return Report()

    ran = await bench.scheduler(job(stubborn, limit_s=0.02)).run("work")
    assert not ran.ok


async def test_a_job_asked_for_while_it_runs_is_that_run(bench: Bench) -> None:
    scheduler = bench.scheduler(job(bench.held))
    runs = [asyncio.create_task(scheduler.run("work")) for _ in range(5)]
    await until(lambda: bench.begun == 1)
    bench.go.set()
    first, *others = await asyncio.gather(*runs)
    assert all(other is first for other in others)
    assert (bench.begun, bench.most_at_once, len(bench.told)) == (1, 1, 1)
    assert (await scheduler.run("work")) is not first


async def test_whoever_gives_up_waiting_does_not_stop_the_run(bench: Bench) -> None:
    scheduler = bench.scheduler(job(bench.held))
    waiting = asyncio.create_task(scheduler.run("work"))
    await until(lambda: bench.begun == 1)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert bench.at_once == 1
    bench.go.set()
    await until(lambda: bool(bench.told))
    assert bench.told[0].ok


async def test_the_timetable_never_runs_a_job_twice_at_once_and_lets_missed_runs_go(bench: Bench) -> None:
    scheduler = bench.scheduler(job(bench.held, every_s=0.02), job(quick(bench), name="tick", every_s=0.02))
    scheduler.start()
    await until(lambda: bench.begun == 1 and sum(ran.job == "tick" for ran in bench.told) >= 12)
    assert bench.begun == 1
    bench.go.set()
    await until(lambda: bench.begun >= 3)
    assert bench.most_at_once == 1
    missed = [ran for ran in bench.told if ran.job == "work"]
    assert len(missed) <= bench.begun
    await scheduler.stop()


def quick(bench: Bench) -> Callable[[], Awaitable[Report]]:
    async def run() -> Report:
        return Report()

    return run


async def test_missed_times_make_one_run_however_long_ago_they_were(bench: Bench) -> None:
    scheduler = bench.scheduler(job(bench.held, every_s=3_600))
    scheduler.start()
    planned = scheduler._scheduler.get_job("work")
    assert (planned.coalesce, planned.misfire_grace_time, planned.max_instances) == (True, None, 1)
    bench.go.set()
    planned.modify(next_run_time=datetime.now(TOKYO) - timedelta(hours=5))
    await until(lambda: bool(bench.told))
    assert planned.next_run_time > datetime.now(TOKYO)
    assert bench.begun == 1
    await scheduler.stop()


async def test_a_failing_job_runs_again_at_its_next_time(bench: Bench) -> None:
    async def fail() -> Report:
        raise ValueError

    scheduler = bench.scheduler(job(fail, every_s=0.01))
    scheduler.start()
    await until(lambda: len(bench.told) >= 3)
    await scheduler.stop()
    assert not any(ran.ok for ran in bench.told)


async def test_a_stop_lets_a_run_end_within_its_grace(bench: Bench) -> None:
    scheduler = bench.scheduler(job(bench.held, every_s=0.01))
    scheduler.start()
    await until(lambda: bench.begun == 1)
    stopping = asyncio.create_task(scheduler.stop(grace_s=20))
    await asyncio.sleep(0)
    bench.go.set()
    await stopping
    assert [ran.ok for ran in bench.told] == [True]


async def test_a_stop_ends_a_run_that_takes_longer(bench: Bench) -> None:
    scheduler = bench.scheduler(job(bench.held, every_s=0.01))
    scheduler.start()
    await until(lambda: bench.begun == 1)
    async with asyncio.timeout(10):
        await scheduler.stop(grace_s=0.02)
    assert bench.at_once == 0
    assert not scheduler._scheduler.running


async def test_a_stop_before_a_start_and_a_name_nobody_knows(bench: Bench) -> None:
    scheduler = bench.scheduler(job(bench.held))
    await scheduler.stop()
    with pytest.raises(KeyError):
        await scheduler.run("nothing")


@pytest.mark.parametrize(
    ("row", "after", "expected"),
    [
        ({"at": "04:10"}, "2026-03-01T00:00:00+00:00", "2026-03-02T04:10:00+09:00"),
        ({"at": "04:10"}, "2026-03-01T19:11:00+00:00", "2026-03-03T04:10:00+09:00"),
        ({"at": "05:00", "day": "sun"}, "2026-03-02T00:00:00+00:00", "2026-03-08T05:00:00+09:00"),
    ],
)
def test_a_row_of_the_timetable_means_the_wall_clock_of_its_zone(
    row: dict[str, str], after: str, expected: str
) -> None:
    trigger = _trigger(job(quick(None), **row), TOKYO)  # type: ignore[arg-type]  # never run
    now = datetime.fromisoformat(after).astimezone(TOKYO)
    found = trigger.get_next_fire_time(None, now)
    assert found == datetime.fromisoformat(expected)
    assert found.astimezone(UTC) > now
