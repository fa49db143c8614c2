"""A daemon as its clients see it, on real sockets in a thread of its own, which fails when it is told to."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from collections import deque
from typing import Any, Self

from aiohttp import web
from aiohttp.typedefs import Handler

from nocd.api.auth import Gate, auth, public
from nocd.api.tokens import TokenRoutes
from nocd.errors import NocdError
from nocd.store.folder import Folder
from nocd.store.tokens import TokenStore, TokenTable

TOKEN = "noc_" + "t" * 43
DROP = "drop"  # close the connection without an answer
TAKE_AND_DROP = "take and drop"  # commit, then close without an answer
STAMP = "2026-01-01T00:00:00.000Z"


def change(seq, type_="alert_created", **more):
    return {"seq": seq, "time": STAMP, "type": type_, "data": {"id": f"A-{seq}", "title": f"trouble {seq}"}, **more}


def hello(seq=0, epoch="one"):
    return {
        "type": "hello",
        "epoch": epoch,
        "seq": seq,
        "oldest_seq": 1,
        "server_time": STAMP,
        "version": "x",
        "capabilities": [],
    }


def batch(*changes):
    return {"type": "batch", "from": changes[0]["seq"], "to": changes[-1]["seq"], "changes": changes, "latency_ms": 1.0}


def caught_up(seq):
    return {"type": "caught_up", "seq": seq}


def close(code, reason=""):
    return {"close": code, "reason": reason}


@web.middleware
async def _problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except NocdError as error:
        return web.json_response({"code": error.code, "detail": error.detail}, status=error.status)


class FakeDaemon:
    """Takes events with dedup, tells scripted feeds, keeps real tokens; `answers` and `feeds` serve a request each."""

    def __init__(self, folder: Folder, *, body_max: int = 16_777_216) -> None:
        self.folder = folder
        self.body_max = body_max
        self.answers: deque[Any] = deque()
        self.feeds: deque[list[Any]] = deque()
        self.events: dict[tuple[str, str], dict[str, Any]] = {}
        self.bodies: list[tuple[dict[str, str], list[bytes]]] = []
        self.asked: list[dict[str, str]] = []
        self.backup = b""
        self.listened = threading.Event()
        self.table = TokenTable(TokenStore(folder.daemon_db))
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> None:
        app = web.Application(client_max_size=self.body_max, middlewares=[_problems, auth(Gate(self.table.current))])
        app.router.add_post("/v1/events", self._events)
        app.router.add_get("/v1/feed", self._feed)
        app.router.add_post("/v1/backup", self._backup)
        app.add_routes(TokenRoutes(self.table).routes())
        self._runner = web.AppRunner(app, auto_decompress=False, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        await web.UnixSite(self._runner, str(self.folder.socket)).start()
        host, port = next(address for address in self._runner.addresses if isinstance(address, tuple))
        self.url = f"http://{host}:{port}"

    def _problem(self, status: int, code: str, headers: dict[str, str] | None = None) -> web.Response:
        return web.json_response({"code": code, "detail": f"it is {code}"}, status=status, headers=headers)

    def _unknown(self, request: web.Request) -> bool:
        local = isinstance(request.transport.get_extra_info("sockname"), str) if request.transport else False
        return not local and request.headers.get("Authorization") != f"Bearer {TOKEN}"

    @public
    async def _events(self, request: web.Request) -> web.StreamResponse:
        if self._unknown(request):
            return self._problem(401, "unauthorised")
        body = await request.read()
        if request.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        lines = body.split(b"\n")
        self.bodies.append((dict(request.headers), lines))
        answer = self.answers.popleft() if self.answers else None
        if isinstance(answer, tuple):
            return self._problem(*answer)
        if answer == DROP:
            self._hang_up(request)
            return web.Response()
        taken = self._taken(lines)
        if answer == TAKE_AND_DROP:
            self._hang_up(request)
        return web.json_response(taken, status=422 if len(taken["rejected"]) == len(lines) else 200)

    def _hang_up(self, request: web.Request) -> None:
        assert request.transport is not None
        request.transport.abort()

    def _taken(self, lines: list[bytes]) -> dict[str, Any]:
        accepted, duplicates, rejected = 0, 0, []
        for index, line in enumerate(lines):
            try:
                event = json.loads(line)
                key = (event.get("source", "token"), event["id"])
                assert event["type"].startswith("noc.")
            except (ValueError, KeyError, AssertionError):
                rejected.append({"index": index, "id": None, "code": "not_json", "detail": "no event"})
                continue
            duplicates += key in self.events
            accepted += key not in self.events
            self.events.setdefault(key, event)
        return {"accepted": accepted, "duplicates": duplicates, "rejected": rejected}

    @public
    async def _feed(self, request: web.Request) -> web.StreamResponse:
        if self._unknown(request):
            return self._problem(401, "unauthorised")
        self.asked.append(dict(request.query))
        script = self.feeds.popleft()
        if isinstance(script, tuple):
            return self._problem(*script)
        socket = web.WebSocketResponse(timeout=0.5)
        await socket.prepare(request)
        self.listened.set()
        for step in script:
            if step == DROP:
                self._hang_up(request)
            elif "close" in step:
                await socket.close(code=step["close"], message=step["reason"].encode())
            else:
                await socket.send_str(json.dumps(step))
        async for _ in socket:
            pass
        return socket

    @public
    async def _backup(self, request: web.Request) -> web.StreamResponse:
        if self._unknown(request):
            return self._problem(403, "forbidden")
        return web.Response(body=self.backup, content_type="application/x-tar")
