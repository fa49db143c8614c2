"""Where the operator jumped from, so that one key goes back there and another comes again."""

from __future__ import annotations

from dataclasses import dataclass, field

PLACES_MAX = 50
MODE_OF = {"alert": "alerts", "site": "sites", "person": "people", "ticket": "cases", "incident": "cases"}


@dataclass(frozen=True, slots=True)
class Place:
    """A screen, and what was under the cursor there."""

    mode: str
    id: str = ""


@dataclass(slots=True)
class Trail:
    """The places left, newest last, and those gone back from; both bounded."""

    past: list[Place] = field(default_factory=list)
    future: list[Place] = field(default_factory=list)

    def leave(self, here: Place) -> None:
        """Note the place one jumps from; what one had gone back from is forgotten."""
        self.past = [*self.past, here][-PLACES_MAX:]
        self.future.clear()

    def back(self, here: Place) -> Place | None:
        """Return the place before, or None, and note this one to come back to."""
        if not self.past:
            return None
        self.future = [*self.future, here][-PLACES_MAX:]
        return self.past.pop()

    def forward(self, here: Place) -> Place | None:
        """Return the place gone back from last, or None."""
        if not self.future:
            return None
        self.past = [*self.past, here][-PLACES_MAX:]
        return self.future.pop()
