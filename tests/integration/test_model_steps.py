"""Steps of a model's life on a real file: the row, the frame and the act in one transaction, and after a crash once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from nocd.domain.command import Command
from nocd.fraud import steps
from tests.build import Opened, crash

if TYPE_CHECKING:
    from pathlib import Path

    from nocd.tenant import Tenant


async def rows(tenant: Tenant) -> list[tuple[Any, ...]]:
    asked = "SELECT kind, version, reason, body FROM model_steps ORDER BY no"
    told: list[tuple[Any, ...]] = await tenant.store.read(lambda base: base.execute(asked).fetchall())
    return told


async def test_a_step_is_a_row_a_frame_and_an_act_and_a_crash_makes_none_twice(tmp_path: Path) -> None:
    opened = Opened(tmp_path / "t.db")
    tenant = await opened.open()
    args = steps.args(steps.ACTIVATED, version="000001", reason="it passed its gates", body={"former": None})
    asked = Command(verb=steps.MODEL_STEP, target="000001", actor="mara", time=opened.clock.now, args=args)
    assert (await tenant.ask(asked)).ok
    (before,) = await rows(tenant)
    assert before[:3] == ("model_activated", "000001", "it passed its gates")
    assert orjson.loads(before[3]) == {"actor": "mara", "former": None}
    await crash(tenant)
    async with opened.tenant() as again:
        assert await rows(again) == [before]
        told = [orjson.loads(change.body)["type"] for change in await again.log.read(0, limit=100)]
        assert told == ["model_activated"]
        acts = await again.store.read(lambda base: base.execute("SELECT actor, act, target FROM audit").fetchall())
        assert acts == [("mara", "model_step", "000001")]
