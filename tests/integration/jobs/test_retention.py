"""Retention: what is past its time goes, what is still needed stays, numbers go on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from nocd.domain.command import Command
from nocd.domain.instant import DAY_MS, HOUR_MS
from nocd.fraud import steps
from nocd.jobs import retention
from nocd.jobs.retention import Keep
from nocd.tenant import Tenant
from tests.build import T0, Opened, event, firing, resolved, until
from tests.integration.jobs.house import House, kept

KEEP = Keep(inputs_days=10, feed_days=20, alerts_days=40, idempotency_hours=24)


@pytest.fixture
def opened(tmp_path) -> Opened:
    return Opened(tmp_path / "t.db")


def fixes(opened: Opened, count: int, name: str = "f") -> list[Any]:
    now = opened.clock.now
    return [
        event("noc.location.fix", event_id=f"{name}{n}", at=now, person=f"P{n % 3}", lat=1.1, lon=2.2)
        for n in range(count)
    ]


async def saved(tenant: Tenant) -> None:
    tenant.pipeline.rest()
    await until(lambda: tenant.pipeline.saved_to == tenant.pipeline.last_no)


async def test_old_inputs_go_and_the_newest_stays(opened: Opened) -> None:
    async with kept(opened, keep=KEEP) as house:
        await house.tenant.post(fixes(opened, 30))
        await saved(house.tenant)
        before = await house.numbers()
        opened.clock.forward(11 * DAY_MS)
        assert "29 inputs" in await house.retained()
        assert await house.count("inputs") == 1
        assert await house.numbers() == before
        assert house.flushed == [1]


async def test_nothing_above_what_is_saved_is_removed(opened: Opened) -> None:
    async with kept(opened, keep=KEEP) as house:
        await house.tenant.post(fixes(opened, 30))
        assert house.tenant.pipeline.saved_to == 0
        opened.clock.forward(11 * DAY_MS)
        assert await house.retained() == "nothing is past its time at 2026-01-12T00:00:00.000Z"
        assert await house.count("inputs") == 30


async def test_numbers_go_on_after_everything_went_also_over_a_restart(opened: Opened) -> None:
    async with kept(opened, keep=KEEP) as house:
        await house.tenant.post(fixes(opened, 30))
        await saved(house.tenant)
        last = await house.numbers()
        opened.clock.forward(50 * DAY_MS)
        await house.retained()
        assert (await house.count("inputs"), await house.count("feed")) == (1, 1)
        assert await house.tenant.log.bounds() == (last[1], last[1])
    async with kept(opened, keep=KEEP) as house:
        assert (house.tenant.pipeline.last_no, house.tenant.pipeline.last_seq) == last
        await house.tenant.post(fixes(opened, 1, "later"))
        assert await house.numbers() == (last[0] + 1, last[1] + 1)


async def test_what_was_removed_is_new_again_and_what_stays_is_still_known(opened: Opened) -> None:
    async with kept(opened, keep=KEEP) as house:
        old = fixes(opened, 20, "old")
        await house.tenant.post(old)
        opened.clock.forward(9 * DAY_MS)
        young = fixes(opened, 20, "young")
        await house.tenant.post(young)
        await saved(house.tenant)
        opened.clock.forward(2 * DAY_MS)
        await house.retained()
        assert await house.count("inputs") == 20
        assert (await house.tenant.post(young)).duplicates == 20
        assert (await house.tenant.post(old)).accepted == 20
    async with kept(opened, keep=KEEP) as house:
        assert (await house.tenant.post(old + young)).duplicates == 40


async def test_changes_go_by_their_own_time(opened: Opened) -> None:
    async with kept(opened, keep=KEEP) as house:
        await house.tenant.post([firing()])
        opened.clock.forward(19 * DAY_MS)
        await house.tenant.post([firing("Door", at=opened.clock.now)])
        oldest, newest = await house.tenant.log.bounds()
        opened.clock.forward(2 * DAY_MS)
        assert "changes" in await house.retained()
        kept_from, kept_to = await house.tenant.log.bounds()
        assert oldest < kept_from < kept_to == newest


async def test_a_settled_alert_goes_with_its_decisions_and_a_standing_one_stays(opened: Opened) -> None:
    async with kept(opened, keep=KEEP) as house:
        ends = firing("Ends", entity="cam-9", severity="LOW")
        await house.tenant.post([firing(severity="LOW"), firing("Stuck", entity="cam-8"), ends])
        await house.tenant.post([resolved("Ends", entity="cam-9", at=T0 + 1)])
        for n in range(2):
            note = Command(verb="note", target="A-1", actor="m", time=T0, args={"text": f"note {n}"})
            assert (await house.tenant.ask(note)).ok
        settle = Command(verb="resolve", target="A-1", actor="m", time=T0, args={"verdict": "benign"})
        assert (await house.tenant.ask(settle)).ok
        assert (await house.count("alerts"), await house.count("tickets")) == (3, 1)
        await saved(house.tenant)
        opened.clock.forward(41 * DAY_MS)
        assert "alert rows" in await house.retained()
        decided = "SELECT count(DISTINCT alert) FROM ledger"
        assert await house.tenant.store.read(lambda base: base.execute(decided).fetchone()[0]) == 1
        assert (await house.count("alerts"), await house.count("tickets")) == (1, 1)
        assert (await house.tenant.store.recall("A-2")) is not None
        assert (await house.tenant.store.recall("A-1")) is None


async def test_a_ticket_that_ended_goes_with_its_timeline_and_an_open_one_stays(opened: Opened) -> None:
    async with kept(opened, keep=KEEP) as house:
        await house.tenant.post([firing(), firing("Door")])
        cancel = Command(verb="cancel_ticket", target="T-1", actor="m", time=T0, args={"comment": "no need"})
        assert (await house.tenant.ask(cancel)).ok
        assert (await house.count("tickets"), await house.count("ticket_timeline")) == (2, 3)
        await saved(house.tenant)
        opened.clock.forward(41 * DAY_MS)
        assert "3 ticket rows" in await house.retained()
        assert (await house.count("tickets"), await house.count("ticket_timeline")) == (1, 1)


async def test_findings_go_by_when_they_were_recorded(opened: Opened) -> None:
    async with kept(opened, keep=KEEP) as house:
        await house.tenant.post(fixes(opened, 3))
        assert await house.count("findings") == 3
        opened.clock.forward(41 * DAY_MS)
        await house.retained()
        assert await house.count("findings") == 0


async def test_a_reply_is_kept_for_its_day(opened: Opened) -> None:
    async with kept(opened, keep=KEEP) as house:
        await house.tenant.post([firing()])
        note = Command(verb="note", target="A-1", actor="m", time=T0, args={"text": "x"}, key="k")
        first = await house.tenant.ask(note)
        opened.clock.forward(23 * HOUR_MS)
        await house.retained()
        assert await house.tenant.ask(note) == first
        opened.clock.forward(2 * HOUR_MS)
        assert "1 replies" in await house.retained()
        assert (await house.tenant.ask(note)).body["notes"] == first.body["notes"] + 1


async def test_it_works_in_small_steps_and_gives_the_room_back(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "STEP_ROWS", 7)
    async with kept(opened, keep=KEEP) as house:
        wide = [
            event("noc.sample", event_id=f"w{n}", at=T0, metric="m" * 190, value=1.0, entity="e" * 120)
            for n in range(2_000)
        ]
        await house.tenant.post(wide)
        await saved(house.tenant)
        await house.tenant.store.checkpoint(wal_max_bytes=0)
        before = opened.path.stat().st_size
        opened.clock.forward(11 * DAY_MS)
        writer, taken = house.tenant.store._writer, []
        remove = writer.remove_inputs

        def counted(before: int, upto: int, step: int) -> int:
            taken.append(remove(before, upto, step))
            return taken[-1]

        writer.remove_inputs = counted  # type: ignore[method-assign]  # counted on its way
        await house.retained()
        await house.tenant.store.checkpoint(wal_max_bytes=0)
        assert max(taken) == 7
        assert sum(taken) == 1_999
        assert opened.path.stat().st_size < before / 2


async def test_a_tenant_that_goes_on_meanwhile_loses_nothing(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "STEP_ROWS", 5)
    async with kept(opened, keep=KEEP) as house:
        await house.tenant.post(fixes(opened, 200, "old"))
        await saved(house.tenant)
        opened.clock.forward(11 * DAY_MS)
        young = await posted_meanwhile(house, opened)
        assert await house.count("inputs") == young
        assert (await house.tenant.post(fixes(opened, 10, "n3-"))).duplicates == 10


async def posted_meanwhile(house: House, opened: Opened) -> int:
    async def post() -> int:
        return sum([(await house.tenant.post(fixes(opened, 10, f"n{n}-"))).accepted for n in range(10)])

    accepted, _ = await asyncio.gather(post(), house.retained())
    return accepted


async def test_steps_of_models_go_with_alerts(opened: Opened) -> None:
    async with kept(opened, keep=KEEP) as house:
        for at in (T0, T0 + 30 * DAY_MS):
            args = steps.args(steps.TRAINED, version="000001", reason="learned")
            await house.tenant.ask(Command(verb=steps.MODEL_STEP, target="000001", actor="nocd", time=at, args=args))
        opened.clock.forward(41 * DAY_MS)
        assert "1 steps of models" in await house.retained()
        assert await house.count("model_steps") == 1
