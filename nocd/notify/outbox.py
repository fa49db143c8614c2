"""Sends what one tenant's outbox holds: at least once, a worker a receiver, so that a slow one delays nobody else."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from nocd import log
from nocd.domain.command import Command
from nocd.domain.delivery import STEP_TOLD
from nocd.domain.instant import HOUR_MS, SECOND_MS
from nocd.errors import NocdError
from nocd.store import outbox
from nocd.triage.receivers import FAILED

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from nocd.metrics import Metrics
    from nocd.notify.sending import Channel, Sent
    from nocd.store.outbox import Message, Statement
    from nocd.tenant import Tenant

R = TypeVar("R")
FIRST_WAIT_MS: Final = 5 * SECOND_MS
LONGEST_WAIT_MS: Final = HOUR_MS
ROUND_MESSAGES: Final = 20
IDLE_S: Final = 60.0  # how late a wound clock, or a word that nobody passed on, is noticed
AGAIN_S: Final = 1.0
ERROR_CHARS_MAX: Final = 300
WAITING_MAX: Final = 10_000


def wait_ms(attempts: int, *, jitter: float, retry_after_s: float | None = None) -> int:
    """Return how long to wait after so many attempts: doubled from 5 s to an hour, times 0.5 to 1.5 by `jitter` 0 to 1.

    Never sooner than the receiver asked.
    """
    plain = min(FIRST_WAIT_MS << min(attempts - 1, 20), LONGEST_WAIT_MS)
    return max(round(plain * (0.5 + jitter)), round((retry_after_s or 0.0) * SECOND_MS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What workers take from around them: the clock, chance, and what is counted."""

    now_ms: Callable[[], int]
    jitter: Callable[[], float]
    metrics: Metrics


class Outbox:
    """One tenant's workers; `serve` starts them, `close` ends them with what is under way, which is then sent again."""

    def __init__(self, tenant: Tenant, channels: Mapping[str, Channel], around: Around) -> None:
        """Plan to send a tenant's messages by `channels`."""
        self._tenant = tenant
        self._channels = channels
        self._around = around
        self._wake = {name: asyncio.Event() for name in channels}
        self._tasks: list[asyncio.Task[None]] = []
        self.failing: dict[str, str] = {}

    def serve(self) -> None:
        """Start a worker for each receiver, and who wakes them."""
        name = self._tenant.name
        self._tasks = [asyncio.create_task(self._listen(), name=f"outbox-{name}")]
        self._tasks += [asyncio.create_task(self._work(each), name=f"outbox-{name}-{each}") for each in self._channels]

    async def close(self) -> None:
        """End every worker."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def wake(self) -> None:
        """Have every worker look again at what is due."""
        for event in self._wake.values():
            event.set()

    async def _listen(self) -> None:
        await self._insist(lambda: self._run(outbox.nobodys(self._channels, now=self._around.now_ms())))
        posted = self._tenant.store.posted
        while True:
            await posted.wait()
            posted.clear()
            self.wake()

    async def _work(self, receiver: str) -> None:
        wake = self._wake[receiver]
        while True:
            wake.clear()
            try:
                pause_s = await self._round(receiver)
            except Exception as error:  # noqa: BLE001 - a worker lives on; what it could not do is still in the outbox
                log.event("notify_failed", level=logging.ERROR, receiver=receiver, error=error)
                pause_s = AGAIN_S
            if pause_s > 0:
                await _woken(wake, pause_s)

    async def _round(self, receiver: str) -> float:
        """Send what is due; return how long there is nothing more to do (seconds)."""
        now = self._around.now_ms()
        if self._tenant.pipeline.engine.triage.notifications.unreachable(receiver) is not None:
            await self._run(outbox.expired(receiver, now=now))
            return IDLE_S
        messages = await self._tenant.store.read(outbox.due, receiver, now=now, limit=ROUND_MESSAGES)
        for message in messages:
            if not await self._send(receiver, message):
                return 0.0  # it is gone: look again at what that means
        if messages:
            return 0.0
        due = await self._tenant.store.read(outbox.next_due, receiver)
        return IDLE_S if due is None else min(IDLE_S, max(0.0, (due - now) / SECOND_MS))

    async def _send(self, receiver: str, message: Message) -> bool:
        """Try a message once and keep what came of it; False where its receiver is gone."""
        sent = await self._channels[receiver].send(message.id, message.body, now=self._around.now_ms())
        now, detail = self._around.now_ms(), sent.detail[:ERROR_CHARS_MAX]
        if sent.ok:
            self.failing.pop(receiver, None)
            await self._report(receiver, message, ok=True, detail=detail)
            await self._keep("delivered", outbox.delivered(message.no, now=now))
            return True
        self.failing[receiver] = detail
        log.event("not_delivered", level=logging.WARNING, receiver=receiver, notification=message.no, detail=detail)
        if sent.gone or now >= message.give_up_at:
            await self._give_up(receiver, message, detail, gone=sent.gone)
            return not sent.gone
        due_at = min(now + self._wait_ms(message, sent), message.give_up_at)
        await self._keep("retried", outbox.failed(message.no, due_at=due_at, error=detail))
        await self._insist(lambda: self._run(outbox.overfull(receiver, now=now, waiting_max=WAITING_MAX)))
        return True

    def _wait_ms(self, message: Message, sent: Sent) -> int:
        return wait_ms(message.attempts + 1, jitter=self._around.jitter(), retry_after_s=sent.retry_after_s)

    async def _give_up(self, receiver: str, message: Message, detail: str, *, gone: bool) -> None:
        args = {"notification": f"N-{message.no}", "detail": detail, "gone": gone, "attempts": message.attempts + 1}
        await self._ask(FAILED, receiver, args)
        await self._report(receiver, message, ok=False, detail=detail)
        await self._keep("dead", outbox.dead(message.no, now=self._around.now_ms(), error=detail))

    async def _report(self, receiver: str, message: Message, *, ok: bool, detail: str) -> None:
        """Let the playbook that waits for a message know what became of it."""
        if message.run is not None:
            await self._ask(
                STEP_TOLD, message.run, {"step": message.step, "receiver": receiver, "ok": ok, "detail": detail}
            )

    async def _ask(self, verb: str, target: str, args: dict[str, object]) -> None:
        now = self._around.now_ms()
        command = Command(verb=verb, target=target, actor="nocd", time=now, args=args)
        await self._insist(lambda: self._tenant.ask(command))

    async def _keep(self, state: str, statement: Statement) -> None:
        """Write down what came of an attempt; it is not tried again before that is written."""
        await self._insist(lambda: self._run(statement))
        self._around.metrics.notifications.labels(state).inc()

    async def _run(self, statement: Statement) -> int:
        return await self._tenant.store.run([statement])

    async def _insist(self, do: Callable[[], Awaitable[R]]) -> R:
        """Do something again and again until the store takes it; only this worker waits."""
        while True:
            try:
                return await do()
            except NocdError as error:
                log.event("notify_waits", level=logging.WARNING, code=error.code)
                await asyncio.sleep(AGAIN_S)


async def _woken(wake: asyncio.Event, within_s: float) -> None:
    """Return when woken, or after so long."""
    try:
        async with asyncio.timeout(within_s):
            await wake.wait()
    except TimeoutError:
        return
