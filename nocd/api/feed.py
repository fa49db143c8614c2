"""The feed over HTTP: `GET /v1/feed` (WebSocket), `/v1/feed.sse` (Server-Sent Events), `/v1/changes` (long poll)."""

from __future__ import annotations

from aiohttp import web

from nocd.api.auth import TOKEN, needs
from nocd.api.feed_connection import EventStreamConnection, SocketConnection, Visit, socket
from nocd.api.feed_poll import poll
from nocd.api.feed_query import asked, asked_poll
from nocd.api.feed_server import FeedServer
from nocd.domain.token import Act
from nocd.errors import InputError

FEED_KEY = web.AppKey("feed", FeedServer)
REFUSE_TIMEOUT_S = 2.0


def routes() -> list[web.RouteDef]:
    """Return the routes of the feed, for tokens that may read."""
    return [
        web.get("/v1/feed", feed, allow_head=False),
        web.get("/v1/feed.sse", feed_sse, allow_head=False),
        web.get("/v1/changes", changes, allow_head=False),
    ]


@needs(Act.READ)
async def feed(request: web.Request) -> web.StreamResponse:
    """Tell the feed over a WebSocket."""
    server, visit = _visit(request)
    if not is_upgrade(request):
        raise InputError("connect with a WebSocket, or read /v1/feed.sse", code="websocket_expected")
    with server.place():
        connection = SocketConnection(server, visit)
        await connection.prepare()
        await server.serve(connection)
    return connection.response


@needs(Act.READ)
async def feed_sse(request: web.Request) -> web.StreamResponse:
    """Tell the feed as Server-Sent Events."""
    server, visit = _visit(request)
    with server.place():
        connection = EventStreamConnection(server, visit)
        await connection.prepare()
        await server.serve(connection)
    return connection.response


@needs(Act.READ)
async def changes(request: web.Request) -> web.StreamResponse:
    """Answer a long poll."""
    server, token = request.app[FEED_KEY], request[TOKEN]
    wanted = asked_poll(request, token)
    with server.place():
        answer = await poll(server, server.source(token.tenant), wanted)
    return web.Response(body=answer, content_type="application/json", headers={"Cache-Control": "no-store"})


def _visit(request: web.Request) -> tuple[FeedServer, Visit]:
    server, token = request.app[FEED_KEY], request[TOKEN]
    return server, Visit(request, token, asked(request, token), server.source(token.tenant))


def is_upgrade(request: web.Request) -> bool:
    """Tell whether the client asks for a WebSocket, in a form that can be answered."""
    return socket(request, close_timeout_s=REFUSE_TIMEOUT_S).can_prepare(request).ok


async def refuse(request: web.Request, code: int, reason: str) -> web.WebSocketResponse:
    """Shake hands and close with `code`, since a browser sees nothing of an HTTP refusal."""
    refusal = socket(request, close_timeout_s=REFUSE_TIMEOUT_S)
    await refusal.prepare(request)
    await refusal.close(code=code, message=reason.encode())
    return refusal
