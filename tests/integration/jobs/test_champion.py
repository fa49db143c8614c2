"""The return of the former model, on a real registry and a real file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest

from ml.registry import Registry
from nocd.domain.command import Command
from nocd.domain.instant import DAY_MS
from nocd.errors import Conflict
from nocd.fraud.steps import ACTIVATED, MODEL_STEP, args
from nocd.jobs.champion import judge_champion
from nocd.store.folder import Folder
from nocd.store.reviews import put_up
from nocd.tenant import Tenant
from nocd.versions import Versions
from tests.build import T0, Opened
from tests.build_models import stored
from tests.build_scores import Kept, mixed

NOW = T0 + 20 * DAY_MS
BEGIN = NOW - 3 * DAY_MS


@dataclass(slots=True)
class Stage:
    """A tenant with two models, the second in force, and who judges it."""

    tenant: Tenant
    registry: Registry
    versions: Versions
    opened: Opened
    loaded: list[str] = field(default_factory=list)

    async def tell(self, version: str, *, at: int = BEGIN) -> None:
        """Tell that a version was put in force."""
        asked = args(ACTIVATED, version=version, reason="r")
        self.opened.clock.now = at
        assert (await self.tenant.ask(Command(verb=MODEL_STEP, target=version, actor="mara", time=at, args=asked))).ok
        self.opened.clock.now = NOW

    async def keep(self, *kept: Kept) -> None:
        await self.tenant.store.run([each.row() for each in kept])

    async def judge(self) -> str:
        """Run the job; return what it says."""
        return await judge_champion(self.tenant, self.versions, now=self.opened.clock.now)

    async def active(self) -> str | None:
        return await asyncio.to_thread(self.registry.active)

    async def steps(self) -> list[tuple[str, str, Any]]:
        asked = "SELECT kind, version, body FROM model_steps ORDER BY no"
        rows = await self.tenant.store.read(lambda base: base.execute(asked).fetchall())
        return [(kind, version, orjson.loads(body)) for kind, version, body in rows]


@asynccontextmanager
async def stage(root: Path, *, active: tuple[str, ...] = ("000001", "000002")) -> AsyncIterator[Stage]:
    opened = Opened(root / "t.db")
    opened.clock.now = NOW
    folder = await asyncio.to_thread(Folder(root).create)
    registry = Registry(folder.tenant_models("default"))
    for _ in range(2):
        await asyncio.to_thread(stored, registry.folder)
    for version in active:
        await asyncio.to_thread(registry.activate, version)
    loaded: list[str] = []

    async def load(tenant: str) -> None:
        loaded.append(tenant)

    async with opened.tenant() as tenant:
        versions = Versions(folder=folder, reload=load)
        yield Stage(tenant, registry, versions, opened, loaded)


async def test_a_former_model_that_is_shown_to_be_better_is_told_put_in_force_and_loaded(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await on.tell("000002")
        await on.keep(*mixed(60, time=BEGIN, better="shadow"))
        told = await on.judge()
        assert told.startswith("000001 comes back: it ranks better by more than 0.05: PR-AUC +0.")
        assert (await on.active(), on.loaded) == ("000001", ["default"])
        kind, version, body = (await on.steps())[-1]
        assert (kind, version) == ("model_rolled_back", "000001")
        assert (body["former"], body["actor"], body["verdicts"]) == ("000002", "nocd", 60)
        assert await on.judge() == "000001 stays: it was put back, and a model is put back once"


async def test_a_model_that_alerts_over_twice_as_often_is_taken_back(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await on.tell("000002")
        await on.keep(*(Kept(no=no, time=BEGIN, score=0.6, shadow=0.6 if no < 5 else 0.1) for no in range(1, 13)))
        assert (await on.judge()).startswith("000001 comes back: 000002 makes 12 alerts of 12 punches")
        assert await on.active() == "000001"


async def test_verdicts_from_before_under_another_model_or_on_what_was_chosen_do_not_count(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await on.tell("000002")
        before = mixed(40, time=BEGIN - DAY_MS, better="shadow")
        other = [
            Kept(
                no=each.no, time=each.time, score=each.score, shadow=each.shadow, verdict=each.verdict, version="000001"
            )
            for each in mixed(40, time=BEGIN, better="shadow", first=100)
        ]
        chosen = mixed(40, time=BEGIN, better="shadow", first=200)
        await on.keep(*before, *other, *chosen)
        await on.tenant.store.run([put_up(each.no, NOW, "chosen", 1.0) for each in chosen])
        assert await on.judge() == "000002 stays: 0 verdicts of 30 that it takes to judge it"
        assert (await on.active(), on.loaded) == ("000002", [])


async def test_after_fourteen_days_the_former_model_scores_no_longer(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await on.tell("000002", at=NOW - 15 * DAY_MS)
        assert await on.judge() == "000002 stays: it has been in force for over 14 days"
        assert on.loaded == []
        await on.keep(Kept(no=1, time=NOW - 1, score=0.1, shadow=0.1))
        await on.judge()
        assert on.loaded == ["default"]


async def test_without_a_model_or_a_former_one_nothing_is_decided(tmp_path: Path) -> None:
    async with stage(tmp_path, active=()) as on:
        assert await on.judge() == "no model is in force; rules decide alone"
        await asyncio.to_thread(on.registry.activate, "000001")
        await on.tell("000001")
        assert await on.judge() == "000001 stays: no model was in force before it"


async def test_a_model_that_is_in_force_and_was_never_told_is_told(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        assert await on.judge() == "000002: it was found in force"
        assert [(kind, version) for kind, version, _ in await on.steps()] == [("model_activated", "000002")]
        assert await on.judge() == "000002 stays: 0 verdicts of 30 that it takes to judge it"


async def test_a_former_model_that_was_harmed_does_not_come_back_and_the_job_fails_with_the_reason(
    tmp_path: Path,
) -> None:
    async with stage(tmp_path) as on:
        await on.tell("000002")
        await on.keep(*mixed(60, time=BEGIN, better="shadow"))
        await asyncio.to_thread((on.registry.folder / "000001" / "model.ubj").write_bytes, b"{")
        with pytest.raises(Conflict) as refused:
            await on.judge()
        assert refused.value.code == "model_truncated"
        assert (await on.active(), len(await on.steps())) == ("000002", 1)


async def test_a_model_that_moved_meanwhile_is_not_taken_back(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        with pytest.raises(Conflict) as refused:
            await on.versions.roll_back("default", untold, to="000009")
        assert refused.value.code == "no_former_model"


async def untold(_: object) -> None:
    raise AssertionError("nothing is to be told")
