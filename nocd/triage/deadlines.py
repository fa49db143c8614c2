"""Instants to come back at, one a key: planned, moved and dropped at little cost."""

from __future__ import annotations

from heapq import heappop, heappush


class Deadlines:
    """Keeps when each key is due; what was moved or dropped is passed over when its turn comes."""

    def __init__(self) -> None:
        """Start empty."""
        self._at: dict[str, int] = {}
        self._heap: list[tuple[int, str]] = []

    def plan(self, key: str, at: int | None) -> None:
        """Have `key` come up at `at` (UTC ms) and at no other time; at none where it is None."""
        if at is None:
            self._at.pop(key, None)
        elif self._at.get(key) != at:
            self._at[key] = at
            heappush(self._heap, (at, key))

    def take(self, now: int) -> list[str]:
        """Return the keys due by `now` (UTC ms), earliest first; they are planned no more."""
        due = []
        while (at := self.next()) is not None and at <= now:
            key = heappop(self._heap)[1]
            del self._at[key]
            due.append(key)
        return due

    def next(self) -> int | None:
        """Return the earliest instant planned (UTC ms), or None."""
        while self._heap and self._at.get(self._heap[0][1]) != self._heap[0][0]:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None
