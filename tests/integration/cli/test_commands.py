from __future__ import annotations

import json
import os
import subprocess
import sys

import click
import pytest

from nocd.cli.main import COMMANDS, cli
from nocd.store.audit import AuditQuery
from nocd.store.tokens import TokenStore

HEAVY = {"aiohttp", "aiosqlite", "apscheduler", "numpy", "orjson", "pydantic", "textual", "websockets", "xgboost"}
LEAN = """
import sys
from nocd.cli.main import cli
cli(["--help"], standalone_mode=False)
print(sorted(set(sys.modules) & set(sys.argv[1:])), file=sys.stderr)
"""


def leaves():
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        nested = getattr(command, "commands", None)
        leaf: click.Command
        for leaf in nested.values() if nested else [command]:
            yield pytest.param(leaf, [name, leaf.name] if nested else [name], id=leaf.name)


def test_help_imports_no_library_but_clicks():
    result = subprocess.run([sys.executable, "-c", LEAN, *HEAVY], capture_output=True, text=True, check=True)
    assert result.stderr == "[]\n"
    for name in COMMANDS:
        assert f"  {name} " in result.stdout


@pytest.mark.parametrize(("command", "path"), list(leaves()))
def test_every_command_has_json_and_an_example(nocd, command, path):
    result = nocd(*path, "--help")
    assert result.exit_code == 0
    assert "--json" in result.stdout
    assert f"nocd {' '.join(path)}" in result.stdout


@pytest.mark.parametrize("arguments", [["nothing"], ["post"], ["tail", "--limit", "0"], ["tokens", "create", "x"]])
def test_wrong_usage_is_2(nocd, arguments):
    assert nocd(*arguments).exit_code == 2


def test_the_module_is_the_script():
    result = subprocess.run([sys.executable, "-m", "nocd", "--version"], capture_output=True, text=True, check=True)
    assert result.stdout.startswith("nocd, version ")


def test_a_reader_that_has_seen_enough_is_no_failure(tmp_path):
    command = f"{sys.executable} -m nocd completions bash | head -c 1; exit ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert result.returncode == 0
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("line", "offered"), [("nocd tok", "tokens"), ("nocd tokens ro", "rotate"), ("nocd serve --li", "--listen")]
)
def test_a_shell_is_offered_what_there_is(line, offered):
    words = line.split(" ")
    asked = {"_NOCD_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    told = subprocess.run(
        (sys.executable, "-c", "from nocd.cli.main import cli; cli(prog_name='nocd')"),
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        check=True,
    )
    assert offered in [each.partition(",")[2] for each in told.stdout.split()]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_completions(nocd, shell):
    result = nocd("completions", shell)
    assert result.exit_code == 0
    assert "_NOCD_COMPLETE" in result.stdout
    assert json.loads(nocd("completions", shell, "--json").stdout)["shell"] == shell


def test_tokens_are_made_listed_renewed_and_revoked_on_the_folder(nocd, folder):
    here = ("--data-dir", folder.root, "--json")
    result = nocd("tokens", "create", "gate", "--role", "ingest", "--sites", "S1, S2", "--expires", "30d", *here)
    assert result.exit_code == 0, result.output
    made = json.loads(result.stdout)
    store = TokenStore(folder.daemon_db)
    token = store.load().find(made["token"])
    assert token is not None
    assert token.sites == {"S1", "S2"}
    assert token.expires_at is not None
    listed = json.loads(nocd("tokens", "list", *here).stdout)
    assert [item["name"] for item in listed["items"]] == ["gate"]
    renewed = json.loads(nocd("tokens", "rotate", "gate", "--overlap", "0s", *here).stdout)
    assert renewed["token"] != made["token"]
    assert store.load().find(renewed["token"]) is not None
    assert json.loads(nocd("tokens", "revoke", "gate", *here).stdout) == {"name": "gate", "revoked": True}
    again = nocd("tokens", "revoke", "gate", *here)
    assert again.exit_code == 1
    assert json.loads(again.stdout)["code"] == "unknown_token"


def test_tokens_are_made_listed_renewed_and_revoked_in_a_running_daemon(nocd, daemon, folder):
    here = ("--data-dir", folder.root, "--json")
    made = json.loads(nocd("tokens", "create", "gate", "--role", "ingest", "--expires", "1h", *here).stdout)
    assert daemon.table.current().find(made["token"]) is not None
    assert json.loads(nocd("tokens", "list", *here).stdout)["items"][0]["name"] == "gate"
    again = nocd("tokens", "create", "gate", "--role", "ingest", *here)
    assert (again.exit_code, json.loads(again.stdout)["code"]) == (1, "token_exists")
    renewed = nocd("tokens", "rotate", "gate", "--overlap", "2h", "--data-dir", folder.root)
    assert daemon.table.current().find(renewed.stdout.strip()) is not None
    assert "holds 2 h longer" in renewed.stderr
    nocd("tokens", "revoke", "gate", *here)
    assert daemon.table.current().find(made["token"]) is None


def test_a_person_sees_the_secret_on_stdout_alone(nocd, folder):
    result = nocd("tokens", "create", "anna", "--role", "operator", "--rights", "none", "--data-dir", folder.root)
    assert result.stdout.startswith("noc_")
    assert result.stdout.count("\n") == 1
    assert "noc_" not in result.stderr
    table = nocd("tokens", "list", "--data-dir", folder.root)
    assert table.stdout.split()[:4] == ["anna", "operator", "default", "never"]


def test_rights_nobody_has_are_wrong_usage(nocd, folder):
    result = nocd("tokens", "create", "x", "--role", "viewer", "--rights", "fly", "--data-dir", folder.root)
    assert result.exit_code == 2
    assert "'fly'" in result.stderr


def test_a_taken_name_and_a_held_folder_are_told(nocd, folder):
    arguments = ("tokens", "create", "a", "--role", "viewer", "--data-dir", folder.root, "--json")
    assert nocd(*arguments).exit_code == 0
    assert json.loads(nocd(*arguments).stdout)["code"] == "token_exists"
    with folder.locked():
        assert json.loads(nocd(*arguments).stdout)["code"] == "folder_in_use"


def test_a_backup_is_restored(nocd, folder, tmp_path):
    nocd("tokens", "create", "a", "--role", "viewer", "--data-dir", folder.root)
    file = tmp_path / "b.tar"
    result = nocd("backup", file, "--data-dir", folder.root, "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["file"], told["bytes"]) == (str(file), file.stat().st_size)
    assert [each["path"] for each in told["files"]] == ["daemon.db"]
    nocd("tokens", "revoke", "a", "--data-dir", folder.root)
    restored = nocd("restore", file, "--data-dir", folder.root, "--json")
    assert restored.exit_code == 0, restored.output
    assert json.loads(restored.stdout)["files"] == 1
    assert [token.name for token in TokenStore(folder.daemon_db).all()] == ["a"]
    newest = TokenStore(folder.daemon_db).trail(AuditQuery(limit=1))[0][0]
    assert (newest["actor"], newest["act"], newest["target"]) == ("local", "restore", file.name)


def test_a_running_daemon_makes_the_backup_and_it_is_verified_here(nocd, daemon, folder, tmp_path):
    nocd("tokens", "list", "--data-dir", tmp_path / "other")
    nocd("backup", tmp_path / "made.tar", "--data-dir", tmp_path / "other")
    daemon.backup = (tmp_path / "made.tar").read_bytes()
    result = nocd("backup", tmp_path / "b.tar", "--data-dir", folder.root, "--json")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "b.tar").read_bytes() == daemon.backup
    daemon.backup = daemon.backup[:3_000]
    broken = nocd("backup", tmp_path / "c.tar", "--data-dir", folder.root, "--json")
    assert broken.exit_code == 1
    assert not (tmp_path / "c.tar").exists()
    assert list(tmp_path.glob(".*.partial")) == []


def test_a_backup_the_daemon_refuses_leaves_no_file(nocd, daemon, tmp_path):
    result = nocd("backup", tmp_path / "b.tar", "--url", daemon.url, "--token", "wrong", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["code"] == "forbidden"
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_no_backup(nocd, tmp_path):
    result = nocd("backup", tmp_path / "b.tar", "--data-dir", tmp_path / "typo", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["code"] == "nothing_there"
    assert not (tmp_path / "typo").exists()


def test_a_file_that_cannot_be_written_is_told_in_a_line(nocd, folder, tmp_path):
    nocd("tokens", "list", "--data-dir", folder.root)
    result = nocd("backup", tmp_path / "no" / "such" / "b.tar", "--data-dir", folder.root, "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["code"] == "os_error"
    assert result.stderr.count("\n") == 1


def test_check_tells_values_with_their_place(nocd, folder, tmp_path, monkeypatch):
    config = tmp_path / "nocd.toml"
    config.write_text("lateness_minutes = 3\n")
    monkeypatch.setenv("NOCD_MAX_BATCH", "7")
    nocd("tokens", "list", "--data-dir", folder.root)
    result = nocd("check", "--config", config, "--data-dir", folder.root, "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["settings"]["lateness_minutes"] == {"value": 3, "from": f"file {config}", "change": "reload"}
    assert told["settings"]["max_batch"] == {
        "value": 7,
        "from": "environment NOCD_MAX_BATCH",
        "change": "restart",
    }
    assert told["settings"]["data_dir"]["from"] == "argument"
    assert told["settings"]["listen"] == {"value": "127.0.0.1:8460", "from": "default", "change": "restart"}
    assert [(each["check"], each["version"]) for each in told["databases"]] == [("ok", 2)]
    assert "all is well" in nocd("check", "--data-dir", folder.root).stdout


@pytest.mark.parametrize("content", [b"no database at all" * 10, b"SQLite format 3\x00" + b"\x07" * 5_000])
def test_check_names_a_damaged_database_and_touches_nothing(nocd, folder, content):
    folder.daemon_db.write_bytes(content)
    result = nocd("check", "--data-dir", folder.root, "--json")
    assert result.exit_code == 1
    assert "daemon.db" in json.loads(result.stdout)["troubles"][0]
    assert folder.daemon_db.read_bytes() == content


def test_check_names_an_unknown_variable_and_half_a_restore(nocd, folder, monkeypatch):
    monkeypatch.setenv("NOCD_LISTN", "x")
    folder.restore_mark.touch()
    result = nocd("check", "--data-dir", folder.root)
    assert result.exit_code == 1
    assert "NOCD_LISTN is no setting; did you mean NOCD_LISTEN?" in result.stdout
    assert "restore was cut short" in result.stdout


def test_a_simulated_company_is_the_same_every_time(nocd, tmp_path):
    size, counts = ("--sites", 2, "--people", 6, "--days", 1, "--seed", 3), {}
    for name in ("a", "b"):
        result = nocd(
            "simulate", *size, "--out", tmp_path / f"{name}.ndjson", "--truth", tmp_path / f"{name}.csv", "--json"
        )
        assert result.exit_code == 0, result.output
        counts = json.loads(result.stdout)
    lines = (tmp_path / "a.ndjson").read_bytes()
    assert counts["events"] == lines.count(b"\n")
    assert lines == (tmp_path / "b.ndjson").read_bytes()
    truth = (tmp_path / "a.csv").read_text()
    assert truth == (tmp_path / "b.csv").read_text()
    assert sum(counts["truth"].values()) == len(truth.splitlines()) - 1
    told = nocd("simulate", *size, "--disorder", "--out", tmp_path / "c.ndjson", "--truth", tmp_path / "c.csv")
    assert "events" in told.stdout.splitlines()[0]
    assert (tmp_path / "c.ndjson").read_bytes() != lines


def test_a_setting_that_cannot_be_used_is_2(nocd, tmp_path):
    config = tmp_path / "nocd.toml"
    config.write_text("listn = 1\n")
    for arguments in (["check", "--config", config], ["serve", "--config", config], ["serve", "--set", "max_batch=x"]):
        result = nocd(*arguments, "--json")
        assert result.exit_code == 2
        assert json.loads(result.stdout)["code"] == "bad_settings"


def test_serve_takes_any_setting_and_no_riddles(nocd):
    assert nocd("serve", "--set", "lateness_minutes").exit_code == 2


def test_doctor_looks_at_everything_and_is_1_where_anything_is_bad(nocd, folder, monkeypatch):
    arguments = ("doctor", "--data-dir", folder.root)
    told = json.loads(nocd(*arguments, "--json").stdout)
    names = {each["name"] for each in told["checks"]}
    assert {"python", "sqlite", "settings", "clock", "data folder", "secrets", "disk", "socket", "port"} <= names
    monkeypatch.setenv("NOCD_MAX_BATCH", "none")
    result = nocd(*arguments)
    assert result.exit_code == 1
    assert "bad  settings: environment NOCD_MAX_BATCH" in result.stdout
    assert "     cure: " in result.stdout
