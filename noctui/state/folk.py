"""Where the operator is among people: whom they look at, and which tab of what is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from noctui.state.picks import Picks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from noctui.state.facts import Need
    from noctui.state.glance import People, PersonRow
    from noctui.state.model import Model

LIST, PAGE = "people", "person"
TABS = ("day", "habits", "scores", "links")
ASKED = {
    "day": ("day_of", "punches_of"),
    "habits": ("profile",),
    "scores": ("days", "person_risk", "punches_of"),
    "links": ("tickets_of", "punches_of"),
}


@dataclass(slots=True)
class Folk:
    """The list of people, the one under the cursor, and how what is known of them is read."""

    people: Picks = field(default_factory=Picks)
    pane: str = LIST
    tab: str = TABS[0]
    maximised: bool = False

    def needs(self, tabs: Iterable[str]) -> Iterator[Need]:
        """Yield all that the tabs on screen show."""
        yield "people", ""
        if self.people.cursor is not None:
            for kind in dict.fromkeys(kind for tab in tabs for kind in ASKED[tab]):
                yield kind, self.people.cursor

    def known(self, model: Model) -> dict[str, PersonRow]:
        """Return the people that came, by id, those worth a look first."""
        people: People | None = model.facts.get("people")
        return {row.id: row for row in people.rows} if people else {}

    def ranking(self, model: Model) -> list[str]:
        """Return the people that pass, those worth a look first."""
        found = self.people.filter
        return [row.id for row in self.known(model).values() if not found or found(row.words)]

    def follow(self, model: Model) -> None:
        """Take in who came or went, without moving a row."""
        if model.facts.get("people") is not None:
            self.people.follow(self.ranking(model))

    def turn(self) -> None:
        """Go to the next tab."""
        self.tab = TABS[(TABS.index(self.tab) + 1) % len(TABS)]

    def go(self, model: Model, person: str) -> bool:
        """Look at somebody named elsewhere, and tell whether they are among those known."""
        known = self.known(model)
        if known and person not in known:
            return False
        if known and person not in self.people.order:
            self.people.filter = type(self.people.filter)()
            self.people.settle(self.ranking(model))
        self.people.cursor, self.pane = person, PAGE
        return True
