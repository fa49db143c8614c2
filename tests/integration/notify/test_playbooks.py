"""Playbooks with real receivers: a step is done when it was answered, and once, whatever stops in between."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from aiohttp import web

from nocd.clock import now_ms
from nocd.domain.command import Command
from nocd.domain.playbook import Action
from nocd.metrics import Metrics
from nocd.notify.notifier import Notifier
from nocd.store import playbooks, reports
from nocd.tenant import Tenant, TenantLimits
from nocd.triage.routes import Routes
from nocd.triage.runbooks import Runbook, Runbooks
from tests.build import Clock, Opened, crash, firing
from tests.integration.notify.receiving import SECRETS, Server, notifying, server, to

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def hook() -> AsyncIterator[Server]:
    async with server() as made:
        yield made


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "hook.secret"
    file.write_text(SECRETS["new1"])
    return file


def opened(tmp_path: Path) -> Opened:
    """Return a tenant whose cameras have a playbook: two webhooks, a note after each."""
    hook = Action(do="webhook", receivers=("desk",), timeout_s=600)
    note = Action(do="note", text="gate opened")
    runbook = Runbook(
        id="CAMERA",
        title="Look",
        applies_to=("Camera",),
        steps=("Look",),
        escalation_minutes=10,
        role="boss",
        playbook=(hook, note, hook, note),
    )
    limits = TenantLimits(runbooks=Runbooks([runbook]), routes=Routes((), frozenset({"desk"})))
    return Opened(tmp_path / "t.db", clock=Clock(now_ms()), limits=limits)


async def ran(tenant: Tenant, status: str) -> dict[str, Any]:
    """Return the only run once it has a status."""
    async with asyncio.timeout(20):
        while True:
            bodies, _ = await tenant.store.read(
                playbooks.page,
                statuses=(),
                alert=None,
                sites=frozenset(),
                clients=frozenset(),
                before=None,
                limit=10,
            )
            runs = [orjson.loads(body) for body in bodies]
            if runs and runs[0]["status"] == status:
                (run,) = runs
                return dict(run)
            await asyncio.sleep(0.002)


async def test_a_playbook_goes_on_as_its_receiver_answers(tmp_path: Path, hook: Server, secret: Path) -> None:
    place = opened(tmp_path)
    async with notifying(place, {"desk": to(hook, secret)}) as (tenant, _):
        await tenant.post([firing(at=place.clock())])
        run = await ran(tenant, "success")
    assert [step["state"] for step in run["steps"]] == ["done"] * 4
    assert run["steps"][2]["reason"] == "desk: answered 204"
    assert [orjson.loads(body)["data"]["step"] for _, body in hook.got] == [0, 2]


@pytest.mark.parametrize("held_at", [1, 2])
async def test_a_kill_between_two_steps_does_none_twice_and_leaves_one_run(
    tmp_path: Path, hook: Server, secret: Path, held_at: int
) -> None:
    async def hold(_: web.Request) -> web.Response:
        if len(hook.got) >= held_at:
            await asyncio.Event().wait()
        return web.Response()

    hook.answer = hold
    place = opened(tmp_path)
    tenant = await place.open()
    close = Notifier({"desk": to(hook, secret)}, metrics=Metrics(), now_ms=place.clock).serve(tenant)
    await tenant.post([firing(at=place.clock())])
    await hook.has(held_at)
    await close()
    await crash(tenant)
    hook.answer = None
    async with notifying(place, {"desk": to(hook, secret)}) as (again, _):
        run = await ran(again, "success")
        alert = again.pipeline.engine.book.get("A-1")
        assert alert is not None
        assert (alert.ran, alert.notes) == (["CAMERA"], 2)
    assert run["id"] == "R-1"
    ids = [headers["webhook-id"] for headers, _ in hook.got]
    assert (len(ids), len(set(ids))) == (3, 2), "one was sent again, under its own id"


async def test_a_receiver_that_is_gone_fails_its_step(tmp_path: Path, hook: Server, secret: Path) -> None:
    hook.answers(410)
    place = opened(tmp_path)
    async with notifying(place, {"desk": to(hook, secret)}) as (tenant, _):
        await tenant.post([firing(at=place.clock())])
        run = await ran(tenant, "partial")
    states = [(step["state"], step["reason"]) for step in run["steps"]]
    assert states[0] == ("failed", "desk: answered 410")
    assert states[2] == ("failed", "answered 410"), "it is disabled by then"


async def test_what_a_playbook_did_alone_is_no_persons_touch(tmp_path: Path) -> None:
    clock = Clock(now_ms())
    note = Action(do="note", text="gate opened")
    runbook = Runbook(
        id="CAMERA",
        title="t",
        applies_to=("Camera",),
        steps=("s",),
        escalation_minutes=9,
        role="boss",
        playbook=(note,),
    )
    async with Opened(
        tmp_path / "t.db", clock=clock, limits=TenantLimits(runbooks=Runbooks([runbook]))
    ).tenant() as tenant:
        await tenant.post(
            [firing(severity="CRITICAL", at=clock.now), firing("Door", severity="CRITICAL", at=clock.now)]
        )
        assert (await tenant.ask(Command(verb="ack", target="A-2", actor="mara", time=clock.now))).ok
        limits: tuple[frozenset[str], frozenset[str]] = frozenset(), frozenset()
        (told,) = await tenant.store.read(reports.triage_load, since=clock.now - 1, limits=limits)
        assert (told["alerts"], told["touched"], told["critical_waiting"]) == (2, 1, 1)
