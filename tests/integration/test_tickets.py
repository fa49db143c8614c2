"""Tickets on a real file: one open a trouble whatever happens, back after a kill, recalled when let go of."""

from __future__ import annotations

from typing import Any

import pytest

from nocd.domain.command import Command, Reply
from nocd.domain.instant import HOUR_MS, MINUTE_MS
from nocd.errors import UnavailableError
from nocd.store import queries
from nocd.store.tickets import TicketQuery, alerts_of, detail, tickets
from nocd.tenant import Tenant
from tests.build import T0, Opened, crash, firing, resolved, until

ROWS = "SELECT id, number, key, status, open FROM (SELECT 'T-' || no AS id, * FROM tickets) ORDER BY no"


@pytest.fixture
def opened(tmp_path) -> Opened:
    return Opened(tmp_path / "t.db")


async def rows(tenant: Tenant) -> list[tuple[Any, ...]]:
    return await tenant.store.read(lambda base: base.execute(ROWS).fetchall())


async def act(tenant: Tenant, verb: str, target: str = "T-1", *, at: int = T0, **args: Any) -> Reply:
    asked = {"verdict": "fraud", "comment": "done", **args}
    return await tenant.ask(Command(verb=f"{verb}_ticket", target=target, actor="mara", time=at, args=asked))


async def test_a_ticket_and_its_alert_are_in_the_file_with_one_commit(opened: Opened) -> None:
    async with opened.tenant() as tenant:
        await tenant.post([firing(), firing(entity="cam-8"), firing("Door", severity="LOW")])
        assert await rows(tenant) == [("T-1", "S1-1", "Camera|S1|", "new", 1)]
        whole = await tenant.store.read(detail, 1)
        assert whole is not None
        assert whole.count(b'"ticket":"T-1"') == 2
        told = [each.change.type for each in await tenant.log.read(0, limit=99)]
        assert told.count("ticket_created") == 1
        assert await tenant.store.read(detail, 9) is None


async def test_the_file_itself_refuses_a_second_open_ticket_of_a_trouble(opened: Opened) -> None:
    async with opened.tenant() as tenant:
        await tenant.post([firing("Door")])
        planted = "INSERT INTO tickets SELECT 99, 'S1-99', 'Camera|S1|', status, open, priority, type, site, client,"
        planted += " person, assignee, created_at, updated_at, body, record FROM tickets WHERE no = 1"
        await tenant.store.run([(planted, ())])
        with pytest.raises(UnavailableError, match="UNIQUE"):
            await tenant.post([firing()])
        await until(lambda: tenant.pipeline.broken is None)
        assert [row[0] for row in await rows(tenant)] == ["T-1", "T-99"]
        assert await tenant.store.read(queries.alert, 2) is None
        await tenant.store.run([("UPDATE tickets SET open = 0 WHERE no = 99", ())])
        assert (await tenant.post([firing()])).accepted == 1
        assert [row[0] for row in await rows(tenant)] == ["T-1", "T-2", "T-99"]


async def test_the_end_of_one_ticket_and_the_next_of_its_trouble_fit_in_one_commit(opened: Opened) -> None:
    async with opened.tenant() as tenant:
        await tenant.post([firing()])
        engine = tenant.pipeline.engine
        engine.apply(Command(verb="cancel_ticket", target="T-1", actor="mara", time=T0, args={"comment": "x"}))
        await tenant.post([firing(entity="cam-8")])
        assert [(row[0], row[3]) for row in await rows(tenant)] == [("T-1", "cancelled"), ("T-2", "new")]


@pytest.mark.parametrize("killed_after", range(4))
async def test_a_kill_at_any_point_leaves_one_ticket_that_goes_on(opened: Opened, killed_after: int) -> None:
    steps = [firing(), firing(entity="cam-8", at=T0 + 1), firing(severity="CRITICAL", at=T0 + 2)]
    tenant = await opened.open()
    for number, step in enumerate(steps):
        if number == killed_after:
            await crash(tenant)
            tenant = await opened.open()
        await tenant.post([step])
    await crash(tenant)
    async with opened.tenant() as again:
        ((name, number, _, status, _),) = await rows(again)
        assert (name, number, status) == ("T-1", "S1-1", "new")
        ticket = again.pipeline.engine.triage.tickets.get("T-1")
        assert ticket is not None
        assert (ticket.alerts, ticket.priority) == (["A-1", "A-2"], "P1")
        assert (await act(again, "ack", at=T0 + 3)).body["status"] == "open"
        await again.post([firing("Door", at=T0 + 4)])
        assert [row[1] for row in await rows(again)] == ["S1-1", "S1-2"]


async def test_a_clock_goes_on_over_a_restart_and_its_breach_is_told_once(opened: Opened) -> None:
    async with opened.tenant() as tenant:
        await tenant.post([firing(severity="CRITICAL")])
    async with opened.tenant() as tenant:
        for _ in range(2):
            tenant.pipeline.tick(opened.clock.forward(5 * HOUR_MS))
            await tenant.pipeline.drain()
        found, _ = await tenant.store.read(queries.findings, kind="SLA_BREACH")
        assert len(found) == 1


async def test_what_the_engine_let_go_of_is_recalled_ticket_and_alerts_alike(opened: Opened) -> None:
    async with opened.tenant() as tenant:
        await tenant.post([firing(), resolved(at=T0 + 1)])
        tenant.pipeline.tick(opened.clock.forward(10 * MINUTE_MS))
        await tenant.pipeline.drain()
        engine = tenant.pipeline.engine
        assert engine.book.get("A-1") is None
        at = opened.clock.now
        assert (await act(tenant, "ack", at=at)).ok
        assert (await act(tenant, "resolve", at=at)).body["verdict"] == "fraud"
        verdicts = await tenant.store.read(lambda base: base.execute("SELECT alert, verdict FROM verdicts").fetchall())
        assert verdicts == [(1, "fraud")]
        tenant.pipeline.tick(opened.clock.forward(5 * HOUR_MS))
        await tenant.pipeline.drain()
        assert engine.triage.tickets.get("T-1") is None
        assert (await act(tenant, "close", at=opened.clock.now)).body["status"] == "closed"
        assert (await act(tenant, "ack", "T-7", at=opened.clock.now)).status == 404
        assert (await act(tenant, "ack", "T-01", at=opened.clock.now)).status == 404
        assert (await act(tenant, "ack", "x", at=opened.clock.now)).status == 404


async def test_what_was_recalled_and_changed_is_so_after_a_kill(opened: Opened) -> None:
    tenant = await opened.open()
    await tenant.post([firing()])
    await act(tenant, "ack")
    await act(tenant, "resolve")
    tenant.pipeline.tick(opened.clock.forward(5 * HOUR_MS))
    await tenant.pipeline.drain()
    at = opened.clock.now
    assert tenant.pipeline.engine.triage.tickets.get("T-1") is None
    assert tenant.pipeline.engine.book.get("A-1") is None
    assert (await act(tenant, "reopen", at=at)).ok
    assert (await tenant.ask(Command(verb="reopen", target="A-1", actor="mara", time=at))).ok
    expected = list(tenant.pipeline.engine.shelves)
    await crash(tenant)
    async with opened.tenant() as again:
        assert list(again.pipeline.engine.shelves) == expected
        assert [(row[0], row[3]) for row in await rows(again)] == [("T-1", "open")]


async def test_pages_of_tickets_go_on_where_the_last_ended(opened: Opened) -> None:
    async with opened.tenant() as tenant:
        await tenant.post([firing(f"T{n}", severity="CRITICAL" if n == 2 else "HIGH") for n in range(5)])
        seen: list[bytes] = []
        after = None
        for _ in range(3):
            bodies, after = await tenant.store.read(tickets, TicketQuery(after=after, limit=2))
            seen += bodies
        assert after is None
        assert [body.partition(b",")[0][7:-1].decode() for body in seen] == ["T-3", "T-5", "T-4", "T-2", "T-1"]
        assert await tenant.store.read(alerts_of, b'{"alerts":[]}') == []
