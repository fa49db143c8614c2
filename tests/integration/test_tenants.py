"""Tenants share nothing; a token for a new one brings it into being."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from nocd.app import Daemon
from nocd.settings import load
from nocd.store.folder import Folder

ALERT = {"alert_type": "Door", "severity": "HIGH", "status": "firing", "message": "m", "entity_type": "door"}


@pytest.fixture
async def daemon(tmp_path):
    folder = Folder(tmp_path / "data").create()
    daemon = Daemon(load({"listen": "127.0.0.1:0", "data_dir": str(folder.root)}).settings, folder)
    await daemon.start()
    yield daemon
    await daemon.stop()


async def ask(daemon: Daemon, secret: str | None, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Ask over TCP with a secret, or over the Unix socket without one."""
    connector = aiohttp.UnixConnector(str(daemon.folder.socket)) if secret is None else None
    url = "http://nocd" if secret is None else daemon.url
    headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}
    async with (
        aiohttp.ClientSession(connector=connector, headers=headers) as session,
        session.request(method, f"{url}{path}", json=body) as answer,
    ):
        return answer.status, await answer.json()


@pytest.mark.may_block("the test itself reads token files")
async def test_a_token_for_a_new_tenant_sees_only_that_tenant(daemon: Daemon) -> None:
    status, made = await ask(daemon, None, "POST", "/v1/tokens", {"name": "n", "role": "admin", "tenant": "north"})
    assert status == 201
    event = {"type": "noc.alert", "data": {**ALERT, "entity_id": "dock"}}
    assert (await ask(daemon, made["token"], "POST", "/v1/events", event))[1]["accepted"] == 1
    assert len((await ask(daemon, made["token"], "GET", "/v1/alerts"))[1]["items"]) == 1
    other = daemon.folder.token_file("operator").read_text().strip()
    assert (await ask(daemon, other, "GET", "/v1/alerts"))[1]["items"] == []
    assert (await ask(daemon, other, "GET", "/v1/alerts/A-1"))[0] == 404
    assert daemon.folder.tenant_db("north").exists()
