"""Receivers that people read (e-mail, chat, paging), through the Apprise library: imported late, off the event loop."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import orjson

from nocd.notify.receiver import Unusable, named
from nocd.notify.sending import Sent
from nocd.notify.webhook import TIMEOUT_S
from nocd.notify.words import words

if TYPE_CHECKING:
    from nocd.notify.receiver import Receiver


class People:
    """Sends messages by one Apprise URL; in a thread of its own, so that a service that hangs holds up nobody else."""

    def __init__(self, receiver: Receiver, *, timeout_s: float = TIMEOUT_S) -> None:
        """Plan to send; nothing is imported before the first message."""
        self._receiver = receiver
        self._timeout_s = timeout_s
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="notify")

    async def send(self, message_id: str, body: bytes, *, now: int) -> Sent:  # noqa: ARG002 - a channel's arguments; people read no ids
        """Try once to deliver a message."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._timeout_s):
                return await loop.run_in_executor(self._thread, self._notify, orjson.loads(body))
        except TimeoutError:
            return Sent(ok=False, detail=f"not taken within {self._timeout_s:g} s")

    async def close(self) -> None:
        """Let go of the thread; what it still does is not waited for."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _notify(self, body: dict[str, Any]) -> Sent:
        from apprise import Apprise  # noqa: PLC0415 - takes 0.4 s, and few installations need it

        logging.getLogger("apprise").disabled = True  # it would log addresses
        title, text = words(body)
        try:
            service = Apprise()
            if not service.add(named(self._receiver.apprise)):
                return Sent(ok=False, detail="it names no service that Apprise knows")
            ok = bool(service.notify(body=text, title=title))
        except Unusable as error:
            return Sent(ok=False, detail=error.detail)
        except Exception as error:  # noqa: BLE001 - whatever a service's plug-in raises, the message is tried again
            return Sent(ok=False, detail=f"not taken ({type(error).__name__})")
        return Sent(ok=ok, detail="taken" if ok else "the service did not take it")
