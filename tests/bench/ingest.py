"""Taking events in as they happen, two hours of them behind it: in batches, and one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.bench import bare
from tests.bench.live import CONNECTIONS, Live
from tests.bench.post import Poster
from tests.bench.raw import limit
from tests.bench.rows import Row, paired, percentile
from tests.bench.traffic import Traffic

if TYPE_CHECKING:
    from tests.bench.stored import Bench

SINGLE_CONNECTIONS = 64
RATE_PER_S = 1_000


def batch(bench: Bench) -> list[Row]:
    """Durable ingest over HTTP in batches of 1 000, beside SQLite by itself."""
    count, folder = bench.size(60_000, 2_000), bench.fresh("batch")
    cpu_s = 0.0
    with Live(folder) as live, limit(folder / "raw.db", Traffic().lines(count)) as raw:
        live.begin(bench.window_events)

        def value() -> float:
            nonlocal cpu_s
            requests = live.requests(count)
            before = live.daemon.cpu_s()
            with live.poster() as poster:
                seconds = poster.post(requests).seconds
            cpu_s = live.daemon.cpu_s() - before
            return count / seconds

        measured = paired(value, raw.rows_per_s, pairs=bench.pairs)
    more = {"daemon_cpu_us_per_event": round(cpu_s / count * 1e6, 1), "connections": CONNECTIONS}
    return [Row(name="ingest-batch", must=0.20, unit="events/s", more=more, **measured._asdict())]


def single(bench: Bench) -> list[Row]:
    """Durable ingest one event a request over 64 connections, beside aiohttp that parses and answers."""
    count = bench.size(8_000, 200)
    with Live(bench.fresh("single")) as live, bare.running("http") as (_, port):
        live.begin(bench.window_events)

        def answers_per_s(poster: Poster) -> float:
            requests = live.requests(count, 1)
            with poster:
                return count / poster.post(requests).seconds

        measured = paired(
            lambda: answers_per_s(live.poster(SINGLE_CONNECTIONS)),
            lambda: answers_per_s(Poster(("127.0.0.1", port), SINGLE_CONNECTIONS)),
            pairs=bench.pairs,
        )
    return [Row(name="ingest-single", must=0.30, unit="requests/s", **measured._asdict())]


def single_p99(bench: Bench) -> list[Row]:
    """Time to the answer at 1 000 requests a second that come whatever became of those before."""
    count = bench.size(30_000, 300)
    with Live(bench.fresh("single")) as live:
        live.begin(bench.window_events)
        requests = live.requests(count, 1)
        with live.poster(SINGLE_CONNECTIONS) as poster:
            posted = poster.post(requests, due_s=[number / RATE_PER_S for number in range(count)])
    more = {f"p{percent}": milliseconds(posted.answers_s, percent) for percent in (50, 99.9)}
    more["sent_late_p99"] = milliseconds(posted.late_s, 99)
    p99 = percentile(posted.answers_s, 99) * 1_000
    return [Row(name="ingest-single-p99", value=p99, must=25.0, unit="ms", more=more)]


def milliseconds(seconds: list[float], percent: float) -> float:
    """Return a percentile in milliseconds."""
    return round(percentile(seconds, percent) * 1_000, 2)
