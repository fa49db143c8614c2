"""A replay decides as the daemon would, and tells nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nocd.replaying import replay
from nocd.settings import load
from nocd.store import outbox, queries
from nocd.store.folder import Folder
from nocd.store.store import Store
from tests.build import T0, line

if TYPE_CHECKING:
    from pathlib import Path

DOOR = {"alert_type": "Door", "severity": "CRITICAL", "status": "firing", "entity_type": "door", "entity_id": "d-1"}


@pytest.mark.may_block("a replay has its loop to itself, and reads its files there")
async def test_a_replay_leaves_no_message_for_the_daemon_to_send(tmp_path: Path) -> None:
    receiver = {"webhook": "http://127.0.0.1:9/", "secrets": ["env:NOT_SET"]}
    routes = [{"name": "all", "receivers": ["desk"]}]
    settings = load({"data_dir": str(tmp_path), "receivers": {"desk": receiver}, "routes": routes}).settings
    folder = Folder(tmp_path).create()
    await replay(settings, folder, lines=[line("noc.alert", {**DOOR, "message": "forced"})])
    store = await Store.open(folder.tenant_db("default"), now=T0)
    try:
        assert await store.read(outbox.counts) == {}
        assert (await store.read(queries.totals))[1]["alerts"] == 1
    finally:
        await store.close()
