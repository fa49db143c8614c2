"""`nocd forget`: a person replaced by a pseudonym in all that is stored, but for what the law wants kept."""

from __future__ import annotations

import contextlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from nocd.cli.command import command, show
from nocd.cli.where import data_dir_option, data_folder
from nocd.errors import NotFound

if TYPE_CHECKING:
    from pathlib import Path

    from nocd.store.forget import Forgotten


@command(
    "forget",
    epilog="""\
  nocd forget G-1044             what would be changed; nothing is
  nocd forget G-1044 --yes

Stop the daemon first. Stay: what an open ticket cites (run it again once it is closed), and the audit trail, which
nobody may alter. Backups, logs and what was sent elsewhere are not reached; consoles start over.""",
)
@click.argument("person")
@click.option("--yes", is_flag=True, help="Do it; without, it is only counted.")
@click.option("--tenant", default="default", show_default=True, help="Whose person.")
@data_dir_option
def forget(*, as_json: bool, person: str, yes: bool, tenant: str, data_dir: Path | None) -> None:
    """Replace PERSON (an id of the directory) by a pseudonym everywhere the law allows, or count what that changes."""
    from nocd.clock import now_ms
    from nocd.store.forget import forget as run
    from nocd.store.sqlite import sqlite3
    from nocd.store.store import plain
    from nocd.store.writer import connect

    folder = data_folder(data_dir)
    path = folder.tenant_db(tenant)
    if not path.exists():
        raise NotFound(f"there is no {path}; name the data folder by --data-dir", code="nothing_there")
    try:
        with folder.locked(), contextlib.closing(connect(path)) as base:
            told = run(base, person, now=now_ms(), dry=not yes, check=_readable)
    except sqlite3.Error as error:
        raise plain(error) from error
    show({"done": yes, **asdict(told)}, text(told, person, done=yes), as_json=as_json)


def text(told: Forgotten, person: str, *, done: bool) -> str:
    """Return what was or would be done, for a person."""
    lines = [f"{person} is {told.pseudonym} now" if done else f"{person} would be replaced; nothing was changed yet"]
    lines += [f"{count:>9,} rows of {table}" for table, count in told.rows.items()]
    lines += [f"kept for open tickets {', '.join(told.held)}; run it again once they are closed"] if told.held else []
    lines += [f"{told.audit_rows:,} rows of the audit trail name them, and stay"] if told.audit_rows else []
    return "\n".join([*lines, *([] if done else ["do it by --yes"])])


def _readable(table: str, row: dict[str, Any]) -> None:
    """Raise ValueError for a row that the daemon could not read."""
    from nocd.store.codec import decode_alert, decode_ticket
    from nocd.store.rows import InputRow
    from nocd.tenant import read_input, read_record

    if table == "inputs":
        read_input(InputRow(**row))
    elif table == "state" and row["body"] is not None:
        read_record(row["kind"], row["body"])
    elif table == "alerts":
        decode_alert(row["record"])
    elif table == "tickets":
        decode_ticket(row["record"])
