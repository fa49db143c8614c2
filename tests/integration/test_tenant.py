"""One tenant on a real file: durable before answered, the same after any stop, refused where it cannot be."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import orjson
import pytest

from nocd.batch import Accepted, Limits
from nocd.domain.change import Change
from nocd.domain.command import Command
from nocd.errors import Overloaded, StorageFull, UnavailableError
from nocd.store import queries
from nocd.store.queries import AlertQuery
from nocd.store.sqlite import sqlite3
from nocd.tenant import Tenant, TenantLimits, refold
from tests.build import T0, Opened, crash, engine, event, firing, until


@pytest.fixture
def opened(tmp_path) -> Opened:
    return Opened(tmp_path / "t.db")


def fixes(count: int, start: int = 0):
    return [
        event("noc.location.fix", event_id=f"f{n}", at=T0 + n, person=f"P{n % 7}", lat=1.0, lon=2.0)
        for n in range(start, start + count)
    ]


def ack(alert_id: str = "A-1", **more) -> Command:
    return Command(verb="ack", target=alert_id, actor="mara", time=T0, **more)


async def read_alerts(tenant: Tenant) -> list[dict[str, Any]]:
    bodies, _ = await tenant.store.read(queries.alerts, AlertQuery(limit=500))
    return [orjson.loads(body) for body in bodies]


async def test_a_repeat_is_a_success_without_a_second_effect(opened: Opened) -> None:
    async with opened.tenant() as tenant:
        sent = [firing(event_id="x"), firing(event_id="x"), firing(event_id="y")]
        first = await tenant.post(sent)
        assert (first.accepted, first.duplicates) == (2, 1)
        again = await tenant.post(sent)
        assert (again.accepted, again.duplicates) == (0, 3)
        assert (await read_alerts(tenant))[0]["count"] == 2


async def test_the_same_after_a_clean_stop(opened: Opened) -> None:
    async with opened.tenant() as tenant:
        await tenant.post([firing(), *fixes(300)])
        before = list(tenant.pipeline.engine.shelves)
    async with opened.tenant() as tenant:
        assert tenant.pipeline.saved_to == tenant.pipeline.last_no == 301
        assert list(tenant.pipeline.engine.shelves) == before


@pytest.mark.parametrize("stop_after", [1, 5, 12, 30])
async def test_the_same_after_a_kill_at_any_point_of_a_save(opened: Opened, stop_after: int) -> None:
    opened.limits = TenantLimits(pipeline=Limits(batch_events_max=40, save_every_events=100))
    tenant = await opened.open()
    for n in range(stop_after):
        await tenant.post([*fixes(39, start=n * 39), firing(entity=f"cam-{n}", event_id=f"a{n}")])
        await tenant.ask(ack(f"A-{n + 1}"))
    expected, numbers = list(tenant.pipeline.engine.shelves), (tenant.pipeline.last_no, tenant.pipeline.last_seq)
    await crash(tenant)
    async with opened.tenant() as again:
        assert list(again.pipeline.engine.shelves) == expected
        assert (again.pipeline.last_no, again.pipeline.last_seq) == numbers
        repeat = await again.post([*fixes(39), firing(entity="cam-0", event_id="a0")])
        assert (repeat.accepted, repeat.duplicates) == (0, 40)


async def test_a_fresh_engine_on_the_stored_inputs_gives_the_same_alerts(opened: Opened) -> None:
    async with opened.tenant() as tenant:
        for n in range(20):
            await tenant.post([firing(entity=f"cam-{n % 3}", at=T0 + n), firing("Door", at=T0 + n, severity="LOW")])
        await tenant.ask(ack())
        opened.clock.forward(3_600_000)
        tenant.pipeline.tick(opened.clock.now)
        await tenant.post(fixes(1))
        live = [row for row in tenant.pipeline.engine.shelves if row[0] == "alert"]
        rows = await tenant.store.tail(0, 10_000)
    fresh = engine()
    for row in rows:
        refold(fresh, [row])
    assert [row for row in fresh.shelves if row[0] == "alert"] == live


async def test_numbers_have_no_hole_and_changes_are_read_as_told(opened: Opened) -> None:
    async with opened.tenant() as tenant:
        for n in range(5):
            await tenant.post([firing(entity=f"cam-{n}")])
        changes = await tenant.log.read(0, limit=1_000)
        assert [change.seq for change in changes] == list(range(1, len(changes) + 1))
        assert await tenant.log.bounds() == (1, len(changes))
        told = [orjson.loads(change.body) for change in changes]
        assert [change["type"] for change in told if change["type"].startswith("alert")] == ["alert_created"] * 5
        assert tenant.hub.seq == len(changes)


async def test_a_command_answers_its_repeat_with_the_first_answer_also_after_a_kill(opened: Opened) -> None:
    tenant = await opened.open()
    await tenant.post([firing()])
    first = await tenant.ask(ack(key="k"))
    await crash(tenant)
    async with opened.tenant() as again:
        assert await again.ask(ack(key="k")) == first
        assert (await again.ask(ack())).status == 409
        other = await again.ask(replace(ack(key="k"), args={"note": "another"}))
        assert (other.status, other.body["code"]) == (422, "idempotency_key_reused")


async def test_an_alert_that_was_let_go_of_is_recalled_for_a_command(opened: Opened) -> None:
    async with opened.tenant() as tenant:
        await tenant.post([firing()])
        await tenant.ask(Command(verb="resolve", target="A-1", actor="mara", time=T0, args={"verdict": "benign"}))
        tenant.pipeline.tick(opened.clock.forward(600_000))
        await tenant.post(fixes(1))
        assert not tenant.pipeline.engine.holds("A-1")
        reply = await tenant.ask(Command(verb="reopen", target="A-1", actor="mara", time=opened.clock.now))
        assert reply.body["status"] == "open"
        assert (await tenant.ask(ack("A-999"))).status == 404
        assert (await tenant.ask(ack("nonsense"))).status == 404


async def test_a_full_inbox_is_refused_and_what_was_in_it_is_stored(opened: Opened) -> None:
    opened.limits = TenantLimits(pipeline=Limits(batch_events_max=10, inbox_events_max=100))
    async with opened.tenant() as tenant:
        first = asyncio.ensure_future(tenant.post(fixes(95)))
        await asyncio.sleep(0)
        with pytest.raises(Overloaded) as refused:
            await tenant.post(fixes(20, start=100))
        assert refused.value.status == 429
        assert (await first).accepted == 95
        assert (await tenant.post(fixes(20, start=100))).accepted == 20


class Failing:
    """Fails the writer's next commit in a given way, as a disk would."""

    def __init__(self, tenant: Tenant, error: Exception) -> None:
        self.writer = tenant.store._writer
        self.error = error
        self.real = self.writer.commit
        self.writer.commit = self  # type: ignore[method-assign]  # a fake in its place

    def __call__(self, commit):
        self.writer.commit = self.real  # type: ignore[method-assign]  # the real one again
        raise self.error


def disk_full() -> sqlite3.Error:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    return error


async def test_a_failed_commit_answers_507_and_the_engine_is_rebuilt_from_the_store(opened: Opened) -> None:
    async with opened.tenant() as tenant:
        await tenant.post([firing()])
        before = list(tenant.pipeline.engine.shelves)
        Failing(tenant, disk_full())
        with pytest.raises(StorageFull):
            await tenant.post([firing(event_id="lost"), firing("Door")])
        tenant.pipeline.rest()
        await until(lambda: tenant.pipeline.broken is None)
        assert list(tenant.pipeline.engine.shelves) == before
        assert (await tenant.post([firing(event_id="lost")])).accepted == 1
        assert (await read_alerts(tenant))[0]["count"] == 2
        assert [change.seq for change in await tenant.log.read(0, limit=99)] == list(
            range(1, tenant.pipeline.last_seq + 1)
        )


async def test_one_submission_the_engine_cannot_take_fails_alone(opened: Opened) -> None:
    async with opened.tenant() as tenant:
        bad = replace(firing(event_id="bad"), type="noc.site")  # what no decoder makes: the engine cannot fold it
        answers = await asyncio.gather(
            tenant.post(fixes(3)), tenant.post([bad]), tenant.post(fixes(3, start=10)), return_exceptions=True
        )
        assert [type(answer) for answer in answers] != [type(answers[0])] * 3
        assert isinstance(answers[1], UnavailableError)
        assert answers[1].code == "engine_failed"
        assert [answers[0], answers[2]] == [Accepted(accepted=3, duplicates=0)] * 2


async def test_an_announced_change_is_told_with_the_next_commit(opened: Opened) -> None:
    async with opened.tenant() as tenant:
        tenant.pipeline.announce(Change(type="job_finished", time=T0, data={"job": "x"}))
        await tenant.post(fixes(1))
        kinds = {change.change.type for change in await tenant.log.read(0, limit=10)}
        assert "job_finished" in kinds


async def test_refused_while_the_disk_has_no_room(opened: Opened) -> None:
    async with opened.tenant() as tenant:
        await tenant.post([firing()])
        tenant.pipeline.refusal = StorageFull("full")
        with pytest.raises(StorageFull):
            await tenant.post(fixes(1))
        assert (await tenant.ask(ack())).ok  # operators can still act
        tenant.pipeline.refusal = None
        assert (await tenant.post(fixes(1))).accepted == 1


async def test_a_quiet_moment_saves_what_lags(opened: Opened) -> None:
    async with opened.tenant() as tenant:
        await tenant.post(fixes(600))
        assert tenant.pipeline.saved_to == 0
        tenant.pipeline.rest()
        await until(lambda: tenant.pipeline.saved_to == 600)
        async with asyncio.timeout(5):
            await tenant.pipeline.drain()
