"""Key figures over a tenant's life: sampled, told where they moved, rolled up, and let go of."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, rfc3339
from nocd.jobs.kpis import Refresh
from nocd.store import kpis
from nocd.store.kpis import merged
from nocd.triage.kpis import EVENTS, GAUGES
from tests.build import T0, Opened, crash, event, firing
from tests.integration.jobs.house import House, kept

NOTHING = dict.fromkeys((*GAUGES, EVENTS), 0)


@pytest.fixture
def opened(tmp_path) -> Opened:
    return Opened(tmp_path / "t.db")


async def refreshed(house: House, *, after: int = 5 * MINUTE_MS) -> list[dict[str, Any]]:
    """Let the job run `after` (ms), and return what has been told until then."""
    house.clock.forward(after)
    report = await house.upkeep.refresh()
    assert report.parts["default"].ok, report
    return await house.told("metrics_refresh")


async def trend(house: House, scope: str, *, days: int) -> dict[str, Any]:
    return await house.tenant.store.read(kpis.trend, scope, span_ms=days * DAY_MS, now=house.clock.now)


def site(name: str, client: str) -> Any:
    return event("noc.site", id=name, name=f"Site {name}", timezone="UTC", client=client)


async def test_figures_are_kept_each_time_and_told_where_they_moved(opened: Opened) -> None:
    async with kept(opened) as house:
        await house.tenant.post([site("S1", "ACME"), site("S2", "OTHER"), firing()])
        told = await refreshed(house)
        assert {(each["scope"], each["site"], each["client"]) for each in told} == {
            ("site", "S1", "ACME"),
            ("site", "S2", "OTHER"),
            ("client", None, "ACME"),
            ("client", None, "OTHER"),
            ("all", None, None),
        }
        mine = next(each for each in told if each["site"] == "S1")
        assert (mine["site_name"], mine["state"], mine["figures"]["alerts_open"]) == ("Site S1", "WARNING", 1)
        assert mine["figures"]["events"] == 1
        whole = told[-1]
        assert (whole["state"], whole["states"]) == ("WARNING", {"NORMAL": 1, "WARNING": 1})
        assert whole["reasons"] == ["1 sites are WARNING"]
        assert len(await refreshed(house)) == len(told)  # nothing moved but the number of events
        await house.tenant.post([firing(severity="CRITICAL")])
        moved = (await refreshed(house))[len(told) :]
        assert [(each["scope"], each["figures"]["alerts_critical"]) for each in moved] == [
            ("site", 1),
            ("client", 1),
            ("all", 1),
        ]
        points = (await trend(house, "site:S1", days=1))["points"]
        assert [point["events"] for point in points] == [1, 0, 1]
        assert points[-1]["figures"]["alerts_critical"] == {"mean": 1, "min": 1, "max": 1}


async def test_a_restart_counts_no_event_again(opened: Opened) -> None:
    tenant = await opened.open()
    await tenant.post([site("S1", "ACME"), firing()])
    await crash(tenant)
    async with kept(opened) as house:
        await house.tenant.post([firing("Door")])
        (mine,) = [each for each in await refreshed(house) if each["site"] == "S1"]
        assert mine["figures"]["events"] == 1


async def test_samples_become_hours_and_days_and_go_in_their_time(opened: Opened) -> None:
    async with kept(opened) as house:
        await house.tenant.post([site("S1", ""), firing()])
        for _ in range(50 * 2):
            await refreshed_quietly(house, after=30 * MINUTE_MS)
        by_hour = await trend(house, "site:S1", days=7)
        assert by_hour["minutes"] == 60
        assert by_hour["points"][1]["time"] == rfc3339(T0 + HOUR_MS)
        assert {point["samples"] for point in by_hour["points"][1:]} == {2}
        assert sum(point["events"] for point in by_hour["points"]) == 1
        by_day = await trend(house, "site:S1", days=40)
        assert [(point["time"], point["samples"]) for point in by_day["points"]] == [
            (rfc3339(T0), 47),
            (rfc3339(T0 + DAY_MS), 48),
        ]
        assert by_day["points"][0]["figures"]["alerts_open"]["max"] == 1
        assert by_day["points"][0]["figures"]["alerts_open"]["mean"] < 1  # it ended after a quiet hour
        house.clock.forward(8 * DAY_MS)
        assert "key figures" in await house.retained()
        assert (await trend(house, "site:S1", days=2))["points"] == []
        house.clock.forward(90 * DAY_MS)
        assert "key figures" in await house.retained()
        assert len((await trend(house, "site:S1", days=400))["points"]) == 2


async def refreshed_quietly(house: House, *, after: int) -> None:
    house.clock.forward(after)
    house.tenant.pipeline.tick(house.clock.now)
    await house.tenant.pipeline.drain()
    assert (await house.upkeep.refresh()).parts["default"].ok


async def test_where_wanted_they_are_samples_that_baselines_watch(opened: Opened) -> None:
    async with kept(opened) as house:
        house.upkeep.figures = Refresh(samples=True)
        await house.tenant.post([site("S1", "ACME"), firing()])
        await refreshed(house)
        series = house.tenant.pipeline.engine.shelves.kind("series")
        assert {"nocd.kpi.alerts_open@S1", "nocd.kpi.events@-", "nocd.kpi.people_missing@S1"} <= set(series)


def test_rows_are_averaged_by_their_samples_and_events_are_added_up() -> None:
    one = kpis.sampled("all", T0, {**NOTHING, "alerts_open": 4, EVENTS: 10})[1][3]
    two = merged([kpis.sampled("all", T0, {**NOTHING, "alerts_open": n, EVENTS: 1})[1][3] for n in (1, 0)])
    count, events, mean, low, high = orjson.loads(merged([one, two]))
    place = GAUGES.index("alerts_open")
    assert (count, events) == (3, 12)
    assert (mean[place], low[place], high[place]) == (pytest.approx(5 / 3, abs=0.001), 0, 4)


async def test_a_site_removed_while_it_is_counted_is_passed_over(opened: Opened) -> None:
    async with kept(opened) as house:
        await house.tenant.post([site("S1", "ACME")])
        figures = await house.tenant.figures(house.clock.now)
        await house.tenant.post([site("S2", "ACME")])
        assert await house.tenant.figures(house.clock.now) is figures  # fresh enough
        (report,) = (await house.upkeep.refresh()).parts.values()
        assert report.detail == "3 scopes"


async def test_a_day_is_rolled_up_only_once_all_of_its_hours_are(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nocd.jobs.kpis._PERIODS_MAX", 3)  # of the hours that are over, so many a run
    async with kept(opened) as house:
        start = T0 - T0 % DAY_MS
        samples = [kpis.sampled("all", start + hour * HOUR_MS, NOTHING) for hour in range(5)]
        await house.tenant.store.run(samples)
        house.clock.now = start + DAY_MS
        await refreshed(house)
        assert (await trend(house, "all", days=40))["points"] == []
        await refreshed(house)
        (day,) = (await trend(house, "all", days=40))["points"]
        assert day["samples"] == 5
