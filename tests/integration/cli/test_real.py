"""The commands against the daemon itself, in a process of its own."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys

import pytest


def serving(folder):
    where = ["--data-dir", str(folder.root), "--listen", "127.0.0.1:0"]
    return [sys.executable, "-m", "nocd", "serve", *where, "--json"]


@pytest.fixture
def served(folder):
    with subprocess.Popen(serving(folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline() or "{}")
        assert told.get("ready") is True, process.communicate()
        yield told["url"]
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate()
    assert process.returncode == 0, log
    assert "noc_" not in log


def test_a_day_with_the_daemon(nocd, folder, served, tmp_path):
    here = ("--data-dir", folder.root, "--json")
    files = ("--out", tmp_path / "e.ndjson", "--truth", tmp_path / "t.csv")
    size = ("--sites", 2, "--people", 6, "--days", 1)
    count = json.loads(nocd("simulate", *size, *files, "--json").stdout)["events"]
    posted = json.loads(nocd("post", tmp_path / "e.ndjson", "--rebase", "now", *here).stdout)
    assert (posted["accepted"], posted["duplicates"], posted["rejected"]) == (count, 0, 0)
    again = json.loads(nocd("post", tmp_path / "e.ndjson", "--rebase", "now", "--gzip", *here).stdout)
    assert (again["accepted"], again["duplicates"], again["rejected"]) == (0, count, 0)

    changes = [json.loads(line) for line in nocd("tail", "--until-now", *here).stdout.splitlines()]
    assert [change["seq"] for change in changes] == list(range(1, len(changes) + 1))
    stored = [change["data"]["count"] for change in changes if change["type"] == "events_stored"]
    assert sum(stored) == count

    viewer = json.loads(nocd("tokens", "create", "wall", "--role", "viewer", *here).stdout)["token"]
    first = nocd("tail", "--after", 0, "--limit", 1, "--url", served, "--token", viewer, "--json")
    assert json.loads(first.stdout) == changes[0]
    refused = nocd("post", tmp_path / "e.ndjson", "--url", served, "--token", viewer, "--json")
    assert json.loads(refused.stdout)["code"] == "forbidden"
    nocd("tokens", "revoke", "wall", *here)
    assert nocd("tail", "--until-now", "--url", served, "--token", viewer).exit_code == 1

    backup = nocd("backup", tmp_path / "b.tar", *here)
    assert backup.exit_code == 0, backup.output
    (tenant,) = (told for told in json.loads(backup.stdout)["files"] if told["path"] == "tenants/default.db")
    assert tenant["seq"] == len(changes)
    assert json.loads(nocd("restore", tmp_path / "b.tar", *here).stdout)["code"] == "folder_in_use"
    assert json.loads(nocd("check", *here).stdout)["ok"] is True
    chains = json.loads(nocd("audit", "verify", *here).stdout)["chains"]
    assert {chain["chain"]: chain["rows"] > 0 for chain in chains} == {"default": True, "access": True}


def test_what_the_daemon_makes_is_its_users_alone(nocd, folder, served):
    files = [path for path in folder.root.rglob("*") if path.is_file() and path.name != "url"]
    assert {path.name for path in files} >= {"admin.token", "operator.token", "ingest.token", "daemon.db", "default.db"}
    assert [path for path in files if stat.S_IMODE(path.stat().st_mode) & 0o077] == []
    told = json.loads(nocd("doctor", "--data-dir", folder.root, "--json").stdout)
    assert {check["name"]: check["ok"] for check in told["checks"]}["port"] is True
    assert {check["name"]: check["ok"] for check in told["checks"]}["secrets"] is True


def test_a_second_daemon_is_refused_and_told_who_has_the_folder(folder, served):
    second = subprocess.run(serving(folder), capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert json.loads(second.stdout)["code"] == "folder_in_use"
