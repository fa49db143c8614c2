"""How long it takes to open an alert at a crowded site, with all that surrounds it, in a database that holds many."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import orjson

from nocd.clock import monotonic_s, now_ms
from nocd.domain.instant import MINUTE_MS
from tests.bench.rows import Row, percentile
from tests.integration.api.crowded import alarm, day, directory
from tests.integration.api.desk import running

if TYPE_CHECKING:
    from tests.bench.stored import Bench

MUST_MS = 200.0
BATCH = 500


def context(bench: Bench) -> list[Row]:
    """Open one alert again and again over HTTP; p99 in milliseconds."""
    took = asyncio.run(_opened(alerts=bench.size(20_000, 200), times=bench.size(300, 5)))
    more = {"p50": round(percentile(took, 50), 2), "alerts": bench.size(20_000, 200)}
    return [Row(name="context", value=percentile(took, 99), must=MUST_MS, unit="ms p99", more=more)]


async def _opened(*, alerts: int, times: int) -> list[float]:
    now = now_ms()
    async with running() as desk:
        await desk.post(*directory(now))
        for start in range(0, alerts, BATCH):
            more = (
                alarm(f"Old-{no}", now - 30 * MINUTE_MS + no, entity_id=f"e{no}") for no in range(start, start + BATCH)
            )
            await desk.post(*more)
        await desk.post(*day(now))
        (alert,) = await desk.items("/v1/alerts?type=Fence&person=G00")
        headers = {"Authorization": f"Bearer {desk.tokens['admin']}"}
        url = f"{desk.daemon.url}/v1/alerts/{alert['id']}"
        took = []
        for _ in range(times):
            began = monotonic_s()
            async with desk.session.get(url, headers=headers) as answer:  # not held to the contract: that takes longer
                body = await answer.read()
            took.append((monotonic_s() - began) * 1_000)
            assert len(orjson.loads(body)["context"]["related"]) == 20
        return took
