"""The console on a real daemon: what its site page asks for is there, and what it shows is what was posted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from textual.pilot import Pilot

from noctui.app import Console
from noctui.client.access import Access
from noctui.client.link import Link
from tests.e2e.daemon import DaemonProcess
from tests.integration.noctui.stage import Stage


class Live(Stage):
    """A stage whose link is real, with the operator's own token."""

    def __init__(self, daemon: DaemonProcess) -> None:
        super().__init__()
        self.app = Console(Link(Access(url=daemon.url, token=daemon.token("operator"))), beat_s=0.001)

    async def settled(self, pilot: Pilot[int]) -> None:
        await pilot.pause()


def event(kind: str, **data: Any) -> str:
    return json.dumps({"specversion": "1.0", "id": kind, "source": "/console", "type": kind, "data": data})


async def post(daemon: DaemonProcess, *lines: str) -> None:
    headers = {"Authorization": f"Bearer {daemon.token('ingest')}", "Content-Type": "application/x-ndjson"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{daemon.url}/v1/events", data="\n".join(lines)) as answer,
    ):
        assert answer.status == 200, await answer.text()
        assert (await answer.json())["rejected"] == []


@pytest.mark.timeout(90)
@pytest.mark.may_block("the test starts a daemon in a process of its own")
async def test_a_new_site_is_read_before_it_has_learned_anything(tmp_path: Path) -> None:
    daemon = DaemonProcess(tmp_path / "data")
    await daemon.start()
    try:
        await post(
            daemon,
            event("noc.site", id="S1", name="Dock", timezone="Europe/Berlin", client="ACME"),
            event("noc.person", id="P1", name="Asha Rao", sites=["S1"]),
        )
        stage = Live(daemon)
        async with stage.app.run_test(size=(80, 24)) as pilot:
            await stage.shows(pilot, "LIVE")
            await stage.press(pilot, "4")
            await stage.shows(pilot, "Dock")
            await stage.press(pilot, "enter")
            await stage.shows(pilot, "0 on duty")
            await stage.shows(pilot, "no baseline yet: it learns from the first closed hour")
            assert "unknown" in stage.text
            assert "not fetched" not in stage.text
            await stage.press(pilot, "P")
            await stage.shows(pilot, "no baseline yet: it learns from the first closed hour")
            assert stage.app.desk.model.outbox.waiting == {}
    finally:
        assert await daemon.stop() == 0


DOOR = {
    "alert_type": "door_forced",
    "severity": "CRITICAL",
    "status": "firing",
    "message": "",
    "entity_type": "door",
    "entity_id": "D3",
    "site": "S1",
}


@pytest.mark.timeout(90)
@pytest.mark.may_block("the test starts a daemon in a process of its own")
async def test_a_case_is_worked_on_an_alert_snoozed_and_the_shift_signed_over(tmp_path: Path) -> None:
    daemon = DaemonProcess(tmp_path / "data")
    await daemon.start()
    try:
        site = event("noc.site", id="S1", name="Dock", timezone="Europe/Berlin", client="ACME")
        await post(daemon, site, event("noc.alert", **DOOR))
        stage = Live(daemon)
        async with stage.app.run_test(size=(120, 40)) as pilot:
            await stage.shows(pilot, "LIVE")
            await stage.press(pilot, "7")
            await stage.shows(pilot, "S1-1")
            await stage.shows(pilot, "created: for A-1")
            await stage.press(pilot, "t")
            await stage.shows(pilot, "active")
            await stage.press(pilot, "x", "x")
            await stage.shows(pilot, "checked: step 1")
            await stage.press(pilot, "2", "s", "1", *"works", "enter")
            await stage.shows(pilot, "SNZ")
            await stage.press(pilot, "8")
            await stage.shows(pilot, "type:door_forced")
            await stage.press(pilot, "n", *"dock", "enter")
            await stage.shows(pilot, "dock  ")
            await stage.press(pilot, "h", "y", "enter")
            await stage.shows(pilot, "operator > nobody yet")
            assert "not fetched" not in stage.text
    finally:
        assert await daemon.stop() == 0
