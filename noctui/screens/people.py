"""Screen 5: who somebody is and what is usual of them: the day, habits, scores, links."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Horizontal, Vertical

from noctui.screens.base import DeskScreen
from noctui.state.cells import cut
from noctui.state.find import read_filter
from noctui.state.folk import LIST, PAGE, TABS
from noctui.state.lines import Line, line, spread
from noctui.state.model import look_at
from noctui.state.peoplerows import PeopleSheet
from noctui.state.personpage import day_lines, habit_lines, link_lines, score_lines
from noctui.state.sheet import TextSheet
from noctui.widgets.rows import VirtualRows

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.widget import Widget

    from noctui.state.actions import Scope
    from noctui.state.folk import Folk
    from noctui.state.glance import People, PersonRow
    from noctui.state.times import Look

WIDE = 150
NAMES = {"day": "Day by site", "habits": "Habits", "scores": "Scores", "links": "Links"}


class PeopleScreen(DeskScreen):
    """The list, and what is known of who is under the cursor; where it is wide, all of it at once."""

    scope: ClassVar[Scope] = "people"
    title_word = "5 PEOPLE"
    lean = True
    AUTO_FOCUS = "#people"

    def body(self) -> ComposeResult:
        """Give the list and a pane a tab; the style sheet says which of them fit."""
        with Horizontal(id="folk"):
            yield VirtualRows(id="people")
            with Vertical(id="known"):
                yield VirtualRows(id="day")
                with Horizontal(id="usual"):
                    yield VirtualRows(id="habits")
                    yield VirtualRows(id="scores")
                yield VirtualRows(id="links")

    @property
    def _folk(self) -> Folk:
        return self.desk.folk

    def _rows(self, name: str) -> VirtualRows:
        return self.query_one(f"#{name}", VirtualRows)

    @property
    def home(self) -> Widget:
        """Return the list, or the tab that is read."""
        return self._rows(LIST if self._folk.pane == LIST else self._folk.tab)

    @property
    def here(self) -> str:
        """Return who is under the cursor."""
        return self._folk.people.cursor or ""

    def go_to(self, subject: str) -> None:
        """Read what is known of somebody."""
        if self._folk.go(self.desk.model, subject):
            self._read(PAGE)
        else:
            self.say(f"{subject} is not among the people told", "muted")

    @property
    def filter_text(self) -> str:
        """Return the list's filter."""
        return self._folk.people.filter.text

    @property
    def _row(self) -> PersonRow | None:
        return self._folk.known(self.desk.model).get(self._folk.people.cursor or "")

    def counts(self) -> Line:
        """Return how many people there are, and how many on duty."""
        people: People | None = self.desk.model.facts.get("people")
        return line(f"{people.total:,}  on duty {people.on_duty}" if people else "loading ...")

    def info(self, width: int) -> Line:
        """Return the filter, and how many are shown of how many."""
        people: People | None = self.desk.model.facts.get("people")
        found = self._folk.people.filter
        left = ("/ ", "muted"), (found.text or "no filter", "text" if found else "muted")
        told = f"{len(self._folk.people.order)} of {people.total:,} " if people else ""
        return spread(left, line(told, "muted"), width)

    # ------------------------------------------------------------------------------------------------------ drawing

    def draw(self, step: int = 0) -> None:
        """Draw the list and what is known; what is lacking is asked for."""
        model, folk = self.desk.model, self._folk
        look = look_at(model, self.now())
        folk.follow(model)
        self._lay_out()
        self.ask_for(folk.needs(TABS if self.size.width >= WIDE and not folk.maximised else (folk.tab,)))
        people = self._rows(LIST)
        people.caption("People")
        people.show(PeopleSheet(model, folk, look, self.frozen), step=step)
        for tab in TABS:
            self._draw_tab(tab, folk.people.cursor, look)

    def _draw_tab(self, tab: str, person: str | None, look: Look) -> None:
        pane, model, row = self._rows(tab), self.desk.model, self._row
        if not pane.display:
            return
        who = f"{row.id}  {row.name}  {row.role}" if row else person or "nobody"
        tabs = " ".join(name.upper() if name == self._folk.tab else name for name in TABS)
        pane.caption(cut(f"{NAMES[tab]}  {who}", max(pane.size.width - 2, 10)), f"tab: {tabs}")
        width = pane.size.width
        if person is None:
            pane.show(TextSheet([line("nobody under the cursor", "muted")]))
        elif tab == "day":
            pane.show(TextSheet(day_lines(model, person, look, width)))
        elif tab == "habits":
            pane.show(TextSheet(habit_lines(model, person, width)))
        elif tab == "scores":
            pane.show(TextSheet(score_lines(model, person, look, width)))
        else:
            pane.show(TextSheet(link_lines(model, row, person, look, width)))

    def _lay_out(self) -> None:
        panes = self.query_one("#folk")
        panes.set_class(self._folk.maximised, "maximised")
        for tab in TABS:
            panes.set_class(tab == self._folk.tab, f"at-{tab}")

    # ------------------------------------------------------------------------------------------------- moving about

    def _read(self, pane: str) -> None:
        self._folk.pane = pane
        self._lay_out()
        self.set_focus(self.home)
        self.call_after_refresh(self.paint)

    def move(self, by: int) -> None:
        """Move the cursor, or the text that is read."""
        folk = self._folk
        if folk.pane != LIST:
            self._rows(folk.tab).scroll_lines(by)
            return
        step = folk.people.move(folk.ranking(self.desk.model), by)
        for tab in TABS:
            self._rows(tab).scroll_lines(-1_000_000)
        self.paint(step)

    @property
    def page_step(self) -> int:
        """Return how many rows or lines of what is read fit."""
        return max(self._rows(LIST if self._folk.pane == LIST else self._folk.tab).page - 1, 1)

    def do_top(self) -> None:
        """Go to the first row or line."""
        self.move(-1_000_000)

    def do_end(self) -> None:
        """Go to the last row or line."""
        self.move(1_000_000)

    def do_tab(self) -> None:
        """Read the next tab."""
        self._folk.turn()
        self._read(self._folk.pane)

    def do_open(self) -> None:
        """Read what is known of who is under the cursor; where it has no room beside the list, alone."""
        if self._folk.people.cursor is None:
            self.say("nobody under the cursor", "muted")
            return
        if not self.query_one("#known").display:
            self._folk.maximised = True
        self._read(PAGE)

    def do_pane(self) -> None:
        """Go between the list and what is known."""
        self.do_back() if self._folk.pane == PAGE else self.do_open()

    def do_maximise(self) -> None:
        """Give the tab the whole body, or take it back."""
        self._folk.maximised = not self._folk.maximised
        self._read(PAGE if self._folk.maximised else LIST)

    def do_back(self) -> None:
        """Close the prompt, else go back to the list."""
        if self.prompt.question is not None:
            super().do_back()
        else:
            self._folk.maximised = False
            self._read(LIST)

    def do_quit(self) -> None:
        """Leave what is known, else the console."""
        if self._folk.pane == PAGE or self._folk.maximised:
            self.do_back()
        else:
            super().do_quit()

    def do_retry(self) -> None:
        """Try a lost link now, and ask for everything again."""
        self.desk.model.facts.again()
        super().do_retry()

    def narrow(self, text: str) -> None:
        """Show only people that pass."""
        self._folk.people.filter = read_filter(text)
        self._folk.people.settle(self._folk.ranking(self.desk.model))
        self.paint()

    def on_virtual_rows_chosen(self, event: VirtualRows.Chosen) -> None:
        """Put the cursor on the row clicked; a click into a tab reads it."""
        folk = self._folk
        if self.prompt.question is not None:
            return
        if event.rows.id in TABS:
            folk.tab, folk.pane = event.rows.id, PAGE
            self.paint()
        elif event.index < len(folk.people.order):
            folk.pane = LIST
            self.move(event.index - (folk.people.index or 0))

    def on_virtual_rows_wheel(self, event: VirtualRows.Wheel) -> None:
        """Move the cursor by the wheel."""
        if event.rows is self._rows(LIST) and self.prompt.question is None:
            self._folk.pane = LIST
            self.move(event.by)
