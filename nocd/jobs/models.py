"""The jobs of fraud models: training once a week; every day a look for drift, and whether the former one returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from nocd.jobs.champion import judge_champion
from nocd.jobs.report import Report, each
from nocd.jobs.scheduler import Job

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nocd.jobs.champion import KeepsModels
    from nocd.tenant import Tenant

LIMIT_S = 1_800


class Trains(Protocol):
    """What trains a tenant's model and looks whether it drifted; both return what came of it."""

    async def retrain(self, name: str, tenant: Tenant, /) -> str:
        """Train anew."""
        ...

    async def look(self, name: str, tenant: Tenant, /) -> str:
        """Look for drift."""
        ...


def model_jobs(
    trains: Trains, keeps: KeepsModels, tenants: Mapping[str, Tenant], now_ms: Callable[[], int]
) -> list[Job]:
    """Return the jobs of the models of `tenants`."""

    async def retrain() -> Report:
        return await each(tenants, trains.retrain)

    async def drift() -> Report:
        return await each(tenants, trains.look)

    async def champion() -> Report:
        return await each(tenants, lambda _, tenant: judge_champion(tenant, keeps, now=now_ms()))

    return [
        Job(name="retrain", run=retrain, at="02:00", day="sun", limit_s=LIMIT_S),
        Job(name="drift", run=drift, at="02:30", limit_s=LIMIT_S),
        Job(name="champion", run=champion, at="05:45", limit_s=600),
    ]
