"""Screen 2: the queue, the evidence of the alert under the cursor, and the acts on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Horizontal, Vertical

from noctui.messages import Answered, DeedsWanted, JumpWanted, LedgerWanted, ManyWanted, Question, Wanted
from noctui.screens.base import DeskScreen
from noctui.screens.casework import BY_HAND, opening, ticket_by_hand
from noctui.screens.snoozing import SNOOZE, Snoozing
from noctui.state import drawer
from noctui.state.acts import MANY_MAX, VERDICTS, many_words
from noctui.state.alertrows import AlertSheet
from noctui.state.cells import cut
from noctui.state.context import context
from noctui.state.feedrows import FeedSheet
from noctui.state.find import read_filter
from noctui.state.lines import Line, spread
from noctui.state.model import holder, look_at
from noctui.state.present import Warned
from noctui.state.sheet import TextSheet
from noctui.widgets.rows import VirtualRows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from textual.app import ComposeResult
    from textual.widget import Widget

    from noctui.state.actions import Scope
    from noctui.state.alert import Alert
    from noctui.state.desk import Desk
    from noctui.state.times import Look

LABEL_CELLS = 40
ACTS = ("ack", "resolve", "note", "escalate")
NO_CHOICE: Mapping[str, str] = {}


class AlertsScreen(DeskScreen):
    """What do I do next? The list, the drawer, and where there is room the feed and the context beside them."""

    scope: ClassVar[Scope] = "alerts"
    title_word = "2 ALERTS"
    AUTO_FOCUS = "#list"

    def __init__(self, desk: Desk, now: Callable[[], int]) -> None:
        super().__init__(desk, now)
        self._snoozing = Snoozing(self)
        self._warned = Warned()

    def body(self) -> ComposeResult:
        """Give the four panes; the style sheet says which of them fit."""
        with Horizontal(id="body"):
            yield VirtualRows(id="context")
            with Vertical(id="centre"):
                yield VirtualRows(id="list")
                yield VirtualRows(id="strip")
            yield VirtualRows(id="drawer")

    @property
    def home(self) -> Widget:
        """Return the list."""
        return self._rows("list")

    @property
    def here(self) -> str:
        """Return the alert under the cursor."""
        return self.desk.queue.cursor or ""

    @property
    def looking(self) -> str:
        """Return the alert whose drawer is read."""
        return self.here if self._reading or self.desk.drawer.maximised else ""

    def go_to(self, subject: str) -> None:
        """Put the cursor on an alert, whatever the filter shows besides."""
        if self.desk.model.find(subject) is None:
            self.say(f"{subject} is no longer in the queue", "muted")
            return
        self.desk.queue.go(self.desk.model, subject)
        self._moved(0)

    @property
    def filter_text(self) -> str:
        """Return the queue's filter."""
        return self.desk.queue.filter.text

    def _rows(self, name: str) -> VirtualRows:
        return self.query_one(f"#{name}", VirtualRows)

    @property
    def _alert(self) -> Alert | None:
        return self.desk.model.find(self.desk.queue.cursor)

    @property
    def _reading(self) -> bool:
        return self.focused is self._rows("drawer")

    def info(self, width: int) -> Line:
        """Return the filter and how many alerts it shows of how many."""
        queue, model = self.desk.queue, self.desk.model
        left = ("/ ", "muted"), (queue.filter.text or "no filter", "text" if queue.filter else "muted")
        more = f" ({len(model.alerts)} loaded)" if model.alerts_total > len(model.alerts) else ""
        marked = f"{len(queue.marks)} marked  " if queue.marks else ""
        right = (marked, "accent"), (f"{queue.standing(model)} of {model.alerts_total:,}{more} ", "muted")
        return spread(left, right, width)

    def draw(self, step: int = 0) -> None:
        """Draw the panes."""
        desk, now = self.desk, self.now()
        look = look_at(desk.model, now)
        frozen = desk.model.loaded and desk.model.link.word(now) not in {"LIVE", "RESUMING", "CONNECTING"}
        rows = self._rows("list")
        rows.caption("Alerts")
        rows.show(AlertSheet(desk.model, desk.queue, look, frozen), step=step)
        desk.queue.see(desk.queue.order[index] for index in rows.in_view if index < len(desk.queue.order))
        if desk.queue.order:
            rows.show(AlertSheet(desk.model, desk.queue, look, frozen))
        self._draw_drawer(look)
        self._draw_strip(look, frozen=frozen)
        side = self._rows("context")
        if side.display:
            side.caption("Queue, sites, health")
            side.show(TextSheet(context(desk.model, side.size.width, now)))

    def _draw_strip(self, look: Look, *, frozen: bool) -> None:
        strip, model = self._rows("strip"), self.desk.model
        self.desk.strip.follow(model.ring, strip.page)
        if strip.display:
            strip.caption("Feed", f"{model.changes.per_s(self.now()):.1f}/s")
            strip.show(FeedSheet(model, self.desk.strip, look, frozen=frozen, heads=False))

    def _draw_drawer(self, look: Look) -> None:
        pane, alert = self._rows("drawer"), self._alert
        if alert is None:
            pane.caption("Evidence")
            pane.show(TextSheet())
            return
        tab, width = self.desk.drawer.tab, pane.size.width
        title = f"Evidence  {alert.id}  {alert.title}  {alert.site}"
        tabs = " ".join(name.upper() if name == tab else name for name in drawer.TABS)
        pane.caption(cut(title, max(width - 2, 10)), f"tab: {tabs}")
        if wanted := self.desk.ledger_wanted():
            self.post_message(LedgerWanted(wanted))
        if tab == "why":
            lines = drawer.why(alert, look, width)
        elif tab == "notes":
            lines = drawer.notes(self.desk.model.ledgers.get(alert.id), look, width)
        else:
            lines = drawer.raw(alert, width)
        pane.show(TextSheet(lines))

    # ------------------------------------------------------------------------------------------------- moving about

    def move(self, by: int) -> None:
        """Move the cursor, or the text that is read."""
        if self._reading:
            self._rows("drawer").scroll_lines(by)
            return
        self._moved(self.desk.queue.move(self.desk.model, by))

    def _moved(self, step: int) -> None:
        self._rows("drawer").scroll_lines(-1_000_000)
        self.paint(step)

    @property
    def page_step(self) -> int:
        """Return how many rows or lines of what is read fit."""
        return max(self._rows("drawer" if self._reading else "list").page - 1, 1)

    def do_top(self) -> None:
        """Go to the first row, with all that is new sorted in."""
        if self._reading:
            self._rows("drawer").scroll_lines(-1_000_000)
            return
        self.desk.queue.top(self.desk.model)
        self._moved(-1_000_000)

    def do_end(self) -> None:
        """Go to the last row."""
        if self._reading:
            self._rows("drawer").scroll_lines(1_000_000)
            return
        self.desk.queue.end(self.desk.model)
        self._moved(1_000_000)

    def do_open(self) -> None:
        """Read the drawer; where it has no room beside the list, alone."""
        pane = self._rows("drawer")
        if not pane.display:
            self._maximise(on=True)
        self.set_focus(pane)
        self.paint()

    def do_maximise(self) -> None:
        """Give the drawer the whole body, or take it back."""
        self._maximise(on=not self.desk.drawer.maximised)

    def _maximise(self, *, on: bool) -> None:
        self.desk.drawer.maximised = on
        self.query_one("#body").set_class(on, "maximised")
        self.set_focus(self._rows("drawer" if on else "list"))
        self.call_after_refresh(self.paint)

    def do_back(self) -> None:
        """Close the prompt, else the drawer."""
        if self.prompt.question is not None:
            super().do_back()
        elif self.desk.drawer.maximised:
            self._maximise(on=False)
        else:
            self.set_focus(self.home)
            self.paint()

    def do_pane(self) -> None:
        """Go between the list and the drawer."""
        if self._reading:
            self.do_back()
        else:
            self.do_open()

    def do_tab(self) -> None:
        """Go to the next tab of the drawer; what could not be fetched is asked for again."""
        self.desk.drawer.turn()
        held = self.desk.model.ledgers.get(self.desk.queue.cursor or "")
        if held is not None and held.problem:
            del self.desk.model.ledgers[self.desk.queue.cursor or ""]
        self._moved(0)

    def do_quit(self) -> None:
        """Leave the drawer, else the console."""
        if self._reading or self.desk.drawer.maximised:
            self.do_back()
        else:
            super().do_quit()

    def narrow(self, text: str) -> None:
        """Show only alerts that pass."""
        self.desk.queue.narrow(self.desk.model, read_filter(text))
        self.paint()

    def on_virtual_rows_chosen(self, event: VirtualRows.Chosen) -> None:
        """Put the cursor on the row clicked; a click into the drawer reads it."""
        queue = self.desk.queue
        if event.rows is self._rows("list") and event.index < len(queue.order) and self.prompt.question is None:
            step = event.index - (queue.index or 0)
            queue.go(self.desk.model, queue.order[event.index])
            self._moved(step)

    def on_virtual_rows_wheel(self, event: VirtualRows.Wheel) -> None:
        """Move the cursor by the wheel."""
        if event.rows is self._rows("list") and self.prompt.question is None:
            self.set_focus(self.home)
            self.move(event.by)

    # ------------------------------------------------------------------------------------------------------- acting

    def _ask(self, act: str, words: str, choices: Mapping[str, str] = NO_CHOICE) -> None:
        alert = self._alert
        if alert is None:
            self.say("no alert under the cursor", "muted")
            return
        label = f"{act} {alert.id} {cut(alert.title, LABEL_CELLS)}{words}"
        self.prompt.ask(Question(id=act, label=label, alert=alert.id, choices=choices))

    def do_ack(self) -> None:
        """Ask for the reason of an acknowledgement; where somebody else is at it, only when asked twice."""
        alert, model = self._alert, self.desk.model
        if alert is not None:
            other = holder(alert, model, self.now())
            if other and self._warned.first(alert.id):
                self.say(f"{other} is at work on {alert.id}; a again acks it all the same", "stale")
                return
        self._ask("ack", "? reason:")

    def do_resolve(self) -> None:
        """Ask for the verdict."""
        self._ask("resolve", " as", VERDICTS)

    def do_note(self) -> None:
        """Ask for a note."""
        self._ask("note", ":")

    def do_escalate(self) -> None:
        """Ask for the reason of an escalation."""
        self._ask("escalate", "? reason:")

    def do_take(self) -> None:
        """Work on the alert under the cursor."""
        alert = self._alert
        if alert is None:
            self.say("no alert under the cursor", "muted")
        else:
            self.post_message(Wanted("start", alert.id))

    def do_snooze(self) -> None:
        """Ask for how long to hide it, and say what that hides."""
        alert = self._alert
        if alert is None or alert.status == "resolved":
            self.say("no alert under the cursor that stands", "muted")
        else:
            self._snoozing.ask(alert)

    def do_case(self) -> None:
        """Go to the case of the alert, or ask for the title of a ticket for it."""
        alert = self._alert
        if alert is None:
            self.say("no alert under the cursor", "muted")
        elif alert.case:
            self.post_message(JumpWanted("ticket", alert.case))
        else:
            self.prompt.ask(ticket_by_hand("", alert))

    def do_mark(self) -> None:
        """Mark a row and go on to the next."""
        before = self.desk.queue.index or 0
        self.desk.queue.mark(self.desk.model)
        self._moved((self.desk.queue.index or 0) - before)

    def do_mark_range(self) -> None:
        """Mark from the last mark to here."""
        self.desk.queue.mark_range()
        self.paint()

    def do_mark_others(self) -> None:
        """Mark what is not marked."""
        self.desk.queue.mark_others()
        self.paint()

    def do_ack_all(self) -> None:
        """Say what acknowledging many would do, and ask whether to."""
        queue = self.desk.queue
        meant = queue.meant(self.desk.model)
        words = many_words(meant, marked=bool(queue.marks))
        ids = tuple(alert.id for alert in meant if alert.unattended)
        if not ids:
            self.say(words, "muted")
        elif len(ids) > MANY_MAX:
            self.say(f"{len(ids)} are too many at once (at most {MANY_MAX}); narrow the filter or mark some", "stale")
        else:
            self.prompt.ask(Question(id="ack_all", label=f"{words}?", alerts=ids, choices={"y": "yes"}))

    def on_answered(self, event: Answered) -> None:
        """Turn an answered question into an act, and go on to the next row that needs one."""
        super().on_answered(event)
        question = event.question
        if question.id == "ack_all":
            event.stop()
            self.post_message(ManyWanted("ack", question.alerts, event.text))
            return
        if question.id == SNOOZE:
            event.stop()
            self._snoozing.answered(event)
            return
        if question.id == BY_HAND and (alert := self.desk.model.find(question.alert)) is not None:
            event.stop()
            if deeds := opening(question, event.text, alert.level):
                self.post_message(DeedsWanted(deeds))
            return
        if question.id not in ACTS or (question.id == "note" and not event.text.strip()):
            return
        event.stop()
        self.post_message(Wanted(question.id, question.alert, event.text, event.choice))

    def onward(self) -> None:
        """Leave the row just acted on for the next that nobody has taken on."""
        before = self.desk.queue.index or 0
        self.desk.queue.onward(self.desk.model)
        self._moved((self.desk.queue.index or 0) - before)
