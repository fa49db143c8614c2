"""`nocd backtest`: a live detector over a history, before it is switched on."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from nocd.cli.command import command, show
from nocd.cli.durations import DURATION
from nocd.errors import InputError

_LABELS = "{labels} labels: {hit} hit, {missed} missed, {while_learning} while learning, {without_points} unseen"
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@command(
    "backtest",
    epilog="""\
  nocd backtest door_openings.csv --timezone Europe/Berlin --country DE
  nocd backtest cars.csv --labels games.csv --after 90m --timezone America/Los_Angeles
  nocd backtest cpu.csv --detector stream --labels windows.json --out scores.csv

FILE has a first line that names its columns, times in the first, and may be gzipped. Labels are CSV (start,end or
a time a line) or JSON. A label is hit if an alarm is raised between its start and --after its end; alarms at most
--gap apart are one episode.""",
)
@click.argument("file", type=_FILE)
@click.option("--metric", help="The column to read; it must be there.  [default: value, else the second]")
@click.option("--labels", "labels_file", type=_FILE, help="What is known to have happened: windows or points.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write a scored row for each row to this.")
@click.option("--detector", type=click.Choice(["baseline", "stream"]), default="baseline", show_default=True)
@click.option("--timezone", default="UTC", show_default=True, help="Where hours are local, and times without offset.")
@click.option("--country", help="Two letters (ISO 3166): its public holidays count as Sundays.")
@click.option("--threshold", type=float, help="Where it counts.  [default: the detector's own]")
@click.option("--after", type=DURATION, default="90m", show_default=True, help="How long after a label it still hits.")
@click.option("--gap", type=DURATION, default="60m", show_default=True, help="Alarms this near are one episode.")
def backtest(*, as_json: bool, file: Path, **options: Any) -> None:
    """Run a live detector over the history in FILE, and tell what it flags and whether that was right."""
    from nocd.domain.instant import zone
    from nocd.history.backtest import backtest as run
    from nocd.history.labels import read
    from nocd.history.points import rows
    from nocd.history.watch import Subject, watch

    timezone, metric = options["timezone"], options["metric"]
    try:
        zone(timezone)
    except ValueError as error:
        raise InputError(str(error)) from None
    labels_file: Path | None = options["labels_file"]
    labels = read(labels_file, history=file, timezone=timezone, after_ms=options["after"]) if labels_file else None
    subject = Subject(
        metric=metric or file.stem, timezone=timezone, country=options["country"], threshold=options["threshold"]
    )
    out: Path | None = options["out"]
    detector = watch(options["detector"], subject)
    if out is not None and out.resolve() in {file.resolve(), labels_file and labels_file.resolve()}:
        raise InputError(f"--out would overwrite {out}, which is to be read", code="bad_out")
    with out.open("w", encoding="utf-8", newline="") if out else nullcontext() as scored:
        result = run(
            rows(file, metric=metric, timezone=timezone),
            detector,
            labels=labels,
            out=scored,
            gap_ms=options["gap"],
        )
    show(result, text(result), as_json=as_json)


def text(result: dict[str, Any]) -> str:
    """Return the counts for a person."""
    lines = [
        f"{result['points']:,} points ({result['missing']:,} missing), {result['judged']:,} judged",
        f"{result['episodes']:,} episodes of {result['alarms']:,} alarms",
    ]
    if result["flagged_hours_share"]:
        shares = ", ".join(f"{share:.2%} beyond {at}" for at, share in result["flagged_hours_share"].items())
        lines.append(f"{result['hours']:,} hours judged: {shares}")
    if "labels" in result:
        lines += [_LABELS.format_map(result), f"{result['false_episodes']:,} false episodes"]
    return "\n".join(lines)
