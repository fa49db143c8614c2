"""What the client's thread does: keeps one feed alive, sends orders, and leaves what it hears in a mailbox."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from websockets.exceptions import ConnectionClosed

from noctui.client.backoff import delay_s
from noctui.client.clock import now_ms
from noctui.client.cursor import Cursor, StartOver
from noctui.client.feed import Lost, Refused, opened, read, refusal
from noctui.client.http import Api, Unreachable
from noctui.client.sending import send
from noctui.client.tidings import Fetched, Latency, LinkLost, LinkRefused, Snapshot, Told

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Mapping

    from websockets.asyncio.client import ClientConnection

    from noctui.client.access import Access
    from noctui.client.mailbox import Mailbox
    from noctui.client.orders import Orders
    from noctui.client.queries import Query

STEADY_MS = 5_000
PAST_CHANGES = 100
HTTP_ERROR = 400

log = logging.getLogger(__name__)


class Session:
    """Follows the feed until `stop` is set; `retry` cuts a wait short."""

    def __init__(self, access: Access, orders: Orders, mailbox: Mailbox, chance: Callable[[], float]) -> None:
        self.stop = asyncio.Event()
        self.retry = asyncio.Event()
        self._access = access
        self._api = Api(access)
        self._orders = orders
        self._mailbox = mailbox
        self._chance = chance
        self._up = asyncio.Event()
        self._cursor: Cursor | None = None
        self._why = StartOver("")
        self._steady_since: int | None = None
        self._hurried = False  # the last pause was none: the next may not be
        self._asides: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Work until told to stop; a mistake in the console itself is logged, said, and ends the link."""
        async with self._api:
            work = [
                asyncio.create_task(self._follow()),
                asyncio.create_task(send(self._orders, self._api, self._mailbox, self._up)),
            ]
            stop = asyncio.create_task(self.stop.wait())
            await asyncio.wait([*work, stop], return_when=asyncio.FIRST_COMPLETED)
            rest = (stop, *self._asides)
            for task in (*work, *rest):
                task.cancel()
            await asyncio.gather(*rest, return_exceptions=True)
            for ended in await asyncio.gather(*work, return_exceptions=True):
                if isinstance(ended, Exception):
                    log.error("the link failed", exc_info=ended)
                    self._mailbox.post(LinkRefused(f"the console's link failed: {ended!r}; restart noctui", now_ms()))

    def fetch_why(self, alert_id: str) -> None:
        """Ask for the ledger of an alert."""
        self._begin(self._fetch_why(alert_id))

    def fetch(self, query: Query) -> None:
        """Ask about a site or a baseline."""
        self._begin(self._fetch(query))

    async def _fetch(self, query: Query) -> None:
        api = self._api
        try:
            answer = await (api.get(query.path) if query.body is None else api.post(query.path, query.body))
        except Unreachable as error:
            self._mailbox.post(Told(query.kind, query.key, 503, {"detail": str(error)}))
        else:
            self._mailbox.post(Told(query.kind, query.key, answer.status, answer.body))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._asides.add(task)
        task.add_done_callback(self._asides.discard)

    async def _fetch_why(self, alert_id: str) -> None:
        try:
            answer = await self._api.get(f"alerts/{quote(alert_id, safe='')}/why")
        except Unreachable as error:
            self._mailbox.post(Fetched(alert_id, 503, {"detail": str(error)}))
        else:
            self._mailbox.post(Fetched(alert_id, answer.status, answer.body))

    async def _follow(self) -> None:
        attempt = 0
        while True:
            self.retry.clear()
            try:
                await self._connect()
            except Refused as error:
                log.warning("refused: %s", error)
                self._mailbox.post(LinkRefused(str(error), now_ms()))
                self._up.clear()
                await self.retry.wait()
                attempt = 0
            except StartOver as error:
                log.warning("starting over: %s", error.reason)
                self._cursor, self._why = None, error
                attempt = await self._pause(error.reason, self._next(attempt), at_once=True)
            except Lost as error:
                attempt = await self._pause(str(error), self._next(attempt), at_once=error.at_once)

    def _next(self, attempt: int) -> int:
        """Return the number of the next try: 1 again once the link had been steady for a while."""
        since, self._steady_since = self._steady_since, None
        if since is None or now_ms() - since <= STEADY_MS:
            return attempt + 1
        self._hurried = False
        return 1

    async def _pause(self, detail: str, attempt: int, *, at_once: bool) -> int:
        self._up.clear()
        wait_s = 0.0 if at_once and not self._hurried else delay_s(attempt, self._chance())
        self._hurried = at_once
        at = now_ms()
        log.info("lost: %s; try %d in %.1f s", detail, attempt, wait_s)
        self._mailbox.post(LinkLost(detail, at, attempt, at + round(wait_s * 1_000)))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self.retry.wait()
        return attempt

    async def _connect(self) -> None:
        cursor = self._cursor or await self._snapshot()
        async with opened(self._access, cursor.seq) as socket:
            async for message in socket:
                at = now_ms()
                frame = read(message)
                cursor.take(frame)
                await self._mailbox.put(frame, at)
                await self._note(str(frame.get("type")), socket, at)
        raise Lost("nocd ended the feed, as when it restarts")

    async def _note(self, kind: str, socket: ClientConnection, at: int) -> None:
        if kind == "hello":
            self._up.set()
        elif kind == "caught_up":
            self._steady_since = at
            self._begin(self._time(await socket.ping()))
        elif kind == "heartbeat" and socket.latency:
            self._mailbox.post(Latency(socket.latency * 1_000))

    async def _time(self, pong: Awaitable[float]) -> None:
        with contextlib.suppress(ConnectionClosed):
            self._mailbox.post(Latency(await pong * 1_000))

    async def _snapshot(self) -> Cursor:
        try:
            answer = await self._api.get("snapshot")
        except Unreachable as error:
            raise Lost(str(error)) from error
        if answer.status >= HTTP_ERROR or "seq" not in answer.body:
            raise refusal(self._access, answer.status)
        why, self._why = self._why, StartOver("")
        seq = int(answer.body["seq"])
        self._mailbox.post(Snapshot(answer.body, now_ms(), why.reason, why.hole, await self._past(seq)))
        self._cursor = Cursor(str(answer.body["epoch"]), seq)
        return self._cursor

    async def _past(self, seq: int) -> list[Mapping[str, Any]]:
        """Return the last changes up to `seq`, so that Feed does not begin empty; none where they cannot be had."""
        with contextlib.suppress(Unreachable):
            answer = await self._api.get(f"changes?after={max(0, seq - PAST_CHANGES)}&limit={PAST_CHANGES}&wait_s=0")
            if answer.status < HTTP_ERROR:
                return [change for change in answer.body.get("changes", ()) if int(change["seq"]) <= seq]
        return []
