"""The list of people: one person, one line, with duty, alerts, and scores of seven days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from noctui.state.lines import Line, Span, column, dimmed, line
from noctui.state.rates import BLOCKS
from noctui.state.scorerows import role_of
from noctui.state.sheet import ListSheet
from noctui.state.times import Look, age

if TYPE_CHECKING:
    from collections.abc import Sequence

    from noctui.state.folk import Folk
    from noctui.state.glance import PersonRow
    from noctui.state.model import Model
    from noctui.state.sheet import Ordered

SEEN_FROM, SITE_FROM, ROLE_FROM, WIDE = 59, 67, 78, 92
ID_CELLS, NAME_CELLS, ROLE_CELLS, SITE_CELLS, STATE_CELLS = 7, 16, 10, 7, 9


def score_spark(days: Sequence[float | None]) -> str:
    """Return scores from 0 to 1 as blocks, blank where nothing was scored."""
    return "".join(" " if day is None else BLOCKS[round(min(max(day, 0.0), 1.0) * (len(BLOCKS) - 1))] for day in days)


def state_of(row: PersonRow) -> Span:
    """Return what matters of somebody now: alerts, else whether they are on duty."""
    if row.alerts:
        return f"{row.alerts} alert{'s' * (row.alerts > 1)}", "p2"
    return ("on duty", "text") if row.site else ("off", "muted")


def _columns(width: int) -> tuple[tuple[str, int], ...]:
    name = NAME_CELLS + max(min(width - WIDE, 16), 0)
    columns: list[tuple[str, int]] = [("ID", ID_CELLS), ("NAME", name)]
    columns += [("ROLE", ROLE_CELLS)] * (width >= ROLE_FROM) + [("SITE", SITE_CELLS)] * (width >= SITE_FROM)
    columns += [("STATE", STATE_CELLS), ("RISK", 4), ("7 days", 7)]
    return *columns, *[("LAST SEEN", 9)] * (width >= SEEN_FROM)


def head(width: int) -> Line:
    """Return the column heads."""
    return (" ", "head"), *(column(name, cells, "head") for name, cells in _columns(width))


def row(each: PersonRow, look: Look, width: int, *, here: bool = False) -> Line:
    """Return the line of a person."""
    seen = f"{age(look.now - each.heard_at)} ago" if each.heard_at is not None else "-"
    risk = (f"{each.score:.2f}", role_of(each.score)) if each.score is not None else ("-", "muted")
    spans = {
        "ID": (each.id, "strong" if here else "text"),
        "NAME": (each.name, "text"),
        "ROLE": (each.role, "muted"),
        "SITE": (each.site or (each.sites[0] if each.sites else "-"), "text" if each.site else "muted"),
        "STATE": state_of(each),
        "RISK": risk,
        "7 days": (score_spark(each.days) or "-", "text"),
        "LAST SEEN": (seen, "muted"),
    }
    mark: Span = (">" if here else " ", "strong")
    return mark, *(column(spans[name][0], cells, spans[name][1]) for name, cells in _columns(width))


@dataclass(frozen=True, slots=True)
class PeopleSheet(ListSheet):
    """The list as its widget shows it."""

    model: Model
    folk: Folk
    look: Look
    frozen: bool = False

    @property
    def listed(self) -> Ordered:
        """Return the rows."""
        return self.folk.people

    def head(self, width: int) -> Line | None:
        """Return the column heads."""
        return head(width)

    def line(self, index: int, width: int) -> Line:
        """Return a line by its index."""
        if not self.folk.people.order:
            return line(f" {nothing(self.model, self.folk)}", "muted")
        person = self.folk.known(self.model).get(self.folk.people.order[index])
        if person is None:
            return line(f"  {self.folk.people.order[index]} is not among the people told", "muted")
        spans = row(person, self.look, width, here=index == self.cursor)
        return dimmed(spans) if self.frozen else spans


def nothing(model: Model, folk: Folk) -> str:
    """Return why the list is empty."""
    problem = model.facts.problem("people")
    if problem:
        return f"not fetched: {problem}   R asks again"
    if model.facts.get("people") is None:
        return "Loading people ..."
    if folk.people.filter:
        return f"Nobody matches  {folk.people.filter.text}     0: clear"
    return "No people yet: add them with nocd roster, or let events name them."
