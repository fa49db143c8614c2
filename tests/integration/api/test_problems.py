"""What the middleware makes of whatever a handler raises, and what an application must say before it is served."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientPayloadError, ClientSession, ServerDisconnectedError, web
from aiohttp.http_exceptions import TransferEncodingError

from nocd.api.app import make_app
from nocd.api.keys import Desk
from nocd.api.problems import problems
from nocd.api.server import HttpLimits, Runner
from nocd.api.tokens import TokenRoutes
from nocd.errors import Conflict, NotFound, Overloaded, StorageFull, TooLarge, UnavailableError
from nocd.metrics import Metrics


@asynccontextmanager
async def raising(raised: BaseException, *, begun: bool = False) -> AsyncIterator[tuple[ClientSession, Metrics]]:
    """Serve one route that raises, after it began to answer where `begun`."""

    async def handler(request: web.Request) -> web.StreamResponse:
        if begun:
            response = web.StreamResponse(headers={"Content-Length": "100"})
            await response.prepare(request)
            await response.write(b"begun")
        raise raised

    metrics = Metrics()
    app = web.Application(middlewares=[problems(metrics)])
    app.router.add_get("/x/{name}", handler)
    runner = Runner(app, HttpLimits())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        async with ClientSession(f"http://{host}:{port}") as session:
            yield session, metrics
    finally:
        await runner.cleanup()


RAISED = [
    (NotFound("no"), 404, "not_found", None),
    (Conflict("no"), 409, "conflict", None),
    (TooLarge("no"), 413, "too_large", None),
    (UnavailableError("no"), 503, "unavailable", "1"),
    (Overloaded("no"), 429, "inbox_full", "1"),
    (StorageFull("no"), 507, "storage_full", "5"),
    (web.HTTPForbidden(), 403, "http_error", None),
    (web.HTTPMethodNotAllowed("GET", ["POST"]), 405, "method_not_allowed", None),
    (web.RequestPayloadError("cut"), 400, "bad_request", None),
    (TransferEncodingError("cut"), 500, "internal", None),
    (TimeoutError("slow"), 500, "internal", None),
    (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogate"), 500, "internal", None),
]


@pytest.mark.parametrize(("raised", "status", "code", "retry"), RAISED, ids=lambda value: type(value).__name__)
async def test_whatever_is_raised_is_a_problem(raised: Exception, status: int, code: str, retry: str | None) -> None:
    async with raising(raised) as (session, metrics), session.get("/x/1") as answer:
        told = await answer.json(content_type="application/problem+json")
        assert (answer.status, told["status"], told["code"]) == (status, status, code)
        assert answer.headers.get("Retry-After") == retry
        assert set(told) == {"type", "title", "status", "code", "detail"}
        counted = metrics.registry.get_sample_value
        where = {"route": "/x/{name}"}
        assert counted("nocd_api_requests_total", {**where, "status": str(status)}) == 1
        assert counted("nocd_api_request_seconds_count", where) == 1


@pytest.mark.parametrize("detail", ["\ud800 \udcff", "x" * 100_000, "\x00\x1b[31m", "ü😀"])
async def test_a_detail_of_any_text_is_told_within_a_bound(detail: str) -> None:
    async with raising(NotFound(detail)) as (session, _), session.get("/x/1") as answer:
        told = await answer.json(content_type="application/problem+json")
        assert answer.status == 404
        assert 0 < len(told["detail"]) <= 12_000


async def test_an_answer_that_had_begun_is_cut_off_and_not_followed_by_another() -> None:
    async with raising(ZeroDivisionError("late"), begun=True) as (session, _), session.get("/x/1") as answer:
        with pytest.raises(ClientPayloadError):
            await answer.read()


async def test_a_client_that_left_is_no_defect(caplog: pytest.LogCaptureFixture) -> None:
    async with raising(ConnectionResetError("gone")) as (session, _):
        with pytest.raises(ServerDisconnectedError):
            await session.get("/x/1")
    assert caplog.records == []


async def test_a_cancelled_handler_ends_its_connection() -> None:
    async with raising(asyncio.CancelledError()) as (session, _):
        with pytest.raises(ServerDisconnectedError):
            await session.get("/x/1")


def test_an_application_with_a_route_that_does_not_say_whom_it_serves_is_not_made() -> None:
    async def open_to_whom(_: web.Request) -> web.Response:
        return web.Response()

    class Careless(TokenRoutes):
        def routes(self) -> list[web.RouteDef]:
            return [*super().routes(), web.get("/v1/careless", open_to_whom)]

    nothing: Any = None
    limits = {"max_body_bytes": 1, "max_event_bytes": 1, "max_batch": 1}
    desk = Desk(
        tenants={},
        decoder=nothing,
        metrics=Metrics(),
        health=nothing,
        now_ms=int,
        folder=nothing,
        jobs=nothing,
        notifier=nothing,
        whatif=nothing,
        versions=nothing,
        **limits,
    )
    with pytest.raises(RuntimeError, match="GET /v1/careless"):
        make_app(desk, gate=nothing, feed_server=nothing, tokens=Careless(nothing), http=HttpLimits())
