"""Signals, baselines, thresholds and jobs over HTTP, on a site that has learned for two weeks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, rfc3339
from nocd.domain.token import Role
from tests.build import T0, Clock, until
from tests.integration.api.desk import Desk, running
from tests.integration.api.planted import false_alerts
from tests.unit.ingest.examples import envelope

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.asyncio(loop_scope="module")
DAYS = 15
NOW = T0 + DAYS * DAY_MS + 90 * MINUTE_MS


def entry(event_type: str, number: int, at: int = T0, **data: Any) -> dict[str, Any]:
    return envelope(event_type, data, id=f"{event_type}-{number}", source="/usual", time=rfc3339(at))


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def desk() -> AsyncIterator[Desk]:
    clock = Clock()
    async with running(clock=clock) as desk:
        await desk.give("elsewhere", Role.OPERATOR, sites=frozenset({"S9"}))
        await desk.post(
            entry("noc.site", 1, id="S1", name="Dock", timezone="Europe/Berlin", client="ACME"),
            entry("noc.person", 1, id="P1", name="Asha Rao", sites=["S1"]),
            entry("noc.person", 2, id="P2", name="Jo Bell", sites=["S1"]),
        )
        for day in range(DAYS + 1):
            await live_a_day(desk, clock, day)
        clock.now = NOW
        yield desk


async def live_a_day(desk: Desk, clock: Clock, day: int) -> None:
    """Let P1 be on duty all day and their phone tell 20 things near the end of each hour, until NOW."""
    start = T0 + day * DAY_MS
    times = {"start": rfc3339(start), "end": rfc3339(start + DAY_MS)}
    await desk.post(entry("noc.shift", day, start, id=f"SH{day}", site="S1", person="P1", **times))
    hours = 1 if day == DAYS else 24
    for hour in range(hours):
        begins = start + hour * HOUR_MS
        clock.now = begins + HOUR_MS
        events = [
            entry(
                "noc.phone.event",
                (day * 24 + hour) * 20 + number,
                begins + 51 * MINUTE_MS + number * 25_000,
                person="P1",
                kind="login",
            )
            for number in range(20)
        ]
        await desk.post(*events)
        await close(desk, begins + HOUR_MS + 10 * MINUTE_MS)


async def close(desk: Desk, now: int) -> None:
    pipeline = desk.daemon.tenants["default"].pipeline
    if now <= NOW:
        pipeline.tick(now)
        await until(lambda: pipeline.idle and (pipeline.engine.next_due() or now) >= now)


async def test_a_persons_signals_tell_silence_from_what_nobody_knows(desk: Desk) -> None:
    seen = (await desk.ask("GET", "/v1/telemetry/people/P1/signals?window_minutes=60")).json
    assert (seen["site"], seen["on_duty"], seen["window_minutes"]) == ("S1", True, 60)
    assert seen["signals"]["phone_events"]["quality"] == "observed"
    assert 19 <= seen["signals"]["phone_events"]["value"] <= 22
    assert seen["signals"]["tasks_completed"] == {"value": 0, "quality": "observed"}
    unknown = (await desk.ask("GET", "/v1/telemetry/people/P2/signals")).json
    assert {signal["quality"] for signal in unknown["signals"].values()} == {"unknown"}


async def test_a_sites_signals_are_the_sum_over_who_is_on_duty(desk: Desk) -> None:
    seen = (await desk.ask("GET", "/v1/telemetry/sites/S1/signals")).json
    assert (seen["people_on_duty"], [each["person"] for each in seen["people"]]) == (1, ["P1"])
    assert seen["signals"]["phone_events"] == seen["people"][0]["signals"]["phone_events"]


async def test_a_baseline_knows_its_week_after_fourteen_days(desk: Desk) -> None:
    (item,) = await desk.items("/v1/baselines?site=S1&metric=phone_events")
    assert (item["id"], item["stable_hours"], item["threshold"]) == ("phone_events@S1", 168, 3.0)
    week = (await desk.ask("GET", "/v1/baselines/phone_events@S1")).json
    assert len(week["buckets"]) == 168
    assert all(bucket["stable"] and bucket["low"] < 20 < bucket["high"] for bucket in week["buckets"])
    hours = (await desk.ask("GET", "/v1/baselines/phone_events@S1/hours?limit=3")).json
    assert [hour["value"] for hour in hours["items"]] == [20.0] * 3
    rest = (await desk.ask("GET", f"/v1/baselines/phone_events@S1/hours?limit=3&cursor={hours['cursor']}")).json
    assert rest["items"][0]["hour"] < hours["items"][-1]["hour"]


async def test_a_threshold_is_tried_set_pinned_and_taken_back(desk: Desk) -> None:
    path = "/v1/baselines/phone_events@S1"
    tried = (await desk.ask("POST", f"{path}/simulate", token="operator", json={"threshold": 2.0})).json
    assert (tried["now"]["threshold"], tried["then"]["threshold"]) == (3.0, 2.0)
    assert tried["hours"] > 200
    assert (await desk.ask("POST", f"{path}/threshold", token="operator", json={"threshold": 2.0})).status == 403
    for wrong in ({"threshold": 1.4}, {"threshold": 5.1}, {"threshold": "3"}, {}, {"threshold": 3, "why": "x"}):
        assert (await desk.ask("POST", f"{path}/threshold", json=wrong)).status == 400, wrong
    moved = await desk.ask("POST", f"{path}/threshold", json={"threshold": 2.0}, headers={"Idempotency-Key": "once"})
    again = await desk.ask("POST", f"{path}/threshold", json={"threshold": 2.0}, headers={"Idempotency-Key": "once"})
    assert moved.json["change"] == again.json["change"]
    change = moved.json["change"]
    assert (change["old"], change["new"], change["actor"], change["delta"]) == (3.0, 2.0, "admin", -1.0)
    assert (await desk.ask("POST", f"{path}/pin", json={"pinned": True})).json["baseline"]["pinned"]
    back = await desk.ask("POST", f"{path}/changes/{change['id']}/rollback", json={"note": "too many"})
    assert back.json["baseline"]["threshold"] == 3.0
    twice = await desk.ask("POST", f"{path}/changes/{change['id']}/rollback")
    assert twice.told == (409, "rolled_back")
    assert not (await desk.ask("POST", f"{path}/pin", json={"pinned": False})).json["baseline"]["pinned"]
    rows = (await desk.ask("GET", f"{path}/changes")).json["items"]
    moves = [row for row in rows if row["delta"]]
    assert [row["rolled_back_by"] for row in moves] == [None, "admin"]
    assert [row["reason"] for row in rows if not row["delta"]] == ["let go of", "pinned"]
    assert all(row["alerts_before"] is not None for row in moves)


async def test_a_token_of_another_site_sees_nothing_of_it(desk: Desk) -> None:
    assert await desk.items("/v1/baselines", token="elsewhere") == []
    for path in (
        "/v1/baselines/phone_events@S1",
        "/v1/baselines/phone_events@S1/hours",
        "/v1/telemetry/sites/S1/signals",
        "/v1/telemetry/people/P1/signals",
    ):
        assert (await desk.ask("GET", path, token="elsewhere")).told == (404, "not_found"), path


async def test_jobs_are_listed_and_run_by_name(desk: Desk) -> None:
    ran = (await desk.ask("POST", "/v1/jobs/tuning/run")).json
    assert ran["outcome"] == "ok"
    assert "thresholds moved" in ran["detail"]
    await until(lambda: desk.daemon.tenants["default"].pipeline.idle)
    (listed,) = (job for job in await desk.items("/v1/jobs") if job["name"] == "tuning")
    assert (listed["plan"], listed["last_outcome"], listed["last_detail"]) == ("sun at 03:00", "ok", ran["detail"])
    assert [run["outcome"] for run in await desk.items("/v1/jobs/tuning/runs")] == ["ok"]
    assert (await desk.ask("POST", "/v1/jobs/nonsense/run")).told == (404, "not_found")


async def test_a_threshold_is_proposed_after_three_false_alerts_and_set_by_an_operator(desk: Desk) -> None:
    path = "/v1/proposals/location_updates@S1/accept"
    assert await desk.items("/v1/proposals") == []
    assert (await desk.ask("POST", path, token="operator")).told == (409, "nothing_proposed")
    await false_alerts(desk.daemon.tenants["default"], "location_updates@S1", before=NOW)
    assert await desk.items("/v1/proposals", token="elsewhere") == []
    (proposed,) = await desk.items("/v1/proposals", token="operator")
    assert (proposed["baseline"], proposed["false_positives"], proposed["old"]) == ("location_updates@S1", 3, 3.0)
    assert proposed["new"] > 3.2
    assert proposed["alerts_before"] > proposed["alerts_after"]
    best = await desk.ask("POST", "/v1/baselines/location_updates@S1/optimum", json={"false_positive_rate": 0.15})
    assert best.json["threshold"] == pytest.approx(proposed["new"], abs=0.011)
    taken = (await desk.ask("POST", path, token="operator")).json
    assert (taken["baseline"]["threshold"], taken["change"]["actor"]) == (proposed["new"], "operator")
    assert await desk.items("/v1/proposals") == []
