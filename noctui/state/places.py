"""Where the operator is on the site screen: which site, which pane of its page, which metric and hour of the week."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from noctui.state.find import Filter
from noctui.state.site import standings
from noctui.state.sitepage import SitePage
from noctui.state.telemetry import METRICS
from noctui.state.week import HOURS_A_DAY, HOURS_A_WEEK

if TYPE_CHECKING:
    from noctui.state.model import Model

LIST, PANES = "sites", ("metrics", "week", "threshold")
NO_LEVELS = (0, 0, 0, 0)


@dataclass(slots=True)
class Places:
    """The list of sites, the cursor in it, and how the page of the one that was opened is read.

    The order is settled when the operator moves; in between sites keep their rows and new ones come last. `cell` is
    the hour of the week under the cursor, None for the one that runs. `awaiting` is the baseline whose simulation is
    to be followed by the question whether to set it.
    """

    order: list[str] = field(default_factory=list)
    cursor: str | None = None
    filter: Filter = field(default_factory=Filter)
    pane: str = LIST
    metric: str = METRICS[0]
    cell: int | None = None
    awaiting: str = ""

    @property
    def index(self) -> int | None:
        """Return the row of the cursor, or None without one."""
        return self.order.index(self.cursor) if self.cursor is not None and self.cursor in self.order else None

    def settle(self, model: Model) -> None:
        """Sort the sites anew: those with the worst and most alerts first, then by name."""
        stood = standings(model.alerts.values())
        shown = [site for site in model.sites.values() if not self.filter or self.filter(site.words)]

        def worst_first(site: str) -> tuple[list[int], str]:
            levels = stood[site].levels if site in stood else NO_LEVELS
            return [-count for count in levels], site

        self.order = sorted((site.id for site in shown), key=worst_first)
        if self.index is None:
            self.cursor = self.order[0] if self.order else None

    def follow(self, model: Model) -> None:
        """Take in sites that came or went, without moving a row."""
        passing = {site.id for site in model.sites.values() if not self.filter or self.filter(site.words)}
        if not self.order:
            self.settle(model)
        elif passing != set(self.order):
            kept = [site for site in self.order if site in passing]
            self.order = [*kept, *sorted(passing - set(kept))]
            if self.index is None:
                self.cursor = self.order[0] if self.order else None

    def move(self, model: Model, by: int) -> int:
        """Move the cursor by rows on screen, settle the order, and return how many rows it went."""
        if not self.order:
            return 0
        before = self.index or 0
        index = min(max(before + by, 0), len(self.order) - 1)
        self.cursor = self.order[index]
        self.settle(model)
        return index - before

    def narrow(self, model: Model, found: Filter) -> None:
        """Show only sites that pass."""
        self.filter = found
        self.settle(model)

    def open(self, model: Model) -> bool:
        """Go to the page of the site under the cursor, and tell whether there is one."""
        if self.cursor is None:
            return False
        if model.page is None or model.page.site != self.cursor:
            model.page, self.metric, self.cell = SitePage(self.cursor), METRICS[0], None
        self.pane, self.awaiting = PANES[0], ""
        return True

    def leave(self) -> None:
        """Go back to the list; what was asked about the page is not followed up."""
        self.pane, self.awaiting = LIST, ""

    def turn(self) -> None:
        """Go to the next pane of the page."""
        self.pane = PANES[(PANES.index(self.pane) + 1) % len(PANES)] if self.pane in PANES else PANES[0]

    def step_metric(self, page: SitePage, by: int, *, around: bool = False) -> None:
        """Look at another metric; `around` goes from the last to the first."""
        keys = [row.key for row in page.rows]
        index = (keys.index(self.metric) if self.metric in keys else 0) + by
        index = index % len(keys) if around else min(max(index, 0), len(keys) - 1)
        if keys[index] != self.metric:
            self.metric, self.awaiting = keys[index], ""

    def step_hour(self, now: int, by: int) -> None:
        """Move the cursor of the heat map by hours, from the one that runs where it was nowhere; the week is a ring."""
        self.cell = ((now if self.cell is None else self.cell) + by) % HOURS_A_WEEK

    def step_day(self, now: int, by: int) -> None:
        """Move the cursor of the heat map by days."""
        self.step_hour(now, by * HOURS_A_DAY)
