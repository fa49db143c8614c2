"""What a stop at any moment leaves is what there was: saves, deadlines, recalls and half-done batches."""

from __future__ import annotations

import asyncio
import shutil
from typing import Any

import pytest

from nocd.batch import Limits
from nocd.domain.change import Change
from nocd.domain.command import Command
from nocd.domain.instant import HOUR_MS, MINUTE_MS, from_ms
from nocd.domain.shelf import Shelves
from nocd.engine import Engine
from nocd.errors import UnavailableError
from nocd.history.replay import EventClock, Replay, last_time
from nocd.outcome import RECORD_TYPES
from nocd.store import queries
from nocd.store.codec import decoders, encode
from nocd.store.rows import number
from nocd.tenant import Tenant, TenantLimits
from nocd.triage.intake import Limits as TriageLimits
from tests.build import T0, Opened, crash, decoder, engine, event, firing, line, resolved, until

RECORDS = "SELECT count(*) FROM state WHERE kind != 'seen'"  # the engine's own, dedup keys apart


@pytest.fixture
def opened(tmp_path) -> Opened:
    return Opened(tmp_path / "t.db")


def restored(made: Engine) -> Engine:
    """Return an engine on what a save at this instant would hold."""
    shelves, decode = Shelves(encode), decoders(RECORD_TYPES)
    for kind, key, body in made.shelves:
        if body is not None:
            shelves.restore(kind, key, decode[kind](body))
    return Engine(shelves, TriageLimits())


def rows(tenant: Tenant) -> list[Any]:
    return list(tenant.pipeline.engine.shelves)


def shift_of(shift_id: str, start: Any, end: Any) -> dict[str, Any]:
    return {"id": shift_id, "site": "S1", "person": "P1", "start": start, "end": end}


def punch(direction: str, at: int, **more: Any):
    return event("noc.attendance.punch", at=at, person="P1", site="S1", direction=direction, method="FACE", **more)


@pytest.mark.may_block("the test copies the file of a tenant at work")
async def test_a_copy_taken_after_any_commit_of_a_save_opens_as_it_was(opened: Opened, tmp_path) -> None:
    opened.limits = TenantLimits(pipeline=Limits(save_every_events=700))
    many = [firing(entity=f"cam-{n}") for n in range(700)]
    async with opened.tenant() as tenant:
        await tenant.post(many)
        tenant.pipeline.rest()
        await tenant.post([firing(entity=f"cam-{n}", at=T0 + 1) for n in range(700)])
        for commit in range(12):
            await tenant.post([firing(entity=f"cam-{commit}", at=T0 + 2 + commit)])
            copy = tmp_path / f"copy-{commit}"
            copy.mkdir()
            for name in ("t.db", "t.db-wal"):
                if (source := tmp_path / name).exists():
                    shutil.copy(source, copy / name)
            expected = rows(tenant)
            other = await Opened(copy / "t.db", limits=opened.limits).open()
            assert rows(other) == expected, f"after commit {commit}"
            await crash(other)


async def test_what_was_let_go_of_leaves_no_row_behind(opened: Opened) -> None:
    async with opened.tenant() as tenant:
        await tenant.post([firing(entity=f"cam-{n}") for n in range(300)])
        tenant.pipeline.rest()
        await tenant.post([resolved(entity=f"cam-{n}", at=T0 + 1) for n in range(300)])
        tenant.pipeline.tick(opened.clock.forward(10 * MINUTE_MS))
        await tenant.post([firing("Door")])
    async with opened.tenant() as tenant:
        kept = await tenant.store.read(lambda base: base.execute(RECORDS).fetchone()[0])
        assert kept == len(rows(tenant))


async def test_a_stop_in_the_middle_of_a_batch_stores_nothing_of_it(opened: Opened) -> None:
    tenant = await opened.open()
    posting = asyncio.create_task(tenant.post([firing(entity=f"cam-{n}") for n in range(1_000)]))
    while tenant.pipeline.last_no == 0:  # noqa: ASYNC110 - the first slice is folded, the second is not: no event tells
        await asyncio.sleep(0)
    assert tenant._task is not None
    tenant._task.cancel()
    with pytest.raises(UnavailableError):
        await posting
    await tenant.close()
    async with opened.tenant() as again:
        assert again.pipeline.engine.shelves.kind("alert") == {}
        assert (await again.post([firing(entity="cam-1")])).accepted == 1


def stories() -> list[list[Any]]:
    shift = shift_of("H1", from_ms(T0), from_ms(T0 + 2 * HOUR_MS))
    return [
        [
            punch("in", T0),
            punch("out", T0 + HOUR_MS),
            17 * HOUR_MS,
            punch("in", T0 + 30 * MINUTE_MS),
            punch("in", T0 + 20 * HOUR_MS),
        ],
        [punch("in", T0), event("noc.shift", at=T0 + 1, **shift), 4 * HOUR_MS, punch("out", T0 + 5 * HOUR_MS)],
        [firing(), resolved(at=T0 + 1), 6 * MINUTE_MS, firing(at=T0 + 6 * MINUTE_MS), HOUR_MS],
    ]


@pytest.mark.parametrize("story", stories())
@pytest.mark.parametrize("stop_at", range(5))
def test_an_engine_restored_anywhere_goes_on_as_the_one_that_never_stopped(story: list[Any], stop_at: int) -> None:
    straight, stopped = engine(), engine()
    for at, step in enumerate(story):
        if at == stop_at:
            stopped = restored(stopped)
        for made in (straight, stopped):
            if isinstance(step, int):
                made.tick(T0 + step)
            else:
                made.fold([step])
            made.finish()
    assert list(stopped.shelves) == list(straight.shelves)


async def test_what_maintenance_hid_is_linked_to_its_alert_when_the_window_ends_though_the_daemon_was_stopped(
    opened: Opened,
) -> None:
    window = {"scope": "site", "target": "S1", "start": T0, "end": T0 + 2 * HOUR_MS, "types": [], "reason": "works"}
    entered = [
        event("noc.site", id="S1", name="Site", timezone="UTC"),
        event("noc.person", id="P1", name="Guard", sites=("S1",)),
        event("noc.shift", **shift_of("H1", from_ms(T0), from_ms(T0 + 8 * HOUR_MS))),
    ]
    async with opened.tenant() as tenant:
        await tenant.ask(Command(verb="plan_maintenance", target="", actor="mara", time=T0, args=window))
        await tenant.post(entered)
        tenant.pipeline.tick(opened.clock.forward(HOUR_MS))
        await tenant.post([firing(at=T0 + HOUR_MS)])
        assert (await tenant.store.read(queries.findings, kind="NO_SHOW"))[0][0]["alert"] is None
    async with opened.tenant() as tenant:
        tenant.pipeline.tick(opened.clock.forward(HOUR_MS))
        await tenant.post([firing(at=T0 + 2 * HOUR_MS)])
        (found,) = (await tenant.store.read(queries.findings, kind="NO_SHOW"))[0]
        assert found["alert"] is not None
        assert (await tenant.store.read(queries.findings, alert_no=number(found["alert"])))[0] == [found]


def test_a_shift_told_late_moves_the_end_of_the_duty() -> None:
    made = engine()
    made.fold([punch("in", T0)])
    shift = shift_of("H1", from_ms(T0), from_ms(T0 + HOUR_MS))
    made.fold([event("noc.shift", at=T0 + 1, **shift)])
    assert made.duties.deadlines() == [(T0 + 2 * HOUR_MS, "P1")]
    made.fold([event("noc.shift", at=T0 + 2, **{**shift, "end": from_ms(T0 + 3 * HOUR_MS)})])
    made.tick(T0 + 2 * HOUR_MS)
    assert made.duties.on_duty("P1") is not None


def test_a_double_punch_stands_when_its_first_half_is_no_longer_kept() -> None:
    made = engine()
    made.fold([punch("in", T0), punch("in", T0 + 4 * HOUR_MS)])
    made.finish()
    for day in range(1, 5):
        made.fold([punch("out" if day % 2 else "in", T0 + 4 * HOUR_MS + day * 24 * HOUR_MS)])
    assert made.finish().withdrawn == []


def test_the_directory_forgets_what_was_over_weeks_ago() -> None:
    made = engine()
    week = 7 * 24 * HOUR_MS
    for n in range(10):
        at = T0 + n * week
        shift = shift_of(f"H{n}", from_ms(at), from_ms(at + HOUR_MS))
        made.fold([event("noc.shift", at=at, **shift)])
    assert sorted(made.shelves.kind("shift")) == [f"H{n}" for n in range(4, 10)]


def test_outside_monitoring_cannot_speak_for_a_detector() -> None:
    made = engine()
    made.fold([event("noc.phone.event", person="P1", kind="panic")])
    made.fold([resolved("GUARD_DISTRESS", entity="P1", at=T0 + 1, person="P1", site=None)])
    (panic,) = (alert for alert in made.shelves.kind("alert").values() if alert.type == "GUARD_DISTRESS")
    assert panic.unresolved


def test_reopening_what_was_let_go_of_is_refused_while_its_successor_stands() -> None:
    made = engine()
    made.fold([firing(), resolved(at=T0 + 1)])
    made.finish()
    former = restored(made).book.get("A-1")
    made.tick(T0 + HOUR_MS)
    made.fold([firing(at=T0 + 2 * HOUR_MS)])
    made.finish()
    before = list(made.shelves)
    asked = Command(verb="reopen", target="A-1", actor="mara", time=T0 + 3 * HOUR_MS, recalled=former)
    reply = made.apply(asked)
    assert (reply.status, reply.body["code"]) == (409, "another_stands")
    assert list(made.shelves) == before


async def test_one_idempotency_key_acts_once_even_within_a_batch(opened: Opened) -> None:
    async with opened.tenant() as tenant:
        await tenant.post([firing()])
        note = Command(verb="note", target="A-1", actor="mara", time=T0, args={"text": "x"}, key="k")
        one, two = await asyncio.gather(tenant.ask(note), tenant.ask(note))
        assert one == two
        assert one.body["notes"] == 1


async def test_what_is_announced_in_a_failing_batch_is_told_with_the_next(opened: Opened) -> None:
    async with opened.tenant() as tenant:
        real = tenant.store._writer.commit

        def failing(commit: Any) -> bool:
            tenant.store._writer.commit = real  # type: ignore[method-assign]  # once
            raise OSError("gone")

        tenant.store._writer.commit = failing  # type: ignore[method-assign]  # a disk that fails once
        tenant.pipeline.announce(Change(type="system_state", time=T0, data={"part": "disk"}))
        with pytest.raises(UnavailableError):
            await tenant.post([firing()])
        await until(lambda: tenant.pipeline.broken is None)
        await tenant.post([firing()])
        assert "system_state" in {change.change.type for change in await tenant.log.read(0, limit=99)}


async def test_a_line_without_a_time_is_replayed_at_the_time_of_the_one_before(opened: Opened, tmp_path) -> None:
    first = line("noc.sample", {"metric": "m", "value": 1.0}, at="2026-01-01T00:00:05Z")
    untimed = b'{"type": "noc.sample", "data": {"metric": "m", "value": 2.0}}'
    clock = EventClock()
    async with opened.tenant() as tenant:
        await Replay(tenant=tenant, decoder=decoder(), clock=clock).run([first, untimed])
    assert clock.now == T0 + 5_000
    file = tmp_path / "events.ndjson"
    await asyncio.to_thread(file.write_bytes, first + b"\n" + untimed)
    assert await asyncio.to_thread(last_time, [file], decoder()) == T0 + 5_000


async def test_whoever_comes_after_the_close_is_told_so_at_once(opened: Opened) -> None:
    tenant = await opened.open()
    await tenant.close()
    with pytest.raises(UnavailableError, match="stopping"):
        await tenant.post([firing()])
    with pytest.raises(UnavailableError, match="stopping"):
        await tenant.ask(Command(verb="ack", target="A-1", actor="olga", time=T0))


async def test_whoever_waits_when_the_work_ends_is_told_so(opened: Opened) -> None:
    tenant = await opened.open()
    posted = asyncio.ensure_future(tenant.post([firing()]))
    await asyncio.sleep(0)  # it waits in the inbox
    assert tenant._task is not None
    tenant._task.cancel()
    with pytest.raises(UnavailableError, match="stopping"):
        await posted
    await tenant.close()


async def test_a_repair_that_fails_in_an_unknown_way_answers_whoever_waits_and_is_tried_again(opened: Opened) -> None:
    async with opened.tenant() as tenant:
        await tenant.post([firing()])
        pipeline, repair = tenant.pipeline, tenant.pipeline._rebuild

        async def stumbling() -> Any:
            raise RuntimeError("out of luck")

        pipeline._rebuild = stumbling
        waiting = asyncio.ensure_future(pipeline.post([firing(entity="cam-8")]))
        await asyncio.sleep(0)
        pipeline.broken = UnavailableError("the disk is gone")
        with pytest.raises(UnavailableError, match="out of luck"):
            await waiting
        pipeline._rebuild = repair
        pipeline.rest()
        await until(lambda: pipeline.broken is None)
        assert (await tenant.post([firing(entity="cam-8")])).accepted == 1
