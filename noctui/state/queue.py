"""The queue as it stands on screen: nothing moves under the cursor, what is new above it is counted, not inserted."""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from noctui.state.find import Filter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from noctui.state.alert import Alert
    from noctui.state.model import Model


@dataclass(slots=True)
class Queue:
    """The rows shown, the alert under the cursor and the new ones not seen yet.

    The order is settled when the operator leaves a row or asks for the top. In between a new alert that sorts below
    the cursor is put in its place, one that sorts above waits `unseen`, and one that ended stays as it ended.
    """

    order: list[str] = field(default_factory=list)
    cursor: str | None = None
    unseen: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)
    filter: Filter = field(default_factory=Filter)
    marks: set[str] = field(default_factory=set)
    marked_last: str | None = None

    def standing(self, model: Model) -> int:
        """Return how many of the rows shown are still in the queue."""
        return sum(row in model.alerts for row in self.order)

    @property
    def index(self) -> int | None:
        """Return the row of the cursor, or None without one."""
        return self.order.index(self.cursor) if self.cursor is not None and self.cursor in self.order else None

    def settle(self, model: Model) -> None:
        """Sort the rows anew and drop what ended, save the row under the cursor."""
        shown = [alert for alert in model.alerts.values() if self._passes(alert) or alert.id == self.cursor]
        if self.cursor not in model.alerts:
            shown += filter(None, [model.find(self.cursor)])
        self.order = [alert.id for alert in sorted(shown, key=_order)]
        self.known = set(model.alerts)
        if self.index is None:
            self.cursor = self.order[0] if self.order else None
        self.unseen.intersection_update(self.order[: self.index])

    def follow(self, model: Model) -> None:
        """Take in what the model learnt since, without moving the row under the cursor."""
        fresh = [model.alerts[alert_id] for alert_id in model.alerts.keys() - self.known]
        self.known = set(model.alerts)
        here = model.find(self.cursor)
        if here is None or self.index is None:  # there is no row, or none any more, to hold still
            self.settle(model)
        else:
            self._place(model, fresh, here)

    def _place(self, model: Model, fresh: Iterable[Alert], here: Alert) -> None:
        index = self.order.index(here.id)
        below = [row for row in self.order[index + 1 :] if model.find(row)]
        shown = set(self.order)
        for alert in fresh:
            if alert.id in shown or not self._passes(alert):
                continue
            if alert.order < here.order:
                self.unseen.add(alert.id)
            else:
                insort(below, alert.id, key=lambda row: _order(model.find(row)))
        self.order[index + 1 :] = below

    def move(self, model: Model, by: int) -> int:
        """Move the cursor by rows on screen, settle the order around it, and return how many rows it went."""
        if not self.order:
            return 0
        before = self.index or 0
        index = min(max(before + by, 0), len(self.order) - 1)
        if self.order[index] != self.cursor:
            self.go(model, self.order[index])
        return index - before

    def go(self, model: Model, alert_id: str) -> None:
        """Put the cursor on a row of the screen, then settle the order around it."""
        self.cursor = alert_id
        self.settle(model)

    def top(self, model: Model) -> None:
        """Settle the order and put the cursor on the first row; nothing is unseen from there."""
        self.cursor = None
        self.settle(model)
        self.unseen.clear()

    def end(self, model: Model) -> None:
        """Put the cursor on the last row."""
        self.move(model, len(self.order))

    def onward(self, model: Model) -> None:
        """Leave the row just acted on for the next unattended one below it, else above, else the next row."""
        index = self.index
        if index is None:
            return
        around = self.order[index + 1 :] + self.order[:index]
        waiting = (row for row in around if (alert := model.alerts.get(row)) and alert.unattended)
        still = (row for row in around if row in model.alerts)
        pick = next(waiting, None) or next(still, None)
        if pick is not None:
            self.go(model, pick)

    def mark(self, model: Model) -> None:
        """Mark the row of the cursor, or take its mark away, and go on to the next."""
        if self.cursor is not None:
            self.marks ^= {self.cursor}
            self.marked_last = self.cursor
            self.move(model, 1)

    def mark_range(self) -> None:
        """Mark all rows from the one marked last to the cursor's."""
        here = self.index
        if here is None:
            return
        there = self.order.index(self.marked_last) if self.marked_last in self.order else here
        self.marks.update(self.order[min(here, there) : max(here, there) + 1])
        self.marked_last = self.cursor

    def mark_others(self) -> None:
        """Mark what is not marked of the rows shown, and the other way round; marks on rows not shown stay."""
        self.marks ^= set(self.order)

    def meant(self, model: Model) -> list[Alert]:
        """Return the alerts an act on many is for, in their order: the marked ones, else all that the filter shows."""
        ids = self.marks or self.order
        return sorted((model.alerts[row] for row in ids if row in model.alerts), key=_order)

    def narrow(self, model: Model, found: Filter) -> None:
        """Show only what passes; the cursor stays where its row does."""
        self.filter = found
        alert = model.find(self.cursor)
        if alert is not None and not self._passes(alert):
            self.cursor = None
        self.settle(model)

    def see(self, rows: Iterable[str]) -> None:
        """Note which rows are on screen: what was seen is not new."""
        self.unseen.difference_update(rows)

    def _passes(self, alert: Alert) -> bool:
        return not self.filter or self.filter(alert.words)


def _order(alert: Alert | None) -> tuple[int, int, int, int, str]:
    return alert.order if alert is not None else (9, 0, 0, 0, "")
