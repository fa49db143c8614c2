"""`nocd audit`: whether the audit trails hold, row by row, and where they break."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import click

from nocd.cli.client import Client, reached
from nocd.cli.command import Failed, command, show
from nocd.cli.where import daemon_options, data_folder

if TYPE_CHECKING:
    from pathlib import Path


@click.group()
def audit() -> None:
    """Check the audit trail."""


@command(
    "verify",
    epilog="""\
  nocd audit verify
  nocd audit verify --data-dir /var/lib/nocd --json | jq '.chains[].fault'

Works beside the daemon and without it. Exit code 1 where a row was altered, is missing or was put in. Keep the digest
of the newest row elsewhere: it shows later whether the end was cut off.""",
)
@daemon_options
def verify(*, as_json: bool, **options: Any) -> None:
    """Check every audit trail from its first kept row to its last."""
    if target := reached(options):
        with Client(target) as client:
            chains = client.json("GET", "/v1/audit/verify")["chains"]
    else:
        folder = data_folder(options["data_dir"])
        chains = [_checked(path) for path in folder.databases()]
    broken = [f"{chain['chain']}: {chain['fault']}" for chain in chains if chain["fault"]]
    result = {"ok": not broken, "chains": chains}
    show(result, "\n".join(map(_line, chains)) or "no database yet", as_json=as_json)
    if broken:
        raise Failed("; ".join(broken))


def _checked(path: Path) -> dict[str, Any]:
    """Return how a file's trail stands; nothing writes it meanwhile but a daemon."""
    from nocd.store.audit import check
    from nocd.store.backup import read_only
    from nocd.store.sqlite import sqlite3

    name = "access" if path.name == "daemon.db" else path.stem
    try:
        with contextlib.closing(read_only(path)) as base:
            place = check(base)
            while not place.ended:
                place = check(base, place)
    except sqlite3.Error as error:
        return {"chain": name, "rows": 0, "newest": 0, "digest": "", "fault": f"{path.name} cannot be read: {error}"}
    return {"chain": name, "rows": place.rows, "newest": place.no, "digest": place.digest, "fault": place.fault}


def _line(chain: dict[str, Any]) -> str:
    broke = f"BROKEN: {chain['fault']}; " if chain["fault"] else ""
    return f"{chain['chain']:<12} {broke}{chain['rows']:,} rows hold, the newest is {chain['newest']} {chain['digest']}"


audit.add_command(verify)
