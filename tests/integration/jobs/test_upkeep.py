"""Upkeep: room on disk, a broken store, quiet moments, the log's length; and what is told of each."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from nocd.clock import monotonic_s
from nocd.domain.command import Command
from nocd.domain.instant import zone
from nocd.errors import StorageFull, UnavailableError
from nocd.jobs.report import Ran
from nocd.jobs.scheduler import Scheduler
from nocd.jobs.timetable import REST_AFTER_ROUNDS, timetable
from nocd.store import queries, usual
from nocd.store.sqlite import sqlite3
from tests.build import T0, Opened, event, firing, until
from tests.integration.jobs.house import MIB, Disk, House, kept


@pytest.fixture
def opened(tmp_path) -> Opened:
    return Opened(tmp_path / "t.db")


@pytest.fixture
async def house(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    async with kept(opened) as house:
        monkeypatch.setattr(os, "statvfs", house.disk)
        yield house


def ran(job: str = "retention", *, ok: bool = True, quiet: bool = False, detail: str = "done") -> Ran:
    return Ran(job=job, ok=ok, seconds=0.5, detail=detail, quiet=quiet)


async def test_with_too_little_room_events_are_refused_until_there_is_room_again(house: House) -> None:
    await house.tenant.post([firing()])
    house.disk.free = 50 * MIB
    await house.upkeep.keep_house()
    with pytest.raises(StorageFull) as refused:
        await house.tenant.post([firing("Door")])
    assert (refused.value.status, refused.value.code) == (507, "storage_full")
    assert "53687091 must stay free" in refused.value.detail
    assert house.upkeep.parts()["disk"]["state"] == "degraded"
    assert len(await house.tenant.store.read(queries.events, after=0, limit=10)) == 1
    house.disk.free = 60 * MIB
    await house.upkeep.keep_house()
    assert (await house.tenant.post([firing("Door")])).accepted == 1
    assert house.upkeep.parts()["disk"] == {"state": "ok", "detail": ""}


async def test_full_and_well_again_are_told_once_each(house: House) -> None:
    for free in (50, 40, 30, 200, 300, 10):
        house.disk.free = free * MIB
        await house.upkeep.guard_disk()
    states = [(told["part"], told["state"]) for told in await house.told("system_state")]
    assert states == [("disk", "degraded"), ("disk", "ok"), ("disk", "degraded")]


@pytest.mark.parametrize(
    ("disk", "refused"),
    [
        (Disk(free=65 * MIB, total=10_000 * MIB), False),
        (Disk(free=63 * MIB, total=10_000 * MIB), True),
        (Disk(free=6 * MIB, total=100 * MIB), False),
        (Disk(free=4 * MIB, total=100 * MIB), True),
        (Disk(free=0, total=100 * MIB), True),
        (Disk(free=0, total=0), False),
    ],
)
async def test_the_guard_keeps_the_smaller_of_the_setting_and_a_twentieth(
    house: House, monkeypatch: pytest.MonkeyPatch, disk: Disk, *, refused: bool
) -> None:
    monkeypatch.setattr(os, "statvfs", disk)
    await house.upkeep.guard_disk()
    assert (house.tenant.pipeline.refusal is not None) == refused


async def test_a_broken_store_is_told_mended_and_told_well(house: House) -> None:
    await house.tenant.post([firing()])
    house.tenant.pipeline.broken = UnavailableError("the disk is gone")
    await house.upkeep.keep_house()
    assert house.upkeep.parts()["store"] == {"state": "degraded", "detail": "the disk is gone"}
    await until(lambda: house.tenant.pipeline.broken is None)
    await house.upkeep.keep_house()
    assert house.upkeep.parts()["store"] == {"state": "ok", "detail": ""}
    assert [told["state"] for told in await house.told("system_state")] == ["degraded", "ok"]
    assert (await house.tenant.post([firing("Door")])).accepted == 1


async def test_a_store_that_was_broken_from_the_first_round_on_is_looked_after(house: House) -> None:
    house.tenant.pipeline.broken = UnavailableError("broken at once")
    assert (await house.upkeep.keep_house()).parts["default"].ok


async def test_after_some_quiet_rounds_what_lags_is_saved(house: House) -> None:
    await house.tenant.post([firing()])
    for _ in range(REST_AFTER_ROUNDS):
        await house.upkeep.keep_house()
    assert house.tenant.pipeline.saved_to == 0
    await house.upkeep.keep_house()
    await until(lambda: house.tenant.pipeline.saved_to == house.tenant.pipeline.last_no)


async def test_while_events_come_nothing_is_saved_for_quiet(house: House) -> None:
    for n in range(2 * REST_AFTER_ROUNDS):
        await house.tenant.post([firing(event_id=f"busy{n}")])
        await house.upkeep.keep_house()
    assert house.tenant.pipeline.saved_to == 0


async def test_a_log_past_its_length_is_cut_and_one_below_it_copied_when_idle(opened: Opened) -> None:
    async with kept(opened, wal_max_bytes=1) as house:
        await house.tenant.post([firing()])
        assert await house.tenant.store.wal_bytes() > 1
        await house.upkeep.keep_house()
        assert await house.tenant.store.wal_bytes() == 0
    async with kept(opened) as house:
        await house.tenant.post([firing("Door")])
        for _ in range(3):
            await house.upkeep.keep_house()
        left = await house.tenant.store._do(
            lambda: house.tenant.store._writer._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        )
        assert left[1] == left[2]


async def test_a_run_is_told_on_the_feed_with_how_it_ended(house: House) -> None:
    house.upkeep.told(ran())
    house.upkeep.told(ran(ok=False, detail="no"))
    assert await house.told("job_finished") == [
        {"job": "retention", "outcome": "ok", "seconds": 0.5, "detail": "done"},
        {"job": "retention", "outcome": "failed", "seconds": 0.5, "detail": "no"},
    ]
    assert house.upkeep.parts()["jobs"] == {"state": "degraded", "detail": "retention: no"}
    house.upkeep.told(ran())
    assert house.upkeep.parts()["jobs"]["state"] == "ok"


async def test_a_job_that_runs_all_the_time_is_told_of_only_where_that_is_news(house: House) -> None:
    for ok, detail in ((True, ""), (True, ""), (False, "a"), (False, "a"), (False, "b"), (True, ""), (True, "")):
        house.upkeep.told(ran("upkeep", ok=ok, quiet=True, detail=detail))
    told = [(each["outcome"], each["detail"]) for each in await house.told("job_finished")]
    assert told == [("failed", "a"), ("failed", "b"), ("ok", "")]


async def test_time_passes_for_every_tenant(house: House) -> None:
    await house.tenant.post([firing(severity="LOW")])
    house.clock.forward(61 * 60_000)
    assert (await house.upkeep.pass_time()).parts["default"].ok
    await until(lambda: house.tenant.pipeline.engine.book.unresolved == 0)


async def test_a_sound_file_whose_audit_trail_was_altered_fails_the_check(house: House) -> None:
    await house.tenant.ask(Command(verb="export", target="alerts", actor="mara", time=house.clock.now))
    drop = ("DROP TRIGGER audit_never_changes", ())
    await house.tenant.store.run([drop, ("UPDATE audit SET actor = 'olga'", ())])
    part = (await house.upkeep.check_integrity()).parts["default"]
    assert (part.ok, part.detail) == (False, "StateError: the audit trail does not hold: row 1 was altered")


async def test_a_sound_file_is_found_sound(house: House) -> None:
    assert (await house.upkeep.check_integrity()).parts["default"].detail == "sound"


async def test_a_damaged_file_is_told_and_named_until_it_is_sound(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(_: sqlite3.Connection) -> str:
        return "row 7 missing from index"

    monkeypatch.setattr(queries, "quick_check", damaged)
    jobs = Scheduler(timetable(house.upkeep), timezone=zone("UTC"), told=house.upkeep.told, monotonic_s=monotonic_s)
    assert not (await jobs.run("integrity")).ok
    assert house.upkeep.parts()["store"]["detail"] == "row 7 missing from index"
    assert "restore a backup" in house.upkeep.parts()["jobs"]["detail"]
    await house.upkeep.keep_house()
    assert house.upkeep.parts()["store"]["state"] == "degraded"
    monkeypatch.undo()
    assert (await jobs.run("integrity")).ok
    assert {part["state"] for part in house.upkeep.parts().values()} == {"ok"}
    assert [told["state"] for told in await house.told("system_state")] == ["degraded", "ok"]


async def test_every_part_is_named_and_measured(house: House) -> None:
    await house.tenant.post([event("noc.sample", at=T0, metric="m", value=1.0)])
    await house.upkeep.keep_house()
    parts = house.upkeep.parts()
    assert set(parts) == {"disk", "store", "jobs", "feed"}
    assert parts["feed"] == {"state": "ok", "detail": "", "clients": 3, "backlog": 5, "lagged": 7}
    text = (await asyncio.to_thread(house.upkeep.metrics.text)).decode()
    for line in ("nocd_feed_clients 3.0", "nocd_feed_backlog_changes 5.0", "nocd_feed_lagged_clients 7.0"):
        assert line in text
    size = house.tenant.store.path.stat().st_size
    assert f"nocd_database_bytes {float(size)}" in text or "nocd_database_bytes" in text


async def test_a_tenant_that_joins_during_a_round_is_looked_after_in_the_next(opened: Opened, tmp_path) -> None:
    async with kept(opened) as house, Opened(tmp_path / "u.db").tenant() as other:
        tenants = {"default": house.tenant}
        upkeep = replace(house.upkeep, tenants=tenants, _still={})
        real = house.tenant.store.wal_bytes

        async def joined() -> int:
            tenants.setdefault("other", other)
            return await real()

        house.tenant.store.wal_bytes = joined  # type: ignore[method-assign]  # someone comes in the middle of a round
        await upkeep.keep_house()
        assert set(upkeep._still) == {"default"}
        await upkeep.keep_house()
        assert set(upkeep._still) == {"default", "other"}


async def test_the_timetable_has_a_limit_for_each_job_and_one_time(house: House) -> None:
    jobs = timetable(house.upkeep)
    often = ["expiries", "heartbeat", "upkeep", "kpis"]
    planned = ["scorecard", "retention", "reviews", "tuning", "integrity"]
    assert [job.name for job in jobs] == [*often, *planned]
    for job in jobs:
        assert job.limit_s > 0
        assert (job.every_s is None) != (job.at is None)


async def test_a_job_that_fails_is_an_alert_and_worse_the_third_time(house: House) -> None:
    for _ in range(3):
        house.upkeep.told(ran(ok=False, detail="no room"))
    book = house.tenant.pipeline.engine.book
    await until(lambda: house.tenant.pipeline.idle and book.unresolved == 1)
    (alert,) = house.tenant.pipeline.engine.shelves.kind("alert").values()
    assert (alert.type, alert.severity, alert.count) == ("JOB_FAILED", "HIGH", 3)
    assert alert.reason == "the daemon's job retention failed, 3 times in a row: no room"
    house.upkeep.told(ran())
    house.upkeep.told(ran(ok=False, detail="again"))
    await until(lambda: alert.count == 4)
    assert alert.evidence["failures"] == 1


async def test_the_runs_of_a_job_are_kept_for_each_tenant(house: House) -> None:
    house.upkeep.told(ran())
    house.upkeep.told(ran(ok=False, detail="no"))
    assert await house.told("job_finished")
    runs, _ = await house.tenant.store.read(usual.job_runs, "retention", before=None, limit=9)
    assert [(run["outcome"], run["detail"], run["seconds"]) for run in runs] == [
        ("failed", "no", 0.5),
        ("ok", "done", 0.5),
    ]
