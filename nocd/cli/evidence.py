"""`nocd evidence`: a ticket's case in one file for those who judge it, and whether such a file is as it was sealed."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from nocd.cli.client import Client, find
from nocd.cli.command import Failed, command, show
from nocd.cli.where import daemon_options, data_dir_option, data_folder
from nocd.errors import InputError


class _Evidence(click.Group):
    """A group whose first word is a subcommand, or else a ticket."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] in self.commands:
            return super().resolve_command(ctx, args)
        return "TICKET", fetch, args


@click.group(cls=_Evidence, context_settings={"ignore_unknown_options": True})
def evidence() -> None:
    """Write TICKET's evidence to a file (`nocd evidence T-12 --out FILE`), or check such a file."""


@command(
    "evidence",
    epilog="""\
  nocd evidence T-12 --out case.json
  nocd evidence verify case.json

Needs the rights fraud, export and pii. That it was made, and the root of its hashes, goes into the audit trail.""",
)
@click.argument("ticket")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The file to write.")
@daemon_options
def fetch(*, as_json: bool, ticket: str, out: Path, **options: Any) -> None:
    """Write all that is on record of TICKET's case to a file, each item hashed."""
    from nocd.store.folder import write_private

    if out.exists():
        raise InputError(f"{out} is there already; evidence is never overwritten", code="exists")
    with Client(find(options)) as client:
        document = client.json("GET", f"/v1/tickets/{quote(ticket, safe='')}/evidence")
    write_private(out, json.dumps(document, ensure_ascii=False, indent=1))
    kinds = Counter(each["kind"] for each in document["items"])
    result = {"file": str(out), "root": document["root"], "sealed_by": document["seal"]["no"], "items": dict(kinds)}
    counted = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    show(result, f"{out}: {counted}; root {document['root']}, row {result['sealed_by']} of the audit", as_json=as_json)


@command(
    "verify",
    epilog="""\
  nocd evidence verify case.json
  nocd evidence verify case.json --data-dir /var/lib/nocd

Needs no daemon. With --data-dir the seal is also looked up in that folder's audit trail, which `nocd audit verify`
checks as a whole. Exit code 1 where anything was altered.""",
)
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@data_dir_option
def verify(*, as_json: bool, file: Path, data_dir: Path | None) -> None:
    """Check that FILE is as it was sealed: every item, the root of all, and the row of the audit trail."""
    import orjson

    from nocd.domain.evidence import faults

    try:
        document = orjson.loads(file.read_bytes())
    except orjson.JSONDecodeError as error:
        raise InputError(f"{file} is no JSON: {error}", code="not_evidence") from error
    found = faults(document)
    if data_dir is not None and not found:
        found = _looked_up(document, data_dir)
    if found:
        show({"ok": False, "faults": found}, "\n".join(f"BROKEN: {each}" for each in found), as_json=as_json)
        raise Failed("; ".join(found))
    items, sealed_by = len(document["items"]), document["seal"]["no"]
    result = {"ok": True, "faults": [], "items": items, "root": document["root"], "sealed_by": sealed_by}
    told = f"{file} holds: {items} items under {document['root']}, sealed by row {sealed_by} of the audit trail"
    show(result, told, as_json=as_json)


def _looked_up(document: dict[str, Any], data_dir: Path) -> list[str]:
    """Return why the seal is not a row of a folder's audit trail, if it is not."""
    from nocd.store.backup import read_only
    from nocd.store.evidence import row_digest

    path, seal = data_folder(data_dir).tenant_db(document["tenant"]), document["seal"]
    if not path.exists():
        return [f"{data_dir} has no tenant {document['tenant']}"]
    with contextlib.closing(read_only(path)) as base:
        kept = row_digest(base, seal["no"])
    return [] if kept == seal["digest"] else [f"row {seal['no']} of the audit trail in {data_dir} is another"]


evidence.add_command(verify)
