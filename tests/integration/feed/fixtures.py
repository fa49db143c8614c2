"""A real server over a log in memory, with a clock and timers that are wound by hand."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import json
from itertools import count, takewhile
from typing import TYPE_CHECKING, Any

import websockets
from aiohttp import ClientSession, web

from nocd.api.auth import TOKEN
from nocd.api.feed import FEED_KEY, refuse, routes
from nocd.api.feed_server import FeedLimits, FeedServer, FeedSource
from nocd.domain.token import DEFAULT_RIGHTS, Role, Token
from nocd.errors import NocdError
from nocd.feed.hub import Committed, Hub
from tests.unit.feed.made import MemoryLog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from aiohttp.typedefs import Handler

START_MS = 1_000_000


def token(name: str, role: Role = Role.OPERATOR, **fields: Any) -> Token:
    return Token(name=name, role=role, rights=DEFAULT_RIGHTS[role], **fields)


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.s = 0.0
        self._timers: list[tuple[float, int, Callable[[], None] | None]] = []
        self._made = 0
        self._called_off: set[int] = set()

    def monotonic(self) -> float:
        return self.s

    def now(self) -> int:
        return START_MS + int(self.s * 1_000)

    def later(self, delay_s: float, call: Callable[[], None]) -> Alarm:
        self._made += 1
        heapq.heappush(self._timers, (self.s + delay_s, self._made, call))
        return Alarm(self._called_off, self._made)

    @property
    def armed(self) -> int:
        return sum(number not in self._called_off for _, number, _ in self._timers)

    def advance(self, seconds: float) -> None:
        end = self.s + seconds
        while self._timers and self._timers[0][0] <= end:
            self.s, number, call = heapq.heappop(self._timers)
            if number not in self._called_off and call is not None:
                call()
        self.s = end


class Alarm:
    def __init__(self, called_off: set[int], number: int) -> None:
        self._called_off, self._number = called_off, number

    def cancel(self) -> None:
        self._called_off.add(self._number)


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except NocdError as error:
        return web.json_response({"code": error.code, "detail": error.detail}, status=error.status)


class House:
    """One daemon's feed with the tenants `default` and `other`, as far as HTTP clients can tell."""

    def __init__(self, limits: FeedLimits) -> None:
        self.clock = Clock()
        self.tokens = {each.name: each for each in (token("op"), token("viewer", Role.VIEWER))}
        self.log = MemoryLog()
        self.hub = Hub(epoch="epoch-1", seq=0)
        other = FeedSource(Hub(epoch="epoch-2", seq=0), MemoryLog())
        self.sources = {"default": FeedSource(self.hub, self.log), "other": other}
        self.server = FeedServer(
            lambda tenant: self.sources[tenant],
            limits=limits,
            later=self.clock.later,
            monotonic=self.clock.monotonic,
            now=self.clock.now,
        )
        self.port = 0
        self._raw: list[RawSocket] = []
        self.session: ClientSession

    async def run(self) -> AsyncIterator[House]:
        app = web.Application(middlewares=[problems, self._auth])
        app[FEED_KEY] = self.server
        app.add_routes(routes())
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.port = runner.addresses[0][1]
        async with ClientSession(f"http://127.0.0.1:{self.port}") as self.session:
            try:
                yield self
            finally:
                for raw in self._raw:
                    await raw.drop()
                await self.server.close_all()
        await runner.cleanup()

    @web.middleware
    async def _auth(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        offered = request.headers.get("Sec-WebSocket-Protocol", "").split(",")
        names = [name.strip().removeprefix("bearer.") for name in offered if "bearer." in name]
        name = (names or [request.headers.get("Authorization", "Bearer op").removeprefix("Bearer ")])[0]
        if name in {"nobody", "ingest"}:
            return await refuse(request, 4401 if name == "nobody" else 4403, "refused")
        request[TOKEN] = self.tokens[name]
        return await handler(request)

    async def raw(self, query: str = "") -> RawSocket:
        self._raw.append(await RawSocket.open(self.port, query))
        return self._raw[-1]

    def tell(self, committed: Committed) -> None:
        self.log.store(committed)
        self.hub.publish(committed)

    def connect(self, query: str = "", *, name: str = "op", **options: Any) -> websockets.connect:
        return websockets.connect(
            f"ws://127.0.0.1:{self.port}/v1/feed{query}",
            additional_headers={"Authorization": f"Bearer {name}"},
            proxy=None,
            **options,
        )

    async def get(self, path: str, **headers: str) -> tuple[int, dict[str, Any]]:
        async with self.session.get(path, headers=headers) as answer:
            return answer.status, await answer.json()


async def until(holds: Callable[[], bool]) -> None:
    """Let the loop turn until `holds`; the test's timeout bounds it."""
    for _ in takewhile(lambda _: not holds(), count()):
        await asyncio.sleep(0)


async def closed(socket: websockets.ClientConnection) -> tuple[int, str]:
    """Read on to the end and return the code and reason of the server."""
    with contextlib.suppress(websockets.ConnectionClosed):
        while True:
            await socket.recv()
    return socket.close_code or 0, socket.close_reason or ""


async def messages(socket: websockets.ClientConnection, count: int) -> list[dict[str, Any]]:
    return [json.loads(await socket.recv()) for _ in range(count)]


async def joined(socket: websockets.ClientConnection) -> list[dict[str, Any]]:
    """Return everything up to and with `caught_up`."""
    got: list[dict[str, Any]] = []
    while not got or got[-1]["type"] != "caught_up":
        got += await messages(socket, 1)
    return got


def kinds(got: list[dict[str, Any]]) -> list[str]:
    return [message["type"] for message in got]


class RawSocket:
    """A WebSocket client that answers nothing and reads only when asked to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, port: int, query: str) -> RawSocket:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1_024)
        writer.write(
            f"GET /v1/feed{query} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Authorization: Bearer op\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        await reader.readuntil(b"\r\n\r\n")
        return cls(reader, writer)

    async def frame(self) -> tuple[int, bytes, bytes]:
        """Return the first byte, the length as sent and the payload of the next frame."""
        first, length = await self.reader.readexactly(2)
        extended = await self.reader.readexactly({126: 2, 127: 8}.get(length, 0))
        size = int.from_bytes(extended, "big") if extended else length
        return first, bytes([length]) + extended, await self.reader.readexactly(size)

    async def message(self) -> dict[str, Any]:
        """Return the next message, passing over pings."""
        first = 0
        text = b""
        while first != 0x81:
            first, _, text = await self.frame()
        message: dict[str, Any] = json.loads(text)
        return message

    async def close_code(self) -> int:
        """Read on to the close frame and return its code."""
        while True:
            first, _, text = await self.frame()
            if first == 0x88:
                return int.from_bytes(text[:2], "big")

    def send(self, opcode: int, text: bytes = b"") -> None:
        self.writer.write(bytes([0x80 | opcode, 0x80 | len(text), 0, 0, 0, 0]) + text)

    async def drop(self) -> None:
        """Leave without a word."""
        self.writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()
