"""How fast it is, each row beside the limit it is held against.

python -m tests.bench [NAME…]           every row, or those named
python -m tests.bench --quick [NAME…]   the same on small sizes: that it works, not how fast it is
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench import context, engine, feed, growth, ingest, memory, scoring, start, store
from tests.bench.rows import note
from tests.bench.stored import Bench

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.bench.rows import Row

BENCHES: dict[str, Callable[[Bench], list[Row]]] = {
    "ingest-batch": ingest.batch,
    "ingest-single": ingest.single,
    "ingest-single-p99": ingest.single_p99,
    "event-to-frame": feed.event_to_frame,
    "feed-fanout": feed.fanout,
    "schema-raw": store.schema_raw,
    "cold-start": start.cold_start,
    "growth": growth.growth,
    "engine-people": engine.people,
    "memory": memory.memory,
    "ml-single": scoring.single,
    "ml-batch": scoring.batch,
    "context": context.context,
}


def main(arguments: list[str]) -> int:
    """Print a line for each row; return 1 where one does not reach what it must (never in a quick run), else 0."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(BENCHES)}")
    parser.add_argument("--quick", action="store_true", help="small sizes; proves nothing about speed")
    parser.add_argument("--dir", type=Path, help="where to write, on a real disk (default: the temporary folder)")
    asked = parser.parse_args(arguments)
    if unknown := [name for name in asked.names if name not in BENCHES]:
        parser.error(f"{unknown[0]} is none of {', '.join(BENCHES)}")
    missed = 0
    with tempfile.TemporaryDirectory(dir=asked.dir) as scratch:
        bench = Bench(Path(scratch), quick=asked.quick)
        for name in asked.names or BENCHES:
            note(name)
            for row in BENCHES[name](bench):
                print(row.line(), flush=True)
                missed += not row.ok
    return int(missed > 0 and not asked.quick)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
