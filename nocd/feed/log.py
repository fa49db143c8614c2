"""What the feed asks of the durable log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from nocd.domain.change import NumberedChange
    from nocd.feed.filters import StoredEvent


class FeedLog(Protocol):
    """One tenant's stored changes; a change is readable here before the hub tells it.

    Of a read change the feed uses `seq`, `body`, and type, site, client and severity of `change`; `data` may be empty.
    """

    async def read(self, after: int, *, limit: int) -> list[NumberedChange]:
        """Return at most `limit` changes numbered above `after`, in order, those of a commit all or not yet."""
        ...

    async def bounds(self) -> tuple[int, int]:
        """Return the oldest kept and the newest number; oldest is newest + 1 where nothing is kept."""
        ...

    async def events_between(self, first_no: int, last_no: int) -> list[StoredEvent]:
        """Return the events numbered `first_no` to `last_no`, both included, in order: (no, received_at, body)."""
        ...
