"""The places on the feed, and an end that waits for nobody for long."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from nocd.api.feed_connection import Connection, SocketConnection, Visit
from nocd.api.feed_query import Asked
from nocd.api.feed_server import FeedLimits, FeedServer, FeedSource, loop_later
from nocd.domain.token import Role, Token
from nocd.errors import UnavailableError
from nocd.feed.filters import Filter
from nocd.feed.hub import Hub
from nocd.feed.subscription import Subscription
from tests.unit.feed.made import MemoryLog

if TYPE_CHECKING:
    from aiohttp import web

OPERATOR = Token(name="op", role=Role.OPERATOR)
ASKED = Asked(after=None, filter=Filter())


class Deaf:
    """A connection that never ends by itself."""

    def __init__(self) -> None:
        self.token = OPERATOR
        self.subscription = Subscription(Filter(), write=lambda _: True, wake=lambda: None, on_lag=lambda: None)
        self.ended: list[int] = []
        self.aborted = asyncio.Event()

    def end(self, code: int, reason: str) -> None:
        self.ended.append(code)

    def abort(self) -> None:
        self.aborted.set()

    async def serve(self) -> None:
        await self.aborted.wait()


def server_with(**limits: Any) -> FeedServer:
    source = FeedSource(Hub(epoch="e", seq=0), MemoryLog())
    return FeedServer(lambda _: source, limits=FeedLimits(**limits))


async def serve(server: FeedServer, connection: Deaf) -> None:
    with server.place():
        await server.serve(cast("Connection", connection))


async def test_who_does_not_go_is_cut_off() -> None:
    server, deaf = server_with(close_timeout_s=0.001), Deaf()
    serving = asyncio.create_task(serve(server, deaf))
    await asyncio.sleep(0)
    assert server.stats().clients == 1
    await server.close_all()
    await serving
    assert (deaf.ended, server.stats().clients) == ([1001], 0)


async def test_who_was_shaking_hands_when_the_daemon_stopped_is_sent_away() -> None:
    server, deaf = server_with(close_timeout_s=0.001), Deaf()
    with server.place():
        await server.close_all()
        deaf.abort()
        await server.serve(cast("Connection", deaf))
    assert deaf.ended == [1001]


async def test_places_are_counted() -> None:
    server = server_with(clients_max=1)
    with server.place():
        with pytest.raises(UnavailableError) as full, server.place():
            pass
        assert full.value.code == "feed_full"
    with server.place():
        pass
    await server.close_all()
    with pytest.raises(UnavailableError) as stopping, server.place():
        pass
    assert stopping.value.code == "restarting"


async def test_who_is_gone_before_being_answered_is_not_served() -> None:
    server = server_with()
    visit = Visit(cast("web.Request", SimpleNamespace(transport=None)), OPERATOR, ASKED, server.source("default"))
    with pytest.raises(ConnectionResetError):
        SocketConnection(server, visit)


async def test_timers_are_those_of_the_running_loop() -> None:
    went_off = asyncio.Event()
    loop_later(3_600, went_off.clear).cancel()
    loop_later(0, went_off.set)
    await went_off.wait()
