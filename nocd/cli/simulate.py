"""`nocd simulate`: a simulated company's events, and the truth about them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nocd.cli.command import command, show
from nocd.domain.instant import to_ms

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nocd.simulate.drift import Drift


@command(
    "simulate",
    epilog="""\
  nocd simulate --seed 7 --out events.ndjson --truth truth.csv
  nocd simulate --seed 7 --sites 200 --people 5000 --days 30 --out big.ndjson --truth big.csv
  nocd simulate --seed 7 --frauds 0.05 --sites 20 --people 200 --days 90 --out quarter.ndjson --truth quarter.csv
  nocd simulate --only SILENT_SITE --only SLACK_NIGHT --rate SLACK_NIGHT=0.1 --out events.ndjson --truth truth.csv

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
@click.option("--only", multiple=True, metavar="KIND", help="Plant this kind of trouble and others so named only.")
@click.option("--rate", "shares", multiple=True, metavar="KIND=SHARE", help="How often a kind is planted, 0 to 1.")
@click.option("--frauds", type=click.FloatRange(0, 0.5), metavar="SHARE", help="Shifts with a fraud, 0 to 0.5.")
@click.option("--drift", metavar="KIND=DATE", help="What devices tell otherwise from then on: positions or faces.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Events, one JSON a line.")
@click.option("--truth", type=click.Path(path_type=Path, dir_okay=False), required=True, help="What was planted, CSV.")
@click.option("--disorder", is_flag=True, help="As phones send it: late, twice and out of order.")
def simulate(*, as_json: bool, start: datetime, out: Path, truth: Path, **options: Any) -> None:
    """Write a simulated company's events to --out and the planted troubles to --truth."""
    from nocd.simulate import World, frauds, write

    share = options["frauds"]
    of_fraud, likenesses = ({}, {}) if share is None else frauds(share)
    world = World(
        options["seed"],
        sites=options["sites"],
        people=options["people"],
        days=options["days"],
        start_ms=to_ms(start.replace(tzinfo=UTC)),
        rates=of_fraud | _rates(options["only"], options["shares"]),
        likenesses=likenesses,
        drift=_drift(options["drift"]),
    )
    with out.open("wb") as events, truth.open("w", encoding="utf-8", newline="") as rows:
        counts = write(world, events, rows, disorder=options["disorder"])
    show(counts, _text(counts), as_json=as_json)


def _rates(only: Iterable[str], shares: Iterable[str]) -> dict[str, float]:
    """Return the rates that differ from the default; World refuses a kind that nobody knows."""
    from nocd.simulate import RATES

    wanted = set(only)
    rates = {kind: 0.0 for kind in RATES if wanted and kind not in wanted}
    rates |= {kind: RATES.get(kind, 0.0) for kind in sorted(wanted)}
    return rates | dict(map(_share, shares))


def _drift(text: str | None) -> Drift | None:
    if text is None:
        return None
    from nocd.simulate.drift import drift

    kind, _, day = text.partition("=")
    try:
        return drift(kind, to_ms(datetime.fromisoformat(day).replace(tzinfo=UTC)))
    except ValueError:
        message = f"{text!r} is no drift; write KIND=DATE like positions=2026-02-10"
        raise click.BadParameter(message, param_hint="'--drift'") from None


def _share(text: str) -> tuple[str, float]:
    kind, _, share = text.partition("=")
    try:
        return kind, float(share)
    except ValueError:
        message = f"{text!r} is no rate; write KIND=SHARE like SLACK_NIGHT=0.1"
        raise click.BadParameter(message, param_hint="'--rate'") from None


def _text(counts: dict[str, Any]) -> str:
    planted = [f"{count:>10,} {kind}" for kind, count in counts["truth"].items()]
    return "\n".join([f"{counts['events']:>10,} events", "planted in them:", *planted])
