"""The alert list: one alert, one line, as many columns as fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from noctui.state.alert import Alert, state_of
from noctui.state.lines import Line, Span, column, dimmed, line
from noctui.state.snooze import came_back
from noctui.state.times import Look, age, short_time, spell
from noctui.state.units import short

if TYPE_CHECKING:
    from collections.abc import Callable

    from noctui.state.model import Model
    from noctui.state.queue import Queue

GLYPHS = {1: "!", 2: "*", 3: "-", 4: " "}
FLEX = 0
NARROW, MEDIUM, WIDE = 60, 84, 110


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its head, how many cells (0: what is left), what stands in it."""

    head: str
    cells: int
    span: Callable[[Alert, Look], Span]
    right: bool = False


def _state(alert: Alert, _look: Look) -> Span:
    word, role = state_of(alert)
    return word, f"p{alert.level}" if role == "new" and alert.level < 3 else role  # noqa: PLR2004 - P1, P2 lend their colour


def _age(alert: Alert, look: Look) -> Span:
    if alert.status == "suppressed" and alert.snoozed_until is not None:
        return short_time(alert.snoozed_until, look), "snz"
    return age(look.now - alert.opened_at), "text"


def _what(alert: Alert, look: Look) -> Span:
    words = f"{alert.title} (flapping)" if alert.body.get("flapping") else alert.title
    if back := came_back(alert, look):
        return f"back: {words} ({back})", "snz"
    return words, ("strong", "text", "text", "muted")[alert.level - 1]


def _who(alert: Alert, look: Look) -> Span:
    others = [name for name in look.there(alert.id) if name != alert.who]
    held = "you" if alert.who and alert.who == look.me else alert.who
    if not others:
        return held or "-", "text"
    return f"{held}+{others[0]}" if held else f"({others[0]})", "accent"


def _score(alert: Alert, _look: Look) -> Span:
    return (f"{alert.score:.2f}" if alert.score is not None else "-"), "text"


STATE = Column("STATE", 5, _state)
AGE = Column("AGE", 5, _age, right=True)
WHAT = Column("WHAT", FLEX, _what)
WHO = Column("WHO", 8, _who)
COUNT = Column("COUNT", 5, lambda alert, _: (f"x{short(alert.count)}", "text"), right=True)
CASE = Column("CASE", 8, lambda alert, _: (alert.case or "-", "text"))
SCORE = Column("SCORE", 5, _score)


def site(cells: int) -> Column:
    """Return the site column in a width."""
    return Column("SITE", cells, lambda alert, _: (alert.site or "-", "text"))


PERSON = Column("PERSON", 12, lambda alert, _: (alert.person or "-", "text"))


def columns(width: int) -> tuple[Column, ...]:
    """Return the columns of a list that wide; what matters least is left out first."""
    if width < NARROW:
        return AGE, site(7), WHAT
    if width < MEDIUM:
        return STATE, AGE, site(8), WHAT, WHO, COUNT
    if width < WIDE:
        return STATE, AGE, site(10), WHAT, PERSON, WHO, COUNT
    return STATE, AGE, site(12), WHAT, PERSON, WHO, SCORE, COUNT, CASE


def head(width: int) -> Line:
    """Return the line of column heads."""
    spans = [column("    SEV", 7, "head")]
    for col, cells in _sized(width):
        spans.append(column(col.head, cells, "head", right=col.right))
    return tuple(spans)


def row(
    alert: Alert, look: Look, width: int, *, pending: bool = False, here: bool = False, marked: bool = False
) -> Line:
    """Return the line of an alert: cursor, mark, severity in glyph and word, then the columns."""
    level = f"p{alert.level}"
    spans: list[Span] = [
        (">" if here else " ", "strong"),
        ("~", "pending") if pending else ("x" if marked else " ", "accent"),
        (f"{GLYPHS[alert.level]} P{alert.level}  ", level),
    ]
    for col, cells in _sized(width):
        text, role = col.span(alert, look)
        spans.append(column(text, cells, role, right=col.right))
    return tuple(spans)


def _sized(width: int) -> list[tuple[Column, int]]:
    chosen = columns(width)
    taken = 8 + sum(col.cells + 1 for col in chosen)
    return [(col, col.cells or max(width - taken, 4)) for col in chosen]


@dataclass(frozen=True, slots=True)
class AlertSheet:
    """The list as its widget shows it."""

    model: Model
    queue: Queue
    look: Look
    frozen: bool = False

    @property
    def count(self) -> int:
        """Return how many lines there are."""
        return len(self.queue.order) or len(self._nothing())

    @property
    def cursor(self) -> int | None:
        """Return the line of the cursor."""
        return self.queue.index

    @property
    def top(self) -> int | None:
        """Return None: the widget keeps the cursor on its line of the screen."""
        return None

    def head(self, width: int) -> Line | None:
        """Return the column heads."""
        return head(width)

    def foot(self, _width: int) -> Line | None:
        """Return the line that counts what is new above; it is always there, so that rows do not move for it."""
        unseen = len(self.queue.unseen)
        return line(f"    -- {unseen} new above, press g g --" if unseen else "", "accent")

    def line(self, index: int, width: int) -> Line:
        """Return a line by its index."""
        if not self.queue.order:
            return self._nothing()[index]
        alert_id = self.queue.order[index]
        alert = self.model.find(alert_id)
        here, marked = alert_id == self.queue.cursor, alert_id in self.queue.marks
        if alert is None:
            return line(f"{'>' if here else ' '}       {alert_id} is no longer in the queue", "muted")
        spans = row(alert, self.look, width, pending=self.model.pending(alert_id), here=here, marked=marked)
        return dimmed(spans) if self.frozen or not alert.queued else spans

    def _nothing(self) -> list[Line]:
        return [line(f" {text}", "muted") for text in nothing(self.model, self.queue, self.look)]


def nothing(model: Model, queue: Queue, look: Look) -> tuple[str, ...]:
    """Return why the list is empty, so that quiet differs from dead."""
    if not model.loaded:
        return ("Loading alerts ...", model.link.detail) if model.link.detail else ("Loading alerts ...",)
    if queue.filter:
        return (f"No alerts match  {queue.filter.text}     0: clear",)
    last = f"Last alert {spell(look.now - model.last_alert_at)} ago." if model.last_alert_at else "No alert so far."
    return (f"All quiet. {last} {len(model.sites)} sites, {model.events.total} events since this console started.",)
