"""Forgetting a person in a real file: everywhere but the audit trail and what is held; the daemon goes on as before."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

import pytest
from click.testing import CliRunner

from nocd.cli.main import cli
from nocd.domain.command import Command
from nocd.store import audit
from nocd.store.backup import read_only
from nocd.store.folder import Folder
from tests.build import T0, Opened, crash, event, firing, until

ASHA: dict[str, Any] = {"name": "Asha Rao", "phone": "+91 555", "sites": ("S1",)}


async def act(tenant: Any, verb: str, target: str, **args: Any) -> None:
    assert (await tenant.ask(Command(verb=verb, target=target, actor="mara", time=T0, args=args))).ok


@pytest.fixture
async def folder(tmp_path: Any) -> Folder:
    """Give a stopped daemon's folder in which G-7 pressed the panic button, and an alert about them is resolved."""
    made = Folder(tmp_path)
    tmp_path.joinpath("tenants").mkdir()
    tmp_path.joinpath("models").mkdir()
    async with Opened(tmp_path / "tenants" / "default.db").tenant() as tenant:
        site = event("noc.site", id="S1", name="North", timezone="UTC")
        people = [event("noc.person", id="G-7", **ASHA), event("noc.person", id="G-8", name="Bo Lind")]
        await tenant.post([site, *people, firing("Door", severity="MEDIUM", person="G-7")])
        await tenant.post([event("noc.attendance.punch", person="G-7", site="S1", direction="in", method="NFC")])
        await tenant.post([event("noc.phone.event", person="G-7", kind="panic")])
        await tenant.post([event("noc.phone.event", person="G-8", kind="panic")])
        await act(tenant, "note", "A-1", text="Asha Rao was asked")
        await act(tenant, "resolve", "A-1", verdict="benign")
    return made


def nocd(*arguments: str) -> Any:
    return CliRunner().invoke(cli, ["forget", *arguments, "--json"])


def forgotten(folder: Folder, *more: str) -> dict[str, Any]:
    ran = nocd("G-7", "--data-dir", str(folder.root), *more)
    assert ran.exit_code == 0, ran
    told: dict[str, Any] = json.loads(ran.stdout)
    return told


def naming(folder: Folder, word: str) -> dict[str, int]:
    """Return how many rows of each table have a word anywhere."""
    found: dict[str, int] = {}
    with contextlib.closing(read_only(folder.tenant_db("default"))) as base:
        for (table,) in base.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
            rows = base.execute(f"SELECT * FROM {table}").fetchall()
            count = sum(any(word.encode() in _bytes(cell) for cell in row) for row in rows)
            found |= {table: count} if count else {}
    return found


def _bytes(cell: object) -> bytes:
    return cell if isinstance(cell, bytes) else str(cell).encode()


@pytest.fixture
async def ended(folder: Folder) -> Folder:
    """Give the folder with the tickets about G-7 resolved."""
    async with Opened(folder.tenant_db("default")).tenant() as tenant:
        for ticket in tenant.pipeline.engine.shelves.kind("ticket").copy().values():
            if ticket.person == "G-7":
                await act(tenant, "ack_ticket", ticket.id)
                await act(tenant, "resolve_ticket", ticket.id, verdict="benign", comment="seen")
    return folder


def test_without_being_told_to_it_only_counts(folder: Folder) -> None:
    before = naming(folder, "G-7")
    told = forgotten(folder)
    assert (told["done"], told["pseudonym"], told["names"]) == (False, "", 2)
    assert {"inputs", "alerts", "ledger", "feed", "state"} <= set(told["rows"])
    assert naming(folder, "G-7") == before


def test_afterwards_only_the_audit_trail_names_them_and_its_chain_holds(ended: Folder) -> None:
    folder, told = ended, forgotten(ended, "--yes")
    assert told["held"] == []
    for word in ("G-7", "Asha", "+91 555"):
        assert set(naming(folder, word)) <= {"audit"}, word
    assert told["audit_rows"]
    assert naming(folder, "Bo Lind")
    assert told["pseudonym"].encode() in folder.tenant_db("default").read_bytes()
    wal = folder.tenant_db("default").with_name("default.db-wal")
    assert not wal.exists() or b"Asha Rao" not in wal.read_bytes()
    with contextlib.closing(read_only(folder.tenant_db("default"))) as base:
        place = audit.check(base)
        row = base.execute("SELECT act, target, detail FROM audit ORDER BY no DESC LIMIT 1").fetchone()
    assert (place.fault, place.ended) == (None, True)
    assert row[:2] == ("forget", told["pseudonym"])
    assert "G-7" not in row[2]


async def test_the_daemon_goes_on_with_the_pseudonym_in_their_place(ended: Folder) -> None:
    async with Opened(ended.tenant_db("default")).tenant() as tenant:
        epoch = tenant.hub.epoch
        known = len(tenant.pipeline.engine.shelves.kind("person"))
    name = (await asyncio.to_thread(forgotten, ended, "--yes"))["pseudonym"]
    async with Opened(ended.tenant_db("default")).tenant() as tenant:
        people = tenant.pipeline.engine.shelves.kind("person")
        assert (name in people, "G-7" in people, len(people)) == (True, False, known)
        assert [*tenant.pipeline.engine.shelves.kind("punch_profile")] == [name]
        assert tenant.pipeline.engine.duties.on_duty(name) is not None
        assert tenant.hub.epoch != epoch
        assert (await tenant.post([firing("Window")])).accepted == 1
        await until(lambda: tenant.pipeline.idle)


def test_what_an_open_ticket_cites_is_kept_until_it_is_closed(folder: Folder) -> None:
    told = forgotten(folder, "--yes")
    assert told["held"] == ["S1-1"]
    left = naming(folder, "G-7")
    assert {"tickets", "alerts", "findings", "inputs", "state"} <= set(left)
    assert "feed" not in left
    with contextlib.closing(read_only(folder.tenant_db("default"))) as base:
        assert base.execute("SELECT person FROM alerts WHERE no = 1").fetchone() == (told["pseudonym"],)
        assert base.execute("SELECT person FROM tickets WHERE open = 1 AND person = 'G-7'").fetchone() == ("G-7",)


def test_whom_it_cannot_tell_from_something_else_is_refused(folder: Folder) -> None:
    for person, code in (("P1", "bad_person"), ("S1", "bad_person"), ("G-9", "not_found")):
        ran = nocd(person, "--data-dir", str(folder.root))
        assert (ran.exit_code, json.loads(ran.stdout)["code"]) == (1, code), person


def test_a_folder_in_use_or_without_a_file_is_refused(folder: Folder, tmp_path: Any) -> None:
    with folder.locked():
        assert json.loads(nocd("G-7", "--data-dir", str(folder.root)).stdout)["code"] == "folder_in_use"
    assert json.loads(nocd("G-7", "--data-dir", str(tmp_path / "none")).stdout)["code"] == "nothing_there"


def test_where_a_row_would_be_unreadable_nothing_is_changed(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    before = naming(folder, "G-7")
    monkeypatch.setattr("nocd.store.codec.decode_alert", lambda _: int("x"))
    assert json.loads(nocd("G-7", "--data-dir", str(folder.root), "--yes").stdout)["code"] == "bad_state"
    assert naming(folder, "G-7") == before


async def test_after_a_kill_the_daemon_is_to_be_stopped_cleanly_first(folder: Folder) -> None:
    tenant = await Opened(folder.tenant_db("default")).open()
    await tenant.post([firing("Window", person="G-7")])
    await crash(tenant)
    told = await asyncio.to_thread(nocd, "G-7", "--data-dir", str(folder.root), "--yes")
    assert json.loads(told.stdout)["code"] == "not_saved"
