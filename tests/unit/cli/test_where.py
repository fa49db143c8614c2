from __future__ import annotations

from pathlib import Path

import pytest

from nocd.cli.where import config_file, data_folder
from nocd.errors import InputError


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def written(path, text=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_the_file_named_goes_before_the_variable_before_the_usual_places(home):
    assert config_file(None, {}) is None
    usual = written(home / ".config/nocd/nocd.toml")
    assert config_file(None, {}) == usual
    assert config_file(None, {"XDG_CONFIG_HOME": str(home / "x")}) is None
    systemd = written(home / "etc/nocd.toml")
    assert config_file(None, {"CONFIGURATION_DIRECTORY": f"{home}/etc:{home}/more"}) == systemd
    assert config_file(None, {"CONFIGURATION_DIRECTORY": str(home / "empty")}) is None
    assert config_file(None, {"NOCD_CONFIG": "named.toml"}) == Path("named.toml")
    assert config_file(Path("given.toml"), {"NOCD_CONFIG": "named.toml"}) == Path("given.toml")


def test_the_folder_named_goes_before_the_variable_before_the_file_before_the_usual_place(home):
    assert data_folder(None, None, {}).root == home / ".local/state/nocd"
    assert data_folder(None, None, {"XDG_STATE_HOME": "/x"}).root == Path("/x/nocd")
    written(home / ".config/nocd/nocd.toml", 'data_dir = "~/noc"')
    assert data_folder(None, None, {}).root == home / "noc"
    assert data_folder(None, written(home / "other.toml", "max_batch = 1"), {}).root == home / ".local/state/nocd"
    assert data_folder(None, None, {"NOCD_DATA_DIR": "~/env"}).root == home / "env"
    assert data_folder(Path("/given"), None, {"NOCD_DATA_DIR": "/env"}).root == Path("/given")


def test_a_file_that_is_no_toml_is_named(home):
    broken = written(home / "broken.toml", "data_dir =")
    with pytest.raises(InputError, match=r"broken\.toml is no TOML"):
        data_folder(None, broken, {})
