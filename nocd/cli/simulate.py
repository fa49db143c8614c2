"""`nocd simulate`: a simulated company's events, and the truth about them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from nocd.cli.command import command, show
from nocd.domain.instant import to_ms


@command(
    "simulate",
    epilog="""\
  nocd simulate --seed 7 --out events.ndjson --truth truth.csv
  nocd simulate --seed 7 --sites 200 --people 5000 --days 30 --out big.ndjson --truth big.csv

The same arguments give the same files, byte for byte, on any machine. `nocd post FILE --rebase now` moves a
history so that it ends now. Truth has a row for each planted trouble: event id, kind, person, site, from, to.""",
)
@click.option("--seed", type=int, default=7, show_default=True, help="Which company.")
@click.option("--sites", type=click.IntRange(1, 10_000), default=8, show_default=True, help="Guarded sites.")
@click.option("--people", type=click.IntRange(1, 100_000), default=60, show_default=True, help="Guards.")
@click.option("--days", type=click.IntRange(1, 3_650), default=7, show_default=True, help="Days of history.")
@click.option(
    "--start", type=click.DateTime(["%Y-%m-%d"]), default="2026-01-05", show_default=True, help="First day, UTC."
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Events, one JSON a line.")
@click.option("--truth", type=click.Path(path_type=Path, dir_okay=False), required=True, help="What was planted, CSV.")
@click.option("--disorder", is_flag=True, help="As phones send it: late, twice and out of order.")
def simulate(*, as_json: bool, start: datetime, out: Path, truth: Path, **options: Any) -> None:
    """Write a simulated company's events to --out and the planted troubles to --truth."""
    from nocd.simulate import World, write

    world = World(
        options["seed"],
        sites=options["sites"],
        people=options["people"],
        days=options["days"],
        start_ms=to_ms(start.replace(tzinfo=UTC)),
    )
    with out.open("wb") as events, truth.open("w", encoding="utf-8", newline="") as rows:
        counts = write(world, events, rows, disorder=options["disorder"])
    show(counts, _text(counts), as_json=as_json)


def _text(counts: dict[str, Any]) -> str:
    planted = [f"{count:>10,} {kind}" for kind, count in counts["truth"].items()]
    return "\n".join([f"{counts['events']:>10,} events", "planted in them:", *planted])
