"""The jobs of fraud models in a daemon: planned, run on demand, and no stop waits for a child."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from nocd.clock import monotonic_s
from tests.build import Clock, until
from tests.integration.api.desk import running
from tests.integration.build_scores import NOW, scored


def lives(child: int) -> bool:
    return Path(f"/proc/{child}").exists()


async def test_training_and_drift_are_planned_and_can_be_run_now() -> None:
    async with running(clock=Clock(now=NOW)) as desk:
        plans = {job["name"]: job["plan"] for job in await desk.items("/v1/jobs")}
        assert (plans["retrain"], plans["drift"]) == ("sun at 02:00", "daily at 02:30")
        said = {}
        for job in ("retrain", "drift"):
            ran = await desk.ask("POST", f"/v1/jobs/{job}/run")
            assert ran.status == 200, ran
            said[job] = ran.json["detail"]
        assert said == {"retrain": "no punch was scored yet", "drift": "no model is active; rules decide alone"}


@pytest.mark.heavy
async def test_a_model_that_is_trained_judges_from_then_on() -> None:
    async with running(clock=Clock(now=NOW)) as desk:
        daemon = desk.daemon
        await scored(daemon.tenants["default"])
        assert daemon.models.in_force["default"].champion is None
        ran = (await desk.ask("POST", "/v1/jobs/retrain/run")).json
        assert (ran["outcome"], ran["detail"]) == ("ok", "000001 passed its gates and is in force")
        champion = daemon.models.in_force["default"].champion
        assert champion is not None
        assert champion.version == "000001"


async def test_a_stop_during_training_ends_within_bounds_and_leaves_no_child() -> None:
    async with running(clock=Clock(now=NOW)) as desk:
        daemon = desk.daemon
        await scored(daemon.tenants["default"], people=2)
        run = asyncio.create_task(daemon._scheduler.run("retrain"))
        await until(lambda: daemon.training.running is not None)
        child = daemon.training.running or 0
        os.kill(child, signal.SIGSTOP)  # it would never end by itself
        begun_s = monotonic_s()
    await asyncio.gather(run, return_exceptions=True)
    assert monotonic_s() - begun_s < daemon.settings.shutdown_s
    assert not lives(child)
    assert not [*daemon.folder.models.glob(".rows-*")]
