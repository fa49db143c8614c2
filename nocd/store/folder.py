"""The data folder: where everything durable of one daemon lies, private to its user, held by one daemon at a time."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nocd.clock import monotonic_s
from nocd.errors import Conflict, InputError, StateError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TENANT = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_LOCK_TRIES_INTERVAL_S = 0.02
_LOCK_WAIT_S = 1.0


def default_root(environ: Mapping[str, str]) -> Path:
    """Return `$STATE_DIRECTORY` (its first entry), else `$XDG_STATE_HOME/nocd`, else `~/.local/state/nocd`."""
    if state := environ.get("STATE_DIRECTORY", "").split(":")[0]:
        return Path(state)
    if xdg := environ.get("XDG_STATE_HOME"):
        return Path(xdg) / "nocd"
    return Path.home() / ".local" / "state" / "nocd"


def write_private(path: Path, text: str) -> None:
    """Write `text` to `path` (mode 0600) so that a reader or a crash meets the old content or the new, never a part."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    adopt(fresh)
    fresh.replace(path)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make renames inside `path` durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def adopt(path: Path) -> None:
    """Give what root made in a data folder to the folder's owner, whose daemon could not use it otherwise."""
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


@dataclass(frozen=True, slots=True)
class Folder:
    """Names every file of the data folder at `root`; asking for a name creates nothing."""

    root: Path

    @property
    def lock_file(self) -> Path:
        """Return the file whose lock says that a daemon has this folder; it holds that daemon's process id."""
        return self.root / "lock"

    @property
    def socket(self) -> Path:
        """Return the Unix socket by which the same user reaches the daemon as admin."""
        return self.root / "nocd.sock"

    @property
    def daemon_db(self) -> Path:
        """Return the database of tokens."""
        return self.root / "daemon.db"

    @property
    def url_file(self) -> Path:
        """Return the file that tells clients of the same user where the daemon listens."""
        return self.root / "url"

    @property
    def tenants(self) -> Path:
        """Return the folder of tenant databases."""
        return self.root / "tenants"

    @property
    def models(self) -> Path:
        """Return the folder of models, one folder a tenant."""
        return self.root / "models"

    @property
    def restore_mark(self) -> Path:
        """Return the file that stands while a restore moves files, and after one that was cut short."""
        return self.root / "restore-unfinished"

    def tenant_db(self, name: str) -> Path:
        """Return the database of tenant `name`; raises InputError for a name that is no plain word."""
        return self.tenants / f"{tenant_name(name)}.db"

    def tenant_models(self, name: str) -> Path:
        """Return the model folder of tenant `name`; raises InputError for a name that is no plain word."""
        return self.models / tenant_name(name)

    def tenant_names(self) -> list[str]:
        """Return the tenants that have a database, sorted."""
        return sorted(path.stem for path in self.tenants.glob("*.db") if _TENANT.fullmatch(path.stem))

    def databases(self) -> list[Path]:
        """Return every database there is: daemon.db, then the tenants' in order."""
        paths = [self.daemon_db, *(self.tenant_db(name) for name in self.tenant_names())]
        return [path for path in paths if path.exists()]

    def token_file(self, name: str) -> Path:
        """Return the file that holds the secret of the first token `name`."""
        return self.root / f"{name}.token"

    def create(self) -> Folder:
        """Make the folder and its rooms (mode 0700) where missing, and return itself."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in (self.tenants, self.models):
            if not path.exists():
                path.mkdir(mode=0o700)
                adopt(path)
        return self

    def holder(self) -> int | None:
        """Return the process id of the daemon that has this folder, 0 if it hides its id, None if there is none."""
        try:
            handle = os.open(self.lock_file, os.O_RDWR)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return _pid(handle)
        finally:
            os.close(handle)
        return None

    @contextlib.contextmanager
    def locked(self, *, wait_s: float = _LOCK_WAIT_S, mending: bool = False) -> Iterator[Folder]:
        """Hold the folder alone, creating it where missing.

        Raises Conflict naming the holder's process id where another has it after `wait_s`, and StateError after an
        unfinished restore unless `mending`. The wait covers commands that look in for a moment.
        """
        self.create()
        handle = os.open(self.lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        adopt(self.lock_file)
        try:
            self._take(handle, deadline=monotonic_s() + wait_s)
            if self.restore_mark.exists() and not mending:
                raise StateError(
                    f"a restore of {self.root} was cut short; run `nocd restore FILE --data-dir {self.root}` again "
                    "(the former files are in its replaced-* folder)",
                    code="restore_unfinished",
                )
            os.truncate(handle, 0)
            os.pwrite(handle, str(os.getpid()).encode(), 0)
            yield self
        finally:
            os.close(handle)

    def _take(self, handle: int, *, deadline: float) -> None:
        while True:
            try:
                return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if monotonic_s() >= deadline:
                    raise Conflict(
                        f"{self.root} is in use by process {_pid(handle) or 'unknown'}; "
                        "stop it or choose another --data-dir",
                        code="folder_in_use",
                    ) from None
                time.sleep(_LOCK_TRIES_INTERVAL_S)


def _pid(handle: int) -> int:
    text = os.pread(handle, 20, 0).decode("ascii", "replace").strip()
    return int(text) if text.isdecimal() else 0


def tenant_name(name: str) -> str:
    """Return `name` where it can name a tenant (lower-case word, also a file name); raises InputError otherwise."""
    if not _TENANT.fullmatch(name):
        raise InputError(
            f"{name!r} cannot name a tenant: use 1-63 of a-z, 0-9, _ and -, starting with a letter or digit",
            code="bad_tenant",
        )
    return name
