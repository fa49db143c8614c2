"""Receivers for tests: real servers that note what they are sent, and answer as they are told to."""

from __future__ import annotations

import asyncio
import base64
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from nocd.metrics import Metrics
from nocd.notify.notifier import Notifier
from nocd.notify.receiver import Receiver
from tests.build import Opened

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from nocd.tenant import Tenant

SECRETS = {name: f"whsec_{base64.b64encode(name.encode() * 8).decode()}" for name in ("old1", "new1")}
WITHIN_S = 20.0


@dataclass(slots=True)
class Server:
    """Answers each request by `answer`, 204 unless told otherwise; `got` are the requests, in order."""

    url: str = ""
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.got.append((dict(request.headers), await request.read()))
        self.came.set()
        return web.Response(status=204) if self.answer is None else await self.answer(request)

    async def has(self, count: int) -> list[str]:
        """Return the webhook-ids once so many requests came."""
        async with asyncio.timeout(WITHIN_S):
            while len(self.got) < count:
                self.came.clear()
                await self.came.wait()
        return [headers["webhook-id"] for headers, _ in self.got]

    def answers(self, status: int, **headers: str) -> None:
        async def answer(_: web.Request) -> web.Response:
            return web.Response(status=status, headers=headers)

        self.answer = answer


@asynccontextmanager
async def server() -> AsyncIterator[Server]:
    made = Server()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield made
    finally:
        await runner.cleanup()


def to(made: Server, secret: Path, **more: Any) -> Receiver:
    """Return a receiver that a test's own server is."""
    return Receiver(**{"webhook": made.url, "secrets": (f"file:{secret}",), "addresses": ("127.0.0.0/8",), **more})


@asynccontextmanager
async def notifying(
    opened: Opened, receivers: dict[str, Receiver], *, timeout_s: float = 10.0
) -> AsyncIterator[tuple[Tenant, Notifier]]:
    """Run a tenant and what sends its messages; the clock is wound, and chance is none."""
    async with opened.tenant() as tenant:
        notifier = Notifier(receivers, metrics=Metrics(), now_ms=opened.clock, jitter=lambda: 0.5, timeout_s=timeout_s)
        close = notifier.serve(tenant)
        try:
            yield tenant, notifier
        finally:
            await close()
