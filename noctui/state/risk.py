"""Where the operator is on the risk screen: which pane, which score, which cell, what is counted, from which level."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from noctui.state.glance import MEASURES
from noctui.state.picks import Picks
from noctui.state.score import LOW_FROM, Score, ranked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from noctui.state.facts import Need
    from noctui.state.glance import Heat
    from noctui.state.model import Model

SCORES, WHY, HEAT, LEVELS_PANE = "scores", "why", "heat", "levels"
PANES = (SCORES, WHY, HEAT, LEVELS_PANE)
STEP = 0.05


@dataclass(slots=True)
class Risk:
    """The list of scores from a level on, the heat map, and how they are gone through; `cell` None is the last hour."""

    pane: str = SCORES
    scores: Picks = field(default_factory=Picks)
    sites: Picks = field(default_factory=Picks)
    cell: int | None = None
    measure: str = MEASURES[0]
    level: float = LOW_FROM
    maximised: bool = False

    def needs(self, model: Model) -> Iterator[Need]:
        """Yield all that the screen shows."""
        for kind in ("scores", "heat", "risks", "punches"):
            yield kind, ""
        chosen = self.chosen(model)
        if chosen is not None and chosen.alert:
            yield "similar", chosen.alert

    def known(self, model: Model) -> Mapping[str, Score]:
        """Return the scores that came, by id."""
        scores: Mapping[str, Score] | None = model.facts.get("scores")
        return scores or {}

    def chosen(self, model: Model) -> Score | None:
        """Return the score under the cursor."""
        return self.known(model).get(self.scores.cursor or "")

    def ranking(self, model: Model) -> list[str]:
        """Return the scores from the level on that pass, the highest first."""
        found = self.scores.filter
        shown = (each for each in self.known(model).values() if each.score >= self.level)
        return [each.id for each in ranked(shown) if not found or found(each.words)]

    def places(self, model: Model) -> list[str]:
        """Return the sites of the heat map: those with most of what is counted first, then the others by name."""
        heat: Heat | None = model.facts.get("heat")
        busiest = heat.busiest(self.measure) if heat else []
        return [*busiest, *sorted(model.sites.keys() - set(busiest))]

    def follow(self, model: Model) -> None:
        """Take in what came or went, without moving a row."""
        self.scores.follow(self.ranking(model))
        if model.facts.get("heat") is not None:
            self.sites.follow(self.places(model))

    def move(self, model: Model, by: int) -> int:
        """Move the cursor of the list, or of the heat map, and return how many rows it went."""
        if self.pane == HEAT:
            return self.sites.move(self.places(model), by)
        return self.scores.move(self.ranking(model), by)

    def step_hour(self, model: Model, by: int) -> None:
        """Move the cursor of the heat map by hours; it stays on the map."""
        heat: Heat | None = model.facts.get("heat")
        last = max(heat.steps - 1, 0) if heat else 0
        self.cell = min(max((last if self.cell is None else self.cell) + by, 0), last)

    def turn(self) -> None:
        """Go to the next pane."""
        self.pane = PANES[(PANES.index(self.pane) + 1) % len(PANES)]

    def count_next(self, model: Model) -> None:
        """Have the heat map count the next thing."""
        self.measure = MEASURES[(MEASURES.index(self.measure) + 1) % len(MEASURES)]
        self.sites.settle(self.places(model))


def read_level(text: str, now: float) -> float | str:
    """Return the level that was typed, a number or steps of .05 from `now`, or why it is none."""
    typed = text.strip().replace(",", ".")
    if typed and set(typed) in ({"+"}, {"-"}):
        wanted = now + STEP * len(typed) * (1 if typed[0] == "+" else -1)
    else:
        try:
            wanted = float(typed)
        except ValueError:
            return f"{text.strip()!r} is no number; type one from {LOW_FROM} to 1, or + and - for steps of {STEP}"
    if not (math.isfinite(wanted) and LOW_FROM <= round(wanted, 2) <= 1):
        return f"a level lies from {LOW_FROM} to 1"
    return round(wanted, 2)
