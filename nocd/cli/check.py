"""`nocd check`: which settings are in force and from where, and whether the databases are sound."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

import click

from nocd.cli.command import FAILED, command, show
from nocd.cli.where import config_file, config_option, data_dir_option

if TYPE_CHECKING:
    from pathlib import Path

    from nocd.settings import Loaded
    from nocd.store.folder import Folder

_MAGIC: Final = b"SQLite format 3\x00"


@command(
    "check",
    epilog="""\
  nocd check
  nocd check --config /etc/nocd/nocd.toml --json | jq .settings.listen

Reads only, while the daemon works or not. Exit code 1 if anything is wrong, 2 if a setting cannot be used.""",
)
@data_dir_option
@config_option
@click.pass_context
def check(ctx: click.Context, *, as_json: bool, data_dir: Path | None, config: Path | None) -> None:
    """Print the settings in force and where each comes from, and check every database."""
    from nocd.procedures import read_runbooks
    from nocd.rulebook import read_rules
    from nocd.settings import load, unknown_variables
    from nocd.store.folder import Folder, default_root

    file = config_file(config)
    loaded = load({"data_dir": data_dir}, file=file)
    read_rules(loaded.settings.detectors)
    read_runbooks(loaded.settings.runbooks)
    folder = Folder(loaded.settings.data_dir or default_root(os.environ))
    databases = [database(path) for path in folder.databases()]
    troubles = [
        *unknown_variables(os.environ),
        *(f"{item['path']}: {item['check']}; restore a backup" for item in databases if item["check"] != "ok"),
        *_unfinished(folder),
    ]
    result = {
        "ok": not troubles,
        "file": str(file) if file else None,
        "data_dir": str(folder.root),
        "settings": _settings(loaded),
        "databases": databases,
        "troubles": troubles,
    }
    show(result, _text(result), as_json=as_json)
    if troubles:
        ctx.exit(FAILED)


def database(path: Path) -> dict[str, Any]:
    """Return size, schema version and soundness of a database: `ok`, or what its header or quick_check show."""
    from nocd.store.backup import quick_check

    with path.open("rb") as file:
        head = file.read(100)
    told = {"path": str(path), "bytes": path.stat().st_size, "version": int.from_bytes(head[60:64], "big")}
    found = quick_check(path) if head.startswith(_MAGIC) or not head else "this is no SQLite database"
    return {**told, "check": found}


def _unfinished(folder: Folder) -> list[str]:
    cut_short = folder.restore_mark.exists()
    return ["a restore was cut short; run `nocd restore FILE` again"] if cut_short else []


def _settings(loaded: Loaded) -> dict[str, dict[str, Any]]:
    from nocd.settings import RELOADED

    values = loaded.settings.model_dump(mode="json")
    return {
        name: {"value": value, "from": loaded.origins[name], "change": "reload" if name in RELOADED else "restart"}
        for name, value in values.items()
    }


def _text(result: dict[str, Any]) -> str:
    lines = [
        f"{name:<34} {'' if told['value'] is None else told['value']!s:<22} {told['change']:<8} {told['from']}"
        for name, told in result["settings"].items()
    ]
    lines += ["", f"data folder {result['data_dir']}"]
    lines += [f"{item['check']:<4} {item['path']} ({item['bytes']:,} bytes)" for item in result["databases"]]
    lines += [] if result["databases"] else ["no database yet"]
    lines += [f"bad  {trouble}" for trouble in result["troubles"]] or ["all is well"]
    return "\n".join(lines)
