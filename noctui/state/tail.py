"""Where the feed is looked at: following its end by half-page jumps, or standing still with what came since counted."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from noctui.state.find import Filter

if TYPE_CHECKING:
    from noctui.state.ring import Ring


@dataclass(slots=True)
class Tail:
    """The numbers of the lines that pass the filter; `top` is the first shown, `cursor` the one selected.

    While paused only lines before `paused_at` are shown, so every visible line stays as it is.
    """

    nos: list[int] = field(default_factory=list)
    examined: int = 0
    top: int = 0
    cursor: int | None = None
    paused_at: int | None = None
    lost: int = 0
    filter: Filter = field(default_factory=Filter)

    def follow(self, ring: Ring, page: int) -> None:
        """Take in what the ring gained and dropped; unpaused, keep the newest line on a page that jumps by halves."""
        for no in range(max(self.examined, ring.first), ring.end):
            line = ring.get(no)
            if line is not None and (not self.filter or line.seq == 0 or self.filter(line.words)):
                self.nos.append(no)
        self.examined = ring.end
        self._drop(bisect_left(self.nos, ring.first))
        if self.paused_at is None:
            self._jump(page)

    def _drop(self, count: int) -> None:
        if not count:
            return
        if self.paused_at is not None:
            self.lost += max(count - self.top, 0)
        del self.nos[:count]
        self.top = max(self.top - count, 0)

    def _jump(self, page: int) -> None:
        page = max(page, 1)
        if len(self.nos) > self.top + page or self.top >= len(self.nos):
            self.top = max(len(self.nos) - (page + 1) // 2, 0)
            if len(self.nos) <= page:
                self.top = 0

    @property
    def shown(self) -> int:
        """Return how many lines there are to look at."""
        return len(self.nos) if self.paused_at is None else bisect_left(self.nos, self.paused_at)

    @property
    def waiting(self) -> int:
        """Return how many lines came since the pause."""
        return len(self.nos) - self.shown

    @property
    def index(self) -> int | None:
        """Return the row of the cursor, or None while following."""
        if self.cursor is None or not self.shown:
            return None
        return min(max(bisect_right(self.nos, self.cursor) - 1, 0), self.shown - 1)

    def pause(self, ring: Ring) -> None:
        """Stand still on what is shown, the cursor on the newest line."""
        if self.paused_at is None:
            self.paused_at, self.lost = ring.end, 0
            self.cursor = self.nos[-1] if self.nos else None

    def resume(self, page: int) -> None:
        """Go back to following the newest line."""
        self.paused_at, self.cursor, self.lost = None, None, 0
        self.top = 0
        self._jump(page)

    def move(self, ring: Ring, by: int, page: int) -> None:
        """Move the cursor by lines, which pauses; the page follows the cursor."""
        self.pause(ring)
        if not self.shown:
            return
        index = min(max((self.index or 0) + by, 0), self.shown - 1)
        self.cursor = self.nos[index]
        self.top = min(max(self.top, index - page + 1), index)

    def narrow(self, ring: Ring, found: Filter, page: int) -> None:
        """Show only what passes, from the whole ring."""
        self.filter, self.nos, self.examined, self.top = found, [], 0, 0
        self.follow(ring, page)
        if self.index is not None:
            self.move(ring, 0, page)
