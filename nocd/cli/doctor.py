"""`nocd doctor`: what is wrong with this installation, and the cure."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import socket
import stat
import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

import click

from nocd.cli.client import daemon_answers
from nocd.cli.command import FAILED, command, show
from nocd.cli.where import config_file, config_option, data_dir_option
from nocd.clock import now_ms
from nocd.domain.instant import DAY_MS, rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nocd.settings import Settings
    from nocd.store.folder import Folder

# SQLite 3.7.0 to 3.51.2 can corrupt a WAL database when two connections write or checkpoint at the same instant.
SQLITE_SOUND: Final = (3, 51, 3)
PYTHON_MIN: Final = (3, 11)
FILES_MIN: Final = 1_024
SOCKET_PATH_BYTES_MAX: Final = 107
BUILT_AT_MS: Final = 1_767_225_600_000  # 2026-01-01: no clock that is right shows less


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at: whether it is well, what was seen, and what to do where it is not."""

    name: str
    ok: bool
    detail: str
    cure: str = ""


@command(
    "doctor",
    epilog="""\
  nocd doctor
  nocd doctor --data-dir /srv/nocd --json | jq '.checks[] | select(.ok | not)'

Exit code 1 if anything is bad.""",
)
@data_dir_option
@config_option
@click.pass_context
def doctor(ctx: click.Context, *, as_json: bool, data_dir: Path | None, config: Path | None) -> None:
    """Look at versions, clock, disk, permissions and port, and say what is bad and the cure."""
    findings = list(_examine(data_dir, config))
    ok = all(finding.ok for finding in findings)
    result = {"ok": ok, "checks": [asdict(finding) for finding in findings]}
    show(result, "\n".join(_line(finding) for finding in findings), as_json=as_json)
    if not ok:
        ctx.exit(FAILED)


def _examine(data_dir: Path | None, config: Path | None) -> Iterator[Finding]:
    from nocd.faults import Faulty
    from nocd.procedures import read_runbooks
    from nocd.rulebook import read_rules
    from nocd.settings import Settings, load, unknown_variables
    from nocd.store.folder import Folder, default_root

    yield python_version(sys.version_info[:3])
    yield sqlite_version(_sqlite_version())
    yield descriptors(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    faults = unknown_variables(os.environ)
    settings = Settings.model_construct()
    try:
        settings = load({"data_dir": data_dir}, file=config_file(config)).settings
        read_rules(settings.detectors)
        read_runbooks(settings.runbooks)
    except Faulty as refused:
        faults += refused.faults
    yield Finding(
        name="settings",
        ok=not faults,
        detail="; ".join(faults) or "all can be used",
        cure="correct them; `nocd check` lists what is in force",
    )
    folder = Folder(settings.data_dir or default_root(os.environ))
    yield clock(now_ms(), newest_ms=_newest_ms(folder))
    yield from permissions(folder)
    yield disk(folder, settings.min_free_bytes)
    yield socket_path(folder)
    yield port(settings, folder)
    yield from tls(settings)


def python_version(version: tuple[int, ...]) -> Finding:
    """Look at the interpreter."""
    told = ".".join(map(str, version))
    return Finding(name="python", ok=version >= PYTHON_MIN, detail=told, cure="install Python 3.11 or newer")


def sqlite_version(version: tuple[int, ...]) -> Finding:
    """Look at SQLite: whether it has the WAL-reset bug."""
    told = ".".join(map(str, version))
    if version >= SQLITE_SOUND:
        return Finding(name="sqlite", ok=True, detail=told)
    return Finding(
        name="sqlite",
        ok=False,
        detail=f"{told} has the WAL-reset bug (before 3.51.3): two connections writing or checkpointing at one "
        "instant can corrupt a database; the daemon has a single writer, which keeps clear of it",
        cure="pip install pysqlite3 (0.6.1 or newer brings its own SQLite); let no other program open the databases",
    )


def descriptors(limit: int) -> Finding:
    """Look at how many files and connections the process may have open."""
    enough = limit == resource.RLIM_INFINITY or limit >= FILES_MIN
    return Finding(
        name="descriptors",
        ok=enough,
        detail=f"{limit} may be open at once",
        cure=f"raise the limit: ulimit -n {FILES_MIN * 4}, or LimitNOFILE= in the unit",
    )


def clock(now: int, *, newest_ms: int) -> Finding:
    """Look at the time of day, against this program's age and what the data folder last saw."""
    late = now < max(BUILT_AT_MS, newest_ms - DAY_MS)
    seen = f", though the data folder was written at {rfc3339(newest_ms)}" if late and newest_ms > now else ""
    return Finding(
        name="clock",
        ok=not late,
        detail=f"it is {rfc3339(now)}{seen}",
        cure="set the clock and keep it right (timedatectl set-ntp true)",
    )


def permissions(folder: Folder) -> Iterator[Finding]:
    """Look at who may read the data folder and the secrets in it."""
    root = folder.root
    if not root.exists():
        made = _may_make(root)
        yield Finding(
            name="data folder",
            ok=made,
            detail=f"{root} does not exist yet" + ("" if made else " and cannot be made"),
            cure="choose another by --data-dir, or make it as root and give it to this user",
        )
        return
    mode, mine = stat.S_IMODE(root.stat().st_mode), os.access(root, os.R_OK | os.W_OK | os.X_OK)
    yield Finding(
        name="data folder",
        ok=mine and not mode & 0o077,
        detail=f"{root} (mode {mode:04o})" + ("" if mine else ": this user may not write there"),
        cure=f"chmod 700 {root}" if mine else f"run as the user that owns it (uid {root.stat().st_uid})",
    )
    private = [*sorted(root.glob("*.token")), *folder.databases(), folder.socket]
    loose = [path for path in private if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077]
    yield Finding(
        name="secrets",
        ok=not loose,
        detail=f"others may read {', '.join(path.name for path in loose)}" if loose else "for this user only",
        cure=f"chmod 600 {' '.join(map(str, loose))}; rotate tokens that others may have read",
    )


def disk(folder: Folder, min_free_bytes: int) -> Finding:
    """Look at the room left where the data folder lies."""
    usage = shutil.disk_usage(_existing(folder.root))
    floor = min(min_free_bytes, usage.total // 20)
    return Finding(
        name="disk",
        ok=usage.free >= floor,
        detail=f"{usage.free:,} bytes free, {floor:,} needed",
        cure="make room or move the data folder; below this new events are refused (507)",
    )


def socket_path(folder: Folder) -> Finding:
    """Look at whether the system takes a socket path of this length."""
    size = len(os.fsencode(folder.socket))
    return Finding(
        name="socket",
        ok=size <= SOCKET_PATH_BYTES_MAX,
        detail=f"{folder.socket} ({size} bytes)",
        cure=f"choose a --data-dir with a shorter path: a socket's has at most {SOCKET_PATH_BYTES_MAX} bytes",
    )


def port(settings: Settings, folder: Folder) -> Finding:
    """Look at whether the port is ours, or free to be."""
    where = settings.listen
    if daemon_answers(folder):
        return Finding(name="port", ok=True, detail=f"a daemon runs on this data folder (process {folder.holder()})")
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            cure = f"see who has it (ss -ltnp), or choose another: --listen {settings.host}:{settings.port + 1}"
            return Finding(name="port", ok=False, detail=f"{where}: {error.strerror}", cure=cure)
    return Finding(name="port", ok=True, detail=f"{where} is free")


def tls(settings: Settings) -> Iterator[Finding]:
    """Look at whether certificate and key can be read and belong together."""
    if settings.tls_cert is None:
        return
    import ssl

    problem = ""
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(settings.tls_cert, settings.tls_key)
    except (OSError, ssl.SSLError) as error:
        problem = str(error)
    yield Finding(
        name="tls",
        ok=not problem,
        detail=problem or f"{settings.tls_cert} and its key",
        cure="give PEM files that belong together and that this user may read",
    )


def _sqlite_version() -> tuple[int, ...]:
    from nocd.store.sqlite import sqlite3

    return sqlite3.sqlite_version_info


def _newest_ms(folder: Folder) -> int:
    newest = 0.0
    for path in folder.databases():
        with contextlib.suppress(OSError):
            newest = max(newest, path.stat().st_mtime)
    return int(newest * 1_000)


def _existing(path: Path) -> Path:
    return next(parent for parent in (path, *path.absolute().parents) if parent.exists())


def _may_make(path: Path) -> bool:
    return os.access(_existing(path), os.W_OK | os.X_OK)


def _line(finding: Finding) -> str:
    if finding.ok:
        return f"ok   {finding.name}: {finding.detail}"
    return f"bad  {finding.name}: {finding.detail}\n     cure: {finding.cure}"
