"""Many feed clients in one light process: raw sockets, one epoll; of each frame only when it came and how far it tells.

python -m tests.bench.listen HOST PORT TOKEN CLIENTS FILE

It prints a line when all are live and listens until its standard input ends; then it writes to FILE, for each client,
the monotonic nanoseconds and the `to` of every frame, and prints what it used itself.
"""

from __future__ import annotations

import base64
import json
import os
import select
import socket
import subprocess
import sys
import time
from array import array
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.post import Address

TEXT, PING, CLOSE = 0x81, 0x89, 0x88
PONG = b"\x8a\x80\0\0\0\0"
LIVE = b'"caught_up"'
_READ_BYTES = 262_144


@dataclass(slots=True)
class Client:
    """One connection, what of a frame has come so far, and the frames noted."""

    connection: socket.socket
    rest: bytes = b""
    live: bool = False
    size: int = 0
    times: array[int] = field(default_factory=lambda: array("q"))
    told: array[int] = field(default_factory=lambda: array("q"))

    def read(self, now: int) -> None:
        """Take what has come; raises AssertionError where the server said goodbye."""
        data = self.connection.recv(_READ_BYTES)
        assert data, "the connection was closed"
        data, at = self.rest + data, 0
        while (end := _frame_end(data, at)) is not None:
            self._take(data, at, end, now)
            at = end
        self.rest = data[at:]

    def _take(self, data: bytes, at: int, end: int, now: int) -> None:
        if data[at] == TEXT:
            start = data.find(b'"to":', at, min(end, at + 80))
            if start >= 0:
                self.times.append(now)
                self.told.append(int(data[start + 5 : data.find(b",", start, end)]))
                self.size += end - at
        elif data[at] == PING:
            self.connection.send(PONG)
        else:
            raise AssertionError(data[at:end])


def _frame_end(data: bytes, at: int) -> int | None:
    """Return where the frame at `at` ends, or None where it is not complete."""
    if len(data) < at + 2:
        return None
    length, start = data[at + 1], at + 2
    if length >= 126:
        start += 2 if length == 126 else 8
        length = int.from_bytes(data[at + 2 : start], "big")
    return start + length if len(data) >= start + length else None


def connect(address: Address, token: str) -> Client:
    """Open one feed and read on until it is live."""
    connection = socket.create_connection(address)
    key = base64.b64encode(os.urandom(16)).decode()
    upgrade = f"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}"
    head = f"GET /v1/feed HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n{upgrade}\r\n\r\n"
    connection.sendall(head.encode())
    received = b""
    while LIVE not in received:
        received += connection.recv(_READ_BYTES)
        assert received.startswith(b"HTTP/1.1 101"), received
    return Client(connection, rest=received.partition(b"\r\n\r\n")[2])


def listen(clients: list[Client]) -> dict[str, Any]:
    """Listen until standard input ends; return the share of a core used and how long one round over them took."""
    by_descriptor = {client.connection.fileno(): client for client in clients}
    waiting, rounds = select.epoll(), array("d")
    for descriptor in (sys.stdin.fileno(), *by_descriptor):
        waiting.register(descriptor, select.EPOLLIN)
    began, spent = time.monotonic(), time.process_time()
    while True:
        ready = waiting.poll()
        woken = time.monotonic()
        for descriptor, _ in ready:
            if descriptor == sys.stdin.fileno():
                waiting.close()
                core = (time.process_time() - spent) / (time.monotonic() - began)
                return {"core": round(core, 3), "round_ms_p99": round(float(np.percentile(rounds, 99)) * 1_000, 3)}
            by_descriptor[descriptor].read(time.monotonic_ns())
        rounds.append(time.monotonic() - woken)


def main(host: str, port: str, token: str, count: str, file: str) -> None:
    """Run as the process this module describes."""
    clients = [connect((host, int(port)), token) for _ in range(int(count))]
    print("live", flush=True)
    told = listen(clients)
    noted = {f"times{n}": np.array(client.times) for n, client in enumerate(clients)}
    noted |= {f"told{n}": np.array(client.told) for n, client in enumerate(clients)}
    np.savez(file, **noted)  # type: ignore[arg-type]  # its stub has a flag among the names of arrays
    frames = sum(len(client.times) for client in clients)
    print(json.dumps({**told, "frames": frames, "bytes": sum(client.size for client in clients)}), flush=True)
    for client in clients:
        client.connection.close()


@dataclass(slots=True)
class Heard:
    """What listeners noted: for each client when frames came (monotonic ns) and how far they told; what they used."""

    times: list[np.ndarray[Any, np.dtype[np.int64]]] = field(default_factory=list)
    told: list[np.ndarray[Any, np.dtype[np.int64]]] = field(default_factory=list)
    stats: dict[str, Any] = field(default_factory=dict)


@contextmanager
def listening(address: Address, token: str, count: int, folder: Path) -> Iterator[Heard]:
    """Run listeners in a process of their own; what they heard is there after the end of the context."""
    file, heard = folder / "heard.npz", Heard()
    command = [sys.executable, "-m", __name__, *map(str, (*address, token, count, file))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "live\n"
        yield heard
        process.stdin.close()
        heard.stats = json.loads(process.stdout.readline())
    with np.load(file) as noted:
        heard.times = [noted[f"times{n}"] for n in range(count)]
        heard.told = [noted[f"told{n}"] for n in range(count)]
    file.unlink()


if __name__ == "__main__":
    main(*sys.argv[1:])
