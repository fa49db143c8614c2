"""Joining the feed: from any number through the stored past to the live feed, without a hole and without a repeat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nocd.feed import frames
from nocd.feed.filters import events_range
from nocd.feed.frames import Frame, Packer, Part

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from nocd.domain.change import NumberedChange
    from nocd.feed.filters import Filter
    from nocd.feed.hub import Hub
    from nocd.feed.log import FeedLog
    from nocd.feed.subscription import Subscription

PAGE_ROWS = 250
NOT_KEPT = "no longer kept; take a snapshot"
AHEAD = "newer than anything here, as after a restored backup; take a snapshot"


async def parts(log: FeedLog, wanted: Filter, rows: list[NumberedChange]) -> AsyncIterator[Part]:
    """Yield those of `rows` that `wanted` lets through, as its clients see them."""
    for row in rows:
        if not wanted.passes(row.change):
            continue
        if wanted.wants_events(row.change):
            yield wanted.part(row, await log.events_between(*events_range(row)))
        else:
            yield wanted.part(row)


def runs(rows: list[NumberedChange]) -> Iterator[list[NumberedChange]]:
    """Yield `rows` in pieces, nearly always one, whose numbers follow each other without a hole."""
    start = 0
    for end in range(1, len(rows) + 1):
        if end == len(rows) or rows[end].seq != rows[end - 1].seq + 1:
            yield rows[start:end]
            start = end


async def join(
    hub: Hub,
    log: FeedLog,
    subscription: Subscription,
    *,
    after: int | None,
    send: Callable[[Frame], Awaitable[None]],
    hello: Callable[[int, int], Frame],
) -> None:
    """Send `hello(seq, oldest_seq)`, the past after `after` (None: from now) and `caught_up`; attach it to the hub.

    A hole, in what is kept or up to an `after` from the future, is told as a `gap`.
    """
    oldest, stored = await log.bounds()
    newest = max(stored, hub.seq)
    at = hub.seq if after is None else min(after, newest)
    await send(hello(at if after is None else newest, oldest))
    if after is not None and after > newest:
        await send(frames.gap(first=newest + 1, last=after, reason=AHEAD))
    elif at < oldest - 1:
        await send(frames.gap(first=at + 1, last=oldest - 1, reason=NOT_KEPT))
        at = oldest - 1
    while at < hub.seq:
        at = await _tell_page(hub, log, subscription.filter, at, send)
    # Nothing is awaited between this last look at the hub and the attachment, so no commit falls between them.
    hub.attach(subscription, at=at)
    subscription.offer(frames.caught_up(at))


async def _tell_page(hub: Hub, log: FeedLog, wanted: Filter, at: int, send: Callable[[Frame], Awaitable[None]]) -> int:
    """Send the page of the log after `at`, holes in it owned up to; return the number then told."""
    told = hub.seq
    rows = await log.read(at, limit=PAGE_ROWS)
    for run in runs(rows):
        if run[0].seq > at + 1:
            await send(frames.gap(first=at + 1, last=run[0].seq - 1, reason=NOT_KEPT))
        await _tell_run(log, wanted, run, send)
        at = run[-1].seq
    if not rows:
        await send(frames.gap(first=at + 1, last=told, reason=NOT_KEPT))
        at = told
    return at


async def _tell_run(
    log: FeedLog, wanted: Filter, run: list[NumberedChange], send: Callable[[Frame], Awaitable[None]]
) -> None:
    packer = Packer(run[0].seq)
    async for part in parts(log, wanted, run):
        if (full := packer.add(part)) is not None:
            await send(full)
    if (rest := packer.finish(run[-1].seq)) is not None:
        await send(rest)
