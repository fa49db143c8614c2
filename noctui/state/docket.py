"""Where the operator is on the case screen: which view, which case, which pane and which line of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from noctui.state.case import VIEWS
from noctui.state.find import Filter

if TYPE_CHECKING:
    from noctui.state.case import Case
    from noctui.state.model import Model

LIST, PANES = "cases", ("timeline", "checklist", "linked")


@dataclass(slots=True)
class Docket:
    """The list of cases, the cursor in it and how the case under it is read.

    The order is settled when the operator moves; in between cases keep their rows, one that ended stays as it ended,
    and new ones come last. `line` is the line of the pane that is read, where that pane has a cursor; `wanted` is a
    case one jumped to that is not known yet.
    """

    order: list[str] = field(default_factory=list)
    cursor: str | None = None
    filter: Filter = field(default_factory=Filter)
    view: str = VIEWS[0]
    pane: str = LIST
    line: int = 0
    begun: bool = False
    wanted: str | None = None

    @property
    def index(self) -> int | None:
        """Return the row of the cursor, or None without one."""
        return self.order.index(self.cursor) if self.cursor is not None and self.cursor in self.order else None

    def settle(self, model: Model, now: int) -> None:
        """Sort the cases anew, worst and most pressing first, and drop those that ended, save the one looked at."""
        shown = [
            case
            for case in model.cases.rows.values()
            if case.id == self.cursor or (case.open and self._passes(case, model, now))
        ]
        self.order = [case.id for case in sorted(shown, key=lambda case: case.order)]
        if self.wanted in model.cases.rows or model.cases.refused(self.wanted):
            self.wanted = None
        if self.index is None and self.wanted is None:
            self.cursor = self.order[0] if self.order else None

    def follow(self, model: Model, now: int) -> None:
        """Take in cases that came or went, without moving a row."""
        rows = model.cases.rows
        if model.cases.loaded and not self.begun:  # what came before the lists is not where one begins
            self.begun, self.cursor = True, self.cursor if self.wanted or self.pane != LIST else None
        self.order = [case_id for case_id in self.order if case_id in rows]
        if self.index is None:
            self.settle(model, now)
            return
        shown = set(self.order)
        fresh = [row for row in rows.values() if row.id not in shown and row.open and self._passes(row, model, now)]
        self.order += [case.id for case in sorted(fresh, key=lambda case: case.order)]

    def move(self, model: Model, by: int, now: int) -> int:
        """Move the cursor by rows on screen, settle the order around it, and return how many rows it went."""
        if not self.order:
            return 0
        before = self.index or 0
        index = min(max(before + by, 0), len(self.order) - 1)
        self.go(model, self.order[index], now)
        return index - before

    def go(self, model: Model, case_id: str, now: int) -> None:
        """Put the cursor on a case, whatever the view shows besides."""
        self.cursor, self.line, self.wanted = case_id, 0, case_id
        self.settle(model, now)

    def narrow(self, model: Model, found: Filter, now: int) -> None:
        """Show only what passes; the cursor stays where its row does."""
        self.filter = found
        self._drop(model, now)

    def turn_view(self, model: Model, now: int) -> None:
        """Go to the next view."""
        self.view = VIEWS[(VIEWS.index(self.view) + 1) % len(VIEWS)]
        self._drop(model, now)

    def _drop(self, model: Model, now: int) -> None:
        case = model.cases.rows.get(self.cursor or "")
        if case is not None and not self._passes(case, model, now):
            self.cursor = None
        self.settle(model, now)

    def read(self, pane: str) -> None:
        """Read a pane from its first line."""
        self.pane, self.line = pane, 0

    def turn(self) -> None:
        """Read the next pane."""
        self.read(PANES[(PANES.index(self.pane) + 1) % len(PANES)] if self.pane in PANES else PANES[0])

    def step(self, by: int, count: int) -> None:
        """Move the line of the pane that is read, of `count`."""
        self.line = min(max(self.line + by, 0), max(count - 1, 0))

    def _passes(self, case: Case, model: Model, now: int) -> bool:
        return case.seen_in(self.view, me=model.me, now=now) and (not self.filter or self.filter(case.words))
