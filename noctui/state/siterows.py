"""The list of sites: one site, one line, with its open alerts by severity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from noctui.state.alertrows import GLYPHS
from noctui.state.lines import Line, Span, column, dimmed, line
from noctui.state.sheet import ListSheet
from noctui.state.site import Site, Standing
from noctui.state.times import Look, age
from noctui.state.units import short

if TYPE_CHECKING:
    from collections.abc import Mapping

    from noctui.state.model import Model
    from noctui.state.places import Places
    from noctui.state.sheet import Ordered

COUNT_CELLS, LAST_CELLS, STATE_CELLS = 4, 5, 4
NARROW, MEDIUM = 56, 76


def _names(width: int) -> tuple[int, int, int]:
    """Return the cells of id, name and client in a width; the client is left out first."""
    room = width - 2 - (STATE_CELLS + 1) - 4 * (COUNT_CELLS + 1) - (LAST_CELLS + 1)
    if width < NARROW:
        return max(room - 1, 6), 0, 0
    if width < MEDIUM:
        return 10, room - 12, 0
    return 10, (room - 13) * 3 // 5, room - 13 - (room - 13) * 3 // 5


def head(width: int) -> Line:
    """Return the line of column heads."""
    heads = [column(name, cells, "head") for name, cells in zip(("SITE", "NAME", "CLIENT"), _names(width), strict=True)]
    counts = [column(f"P{level_}", COUNT_CELLS, "head", right=True) for level_ in range(1, 5)]
    last = column("LAST", LAST_CELLS, "head", right=True)
    return ("  ", "head"), column("", STATE_CELLS, "head"), *(each for each in heads if each[0] != " "), *counts, last


def row(site: Site, standing: Standing, look: Look, width: int, *, here: bool = False, opened: bool = False) -> Line:
    """Return the line of a site: cursor, worst severity in glyph and word, names, counts, when its newest was seen."""
    worst = standing.worst
    state: Span = (f"{GLYPHS[worst]} P{worst} ", f"p{worst}") if worst else (". ok ", "muted")
    spans: list[Span] = [(">" if here else " ", "strong"), ("=" if opened else " ", "accent"), state]
    roles = ("strong" if worst else "text", "text", "muted")
    for text, cells, role in zip((site.id, site.name, site.client or "-"), _names(width), roles, strict=True):
        if cells:
            spans.append(column(text, cells, role))
    for number, count in enumerate(standing.levels, 1):
        spans.append(_count(count, number))
    last = age(look.now - standing.last_seen) if standing.last_seen else "-"
    return (*spans, column(last, LAST_CELLS, "text", right=True))


def _count(count: int, number: int) -> Span:
    return column(short(count) if count else ".", COUNT_CELLS, f"p{number}" if count else "muted", right=True)


@dataclass(frozen=True, slots=True)
class SiteSheet(ListSheet):
    """The list as its widget shows it."""

    model: Model
    places: Places
    look: Look
    standings: Mapping[str, Standing]
    frozen: bool = False

    @property
    def listed(self) -> Ordered:
        """Return the rows."""
        return self.places

    def head(self, width: int) -> Line | None:
        """Return the column heads."""
        return head(width)

    def line(self, index: int, width: int) -> Line:
        """Return a line by its index."""
        if not self.places.order:
            return line(f" {nothing(self.model, self.places)}", "muted")
        site_id = self.places.order[index]
        site = self.model.sites.get(site_id) or Site(id=site_id)
        opened = self.model.page is not None and self.model.page.site == site_id
        standing = self.standings.get(site_id) or Standing([0, 0, 0, 0])
        spans = row(site, standing, self.look, width, here=index == self.cursor, opened=opened)
        return dimmed(spans) if self.frozen else spans


def nothing(model: Model, places: Places) -> str:
    """Return why the list is empty."""
    if not model.loaded:
        return f"Loading sites ... {model.link.detail}".rstrip()
    if places.filter:
        return f"No sites match  {places.filter.text}     0: clear"
    return "No sites yet: add them with nocd roster, or let events name them."
