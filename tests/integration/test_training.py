"""Training in a child of a tenant's own rows: refused or put in force with its figures, killed, too slow, stopped."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from nocd.errors import UnavailableError
from nocd.store import training as stored
from nocd.training import Bounds
from tests.build import until
from tests.integration.build_scores import moved, scored
from tests.integration.school import School, opened


@pytest.fixture
async def school(tmp_path: Path) -> AsyncIterator[School]:
    async with opened(tmp_path) as school:
        yield school


async def test_without_a_score_or_a_model_nothing_is_started_and_nothing_told(school: School) -> None:
    assert await school.retrain() == "no punch was scored yet"
    assert await school.look() == "no model is active; rules decide alone"
    assert (await school.steps(), school.left) == ([], [])


@pytest.mark.heavy
async def test_too_few_labels_are_refused_with_their_counts_and_the_daemon_goes_on(school: School) -> None:
    await scored(school.tenant, label=0.02)
    said = await school.retrain()
    assert "labelled rows of 100 needed" in said
    assert await school.steps() == [("model_refused", None)]
    figures = await school.last()
    assert (figures["code"], figures["trigger"]) == ("too_few_labels", "plan")
    assert 0 < figures["counts"]["labelled"] < 100
    assert (school.registry.versions(), school.heard, school.left) == ([], [], [])
    assert await school.told() == ["model_refused"]


@pytest.mark.heavy
async def test_a_model_that_passes_is_in_force_with_rows_and_frames_and_its_drift_is_told(school: School) -> None:
    await scored(school.tenant)
    assert await school.retrain() == "000001 passed its gates and is in force"
    assert (school.registry.active(), school.heard, school.left) == ("000001", ["default"], [])
    trained = (await school.tenant.store.read(stored.steps))[1]
    assert {gate["name"] for gate in trained.body["gates"]} >= {"pr_auc", "no_worse_than_rules", "fair_by_site"}
    assert trained.body["figures"]["model"]["pr_auc"][0] > 0.7
    assert (await school.last())["former"] is None
    assert await school.told() == ["model_trained", "model_activated"]
    assert "nothing moved in" in await school.look()
    assert len(await school.steps()) == 2
    await moved(school.tenant, days=29, column=11, factor=0.3)
    said = await school.look()
    assert "CRITICAL drift of 000001: seconds_since_last_punch of the last 28 days" in said
    assert "trained anew: 000002 was trained; it waits for approval" in said
    kinds = [kind for kind, _ in await school.steps()]
    assert kinds == ["model_trained", "model_activated", "ml_drift_detected", "model_trained"]
    assert school.registry.active() == "000001"
    (alert,) = [each for each in school.tenant.pipeline.engine.book.all() if each.type == "ML_DRIFT"]
    assert (alert.severity, alert.evidence["moved"], alert.site) == ("CRITICAL", ["seconds_since_last_punch"], None)


@pytest.mark.heavy
async def test_a_child_that_is_killed_leaves_the_registry_whole_and_the_next_run_works(school: School) -> None:
    await scored(school.tenant)
    run = asyncio.create_task(school.retrain())
    await until(lambda: school.training.running is not None)
    os.kill(school.training.running or 0, signal.SIGKILL)
    with pytest.raises(UnavailableError) as failed:
        await run
    assert (failed.value.code, "ended before it had an answer" in failed.value.detail) == ("training_ended", True)
    assert (await school.steps(), school.left, school.training.running) == ([], [], None)
    run = asyncio.create_task(school.retrain())
    await until(school.writes)
    with suppress(ProcessLookupError):
        os.kill(school.training.running or 0, signal.SIGKILL)
    with suppress(UnavailableError):
        await run
    assert [line for line in school.registry.listing() if "refused" in line] == []
    assert "passed its gates and is in force" in await school.retrain()
    assert not [*school.registry.folder.glob(".new-*")]


@pytest.mark.parametrize(
    ("bounds", "why"),
    [
        (Bounds(seconds_max=0.02), "it took too long"),
        (Bounds(memory_max_bytes=1_048_576), "it was ended before it had an answer"),
    ],
)
async def test_a_child_past_its_bounds_is_ended(school: School, bounds: Bounds, why: str) -> None:
    await scored(school.tenant, people=2)
    school.training.bounds = bounds
    with pytest.raises(UnavailableError, match=why):
        await school.retrain()
    assert (school.left, school.training.running) == ([], None)


async def test_one_that_is_cancelled_leaves_neither_a_child_nor_its_rows(school: School) -> None:
    await scored(school.tenant, people=2)
    run = asyncio.create_task(school.retrain())
    await until(lambda: school.training.running is not None)
    child = school.training.running or 0
    os.kill(child, signal.SIGSTOP)  # it would never end by itself
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert (school.left, school.lives(child)) == ([], False)


async def test_rows_that_a_killed_daemon_left_are_removed(school: School) -> None:
    school.training.folder.models.mkdir()
    (school.training.folder.models / ".rows-acme.ndjson.gz").write_bytes(b"people")
    await school.training.tidy()
    assert school.left == []
