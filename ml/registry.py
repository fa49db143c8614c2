"""Models on disk: `<tenant>/<version>/{model.ubj, calibrator.json, manifest.json}`, and the `active` pointer beside.

A version is written under another name, synced, and renamed whole; the pointer likewise. So a process that is killed
leaves either what was or what is, and at most a folder `.new-…` or `.old-…` that the next writer removes.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import orjson

from ml.schema import Refused, Schema
from ml.ubjson import whole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEPT: Final = 3
MODEL_MAX_BYTES: Final = 64 * 1024 * 1024
JSON_MAX_BYTES: Final = 16 * 1024 * 1024
MODEL, CALIBRATOR, MANIFEST, ACTIVE = "model.ubj", "calibrator.json", "manifest.json", "active"
_VERSION: Final = re.compile(r"[0-9]{6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One version, read and checked."""

    version: str
    schema: Schema
    model: bytes
    calibrator: dict[str, Any]
    manifest: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Registry:
    """The models of one tenant: a folder, which need not exist yet."""

    folder: Path

    def versions(self) -> list[str]:
        """Return the versions there are, oldest first."""
        if not self.folder.is_dir():
            return []
        return sorted(path.name for path in self.folder.iterdir() if _VERSION.fullmatch(path.name))

    def active(self) -> str | None:
        """Return the version in force, None without one."""
        return self._pointer()[0]

    def former(self) -> str | None:
        """Return the version that was in force before it, None without one."""
        return self._pointer()[1]

    def activated_ms(self) -> int | None:
        """Return when the version in force was put there (UTC ms), None without one."""
        try:
            return int((self.folder / ACTIVE).stat().st_mtime * 1_000)
        except OSError:
            return None

    def _pointer(self) -> tuple[str | None, str | None]:
        """Return the active and the former version; a pointer that is none counts as none, and rules decide alone."""
        try:
            words = (self.folder / ACTIVE).read_text("ascii").split()
        except (OSError, UnicodeDecodeError):
            return None, None
        known = [word if _VERSION.fullmatch(word) else None for word in (*words, "", "")]
        return known[0], known[1]

    def save(self, model: bytes, calibrator: dict[str, Any], manifest: dict[str, Any]) -> str:
        """Write a new version and return its name; none is activated. The last three stay, and the active."""
        with self._locked():
            for left in (*self.folder.glob(".new-*"), *self.folder.glob(".old-*")):
                shutil.rmtree(left)
            version = f"{int((self.versions() or ['0'])[-1]) + 1:06}"
            files = {MODEL: model, CALIBRATOR: _json(calibrator)}
            sums = {name: sha256(content).hexdigest() for name, content in files.items()}
            manifest = {**manifest, "version": version, "files": sums}
            files[MANIFEST] = _json({**manifest, "sha256": _sum(manifest)})
            fresh = self.folder / f".new-{version}"
            fresh.mkdir()
            for name, content in files.items():
                _write(fresh / name, content)
            _sync(fresh)
            fresh.rename(self.folder / version)
            _sync(self.folder)
            self._prune()
        return version

    def load(self, version: str | None = None, schema: Schema | None = None) -> Stored:
        """Return a version (the active one by default) whole and unaltered, or refuse it with the reason."""
        wanted = version or self.active()
        if wanted is None:
            raise Refused("no_active_model", "no model is active; rules decide alone")
        manifest = self.manifest(wanted)
        theirs = Schema.read(manifest.get("schema"))
        if schema is not None and theirs.digest != schema.digest:
            detail = f"version {wanted} was made for schema {theirs.digest}; here it is {schema.digest}"
            raise Refused("foreign_schema", detail)
        content = {}
        for name, limit_bytes in ((MODEL, MODEL_MAX_BYTES), (CALIBRATOR, JSON_MAX_BYTES)):
            content[name] = self._read(wanted, name, limit_bytes)
            if name == MODEL and not whole(content[name]):
                raise Refused("model_truncated", f"version {wanted}: {name} is not one whole UBJSON value")
            if sha256(content[name]).hexdigest() != manifest.get("files", {}).get(name):
                raise Refused("model_tampered", f"version {wanted}: {name} is not the file that was written")
        calibrator = _parsed(content[CALIBRATOR], wanted, CALIBRATOR)
        return Stored(version=wanted, schema=theirs, model=content[MODEL], calibrator=calibrator, manifest=manifest)

    def manifest(self, version: str) -> dict[str, Any]:
        """Return a version's manifest, unaltered, or refuse it."""
        if version not in self.versions():
            raise Refused("no_such_version", f"there is no version {version}")
        told = _parsed(self._read(version, MANIFEST, JSON_MAX_BYTES), version, MANIFEST)
        if not isinstance(told, dict):
            raise Refused("model_unreadable", f"version {version}: {MANIFEST} is no object")
        rest = {name: value for name, value in told.items() if name != "sha256"}
        if told.get("sha256") != _sum(rest) or rest.get("version") != version:
            raise Refused("model_tampered", f"version {version}: {MANIFEST} is not the file that was written")
        return rest

    def activate(self, version: str) -> None:
        """Put a version in force that can be loaded and passed its gates; else it is refused and nothing changes."""
        with self._locked():
            self.admit(version)
            self._point(version)

    def admit(self, version: str, schema: Schema | None = None) -> Stored:
        """Return a version that may be put in force; else it is refused with the reason, and nothing changes."""
        stored = self.load(version, schema)
        gates = stored.manifest.get("gates", {})
        if not gates.get("passed"):
            failed = [gate["reason"] for gate in gates.get("gates", []) if not gate["passed"]]
            told = "; ".join(failed) or "they were never asked"
            raise Refused("gates_not_passed", f"version {version} did not pass its gates: {told}")
        return stored

    def rollback(self) -> str:
        """Put the former version in force again and return it; the two change places."""
        with self._locked():
            former = self.former()
            if former is None or former not in self.versions():
                raise Refused("no_former_model", "there is no former model to go back to")
            self.load(former)
            self._point(former)
        return former

    def listing(self) -> list[dict[str, Any]]:
        """Return a line for each version, oldest first: what it is worth, or why it cannot be used."""
        return [
            {"version": version, "active": version == self.active(), **self._line(version)}
            for version in self.versions()
        ]

    def _line(self, version: str) -> dict[str, Any]:
        try:
            manifest = self.load(version).manifest
        except Refused as refusal:
            return {"refused": refusal.code, "reason": refusal.detail}
        held = ("to_ms", "labelled", "fraud")
        line = {name: manifest.get("data", {}).get(name) for name in held}
        line["pr_auc"] = manifest.get("metrics", {}).get("model", {}).get("pr_auc")
        return line | {"passed": bool(manifest.get("gates", {}).get("passed"))}

    def _point(self, version: str) -> None:
        active = self.active()
        if version == active:
            return
        fresh = self.folder / f".{ACTIVE}"
        _write(fresh, f"{version} {active or ''}".strip().encode() + b"\n")
        fresh.replace(self.folder / ACTIVE)
        _sync(self.folder)
        self._prune()

    def _prune(self) -> None:
        """Remove what is neither among the last, nor active, nor what a rollback would need."""
        kept = {*self.versions()[-KEPT:], self.active(), self.former()}
        for version in self.versions():
            if version not in kept:
                gone = (self.folder / version).rename(self.folder / f".old-{version}")
                shutil.rmtree(gone)

    def _read(self, version: str, name: str, limit_bytes: int) -> bytes:
        try:
            with (self.folder / version / name).open("rb") as file:
                content = file.read(limit_bytes + 1)
        except OSError as error:
            raise Refused("model_missing", f"version {version}: {name}: {error.strerror or error}") from error
        if len(content) > limit_bytes:
            raise Refused("too_large", f"version {version}: {name} has more than {limit_bytes} bytes")
        return content

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Let one process at a time write; the others wait their turn, which is short: training is not done in here."""
        self.folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT, 0o640)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _json(told: Any) -> bytes:
    return orjson.dumps(told, option=orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS)


def _sum(told: dict[str, Any]) -> str:
    return sha256(_json(told)).hexdigest()


def _parsed(content: bytes, version: str, name: str) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise Refused("model_unreadable", f"version {version}: {name} is no JSON: {error}") from error


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
