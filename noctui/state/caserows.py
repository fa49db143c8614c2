"""The list of cases: one ticket or incident, one line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from noctui.state.alertrows import GLYPHS
from noctui.state.lines import Line, Span, column, dimmed, line, spread
from noctui.state.sheet import ListSheet
from noctui.state.times import HOUR_MS, Look, age, short_time

if TYPE_CHECKING:
    from noctui.state.case import Case
    from noctui.state.docket import Docket
    from noctui.state.model import Model
    from noctui.state.sheet import Ordered

NARROW, MEDIUM = 56, 72
STATES = {
    "new": ("new", "new"),
    "open": ("open", "new"),
    "in_progress": ("active", "ack"),
    "acknowledged": ("active", "ack"),
    "on_hold": ("waiting", "snz"),
    "resolved": ("resolved", "res"),
    "closed": ("closed", "res"),
    "cancelled": ("cancelled", "res"),
}
HEADS = ("ID", "TYPE", "SEV", "STATE", "OWNER", "AGE", "DUE", "TITLE")


def state_of(case: Case) -> Span:
    """Return the word for how a case stands, and its role."""
    return STATES.get(case.status, (case.status.replace("_", " "), "text"))


def _cells(width: int) -> tuple[int, ...]:
    """Return the cells of the columns in a width; 0 leaves one out, what matters least first."""
    fixed = (
        (11, 0, 4, 8, 0, 5, 0)
        if width < NARROW
        else (11, 0, 4, 8, 7, 5, 6)
        if width < MEDIUM
        else (11, 8, 4, 8, 8, 5, 6)
    )
    return (*fixed, max(width - 3 - sum(cells + 1 for cells in fixed if cells), 6))


def head(width: int) -> Line:
    """Return the line of column heads."""
    cells = zip(HEADS, _cells(width), strict=True)
    return ("  ", "head"), *(column(name, size, "head", right=name == "AGE") for name, size in cells if size)


def due_words(case: Case, look: Look) -> Span:
    """Return when it is due: a time of day, a date past a day, or that it is late."""
    if case.late:
        return "late", "p1"
    if case.due is None:
        return "-", "muted"
    return short_time(case.due, look), "p2" if case.due - look.now <= HOUR_MS else "text"


def row(case: Case, look: Look, width: int, *, pending: bool = False, here: bool = False) -> Line:
    """Return the line of a case: cursor, whether an act waits, then the columns."""
    owner = "you" if look.me and look.me in case.owners else case.owner or "-"
    due, due_role = due_words(case, look)
    title = f"{case.title}, {case.place}" if case.place and case.place not in case.title else case.title
    cells = (
        (case.name, "strong"),
        ("storm" if case.storm else case.kind, "muted"),
        (f"{GLYPHS[case.level]}P{case.level}", f"p{case.level}"),
        state_of(case),
        (owner, "text"),
        (age(look.now - case.opened_at), "text"),
        (due, due_role),
        (title, "text"),
    )
    marks: list[Span] = [(">" if here else " ", "strong"), ("~" if pending else " ", "pending")]
    for (text, role), size, name in zip(cells, _cells(width), HEADS, strict=True):
        if size:
            marks.append(column(text, size, role, right=name == "AGE"))
    return tuple(marks)


@dataclass(frozen=True, slots=True)
class CaseSheet(ListSheet):
    """The list as its widget shows it."""

    model: Model
    docket: Docket
    look: Look
    frozen: bool = False

    @property
    def listed(self) -> Ordered:
        """Return the rows."""
        return self.docket

    def head(self, width: int) -> Line | None:
        """Return the column heads."""
        return head(width)

    def line(self, index: int, width: int) -> Line:
        """Return a line by its index."""
        if not self.docket.order:
            return line(f" {nothing(self.model, self.docket)}", "muted")
        case = self.model.cases.rows.get(self.docket.order[index])
        if case is None:
            return line("  no longer here", "muted")
        here = index == self.docket.index
        spans = row(case, self.look, width, pending=self.model.pending(case.id), here=here)
        return dimmed(spans) if self.frozen or not case.open else spans


def nothing(model: Model, docket: Docket) -> str:
    """Return why the list is empty."""
    if not model.cases.loaded:
        return f"Loading cases ... {model.cases.problem() or model.link.detail}".rstrip()
    if docket.filter:
        return f"No cases match  {docket.filter.text}     0: clear"
    if docket.view == "mine" and not model.me:
        return "Not known yet who you are here: take, ack or assign something     v: next view"
    return "No open cases." if docket.view == "all" else f"No case is {docket.view}     v: next view"


def info(model: Model, docket: Docket, look: Look, width: int) -> Line:
    """Return the line above: the filter and view, and how many cases stand in each."""
    rows = [case for case in model.cases.rows.values() if case.open]
    counts = {view: sum(case.seen_in(view, me=model.me, now=look.now) for case in rows) for view in ("mine", "due")}
    left = ("/ ", "muted"), (docket.filter.text or "no filter", "text" if docket.filter else "muted")
    standing = sum(case_id in model.cases.rows and model.cases.rows[case_id].open for case_id in docket.order)
    tail = f"{standing} of {len(rows)}{' and more' if model.cases.partial else ''} "
    right: Line = (
        (f"view {docket.view} (v)  ", "accent" if docket.view != "all" else "muted"),
        (f"mine {counts['mine']}  due {counts['due']}  ", "strong" if counts["due"] else "muted"),
        (tail, "muted"),
    )
    if problem := model.cases.problem():
        right = line(f"not fetched: {problem} (R) ", "error")
    return spread(left, right, width)
