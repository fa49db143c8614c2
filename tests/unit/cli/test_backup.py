from __future__ import annotations

import io
import json
import os
import shutil
import sqlite3
import stat
import tarfile
import threading
from pathlib import Path

import pytest

from nocd.domain.token import Role
from nocd.errors import Conflict, InputError, StateError
from nocd.store import backup as module
from nocd.store.backup import quick_check, read_manifest, restore, verify, write_backup
from nocd.store.folder import Folder
from nocd.store.sqlite import sqlite3 as current
from nocd.store.tokens import Grant, TokenStore, first_tokens

NOW = 1_800_000_000_000
SCHEMA = """
PRAGMA journal_mode = WAL;
CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY) STRICT;
CREATE TABLE feed (seq INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
INSERT INTO meta VALUES ('epoch', 'first');
"""


def tenant(folder, name="default", rows=10):
    base = current.connect(folder.tenant_db(name))
    base.executescript(SCHEMA)
    base.executemany("INSERT INTO feed VALUES (?, ?)", [(seq, b"x" * 1_000) for seq in range(1, rows + 1)])
    base.commit()
    return base


@pytest.fixture
def folder(tmp_path):
    folder = Folder(tmp_path / "data").create()
    first_tokens(folder, now=NOW)
    tenant(folder).close()
    return folder


@pytest.fixture
def target(tmp_path):
    return tmp_path / "backup.tar"


def count(path):
    base = sqlite3.connect(path)
    try:
        return base.execute("SELECT count(*) FROM feed").fetchone()[0]
    finally:
        base.close()


def epoch(path):
    base = sqlite3.connect(path)
    try:
        return base.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()[0]
    finally:
        base.close()


def test_a_backup_names_everything_in_it_and_is_private(folder, target):
    model = folder.tenant_models("default") / "7" / "model.ubj"
    model.parent.mkdir(parents=True)
    model.write_bytes(b"model")
    manifest = write_backup(folder, target, now=NOW)
    assert [told["path"] for told in manifest["files"]] == [
        "daemon.db",
        "tenants/default.db",
        "models/default/7/model.ubj",
    ]
    assert (manifest["files"][1]["seq"], manifest["files"][1]["epoch"]) == (10, "first")
    assert manifest["created"] == "2027-01-15T08:00:00.000Z"
    assert verify(target) == manifest
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with tarfile.open(target) as tar:
        assert tar.getnames()[-1] == "manifest.json"
        assert {(entry.uid, entry.uname) for entry in tar} == {(0, "")}
    assert [path.name for path in folder.root.iterdir() if path.name.startswith("backup-")] == []


def test_no_secret_goes_into_a_backup(folder, target):
    write_backup(folder, target, now=NOW)
    secret = folder.token_file("admin").read_bytes().strip()
    assert secret not in target.read_bytes()


def test_a_working_writer_neither_waits_nor_is_torn(folder, target, monkeypatch):
    monkeypatch.setattr(module, "_STEP_PAGES", 1)
    base = current.connect(folder.tenant_db("default"), check_same_thread=False)
    base.execute("PRAGMA wal_autocheckpoint = 0")
    stop, started = threading.Event(), threading.Event()

    def write():
        seq = 10
        while not stop.is_set():
            with base:
                base.executemany("INSERT INTO feed VALUES (?, ?)", [(seq + 1, b"y" * 900), (seq + 2, b"y" * 900)])
            seq += 2
            started.set()

    writer = threading.Thread(target=write)
    writer.start()
    started.wait()
    try:
        manifest = write_backup(folder, target, now=NOW)
    finally:
        stop.set()
        writer.join()
    base.close()
    seq = manifest["files"][1]["seq"]
    assert seq >= 12
    assert seq % 2 == 0  # whole commits only
    restored = Folder(target.parent / "other")
    restore(restored, target, now=NOW)
    assert count(restored.tenant_db("default")) == seq
    assert count(folder.tenant_db("default")) > seq


def test_a_restore_brings_back_what_was_and_keeps_what_is(folder, target):
    write_backup(folder, target, now=NOW)
    base = sqlite3.connect(folder.tenant_db("default"))
    base.execute("DELETE FROM feed")
    base.commit()
    base.close()
    TokenStore(folder.daemon_db).create(Grant(name="later", role=Role.VIEWER), now=NOW)
    told = restore(folder, target, now=NOW + 1)
    assert count(folder.tenant_db("default")) == 10
    assert [token.name for token in TokenStore(folder.daemon_db).all()] == ["admin", "ingest", "operator"]
    assert epoch(folder.tenant_db("default")) == told["epochs"]["default"] != "first"
    replaced = folder.root / "replaced-2027-01-15T080000.001Z"
    assert told["replaced"] == str(replaced)
    assert count(replaced / "tenants" / "default.db") == 0
    assert not folder.restore_mark.exists()
    assert quick_check(folder.tenant_db("default")) == "ok"
    assert [path for path in folder.root.iterdir() if path.name.startswith("restoring-")] == []
    for path in folder.databases():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_journals_go_aside_with_their_database(folder, target):
    write_backup(folder, target, now=NOW)
    base = current.connect(folder.tenant_db("default"))
    base.execute("DELETE FROM feed")
    base.commit()  # stays in the log: nothing is checkpointed while the connection is open
    assert folder.tenant_db("default").with_suffix(".db-wal").stat().st_size > 0
    restore(folder, target, now=NOW)
    base.close()
    assert count(folder.tenant_db("default")) == 10


def test_secret_files_that_open_nothing_any_more_go_aside(folder, target, tmp_path):
    write_backup(folder, target, now=NOW)
    other = Folder(tmp_path / "other").create()
    first_tokens(other, now=NOW)
    told = restore(other, target, now=NOW)
    assert list(other.root.glob("*.token")) == []
    assert len(list(tmp_path.glob("other/replaced-*/*.token"))) == 3
    restore(folder, target, now=NOW)
    assert len(list(folder.root.glob("*.token"))) == 3
    assert told["files"] == 2


def test_a_restore_into_an_empty_place(folder, target, tmp_path):
    write_backup(folder, target, now=NOW)
    shutil.rmtree(folder.root)
    restore(Folder(tmp_path / "fresh"), target, now=NOW)
    assert count(tmp_path / "fresh" / "tenants" / "default.db") == 10


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_restores_belongs_to_the_folders_owner(folder, target):
    write_backup(folder, target, now=NOW)
    for path in (folder.root, *folder.root.rglob("*")):
        os.chown(path, 12_345, 12_346)
    restore(folder, target, now=NOW)
    moved = list(folder.root.rglob("*"))
    assert {path.stat().st_uid for path in moved if "replaced-" not in str(path)} == {12_345}


def test_a_restore_is_refused_while_a_daemon_has_the_folder(folder, target):
    write_backup(folder, target, now=NOW)
    with folder.locked(), pytest.raises(Conflict):
        restore(folder, target, now=NOW)


def rewritten(source, target, change):
    """Copy a backup, each member passed through `change(name, content)`."""
    with tarfile.open(source) as old, tarfile.open(target, "w") as new:
        for entry in old:
            file = old.extractfile(entry)
            assert file is not None
            name, content = change(entry.name, file.read())
            entry.name, entry.size = name, len(content)
            new.addfile(entry, io.BytesIO(content))


def manifest_with(change):
    def rewrite(name, content):
        if name != "manifest.json":
            return name, content
        manifest = json.loads(content)
        change(manifest)
        return name, json.dumps(manifest).encode()

    return rewrite


def flipped(name, content):
    return name, (content[:5_000] + b"?" + content[5_001:]) if name.startswith("tenants/") else content


@pytest.mark.parametrize(
    "change",
    [
        flipped,
        lambda name, content: (name, b"{" if name == "manifest.json" else content),
        lambda name, content: (name, b"[]" if name == "manifest.json" else content),
        lambda name, content: ("other", content) if name == "daemon.db" else (name, content),
        manifest_with(lambda manifest: manifest["files"].append(manifest["files"][0])),
        manifest_with(lambda manifest: manifest["files"][0].update(path="../up.db")),
        manifest_with(lambda manifest: manifest["files"][0].update(path="/etc/passwd")),
        manifest_with(lambda manifest: manifest["files"][0].update(path="models/../daemon.db")),
        manifest_with(lambda manifest: manifest["files"][0].update(path="lock")),
        manifest_with(lambda manifest: manifest.pop("files")),
        manifest_with(lambda manifest: manifest.update(format=2)),
    ],
)
def test_a_backup_that_is_not_as_it_was_changes_nothing(folder, target, tmp_path, change):
    write_backup(folder, target, now=NOW)
    bad = tmp_path / "bad.tar"
    rewritten(target, bad, change)
    before = {path.name for path in folder.root.iterdir()}
    with pytest.raises(InputError) as refused:
        restore(folder, bad, now=NOW)
    assert refused.value.code in {"not_a_backup", "too_new"}
    assert {path.name for path in folder.root.iterdir()} - {"lock"} == before
    assert epoch(folder.tenant_db("default")) == "first"
    assert not folder.restore_mark.exists()


def test_a_link_in_a_backup_is_not_followed(folder, target, tmp_path):
    write_backup(folder, target, now=NOW)
    bad = tmp_path / "bad.tar"
    with tarfile.open(target) as old, tarfile.open(bad, "w") as new:
        for entry in old:
            if entry.name == "daemon.db":
                entry.type, entry.linkname, entry.size = tarfile.SYMTYPE, "/etc/passwd", 0
                new.addfile(entry)
            else:
                new.addfile(entry, old.extractfile(entry))
    with pytest.raises(InputError):
        restore(folder, bad, now=NOW)


def test_a_damaged_database_is_found_when_it_is_copied(folder, target):
    path = folder.tenant_db("default")
    content = bytearray(path.read_bytes())
    content[4_096:8_192] = b"\xff" * 4_096
    path.write_bytes(content)
    with pytest.raises(StateError):
        write_backup(folder, target, now=NOW)
    assert not target.exists()
    assert list(target.parent.glob(".*partial")) == []


def test_a_damaged_database_in_a_sound_archive_is_not_restored(folder, target, monkeypatch):
    monkeypatch.setattr(module, "quick_check", lambda _path: "ok")
    path = folder.tenant_db("default")
    shutil.copy(__file__, path)
    monkeypatch.setattr(module, "_copy_database", lambda source, copy: shutil.copy(source, copy) and {})
    write_backup(folder, target, now=NOW)
    monkeypatch.undo()
    with pytest.raises(InputError, match="nothing was changed"):
        restore(folder, target, now=NOW)


@pytest.mark.parametrize("failing", range(4))
def test_a_restore_cut_short_anywhere_is_finished_by_the_next(folder, target, monkeypatch, failing):
    write_backup(folder, target, now=NOW)
    path_type = type(folder.root)
    real = path_type.rename
    moves: list[Path] = []

    def rename(self, to):
        if len(moves) == failing:
            raise OSError(28, "No space left on device", str(self))
        moves.append(self)
        return real(self, to)

    monkeypatch.setattr(path_type, "rename", rename)
    with pytest.raises(OSError, match="No space"):
        restore(folder, target, now=NOW)
    monkeypatch.undo()
    with pytest.raises(StateError) as refused, folder.locked():
        pass
    assert refused.value.code == "restore_unfinished"
    restore(folder, target, now=NOW + 1_000)
    assert count(folder.tenant_db("default")) == 10
    with folder.locked():
        pass


def test_only_a_backup_is_replaced_by_a_backup(folder, target):
    target.write_text("my thesis")
    with pytest.raises(InputError):
        write_backup(folder, target, now=NOW)
    assert target.read_text() == "my thesis"
    target.unlink()
    write_backup(folder, target, now=NOW)
    assert write_backup(folder, target, now=NOW + 1)["created"] == read_manifest(target)["created"]


def test_quick_check_names_what_is_wrong(tmp_path):
    path = tmp_path / "x.db"
    path.write_bytes(b"SQLite format 3\x00" + b"\x01" * 5_000)
    assert quick_check(path) != "ok"
    assert "\n" not in quick_check(path)
