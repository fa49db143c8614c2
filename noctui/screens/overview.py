"""Screen 1: whether anything is wrong anywhere, from what needs somebody now to what is due."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Horizontal, Vertical

from noctui.messages import AlertWanted, Answered, JumpWanted, Question, Wanted
from noctui.screens.base import DeskScreen
from noctui.state import overview as words
from noctui.state.cells import cut
from noctui.state.feedrows import FeedSheet
from noctui.state.find import read_filter
from noctui.state.lines import BLANK, Line
from noctui.state.model import look_at
from noctui.state.sheet import TextSheet
from noctui.state.watch import ASKED, NEEDS, PLACES
from noctui.widgets.rows import VirtualRows

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.widget import Widget

    from noctui.state.actions import Scope
    from noctui.state.times import Look
    from noctui.state.watch import Watch

LABEL_CELLS = 40
WIDE = 150


class OverviewScreen(DeskScreen):
    """The home of calm: six panes, of which two are gone through by key."""

    scope: ClassVar[Scope] = "overview"
    title_word = "1 OVERVIEW"
    lean = True
    AUTO_FOCUS = "#needs"

    def body(self) -> ComposeResult:
        """Give the panes; where it is wide, sites stand beside what needs somebody, else the last hour does."""
        with Vertical(id="watch"):
            with Horizontal(id="calls"):
                yield VirtualRows(id="needs")
                yield VirtualRows(id="beside")
            with Horizontal(id="states"):
                yield VirtualRows(id="first")
                yield VirtualRows(id="second")
                yield VirtualRows(id="third")
            yield VirtualRows(id="stream")

    @property
    def _watch(self) -> Watch:
        return self.desk.watch

    @property
    def _wide(self) -> bool:
        return self.size.width >= WIDE

    def _rows(self, name: str) -> VirtualRows:
        return self.query_one(f"#{name}", VirtualRows)

    @property
    def _places(self) -> VirtualRows:
        return self._rows("beside" if self._wide else "first")

    @property
    def home(self) -> Widget:
        """Return the pane that is gone through."""
        return self._rows("needs") if self._watch.pane == NEEDS else self._places

    @property
    def filter_text(self) -> str:
        """Return the filter of what needs somebody."""
        return self._watch.needs.filter.text

    def info(self, _width: int) -> Line:
        """Return the filter, while there is one."""
        found = self._watch.needs.filter
        return (("/ ", "muted"), (found.text, "text")) if found else BLANK

    # ------------------------------------------------------------------------------------------------------ drawing

    def draw(self, step: int = 0) -> None:
        """Draw the panes; what they lack is asked for."""
        model, watch, now = self.desk.model, self._watch, self.now()
        look = look_at(model, now)
        self.ask_for(ASKED)
        watch.follow(model)
        moved = {watch.pane: step}
        needs = self._rows("needs")
        needs.caption("Needs you now", words.needs_caption(model, look))
        needs.show(words.NeedSheet(model, watch, look, self.frozen), step=moved.get(NEEDS, 0))
        places = self._places
        places.caption(words.places_caption(model.facts.get("overview")), "enter opens")
        places.show(words.PlaceSheet(model, watch, look, self.frozen), step=moved.get(PLACES, 0))
        self._draw_pulse(now)
        self._draw_work(look)
        self._draw_stream(look)

    def _draw_pulse(self, now: int) -> None:
        pulse = self._rows("first" if self._wide else "beside")
        steps = words.pulse_steps(pulse.size.width)
        span = f"{steps // 12} hours" if steps > 12 else "60 min"  # noqa: PLR2004 - an hour of five minutes each
        pulse.caption(f"Last {span}")
        pulse.show(TextSheet(words.pulse_lines(self.desk.model, now, pulse.size.width)))

    def _draw_work(self, look: Look) -> None:
        model, second, third = self.desk.model, self._rows("second"), self._rows("third")
        width, height = second.size
        if self._wide:
            second.caption("Cases and due work")
            second.show(TextSheet(words.work_lines(model, look, width, height)))
            third.caption("On shift")
            third.show(TextSheet([*words.operator_lines(model, look), *words.shift_lines(model, look)]))
        else:
            second.caption("On shift and due")
            second.show(TextSheet(words.duty_lines(model, look, width, height)))

    def _draw_stream(self, look: Look) -> None:
        stream, model = self._rows("stream"), self.desk.model
        self.desk.glimpse.follow(model.ring, stream.page)
        word = "live" if model.link.word(self.now()) == "LIVE" else "standing still"
        stream.caption(f"Feed  {word}  {model.changes.per_s(self.now()):.1f}/s")
        stream.show(FeedSheet(model, self.desk.glimpse, look, frozen=self.frozen, heads=self._wide))

    # ------------------------------------------------------------------------------------------------- moving about

    def move(self, by: int) -> None:
        """Move the cursor of the pane that is gone through."""
        self.paint(self._watch.move(self.desk.model, by))

    @property
    def page_step(self) -> int:
        """Return how many rows a page is."""
        return max(self._rows("needs" if self._watch.pane == NEEDS else self._places.id or "").page - 1, 1)

    def do_top(self) -> None:
        """Go to the first row."""
        self.move(-1_000_000)

    def do_end(self) -> None:
        """Go to the last row."""
        self.move(1_000_000)

    def do_tab(self) -> None:
        """Go through the other pane."""
        self._watch.turn()
        self.set_focus(self.home)
        self.paint()

    def do_pane(self) -> None:
        """Go through the other pane."""
        self.do_tab()

    def do_open(self) -> None:
        """Go to the alert in the queue, or to the page of the site."""
        picks = self._watch.needs if self._watch.pane == NEEDS else self._watch.places
        if picks.cursor is None:
            self.say("nothing under the cursor", "muted")
        elif self._watch.pane == NEEDS:
            self.post_message(AlertWanted(picks.cursor))
        else:
            self.post_message(JumpWanted("site", picks.cursor))

    def do_back(self) -> None:
        """Close the prompt, else go back to what needs somebody."""
        if self.prompt.question is not None:
            super().do_back()
        elif self._watch.pane != NEEDS:
            self.do_tab()

    def do_retry(self) -> None:
        """Try a lost link now, and ask for everything again."""
        self.desk.model.facts.again()
        super().do_retry()

    def narrow(self, text: str) -> None:
        """Show only what passes of what needs somebody."""
        self._watch.needs.filter = read_filter(text)
        self._watch.needs.settle(self._watch.needing(self.desk.model))
        self.paint()

    def on_virtual_rows_chosen(self, event: VirtualRows.Chosen) -> None:
        """Put the cursor on the row clicked."""
        pane = {"needs": NEEDS, self._places.id: PLACES}.get(event.rows.id)
        picks = self._watch.needs if pane == NEEDS else self._watch.places
        if pane is None or self.prompt.question is not None or event.index >= len(picks.order):
            return
        self._watch.pane = pane
        self.move(event.index - (picks.index or 0))

    def on_virtual_rows_wheel(self, event: VirtualRows.Wheel) -> None:
        """Move the cursor by the wheel."""
        if event.rows is self.home and self.prompt.question is None:
            self.move(event.by)

    # ------------------------------------------------------------------------------------------------------- acting

    def do_ack(self) -> None:
        """Ask for the reason of an acknowledgement."""
        alert = self.desk.model.find(self._watch.needs.cursor) if self._watch.pane == NEEDS else None
        if alert is None:
            self.say("no alert under the cursor", "muted")
            return
        label = f"ack {alert.id} {cut(alert.title, LABEL_CELLS)}? reason:"
        self.prompt.ask(Question(id="ack", label=label, alert=alert.id))

    def on_answered(self, event: Answered) -> None:
        """Turn an answered question into an act, and go on to the next row."""
        super().on_answered(event)
        if event.question.id == "ack":
            event.stop()
            self.post_message(Wanted("ack", event.question.alert, event.text))
            self.move(1)
