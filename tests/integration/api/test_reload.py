"""A hang-up: what changed in the files is taken over whole, or nothing is; nobody is cut off."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from nocd.errors import StorageFull, UnavailableError
from nocd.settings import load
from nocd.tenant import TenantLimits
from nocd.triage.intake import Limits as TriageLimits
from tests.build import T0, Opened, crash, firing, until
from tests.integration.api.desk import Desk, running
from tests.unit.ingest.examples import MINIMAL, envelope

RUNBOOK = """
[PARKED]
title = "Have it moved"
applies_to = ["Parked"]
steps = ["{step}"]
escalation_minutes = 10
role = "boss"
"""


class Files:
    """The files of a daemon that an admin edits."""

    def __init__(self, folder: Path) -> None:
        self.settings = folder / "nocd.toml"
        self.rules = folder / "detectors.toml"
        self.runbooks = folder / "runbooks.toml"
        self.rules.write_text("")
        self.runbooks.write_text(RUNBOOK.format(step="Look"))
        self.set("")

    def set(self, text: str) -> None:
        self.settings.write_text(f'detectors = "{self.rules}"\nrunbooks = "{self.runbooks}"\n{text}')

    def spoil(self, name: str, text: str) -> str:
        """Write over one of the files, and return what was in it; the runbooks change too."""
        self.runbooks.write_text(f"{self.runbooks.read_text()}# another\n")
        file: Path = getattr(self, name)
        former = file.read_text()
        file.write_text(text)
        return former


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@asynccontextmanager
async def daemon(files: Files) -> AsyncIterator[Desk]:
    """Run a daemon that reads its files again on a hang-up."""
    async with running(
        detectors=str(files.rules), runbooks=str(files.runbooks), reread=lambda: load(file=files.settings).settings
    ) as desk:
        yield desk


async def hang_up(caplog: pytest.LogCaptureFixture) -> tuple[str, dict[str, Any]]:
    """Send the signal, and return what the log then says."""
    caplog.clear()
    caplog.set_level("INFO")
    os.kill(os.getpid(), signal.SIGHUP)

    def told() -> list[Any]:
        return [each for each in caplog.records if each.getMessage() in ("reloaded", "reload_failed")]

    await until(lambda: bool(told()))
    return told()[0].getMessage(), told()[0].__dict__["fields"]


async def settings_part(desk: Desk) -> str:
    health = (await desk.ask("GET", "/v1/health")).json
    return str(health["parts"]["settings"]["state"])


def parked(name: str) -> dict[str, Any]:
    return envelope("noc.alert", {**MINIMAL["noc.alert"], "alert_type": "Parked", "entity_id": name}, id=name)


async def test_rules_runbooks_routes_and_triage_take_effect(files: Files, caplog: pytest.LogCaptureFixture) -> None:
    async with daemon(files) as desk:
        await desk.post(parked("before"))
        files.rules.write_text("[NO_SHOW]\ngrace_minutes = 31\n")
        files.runbooks.write_text(RUNBOOK.format(step="Listen"))
        files.set(
            'ticket_severities = ""\nmax_batch = 7\n[receivers.desk]\nwebhook = "https://x.example/"\n'
            'secrets = ["env:S"]\n[[routes]]\nname = "all"\nreceivers = ["desk"]\n'
        )
        what, fields = await hang_up(caplog)
        assert what == "reloaded"
        changed = {"detectors", "runbooks", "routes", "receivers", "ticket_severities"}
        assert set(fields["changed"].split(", ")) == changed
        assert "max_batch" in fields["needs_restart"]
        engine = desk.daemon.tenants["default"].pipeline.engine
        assert engine.scene.rules.of("NO_SHOW", site=None, client=None).grace_minutes == 31  # type: ignore[attr-defined]  # its own setting
        assert (await desk.ask("GET", "/v1/runbooks/PARKED")).json["steps"] == ["Listen"]
        assert [each["name"] for each in await desk.items("/v1/receivers")] == ["desk"]
        taken = await desk.ask("POST", "/v1/routes/test", json={"labels": {"severity": "HIGH"}})
        assert taken.json["receivers"] == ["desk"]
        await desk.post(parked("after"))
        alerts = {alert["entity"]["id"]: alert for alert in await desk.items("/v1/alerts")}
        assert alerts["before"]["ticket"]
        assert not alerts["after"]["ticket"]
        assert alerts["after"]["recommended_actions"][0] == "Listen"
        first, _ = [row for row in await desk.items("/v1/audit/access") if row["act"] == "configure"]
        assert first["detail"]["after"]["ticket_severities"] == ""


BAD = (
    ("rules", "\n[NO_SHOW]\ngrace_minutes = 0\n", "detectors.toml line 3: NO_SHOW: grace_minutes"),
    ("rules", "[NO_SHOW", "detectors.toml is no TOML"),
    ("runbooks", RUNBOOK.format(step="x").replace("role", "rule"), "runbooks.toml line 7: PARKED: rule"),
    ("settings", 'ticket_severities = "LOUD"\n', "nocd.toml line 1: ticket_severities"),
    ("settings", '[[routes]]\nname = "a"\nreceiver = "x"\n', "nocd.toml line 3: routes.0.receiver"),
)


async def test_a_bad_file_changes_nothing_and_is_named_with_its_line(files: Files, caplog: Any) -> None:
    async with daemon(files) as desk:
        before = desk.daemon.tenants["default"].pipeline.engine
        for name, text, where in BAD:
            former = files.spoil(name, text)
            what, fields = await hang_up(caplog)
            assert what == "reload_failed"
            assert where in fields["detail"]
            assert desk.daemon.tenants["default"].pipeline.engine is before
            files.spoil(name, former)
            assert await settings_part(desk) == "degraded"
        assert (await hang_up(caplog))[0] == "reloaded"
        assert await settings_part(desk) == "ok"


async def test_a_reload_that_finds_nothing_new_leaves_the_engine(
    files: Files, caplog: pytest.LogCaptureFixture
) -> None:
    async with running() as desk:
        before = desk.daemon.tenants["default"].pipeline.engine
        what, fields = await hang_up(caplog)
        assert (what, fields["changed"], fields["needs_restart"]) == ("reloaded", "", "")
        assert desk.daemon.tenants["default"].pipeline.engine is before


async def test_nobody_is_cut_off_and_nothing_is_lost_or_counted_twice(files: Files, caplog: Any) -> None:
    async with (
        daemon(files) as desk,
        desk.session.ws_connect(
            f"{desk.daemon.url}/v1/feed", headers={"Authorization": f"Bearer {desk.tokens['admin']}"}
        ) as feed,
    ):
        hello = await feed.receive_json()
        posting = [asyncio.create_task(desk.post(parked(f"p{number}"))) for number in range(40)]
        files.rules.write_text("[NO_SHOW]\ngrace_minutes = 31\n")
        assert (await hang_up(caplog))[0] == "reloaded"
        posting += [asyncio.create_task(desk.post(parked(f"q{number}"))) for number in range(20)]
        told = await asyncio.gather(*posting)
        assert sum(each["accepted"] for each in told) == 60
        seen = hello["seq"]
        created = 0
        async with asyncio.timeout(10):
            while created < 60:
                frame = await feed.receive_json()
                for change in frame.get("changes", ()):
                    assert change["seq"] == seen + 1
                    seen = change["seq"]
                    created += change["type"] == "alert_created"


async def test_an_engine_that_was_renewed_is_the_one_a_restart_makes(tmp_path: Path) -> None:
    opened = Opened(tmp_path / "t.db")
    other = TenantLimits(triage=TriageLimits(ticket_severities=frozenset(), outside_quiet_ms=60_000))
    tenant = await opened.open()
    await tenant.post([firing(entity=f"cam-{number}") for number in range(30)])
    await tenant.renew(other)
    renewed = list(tenant.pipeline.engine.shelves)
    await tenant.post([firing(entity="late", at=T0 + 1)])
    after = list(tenant.pipeline.engine.shelves)
    opened.limits = other
    await crash(tenant)
    restarted = await opened.open()
    assert list(restarted.pipeline.engine.shelves) == after != renewed
    assert restarted.pipeline.last_no == 31
    await crash(restarted)


async def test_a_renewal_waits_for_a_store_that_fails_and_folds_the_tail_by_the_former_limits(tmp_path: Path) -> None:
    opened = Opened(tmp_path / "t.db")
    async with opened.tenant() as tenant:
        await tenant.post([firing(entity="cam-1")])
        begin, refusing = tenant.store.begin_save, [StorageFull("no room")]

        async def failing(no: int) -> None:
            if refusing:
                raise refusing.pop()
            await begin(no)

        tenant.store.begin_save = failing  # type: ignore[method-assign]  # the disk fails once
        await tenant.renew(TenantLimits(triage=TriageLimits(ticket_severities=frozenset())))
        assert not refusing
        assert tenant.pipeline.engine.triage.tickets.get("T-1") is not None
        assert tenant.pipeline.saved_to == tenant.pipeline.last_no == 1


async def test_a_renewal_of_a_tenant_that_stops_is_refused(tmp_path: Path) -> None:
    async with Opened(tmp_path / "t.db").tenant() as tenant:
        await tenant.post([firing(entity="cam-1")])
    with pytest.raises(UnavailableError):
        await tenant.renew(TenantLimits())
