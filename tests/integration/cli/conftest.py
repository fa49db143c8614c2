from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from nocd.cli.main import cli
from nocd.store.folder import Folder
from tests.integration.cli.daemon import FakeDaemon


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith(("NOCD_", "XDG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def folder():
    """Give a data folder with a short path: a socket's may have 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="nocd-") as path:
        yield Folder(Path(path)).create()


@pytest.fixture
def daemon(folder):
    with FakeDaemon(folder) as daemon:
        yield daemon


@pytest.fixture
def nocd():
    """Run a command in this process."""

    def run(*arguments, **kwargs):
        return CliRunner().invoke(cli, [str(argument) for argument in arguments], **kwargs)

    return run
