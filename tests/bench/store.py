"""The store by itself: what the daemon commits, written by its writer into the real schema."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from nocd.batch import Limits, Started
from nocd.clock import monotonic_s, now_ms
from nocd.engine import Engine
from nocd.metrics import Metrics
from nocd.pipeline import Pipeline
from nocd.store.writer import Writer, connect
from nocd.tenant import restored
from nocd.triage.intake import Limits as TriageLimits
from tests.bench.raw import limit
from tests.bench.rows import Row, paired
from tests.bench.stored import BATCH, NEVER, Bench, decoded

if TYPE_CHECKING:
    from nocd.feed.hub import Committed
    from nocd.store.rows import Commit, Loaded

    Saved = list[tuple[Commit, int | None]]


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
    events = decoded(lines)
    await asyncio.gather(*(pipeline.post(events[start : start + BATCH]) for start in range(0, len(events), BATCH)))
    return recorder.commits


async def begun(pipeline: Pipeline) -> asyncio.Task[None]:
    """Return the task that a pipeline works in, to be kept."""
    await pipeline.start()
    return asyncio.create_task(pipeline.run())


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
        working = runner.run(begun(pipeline))

        def value() -> float:
            commits = runner.run(commits_of(pipeline, recorder, bench.traffic.lines(count)))
            began = time.perf_counter()
            for commit, save_no in commits:
                write(writer, commit, save_no)
            return count / (time.perf_counter() - began)

        measured = paired(value, raw.rows_per_s, pairs=bench.pairs)
        working.cancel()
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
