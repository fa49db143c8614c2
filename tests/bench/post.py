"""A light HTTP client on raw sockets; requests are made before the clock starts, so the daemon is what is measured."""

from __future__ import annotations

import select
import socket
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bench.wound import Clock

Address = tuple[str, int]
CONNECTIONS = 64
_SEND_BUFFER_BYTES = 4 * 1024 * 1024


class Request(NamedTuple):
    """A whole request, and when the newest of what it tells happened (UTC ms)."""

    whole: bytes
    at: int


def request(body: bytes, token: str = "", *, kind: str = "application/x-ndjson", at: int = 0) -> Request:
    """Return a request that posts `body`."""
    bearer = f"Authorization: Bearer {token}\r\n" if token else ""
    head = f"POST /v1/events HTTP/1.1\r\nHost: bench\r\n{bearer}Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return Request(f"{head}\r\n".encode() + body, at)


@dataclass(slots=True)
class Posted:
    """When it began (monotonic), how long it took, and each answer's seconds from the send, or from when it was due."""

    began_s: float = 0.0
    seconds: float = 0.0
    answers_s: list[float] = field(default_factory=list)
    late_s: list[float] = field(default_factory=list)


@dataclass(slots=True)
class _Lane:
    connection: socket.socket
    since: float = 0.0
    received: bytes = b""

    def answered(self) -> bool:
        """Read what there is; tell whether the answer is complete. Raises AssertionError for any but 200."""
        self.received += self.connection.recv(65_536)
        head, blank, body = self.received.partition(b"\r\n\r\n")
        if not blank:
            assert self.received, "the connection was closed"
            return False
        assert head.startswith(b"HTTP/1.1 200"), self.received[:1_000]
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return False
        assert b'"rejected":[]' in body or b'"rejected"' not in body, body[:1_000]
        self.received = b""
        return True


class Poster:
    """Keeps `connections` open and sends each request on a free one, in order; a `clock` is wound to each."""

    def __init__(self, address: Address, connections: int = CONNECTIONS, *, clock: Clock | None = None) -> None:
        self._clock = clock
        self._lanes = {lane.connection.fileno(): lane for lane in (_lane(address) for _ in range(connections))}
        self._waiting = select.epoll()
        for fd in self._lanes:
            self._waiting.register(fd, select.EPOLLIN)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._waiting.close()
        for lane in self._lanes.values():
            lane.connection.close()

    def post(self, requests: Sequence[Request], *, due_s: Sequence[float] | None = None) -> Posted:
        """Send everything as fast as it is answered, or each request `due_s` seconds after the start."""
        began = time.monotonic()
        posted, free, sent = Posted(began_s=began), deque(self._lanes.values()), 0
        while len(posted.answers_s) < len(requests):
            now = time.monotonic() - began
            while free and sent < len(requests) and (due_s is None or due_s[sent] <= now):
                lane = free.popleft()
                lane.since = now if due_s is None else due_s[sent]
                posted.late_s.append(time.monotonic() - began - lane.since)
                if self._clock is not None:
                    self._clock.wind(requests[sent].at)
                lane.connection.sendall(requests[sent].whole)
                sent += 1
            wait_s = due_s[sent] - now if due_s is not None and free and sent < len(requests) else None
            for fd, _ in self._waiting.poll(None if wait_s is None else max(0.0, wait_s)):
                lane = self._lanes[fd]
                if lane.answered():
                    posted.answers_s.append(time.monotonic() - began - lane.since)
                    free.append(lane)
        posted.seconds = time.monotonic() - began
        return posted


def _lane(address: Address) -> _Lane:
    connection = socket.create_connection(address)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
    return _Lane(connection)
