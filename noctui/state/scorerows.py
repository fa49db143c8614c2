"""The ranked list of scores and the heat map as their widgets show them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from noctui.state.heat import cells_each, hours_head, hours_row
from noctui.state.lines import Line, Span, column, dimmed, line
from noctui.state.risk import HEAT
from noctui.state.sheet import ListSheet
from noctui.state.times import Look, age

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from noctui.state.alert import Alert
    from noctui.state.glance import Heat
    from noctui.state.model import Model
    from noctui.state.risk import Risk
    from noctui.state.score import Score, SiteRisk
    from noctui.state.sheet import Ordered

LABELS = {
    "fraud": "fraud",
    "true_positive": "true",
    "false_positive": "false",
    "benign": "benign",
    "duplicate": "dup.",
    "unknown": "unkn.",
}
KIND_CELLS, WHO_CELLS, LABEL_CELLS, NOTE_CELLS = 18, 16, 7, 8
NARROW, WIDE = 60, 110


def label_of(score: Score) -> str:
    """Return what a punch turned out to be: its own verdict, else what its alert's says of it."""
    if score.verdict:
        return LABELS.get(score.verdict, score.verdict)
    return {1: "true", 0: "false"}.get(-1 if score.label is None else score.label, "-")


def role_of(value: float) -> str:
    """Return the role of a score: as severe as an alert of it would be."""
    return "p1" if value >= 0.8 else "p2" if value >= 0.6 else "text"  # noqa: PLR2004 - CRITICAL, and HIGH


def share(value: float) -> str:
    """Return a share without its zero: .86."""
    return f"{value:.2f}".removeprefix("0")


def parts(score: Score) -> str:
    """Return the checks behind a score with what each adds, the first being its kind already."""
    return " ".join(f"{check.name} {share(check.share)}" for check in score.checks) or "no check spoke"


def head(width: int) -> Line:
    """Return the column heads."""
    spans: list[Span] = [column(" SCORE", 6, "head"), column("KIND", KIND_CELLS, "head")]
    if width >= NARROW:
        spans.append(column("WHO/WHERE", WHO_CELLS, "head"))
    if width >= WIDE:
        spans += [column("AGE", 6, "head"), column("BY", 6, "head")]
    return *spans, column("WHY (top parts)", _why_cells(width), "head"), column("LABEL", LABEL_CELLS, "head")


def _why_cells(width: int) -> int:
    taken = 7 + KIND_CELLS + 1 + LABEL_CELLS + 2
    taken += (WHO_CELLS + 1) * (width >= NARROW) + 14 * (width >= WIDE)
    return max(width - taken, 4)


def row(score: Score, look: Look, width: int, *, here: bool = False, pending: bool = False) -> Line:
    """Return the line of a score."""
    spans: list[Span] = [
        (">" if here else "~" if pending else " ", "pending" if pending and not here else "strong"),
        column(f"{score.score:.2f}", 5, role_of(score.score)),
        column(score.kind, KIND_CELLS, "strong" if here else "text"),
    ]
    if width >= NARROW:
        spans.append(column(f"{score.person} {score.site}", WHO_CELLS))
    if width >= WIDE:
        spans += [column(age(look.now - score.time), 6), column(score.method, 6, "muted")]
    spans.append(column(parts(score), _why_cells(width), "muted"))
    return *spans, column("~" if pending else label_of(score), LABEL_CELLS, "accent" if score.verdict else "muted")


@dataclass(frozen=True, slots=True)
class ScoreSheet(ListSheet):
    """The ranked list; `pending` holds the scores whose verdict awaits its answer."""

    model: Model
    risk: Risk
    look: Look
    pending: frozenset[str] = frozenset()
    frozen: bool = False

    @property
    def listed(self) -> Ordered:
        """Return the rows."""
        return self.risk.scores

    def head(self, width: int) -> Line | None:
        """Return the column heads."""
        return head(width)

    def line(self, index: int, width: int) -> Line:
        """Return a line by its index."""
        if not self.risk.scores.order:
            return line(f" {nothing(self.model, self.risk)}", "muted")
        score = self.risk.known(self.model).get(self.risk.scores.order[index])
        if score is None:
            return line("  no longer among the scores of the day", "muted")
        pending = score.id in self.pending
        spans = row(score, self.look, width, here=index == self.cursor, pending=pending)
        return dimmed(spans) if self.frozen else spans


def nothing(model: Model, risk: Risk) -> str:
    """Return why the list is empty."""
    problem = model.facts.problem("scores")
    if problem:
        return f"not fetched: {problem}   R asks again"
    if model.facts.get("scores") is None:
        return "Loading scores ..."
    if risk.scores.filter:
        return f"No scores match  {risk.scores.filter.text}     0: clear"
    return f"No punch of the last 24 h scored {risk.level:.2f} or more."


def worst_of(alerts: Iterable[Alert]) -> dict[str, Alert]:
    """Return the worst alert of each site."""
    found: dict[str, Alert] = {}
    for alert in alerts:
        held = found.get(alert.site)
        if held is None or alert.order < held.order:
            found[alert.site] = alert
    return found


@dataclass(frozen=True, slots=True)
class HeatSheet:
    """Sites against the hours of a day; `worst` holds the worst alert of each site."""

    model: Model
    risk: Risk
    look: Look
    frozen: bool = False
    worst: Mapping[str, Alert] = field(default_factory=dict)

    @property
    def _heat(self) -> Heat | None:
        heat: Heat | None = self.model.facts.get("heat")
        return heat

    @property
    def count(self) -> int:
        """Return how many lines there are."""
        return len(self.risk.sites.order) or 1

    @property
    def cursor(self) -> int | None:
        """Return the line of the cursor."""
        return self.risk.sites.index

    @property
    def top(self) -> int | None:
        """Return None: the widget keeps the cursor on its line of the screen."""
        return None

    def head(self, width: int) -> Line | None:
        """Return the hours."""
        heat = self._heat
        if heat is None:
            return None
        return (" ", "head"), *hours_head(heat, self.look, cells_each(width, heat.steps, NOTE_CELLS + 1))

    def foot(self, _width: int) -> Line | None:
        """Return None: nothing stays below."""
        return None

    def line(self, index: int, width: int) -> Line:
        """Return a line by its index."""
        heat = self._heat
        if heat is None or not self.risk.sites.order:
            problem = self.model.facts.problem("heat")
            return line(f"not fetched: {problem}   R asks again" if problem else "Loading counts ...", "muted")
        site = self.risk.sites.order[index]
        here = index == self.cursor and self.risk.pane == HEAT
        each = cells_each(width, heat.steps, NOTE_CELLS + 1)
        told = heat.sites.get(site)
        counts = told[self.risk.measure] if told else (0,) * heat.steps
        at = (heat.steps - 1 if self.risk.cell is None else self.risk.cell) if here else None
        name: Line = (">" if here else " ", "strong"), column(site, 8, "strong" if here else "text")
        spans = *name, *hours_row(counts, each, at), ("  ", "text"), (self._note(site), "muted")
        return dimmed(spans) if self.frozen else spans

    def _note(self, site: str) -> str:
        """Return, of fraud, how high a site's scores are, else what its worst alert is about."""
        if self.risk.measure == "fraud":
            risks: tuple[SiteRisk, ...] = self.model.facts.get("risks") or ()
            found = next((each for each in risks if each.site == site), None)
            return f"max {share(found.most)} of {found.count}" if found else ""
        return self.worst[site].title if site in self.worst else ""
