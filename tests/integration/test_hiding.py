"""What is hidden stays hidden over a kill, comes back in time, and is told in the commit that hides it."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from nocd.domain.command import Command
from nocd.domain.instant import MINUTE_MS
from nocd.store import queries
from nocd.tenant import Tenant
from tests.build import T0, Opened, crash, firing, resolved
from tests.build_hiding import matcher


@pytest.fixture
def opened(tmp_path) -> Opened:
    return Opened(tmp_path / "t.db")


async def ask(tenant: Tenant, verb: str, target: str = "", /, **args: Any) -> dict[str, Any]:
    reply = await tenant.ask(
        Command(verb=verb, target=target, actor="mara", time=tenant.pipeline.engine.now, args=args)
    )
    assert reply.ok, reply
    return reply.body


async def plan(tenant: Tenant) -> None:
    """Silence cameras for ten minutes and doors until the resolve, and plan a window from the fifth minute on."""
    await ask(tenant, "plan_silence", matchers=[matcher("type=Camera")], ends_at=T0 + 10 * MINUTE_MS, comment="works")
    await ask(tenant, "silence", "A-2")
    times = {"start": T0 + 5 * MINUTE_MS, "end": T0 + 20 * MINUTE_MS}
    await ask(tenant, "plan_maintenance", scope="site", target="S1", types=[], reason="works", **times)


async def pass_time(tenant: Tenant, now: int) -> None:
    tenant.pipeline.tick(now)
    await tenant.pipeline.drain()


async def stand(tenant: Tenant) -> list[tuple[str, list[str]]]:
    """Return the status of every alert as it is read, and what hides it."""
    bodies = [await tenant.store.read(queries.alert, no) for no in (1, 2)]
    views = [orjson.loads(body[0]) for body in bodies if body is not None]
    return [(view["status"], view["hidden_by"]) for view in views]


async def test_a_kill_at_any_point_leaves_hidden_what_was_hidden(opened: Opened) -> None:
    tenant = await opened.open()
    await tenant.post([firing(), firing("Door")])
    await plan(tenant)
    await crash(tenant)
    tenant = await opened.open()
    assert await stand(tenant) == [("suppressed", ["S-1"]), ("suppressed", ["S-2"])]
    await pass_time(tenant, T0 + 5 * MINUTE_MS)
    assert await stand(tenant) == [("suppressed", ["S-1", "M-1"]), ("suppressed", ["S-2", "M-1"])]
    await crash(tenant)
    tenant = await opened.open()
    await pass_time(tenant, T0 + 10 * MINUTE_MS)
    await crash(tenant)
    tenant = await opened.open()
    assert await stand(tenant) == [("suppressed", ["M-1"]), ("suppressed", ["S-2", "M-1"])]
    assert tenant.pipeline.engine.triage.suppression.hiding("M-1").count == 2
    await tenant.post([resolved("Door", at=T0 + 11 * MINUTE_MS)])
    await pass_time(tenant, T0 + 20 * MINUTE_MS)
    assert await stand(tenant) == [("open", []), ("resolved", [])]
    await crash(tenant)


async def test_a_cause_and_what_it_hides_are_told_in_one_commit_and_each_once(opened: Opened) -> None:
    async with opened.tenant() as tenant:
        await tenant.post([firing(), firing("Door")])
        before = tenant.pipeline.last_seq
        await ask(tenant, "plan_silence", matchers=[matcher("site=S1")], ends_at=T0 + MINUTE_MS, comment="works")
        told = await tenant.store.read(queries.changes, after=before, limit=10)
        assert [change.change.type for change in told] == ["alert_updated", "alert_updated", "silence"]
        assert len({change.no for change in told}) == 1
        assert orjson.loads(told[-1].body)["data"]["hiding"] == {"count": 2, "alerts": ["A-2", "A-1"]}
        assert (told[-1].change.site, orjson.loads(told[-1].body)["data"]["happened"]) == ("S1", "planned")
