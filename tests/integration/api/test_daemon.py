"""A daemon's start, reload and stop: what fails at the start leaves nothing open, and can be tried again."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from nocd.domain.token import Role
from nocd.errors import StateError, UnavailableError
from nocd.store.tokens import Grant, TokenStore
from tests.build import until
from tests.integration.api.desk import running
from tests.unit.ingest.examples import MINIMAL, envelope


def threads() -> set[threading.Thread]:
    """Return the threads there are, but for those of the loop's own pool."""
    return {thread for thread in threading.enumerate() if not thread.name.startswith("asyncio_")}


async def test_an_address_that_is_taken_is_an_error_and_leaves_nothing_open(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="address already in use"):
        async with running(root=tmp_path, listen=f"127.0.0.1:{taken.getsockname()[1]}"):
            pass
    async with running(root=tmp_path) as desk:
        assert (await desk.post(envelope("noc.sample")))["accepted"] == 1


async def test_a_file_that_is_no_database_is_named_and_left_as_it_is(tmp_path: Path) -> None:
    async with running(root=tmp_path):
        pass
    file = tmp_path / "tenants" / "default.db"
    await asyncio.to_thread(file.write_bytes, b"not a database, but a letter" * 100)
    with pytest.raises(StateError, match="is not an SQLite database"):
        async with running(root=tmp_path):
            pass
    assert await asyncio.to_thread(file.read_bytes) == b"not a database, but a letter" * 100


async def test_what_was_stored_is_there_after_a_stop_and_the_next_start(tmp_path: Path) -> None:
    event = envelope("noc.alert", MINIMAL["noc.alert"], id="stay")
    async with running(root=tmp_path) as desk:
        await desk.post(event)
        (before,) = await desk.items("/v1/alerts")
        assert (tmp_path / "url").read_text().strip() == desk.daemon.url
    assert not (tmp_path / "url").exists()
    assert not (tmp_path / "nocd.sock").exists()
    async with running(root=tmp_path) as desk:
        assert await desk.items("/v1/alerts") == [before]
        assert (await desk.post(event))["duplicates"] == 1


async def test_a_hangup_reads_the_tokens_again() -> None:
    async with running() as desk:
        store = await asyncio.to_thread(TokenStore, desk.daemon.folder.daemon_db)
        made = await asyncio.to_thread(store.create, Grant(name="late", role=Role.VIEWER), now=0)
        desk.tokens["late"] = made
        assert (await desk.ask("GET", "/v1/alerts", token="late")).told == (401, "unauthorised")
        os.kill(os.getpid(), signal.SIGHUP)
        async with asyncio.timeout(10):
            while (await desk.ask("GET", "/v1/alerts", token="late")).status != 200:
                pass


async def test_a_hangup_that_fails_leaves_the_former_tokens_in_force(caplog: pytest.LogCaptureFixture) -> None:
    async with running() as desk:
        database = desk.daemon.folder.daemon_db
        await asyncio.to_thread(database.rename, database.with_suffix(".away"))
        await asyncio.to_thread(database.write_bytes, b"no database" * 1_000)
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: any(record.getMessage() == "reload_failed" for record in caplog.records))
        assert (await desk.ask("GET", "/v1/alerts")).status == 200
        await asyncio.to_thread(database.with_suffix(".away").replace, database)


async def test_what_is_opened_and_what_is_not_well_is_counted() -> None:
    async with running() as desk:
        await desk.post(envelope("noc.alert", {**MINIMAL["noc.alert"], "severity": "HIGH"}))
        desk.daemon.tenants["default"].pipeline.broken = UnavailableError("the disk is gone")
        await desk.daemon._upkeep._measure()
        text = (await desk.ask("GET", "/metrics", token=None)).body.decode()
        assert 'nocd_tickets_total{origin="alert"} 1.0' in text
        assert 'nocd_part_degraded{part="disk"} 0.0' in text
        assert "process_open_fds " in text


async def gone() -> Any:
    raise UnavailableError("the disk is gone")


async def test_it_says_what_it_waits_for_while_the_store_is_broken() -> None:
    async with running() as desk:
        pipeline = desk.daemon.tenants["default"].pipeline
        mend, pipeline._rebuild = pipeline._rebuild, gone
        pipeline.broken = UnavailableError("the disk is gone")
        answer = await desk.ask("GET", "/v1/ready", token=None)
        assert answer.status == 503
        assert answer.json == {"ready": False, "reason": "default: the disk is gone"}
        refused = await desk.ask("POST", "/v1/events", token="ingest", json=envelope("noc.sample"))
        assert refused.told == (503, "unavailable")
        assert refused.headers["Retry-After"] == "1"
        pipeline._rebuild = mend
        await desk.daemon._upkeep.keep_house()
        await until(lambda: pipeline.broken is None)
        assert (await desk.ask("GET", "/v1/ready", token=None)).status == 200


async def test_a_part_that_will_not_close_does_not_keep_the_others_from_it(caplog: pytest.LogCaptureFixture) -> None:
    async with running() as desk:

        async def stuck() -> None:
            raise OSError("will not close")

        desk.daemon._closing("stuck", stuck)
        tenant = desk.daemon.tenants["default"]
    assert [record.getMessage() for record in caplog.records] == ["close_failed"]
    with pytest.raises(ValueError, match="onnection"):
        await tenant.store.wal_bytes()


async def test_a_stop_leaves_no_thread_and_no_descriptor() -> None:
    async with running():
        pass
    before, opened = threads(), len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names are enough
    async with running() as desk:
        await desk.post(envelope("noc.sample"))
    await until(lambda: threads() <= before)
    assert len(os.listdir("/proc/self/fd")) <= opened  # noqa: PTH208 - names are enough
