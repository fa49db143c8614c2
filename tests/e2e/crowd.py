"""Crowd a running daemon: more callers than descriptors, a thousand consoles that only listen, two hundred that do not.

    python -m tests.e2e.crowd descriptors   # 96 descriptors for 200 callers
    python -m tests.e2e.crowd idle          # 1 000 feed clients, one change a second
    python -m tests.e2e.crowd slow          # 20 feed clients beside 200 that never read

Held. Past its descriptors the daemon answers those it has, the others wait in the socket's queue, and within 5 s of the
crowd's end everybody is answered again. A thousand consoles get every change, for less than 100 kB of memory each.
Those that do not read are cut (4008) once their backlog is full, at less than 1 MB each; the others' median is printed
without them, beside them, and after.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import orjson

from tests.e2e.daemon import DaemonProcess
from tests.e2e.probe import Probe

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

DESCRIPTORS, CALLERS = 96, 200
RESUMES_WITHIN_S = 5.0
IDLE, SLOW, READING = 1_000, 200, 20
CHANGES = 10
CLIENT_BYTES_MAX = 100_000
SLOW_BYTES_MAX = 1_000_000
CROWDED = ("--set", "feed_clients_max=1500", "--set", "feed_backlog_max=2000")


def resident_bytes(daemon: DaemonProcess) -> int:
    """Return how much memory the daemon has now."""
    assert daemon.process is not None
    status = Path(f"/proc/{daemon.process.pid}/status").read_text("ascii")
    return 1_024 * int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))


@contextlib.asynccontextmanager
async def started(folder: Path) -> AsyncIterator[tuple[DaemonProcess, Probe]]:
    """Give a daemon and who probes it."""
    daemon = DaemonProcess(folder, CROWDED)
    await daemon.start()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        yield daemon, Probe(daemon, session, size=1)
    assert await daemon.stop() == 0


async def descriptors(folder: Path) -> dict[str, Any]:
    """Let more callers come than there are descriptors."""
    async with started(folder) as (daemon, probe):
        assert daemon.process is not None
        limit = f"--nofile={DESCRIPTORS}:{DESCRIPTORS}"
        limiting = await asyncio.create_subprocess_exec("prlimit", "--pid", str(daemon.process.pid), limit)
        assert await limiting.wait() == 0
        host, _, port = daemon.url.removeprefix("http://").partition(":")
        assert await probe.post() == "200"
        crowd = [await asyncio.open_connection(host, int(port)) for _ in range(CALLERS)]
        await asyncio.sleep(2)
        kept = await probe.post()  # over the connection it has
        async with aiohttp.ClientSession() as other:
            waits = Probe(daemon, other, size=1)
            waiting = asyncio.create_task(waits.post())
            await asyncio.sleep(2)
            held_up = not waiting.done()
            for _, writer in crowd:
                writer.close()
            loop = asyncio.get_running_loop()
            began = loop.time()
            said = await waiting
            resumed_s = loop.time() - began
        assert (kept, said) == ("200", "200"), (kept, said)
        assert resumed_s < RESUMES_WITHIN_S, resumed_s
        assert daemon.process.returncode is None
    log = daemon.log.read_text()
    return {"callers": CALLERS, "held_up": held_up, "resumed_s": round(resumed_s, 2), "log_lines": log.count("\n")}


async def idle(folder: Path) -> dict[str, Any]:
    """Let a thousand listen."""
    async with started(folder) as (daemon, probe):
        await probe.post()
        before = resident_bytes(daemon)
        async with contextlib.AsyncExitStack() as stack:
            sockets = [await stack.enter_async_context(feed(probe, daemon)) for _ in range(IDLE)]
            hearing = [asyncio.create_task(hear(socket, CHANGES)) for socket in sockets]
            took = []
            for _ in range(CHANGES):
                took.append(await timed(probe))
                await asyncio.sleep(1)
            late_s = [seconds for each in await asyncio.gather(*hearing) for seconds in each]
            each_bytes = (resident_bytes(daemon) - before) / IDLE
    assert each_bytes < CLIENT_BYTES_MAX, each_bytes
    return {
        "clients": IDLE,
        "changes_each": CHANGES,
        "bytes_each": round(each_bytes),
        "post_median_ms": round(1_000 * statistics.median(took), 1),
        "behind_p99_ms": round(1_000 * sorted(late_s)[int(len(late_s) * 0.99)], 1),
    }


async def slow(folder: Path) -> dict[str, Any]:
    """Let two hundred never read, beside some that do."""
    async with started(folder) as (daemon, probe), contextlib.AsyncExitStack() as stack:
        readers = [await stack.enter_async_context(feed(probe, daemon)) for _ in range(READING)]
        alone = await beside(probe, readers)
        before = resident_bytes(daemon)
        host, _, port = daemon.url.removeprefix("http://").partition(":")
        stalled = [await stall(daemon, host, int(port)) for _ in range(SLOW)]
        crowded = await beside(probe, readers)
        probe.size = 200
        for _ in range(60):  # past every backlog
            await probe.post()
        grown = (resident_bytes(daemon) - before) / SLOW
        probe.size = 1
        after = await beside(probe, readers)
        _, health = await probe.ask("GET", "/v1/health")
        for writer in stalled:
            writer.close()
    assert grown < SLOW_BYTES_MAX, grown
    medians = {"alone_ms": alone, "crowded_ms": crowded, "after_ms": after}
    return {"slow": SLOW, "bytes_each": round(grown), "lagged": health["parts"]["feed"]["lagged"], **medians}


async def beside(probe: Probe, readers: list[aiohttp.ClientWebSocketResponse]) -> float:
    """Return the median time from a post to the last reader's change, in ms."""
    loop = asyncio.get_running_loop()
    took = []
    for _ in range(50):
        hearing = [asyncio.create_task(hear(socket, 1)) for socket in readers]
        await asyncio.sleep(0.01)
        began = loop.time()
        assert await probe.post() == "200"
        await asyncio.gather(*hearing)
        took.append(loop.time() - began)
    return round(1_000 * statistics.median(took), 2)


def feed(probe: Probe, daemon: DaemonProcess) -> Any:
    """Return a connection to the feed, to be used in a `with`."""
    headers = {"Authorization": f"Bearer {daemon.token('operator')}"}
    return probe.session.ws_connect(f"{daemon.url}/v1/feed?types=events_stored", headers=headers, max_msg_size=0)


async def hear(socket: aiohttp.ClientWebSocketResponse, changes: int) -> list[float]:
    """Return how late each of so many batches of changes was, from its commit's time (seconds)."""
    late_s: list[float] = []
    while len(late_s) < changes:
        frame = orjson.loads((await asyncio.wait_for(socket.receive(), 30)).data)
        if frame["type"] == "batch":
            late_s += [frame["latency_ms"] / 1_000 for change in frame["changes"] if change["type"] == "events_stored"]
    return late_s


async def timed(probe: Probe) -> float:
    """Post one event; return how long its answer took (seconds)."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert await probe.post() == "200"
    return loop.time() - began


async def stall(daemon: DaemonProcess, host: str, port: int) -> asyncio.StreamWriter:
    """Open a feed that is never read."""
    reader, writer = await asyncio.open_connection(host, port, limit=1_024)
    token = daemon.token("operator")
    lines = ("GET /v1/feed?after=0&events=1 HTTP/1.1", "Host: x", "Connection: Upgrade", "Upgrade: websocket")
    more = (
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        f"Authorization: Bearer {token}",
    )
    writer.write("".join(f"{line}\r\n" for line in (*lines, *more)).encode() + b"\r\n")
    await reader.readuntil(b"\r\n\r\n")
    writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket's transport reads
    return writer


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    stories = {"descriptors": descriptors, "idle": idle, "slow": slow}
    parser.add_argument("story", choices=[*stories])
    story = stories[parser.parse_args().story]
    with tempfile.TemporaryDirectory() as scratch:
        print(orjson.dumps(asyncio.run(story(Path(scratch) / "data"))).decode())  # noqa: T201 - its output


if __name__ == "__main__":
    main()
