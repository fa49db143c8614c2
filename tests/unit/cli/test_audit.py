"""`nocd audit verify` without a daemon: every file of the folder, and the row that breaks a chain."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from nocd.cli.main import cli
from nocd.domain.audit import Entry
from nocd.domain.token import Role
from nocd.settings import load, on_record
from nocd.store import audit
from nocd.store.folder import Folder
from nocd.store.migrations import migrate, shipped
from nocd.store.sqlite import sqlite3
from nocd.store.tokens import Grant, TokenStore, TokenTable
from nocd.store.writer import connect

NOW = 1_800_000_000_000


@pytest.fixture
def folder(tmp_path) -> Folder:
    made = Folder(tmp_path / "data").create()
    TokenStore(made.daemon_db).create(Grant(name="a", role=Role.VIEWER), now=NOW)
    base = connect(made.tenant_db("default"))
    migrate(base, shipped(), now=NOW)
    audit.append(base, [Entry(time=NOW + n, actor="mara", act="ack", target=f"A-{n}") for n in range(4)])
    base.close()
    return made


def verify(folder: Folder):
    return CliRunner().invoke(cli, ["audit", "verify", "--data-dir", str(folder.root), "--json"])


def test_chains_as_they_were_written_hold(folder: Folder) -> None:
    result = verify(folder)
    assert result.exit_code == 0, result.output
    told = {chain["chain"]: (chain["rows"], chain["fault"]) for chain in json.loads(result.stdout)["chains"]}
    assert told == {"access": (1, None), "default": (4, None)}
    shown = CliRunner().invoke(cli, ["audit", "verify", "--data-dir", str(folder.root)])
    assert "4 rows hold" in shown.stdout


def test_a_row_removed_behind_the_triggers_is_named_and_fails(folder: Folder) -> None:
    base = connect(folder.tenant_db("default"))
    base.execute("DROP TRIGGER audit_keeps_what_no_anchor_holds")
    base.execute("DELETE FROM audit WHERE no = 3")
    base.close()
    result = verify(folder)
    assert result.exit_code == 1
    assert json.loads(result.stdout)["chains"][1]["fault"] == "row 3 is missing"
    assert "BROKEN" in CliRunner().invoke(cli, ["audit", "verify", "--data-dir", str(folder.root)]).stdout


def test_a_file_without_a_trail_is_told(folder: Folder) -> None:
    base = sqlite3.connect(folder.tenant_db("default"))
    base.execute("DROP TABLE audit")
    base.close()
    result = verify(folder)
    assert result.exit_code == 1
    assert "cannot be read" in json.loads(result.stdout)["chains"][1]["fault"]


def test_token_changes_are_recorded_with_the_change_and_refusals_within_a_bound(folder: Folder, monkeypatch) -> None:
    store = TokenStore(folder.daemon_db)
    store.rotate("a", overlap_ms=5, now=NOW + 1)
    store.revoke("a", now=NOW + 2)
    monkeypatch.setattr("nocd.store.tokens._REFUSALS_MAX", 2)
    table = TokenTable(store)
    for n in range(5):
        table.refused(Entry(time=NOW + n, actor="unknown", act="login_refused", peer=f"10.0.0.{n}"))
    table.flush()
    rows, _ = store.trail(audit.AuditQuery())
    assert [row["act"] for row in rows] == [*["login_refused"] * 3, "revoke_token", "rotate_token", "create_token"]
    assert rows[0]["detail"] == {"more": 3}
    assert rows[3]["detail"]["before"]["role"] == "viewer"
    assert next(row["act"] for row in store.trail(audit.AuditQuery(tenant="default"))[0]) == "revoke_token"


def test_settings_are_on_record_where_they_changed_and_rules_by_their_digest(folder: Folder, tmp_path) -> None:
    rules = tmp_path / "detectors.toml"
    rules.write_text("")
    store = TokenStore(folder.daemon_db)
    for listen, text in (("127.0.0.1:1", ""), ("127.0.0.1:1", ""), ("127.0.0.1:2", ""), ("127.0.0.1:2", "# new\n")):
        rules.write_text(text)
        settings = load({"listen": listen, "detectors": str(rules)}).settings
        store.configured(on_record(settings), now=NOW)
    rows, _ = store.trail(audit.AuditQuery(act="configure"))
    assert [sorted(row["detail"]["after"]) for row in rows] == [["detectors"], ["listen"], []]
    assert rows[1]["detail"]["before"] == {"listen": "127.0.0.1:1"}
    assert "sha256:" in rows[0]["detail"]["settings"]["detectors"]


def test_a_file_from_before_the_trail_gets_one(tmp_path) -> None:
    path = tmp_path / "daemon.db"
    TokenStore(path).create(Grant(name="a", role=Role.VIEWER), now=NOW)
    base = sqlite3.connect(path)
    for table in ("audit", "audit_anchors"):
        base.execute(f"DROP TABLE {table}")
    base.execute("PRAGMA user_version = 1")
    base.close()
    store = TokenStore(path)
    store.revoke("a", now=NOW + 1)
    assert [row["act"] for row in store.trail(audit.AuditQuery())[0]] == ["revoke_token"]
