"""Runs missed while the daemon was down: one of each job at the start, and none that was not missed."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from nocd.clock import now_ms
from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, to_ms
from nocd.jobs.scheduler import Scheduler
from nocd.store import usual
from tests.build import until
from tests.integration.api.desk import running
from tests.integration.jobs.test_scheduler import TOKYO, Bench, job

ROW = "INSERT INTO job_runs VALUES (NULL, ?, ?, 0.1, 'ok', 'of old')"


@pytest.fixture
async def bench() -> Bench:
    bench = Bench()
    bench.go.set()
    return bench


def timetable(bench: Bench, now: datetime) -> Scheduler:
    """Return a scheduler whose jobs were due an hour ago: one each day, one each week."""
    ago = now - timedelta(hours=1)
    at, day = f"{ago:%H:%M}", f"{ago:%a}".lower()
    return bench.scheduler(
        job(bench.held, name="daily", at=at),
        job(bench.held, name="weekly", at=at, day=day),
        job(bench.held, name="tick", every_s=3_600),
    )


@pytest.mark.parametrize(
    ("ago_ms", "runs"),
    [
        (30 * MINUTE_MS, []),
        (HOUR_MS - 2 * MINUTE_MS, []),
        (HOUR_MS + 50 * 1_000, []),  # the clock was set back a little: it was that run
        (3 * HOUR_MS, ["daily", "weekly"]),
        (90 * DAY_MS, ["daily", "weekly"]),
    ],
)
async def test_what_was_missed_runs_once_at_the_start(bench: Bench, ago_ms: int, runs: list[str]) -> None:
    now = datetime.now(TOKYO)
    if now.second > 50:
        now = now.replace(second=50)
    scheduler = timetable(bench, now)
    last = to_ms(now.replace(second=0, microsecond=0)) - ago_ms
    scheduler.start(dict.fromkeys(("daily", "weekly", "tick"), last))
    await until(lambda: len(bench.told) >= len(runs))
    assert sorted(ran.job for ran in bench.told) == runs
    for name in ("daily", "weekly", "tick"):
        assert scheduler._scheduler.get_job(name).next_run_time > now
    await scheduler.stop()
    assert len(bench.told) == len(runs)


async def test_without_any_former_run_the_first_time_counts_from_now(bench: Bench) -> None:
    now = datetime.now(TOKYO)
    scheduler = timetable(bench, now)
    scheduler.start({})
    for name in ("daily", "weekly", "tick"):
        assert scheduler._scheduler.get_job(name).next_run_time > now
    await scheduler.stop()
    assert bench.told == []


async def test_a_daemon_that_was_down_runs_what_it_missed(tmp_path) -> None:
    async with running(root=tmp_path) as desk:
        store = desk.daemon.tenants["default"].store
        await desk.daemon._scheduler.run("integrity")
        await store.run([("DELETE FROM job_runs", ()), (ROW, ("integrity", now_ms() - 8 * DAY_MS))])
    async with running(root=tmp_path) as desk:
        tenant = desk.daemon.tenants["default"]
        await until(lambda: not desk.daemon._scheduler._running)
        await until(lambda: tenant.pipeline.idle)
        last = await tenant.store.read(usual.last_runs)
        made_up = {name for name, run in last.items() if run["detail"] != "of old"}
        of_models = {"retrain", "drift", "champion"}
        assert made_up == {"scorecard", "retention", "reviews", "tuning", "integrity"} | of_models
    async with running(root=tmp_path) as desk:
        tenant = desk.daemon.tenants["default"]
        await desk.daemon._scheduler.run("integrity")
        await until(lambda: tenant.pipeline.idle)
        runs, _ = await tenant.store.read(usual.job_runs, "retention", before=None, limit=9)
        assert len(runs) == 1
