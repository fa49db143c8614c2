"""The link to the daemon as the console holds it: a thread whose work is a session."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from typing import TYPE_CHECKING

from noctui.client.mailbox import Mailbox
from noctui.client.orders import Order, Orders

if TYPE_CHECKING:
    from collections.abc import Callable

    from noctui.client.access import Access
    from noctui.client.queries import Query
    from noctui.client.session import Session

CLOSE_TIMEOUT_S = 3.0


class Link:
    """Keeps in touch with one daemon; every method may be called from any thread."""

    def __init__(self, access: Access, *, chance: Callable[[], float] = random.random) -> None:
        self.mailbox = Mailbox()
        self._access = access
        self._chance = chance
        self._orders = Orders()
        self._loop = asyncio.new_event_loop()
        self._session: Session | None = None
        self._thread = threading.Thread(target=self._work, name="noctui-link", daemon=True)

    def start(self) -> None:
        """Begin to connect."""
        self._thread.start()

    def close(self) -> None:
        """Let go of the daemon and end the thread."""
        self._tell(lambda session: session.stop.set())
        if self._thread.ident is None:
            self._loop.close()
        else:
            self._thread.join(CLOSE_TIMEOUT_S)

    def submit(self, order: Order) -> None:
        """Send an order as soon as the link is up."""
        self._orders.add(order)
        self._tell(lambda _: self._orders.came.set())

    def cancel(self, key: str) -> bool:
        """Take an order back, and tell whether it was never sent."""
        return self._orders.cancel(key)

    def retry(self) -> None:
        """Try a lost link now."""
        self._tell(lambda session: session.retry.set())

    def fetch_why(self, alert_id: str) -> None:
        """Ask for the ledger of an alert."""
        self._tell(lambda session: session.fetch_why(alert_id))

    def fetch(self, query: Query) -> None:
        """Ask about a site or a baseline."""
        self._tell(lambda session: session.fetch(query))

    def _tell(self, call: Callable[[Session], object]) -> None:
        """Have the session's own thread make a call, once there is a session; told to nobody after its end."""

        def tell() -> None:
            if self._session is not None:
                call(self._session)

        with contextlib.suppress(RuntimeError):  # the loop has closed
            self._loop.call_soon_threadsafe(tell)

    def _work(self) -> None:
        from noctui.client.session import Session  # noqa: PLC0415 - the first frame need not wait

        self._session = Session(self._access, self._orders, self.mailbox, self._chance)
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._session.run())
