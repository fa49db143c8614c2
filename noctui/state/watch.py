"""The overview: what needs somebody now, how the last hours went, which sites are not normal, what is due."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from noctui.state.alert import STATES
from noctui.state.picks import Picks

if TYPE_CHECKING:
    from noctui.state.facts import Need
    from noctui.state.glance import Overview
    from noctui.state.model import Model

NEEDS, PLACES = "needs", "places"
ASKED: tuple[Need, ...] = tuple((kind, "") for kind in ("overview", "pulse", "heat", "mtta", "trend", "due"))
HIDDEN = next(status for status, (word, _) in STATES.items() if word == "SNZ")


@dataclass(slots=True)
class Watch:
    """Which pane is gone through, and the cursor of each."""

    pane: str = NEEDS
    needs: Picks = field(default_factory=Picks)
    places: Picks = field(default_factory=Picks)

    def follow(self, model: Model) -> None:
        """Take in what came or went, without moving a row."""
        self.needs.follow(self.needing(model))
        self.places.follow(self.troubled(model))

    def move(self, model: Model, by: int) -> int:
        """Move the cursor of the pane that is gone through, and return how many rows it went."""
        if self.pane == NEEDS:
            return self.needs.move(self.needing(model), by)
        return self.places.move(self.troubled(model), by)

    def needing(self, model: Model) -> list[str]:
        """Return the alerts that are not hidden and pass, the worst first."""
        alerts = (alert for alert in model.alerts.values() if alert.status != HIDDEN)
        found = self.needs.filter
        return [each.id for each in sorted(alerts, key=lambda each: each.order) if not found or found(each.words)]

    def troubled(self, model: Model) -> list[str]:
        """Return the sites that are not normal, the worst first."""
        overview: Overview | None = model.facts.get("overview")
        return [each.site for each in overview.troubled] if overview else []

    def turn(self) -> None:
        """Go to the other pane."""
        self.pane = PLACES if self.pane == NEEDS else NEEDS
