"""Models from disk beside a live daemon: loaded off the loop, refused with their reason, asked in one call a batch."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ml import booster
from ml.registry import Registry
from ml.train import Options, Trained, store, train
from nocd.fraud.features import NAMES
from nocd.metrics import Metrics
from nocd.models import Models
from nocd.store.folder import Folder
from tests.build import T0
from tests.build_punches import company

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from ml.dataset import Rows

pytestmark = pytest.mark.heavy
OPTIONS = Options(parameters={**booster.PARAMETERS, "max_bin": 64, "rounds_max": 30, "patience_rounds": 5})
HOUR_MS = 3_600_000


@pytest.fixture(scope="module")
def rows() -> Rows:
    return company(1, days=120, people=30, fraud=0.06)


@pytest.fixture(scope="module")
def trained(rows: Rows) -> Trained:
    return train(rows, OPTIONS)


@pytest.fixture
async def models(tmp_path: Path) -> AsyncIterator[Models]:
    made = Models(folder=await asyncio.to_thread(Folder(tmp_path).create), metrics=Metrics(), now_ms=lambda: T0)
    yield made
    await made.close()


def punches(rows: Rows, count: int) -> dict[str, tuple[float, ...]]:
    return {f"P-{at}|e-{at}": tuple(map(float, rows.x[at])) for at in range(count)}


async def activated(registry: Registry, trained: Trained, *, at_ms: int = T0) -> str:
    """Put a version in force at a time; return its number."""
    version = str((await asyncio.to_thread(store, trained, registry, activate=True))["version"])
    os.utime(registry.folder / "active", (at_ms / 1_000, at_ms / 1_000))
    return version


async def test_without_a_model_rules_decide_alone(models: Models) -> None:
    assert (await models.reload("default")).refused == {}
    assert await models.predict("default", {"P-1|e-1": (0.0,) * len(NAMES)}) is None


async def test_the_model_in_force_judges_and_says_why_of_what_is_high(
    models: Models, rows: Rows, trained: Trained
) -> None:
    await activated(models.registry("default"), trained)
    await models.reload("default")
    said = await models.predict("default", punches(rows, 500))
    assert said is not None
    assert (said.version, said.shadow_version, len(said.of)) == ("000001", None, 500)
    high = [each for each in said.of if each.score >= 0.5]
    assert high
    assert all(each.reasons and len(each.reasons) <= 5 for each in high)
    assert not any(each.reasons for each in said.of if each.score < 0.5)
    asked = await models.predict("default", punches(rows, 1), explained_from=0.0)
    assert asked is not None
    assert asked.of[0].reasons  # whatever it scores
    assert {each.alike for each in high} == {None}  # fewer than 30 rows of a class to calibrate by


async def test_a_calibrated_model_tells_what_such_scores_turned_out_to_be(
    models: Models, rows: Rows, trained: Trained
) -> None:
    calibrated = replace(trained, manifest={**trained.manifest, "calibrated": True})
    await activated(models.registry("default"), calibrated)
    await models.reload("default")
    said = await models.predict("default", punches(rows, 500))
    assert said is not None
    known = [each.alike for each in said.of if each.alike is not None and each.alike.share is not None]
    assert len(known) > 400
    assert all((each.low or 0) <= (each.share or 0) <= (each.high or 0) for each in known)


async def test_the_former_model_scores_in_the_shadow_for_a_fortnight(
    models: Models, rows: Rows, trained: Trained
) -> None:
    registry = models.registry("default")
    await activated(registry, trained)
    await activated(registry, trained, at_ms=T0 - 13 * 24 * HOUR_MS)
    await models.reload("default")
    said = await models.predict("default", punches(rows, 1))
    assert said is not None
    assert (said.version, said.shadow_version, said.of[0].shadow) == ("000002", "000001", said.of[0].score)
    os.utime(registry.folder / "active", (T0 / 1_000 - 15 * 86_400, T0 / 1_000 - 15 * 86_400))
    assert (await models.reload("default")).challenger is None


async def test_a_newer_version_that_passed_and_waits_for_approval_scores_in_the_shadow(
    models: Models, trained: Trained
) -> None:
    registry = models.registry("default")
    await activated(registry, trained)
    await asyncio.to_thread(store, trained, registry, activate=False)
    found = await models.reload("default")
    assert found.champion is not None
    assert found.challenger is not None
    assert (found.champion.version, found.challenger.version) == ("000001", "000002")


@pytest.mark.parametrize("harm", ["cut", "altered", "foreign"])
async def test_a_harmed_model_is_refused_with_its_reason_and_rules_go_on(
    models: Models, trained: Trained, harm: str
) -> None:
    registry = models.registry("default")
    await activated(registry, trained)
    model, manifest = registry.folder / "000001" / "model.ubj", registry.folder / "000001" / "manifest.json"
    if harm == "foreign":
        manifest.write_bytes(manifest.read_bytes().replace(b"gps_drift_m", b"gps_drift_k"))
    else:
        raw = model.read_bytes()
        model.write_bytes(raw[:-100] if harm == "cut" else raw[:-100] + bytes(100))
    found = await models.reload("default")
    assert found.champion is None
    assert found.refused["000001"].split(":")[0] in {"model_truncated", "model_tampered", "foreign_schema"}
    assert await models.predict("default", {"P-1|e-1": (0.0,) * len(NAMES)}) is None


async def test_a_model_that_fails_is_counted_and_rules_decide(models: Models, trained: Trained) -> None:
    await activated(models.registry("default"), trained)
    await models.reload("default")
    assert await models.predict("default", {"P-1|e-1": (0.0, 1.0)}) is None
    assert models.metrics.registry.get_sample_value("nocd_model_failures_total") == 1
