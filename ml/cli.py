"""`python -m ml`: train, evaluate, look for drift, and keep the registry. The daemon starts the same commands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from ml.booster import PARAMETERS
from ml.dataset import read_rows
from ml.drift import DAYS as DRIFT_DAYS
from ml.drift import several
from ml.evaluate import Terms, Trial
from ml.evaluate import evaluate as measure
from ml.gate import judge
from ml.predict import Scorer
from ml.registry import Registry
from ml.report import text
from ml.schema import FRAUD, Refused
from ml.table import Plan, read_table
from ml.train import DAYS, Options, champion_of, store
from ml.train import train as fit
from nocd.domain.instant import DAY_MS

if TYPE_CHECKING:
    from collections.abc import Callable

    from ml.dataset import Rows

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)
_REGISTRY = click.option("--registry", type=_FOLDER, required=True, help="The models of one tenant.")
_ROWS = click.option("--rows", "rows_file", type=_FILE, required=True, help="A training file (see ml/README.md).")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
def main() -> None:
    """Fraud models: learned from verdicts, judged on later rows, kept whole."""


def _table_options(command: Callable[..., None]) -> Callable[..., None]:
    options = [
        click.option("--table", type=_FILE, help="A CSV of anybody's rows, gzipped or not, instead of --rows."),
        click.option("--label", help="Its column of labels: 1 fraud, 0 none, blank unknown."),
        click.option("--time", help="Its column of times: RFC 3339 (UTC without offset) or seconds since 1970."),
        click.option("--person", help="Its column of persons, whose rows within 16 hours stay together."),
        click.option("--rules", help="Its column of a score in [0, 1] that the model must beat."),
        click.option("--weight", help="Its column of sampling weights."),
        click.option("--site", help="Its column of sites; by it, accusations of honest rows are compared."),
        click.option("--shift", help="Likewise, of shift classes."),
        click.option("--device", help="Likewise, of device classes."),
        click.option("--omit", multiple=True, metavar="NAME", help="Leave this column out; may be repeated."),
        click.option("--keep", multiple=True, metavar="NAME", help="Use this column, whatever it looks like."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@main.command(
    epilog="""\b
  python -m ml train --rows rows.ndjson --registry models/default --activate
  python -m ml train --table payroll.csv.gz --label fraud --time booked_at --omit batch --json"""
)
@click.option("--rows", "rows_file", type=_FILE, help="A training file, as the daemon writes it (see ml/README.md).")
@_table_options
@click.option("--registry", type=_FOLDER, help="Store the model here, and compare it with the one in force.")
@click.option("--activate", is_flag=True, help="Put it in force if it passes its gates.")
@click.option("--days", type=click.FloatRange(min=1), help=f"How far back.  [default: {DAYS:g} with --rows, else all]")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--threads", type=click.IntRange(1, 64), default=1, show_default=True)
@click.option("--cost-miss", type=float, default=Terms().cost_miss, show_default=True, help="Of a missed fraud.")
@click.option(
    "--cost-accusation", type=float, default=Terms().cost_accusation, show_default=True, help="Of a false ticket."
)
@click.option("--json", "as_json", is_flag=True, help="Print the JSON alone.")
def train(*, as_json: bool, rows_file: Path | None, table: Path | None, **options: Any) -> None:
    """Train on rows split by time, and print every figure and what the gates say; exit 1 if it cannot be done."""
    if (rows_file is None) == (table is None):
        raise click.UsageError("give either --rows or --table")
    if table is not None and not (options["label"] and options["time"]):
        raise click.UsageError("--table needs --label and --time")
    _answer(lambda: _train(rows_file, table, options), as_json=as_json)


def _train(rows_file: Path | None, table: Path | None, options: dict[str, Any]) -> dict[str, Any]:
    terms = Terms(seed=options["seed"], cost_miss=options["cost_miss"], cost_accusation=options["cost_accusation"])
    chosen = Options(
        days=options["days"] or (DAYS if table is None else None),
        seed=options["seed"],
        terms=terms,
        parameters={**PARAMETERS, "nthread": options["threads"]},
    )
    rows, left = _rows(rows_file, table, options)
    registry = Registry(options["registry"]) if options["registry"] else None
    champion, which = champion_of(registry, rows.schema) if registry else (None, "no registry to look in")
    trained = fit(rows, chosen, champion)
    told = store(trained, registry, activate=options["activate"]) if registry else trained.told()
    return told | {"champion": which, "left_out": left, "columns": list(rows.schema.names)}


def _rows(rows_file: Path | None, table: Path | None, options: dict[str, Any]) -> tuple[Rows, dict[str, str]]:
    if table is not None:
        return read_table(table, Plan(**{name: options[name] for name in Plan.__slots__}))
    assert rows_file is not None
    return read_rows(rows_file, FRAUD), {}


@main.command()
@_ROWS
@_REGISTRY
@click.option("--version", "wanted", help="Which one.  [default: the active one]")
@click.option("--json", "as_json", is_flag=True, help="Print the JSON alone.")
def evaluate(*, as_json: bool, rows_file: Path, registry: Path, wanted: str | None) -> None:
    """Measure a stored model on labelled rows, all of which it should not have seen."""

    def told() -> dict[str, Any]:
        scorer = Scorer(Registry(registry).load(wanted, FRAUD))
        rows = read_rows(rows_file, FRAUD).measurable
        if not len(rows):
            raise Refused("too_few_labels", "no row has a label to measure by", labelled=0)
        scores = {"model": scorer.score(rows.x), "rules": rows.rules}
        metrics = measure(Trial(rows=rows, scores=scores, terms=Terms())) | {
            "calibrated": scorer.manifest["calibrated"]
        }
        ruling = judge(metrics)
        return {"outcome": "passed" if ruling.passed else "failed", "metrics": metrics} | ruling.told()

    _answer(told, as_json=as_json)


@main.command()
@_ROWS
@_REGISTRY
@click.option(
    "--days",
    type=click.FloatRange(min=1),
    multiple=True,
    default=(DRIFT_DAYS,),
    show_default=True,
    help="The last so many; given again, several windows.",
)
@click.option("--label-delay-days", type=click.FloatRange(min=0), default=0, help="Verdicts on younger rows count not.")
def drift(*, rows_file: Path, registry: Path, days: tuple[float, ...], label_delay_days: float) -> None:
    """Compare late rows with those the active model learned from; prints JSON with a level and what moved."""

    def told() -> dict[str, Any]:
        scorer = Scorer(Registry(registry).load(None, FRAUD))
        rows = read_rows(rows_file, FRAUD).since(max(days))
        delay_ms = int(label_delay_days * DAY_MS)
        found = several(scorer.manifest, rows, scorer.score(rows.x), set(days), label_delay_ms=delay_ms)
        return {"outcome": "compared", "version": scorer.version, **found}

    _answer(told)


@main.group()
def registry() -> None:
    """List, look at, activate and take back versions; prints JSON."""


@registry.command("list")
@_REGISTRY
def list_versions(*, registry: Path) -> None:
    """Print every version with what it is worth, or why it cannot be used."""
    _answer(lambda: {"outcome": "listed", "versions": Registry(registry).listing()})


@registry.command()
@_REGISTRY
@click.argument("version", required=False)
def show(*, registry: Path, version: str | None) -> None:
    """Print the manifest of VERSION, or of the active one, once all its files are checked."""
    _answer(lambda: {"outcome": "shown"} | Registry(registry).load(version).manifest)


@registry.command()
@_REGISTRY
@click.argument("version")
def activate(*, registry: Path, version: str) -> None:
    """Put VERSION in force, if it passed its gates and is whole."""

    def told() -> dict[str, Any]:
        Registry(registry).activate(version)
        return {"outcome": "activated", "version": version}

    _answer(told)


@registry.command()
@_REGISTRY
def rollback(*, registry: Path) -> None:
    """Put the former version in force again."""
    _answer(lambda: {"outcome": "rolled back", "version": Registry(registry).rollback()})


def _answer(ask: Callable[[], dict[str, Any]], *, as_json: bool = True) -> None:
    """Print what came of it as JSON, and for a person beside it; a refusal is printed likewise, and exits with 1."""
    try:
        told = ask()
    except Refused as refusal:
        told = refusal.told()
    click.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
    if not as_json:
        click.echo(text(told), err=True)
    if told["outcome"] == "refused":
        raise SystemExit(1)
