"""One client's connection: the past, then the live feed, its pulse, and its farewell."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from nocd import __version__
from nocd.domain.instant import rfc3339
from nocd.errors import UnavailableError
from nocd.feed import frames
from nocd.feed.frames import PING, Frame
from nocd.feed.resume import join
from nocd.feed.subscription import Subscription
from nocd.wire.frames import CLOSE_LAGGED, CLOSE_SILENT, CLOSE_UNKNOWN_TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable

    from nocd.api.feed_query import Asked
    from nocd.api.feed_server import FeedServer, FeedSource
    from nocd.domain.token import Token

CAPABILITIES = ["resume", "filters", "events", "sse", "long_poll"]
CLOSE_GONE = 1006  # never sent: the client is not there any more
CLOSE_TOO_MANY = 1008
CLOSE_FAILED = 1011
CLOSE_TRY_LATER = 1013
PROTOCOL = "nocd.feed.v1"
TOKEN_PROTOCOL = "bearer."  # noqa: S105 - the prefix of a subprotocol; the secret follows it
MESSAGE_BYTES_MAX = 1_024


@dataclass(frozen=True, slots=True)
class Visit:
    """Who came, and for what."""

    request: web.Request
    token: Token
    asked: Asked
    source: FeedSource


class Connection(ABC):
    """A client of the feed; `serve` runs it until it ends, whoever ends it."""

    kind = ""

    def __init__(self, server: FeedServer, visit: Visit) -> None:
        transport = visit.request.transport
        if transport is None:
            raise ConnectionResetError("gone before it was answered")
        self._server = server
        self.token = visit.token
        self.heard = server.monotonic()
        self.subscription = Subscription(
            visit.asked.filter,
            write=self._straight_to(transport),
            wake=self._wake,
            on_lag=lambda: self.end(CLOSE_LAGGED, "too slow; resume after the last number"),
            backlog_max=server.limits.backlog_max,
            backlog_bytes_max=server.limits.backlog_bytes_max,
        )
        self._transport = transport
        self._source = visit.source
        self._request = visit.request
        self._asked = visit.asked
        self._since = server.now()
        self._live = False
        self._woken = asyncio.Event()
        self._ended: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()

    @abstractmethod
    def _straight_to(self, transport: asyncio.Transport) -> Callable[[Frame], bool]:
        """Return what hands a frame to `transport` at once, or says that it has to wait."""

    @abstractmethod
    async def _send(self, frame: Frame) -> None:
        """Hand the frame to the transport, waiting until it takes more."""

    @abstractmethod
    async def _close(self, code: int, reason: str, farewell: Frame | None) -> None:
        """Say goodbye, within `close_timeout_s`."""

    async def _hear(self) -> None:
        """Take signs of life until the client is gone, where the protocol has any."""
        await self._ended

    def _wake(self) -> None:
        self._woken.set()

    async def serve(self) -> None:
        """Tell the client the feed until someone ends it; raises what made it fail."""
        telling, hearing = asyncio.create_task(self._tell()), asyncio.create_task(self._hear())
        for task in (telling, hearing):
            task.add_done_callback(self._duty_done)
        try:
            code, reason = await asyncio.shield(self._ended)
            hearing.cancel()
            await asyncio.wait([hearing])
            # Telling goes on meanwhile: cancelling a drain would spoil those that follow it on the same connection.
            await self._close(code, reason, self._farewell())
        finally:
            telling.cancel()
            hearing.cancel()
            outcomes = await asyncio.gather(telling, hearing, return_exceptions=True)
            self._source.hub.detach(self.subscription)
            if _unsent_bytes(self._transport):  # closing waits for that to be read, and might wait for ever
                self._server.later(self._server.limits.close_timeout_s, self._transport.abort)
        for outcome in outcomes:
            if isinstance(outcome, Exception) and not isinstance(outcome, OSError | UnavailableError):
                raise outcome

    def _duty_done(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if isinstance(error, UnavailableError):
            self.end(CLOSE_TRY_LATER, error.code)
        elif error is None or isinstance(error, OSError):
            self.end(CLOSE_GONE, "")
        else:
            self.end(CLOSE_FAILED, "internal")

    async def _tell(self) -> None:
        hub, log = self._source.hub, self._source.log
        await join(hub, log, self.subscription, after=self._asked.after, send=self._pass_on, hello=self._hello)
        self._live = True
        if people := self._server.present(self.token.tenant):
            self.announce(frames.presence(people, hub.seq))
        while True:
            await self._woken.wait()
            self._woken.clear()
            while (frame := self.subscription.take()) is not None:
                await self._pass_on(frame)

    async def _pass_on(self, frame: Frame) -> None:
        self._go_on()
        await self._send(frame)
        self._go_on()

    def _go_on(self) -> None:
        if self._ended.done():
            raise ConnectionAbortedError("ended")

    def _hello(self, seq: int, oldest_seq: int) -> Frame:
        return frames.hello(
            epoch=self._source.hub.epoch,
            seq=seq,
            oldest_seq=oldest_seq,
            server_time=rfc3339(self._server.now()),
            version=__version__,
            capabilities=CAPABILITIES,
            you=self.token.name,
        )

    def _farewell(self) -> Frame | None:
        subscription = self.subscription
        return frames.lagged(subscription.seq, subscription.dropped) if subscription.lagged else None

    def end(self, code: int, reason: str) -> None:
        """End the connection; the first code counts."""
        if not self._ended.done():
            self._source.hub.detach(self.subscription)
            self.subscription.clear()
            self._ended.set_result((code, reason))

    def abort(self) -> None:
        """Drop the connection with what is still in its buffers."""
        self._transport.abort()

    def beat(self, now: int, pulse: Callable[[int], Frame]) -> None:
        """Give a sign of life and ask for one; at `now` (UTC milliseconds) tokens expire, and silence ends clients."""
        expires_at = self.token.expires_at
        if self._ended.done():
            return
        if expires_at is not None and now >= expires_at:
            self.end(CLOSE_UNKNOWN_TOKEN, "token expired")
        elif self._server.monotonic() - self.heard > self._server.limits.silent_s:
            self.end(CLOSE_SILENT, "silent")
        elif self._live and not self.subscription.waiting and self._source.hub.seq >= self.subscription.seq:
            self.subscription.offer(pulse(self._source.hub.seq))
        else:
            self._ping()

    def announce(self, frame: Frame) -> None:
        """Tell where people are; a token that is limited does not see what others look at."""
        if self._live and not self.token.limited and not self._ended.done():
            self.subscription.offer(frame)

    @abstractmethod
    def _ping(self) -> None:
        """Ask for a sign of life, where the protocol has a question for it."""

    def describe(self) -> dict[str, Any]:
        """Return who this is and how far behind."""
        return {
            "token": self.token.name,
            "remote": self._request.remote,
            "kind": self.kind,
            "since": rfc3339(self._since),
            "seq": self.subscription.seq if self.subscription.waiting else self._source.hub.seq,
            "backlog": self.subscription.backlog,
            "live": self._live,
        }


class SocketConnection(Connection):
    """A WebSocket: prebuilt frames go straight to its transport while that has room."""

    kind = "websocket"

    def __init__(self, server: FeedServer, visit: Visit) -> None:
        super().__init__(server, visit)
        self._socket = socket(visit.request, close_timeout_s=server.limits.close_timeout_s)
        self._messages = 0

    async def prepare(self) -> None:
        """Shake hands."""
        await self._socket.prepare(self._request)

    @property
    def response(self) -> web.WebSocketResponse:
        """Return what the handler answers with."""
        return self._socket

    def _straight_to(self, transport: asyncio.Transport) -> Callable[[Frame], bool]:
        room_bytes = self._server.limits.write_buffer_bytes_max
        closing, buffered, write = transport.is_closing, transport.get_write_buffer_size, transport.write

        def straight(frame: Frame) -> bool:  # a closure, for it runs once for each client and frame
            if closing():
                return True  # it has left; over TLS its transport can be asked and told nothing any more
            if buffered() > room_bytes:
                return False
            write(frame.wire)
            return True

        return straight

    async def _send(self, frame: Frame) -> None:
        self._write(frame.wire)
        await self._request.writer.drain()

    def _write(self, wire: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(wire)

    async def _hear(self) -> None:
        """Take signs of life; the feed is read-only, so nothing else that a client says is listened to."""
        while True:
            message = await self._socket.receive()
            if message.type in {WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR}:
                return
            self.heard = self._server.monotonic()
            self._messages += 1
            if self._messages > self._server.limits.messages_max:
                self.end(CLOSE_TOO_MANY, "the feed is read-only")
            elif message.type is WSMsgType.PING:
                await self._socket.pong(message.data)

    def beat(self, now: int, pulse: Callable[[int], Frame]) -> None:
        """Count anew what the client says, and beat."""
        self._messages = 0
        super().beat(now, pulse)

    def _ping(self) -> None:
        self._write(PING)

    async def _close(self, code: int, reason: str, farewell: Frame | None) -> None:
        if self._transport.is_closing() or self._socket.closed:
            return
        if farewell is not None:
            self._transport.write(farewell.wire)
        await self._socket.close(code=code, message=reason.encode(), drain=False)
        if self._socket.close_code == CLOSE_GONE:
            self._transport.abort()


class EventStreamConnection(Connection):
    """Server-Sent Events: one way, so being heard means that the transport took what was sent."""

    kind = "sse"

    def __init__(self, server: FeedServer, visit: Visit) -> None:
        super().__init__(server, visit)
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        self.response = web.StreamResponse(headers=headers)
        self.response.force_close()

    async def prepare(self) -> None:
        """Send the headers."""
        await self.response.prepare(self._request)

    def _straight_to(self, transport: asyncio.Transport) -> Callable[[Frame], bool]:  # noqa: ARG002 - its task writes
        return lambda _: False

    async def _send(self, frame: Frame) -> None:
        await self.response.write(frame.sse)
        self.heard = self._server.monotonic()

    def _ping(self) -> None:
        """Ask nothing: the transport taking the next heartbeat is the answer."""

    async def _close(self, code: int, reason: str, farewell: Frame | None) -> None:  # noqa: ARG002 - no close codes here
        try:
            async with asyncio.timeout(self._server.limits.close_timeout_s):
                if farewell is not None:
                    await self.response.write(farewell.sse)
                await self.response.write_eof()
        except (TimeoutError, OSError):
            self.abort()


def _unsent_bytes(transport: asyncio.Transport) -> int:
    """Return how much waits in a transport; nothing in one over TLS that is closed and has let go of its protocol."""
    try:
        return transport.get_write_buffer_size()
    except AttributeError:
        return 0


def socket(request: web.Request, *, close_timeout_s: float) -> web.WebSocketResponse:
    """Return an unprepared WebSocket that takes one of the subprotocols the client offers, ours where it does."""
    offered = [text.strip() for text in request.headers.get("Sec-WebSocket-Protocol", "").split(",")]
    ours = [name for name in offered if name == PROTOCOL] or [name for name in offered if name][:1]
    return web.WebSocketResponse(
        protocols=ours,
        timeout=close_timeout_s,
        autoping=False,
        compress=False,
        max_msg_size=MESSAGE_BYTES_MAX,
    )
