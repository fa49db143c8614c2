"""Hours, thresholds and verdicts on a real file: each hour learned once, whatever stopped when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from nocd.batch import Limits
from nocd.domain.command import Command
from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS
from nocd.jobs.tuning import Budget, tune_thresholds
from nocd.store import usual
from nocd.tenant import Tenant, TenantLimits
from tests.build import T0, Opened, crash, until
from tests.build_site import directory, phone

if TYPE_CHECKING:
    from collections.abc import Iterable

HOURS = 30
BASELINE = "phone_events@S1"


@pytest.fixture
def opened(tmp_path) -> Opened:
    return Opened(tmp_path / "t.db", limits=TenantLimits(pipeline=Limits(save_every_events=100)))


async def hour(tenant: Tenant, opened: Opened, number: int) -> None:
    """Post an hour's events and let the hour before it close."""
    if number == 0:
        await tenant.post(directory(days=90))
    await tenant.post(phone([number], seed=number))
    await wind(tenant, opened, T0 + (number + 1) * HOUR_MS + 10 * MINUTE_MS)


async def wind(tenant: Tenant, opened: Opened, now: int) -> None:
    opened.clock.now = now
    while (due := tenant.pipeline.engine.next_due()) is not None and due <= now:
        tenant.pipeline.tick(now)
        await until(lambda: tenant.pipeline.idle and tenant.pipeline.engine.next_due() != due)


async def learned(opened: Opened, kills: Iterable[int]) -> tuple[list[Any], list[Any]]:
    """Live through the hours, killed after some; return what is known and the rows of closed hours."""
    tenant = await opened.open()
    for number in range(HOURS):
        await hour(tenant, opened, number)
        if number in kills:
            await crash(tenant)
            tenant = await opened.open()
    records = [row for row in tenant.pipeline.engine.shelves if row[0] in ("baseline", "bucket", "site_clock")]
    rows, _ = await tenant.store.read(usual.hours, BASELINE, before=None, after=0, limit=500)
    await tenant.close()
    return records, rows


async def test_each_hour_is_learned_once_wherever_it_is_killed(opened: Opened, tmp_path) -> None:
    other = Opened(tmp_path / "other.db", limits=opened.limits)
    whole, rows = await learned(other, ())
    assert len(rows) == HOURS - 1
    assert await learned(opened, (0, 1, 5, 11, 12, 20, 29)) == (whole, rows)


async def judged(tenant: Tenant, opened: Opened, *, verdict: str, nights: int) -> None:
    """Let the phone fall silent night after night, and judge each alert."""
    for night in range(nights):
        start = 21 * 24 + night * 24
        await tenant.post(phone(range(start, start + 23), seed=start))
        await wind(tenant, opened, T0 + (start + 24) * HOUR_MS + 10 * MINUTE_MS)
        (standing,) = [
            alert
            for alert in tenant.pipeline.engine.shelves.kind("alert").values()
            if alert.type == "ANOMALY_PHONE_EVENTS_BELOW" and alert.unresolved
        ]
        args = {"verdict": verdict}
        asked = Command(verb="resolve", target=standing.id, actor="anna", time=opened.clock.now, args=args)
        assert (await tenant.ask(asked)).ok


@pytest.mark.timeout(120)
async def test_verdicts_move_the_threshold_at_the_next_tuning_and_one_command_takes_it_back(opened: Opened) -> None:
    async with opened.tenant() as tenant:
        await tenant.post(directory(days=90))
        for day in range(21):
            await tenant.post(phone(range(day * 24, day * 24 + 24), seed=day))
            await wind(tenant, opened, T0 + (day + 1) * DAY_MS + 10 * MINUTE_MS)
        await judged(tenant, opened, verdict="false_positive", nights=10)
        told = await tune_thresholds(tenant, budget=Budget(per_site_week=0.0), now=opened.clock.now)
        assert "1 of 5 thresholds moved" in told
        about = tenant.pipeline.engine.hours.baselines.all[BASELINE]
        assert about.threshold == 4.0
        (change,), _ = await tenant.store.read(usual.changes, BASELINE, before=None, limit=9)
        assert (change["old"], change["new"], change["pool"], change["verdicts"]) == (3.0, 4.0, "site", 10)
        assert change["alerts_before"] >= change["alerts_after"]
        assert change["false_positive_rate_before"] == 1.0
        back = Command(
            verb="roll_back", target=BASELINE, actor="admin", time=opened.clock.now, args={"change": change["id"]}
        )
        assert (await tenant.ask(back)).ok
        assert about.threshold == 3.0
        again = await tenant.ask(back)
        assert (again.status, again.body["code"]) == (409, "rolled_back")
    async with opened.tenant() as tenant:
        assert tenant.pipeline.engine.hours.baselines.all[BASELINE].threshold == 3.0
        items, _ = await tenant.store.read(usual.changes, BASELINE, before=None, limit=9)
        assert [item["rolled_back_by"] for item in items] == [None, "admin"]


async def test_a_pinned_threshold_is_left_alone(opened: Opened) -> None:
    async with opened.tenant() as tenant:
        for number in range(3):
            await hour(tenant, opened, number)
        pin = Command(verb="pin", target=BASELINE, actor="admin", time=opened.clock.now, args={"pinned": True})
        assert (await tenant.ask(pin)).ok
        tune = Command(
            verb="tune",
            target=BASELINE,
            actor="tuning",
            time=opened.clock.now,
            args={"threshold": 4.0, "calm_tunings": 0, "reason": "asked before it was pinned"},
        )
        assert (await tenant.ask(tune)).body["code"] == "pinned"
