"""A list one goes through by key: the cursor is on an id, and nothing moves under it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from noctui.state.find import Filter

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(slots=True)
class Picks:
    """The rows shown and the one under the cursor.

    The order is settled when the operator moves; in between rows keep their places, new ones come last.
    """

    order: list[str] = field(default_factory=list)
    cursor: str | None = None
    filter: Filter = field(default_factory=Filter)

    @property
    def index(self) -> int | None:
        """Return the row of the cursor, or None without one."""
        return self.order.index(self.cursor) if self.cursor is not None and self.cursor in self.order else None

    def settle(self, ranked: Sequence[str]) -> None:
        """Take the rows as they are ranked now."""
        index = self.index or 0
        self.order = list(ranked)
        if self.index is None:
            self.cursor = self.order[min(index, len(self.order) - 1)] if self.order else None

    def follow(self, ranked: Sequence[str]) -> None:
        """Take in rows that came or went, without moving one; where the cursor's row went, the order is settled."""
        shown, kept = set(ranked), [row for row in self.order if row in set(ranked)]
        if self.cursor not in shown or not kept:
            self.settle(ranked)
        elif len(kept) != len(self.order) or len(kept) != len(shown):
            held = set(kept)
            self.order = [*kept, *(row for row in ranked if row not in held)]

    def move(self, ranked: Sequence[str], by: int) -> int:
        """Move the cursor by rows on screen, settle the order, and return how many rows it went."""
        if not self.order:
            return 0
        before = self.index or 0
        index = min(max(before + by, 0), len(self.order) - 1)
        self.cursor = self.order[index]
        self.settle(ranked)
        return index - before
