"""Fraud scores on a real file: with their punch in one transaction, through crashes, with verdicts that stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nocd.domain.command import Command
from nocd.store import scores as stored
from tests.build import T0, Opened, crash, event
from tests.build_field import company, minutes, punch

if TYPE_CHECKING:
    from pathlib import Path

    from nocd.domain.event import Event
    from nocd.tenant import Tenant

EVERYTHING = (frozenset[str](), frozenset[str]())


def on(person: str, minute: int, **more: Any) -> Event:
    return punch(person, "in", minutes(minute), device="A", **more)


async def rows(tenant: Tenant) -> list[stored.ScoreRow]:
    """Return every score, newest first."""
    return await tenant.store.read(stored.live, since=0, least=0.0, site=None, limits=EVERYTHING, limit=100)


async def test_a_crash_loses_no_score_and_makes_none_twice(tmp_path: Path) -> None:
    opened = Opened(tmp_path / "t.db")
    opened.clock.now = minutes(482)
    tenant = await opened.open()
    await tenant.pipeline.post([*company("P1", "P2"), on("P1", 480), on("P2", 481)])
    before = await rows(tenant)
    await crash(tenant)
    async with opened.tenant() as again:
        assert await rows(again) == before
        await again.pipeline.post([on("P1", 480), on("P2", 481)])  # repeats
        assert await rows(again) == before
        assert [(row.site, row.x is not None) for row in before] == [("S1", True), ("S1", True)]


async def test_late_evidence_after_a_crash_leaves_features_and_verdict(
    tmp_path: Path,
) -> None:
    opened = Opened(tmp_path / "t.db")
    opened.clock.now = minutes(482)
    tenant = await opened.open()
    await tenant.pipeline.post([*company("P1", "P2"), on("P1", 480), on("P2", 481)])
    said = Command(verb="judge_score", target="FS-2", actor="mara", time=minutes(483), args={"verdict": "fraud"})
    assert (await tenant.ask(said)).ok
    (before,) = [row for row in await rows(tenant) if b'"FS-2"' in row.body]
    await crash(tenant)
    async with opened.tenant() as again:
        opened.clock.now = minutes(490)
        terminal = event("noc.device", at=minutes(490), id="A", kind="terminal", site="S1")
        await again.pipeline.post([terminal])
        (after,) = [row for row in await rows(again) if b'"FS-2"' in row.body]
        assert (after.x, after.verdict, after.judged_by) == (before.x, "fraud", "mara")
        assert b'"level":"CRITICAL"' in before.body
        assert b'"level":"MINIMAL"' in after.body


async def test_a_word_that_is_no_verdict_is_refused(tmp_path: Path) -> None:
    async with Opened(tmp_path / "t.db").tenant() as tenant:
        said = Command(verb="judge_score", target="FS-1", actor="mara", time=T0, args={"verdict": "guilty"})
        reply = await tenant.ask(said)
        assert (reply.status, reply.body["code"]) == (409, "bad_verdict")
