"""Phones without a network: what they saw arrives minutes later, and sometimes twice."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING

from nocd.domain.instant import MINUTE_MS
from nocd.simulate.seeding import chance

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nocd.simulate.observe import Raw

BUFFERED_MAX_MS = 8 * MINUTE_MS
REPEATED_AFTER_MAX_MS = MINUTE_MS
_OFFLINE_SHARE = 0.03
_TWICE_SHARE = 0.25
_PHONES = "/phones/"


def disordered(seed: int, stream: Iterable[Raw]) -> Iterator[Raw]:
    """Yield the stream as it arrives: in order, but for phones that were offline for up to eight minutes."""
    held: list[tuple[int, int, Raw]] = []
    for number, raw in enumerate(stream):
        while held and held[0][0] <= raw.time:
            yield heappop(held)[2]
        arrives = _arrives(seed, raw)
        if arrives is None:
            yield raw
            continue
        heappush(held, (arrives, 2 * number, raw))
        if chance(seed, "twice", raw.id) < _TWICE_SHARE:
            heappush(held, (arrives + REPEATED_AFTER_MAX_MS, 2 * number + 1, raw))
    while held:
        yield heappop(held)[2]


def _arrives(seed: int, raw: Raw) -> int | None:
    """Return when a buffered event is sent, at the end of its phone's offline stretch; None if never buffered."""
    if not raw.source.startswith(_PHONES):
        return None
    stretch = raw.time // BUFFERED_MAX_MS
    if chance(seed, "offline", raw.source, stretch) >= _OFFLINE_SHARE:
        return None
    return (stretch + 1) * BUFFERED_MAX_MS
