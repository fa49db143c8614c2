"""Everyone who listens: admits clients, keeps them alive with one timer for all, and lets them go."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Protocol

from nocd.clock import monotonic_s, now_ms
from nocd.domain.instant import rfc3339
from nocd.errors import UnavailableError
from nocd.feed.frames import heartbeat, presence
from nocd.feed.presence import Presence
from nocd.feed.subscription import BACKLOG_BYTES_MAX, BACKLOG_MAX
from nocd.wire.frames import CLOSE_GOING_AWAY, CLOSE_UNKNOWN_TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nocd.api.feed_connection import Connection
    from nocd.feed.hub import Hub
    from nocd.feed.log import FeedLog


@dataclass(frozen=True, slots=True)
class FeedSource:
    """One tenant's live feed and its durable log."""

    hub: Hub
    log: FeedLog


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLimits:
    """How many may listen, how far behind, and how long a silent one is kept.

    `messages_max` is what a client may send between two heartbeats; `close_timeout_s` bounds every farewell.
    """

    clients_max: int = 500
    backlog_max: int = BACKLOG_MAX
    backlog_bytes_max: int = BACKLOG_BYTES_MAX
    write_buffer_bytes_max: int = 256 * 1024
    heartbeat_s: float = 15.0
    silent_s: float = 60.0
    close_timeout_s: float = 2.0
    messages_max: int = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedStats:
    """Listeners, what waits for them, and how many were ever cut for being too slow."""

    clients: int
    polls: int
    backlog: int
    lagged: int


class Timer(Protocol):
    """Something to happen later that can be called off."""

    def cancel(self) -> None:
        """Call it off."""
        ...


def loop_later(delay_s: float, call: Callable[[], None]) -> Timer:
    """Call `call` after `delay_s` on the running event loop."""
    return asyncio.get_running_loop().call_later(delay_s, call)


class FeedServer:
    """Knows every connection of every tenant; `source(tenant)` finds whose feed it is."""

    def __init__(
        self,
        source: Callable[[str], FeedSource],
        *,
        limits: FeedLimits | None = None,
        later: Callable[[float, Callable[[], None]], Timer] = loop_later,
        monotonic: Callable[[], float] = monotonic_s,
        now: Callable[[], int] = now_ms,
    ) -> None:
        self.source = source
        self.limits = limits or FeedLimits()
        self.later = later
        self.monotonic = monotonic
        self.now = now
        self.lagged = 0
        self.presence: defaultdict[str, Presence] = defaultdict(Presence)
        self._connections: set[Connection] = set()
        self._polls: set[asyncio.Event] = set()
        self._admitted = 0
        self._beating: Timer | None = None
        self._emptied = asyncio.Event()
        self._emptied.set()
        self.closing = False

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold one of `clients_max` places; raises UnavailableError where all are taken or the daemon is stopping."""
        if self.closing:
            raise UnavailableError("the daemon is restarting; connect again", code="restarting")
        if self._admitted >= self.limits.clients_max:
            raise UnavailableError(f"all {self.limits.clients_max} places on the feed are taken", code="feed_full")
        self._admitted += 1
        self._emptied.clear()
        try:
            yield
        finally:
            self._admitted -= 1
            if not self._admitted:
                self._emptied.set()

    async def serve(self, connection: Connection) -> None:
        """Serve a connection to its end."""
        self._connections.add(connection)
        self._beating = self._beating or self.later(self.limits.heartbeat_s, self._beat)
        if self.closing:
            connection.end(CLOSE_GOING_AWAY, "restarting")
        try:
            await connection.serve()
        finally:
            self.lagged += connection.subscription.lagged
            self._connections.discard(connection)
            if not self._connections and self._beating is not None:
                self._beating.cancel()
                self._beating = None

    @contextmanager
    def poll(self) -> Iterator[asyncio.Event]:
        """Give a long poll the event that ends its wait, also when the daemon stops."""
        woken = asyncio.Event()
        self._polls.add(woken)
        try:
            yield woken
        finally:
            self._polls.discard(woken)

    def _beat(self) -> None:
        self._beating = self.later(self.limits.heartbeat_s, self._beat)
        now = self.now()
        pulse = cache(partial(heartbeat, time=rfc3339(now)))
        for connection in list(self._connections):
            connection.beat(now, pulse)

    def present(self, tenant: str) -> list[dict[str, Any]]:
        """Return where the people of a tenant are, as the feed tells it."""
        return [
            {"name": each.name, "looking": each.looking, "claims": [*each.claims], "until": rfc3339(each.until)}
            for each in self.presence[tenant].people(self.now())
        ]

    def announce(self, tenant: str) -> None:
        """Tell everybody of a tenant, whose token is not limited, where its people are."""
        frame = presence(self.present(tenant), self.source(tenant).hub.seq)
        for connection in self._connections:
            if connection.token.tenant == tenant:
                connection.announce(frame)

    def expel(self, tenant: str, token: str) -> int:
        """Close every connection of a token that was revoked; return how many there were."""
        theirs = [each for each in self._connections if (each.token.tenant, each.token.name) == (tenant, token)]
        for connection in theirs:
            connection.end(CLOSE_UNKNOWN_TOKEN, "token revoked")
        return len(theirs)

    async def close_all(self, code: int = CLOSE_GOING_AWAY, reason: str = "restarting") -> None:
        """Admit nobody any more and end every connection, within twice `close_timeout_s`; who stays is cut off."""
        self.closing = True
        for connection in list(self._connections):
            connection.end(code, reason)
        for woken in self._polls:
            woken.set()
        try:
            async with asyncio.timeout(2 * self.limits.close_timeout_s):
                await self._emptied.wait()
        except TimeoutError:
            for connection in list(self._connections):
                connection.abort()

    def stats(self) -> FeedStats:
        """Return the numbers for the metrics."""
        return FeedStats(
            clients=len(self._connections),
            polls=len(self._polls),
            backlog=sum(connection.subscription.backlog for connection in self._connections),
            lagged=self.lagged,
        )

    def listeners(self, tenant: str) -> list[dict[str, Any]]:
        """Return who listens to a tenant's feed, how, and how far behind."""
        return [connection.describe() for connection in self._connections if connection.token.tenant == tenant]
