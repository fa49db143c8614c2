"""Runs: each tenant hears of its own part, one that fails stops no other, failures are counted over restarts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from nocd.clock import monotonic_s
from nocd.domain.instant import DAY_MS, zone
from nocd.domain.token import Role
from nocd.errors import StateError
from nocd.jobs import timetable as rows
from nocd.jobs.report import Part, Ran, failure
from nocd.jobs.scheduler import Scheduler
from nocd.jobs.timetable import Upkeep, timetable
from nocd.store import queries, usual
from nocd.store.sqlite import sqlite3
from nocd.tenant import Tenant
from tests.build import T0, Clock, Opened, event, until
from tests.integration.api.desk import running
from tests.integration.jobs.house import kept

SECRET = "damaged page 7"


@dataclass(slots=True, kw_only=True)
class Two:
    """Two tenants, `acme` first, and who looks after both."""

    acme: Tenant
    rival: Tenant
    upkeep: Upkeep
    clock: Clock

    @property
    def jobs(self) -> Scheduler:
        return Scheduler(timetable(self.upkeep), timezone=zone("UTC"), told=self.upkeep.told, monotonic_s=monotonic_s)

    async def heard(self, tenant: Tenant) -> list[dict[str, Any]]:
        """Return every change a tenant's feed has told until now."""
        await tenant.post([event("noc.sample", at=self.clock.now, metric="barrier", value=1.0)])
        await until(lambda: tenant.pipeline.idle)
        return [orjson.loads(change.body) for change in await tenant.log.read(0, limit=10_000)]


@asynccontextmanager
async def two(folder: Path) -> AsyncIterator[Two]:
    clock = Clock()
    acme, rival = (Opened(folder / f"{name}.db", clock=clock) for name in ("acme", "rival"))
    async with kept(acme) as house, rival.tenant() as other:
        upkeep = Upkeep(
            tenants={"acme": house.tenant, "rival": other},
            folder=folder,
            metrics=house.upkeep.metrics,
            settings=house.upkeep.settings,
            feed_stats=house.upkeep.feed_stats,
            flush_tokens=house.upkeep.flush_tokens,
            now_ms=clock,
        )
        yield Two(acme=house.tenant, rival=other, upkeep=upkeep, clock=clock)


@pytest.fixture
async def both(tmp_path) -> AsyncIterator[Two]:
    async with two(tmp_path) as both:
        yield both


def ran(job: str, *, quiet: bool = False, **parts: str) -> Ran:
    """Return a run that failed for the tenants named, each for its reason, and went well for the others."""
    told = {name: Part(ok=not parts.get(name), detail=parts.get(name, "")) for name in ("acme", "rival")}
    return Ran(job=job, ok=not any(parts.values()), seconds=0.5, detail="", quiet=quiet, parts=told)


async def stored(tenant: Tenant, job: str) -> list[tuple[str, str]]:
    items, _ = await tenant.store.read(usual.job_runs, job, before=None, limit=99)
    return [(item["outcome"], item["detail"]) for item in items]


def found(changes: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """Return (severity, how often in a row) of each finding about a failed job."""
    told = [change["data"] for change in changes if change["type"] == "finding_created"]
    return [(each["severity"], each["evidence"]["failures"]) for each in told if each["type"] == "JOB_FAILED"]


@pytest.fixture
def damage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the file of `acme` be damaged."""

    def check(connection: sqlite3.Connection) -> str:
        path = connection.execute("PRAGMA database_list").fetchone()[2]
        return SECRET if path.endswith("acme.db") else "ok"

    monkeypatch.setattr(queries, "quick_check", check)


async def test_a_tenant_hears_nothing_of_what_failed_for_another(both: Two, damage: None) -> None:
    assert not (await both.jobs.run("integrity")).ok
    mine, other = await both.heard(both.acme), orjson.dumps(await both.heard(both.rival)).decode()
    assert SECRET in orjson.dumps(mine).decode()
    assert SECRET not in other
    assert "acme" not in other
    assert "degraded" not in other
    assert found(mine) == [("MEDIUM", 1)]
    assert found(await both.heard(both.rival)) == []
    assert await stored(both.acme, "integrity") == [("failed", f"StateError: {SECRET}; restore a backup")]
    assert await stored(both.rival, "integrity") == [("ok", "sound")]


async def test_where_all_fail_each_is_accused_of_its_own(both: Two) -> None:
    both.upkeep.told(ran("tuning", acme=SECRET, rival="another reason"))
    await until(lambda: not both.upkeep.runs._asking)
    assert found(await both.heard(both.rival)) == [("MEDIUM", 1)]
    told = orjson.dumps(await both.heard(both.rival)).decode()
    assert "another reason" in told
    assert SECRET not in told


async def test_whoever_runs_a_job_is_answered_with_their_own_part(both: Two, damage: None) -> None:
    mine = await both.jobs.run_now("integrity", tenant="acme")
    other = await both.jobs.run_now("integrity", tenant="rival")
    assert (mine["outcome"], other["outcome"], other["detail"]) == ("failed", "ok", "sound")
    assert SECRET in mine["detail"]


async def test_over_http_a_tenant_is_told_of_its_own_part(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    def check(connection: sqlite3.Connection) -> str:
        return SECRET if connection.execute("PRAGMA database_list").fetchone()[2].endswith("default.db") else "ok"

    async with running(root=tmp_path) as desk:
        secret = await desk.give("rival", Role.ADMIN, tenant="rival")
    async with running(root=tmp_path) as desk:  # whoever has a token is served from the start
        desk.tokens["rival"] = secret
        await desk.daemon._scheduler.run("integrity")
        monkeypatch.setattr(queries, "quick_check", check)
        answers = [(await desk.ask("POST", "/v1/jobs/integrity/run", token=who)).json for who in ("admin", "rival")]
        assert [answer["outcome"] for answer in answers] == ["failed", "ok"]
        for path in ("/v1/jobs", "/v1/jobs/integrity/runs", "/v1/health"):
            assert SECRET.encode() not in (await desk.ask("GET", path, token="rival")).body


async def test_health_tells_that_a_tenant_has_trouble_and_not_whose_or_which(both: Two, damage: None) -> None:
    await both.jobs.run("integrity")
    parts = both.upkeep.parts()
    assert parts["store"] == {"state": "degraded", "detail": "1 of 2 tenants"}
    assert parts["jobs"] == {"state": "degraded", "detail": "integrity: 1 of 2 tenants"}


async def test_what_stops_the_whole_run_is_told_to_all(both: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> None:
        raise OSError(28, "No space left", "/var/lib/nocd/tenants/acme.db")

    both.upkeep.flush_tokens = full
    assert not (await both.jobs.run("retention")).ok
    for tenant in (both.acme, both.rival):
        assert found(await both.heard(tenant)) == [("MEDIUM", 1)]
        assert await stored(tenant, "retention") == [("failed", "OSError: No space left")]
    assert both.upkeep.parts()["jobs"]["detail"] == "retention: OSError: No space left"


def test_a_failure_is_told_by_its_own_words_and_without_a_path() -> None:
    assert failure(OSError(28, "full")) == "OSError: [Errno 28] full"
    assert failure(FileNotFoundError(2, "gone", "/tenants/acme.db")) == "FileNotFoundError: gone"


@pytest.mark.parametrize(("job", "done"), [("retention", "retain"), ("tuning", "tune_thresholds")])
async def test_a_tenant_that_fails_does_not_keep_the_job_from_those_after_it(
    both: Two, monkeypatch: pytest.MonkeyPatch, job: str, done: str
) -> None:
    async def fails_for_acme(about: Any, *_: Any, **__: Any) -> str:
        if about in (both.acme, both.acme.store):
            raise StateError(SECRET, code="corrupt_database")
        return "did it"

    monkeypatch.setattr(rows, done, fails_for_acme)
    assert not (await both.jobs.run(job)).ok
    assert "failed" in (await both.jobs.run_now(job, tenant="acme"))["outcome"]
    assert await both.heard(both.acme)
    assert await both.heard(both.rival)
    assert await stored(both.rival, job) == [("ok", "did it")] * 2
    assert [outcome for outcome, _ in await stored(both.acme, job)] == ["failed"] * 2


async def test_a_tenant_whose_log_cannot_be_copied_keeps_no_other_from_its_upkeep(both: Two) -> None:
    async def broken() -> int:
        raise StateError(SECRET, code="corrupt_database")

    both.acme.store.wal_bytes = broken  # type: ignore[method-assign]  # fails where it would
    report = await both.upkeep.keep_house()
    assert [part.ok for part in report.parts.values()] == [False, True]
    assert "rival" in both.upkeep._still


async def test_a_job_that_runs_all_the_time_is_found_at_its_first_and_its_third_failure(both: Two) -> None:
    for detail in ("a", "a", "b", "b", "c", "c"):
        both.upkeep.told(ran("upkeep", quiet=True, acme=detail))
    await until(lambda: not both.upkeep.runs._asking)
    assert found(await both.heard(both.acme)) == [("MEDIUM", 1), ("HIGH", 3)]
    both.upkeep.told(ran("upkeep", quiet=True))
    both.upkeep.told(ran("upkeep", quiet=True, acme="again"))
    await until(lambda: not both.upkeep.runs._asking)
    assert found(await both.heard(both.acme))[2:] == [("MEDIUM", 1)]
    assert found(await both.heard(both.rival)) == []


async def test_a_good_run_of_the_check_is_a_row(both: Two) -> None:
    await both.jobs.run("integrity")
    await both.heard(both.acme)
    assert await stored(both.acme, "integrity") == [("ok", "sound")]
    last = await both.acme.store.read(usual.last_runs)
    assert last["integrity"]["outcome"] == "ok"


async def test_a_weekly_job_is_high_at_the_third_failure_in_a_row_over_restarts(tmp_path) -> None:
    told: list[tuple[str, int]] = []
    for week in range(4):
        async with two(tmp_path) as both:
            both.clock.forward(week * 7 * DAY_MS)
            await both.upkeep.recall(timetable(both.upkeep))
            both.upkeep.told(ran("tuning", acme="no"))
            await until(lambda runs=both.upkeep.runs: not runs._asking)  # type: ignore[misc]  # of this start
            told = found(await both.heard(both.acme))
            assert found(await both.heard(both.rival)) == []
    assert told == [("MEDIUM", 1), ("MEDIUM", 2), ("HIGH", 3), ("HIGH", 4)]


async def test_a_good_run_ends_the_count_over_restarts(tmp_path) -> None:
    async with two(tmp_path) as both:
        for reason in ("no", "no", "", "no"):
            both.upkeep.told(ran("tuning", acme=reason))
        await both.heard(both.acme)
        past = await both.acme.store.read(usual.past_runs)
        assert past == ({"tuning": T0 - 500}, T0 - 500, {"tuning": 1})
    async with two(tmp_path) as both:
        await both.upkeep.recall(timetable(both.upkeep))
        assert both.upkeep.runs._in_a_row == {("tuning", "acme"): 1}


async def test_a_fresh_install_has_nothing_overdue_and_an_old_one_counts_from_its_first_run(tmp_path) -> None:
    async with two(tmp_path) as both:
        jobs = timetable(both.upkeep)
        assert await both.upkeep.recall(jobs) == {}
        both.upkeep.told(ran("integrity"))
        both.clock.forward(3 * DAY_MS)
        both.upkeep.told(ran("tuning"))
        both.upkeep.told(ran("upkeep", quiet=True, acme="a row that is news"))
        await both.heard(both.acme)
        last = await both.upkeep.recall(jobs)
    first, later = T0 - 500, T0 + 3 * DAY_MS - 500
    assert last == {**dict.fromkeys(("scorecard", "retention", "reviews", "integrity"), first), "tuning": later}


async def test_a_run_of_the_future_is_one_of_now(both: Two) -> None:
    both.clock.forward(900 * DAY_MS)
    both.upkeep.told(ran("tuning"))
    await both.heard(both.acme)
    both.clock.now = T0
    assert (await both.upkeep.recall(timetable(both.upkeep)))["tuning"] == T0


async def test_a_store_that_cannot_be_read_keeps_no_daemon_from_starting(both: Two) -> None:
    both.upkeep.told(ran("tuning"))
    await both.heard(both.rival)

    async def damaged(*_: Any, **__: Any) -> None:
        raise StateError(SECRET, code="corrupt_database")

    both.acme.store.read = damaged  # type: ignore[method-assign, assignment]  # fails where it would
    assert (await both.upkeep.recall(timetable(both.upkeep)))["tuning"] == T0 - 500
