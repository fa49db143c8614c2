"""What a list widget shows: lines by index, so that only the visible ones are ever made."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from noctui.state.lines import Line


class Sheet(Protocol):
    """Lines to show; `cursor` is kept in view, `top` (where not None) says which line comes first."""

    @property
    def count(self) -> int:
        """Return how many lines there are."""

    @property
    def cursor(self) -> int | None:
        """Return the line of the cursor."""

    @property
    def top(self) -> int | None:
        """Return the first line to show, or None where the widget may choose."""

    def head(self, width: int) -> Line | None:
        """Return a line that stays above."""

    def foot(self, width: int) -> Line | None:
        """Return a line that stays below."""

    def line(self, index: int, width: int) -> Line:
        """Return a line by its index."""


class Ordered(Protocol):
    """What a list keeps of its rows: their ids in order, and where the cursor is."""

    @property
    def order(self) -> Sequence[str]:
        """Return the ids as they stand."""

    @property
    def index(self) -> int | None:
        """Return the row of the cursor."""


class ListSheet(ABC):
    """What lists of things with a cursor share; one of nothing has a line that says why."""

    __slots__ = ()

    @property
    @abstractmethod
    def listed(self) -> Ordered:
        """Return the rows."""

    @property
    def count(self) -> int:
        """Return how many lines there are."""
        return len(self.listed.order) or 1

    @property
    def cursor(self) -> int | None:
        """Return the line of the cursor."""
        return self.listed.index

    @property
    def top(self) -> int | None:
        """Return None: the widget keeps the cursor on its line of the screen."""
        return None

    def foot(self, _width: int) -> Line | None:
        """Return None: nothing stays below."""
        return None


@dataclass(frozen=True, slots=True)
class TextSheet:
    """Lines that are there already; one may stay above them."""

    lines: Sequence[Line] = ()
    above: Line | None = None

    @property
    def count(self) -> int:
        """Return how many lines there are."""
        return len(self.lines)

    @property
    def cursor(self) -> int | None:
        """Return None: text has no cursor."""
        return None

    @property
    def top(self) -> int | None:
        """Return None: text is scrolled by its widget."""
        return None

    def head(self, _width: int) -> Line | None:
        """Return the line that stays above, if any."""
        return self.above

    def foot(self, _width: int) -> Line | None:
        """Return None: nothing stays below."""
        return None

    def line(self, index: int, _width: int) -> Line:
        """Return a line by its index."""
        return self.lines[index]


@dataclass(frozen=True, slots=True)
class PickSheet:
    """Lines that are there already, one of them under a cursor (None: they are only read); one may stay above them."""

    lines: Sequence[Line] = ()
    at: int | None = None
    above: Line | None = None

    @property
    def count(self) -> int:
        """Return how many lines there are."""
        return len(self.lines)

    @property
    def cursor(self) -> int | None:
        """Return the line of the cursor."""
        return self.at if self.at is not None and self.at < len(self.lines) else None

    @property
    def top(self) -> int | None:
        """Return None: the widget keeps the cursor on its line of the screen."""
        return None

    def head(self, _width: int) -> Line | None:
        """Return the line that stays above, if any."""
        return self.above

    def foot(self, _width: int) -> Line | None:
        """Return None: nothing stays below."""
        return None

    def line(self, index: int, _width: int) -> Line:
        """Return a line by its index."""
        return self.lines[index]
