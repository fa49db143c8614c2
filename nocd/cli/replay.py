"""`nocd replay`: files of events through the engine, on the events' own clock."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import click

from nocd.cli.command import command, show
from nocd.cli.where import config_file, config_option, data_dir_option


@command(
    "replay",
    epilog="""\
  nocd replay events.ndjson --data-dir /tmp/what-if --json
  nocd replay monday.ndjson tuesday.ndjson.gz --data-dir /tmp/what-if --into north""",
)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@data_dir_option
@config_option
@click.option("--into", "tenant", default="default", show_default=True, help="The tenant that takes the events.")
@click.option("--speed", default="max", show_default=True, help="Event seconds a second, or max.")
@click.option("--rebase", type=click.Choice(["now"]), help="Move all times by one span, so that the last event is now.")
def replay(*, as_json: bool, **options: Any) -> None:
    """Run FILES of events through the engine into a data folder that no daemon is using."""
    from nocd.clock import now_ms
    from nocd.configured import decoder
    from nocd.history.replay import last_time, lines_of
    from nocd.replaying import replay as run
    from nocd.settings import load
    from nocd.store.folder import Folder, default_root

    settings = load({"data_dir": options["data_dir"]}, file=config_file(options["config"])).settings
    files: list[Path] = list(options["files"])
    shift_ms = now_ms() - last_time(files, decoder(settings)) if options["rebase"] == "now" else 0
    with Folder(settings.data_dir or default_root(os.environ)).locked() as folder:
        work = run(
            settings,
            folder,
            lines=lines_of(files),
            tenant=options["tenant"],
            shift_ms=shift_ms,
            speed=_speed(options["speed"]),
        )
        result = asyncio.run(work)
    show(result, "\n".join(f"{name:>12}: {value}" for name, value in result.items()), as_json=as_json)


def _speed(text: str) -> float | None:
    """Return event seconds a second, or None for as fast as it goes."""
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not speed > 0:
        raise click.BadParameter("give a number above 0, or max", param_hint="--speed")
    return speed
