"""Whether an event costs more where much is stored, or where many people are watched."""

from __future__ import annotations

import itertools
import shutil
from typing import TYPE_CHECKING

from tests.bench.daemon import Daemon
from tests.bench.live import BATCH, CONNECTIONS
from tests.bench.post import Poster, request
from tests.bench.rows import Pair, Row, paired
from tests.bench.traffic import Traffic

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bench.stored import Bench


def growth(bench: Bench) -> list[Row]:
    """What an event in a batch costs with a million stored beside none, and with ten times the people."""
    folder, count = bench.fresh("growth"), bench.size(60_000, 500)
    large, fresh = Daemon(folder / "large"), itertools.count()
    large.database.parent.mkdir(parents=True)
    bench.large(large.database)
    by_events = paired(
        lambda: cost_us(large, bench.traffic, count),
        lambda: _cost_in_new_us(folder / f"new-{next(fresh)}", count),
        pairs=bench.pairs,
    )
    few, many = (_Company(folder / f"people-{people}", people) for people in (500, 5_000))
    for company in (few, many):
        company.begin(bench.size(100_000, 500))
    by_people = paired(lambda: many.cost_us(count), lambda: few.cost_us(count), pairs=bench.pairs)
    return [_row("events", by_events, 1.5), _row("people", by_people, 1.2)]


def _row(name: str, pair: Pair, must: float) -> Row:
    return Row(name=f"growth-{name}", must=must, at_most=True, unit="µs an event", **pair._asdict())


def cost_us(daemon: Daemon, traffic: Traffic, count: int) -> float:
    """Return what an event costs (µs) from the socket to the disk, saves, merges and checkpoints included."""
    with daemon:
        requests = [request(body, daemon.token("ingest")) for body in traffic.bodies(count, BATCH)]
        with Poster(daemon.address, CONNECTIONS) as poster:
            return poster.post(requests).seconds / count * 1e6


def _cost_in_new_us(folder: Path, count: int) -> float:
    company = _Company(folder, 5_000)
    company.begin(0)
    cost = company.cost_us(count)
    shutil.rmtree(folder)
    return cost


class _Company:
    """A daemon of its own and the traffic of so many people."""

    def __init__(self, folder: Path, people: int) -> None:
        self._daemon = Daemon(folder)
        self._traffic = Traffic(people=people, seed=people)

    def begin(self, count: int) -> None:
        """Store the directory and `count` events."""
        with self._daemon as daemon, Poster(daemon.address, 1) as poster:
            token = daemon.token("ingest")
            poster.post([request(b"\n".join(lines), token) for lines in self._traffic.directory()])
        if count:
            self.cost_us(count)

    def cost_us(self, count: int) -> float:
        return cost_us(self._daemon, self._traffic, count)
