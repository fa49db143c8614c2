"""A backup over HTTP: whole, checked, restorable, made by whom may have everything, and leaving nothing behind."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest
from aiohttp import ClientSession, UnixConnector

from nocd.store.backup import verify
from tests.integration.api.desk import Desk, running
from tests.unit.ingest.examples import MINIMAL, envelope


def alert(name: str) -> dict[str, object]:
    return envelope("noc.alert", {**MINIMAL["noc.alert"], "entity_id": name}, id=name, source="/backup")


async def saved(desk: Desk, target: Path) -> dict[str, object]:
    async with ClientSession("http://nocd", connector=UnixConnector(str(desk.daemon.folder.socket))) as local:
        answer = await local.post("/v1/backup")
        assert answer.status == 200
        body = await answer.read()
        assert int(answer.headers["Content-Length"]) == len(body)
    await asyncio.to_thread(target.write_bytes, body)
    return await asyncio.to_thread(verify, target)


async def test_a_backup_is_whole_and_leaves_nothing_behind(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with running() as desk:
        for n in range(20):
            await desk.post(alert(f"b{n}"))
        before = {path.name for path in desk.daemon.folder.root.iterdir()}
        manifest = await saved(desk, tmp_path / "b.tar")
        assert {file["path"] for file in manifest["files"]} == {"daemon.db", "tenants/default.db"}  # type: ignore[attr-defined]  # JSON
        assert {path.name for path in desk.daemon.folder.root.iterdir()} == before
        answer = await desk.ask("POST", "/v1/backup")
        assert (answer.status, answer.media_type) == (200, "application/x-tar")
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_without_room_a_backup_is_refused_before_it_begins() -> None:
    async with running() as desk:
        hole = desk.daemon.folder.tenant_db("vast")
        await asyncio.to_thread(hole.touch)
        await asyncio.to_thread(_stretch, hole)
        assert (await desk.ask("POST", "/v1/backup")).told == (507, "storage_full")
        assert not list(desk.daemon.folder.root.glob("backup-*"))
        await asyncio.to_thread(hole.unlink)


def _stretch(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(1 << 42)
