"""The limits of serving: aiohttp that parses and answers and does nothing else, and os.write to many sockets.

python -m tests.bench.bare http                         prints its port, serves until it is ended
python -m tests.bench.bare fan CLIENTS ROUNDS BYTES HZ  prints its port, then the CPU seconds that all writes took
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import orjson
from aiohttp import web

from nocd.feed.frames import header

if TYPE_CHECKING:
    from collections.abc import Iterator

HELLO = b'HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x14{"type":"caught_up"}'
LISTENERS_MAX = 1_024


async def _answer(request: web.Request) -> web.Response:
    event = orjson.loads(await request.read())
    return web.Response(body=orjson.dumps({"id": event["id"]}), content_type="application/json")


async def http() -> None:
    """Serve the bare handler."""
    app = web.Application()
    app.add_routes([web.post("/v1/events", _answer)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


def fan(clients: int, rounds: int, size: int, per_s: int) -> None:
    """Accept `clients`, then write equal frames of `size` bytes to each, `per_s` rounds a second."""
    with socket.create_server(("127.0.0.1", 0), backlog=LISTENERS_MAX) as server:
        print(server.getsockname()[1], flush=True)
        connections = [_accepted(server) for _ in range(clients)]
    descriptors = [connection.fileno() for connection in connections]
    text = b'{"type":"batch","from":1,"to":1,'.ljust(size - 5, b" ")
    frame = header(len(text)) + text
    sys.stdin.readline()
    began, spent = time.monotonic(), time.process_time()
    for number in range(rounds):
        time.sleep(max(0.0, began + number / per_s - time.monotonic()))
        for descriptor in descriptors:
            os.write(descriptor, frame)
    print(time.process_time() - spent, flush=True)
    sys.stdin.readline()
    for connection in connections:
        connection.close()


def _accepted(server: socket.socket) -> socket.socket:
    connection = server.accept()[0]
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.recv(65_536)
    connection.sendall(HELLO)
    return connection


@contextmanager
def running(*arguments: object) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run this module with `arguments` in a process of its own; give it and its port."""
    command = [sys.executable, "-m", __name__, *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, int(process.stdout.readline())
        finally:
            process.terminate()


if __name__ == "__main__":
    if sys.argv[1] == "http":
        asyncio.run(http())
    else:
        fan(*map(int, sys.argv[2:]))
