"""A tenant that is closed while a batch is on its way: what was folded is stored, or neither is."""

from __future__ import annotations

import asyncio

import pytest

from nocd.batch import Accepted
from nocd.errors import UnavailableError
from nocd.tenant import refold
from tests.build import T0, Opened, engine, event, firing

pytestmark = pytest.mark.heavy


@pytest.mark.parametrize("folded", [1, 300, 600, 900])
async def test_a_batch_in_flight_at_the_close_is_whole_or_not_there(tmp_path, folded: int) -> None:
    opened = Opened(tmp_path / "t.db")
    tenant = await opened.open()
    events = [
        *(firing(entity=f"cam-{n}", event_id=f"c{n}", at=T0 + n) for n in range(450)),
        *(event("noc.location.fix", event_id=f"f{n}", at=T0 + n, person=f"P{n}", lat=1.0, lon=2.0) for n in range(450)),
    ]
    posted = asyncio.ensure_future(tenant.post(events))
    while tenant.pipeline.last_no < folded:  # noqa: ASYNC110 - each turn of the loop is a moment to be closed at
        await asyncio.sleep(0)
    await tenant.close()
    answer = (await asyncio.gather(posted, return_exceptions=True))[0]
    assert isinstance(answer, Accepted | UnavailableError)
    async with opened.tenant() as again:
        rows = await again.store.tail(0, 10_000)
        fresh = engine()
        for row in rows:
            refold(fresh, [row])
        assert list(again.pipeline.engine.shelves) == list(fresh.shelves)
        assert again.pipeline.last_no == len(rows)
        if isinstance(answer, Accepted):
            assert answer == Accepted(accepted=900, duplicates=0)
            assert len(rows) == 900
        repeat = await again.post(events)
        assert repeat.accepted + len(rows) == 900
