"""From the start of the process to its ready line, on a file that holds much and is in no cache."""

from __future__ import annotations

import asyncio
import signal
import threading
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from nocd.store.sqlite import sqlite3
from tests.bench.daemon import Daemon
from tests.bench.post import Poster, request
from tests.bench.rows import Row, median, note
from tests.bench.stored import BATCH, Bench, forget_pages, lag

if TYPE_CHECKING:
    from pathlib import Path

LAG_EVENTS_MAX = 50_000


def cold_start(bench: Bench) -> list[Row]:
    """After a clean stop, after a kill under load, and with all the lag that `state_lag_events_max` allows."""
    daemon = Daemon(bench.fresh("cold") / "data")
    daemon.database.parent.mkdir(parents=True)
    bench.large(daemon.database)
    stopped = [ready_s(daemon, signal.SIGTERM) for _ in range(bench.pairs)]
    lags, killed = zip(*(_after_kill(bench, daemon) for _ in range(bench.pairs)), strict=True)
    ready_s(daemon, signal.SIGTERM)
    most = bench.size(LAG_EVENTS_MAX, 500)
    asyncio.run(lag(daemon.database, bench.traffic, most))
    lagging = [ready_s(daemon, signal.SIGKILL) for _ in range(bench.pairs)]
    return [
        _row("cold-start", stopped, bench, lag_events=0),
        _row("cold-start-killed", list(killed), bench, lag_events=max(lags)),
        _row("cold-start-lagging", lagging, bench, lag_events=most),
    ]


def _row(name: str, seconds: list[float], bench: Bench, *, lag_events: int) -> Row:
    more = {"stored": bench.large_events, "lag_events": lag_events, "slowest": round(max(seconds), 2)}
    return Row(name=name, value=median(seconds), must=2.0, unit="s", more=more)


def ready_s(daemon: Daemon, end: signal.Signals) -> float:
    """Start, end it by `end` and return how long the start took."""
    forget_pages(daemon.database)
    daemon.start()
    daemon.stop(end)
    note(f"  ready after {daemon.ready_s:.2f} s")
    return daemon.ready_s


def _after_kill(bench: Bench, daemon: Daemon) -> tuple[int, float]:
    """Kill it amid batches; return how many inputs its state then lags behind, and how long the next start took."""
    bodies = list(bench.traffic.bodies(bench.size(80 * BATCH, BATCH), bench.size(BATCH, 10)))
    daemon.start()
    requests = [request(body, daemon.token("ingest")) for body in bodies]
    kill = threading.Timer(bench.size(15, 1) / 10, daemon.stop, [signal.SIGKILL])
    kill.start()
    with suppress(AssertionError, OSError), Poster(daemon.address, 4) as poster:
        poster.post(requests)
    kill.join()
    return _lag_events(daemon.database), ready_s(daemon, signal.SIGTERM)


def _lag_events(database: Path) -> int:
    with closing(sqlite3.connect(database)) as base:
        saved_to = int(base.execute("SELECT value FROM meta WHERE key = 'saved_to'").fetchone()[0])
        return int(base.execute("SELECT max(no) FROM inputs").fetchone()[0]) - saved_to
