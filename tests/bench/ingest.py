"""Taking events in: in batches, and one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.bench import bare
from tests.bench.daemon import Daemon
from tests.bench.post import Poster, request
from tests.bench.raw import limit
from tests.bench.rows import Row, paired, percentile
from tests.bench.traffic import Traffic

if TYPE_CHECKING:
    from tests.bench.post import Address
    from tests.bench.stored import Bench

BATCH = 1_000
BATCH_CONNECTIONS = 4
SINGLE_CONNECTIONS = 64
RATE_PER_S = 1_000


def batch(bench: Bench) -> list[Row]:
    """Durable ingest over HTTP in batches of 1 000, beside SQLite by itself."""
    count, folder = bench.size(60_000, 2_000), bench.fresh("batch")
    lines = bench.traffic.lines(count)
    cpu_s = 0.0
    with Daemon(folder / "data") as daemon, limit(folder / "raw.db", lines) as raw:
        token = daemon.token("ingest")
        introduce(daemon.address, token, bench.traffic)
        with Poster(daemon.address, BATCH_CONNECTIONS) as poster:

            def value() -> float:
                nonlocal cpu_s
                requests = [request(body, token) for body in bench.traffic.bodies(count, BATCH)]
                before = daemon.cpu_s()
                seconds = poster.post(requests).seconds
                cpu_s = daemon.cpu_s() - before
                return count / seconds

            measured = paired(value, raw.rows_per_s, pairs=bench.pairs)
    more = {"daemon_cpu_us_per_event": round(cpu_s / count * 1e6, 1), "connections": BATCH_CONNECTIONS}
    return [Row(name="ingest-batch", must=0.20, unit="events/s", more=more, **measured._asdict())]


def single(bench: Bench) -> list[Row]:
    """Durable ingest one event a request over 64 connections, beside aiohttp that parses and answers."""
    count = bench.size(8_000, 200)
    with Daemon(bench.fresh("single") / "data") as daemon, bare.running("http") as (_, port):
        token, bare_one = daemon.token("ingest"), ("127.0.0.1", port)
        introduce(daemon.address, token, bench.traffic)

        def answers_per_s(address: Address, secret: str) -> float:
            requests = [request(line, secret, kind="application/json") for line in bench.traffic.lines(count)]
            with Poster(address, SINGLE_CONNECTIONS) as poster:
                return count / poster.post(requests).seconds

        measured = paired(
            lambda: answers_per_s(daemon.address, token), lambda: answers_per_s(bare_one, ""), pairs=bench.pairs
        )
    return [Row(name="ingest-single", must=0.30, unit="requests/s", **measured._asdict())]


def single_p99(bench: Bench) -> list[Row]:
    """Time to the answer at 1 000 requests a second that come whatever became of those before."""
    count = bench.size(30_000, 300)
    with Daemon(bench.fresh("single") / "data") as daemon:
        token = daemon.token("ingest")
        introduce(daemon.address, token, bench.traffic)
        requests = [request(line, token, kind="application/json") for line in bench.traffic.lines(count)]
        with Poster(daemon.address, SINGLE_CONNECTIONS) as poster:
            posted = poster.post(requests, due_s=[number / RATE_PER_S for number in range(count)])
    more = {f"p{percent}": milliseconds(posted.answers_s, percent) for percent in (50, 99.9)}
    more["sent_late_p99"] = milliseconds(posted.late_s, 99)
    p99 = percentile(posted.answers_s, 99) * 1_000
    return [Row(name="ingest-single-p99", value=p99, must=25.0, unit="ms", more=more)]


def introduce(address: Address, token: str, traffic: Traffic) -> None:
    """Post the directory."""
    with Poster(address, 1) as poster:
        poster.post([request(b"\n".join(lines), token) for lines in traffic.directory()])


def milliseconds(seconds: list[float], percent: float) -> float:
    """Return a percentile in milliseconds."""
    return round(percentile(seconds, percent) * 1_000, 2)
