"""The audit trail on a real file: written with the act, never changed, let go of after years behind an anchor."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from nocd.domain.command import Command
from nocd.domain.instant import DAY_MS
from nocd.errors import NocdError
from nocd.jobs.retention import Keep, retain
from nocd.store import audit
from nocd.store.audit import AuditQuery, Place
from nocd.store.sqlite import sqlite3
from tests.build import T0, Opened, crash, firing

if TYPE_CHECKING:
    from nocd.tenant import Tenant

SIX_YEARS_MS = 2_192 * DAY_MS


@pytest.fixture
def opened(tmp_path) -> Opened:
    return Opened(tmp_path / "t.db")


async def act(tenant: Tenant, verb: str, *, at: int = T0, **args: Any) -> None:
    asked = Command(verb=verb, target="A-1", actor="mara", time=at, args=args, peer="10.0.0.1")
    assert (await tenant.ask(asked)).ok


async def rows(tenant: Tenant, **query: Any) -> list[dict[str, Any]]:
    items, _ = await tenant.store.read(audit.page, AuditQuery(**query))
    return items


async def checked(tenant: Tenant, *, rows_max: int = 2) -> Place:
    place = await tenant.store.read(audit.check, rows_max=rows_max)
    while not place.ended:
        place = await tenant.store.read(audit.check, place, rows_max=rows_max)
    return place


async def test_what_was_answered_is_on_record_after_a_kill_and_once(opened: Opened) -> None:
    tenant = await opened.open()
    await tenant.post([firing()])
    await act(tenant, "ack")
    refused = Command(verb="ack", target="A-1", actor="mara", time=T0)
    assert (await tenant.ask(refused)).status == 409
    keyed = Command(verb="note", target="A-1", actor="mara", time=T0, args={"text": "x"}, key="k")
    for _ in range(2):
        assert (await tenant.ask(keyed)).ok
    await crash(tenant)
    async with opened.tenant() as again:
        assert [row["act"] for row in await rows(again)] == ["note", "ack"]
        assert (await rows(again, act="ack"))[0]["peer"] == "10.0.0.1"
        assert await rows(again, actor="olga") == []
        await act(again, "resolve", verdict="benign")
        place = await checked(again)
        assert (place.rows, place.no, place.fault) == (3, 3, None)


async def test_an_act_that_did_not_become_durable_is_not_on_record(opened: Opened) -> None:
    async with opened.tenant() as tenant:
        await tenant.post([firing()])
        writer = tenant.store._writer
        good, failing = writer._connection, sqlite3.connect(":memory:", isolation_level=None)
        writer._connection = failing
        with pytest.raises(NocdError):
            await act(tenant, "ack")
        writer._connection = good
        failing.close()
        await tenant.pipeline.drain()
        assert await rows(tenant) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'olga'",
        "DELETE FROM audit",
        "INSERT INTO audit_anchors SELECT no, digest, time FROM audit WHERE no = 1",
        f"INSERT INTO audit_anchors VALUES (1, 'made up', {T0 + SIX_YEARS_MS})",
    ],
)
async def test_no_row_is_changed_or_removed(opened: Opened, statement: str) -> None:
    async with opened.tenant() as tenant:
        await tenant.post([firing()])
        await act(tenant, "ack")
        with pytest.raises(NocdError):
            await tenant.store.run([(statement, ())])
        assert len(await rows(tenant)) == 1


async def test_a_row_altered_behind_the_triggers_is_named(opened: Opened) -> None:
    async with opened.tenant() as tenant:
        await tenant.post([firing()])
        for n in range(5):
            await act(tenant, "note", text=f"note {n}")
        drop = ("DROP TRIGGER audit_never_changes", ())
        await tenant.store.run([drop, ("UPDATE audit SET detail = '{}' WHERE no = 4", ())])
        place = await checked(tenant)
        assert (place.rows, place.fault) == (3, "row 4 was altered")


async def test_rows_go_after_six_years_and_the_chain_holds_from_its_anchor(opened: Opened) -> None:
    async with opened.tenant() as tenant:
        await tenant.post([firing()])
        for n in range(5):
            await act(tenant, "note", text=f"note {n}")
        later = opened.clock.forward(SIX_YEARS_MS - 1)
        keep = Keep()
        assert "audit" not in await retain(tenant.store, keep, now=later, saved_to=0)
        await act(tenant, "note", at=later, text="years later")
        later = opened.clock.forward(2)
        assert "5 audit rows" in await retain(tenant.store, keep, now=later, saved_to=0)
        assert [row["act"] for row in await rows(tenant)] == ["let_go", "note"]
        place = await checked(tenant)
        assert (place.rows, place.no, place.fault) == (2, 7, None)
        await act(tenant, "note", at=later, text="on it goes")
        assert (await checked(tenant)).rows == 3
        for anchored in ("UPDATE audit_anchors SET digest = 'x'", "DELETE FROM audit_anchors"):
            with pytest.raises(NocdError):
                await tenant.store.run([(anchored, ())])


async def test_a_beginning_cut_off_behind_a_forged_anchor_is_told(opened: Opened) -> None:
    async with opened.tenant() as tenant:
        await tenant.post([firing()])
        for n in range(4):
            await act(tenant, "note", text=f"note {n}")
        forged = "INSERT INTO audit_anchors SELECT no, digest, time FROM audit WHERE no = 2"
        drop = ("DROP TRIGGER audit_anchors_hold_old_rows_alone", ())
        await tenant.store.run([drop, (forged, ()), ("DELETE FROM audit WHERE no <= 2", ())])
        assert (await checked(tenant)).fault == "no row tells that those up to 2 were let go of"


async def test_a_failing_retention_leaves_all_as_it_was(opened: Opened) -> None:
    async with opened.tenant() as tenant:
        await tenant.post([firing()])
        for n in range(3):
            await act(tenant, "note", text=f"note {n}")
        later = opened.clock.forward(SIX_YEARS_MS)
        block = "CREATE TRIGGER block BEFORE INSERT ON audit BEGIN SELECT raise(ABORT, 'no'); END"
        await tenant.store.run([(block, ())])
        with pytest.raises(NocdError):
            await tenant.store.let_go_of_audit(before=later + 1, step=10, now=later)
        assert (await checked(tenant)).rows == 3


async def test_a_reader_pages_through_all_of_it(opened: Opened) -> None:
    async with opened.tenant() as tenant:
        await tenant.post([firing()])
        await asyncio.gather(*(act(tenant, "note", text=f"note {n}") for n in range(7)))
        seen: list[int] = []
        before: int | None = 2**62
        while before is not None:
            items, before = await tenant.store.read(audit.page, AuditQuery(before=before, limit=3))
            seen += [item["no"] for item in items]
        assert seen == [7, 6, 5, 4, 3, 2, 1]
