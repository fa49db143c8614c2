"""`nocd models` against a daemon in this process, on versions that nothing loads."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from nocd.store.folder import Folder
from nocd.store.reviews import put_up
from tests.build import T0, Clock
from tests.build_models import stored
from tests.build_scores import Kept, mixed
from tests.integration.api.desk import running

if TYPE_CHECKING:
    from collections.abc import Callable

    from nocd.store.store import Store


async def unloaded(_: str) -> None:
    """Load nothing."""


@dataclass(frozen=True, slots=True)
class Models:
    """Runs `nocd models …` against a daemon, and keeps scores with it."""

    run: Callable[..., Any]
    store: Store

    async def __call__(self, *words: Any) -> Any:
        return await asyncio.to_thread(self.run, "models", *words)

    async def keep(self, *kept: Kept) -> None:
        await self.store.run([each.row() for each in kept])


@pytest.fixture
async def models(nocd, tmp_path):
    """Give what runs `nocd models …` against a daemon with two models that passed and one that did not."""
    registry = (await asyncio.to_thread(Folder(tmp_path).create)).tenant_models("default")
    for passed in (True, True, False):
        await asyncio.to_thread(stored, registry, passed=passed)
    async with running(root=tmp_path, clock=Clock()) as desk:
        desk.daemon.versions.reload = unloaded
        where = ("--url", desk.daemon.url, "--token", desk.tokens["admin"])

        yield Models(lambda *words: nocd(*words, *where), desk.daemon.tenants["default"].store)


async def test_a_model_is_looked_at_put_in_force_and_taken_back(models: Models) -> None:
    listed = (await models("list")).stdout.splitlines()
    assert [line[:6] for line in listed] == ["000003", "000002", "000001"]
    assert "cannot be used (gates_not_passed): " in listed[0]
    assert "PR-AUC 1.000" in listed[1]
    missing = await models("show")
    assert (missing.exit_code, missing.stderr) == (1, "nocd: there is no active model\n")
    assert (await models("activate", "000001")).stdout == "000001 is in force\n"
    assert (await models("activate", "000002", "--note", "newer")).stdout == "000002 is in force; 000001 was\n"
    refused = await models("activate", "000003", "--json")
    assert (refused.exit_code, json.loads(refused.stdout)["code"]) == (1, "gates_not_passed")
    shown = (await models("show")).stdout
    assert shown.startswith("model 000002: in force\n")
    assert "model_activated    newer (admin)" in shown
    assert (await models("rollback")).stdout == "000001 is in force; 000002 was\n"
    assert "in force" in (await models("list")).stdout.splitlines()[2]


async def test_without_a_model_or_a_shadow_that_is_said(models: Models) -> None:
    assert (await models("performance")).stdout.startswith("rules alone, ")
    for version in ("000001", "000002"):
        await models("activate", version)
    assert "no other model scored in the shadow of 000002" in (await models("compare")).stdout


async def test_a_comparison_names_both_models_and_where_they_differ(models: Models) -> None:
    await models.keep(*mixed(60, time=T0))
    for version in ("000001", "000002"):
        await models("activate", version)
    told = (await models("compare")).stdout
    assert "60 punches scored by both, 60 judged, 20 of them fraud" in told
    assert "000001 above 000002: PR-AUC -" in told
    assert "FS-" in told
    worth = (await models("performance")).stdout
    assert "verdicts came after 0.1 days" in worth
    assert "in the shadow, on the 60 punches that both scored:" in worth


async def test_what_is_up_for_review_is_listed_until_it_is_judged(models: Models) -> None:
    assert (await models("reviews")).stdout == "nothing waits for a review\n"
    await models.keep(Kept(no=1, time=T0, score=0.1), Kept(no=2, time=T0, score=0.2, verdict="benign"))
    await models.store.run([put_up(no, T0, "random", 100.0) for no in (1, 2)])
    assert len((await models("reviews")).stdout.splitlines()) == 1
    assert "random benign" in (await models("reviews", "--all")).stdout
