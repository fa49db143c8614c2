"""`nocd backup` and `nocd restore`: everything to one checked file, and back."""

from __future__ import annotations

import http.client
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from nocd.cli.client import Client, Target, reached
from nocd.cli.command import command, show
from nocd.cli.where import daemon_options, data_dir_option, data_folder
from nocd.clock import now_ms
from nocd.errors import NotFound

if TYPE_CHECKING:
    from nocd.cli.progress import Progress
    from nocd.store.folder import Folder

_ROUTE: Final = "/v1/backup"
_TIMEOUT_S: Final = 3_600.0
_COPY_BYTES: Final = 1_048_576


@command(
    "backup",
    epilog="""\
  nocd backup nightly.tar
  nocd backup /mnt/safe/noc.tar --url https://noc.example:8460 --token noc_…

The copy is consistent, while the daemon works or not, and checked before FILE appears. It holds every database and
model, so keep it as private as the data folder. Secrets in *.token files are not in it.""",
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@daemon_options
def backup(*, as_json: bool, file: Path, **options: Any) -> None:
    """Write a checked copy of everything to FILE (a tar with a manifest)."""
    target = reached(options)
    manifest = download(target, file) if target else _copy(data_folder(options["data_dir"]), file)
    result = {"file": str(file), "bytes": file.stat().st_size, **manifest}
    told = f"{file}: {len(manifest['files'])} files, {result['bytes']:,} bytes, as of {manifest['created']}; checked"
    show(result, told, as_json=as_json)


@command(
    "restore",
    epilog="""\
  nocd restore nightly.tar
  nocd restore nightly.tar --data-dir /srv/nocd

Stop the daemon first. FILE is verified before anything is touched; what was there is moved to replaced-TIME/ in the
data folder. Feed clients then start over, since numbers after the backup are given again.""",
)
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@data_dir_option
def restore(*, as_json: bool, file: Path, data_dir: Path | None) -> None:
    """Replace the data folder's content by the backup FILE."""
    from nocd.domain.audit import Entry
    from nocd.store import backup as store
    from nocd.store.audit import LOCAL, LOCALLY
    from nocd.store.tokens import TokenStore

    folder = data_folder(data_dir)
    result = store.restore(folder, file, now=now_ms())
    if folder.daemon_db.exists():
        detail = {"tenant": None, "created": result["created"]}
        act = Entry(time=now_ms(), actor=LOCAL, act="restore", target=file.name, peer=LOCALLY.peer, detail=detail)
        TokenStore(folder.daemon_db).record([act])
    told = f"{folder.root} is as of {result['created']} ({result['files']} files); the former: {result['replaced']}"
    show(result, told, as_json=as_json)


def _copy(folder: Folder, file: Path) -> dict[str, Any]:
    """Write the backup of a folder that no daemon has."""
    from nocd.store.backup import write_backup

    if not folder.databases():
        raise NotFound(f"{folder.root} holds no database; name the data folder by --data-dir", code="nothing_there")
    with folder.locked():
        return write_backup(folder, file, now=now_ms())


def download(target: Target, file: Path) -> dict[str, Any]:
    """Have the daemon make a backup and keep it as `file` once it is verified; returns its manifest."""
    from nocd.cli.progress import Progress
    from nocd.store.backup import read_manifest, verify

    if file.exists():
        read_manifest(file)
    partial = file.with_name(f".{file.name}.partial")
    progress = Progress("backup")
    try:
        _fetch(target, partial, progress)
        manifest = verify(partial)
        partial.replace(file)
    finally:
        progress.end()
        partial.unlink(missing_ok=True)
    return manifest


def _fetch(target: Target, partial: Path, progress: Progress) -> None:
    from nocd.cli.client import checked

    partial.unlink(missing_ok=True)
    with (
        Client(target, timeout_s=_TIMEOUT_S) as client,
        client.stream("POST", _ROUTE) as answer,
        os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out,
    ):
        if answer.status != http.client.OK:
            checked(answer.status, answer.headers, answer.read())
        while part := answer.read(_COPY_BYTES):
            out.write(part)
            progress.at(out.tell(), answer.length or 0, f"{out.tell():,} bytes")
        out.flush()
        os.fsync(out.fileno())
