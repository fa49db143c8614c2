"""Incidents are durable with the alerts in them, whatever stops the daemon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest

from nocd.domain.command import Command
from nocd.store import incidents as stored
from nocd.store.incidents import IncidentQuery
from tests.build import T0, Opened, crash, firing

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
