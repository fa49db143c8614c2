"""The minor alerts nobody has touched: while too many wait, those older than an hour step back, and come back after."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final

from nocd.domain.alert import Status
from nocd.domain.instant import HOUR_MS
from nocd.domain.severity import Severity

if TYPE_CHECKING:
    from nocd.domain.alert import Alert

BACKPRESSURE: Final = "backpressure"
MINOR_MAX: Final = 1_000
MINOR_CALM: Final = 900  # a little fewer than too many, so that one alert more or less does not move all the others
STEP_MAX: Final = 256


class Backlog:
    """Knows the untouched INFO and LOW alerts: those in the queue by their age, and those held back."""

    def __init__(self) -> None:
        """Start with none; the book tells of each alert that begins or ceases to count."""
        self._open: set[str] = set()
        self._held: dict[str, int] = {}
        self._by_age: list[tuple[int, int, str]] = []
        self._aged: set[str] = set()

    def __len__(self) -> int:
        """Return how many nobody has touched, held back or not."""
        return len(self._open) + len(self._held)

    def enter(self, alert: Alert) -> None:
        """Count an alert as it now stands, if it is a minor one that nobody has touched."""
        if alert.severity.rank > Severity.LOW.rank:
            return
        if alert.status is Status.SUPPRESSED and alert.suppressed_by == BACKPRESSURE:
            self._held[alert.id] = alert.no
        elif alert.status is Status.OPEN:
            self._open.add(alert.id)
            if alert.id not in self._aged:
                self._aged.add(alert.id)
                heappush(self._by_age, (alert.opened_at, alert.no, alert.id))

    def leave(self, alert: Alert) -> None:
        """Count an alert no longer, before it becomes another."""
        self._open.discard(alert.id)
        self._held.pop(alert.id, None)

    def next_due(self, now: int) -> int | None:
        """Return when the next alert steps back or comes back; `now` where that is overdue (UTC milliseconds)."""
        if len(self) > MINOR_MAX:
            oldest = self._oldest()
            return None if oldest is None else oldest + HOUR_MS
        return now if self._held and len(self) <= MINOR_CALM else None

    def to_step_back(self, now: int) -> list[str]:
        """Return ids of the next alerts to hold back, oldest first, at most `STEP_MAX` a call."""
        ids: list[str] = []
        while len(self) > MINOR_MAX and len(ids) < STEP_MAX:
            oldest = self._oldest()
            if oldest is None or oldest > now - HOUR_MS:
                break
            ids.append(self._pop())
        return ids

    def to_come_back(self) -> list[str]:
        """Return ids of the next alerts to hold back no longer, oldest first, at most `STEP_MAX` a call."""
        if len(self) > MINOR_CALM:
            return []
        return sorted(self._held, key=lambda held: self._held[held])[:STEP_MAX]

    def _oldest(self) -> int | None:
        """Return when the oldest in the queue was opened; who left it in between is passed over."""
        while self._by_age and self._by_age[0][2] not in self._open:
            self._pop()
        return self._by_age[0][0] if self._by_age else None

    def _pop(self) -> str:
        alert_id = heappop(self._by_age)[2]
        self._aged.discard(alert_id)
        return alert_id
