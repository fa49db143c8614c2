"""Events from files into a tenant, on the events' own clock: time is the largest event time so far."""

from __future__ import annotations

import asyncio
import gzip
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from nocd.ingest.refusal import DecodeError
from nocd.store import queries

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from nocd.domain.event import Event
    from nocd.ingest.decode import Decoder
    from nocd.tenant import Tenant

BATCH = 1_000
_EVER = 221_845_392_000_000  # the year 9000: nothing is refused as too far ahead, and an event without a time shows


@dataclass(slots=True)
class EventClock:
    """The largest event time seen (UTC milliseconds)."""

    now: int = 0

    def __call__(self) -> int:
        """Return it."""
        return self.now


@dataclass(slots=True, kw_only=True)
class Replay:
    """Takes lines, hands batches to a tenant, counts; at `speed` event seconds a second, or as fast as it goes."""

    tenant: Tenant
    decoder: Decoder
    clock: EventClock
    shift_ms: int = 0
    speed: float | None = None
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0

    async def run(self, lines: Iterable[bytes]) -> None:
        """Replay all lines, in their order."""
        waiting = iter(lines)
        size = BATCH if self.speed is None else 1
        while chunk := await asyncio.to_thread(lambda: list(islice(waiting, size))):
            former = self.clock.now
            events = [event for line in chunk if (event := self._event(line)) is not None]
            if self.speed is not None and former:
                await asyncio.sleep((self.clock.now - former) / 1_000 / self.speed)
            done = await self.tenant.post(events)
            self.accepted += done.accepted
            self.duplicates += done.duplicates

    def _event(self, line: bytes) -> Event | None:
        try:
            event = self.decoder.line(line, received_at=_EVER, source="replay")
        except DecodeError:
            self.rejected += 1
            return None
        time = self.clock.now if event.time == _EVER else event.time + self.shift_ms
        self.clock.now = max(self.clock.now, time)
        return replace(event, time=time, received_at=self.clock.now, claimed_time=None, late=False)


def lines_of(paths: Iterable[Path]) -> Iterator[bytes]:
    """Yield the lines of NDJSON files, plain or gzipped, blank ones left out."""
    with ExitStack() as stack:
        for path in paths:
            file = stack.enter_context(path.open("rb"))
            packed = file.peek(2)[:2] == b"\x1f\x8b"
            reader = stack.enter_context(gzip.GzipFile(fileobj=file)) if packed else file
            yield from (stripped for line in reader if (stripped := line.strip()))


def last_time(paths: Iterable[Path], decoder: Decoder) -> int:
    """Return the largest event time in files, 0 where there is none; what is no event is passed over."""
    newest = 0
    for line in lines_of(paths):
        try:
            time = decoder.line(line, received_at=_EVER, source="replay").time
        except DecodeError:
            continue
        newest = max(newest, 0 if time == _EVER else time)
    return newest


async def totals(tenant: Tenant) -> dict[str, Any]:
    """Return what a tenant holds in the end: findings by type, and how many alerts, incidents, tickets and scores."""
    findings, counts = await tenant.store.read(queries.totals)
    return {"findings": findings, **counts}
