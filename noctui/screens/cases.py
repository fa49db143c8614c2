"""Screen 7: tickets and incidents in one list, and of the one under the cursor its record, checklist and links."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Horizontal, Vertical

from noctui.messages import Answered, DeedsWanted, FactWanted, JumpWanted, Question
from noctui.screens.base import DeskScreen
from noctui.screens.casework import answered_deeds, taking, ticket_by_hand
from noctui.state.acts import VERDICTS
from noctui.state.caserows import CaseSheet, info
from noctui.state.casetext import checklist, clocks, done_words, linked, linked_lines, timeline
from noctui.state.cells import cut
from noctui.state.deeds import case_deed, possible
from noctui.state.docket import LIST
from noctui.state.find import read_filter
from noctui.state.lines import line
from noctui.state.model import look_at
from noctui.state.sheet import PickSheet, TextSheet
from noctui.widgets.rows import VirtualRows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.app import ComposeResult
    from textual.widget import Widget

    from noctui.state.actions import Scope
    from noctui.state.case import Case
    from noctui.state.cases import Step
    from noctui.state.casetext import Linked
    from noctui.state.docket import Docket
    from noctui.state.lines import Line
    from noctui.state.times import Look

LABEL_CELLS = 36
FAR = 1_000_000
NO_CHOICE: Mapping[str, str] = {}


class CasesScreen(DeskScreen):
    """What is open, and what is the record? The list, and the panes of the case under the cursor."""

    scope: ClassVar[Scope] = "cases"
    title_word = "7 CASES"
    AUTO_FOCUS = "#cases"

    def body(self) -> ComposeResult:
        """Give the list and the panes of a case; the style sheet says which of them fit."""
        with Horizontal(id="docket"):
            yield VirtualRows(id="cases")
            with Horizontal(id="case"):
                yield VirtualRows(id="timeline")
                with Vertical(id="aside"):
                    yield VirtualRows(id="checklist")
                    yield VirtualRows(id="linked")

    @property
    def home(self) -> Widget:
        """Return the pane that is read."""
        return self._rows(self._docket.pane)

    @property
    def filter_text(self) -> str:
        """Return the list's filter."""
        return self._docket.filter.text

    @property
    def here(self) -> str:
        """Return the case under the cursor."""
        return self._docket.cursor or ""

    @property
    def looking(self) -> str:
        """Return the case that is read."""
        return self.here if self._docket.pane != LIST else ""

    def go_to(self, subject: str) -> None:
        """Put the cursor on a case, one that is not in the list too."""
        self._docket.go(self.desk.model, subject, self._look.now)
        self._read(LIST)

    def _rows(self, name: str) -> VirtualRows:
        return self.query_one(f"#{name}", VirtualRows)

    @property
    def _docket(self) -> Docket:
        return self.desk.docket

    @property
    def _look(self) -> Look:
        return look_at(self.desk.model, self.now())

    @property
    def _case(self) -> Case | None:
        return self.desk.model.cases.rows.get(self._docket.cursor or "")

    @property
    def _steps(self) -> list[Step]:
        return self.desk.model.cases.steps(self._docket.cursor or "")

    @property
    def _linked(self) -> list[Linked]:
        return linked(self._case, self.desk.model.cases) if self._case is not None else []

    def info(self, width: int) -> Line:
        """Return the filter and the view, and how many cases there are."""
        self._docket.follow(self.desk.model, self._look.now)
        return info(self.desk.model, self._docket, self._look, width)

    # ------------------------------------------------------------------------------------------------------ drawing

    def draw(self, step: int = 0) -> None:
        """Draw the panes; what they lack is asked for."""
        model, docket, look = self.desk.model, self._docket, self._look
        if model.link.phase in {"live", "resuming"}:
            for kind, key in model.cases.due(docket.cursor, self.now()):
                self.post_message(FactWanted(kind, key))
        body = self.query_one("#docket")
        body.set_class(docket.pane != LIST, "opened")
        for name in ("timeline", "checklist", "linked"):
            body.set_class(docket.pane == name, f"on-{name}")
        frozen = model.loaded and model.link.word(self.now()) not in {"LIVE", "RESUMING", "CONNECTING"}
        rows = self._rows("cases")
        rows.caption("Cases", f"view: {docket.view}")
        rows.show(CaseSheet(model, docket, look, frozen), step=step)
        self._draw_case(look)

    def _draw_case(self, look: Look) -> None:
        case, docket = self._case, self._docket
        told, steps, links = self._rows("timeline"), self._rows("checklist"), self._rows("linked")
        told.caption(cut(f"{case.name}  {case.title}", max(told.size.width - 2, 10)) if case else "Timeline")
        own = self._steps
        steps.caption(f"Checklist {done_words(own)}".rstrip(), "x ticks" if any(step.no for step in own) else "")
        others = look.there(case.id) if case is not None else ()
        links.caption(f"Linked  {', '.join(others)} looking" if others else "Linked", "enter jumps  [ back")
        if case is None:
            for pane in (told, steps, links):
                pane.show(TextSheet())
            return
        above = line(clocks(case, look), "strong")
        told.show(TextSheet(timeline(self.desk.model.cases.files.get(case.id), look, told.size.width), above))
        if docket.pane != "timeline":
            told.scroll_lines(FAR)
        at = docket.line if docket.pane == "checklist" else None
        steps.show(PickSheet(*checklist(own, look, steps.size.width, here=at)))
        at = docket.line if docket.pane == "linked" else None
        links.show(PickSheet(linked_lines(self._linked, here=at), at))

    # ------------------------------------------------------------------------------------------------- moving about

    def _read(self, pane: str) -> None:
        self._docket.read(pane)
        self.call_after_refresh(self._settle_focus)
        self.paint()

    def _settle_focus(self) -> None:
        self.set_focus(self.home)
        self.paint()

    def move(self, by: int) -> None:
        """Move the cursor, or the text that is read."""
        docket = self._docket
        if docket.pane == LIST:
            self.paint(docket.move(self.desk.model, by, self._look.now))
        elif docket.pane == "timeline":
            self._rows("timeline").scroll_lines(by)
        else:
            docket.step(by, len(self._steps) if docket.pane == "checklist" else len(self._linked))
            self.paint()

    @property
    def page_step(self) -> int:
        """Return how many rows or lines of what is read fit."""
        return max(self._rows(self._docket.pane).page - 1, 1)

    def do_top(self) -> None:
        """Go to the first row or line."""
        self.move(-FAR)

    def do_end(self) -> None:
        """Go to the last row or line."""
        self.move(FAR)

    def do_open(self) -> None:
        """Read the case; on a linked thing go there, on a step tick it."""
        pane = self._docket.pane
        if pane == "linked":
            found = self._linked
            if self._docket.line < len(found):
                self.post_message(JumpWanted(found[self._docket.line].kind, found[self._docket.line].id))
        elif pane == "checklist":
            self.action_do("check")
        elif self._case is not None:
            self.do_tab()
        else:
            self.say("no case under the cursor", "muted")

    def do_tab(self) -> None:
        """Read the next pane of the case."""
        self._docket.turn()
        self._read(self._docket.pane)

    def do_pane(self) -> None:
        """Go between the list and the case."""
        self._read("timeline" if self._docket.pane == LIST else LIST)

    def do_back(self) -> None:
        """Close the prompt, else go back to the list."""
        if self.prompt.question is not None:
            super().do_back()
        elif self._docket.pane != LIST:
            self._read(LIST)

    def do_quit(self) -> None:
        """Leave the case, else the console."""
        if self._docket.pane != LIST:
            self._read(LIST)
        else:
            super().do_quit()

    def do_view(self) -> None:
        """Show the next view: all, mine, due, active."""
        self._docket.turn_view(self.desk.model, self._look.now)
        self.paint(-FAR)

    def do_retry(self) -> None:
        """Try a lost link now, and ask for everything again."""
        self.desk.model.cases.stir()
        super().do_retry()

    def narrow(self, text: str) -> None:
        """Show only cases that pass."""
        self._docket.narrow(self.desk.model, read_filter(text), self._look.now)
        self.paint()

    def on_virtual_rows_chosen(self, event: VirtualRows.Chosen) -> None:
        """Put the cursor on the line clicked."""
        docket, name = self._docket, event.rows.id or LIST
        if self.prompt.question is not None:
            return
        docket.read(name)
        if name == LIST:
            self.move(event.index - (docket.index or 0))
        elif name != "timeline":
            docket.line = event.index
        self.paint()

    def on_virtual_rows_wheel(self, event: VirtualRows.Wheel) -> None:
        """Move the cursor by the wheel."""
        if self.prompt.question is None and event.rows is self.home:
            self.move(event.by)

    # ------------------------------------------------------------------------------------------------------- acting

    def _ask(self, verb: str, words: str, choices: Mapping[str, str] = NO_CHOICE) -> None:
        case = self._case
        if case is None:
            self.say("no case under the cursor", "muted")
        elif why := possible(case, verb):
            self.say(why, "stale")
        else:
            label = f"{verb} {case.name} {cut(case.title, LABEL_CELLS)}{words}"
            self.prompt.ask(Question(id=verb, label=label, case=case.id, choices=choices))

    def do_ack(self) -> None:
        """Ask for the reason of an acknowledgement."""
        self._ask("ack", "? note:")

    def do_resolve(self) -> None:
        """Ask for the verdict."""
        self._ask("resolve", " as", VERDICTS)

    def do_hold(self) -> None:
        """Ask why it has to rest."""
        self._ask("hold", "? waiting for:")

    def do_assign(self) -> None:
        """Ask whom to hand it to."""
        self._ask("assign", " to:")

    def do_escalate(self) -> None:
        """Ask for the reason of an escalation."""
        self._ask("escalate", "? reason:")

    def do_note(self) -> None:
        """Ask for a note."""
        self._ask("note", ":")

    def do_merge(self) -> None:
        """Ask which incidents go on in this one."""
        self._ask("merge", " with which incidents:")

    def do_link(self) -> None:
        """Ask what to link with this incident."""
        self._ask("link", " with which incidents and alerts:")

    def do_take(self) -> None:
        """Work on the case under the cursor."""
        case = self._case
        if case is None:
            self.say("no case under the cursor", "muted")
        else:
            self.post_message(DeedsWanted(taking(case, self.desk.model.me)))

    def do_check(self) -> None:
        """Tick the step under the cursor, or take the tick away."""
        case, steps = self._case, self._steps
        if self._docket.pane != "checklist":
            self._read("checklist")
            return
        step = steps[self._docket.line] if self._docket.line < len(steps) else None
        if case is None or step is None or not step.no:
            self.say(
                "only steps of a ticket are ticked; an incident's are ticked on its tickets, below at Linked", "muted"
            )
            return
        more = {"step": step.no, "done": not step.done}
        self.post_message(DeedsWanted((case_deed(case, "check", more=more),)))

    def do_case(self) -> None:
        """Ask for the title of a ticket by hand."""
        site = self._case.site if self._case is not None else ""
        self.prompt.ask(ticket_by_hand(site))

    def on_answered(self, event: Answered) -> None:
        """Turn an answered question into a command."""
        super().on_answered(event)
        deeds = answered_deeds(event, self.desk.model.cases.rows)
        if isinstance(deeds, str):
            self.say(deeds, "stale")
        elif deeds:
            event.stop()
            self.post_message(DeedsWanted(deeds))
