"""Memory: a day of a large company, told as fast as it is taken."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import orjson

from nocd.clock import now_ms
from nocd.domain.instant import DAY_MS
from nocd.simulate.events import events
from nocd.simulate.world import World
from tests.bench.daemon import Daemon
from tests.bench.post import Poster, request
from tests.bench.rows import Row, note

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.stored import Bench

BATCH = 1_000
FLAT = 1.1
SAMPLE_EVERY = 20
EARLY, LATE = 0.4, 0.9


def memory(bench: Bench) -> list[Row]:
    """Resident memory over the directory and a day of 200 sites and 5 000 people: how much, and whether it grows."""
    sites, people = bench.size(200, 4), bench.size(5_000, 20)
    world = World(1, sites=sites, people=people, start_ms=now_ms() - DAY_MS, days=1)
    sizes, stored = [], 0
    with Daemon(bench.fresh("memory") / "data") as daemon, Poster(daemon.address, 2) as poster:
        token = daemon.token("ingest")
        for number, body in enumerate(bodies(world)):
            poster.post([request(body, token)])
            stored += body.count(b"\n") + 1
            if number % SAMPLE_EVERY == 0:
                sizes.append(daemon.rss_mb())
                note(f"  {stored} events, {sizes[-1]:.0f} MB")
    early, late = (sizes[int(share * (len(sizes) - 1))] for share in (EARLY, LATE))
    more = {"sites": sites, "people": people, "events": stored, "first": round(sizes[0])}
    return [
        Row(name="memory", value=max(sizes), must=400.0, unit="MB", more=more),
        Row(name="memory-flat", value=late, limit=early, must=FLAT, at_most=True, unit="MB late and early in the day"),
    ]


def bodies(world: World) -> Iterator[bytes]:
    """Yield the world's day as NDJSON."""
    told = events(world, disorder=True)
    while batch := list(islice(told, BATCH)):
        yield b"\n".join(map(orjson.dumps, batch))
