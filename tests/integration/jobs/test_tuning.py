"""The tuning job: whose verdicts count for whom, who shares a budget, and what one baseline's failure leaves undone."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from nocd.baseline.acts import ThresholdActs
from nocd.baseline.tuning import Tuned, Verdicts, tune
from nocd.detect.samples import series_id
from nocd.domain.baseline import Baseline
from nocd.domain.command import Command, Refused
from nocd.domain.instant import DAY_MS
from nocd.domain.observation import Sample
from nocd.errors import UnavailableError
from nocd.jobs import tuning
from nocd.jobs.tuning import Budget, tune_thresholds
from nocd.store import usual
from nocd.store.sqlite import sqlite3
from nocd.tenant import Tenant
from tests.build import T0, Opened, event

NOW = T0 + DAY_MS
NO_BUDGET = Budget(per_site_week=0.0)
_alerts = count(900_000)


@pytest.fixture
async def tenant(tmp_path):
    async with Opened(tmp_path / "t.db").tenant() as tenant:
        yield tenant


async def sampled(tenant: Tenant, *series: tuple[str, str | None, str | None]) -> None:
    """Post a point of each (metric, site, entity)."""
    points = [
        event("noc.sample", metric=metric, value=1.0, site=site, entity=entity) for metric, site, entity in series
    ]
    await tenant.post(points)


async def judge(tenant: Tenant, baseline: str, verdict: str = "false_positive", *, times: int) -> None:
    """Leave verdicts on alerts that a baseline led to."""
    sql = "INSERT INTO verdicts VALUES (?, ?, ?, 'ANOMALY', NULL, NULL, NULL, ?)"
    await tenant.store.run([(sql, (next(_alerts), T0 + 1, verdict, baseline)) for _ in range(times)])


def disk(entity: str) -> str:
    """Return the id of a baseline of no site."""
    return series_id(Sample(metric="disk", value=1.0, entity=entity))


def thresholds(tenant: Tenant) -> dict[str, float]:
    return {name: about.threshold for name, about in tenant.pipeline.engine.hours.baselines.all.items()}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """Return what the ladder is asked for each baseline's pool of its own, by its count of verdicts."""
    seen: dict[str, dict[str, Any]] = {}

    def spied(pools: list[Verdicts], **more: Any) -> Tuned:
        seen[f"{len(seen)}"] = {"pools": {pool.pool: pool.verdicts for pool in pools}, **more}
        return tune(pools, **more)

    monkeypatch.setattr(tuning, "tune", spied)
    return seen


@pytest.mark.parametrize(("metric", "entity"), [("disk", "db@host"), ("disk@db", "host"), ("100%", "a:b")])
async def test_verdicts_on_a_series_count_for_its_metric_whatever_its_id_looks_like(
    tenant: Tenant, metric: str, entity: str
) -> None:
    mine, like = (series_id(Sample(metric=metric, value=1.0, entity=each)) for each in (entity, "other"))
    await sampled(tenant, (metric, None, entity), (metric, None, "other"))
    await judge(tenant, mine, times=12)
    assert await tune_thresholds(tenant, budget=NO_BUDGET, now=NOW) == "2 of 2 thresholds moved"
    assert thresholds(tenant) == {mine: 4.0, like: 4.0}


async def test_verdicts_on_a_baseline_that_is_gone_fall_away(tenant: Tenant) -> None:
    await sampled(tenant, ("disk", None, "a"))
    await judge(tenant, disk("gone"), times=12)
    assert await tune_thresholds(tenant, budget=NO_BUDGET, now=NOW) == "0 of 1 thresholds moved, 1 skipped"
    assert thresholds(tenant) == {disk("a"): 3.0}


async def test_what_a_verdict_does_not_say_is_not_counted(tenant: Tenant, asked: dict[str, dict[str, Any]]) -> None:
    await sampled(tenant, ("disk", None, "a"))
    await judge(tenant, disk("a"), "benign", times=4)
    await judge(tenant, disk("a"), "unsure", times=4)
    await tune_thresholds(tenant, budget=NO_BUDGET, now=NOW)
    assert asked["0"]["pools"] == {"site": 4, "all": 4}


async def test_a_series_of_no_site_has_a_budget_of_its_own_and_those_of_a_site_share_one(
    tenant: Tenant, asked: dict[str, dict[str, Any]]
) -> None:
    await tenant.post([event("noc.site", id="S1", name="Site 1", timezone="UTC", client="ACME")])
    await sampled(tenant, *(("disk", None, f"h{n}") for n in range(5)), ("queue", "S1", None), ("queue", "S1", "gate"))
    await tune_thresholds(tenant, budget=Budget(per_site_week=3.0), now=NOW)
    assert sorted(each["per_week"] for each in asked.values()) == [1.5, 1.5, 3.0, 3.0, 3.0, 3.0, 3.0]


async def test_a_refusal_and_a_command_the_engine_cannot_take_are_counted_and_the_rest_is_tuned(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    act = ThresholdActs.act

    def faulty(self: ThresholdActs, command: Command, *, now: int) -> Any:
        if command.target == disk("b"):
            raise ZeroDivisionError("poisoned")
        if command.target == disk("c"):
            raise Refused("pinned", "pinned since it was asked")
        return act(self, command, now=now)

    await sampled(tenant, *(("disk", None, name) for name in "abcd"))
    await judge(tenant, disk("a"), times=12)
    monkeypatch.setattr(ThresholdActs, "act", faulty)
    told = await tune_thresholds(tenant, budget=NO_BUDGET, now=NOW)
    assert told == "2 of 4 thresholds moved, 1 failed, 1 refused"
    assert thresholds(tenant) == {disk("a"): 4.0, disk("b"): 3.0, disk("c"): 3.0, disk("d"): 4.0}


async def test_an_engine_that_takes_no_commands_any_more_ends_the_tuning(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sampled(tenant, ("disk", None, "a"), ("disk", None, "b"))
    await judge(tenant, disk("a"), times=12)
    monkeypatch.setattr(tuning, "MENDED_WITHIN_S", 0.05)
    tenant.pipeline.broken = UnavailableError("the disk is gone")
    with pytest.raises(UnavailableError, match="the disk is gone"):
        await tune_thresholds(tenant, budget=NO_BUDGET, now=NOW)
    tenant.pipeline.broken = None


async def test_the_verdicts_of_a_baseline_are_found_by_an_index(tenant: Tenant) -> None:
    def plans(connection: sqlite3.Connection) -> list[str]:
        asked: list[str] = []
        connection.set_trace_callback(asked.append)
        usual.scored(connection, disk("a"), after=0)
        connection.set_trace_callback(None)
        return [row[3] for sql in asked for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]

    plan = await tenant.store.read(plans)
    assert any("USING INDEX verdicts_of (baseline=?" in step for step in plan), plan
    assert not [step for step in plan if step.startswith("SCAN")]


@pytest.mark.parametrize(("now", "ordinal"), [(0, 719_163), (DAY_MS - 1, 719_163), (T0, 739_617)])
def test_hours_of_old_count_by_their_date(now: int, ordinal: int) -> None:
    asked: list[int] = []

    class Aged:
        def effective_ns(self, day: int) -> list[float]:
            asked.append(day)
            return [1.0, 5.0, 90.0]

    assert tuning._effective_n(Aged(), now) == 5.0  # type: ignore[arg-type]  # a profile that tells its day
    assert asked == [ordinal]
    assert tuning._effective_n(None, now) == 0.0
    assert tuning._place(Baseline(id="x@y", series="", metric="x")) != tuning._place(
        Baseline(id="m@x@y", series="x@y", metric="m")
    )
