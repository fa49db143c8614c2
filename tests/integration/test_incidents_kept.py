"""Incidents are durable with the alerts in them, whatever stops the daemon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest

from nocd.domain.command import Command
from nocd.domain.instant import HOUR_MS, MINUTE_MS
from nocd.store import incidents as stored
from nocd.store import queries
from nocd.store.incidents import IncidentQuery
from tests.build import T0, Opened, crash, firing, resolved, until

if TYPE_CHECKING:
    from pathlib import Path

    from nocd.tenant import Tenant


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    return Opened(tmp_path / "default.db")


async def bodies(tenant: Tenant) -> list[dict[str, object]]:
    found, _ = await tenant.store.read(stored.incidents, IncidentQuery(any_status=True, order="newest"))
    return [orjson.loads(body) for body in found]


async def test_a_kill_leaves_one_incident_and_what_comes_after_joins_it(opened: Opened) -> None:
    tenant = await opened.open()
    await tenant.post([firing("Tampered"), firing("Blinded")])
    ack = Command(verb="ack_incident", target="I-1", actor="m", time=T0)
    assert (await tenant.ask(ack)).ok
    before = list(tenant.pipeline.engine.shelves)
    await crash(tenant)
    async with opened.tenant() as again:
        assert list(again.pipeline.engine.shelves) == before
        await again.post([firing("Moved")])
        (incident,) = await bodies(again)
        assert (incident["id"], incident["status"], incident["standing"]) == ("I-1", "acknowledged", 3)


async def test_a_clean_stop_keeps_incidents_and_their_stories(opened: Opened) -> None:
    async with opened.tenant() as tenant:
        await tenant.post([firing("Tampered"), firing("Blinded")])
        before = list(tenant.pipeline.engine.shelves)
    async with opened.tenant() as again:
        assert list(again.pipeline.engine.shelves) == before
        done = await again.ask(
            Command(verb="resolve_incident", target="I-1", actor="m", time=T0, args={"verdict": "benign"})
        )
        assert done.ok
        assert [body["status"] for body in await bodies(again)] == ["resolved"]


async def test_a_verdict_reaches_alerts_that_ended_long_ago_and_is_taken_back_from_them(opened: Opened) -> None:
    async with opened.tenant() as tenant:
        await tenant.post([firing("Tampered"), firing("Blinded")])
        await tenant.post([resolved("Tampered", at=T0 + 1)])
        opened.clock.forward(HOUR_MS // 2)
        tenant.pipeline.tick(opened.clock.now)
        await until(lambda: not tenant.pipeline.engine.holds("A-1"))
        for verb, verdict in (("resolve", "benign"), ("undo", None)):
            args = {"verdict": verdict} if verdict else {}
            asked = Command(verb=f"{verb}_incident", target="I-1", actor="m", time=opened.clock.now, args=args)
            assert (await tenant.ask(asked)).ok
            kept = [await tenant.store.recall(alert) for alert in ("A-1", "A-2")]
            assert [alert and alert.verdict for alert in kept] == [verdict, verdict]
            tenant.pipeline.tick(opened.clock.now + 1)  # the alert that is over is let go of again
            await until(lambda: not tenant.pipeline.engine.holds("A-1"))


async def test_a_verdict_and_a_reopen_reach_alerts_that_left_memory(opened: Opened) -> None:
    async with opened.tenant() as tenant:
        await tenant.post([firing("Tampered"), firing("Blinded"), firing("Moved")])
        await tenant.post([resolved("Moved", at=T0 + 1)])
        await let_go(tenant, opened, "A-3")
        at, judged = opened.clock.now, {"verdict": "fraud"}
        assert (await tenant.ask(Command(verb="resolve_incident", target="I-1", actor="m", time=at, args=judged))).ok
        assert await told(tenant, "verdict") == ["fraud", "fraud", "fraud"]
        await let_go(tenant, opened, "A-3", after=1)  # again
        assert (await tenant.ask(Command(verb="undo_incident", target="I-1", actor="m", time=at + 2))).ok
        assert await told(tenant, "verdict") == [None, None, None]
        assert (await tenant.ask(Command(verb="resolve_incident", target="I-1", actor="m", time=at, args=judged))).ok
        await let_go(tenant, opened, "A-1")
        reopen = Command(verb="reopen_incident", target="I-1", actor="m", time=opened.clock.now)
        assert (await tenant.ask(reopen)).ok
        assert await told(tenant, "status") == ["open", "open", "resolved"]  # the third had ended before it
        assert [body["standing"] for body in await bodies(tenant)] == [2]


async def told(tenant: Tenant, name: str) -> list[object]:
    rows = [await tenant.store.read(queries.alert, no) for no in (1, 2, 3)]
    return [orjson.loads(row[0])[name] for row in rows if row is not None]


async def let_go(tenant: Tenant, opened: Opened, alert: str, *, after: int = 6 * MINUTE_MS) -> None:
    """Let time pass until the engine no longer holds an alert."""
    opened.clock.now += after
    await tenant.ask(Command(verb="heartbeat", target="", actor="nocd", time=opened.clock.now))
    tenant.pipeline.tick(opened.clock.now)
    await tenant.ask(Command(verb="heartbeat", target="", actor="nocd", time=opened.clock.now))
    assert not tenant.pipeline.engine.holds(alert)
