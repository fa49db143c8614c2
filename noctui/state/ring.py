"""The newest lines of the feed, each under a number that never changes."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LINES_MAX = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLine:
    """One line of the feed; `seq` 0 marks what the console itself has to say (gaps)."""

    seq: int
    time: int
    kind: str
    what: str
    rank: int | None = None
    site: str = ""
    who: str = ""
    extra: str = ""
    alert: str = ""
    fetched: bool = False

    @property
    def words(self) -> str:
        """Return what the plain filter searches, in lower case."""
        return f"{self.kind} {self.site} {self.who} {self.what} {self.extra} {self.alert}".lower()


class Ring:
    """At most `lines_max` lines; the oldest make room for the newest."""

    def __init__(self, lines_max: int = LINES_MAX) -> None:
        self._lines: deque[FeedLine] = deque(maxlen=lines_max)
        self.end = 0

    def __len__(self) -> int:
        """Return how many lines are held."""
        return len(self._lines)

    def __iter__(self) -> Iterator[FeedLine]:
        """Yield the lines, oldest first."""
        return iter(self._lines)

    @property
    def first(self) -> int:
        """Return the number of the oldest line held; `end` is the number the next one will get."""
        return self.end - len(self._lines)

    def add(self, line: FeedLine) -> int:
        """Append a line and return its number."""
        self._lines.append(line)
        self.end += 1
        return self.end - 1

    def get(self, no: int) -> FeedLine | None:
        """Return a line by its number, or None where it has made room."""
        return self._lines[no - self.first] if self.first <= no < self.end else None

    def replace(self, no: int, line: FeedLine) -> None:
        """Say better what a line said, where it is still held."""
        if self.first <= no < self.end:
            self._lines[no - self.first] = line
