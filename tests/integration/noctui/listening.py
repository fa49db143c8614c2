"""Waiting for what comes from another thread, by being woken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from noctui.app import fold
from noctui.client.link import Link
from noctui.client.orders import Order
from noctui.client.tidings import Tiding
from noctui.state.acts import Act
from noctui.state.model import Model

PATIENCE_S = 20.0


class Listener:
    """Folds what a link hears into a model, as the console does."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.model = Model()
        self.heard: list[Tiding] = []
        self.problems: list[str] = []
        loop, self._woken = asyncio.get_running_loop(), asyncio.Event()
        link.mailbox.wake = lambda: loop.call_soon_threadsafe(self._woken.set)

    async def until(self, there: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                self._woken.clear()
                for tiding in self.link.mailbox.drain():
                    self.heard.append(tiding)
                    self.problems += filter(None, [fold(self.model, tiding)])
                if there():
                    return
                await self._woken.wait()

    async def live(self, seq: int) -> None:
        await self.until(lambda: self.model.seq >= seq and self.model.link.phase == "live")

    def ask(self, key: str, verb: str, alert: str, **body: str) -> None:
        self.model.outbox.ask(Act(key=key, verb=verb, alert=alert, title="", at=0, body=body))
        self.link.submit(Order(key=key, verb=verb, alert=alert, body=body))

    @property
    def seqs(self) -> list[int]:
        return [line.seq for line in self.model.ring if line.seq]

    @property
    def gaps(self) -> list[str]:
        return [line.what for line in self.model.ring if not line.seq]


async def eventually(there: Callable[[], object]) -> None:
    """Wait for something on this very loop."""
    async with asyncio.timeout(PATIENCE_S):
        while not there():  # noqa: ASYNC110 - the condition is another's; nothing is slept
            await asyncio.sleep(0)
