"""The feed list: one change, one line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from noctui.state.alertrows import GLYPHS
from noctui.state.cells import pad
from noctui.state.lines import Line, Span, column, dimmed, line
from noctui.state.times import Look, clock

if TYPE_CHECKING:
    from noctui.state.model import Model
    from noctui.state.ring import FeedLine
    from noctui.state.tail import Tail

NARROW, MEDIUM, WIDE = 50, 70, 110


def head(width: int) -> Line:
    """Return the line of column heads."""
    return (" ", "head"), *(
        column(name, cells, "head")
        for name, cells in zip(("TIME", "S", "SITE", "KIND", "WHO", "WHAT", "EXTRA"), _cells(width), strict=True)
        if cells
    )


def row(entry: FeedLine, look: Look, width: int, *, here: bool = False) -> Line:
    """Return the line of a change; what the console itself says (gaps) runs across all columns."""
    mark: Span = (">", "strong") if here else (" ", "text")
    if entry.seq == 0:
        return mark, (pad(f"-- {entry.what} --", width - 1), "gap")
    level = min(entry.rank + 1, 4) if entry.rank is not None else 4
    role = f"p{level}" if entry.rank is not None else "text"
    extra = f"fetched {entry.extra}" if entry.fetched else entry.extra
    texts = (clock(entry.time, look.tz), GLYPHS[level], entry.site, entry.kind, entry.who, entry.what, extra)
    roles = ("muted", role, "text", "muted", "text", role if level < 3 else "text", "muted")  # noqa: PLR2004 - P1 and P2 colour the text
    spans = [column(text, cells, role) for text, cells, role in zip(texts, _cells(width), roles, strict=True) if cells]
    return mark, *spans


def _cells(width: int) -> tuple[int, ...]:
    tiers = ((NARROW, (6, 0, 0, 0)), (MEDIUM, (8, 7, 8, 0)), (WIDE, (8, 7, 8, 14)))
    site, kind, who, extra = next((cells for below, cells in tiers if width < below), (12, 9, 12, 30))
    fixed = (8, 1, site, kind, who)
    taken = 2 + sum(cells + 1 for cells in (*fixed, extra) if cells)
    return (*fixed, max(width - taken, 4), extra)


@dataclass(frozen=True, slots=True)
class FeedSheet:
    """The feed as its widget shows it."""

    model: Model
    tail: Tail
    look: Look
    frozen: bool = False
    heads: bool = True

    @property
    def count(self) -> int:
        """Return how many lines there are."""
        return self.tail.shown

    @property
    def cursor(self) -> int | None:
        """Return the line of the cursor."""
        return self.tail.index

    @property
    def top(self) -> int | None:
        """Return the first line, as the tail has it."""
        return self.tail.top

    def head(self, width: int) -> Line | None:
        """Return the column heads."""
        return head(width) if self.heads else None

    def foot(self, _width: int) -> Line | None:
        """Return what fell out of the ring while paused."""
        lost = self.tail.lost
        return line(f" -- {lost} paused lines made room for newer ones; space goes on --", "stale") if lost else None

    def line(self, index: int, width: int) -> Line:
        """Return a line by its index."""
        entry = self.model.ring.get(self.tail.nos[index])
        if entry is None:
            return line(" (made room)", "muted")
        spans = row(entry, self.look, width, here=index == self.tail.index)
        return dimmed(spans) if self.frozen else spans
