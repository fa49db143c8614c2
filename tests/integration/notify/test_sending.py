"""Messages on real sockets: signed, tried again, given up, and nobody waits for anybody else."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from aiohttp import web
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from nocd.clock import now_ms
from nocd.domain.command import Command
from nocd.domain.instant import DAY_MS, HOUR_MS, SECOND_MS
from nocd.errors import StorageFull
from nocd.metrics import Metrics
from nocd.notify.notifier import Notifier
from nocd.notify.outbox import wait_ms
from nocd.store import outbox, queries
from nocd.tenant import Tenant, TenantLimits
from nocd.triage.routes import Route, Routes
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


def opened(tmp_path: Path, *receivers: str, **route: Any) -> Opened:
    """Return a tenant that tells each receiver of every alert at once; its clock starts at the present."""
    routes = tuple(Route(name=name, receivers=(name,), group_wait_s=0, **route) for name in receivers)
    limits = TenantLimits(routes=Routes(routes, frozenset(receivers)))
    return Opened(tmp_path / "t.db", clock=Clock(now_ms()), limits=limits)


async def told(tenant: Tenant, state: str | None = None) -> list[dict[str, Any]]:
    items, _ = await tenant.store.read(
        outbox.page, state=state, receiver=None, sites=frozenset(), clients=frozenset(), before=None, limit=100
    )
    return items


async def settled(tenant: Tenant, state: str, count: int) -> list[dict[str, Any]]:
    """Return the messages of a state once there are so many."""
    async with asyncio.timeout(20):
        while len(items := await told(tenant, state)) < count:  # noqa: ASYNC110 - the store gives no event, and a test only watches
            await asyncio.sleep(0.002)
    return items


async def tried(tenant: Tenant, attempts: int) -> dict[str, Any]:
    """Return the only message once it was tried so often."""
    async with asyncio.timeout(20):
        while (item := (await told(tenant))[0])["attempts"] < attempts:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.002)
    return item


async def test_a_message_is_signed_so_that_an_independent_verifier_accepts_it(
    tmp_path: Path, hook: Server, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_OLD", SECRETS["old1"])
    place = opened(tmp_path, "desk")
    receiver = to(hook, secret, secrets=(f"file:{secret}", "env:HOOK_OLD"))
    async with notifying(place, {"desk": receiver}) as (tenant, _):
        await tenant.post([firing(at=place.clock())])
        await hook.has(1)
        (item,) = await settled(tenant, "delivered", 1)
    ((headers, body),) = hook.got
    for each in SECRETS.values():
        told = Verifier(each).verify(body, headers)
        assert told["data"]["alerts"][0]["alert"]["id"] == "A-1"
    with pytest.raises(WebhookVerificationError):
        Verifier(SECRETS["old1"]).verify(body.replace(b"A-1", b"A-2"), headers)
    assert headers["webhook-id"] == item["webhook_id"]


async def test_a_secret_that_is_replaced_signs_the_next_message(tmp_path: Path, hook: Server, secret: Path) -> None:
    place = opened(tmp_path, "desk")
    async with notifying(place, {"desk": to(hook, secret)}) as (tenant, _):
        await tenant.post([firing(at=place.clock())])
        await hook.has(1)
        await asyncio.to_thread(secret.write_text, SECRETS["old1"])
        await tenant.post([firing("Door", at=place.clock())])
        await hook.has(2)
    for name, (headers, body) in zip(("new1", "old1"), hook.got, strict=True):
        Verifier(SECRETS[name]).verify(body, headers)


async def test_a_receiver_that_fails_is_tried_again_under_the_same_id_for_a_day_then_told_and_replayed(
    tmp_path: Path, hook: Server, secret: Path
) -> None:
    hook.answers(500)
    place = opened(tmp_path, "desk")
    async with notifying(place, {"desk": to(hook, secret)}) as (tenant, notifier):
        await tenant.post([firing(at=place.clock())])
        item = await tried(tenant, 1)
        for attempt in range(2, 6):
            await wound(place, notifier, wait_ms(attempt - 1, jitter=0.5))
            item = await tried(tenant, attempt)
        assert (item["state"], item["error"]) == ("waiting", "answered 500")
        assert notifier.part() == {"state": "degraded", "detail": "desk could not be told last time"}
        await wound(place, notifier, DAY_MS)
        (item,) = await settled(tenant, "dead", 1)
        hook.answers(200)
        assert await tenant.store.run([outbox.replayed(1, now=place.clock())]) == 1
        notifier.wake("default")
        await settled(tenant, "delivered", 1)
        assert notifier.part()["state"] == "ok"
        assert await tenant.store.run([outbox.replayed(1, now=place.clock())]) == 0
        changes = [orjson.loads(each.body) for each in await tenant.store.read(queries.changes, after=0, limit=100)]
    assert set(await hook.has(7)) == {item["webhook_id"]}
    (failed,) = (each["data"] for each in changes if each["type"] == "notification_failed")
    assert (failed["receiver"], failed["notification"], failed["gone"]) == ("desk", "N-1", False)
    assert "NOTIFICATION_FAILED" in [each["data"]["type"] for each in changes if each["type"] == "alert_created"]


async def wound(place: Opened, notifier: Notifier, ms: int) -> None:
    place.clock.forward(ms)
    notifier.wake("default")


async def test_a_receiver_that_never_answers_delays_nobody_else(tmp_path: Path, hook: Server, secret: Path) -> None:
    async def never(_: web.Request) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    place = opened(tmp_path, "slow", "desk")
    async with server() as slow:
        slow.answer = never
        receivers = {"slow": to(slow, secret), "desk": to(hook, secret)}
        async with notifying(place, receivers) as (tenant, _):
            for number in range(20):
                await tenant.post([firing(f"Camera {number}", at=place.clock())])
            assert len(set(await hook.has(20))) == 20
            assert len(slow.got) == 1
            await settled(tenant, "delivered", 20)
            assert len(await told(tenant, "waiting")) == 20


async def test_an_answer_that_does_not_come_in_time_is_none(tmp_path: Path, hook: Server, secret: Path) -> None:
    async def never(_: web.Request) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    hook.answer = never
    place = opened(tmp_path, "desk")
    async with notifying(place, {"desk": to(hook, secret)}, timeout_s=0.05) as (tenant, _):
        await tenant.post([firing(at=place.clock())])
        assert (await tried(tenant, 1))["error"] == "no answer within 0.05 s"


async def test_a_redirect_is_not_followed(tmp_path: Path, hook: Server, secret: Path) -> None:
    async with server() as elsewhere:
        hook.answers(307, Location=elsewhere.url)
        place = opened(tmp_path, "desk")
        async with notifying(place, {"desk": to(hook, secret)}) as (tenant, _):
            await tenant.post([firing(at=place.clock())])
            assert (await tried(tenant, 1))["error"] == "answered 307, and redirects are not followed"
        assert elsewhere.got == []


async def test_an_answer_without_end_is_taken_by_its_status(tmp_path: Path, hook: Server, secret: Path) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x" * 65_536)

    hook.answer = endless
    place = opened(tmp_path, "desk")
    async with notifying(place, {"desk": to(hook, secret)}) as (tenant, _):
        await tenant.post([firing(at=place.clock())])
        await settled(tenant, "delivered", 1)


async def test_what_is_no_http_is_tried_again(tmp_path: Path, hook: Server, secret: Path) -> None:
    async def lie(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 two hundred, I promise\r\n\r\n")
        writer.close()

    liar = await asyncio.start_server(lie, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{liar.sockets[0].getsockname()[1]}/"
    place = opened(tmp_path, "desk")
    async with liar, notifying(place, {"desk": to(hook, secret, webhook=url)}) as (tenant, _):
        await tenant.post([firing(at=place.clock())])
        assert (await tried(tenant, 1))["error"] == "no usable answer (ClientResponseError)"


async def test_a_receiver_asks_for_patience_and_gets_it(tmp_path: Path, hook: Server, secret: Path) -> None:
    hook.answers(429, **{"Retry-After": "600"})
    place = opened(tmp_path, "desk")
    async with notifying(place, {"desk": to(hook, secret)}) as (tenant, notifier):
        await tenant.post([firing(at=place.clock())])
        await tried(tenant, 1)
        due = await tenant.store.read(outbox.next_due, "desk")
        assert due == place.clock() + 600 * SECOND_MS
        assert wait_ms(30, jitter=1.0) == 1.5 * HOUR_MS
        assert notifier.part()["state"] == "degraded"


async def test_a_receiver_that_is_gone_is_disabled_and_what_waits_goes_on_when_it_is_enabled(
    tmp_path: Path, hook: Server, secret: Path
) -> None:
    hook.answers(410)
    place = opened(tmp_path, "desk")
    async with notifying(place, {"desk": to(hook, secret)}) as (tenant, notifier):
        await tenant.post([firing(f"Camera {number}", at=place.clock()) for number in range(3)])
        await settled(tenant, "dead", 1)
        assert notifier.part()["detail"] == "desk is disabled"
        (listed,) = await notifier.listed(tenant)
        assert (listed["state"], listed["waiting"], listed["dead"]) == ("disabled", 2, 1)
        hook.answers(204)
        enable = Command(verb="enable_receiver", target="desk", actor="mara", time=place.clock())
        assert (await tenant.ask(enable)).ok
        notifier.wake("default")
        await settled(tenant, "delivered", 2)
        assert len(hook.got) == 3


async def test_messages_of_a_disabled_receiver_do_not_wait_for_ever(tmp_path: Path, hook: Server, secret: Path) -> None:
    hook.answers(410)
    place = opened(tmp_path, "desk")
    async with notifying(place, {"desk": to(hook, secret)}) as (tenant, notifier):
        await tenant.post([firing(f"Camera {number}", at=place.clock()) for number in range(3)])
        await settled(tenant, "dead", 1)
        await wound(place, notifier, DAY_MS)
        assert {item["error"] for item in await settled(tenant, "dead", 3)} == {
            "answered 410",
            "its receiver was disabled",
        }


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_private_address_is_refused_however_it_is_named(
    tmp_path: Path, hook: Server, secret: Path, host: str
) -> None:
    url = hook.url.replace("127.0.0.1", host)
    place = opened(tmp_path, "desk")
    async with notifying(place, {"desk": to(hook, secret, webhook=url, addresses=())}) as (tenant, _):
        await tenant.post([firing(at=place.clock())])
        assert "is a private address" in (await tried(tenant, 1))["error"]
    assert hook.got == []


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"secrets": ("env:HOOK_NOT_SET",)}, "the environment has no HOOK_NOT_SET"),
        ({"secrets": ("file:/nowhere/x",)}, "/nowhere/x cannot be read: No such file or directory"),
        ({"webhook": "env:HOOK_NOT_SET"}, "the environment has no HOOK_NOT_SET"),
    ],
)
async def test_a_secret_that_cannot_be_read_is_a_reason_and_not_an_end(
    tmp_path: Path, hook: Server, secret: Path, more: dict[str, Any], why: str
) -> None:
    place = opened(tmp_path, "desk")
    async with notifying(place, {"desk": to(hook, secret, **more)}) as (tenant, _):
        await tenant.post([firing(at=place.clock())])
        assert (await tried(tenant, 1))["error"] == why


async def test_a_kill_while_a_message_is_under_way_sends_it_again_under_the_same_id(
    tmp_path: Path, hook: Server, secret: Path
) -> None:
    held = asyncio.Event()

    async def hold(_: web.Request) -> web.Response:
        await held.wait()
        return web.Response()

    hook.answer = hold
    place = opened(tmp_path, "desk")
    tenant = await place.open()
    close = Notifier({"desk": to(hook, secret)}, metrics=Metrics(), now_ms=place.clock).serve(tenant)
    await tenant.post([firing(at=place.clock())])
    (first,) = await hook.has(1)
    await close()
    await crash(tenant)
    hook.answer = None
    async with notifying(place, {"desk": to(hook, secret)}) as (again, _):
        assert await hook.has(2) == [first, first]
        await settled(again, "delivered", 1)


async def test_messages_whose_receiver_is_set_no_more_are_dead_letters(
    tmp_path: Path, hook: Server, secret: Path
) -> None:
    place = opened(tmp_path, "desk")
    async with place.tenant() as tenant:
        await tenant.post([firing(at=place.clock())])
    async with notifying(place, {"other": to(hook, secret)}) as (tenant, _):
        (item,) = await settled(tenant, "dead", 1)
    assert item["error"].startswith("no receiver of this name is set since 20")


async def test_while_the_store_cannot_write_a_message_is_sent_once_and_marked_later(
    tmp_path: Path, hook: Server, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nocd.notify.outbox.AGAIN_S", 0.001)
    place = opened(tmp_path, "desk")
    async with notifying(place, {"desk": to(hook, secret)}) as (tenant, _):
        run, failures = tenant.store.run, iter(range(5))

        async def full(statements: Any) -> int:
            if next(failures, None) is not None:
                raise StorageFull("the disk is full")
            return await run(statements)

        monkeypatch.setattr(tenant.store, "run", full)
        await tenant.post([firing(at=place.clock())])
        await settled(tenant, "delivered", 1)
    assert len(hook.got) == 1


async def test_a_receiver_for_which_too_much_waits_loses_the_oldest_to_the_dead_letters(
    tmp_path: Path, hook: Server, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nocd.notify.outbox.WAITING_MAX", 3)
    hook.answers(503)
    place = opened(tmp_path, "desk")
    async with notifying(place, {"desk": to(hook, secret)}) as (tenant, _):
        await tenant.post([firing(f"Camera {number}", at=place.clock()) for number in range(5)])
        items = await settled(tenant, "dead", 2)
        assert [(item["id"], item["error"]) for item in items] == [
            ("N-2", "more than 3 messages waited"),
            ("N-1", "more than 3 messages waited"),
        ]
        assert {item["id"] for item in await told(tenant, "waiting")} == {"N-3", "N-4", "N-5"}
