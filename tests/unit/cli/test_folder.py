from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from nocd.errors import Conflict, InputError, StateError
from nocd.store.folder import Folder, default_root
from nocd.store.tokens import TokenStore

HOLD = """
import sys
from pathlib import Path
from nocd.store.folder import Folder
with Folder(Path(sys.argv[1])).locked():
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("environ", "root"),
    [
        ({"STATE_DIRECTORY": "/var/lib/nocd", "XDG_STATE_HOME": "/x"}, "/var/lib/nocd"),
        ({"STATE_DIRECTORY": "/var/lib/nocd:/var/lib/other"}, "/var/lib/nocd"),
        ({"STATE_DIRECTORY": "", "XDG_STATE_HOME": "/x"}, "/x/nocd"),
        ({}, str(Path.home() / ".local/state/nocd")),
    ],
)
def test_the_usual_place(environ, root):
    assert default_root(environ) == Path(root)


def test_asking_for_names_creates_nothing(tmp_path):
    folder = Folder(tmp_path / "d")
    assert folder.databases() == []
    assert folder.tenant_names() == []
    assert folder.holder() is None
    assert not folder.root.exists()


def test_it_is_made_for_its_user_alone(tmp_path):
    former = os.umask(0)
    try:
        folder = Folder(tmp_path / "a" / "b").create()
    finally:
        os.umask(former)
    for path in (folder.root, folder.tenants, folder.models):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_makes_in_it_belongs_to_its_owner(tmp_path):
    os.chown(tmp_path, 12_345, 12_346)
    folder = Folder(tmp_path)
    with folder.locked():
        TokenStore(folder.daemon_db).first(folder, now=1)
    made = [path for path in tmp_path.rglob("*") if (path.stat().st_uid, path.stat().st_gid) != (12_345, 12_346)]
    assert made == []


def test_databases_are_found_and_other_files_are_not(tmp_path):
    folder = Folder(tmp_path).create()
    for name in ("north.db", "default.db", "Bad Name.db", "north.db-wal"):
        (folder.tenants / name).touch()
    assert folder.databases() == [folder.tenant_db("default"), folder.tenant_db("north")]
    folder.daemon_db.touch()
    assert folder.databases()[0] == folder.daemon_db


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", "A", "a.db", "-a", "x" * 64, "é"])
def test_a_tenant_is_a_plain_word(tmp_path, name):
    with pytest.raises(InputError):
        Folder(tmp_path).tenant_db(name)
    with pytest.raises(InputError):
        Folder(tmp_path).tenant_models(name)


def test_one_process_has_the_folder_and_its_number_is_told(tmp_path):
    folder = Folder(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        assert folder.holder() == other.pid
        with pytest.raises(Conflict) as refused, folder.locked(wait_s=0):
            pass
        assert refused.value.code == "folder_in_use"
        assert str(other.pid) in refused.value.detail
        other.kill()
        other.communicate()
    assert folder.holder() is None
    with folder.locked(wait_s=0):
        assert folder.lock_file.read_text() == str(os.getpid())


def test_a_look_at_the_holder_does_not_keep_a_daemon_from_starting(tmp_path):
    folder = Folder(tmp_path)
    with folder.locked():
        pass
    assert folder.holder() is None
    with folder.locked(wait_s=0):
        assert folder.holder() == os.getpid()


def test_half_a_restore_is_mended_and_not_served(tmp_path):
    folder = Folder(tmp_path).create()
    folder.restore_mark.touch()
    with pytest.raises(StateError) as refused, folder.locked():
        pass
    assert refused.value.code == "restore_unfinished"
    assert folder.holder() is None
    with folder.locked(mending=True):
        pass
