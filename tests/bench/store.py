"""The store: its schema by itself, a start on what it holds, and whether it slows as it grows."""

from __future__ import annotations

import asyncio
import itertools
import signal
import time
from typing import TYPE_CHECKING

from nocd.clock import monotonic_s, now_ms
from nocd.engine import Engine
from nocd.metrics import Metrics
from nocd.pipeline import Limits, Pipeline, Started
from nocd.store.writer import Writer, connect
from nocd.tenant import restored
from nocd.triage.intake import Limits as TriageLimits
from tests.bench.daemon import Daemon
from tests.bench.raw import limit
from tests.bench.rows import Row, median, note, paired
from tests.bench.stored import BATCH, NEVER, Bench, decoded, fill, forget_pages, lag, post, tenant
from tests.bench.traffic import Traffic

if TYPE_CHECKING:
    from pathlib import Path

    from nocd.feed.hub import Committed
    from nocd.store.rows import Commit, Loaded

    Saved = list[tuple[Commit, int | None]]

STARTS = 5
LAG_EVENTS_MAX = 50_000


class Recorder:
    """Stands in for a store: keeps the commits of a pipeline, to be written later."""

    def __init__(self) -> None:
        self.commits: Saved = []
        self._save_no: int | None = None

    async def known(self, keys: list[tuple[str, str]]) -> list[bool]:
        return [False] * len(keys)

    async def begin_save(self, no: int) -> None:
        self._save_no = no

    async def commit(self, commit: Commit) -> bool:
        self.commits.append((commit, self._save_no))
        self._save_no = None
        return commit.save_complete

    def publish(self, committed: Committed) -> None:
        """Tell nobody."""


def recording(recorder: Recorder, engine: Engine, loaded: Loaded) -> Pipeline:
    """Return a pipeline that goes on from what was loaded, and commits to `recorder`."""

    async def started() -> Started:
        return Started(engine=engine, last_no=loaded.last_no, last_seq=loaded.last_seq, saved_to=loaded.last_no)

    return Pipeline(
        store=recorder,  # type: ignore[arg-type]  # of a store only what events need
        rebuild=started,
        tells=recorder,
        metrics=Metrics(),
        limits=Limits(inbox_events_max=NEVER),
        now_ms=now_ms,
        monotonic_s=monotonic_s,
    )


async def commits_of(pipeline: Pipeline, recorder: Recorder, lines: list[bytes]) -> Saved:
    """Return what a pipeline commits for `lines`, each commit with the number a save begins at before it."""
    recorder.commits = []
    task = asyncio.create_task(pipeline.run())
    events = decoded(lines)
    await asyncio.gather(*(pipeline.post(events[start : start + BATCH]) for start in range(0, len(events), BATCH)))
    task.cancel()
    return recorder.commits


def schema_raw(bench: Bench) -> list[Row]:
    """What the daemon commits, written by its writer at a million rows, beside the same limit at a million rows."""
    count, folder = bench.size(50_000, 1_000), bench.fresh("schema")
    path = bench.large(folder / "default.db")
    writer = Writer(connect(path), path)
    loaded = writer.load()
    recorder = Recorder()
    pipeline = recording(recorder, Engine(restored(loaded), TriageLimits()), loaded)
    lines = bench.traffic.lines(count)
    with asyncio.Runner() as runner, limit(folder / "raw.db", lines, stored=bench.large_events) as raw:
        runner.run(pipeline.start())

        def value() -> float:
            commits = runner.run(commits_of(pipeline, recorder, bench.traffic.lines(count)))
            began = time.perf_counter()
            for commit, save_no in commits:
                write(writer, commit, save_no)
            return count / (time.perf_counter() - began)

        measured = paired(value, raw.rows_per_s)
    writer.close()
    return [
        Row(name="schema-raw", must=0.6, unit="events/s", more={"stored": bench.large_events}, **measured._asdict())
    ]


def write(writer: Writer, commit: Commit, save_no: int | None) -> None:
    """Write what a pipeline committed, as the store does: looking for repeats, beginning a save where it is due."""
    if save_no is not None:
        writer.begin_save(save_no)
    writer.known([(source, event_id) for source, event_id, _ in commit.keys])
    writer.commit(commit)


def cold_start(bench: Bench) -> list[Row]:
    """From the start of the process to its ready line, nothing of the file in the page cache."""
    folder = bench.fresh("cold")
    daemon = Daemon(folder / "data")
    daemon.database.parent.mkdir(parents=True)
    path = bench.large(daemon.database)
    stopped = [ready_s(daemon, signal.SIGTERM) for _ in range(STARTS)]
    asyncio.run(lag(path, bench.traffic, bench.size(LAG_EVENTS_MAX, 500)))
    killed = [ready_s(daemon, signal.SIGKILL) for _ in range(STARTS)]
    more = {"stored": bench.large_events, "lag_events": 0}
    return [
        Row(name="cold-start", value=median(stopped), must=2.0, unit="s", more=more),
        Row(
            name="cold-start-killed",
            value=median(killed),
            must=2.0,
            unit="s",
            more={**more, "lag_events": bench.size(LAG_EVENTS_MAX, 500)},
        ),
    ]


def ready_s(daemon: Daemon, end: signal.Signals) -> float:
    """Start, end it by `end` and return how long the start took."""
    forget_pages(daemon.database)
    daemon.start()
    daemon.stop(end)
    note(f"  ready after {daemon.ready_s:.2f} s")
    return daemon.ready_s


def growth(bench: Bench) -> list[Row]:
    """What an event costs with a million stored beside none, and with ten times the people."""
    folder, count, warm = bench.fresh("growth"), bench.size(40_000, 500), bench.size(100_000, 500)
    few, many = Traffic(people=500, seed=2), Traffic(people=5_000, seed=3)
    large, empty = bench.large(folder / "large.db"), itertools.count()
    by_events = paired(
        lambda: cost_us(large, bench.traffic, count),
        lambda: cost_us(made(folder / f"empty-{next(empty)}.db", few, 0), few, count),
    )
    crowded, small = made(folder / "crowded.db", many, warm), made(folder / "small.db", few, warm)
    by_people = paired(lambda: cost_us(crowded, many, count), lambda: cost_us(small, few, count))
    unit = "µs an event"
    return [
        Row(
            name="growth-events",
            must=1.5,
            at_most=True,
            unit=unit,
            more={"stored": bench.large_events},
            **by_events._asdict(),
        ),
        Row(
            name="growth-people", must=1.2, at_most=True, unit=unit, more={"people": many.people}, **by_people._asdict()
        ),
    ]


def made(path: Path, traffic: Traffic, count: int) -> Path:
    """Write a new file that holds the directory and `count` events."""
    asyncio.run(fill(path, traffic, count))
    return path


def cost_us(path: Path, traffic: Traffic, count: int) -> float:
    """Return what it costs to decide and store an event more (µs), saves and checkpoints included."""

    async def posted_s() -> float:
        async with tenant(path) as opened:
            return await post(opened, traffic.lines(count))

    return asyncio.run(posted_s()) / count * 1e6
