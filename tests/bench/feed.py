"""Telling: from an event to the frame at a client, and the cost of telling many."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from nocd.store.seen import key_of
from nocd.store.sqlite import sqlite3
from tests.bench import bare
from tests.bench.ingest import milliseconds
from tests.bench.listen import Heard, listening
from tests.bench.live import Live
from tests.bench.rows import Row, paired

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bench.post import Posted
    from tests.bench.stored import Bench

RATE_PER_S = 1_000
SIZES = (1, 10, 100)
LANES = 64
FAN_CLIENTS = 200
FAN_PER_S = 50
NS = 1e9
Numbers = np.ndarray[Any, np.dtype[Any]]


def event_to_frame(bench: Bench) -> list[Row]:
    """From when an event was due to be sent to its frame at a client, over every client and event.

    The clients are no bottleneck: they run in a process of their own and only note when a frame came; `listener` says
    what share of a core that took and how long one round over all that were ready; `poster` the same of the sender,
    and how late it sent (which counts as waiting).
    """
    return [_latency(bench, clients=clients, must=must) for clients, must in ((20, 25.0), (200, 50.0))]


def _latency(bench: Bench, *, clients: int, must: float) -> Row:
    count, folder = bench.size(21_000, 300), bench.fresh("feed")
    sending = Sending()
    with Live(folder) as live:
        live.begin(bench.window_events)
        with listening(live.daemon.address, live.daemon.token("operator"), clients, folder) as heard:
            for size in SIZES:
                sending.post(live, count, size)
            time.sleep(0.5)
        inside = kept(live.daemon.database)
    waits_ms = latencies_s(live.daemon.database, sending.due, heard) * 1_000
    more: dict[str, Any] = {f"p{percent}": round(float(np.percentile(waits_ms, percent)), 2) for percent in (50, 99.9)}
    more |= {"seconds": count * len(SIZES) / RATE_PER_S, "frames_per_s_max": busiest(heard), **inside}
    more |= {"listener": heard.stats, "poster": sending.stats()}
    p99 = float(np.percentile(waits_ms, 99))
    return Row(name=f"event-to-frame-{clients}", value=p99, must=must, unit="ms", more=more)


@dataclass(slots=True)
class Sending:
    """What was sent: when each event (by id) was due, in monotonic seconds, and what sending took."""

    due: dict[str, float] = field(default_factory=dict)
    posted: list[Posted] = field(default_factory=list)
    spent_s: float = 0.0

    def post(self, live: Live, count: int, size: int) -> None:
        """Post the next `count` events `size` a request, 1 000 events a second."""
        requests = live.requests(count, size)
        due_s = [number * size / RATE_PER_S for number in range(len(requests))]
        with live.poster(LANES) as poster:
            before = time.process_time()
            posted = poster.post(requests, due_s=due_s)
            self.spent_s += time.process_time() - before
        self.posted.append(posted)
        for each, at_s in zip(requests, due_s, strict=True):
            lines = each.whole.partition(b"\r\n\r\n")[2].splitlines()
            self.due |= {orjson.loads(line)["id"]: posted.began_s + at_s for line in lines}

    def stats(self) -> dict[str, float]:
        """Return the share of a core that sending took, and how late it was."""
        late_s = [seconds for each in self.posted for seconds in each.late_s]
        seconds = sum(each.seconds for each in self.posted)
        return {"core": round(self.spent_s / seconds, 3), "late_ms_p99": milliseconds(late_s, 99)}


def latencies_s(database: Path, due: dict[str, float], heard: Heard) -> Numbers:
    """Return the seconds from when each event was due to the frame that told of it, over all clients."""
    with closing(sqlite3.connect(database)) as base:
        rows = base.execute("SELECT no, body FROM inputs WHERE kind = 0 ORDER BY no").fetchall()
        told = np.array(base.execute("SELECT seq, no FROM feed WHERE type = 'events_stored' ORDER BY seq").fetchall())
    events = [(no, due[event_id]) for no, body in rows if (event_id := key_of(body)[1]) in due]
    assert len(events) == len(due), f"{len(due)} events were sent, {len(events)} are stored"
    numbers, due_s = np.array([no for no, _ in events]), np.array([at for _, at in events])
    seqs = told[np.searchsorted(told[:, 1], numbers), 0]
    return np.concatenate(
        [times[np.searchsorted(to, seqs)] / NS - due_s for times, to in zip(heard.times, heard.told, strict=True)]
    )


def busiest(heard: Heard) -> int:
    """Return the most frames a client got in a second."""
    return max(int(np.bincount((times - times[0]) // int(NS)).max()) for times in heard.times)


def kept(database: Path) -> dict[str, Any]:
    """Return what shows that saves and checkpoints took place: how far the state is saved, how much is copied back."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as base:
        saved_to = base.execute("SELECT value FROM meta WHERE key = 'saved_to'").fetchone()[0]
    return {"saved_to": saved_to, "checkpointed_mb": round(database.stat().st_size / 1e6, 1)}


def fanout(bench: Bench) -> list[Row]:
    """Frames delivered for each CPU second that telling takes the daemon, beside os.write of equal frames.

    What telling takes is what the daemon uses with 200 clients beyond what it uses, for the same events, with none.
    """
    folder, rounds = bench.fresh("fanout"), bench.size(300, 10)
    clients, size, whole = bench.size(FAN_CLIENTS, 20), 300, 0.0
    with Live(folder) as live:
        live.begin(bench.window_events)

        def value() -> float:
            nonlocal size, whole
            alone_s = _spent_s(live, rounds)
            with listening(live.daemon.address, live.daemon.token("operator"), clients, folder) as heard:
                spent_s = _spent_s(live, rounds)
            frames = sum(len(times) for times in heard.times)
            size, whole = heard.stats["bytes"] // frames, frames / spent_s
            return frames / max(0.01, spent_s - alone_s)

        measured = paired(value, lambda: _written_per_s(folder, clients, rounds, size), pairs=bench.pairs)
    more = {"frame_bytes": size, "clients": clients, "with_ingest": round(whole)}
    return [Row(name="feed-fanout", must=0.7, unit="deliveries/CPU s", more=more, **measured._asdict())]


def _spent_s(live: Live, rounds: int) -> float:
    """Return the CPU seconds that the daemon uses for `rounds` requests of ten events."""
    requests = live.requests(10 * rounds, 10)
    before = live.daemon.cpu_s()
    with live.poster() as poster:
        poster.post(requests, due_s=[number / FAN_PER_S for number in range(rounds)])
    time.sleep(0.2)
    return live.daemon.cpu_s() - before


def _written_per_s(folder: Path, clients: int, rounds: int, size: int) -> float:
    """Return the writes a CPU second of the limit."""
    with bare.running("fan", clients, rounds, size, FAN_PER_S) as (process, port):
        assert process.stdin is not None
        assert process.stdout is not None
        with listening(("127.0.0.1", port), "", clients, folder) as heard:
            print(file=process.stdin, flush=True)
            spent_s = float(process.stdout.readline())
            time.sleep(0.2)
        print(file=process.stdin, flush=True)
        process.wait(10)
    assert sum(len(times) for times in heard.times) == clients * rounds
    return clients * rounds / spent_s
