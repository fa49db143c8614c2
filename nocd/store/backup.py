"""Backups: one tar of consistent copies and a manifest; restoring verifies everything before it replaces anything."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import shutil
import tarfile
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from nocd import __version__
from nocd.domain.instant import rfc3339
from nocd.errors import Conflict, InputError, StateError
from nocd.store.folder import Folder, adopt, sync_folder
from nocd.store.sqlite import sqlite3
from nocd.store.tokens import digest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
_STEP_PAGES: Final = 1_024
_COPY_BYTES: Final = 1_048_576
_MANIFEST_BYTES_MAX: Final = 16_777_216
_MEMBER: Final = re.compile(
    r"daemon\.db|tenants/[a-z0-9][a-z0-9_-]{0,62}\.db|models/[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)+"
)


def read_only(path: Path) -> sqlite3.Connection:
    """Open a database for reading only: nothing is written, checkpointed or created beside its shared memory."""
    base = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=5.0, isolation_level=None)
    base.execute("PRAGMA query_only = ON")
    return base


def quick_check(path: Path) -> str:
    """Return `ok`, or in one line what SQLite's header and quick_check find wrong with the file."""
    try:
        with contextlib.closing(read_only(path)) as base:
            return "; ".join(str(row[0]) for row in base.execute("PRAGMA quick_check(10)")).replace("\n", " ")
    except sqlite3.Error as error:
        return str(error)


def write_backup(folder: Folder, target: Path, *, now: int) -> dict[str, Any]:
    """Write a checked copy of every database and model to the tar `target`, whole or not at all; returns the manifest.

    Runs beside a working daemon (a reader's snapshot, copied in steps) and belongs on a thread. Copies go one by one
    through a private temporary folder inside the data folder. An existing file is replaced only if it is a backup.
    """
    if target.exists():
        read_manifest(target)
    partial = target.with_name(f".{target.name}.partial")
    try:
        partial.unlink(missing_ok=True)
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            manifest = _write(folder, file, now=now)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
        sync_folder(target.resolve().parent)
    finally:
        partial.unlink(missing_ok=True)
    return manifest


def read_manifest(source: Path) -> dict[str, Any]:
    """Return the manifest of a backup; raises InputError (`not_a_backup`) for any other file."""
    try:
        with tarfile.open(source, "r:") as tar:
            return _manifest(tar, source)
    except (tarfile.TarError, OSError) as error:
        raise _no_backup(source, str(error)) from error


def verify(source: Path) -> dict[str, Any]:
    """Check every file of a backup against its manifest's digests; returns the manifest or raises InputError."""
    manifest = read_manifest(source)
    with tempfile.TemporaryDirectory() as scratch:
        _extract(source, manifest, Path(scratch))
    return manifest


def restore(folder: Folder, source: Path, *, now: int) -> dict[str, Any]:
    """Replace the folder's databases and models by those of a backup; returns what was done.

    Raises Conflict while a daemon runs. Digests and quick_check are verified first; what was there before is moved to
    `replaced-TIME/`, and each tenant's feed gets a new epoch, so that clients start over. A restore that is cut short
    leaves a mark that keeps the daemon from starting on half of it.
    """
    manifest = read_manifest(source)
    with folder.locked(mending=True):
        staging = Path(tempfile.mkdtemp(prefix="restoring-", dir=folder.root))
        try:
            _extract(source, manifest, staging)
            staged = Folder(staging)
            for path in staged.databases():
                if (found := quick_check(path)) != "ok":
                    raise _no_backup(source, f"{path.name}: {found}")
            epochs = {name: _new_epoch(staged.tenant_db(name)) for name in staged.tenant_names()}
            replaced = folder.root / f"replaced-{rfc3339(now).replace(':', '')}"
            _swap(folder, staged, replaced)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    return {
        "restored": str(source),
        "created": manifest["created"],
        "files": len(manifest["files"]),
        "epochs": epochs,
        "replaced": str(replaced),
    }


def _write(folder: Folder, file: IO[bytes], *, now: int) -> dict[str, Any]:
    manifest: dict[str, Any] = {"format": FORMAT, "version": __version__, "created": rfc3339(now), "files": []}
    with (
        tempfile.TemporaryDirectory(prefix="backup-", dir=folder.root) as scratch,
        tarfile.open(fileobj=file, mode="w") as tar,
    ):
        for path in folder.databases():
            copy = Path(scratch) / path.name
            told = _copy_database(path, copy)
            manifest["files"].append(_add(tar, copy, path.relative_to(folder.root).as_posix()) | told)
            copy.unlink()
        for path in sorted(folder.models.rglob("*")):
            name = path.relative_to(folder.root).as_posix()
            if path.is_file() and not path.is_symlink() and _MEMBER.fullmatch(name):
                manifest["files"].append(_add(tar, path, name))
        text = json.dumps(manifest, indent=1).encode()
        entry = tarfile.TarInfo(MANIFEST)
        entry.size, entry.mtime, entry.mode = len(text), now // 1_000, 0o600
        tar.addfile(entry, io.BytesIO(text))
    return manifest


def _copy_database(source: Path, copy: Path) -> dict[str, Any]:
    """Copy one database as it is at one instant, check the copy, and tell its feed's number and epoch."""
    try:
        with contextlib.closing(read_only(source)) as base, contextlib.closing(sqlite3.connect(copy)) as into:
            # An open read transaction pins the snapshot: else each commit of the daemon would start the copy anew.
            base.execute("BEGIN")
            base.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            base.backup(into, pages=_STEP_PAGES)
            # In the copy no log beside it is wanted: what is packed is one file.
            into.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise StateError(f"{source} cannot be copied: {error}; run `nocd check`", code="store_failed") from error
    if (found := quick_check(copy)) != "ok":
        raise StateError(f"{source} is damaged: {found}; restore a backup", code="store_damaged")
    return _feed_position(copy)


def _feed_position(path: Path) -> dict[str, Any]:
    """Return a tenant's last feed number and epoch; nothing for a database that has no feed."""
    with contextlib.closing(read_only(path)) as base:
        tables = {row[0] for row in base.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        if not {"feed", "meta"} <= tables:
            return {}
        epoch = base.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()
        return {
            "seq": base.execute("SELECT coalesce(max(seq), 0) FROM feed").fetchone()[0],
            "epoch": epoch[0] if epoch else None,
        }


def _add(tar: tarfile.TarFile, path: Path, name: str) -> dict[str, Any]:
    entry = tar.gettarinfo(path, arcname=name)
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mode = 0o600
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        tar.addfile(entry, file)
    return {"path": name, "bytes": entry.size, "sha256": sha256}


def _manifest(tar: tarfile.TarFile, source: Path) -> dict[str, Any]:
    try:
        entry = tar.getmember(MANIFEST)
        if not entry.isreg() or entry.size > _MANIFEST_BYTES_MAX:
            raise _no_backup(source, "its manifest is no plain file")
        file = tar.extractfile(entry)
        manifest: dict[str, Any] = json.loads(file.read() if file else b"")
        known = int(manifest["format"])
        names = [str(told["path"]) for told in manifest["files"]]
    except (KeyError, TypeError, ValueError) as error:
        raise _no_backup(source, "it has no readable manifest") from error
    if known > FORMAT:
        raise InputError(f"{source} was written by a newer version of nocd; install that one", code="too_new")
    if not all(_MEMBER.fullmatch(name) for name in names) or len(set(names)) != len(names):
        raise _no_backup(source, "its manifest names files that do not belong in a data folder")
    return manifest


def _extract(source: Path, manifest: dict[str, Any], into: Path) -> None:
    """Unpack what the manifest names, and nothing else, verifying sizes and digests on the way."""
    try:
        with tarfile.open(source, "r:") as tar:
            for told in manifest["files"]:
                target = into / told["path"]
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                if _unpack(tar, told["path"], target) != told["sha256"]:
                    raise _no_backup(source, f"{told['path']} does not match its digest")
    except (tarfile.TarError, KeyError) as error:
        raise _no_backup(source, str(error)) from error


def _unpack(tar: tarfile.TarFile, name: str, target: Path) -> str:
    entry = tar.getmember(name)
    file = tar.extractfile(entry) if entry.isreg() else None
    if file is None:
        raise tarfile.TarError(f"{name} is no plain file")
    sha256 = hashlib.sha256()
    with target.open("xb") as out:
        target.chmod(0o600)
        while part := file.read(_COPY_BYTES):
            sha256.update(part)
            out.write(part)
    return sha256.hexdigest()


def _new_epoch(path: Path) -> str:
    epoch = uuid.uuid4().hex
    try:
        with contextlib.closing(sqlite3.connect(path)) as base, base:
            base.execute("PRAGMA synchronous = FULL")
            base.execute(
                "INSERT INTO meta (key, value) VALUES ('epoch', ?1) ON CONFLICT (key) DO UPDATE SET value = ?1",
                (epoch,),
            )
    except sqlite3.Error as error:
        raise StateError(f"{path.name} has no place for a feed epoch: {error}", code="bad_state") from error
    return epoch


def _swap(folder: Folder, staged: Folder, replaced: Path) -> None:
    """Move the old files aside and the new ones in, under a mark that stands until all of it is durable."""
    if replaced.exists():
        raise Conflict(f"{replaced} exists; move it away", code="exists")
    for path in (staged.root, *sorted(staged.root.rglob("*"))):
        adopt(path)
    folder.restore_mark.touch(mode=0o600)
    sync_folder(folder.root)
    replaced.mkdir(mode=0o700)
    for path in _belongings(folder):
        path.rename(replaced / path.name)
    for path in (staged.daemon_db, staged.tenants, staged.models):
        if path.exists():
            path.rename(folder.root / path.name)
    for path in _stale_tokens(folder):
        path.rename(replaced / path.name)
    folder.create()
    for path in (folder.root, folder.tenants, replaced):
        sync_folder(path)
    folder.restore_mark.unlink()
    sync_folder(folder.root)


def _belongings(folder: Folder) -> Iterator[Path]:
    """Name what a restore replaces, each database with the journals beside it."""
    yield from sorted(folder.root.glob("daemon.db*"))
    yield from (path for path in (folder.tenants, folder.models) if path.exists())


def _stale_tokens(folder: Folder) -> Iterator[Path]:
    """Name the secret files that open nothing in the restored daemon.db."""
    known: set[str] = set()
    if folder.daemon_db.exists():
        with contextlib.closing(read_only(folder.daemon_db)) as base:
            known = {row[0] for row in base.execute("SELECT hash FROM secrets")}
    for path in sorted(folder.root.glob("*.token")):
        if digest(path.read_text(encoding="utf-8").strip()) not in known:
            yield path


def _no_backup(source: Path, why: str) -> InputError:
    return InputError(f"{source} is no usable backup ({why}); nothing was changed", code="not_a_backup")
