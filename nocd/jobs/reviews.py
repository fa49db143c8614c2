"""Daily: what is put up for review, so that a model also learns where nobody is looking."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from nocd.domain.instant import DAY_MS
from nocd.fraud.review import CHOSEN_A_WEEK, WEIGHT, Sample
from nocd.store import reviews as rows

if TYPE_CHECKING:
    from nocd.tenant import Tenant

SETTLED_MS: Final = 2 * DAY_MS  # later nothing more is found of a punch: its score stays
LOOK_BACK_MS: Final = 31 * DAY_MS
WEEK_MS: Final = 7 * DAY_MS
_SLICE: Final = 500


async def put_up(tenant: Tenant, *, now: int) -> str:
    """Put up a tenant's punches of a month, the last two days apart; return how many, and what they were put up for.

    What was put up stays; a run that is repeated puts up nothing else at random, and no more in a week than it may.
    """
    until, store = now - SETTLED_MS, tenant.store
    sample = Sample(key=await store.read(rows.lot_key), choose_from=until - WEEK_MS)
    place = (until - LOOK_BACK_MS, 0)
    while slice_ := await store.read(rows.seen, place, until=until, limit=_SLICE):
        sample.take(slice_)
        place = slice_[-1].time, slice_[-1].no
        await asyncio.sleep(0)
    room = max(0, CHOSEN_A_WEEK - await store.read(rows.chosen_since, now - WEEK_MS))
    near, unlike = await asyncio.to_thread(sample.choose, room)
    for start in range(0, len(sample.drawn), _SLICE):
        drawn = sample.drawn[start : start + _SLICE]
        await store.run([rows.put_up(no, now, rows.RANDOM, WEIGHT) for no in drawn])
    await store.run([rows.put_up(no, now, rows.CHOSEN, 1.0) for no in (*near, *unlike)])
    told = ((sample.drawn, "at random"), (near, "near the ticket threshold"), (unlike, "unlike anything labelled"))
    return ", ".join(f"{len(found)} {why}" for found, why in told if found) or "nothing to put up"
