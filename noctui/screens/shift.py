"""Screen 8: what the next shift must know, who did what, and handing over."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Horizontal, Vertical

from noctui.messages import Answered, DeedsWanted, ExportWanted, FactWanted, JumpWanted, Question
from noctui.screens.base import DeskScreen
from noctui.state.deeds import Deed
from noctui.state.find import read_filter
from noctui.state.model import look_at
from noctui.state.sheet import PickSheet
from noctui.state.shiftdesk import PANES
from noctui.state.shifttext import (
    audit_lines,
    audit_rows,
    handover_lines,
    info,
    items_of,
    note_lines,
    open_lines,
    sections,
    signing_words,
    silence_head,
    silence_lines,
)
from noctui.widgets.rows import VirtualRows

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.widget import Widget

    from noctui.state.actions import Scope
    from noctui.state.lines import Line
    from noctui.state.shiftbook import Body, ShiftBook
    from noctui.state.shiftdesk import ShiftDesk
    from noctui.state.times import Look

FAR = 1_000_000
KIND_OF = {"A": "alert", "T": "ticket", "I": "incident"}
CAPTIONS = {
    "open": ("Open at handover", "auto"),
    "notes": ("Notes for next shift", "n note  x close"),
    "silences": ("Silences", "x end"),
    "audit": ("Audit: acts of all operators", "yours *"),
    "handovers": ("Previous shifts", "enter reads  a accepts"),
}


class ShiftScreen(DeskScreen):
    """What must the next shift know, and who did what? Five panes, one of them read."""

    scope: ClassVar[Scope] = "shift"
    title_word = "8 SHIFT"
    AUTO_FOCUS = "#open"

    def body(self) -> ComposeResult:
        """Give the five panes; the style sheet says which of them fit."""
        with Vertical(id="shift"):
            with Horizontal(id="upper"):
                yield VirtualRows(id="open")
                yield VirtualRows(id="notes")
                yield VirtualRows(id="silences")
            with Horizontal(id="lower"):
                yield VirtualRows(id="audit")
                yield VirtualRows(id="handovers")

    @property
    def home(self) -> Widget:
        """Return the pane that is read."""
        return self._rows(self._desk.pane)

    @property
    def filter_text(self) -> str:
        """Return the filter of the audit trail."""
        return self._desk.filter.text

    def _rows(self, name: str) -> VirtualRows:
        return self.query_one(f"#{name}", VirtualRows)

    @property
    def _desk(self) -> ShiftDesk:
        return self.desk.shift

    @property
    def _book(self) -> ShiftBook:
        return self.desk.model.shift

    @property
    def _look(self) -> Look:
        return look_at(self.desk.model, self.now())

    def info(self, width: int) -> Line:
        """Return which shift it is, and who waits to be relieved."""
        return info(self._book, self._look, self.filter_text, width)

    # ------------------------------------------------------------------------------------------------------ drawing

    def draw(self, step: int = 0) -> None:
        """Draw the panes; what they lack is asked for."""
        del step
        if self.desk.model.link.phase in {"live", "resuming"}:
            for kind, key in self._book.due(self.now()):
                self.post_message(FactWanted(kind, key))
        shift = self.query_one("#shift")
        for name in PANES:
            shift.set_class(self._desk.pane == name, f"on-{name}")
        for name in PANES:
            self._draw(name)

    def _draw(self, name: str) -> None:
        pane, desk, book, look = self._rows(name), self._desk, self._book, self._look
        width, here = pane.size.width, desk.at(name)
        above = None
        if name == "open":
            lines = open_lines(book, desk.section, look, width, here=here)
        elif name == "notes":
            lines = note_lines(book, look, width, here=here)
        elif name == "silences":
            lines, above = silence_lines(book, look, width, here=here), silence_head(width)
        elif name == "audit":
            lines = audit_lines(book, desk.filter, look, width, here=here)
        else:
            lines = handover_lines(book, desk.handover, look, width, here=here)
        pane.caption(*CAPTIONS[name])
        pane.show(PickSheet(lines, here if here is None else min(here, max(len(lines) - 1, 0)), above))

    # ------------------------------------------------------------------------------------------------- moving about

    @property
    def page_step(self) -> int:
        """Return how many rows of what is read fit."""
        return max(self._rows(self._desk.pane).page - 1, 1)

    def _count(self) -> int:
        book, desk = self._book, self._desk
        return {
            "open": len(items_of(book, desk.section) if desk.section else sections(book)),
            "notes": len(book.notes or ()),
            "silences": len(book.listed_silences(self._look.now)),
            "audit": len(audit_rows(book, desk.filter)),
            "handovers": len(handover_lines(book, desk.handover, self._look, 80, here=None)),
        }[desk.pane]

    def move(self, by: int) -> None:
        """Move the cursor of the pane that is read."""
        self._desk.step(by, self._count())
        self.paint()

    def do_top(self) -> None:
        """Go to the first line."""
        self.move(-FAR)

    def do_end(self) -> None:
        """Go to the last line."""
        self.move(FAR)

    def _read(self) -> None:
        self.paint()
        self.call_after_refresh(self._settle_focus)

    def _settle_focus(self) -> None:
        self.set_focus(self.home)
        self.paint()

    def do_tab(self) -> None:
        """Read the next pane."""
        self._desk.turn()
        self._read()

    def do_pane(self) -> None:
        """Read the pane before."""
        self._desk.turn(-1)
        self._read()

    def do_back(self) -> None:
        """Close the prompt, else what is opened, else go to the first pane."""
        if self.prompt.question is not None:
            super().do_back()
        elif self._desk.close():
            self.paint()
        else:
            self._desk.pane = PANES[0]
            self._read()

    def do_quit(self) -> None:
        """Close what is opened, else leave the console."""
        if self._desk.close():
            self.paint()
        else:
            super().do_quit()

    def _chosen(self, rows: list[Body]) -> Body | None:
        return rows[self._desk.line] if self._desk.line < len(rows) else None

    def do_open(self) -> None:
        """Open a section or a handover; on what they name, go there."""
        desk, book = self._desk, self._book
        if desk.pane == "open" and not desk.section:
            if chosen := self._chosen(sections(book)):
                desk.open(section=str(chosen["key"]))
        elif desk.pane == "open":
            self._jump(self._chosen(items_of(book, desk.section)), "id")
        elif desk.pane == "audit":
            self._jump(self._chosen(audit_rows(book, desk.filter)), "target")
        elif not desk.handover and (chosen := self._chosen(list(book.handovers or ()))) and desk.pane == "handovers":
            desk.open(handover=str(chosen["id"]))
        self.paint()

    def _jump(self, chosen: Body | None, key: str) -> None:
        name = str(chosen.get(key) or "") if chosen is not None else ""
        kind = KIND_OF.get(name.partition("-")[0])
        if kind and self._desk.section != "rule_changes":
            self.post_message(JumpWanted(kind, name))
        elif name.startswith("S-"):
            self._desk.pane = "silences"
            self._read()

    def do_retry(self) -> None:
        """Try a lost link now, and ask for everything again."""
        self._book.stir()
        super().do_retry()

    def narrow(self, text: str) -> None:
        """Show only acts that pass."""
        self._desk.filter, self._desk.lines["audit"] = read_filter(text), 0
        self.paint()

    def on_virtual_rows_chosen(self, event: VirtualRows.Chosen) -> None:
        """Put the cursor on the line clicked."""
        if self.prompt.question is None and event.rows.id in PANES:
            self._desk.pane = event.rows.id
            self._desk.lines[event.rows.id] = event.index
            self._read()

    def on_virtual_rows_wheel(self, event: VirtualRows.Wheel) -> None:
        """Move the cursor by the wheel."""
        if self.prompt.question is None and event.rows is self.home:
            self.move(event.by)

    # ------------------------------------------------------------------------------------------------------- acting

    def do_note(self) -> None:
        """Ask for a note for the next shift."""
        self.prompt.ask(Question(id="desk_note", label="note for the next shift (a ! before it pins it):"))

    def do_sign(self) -> None:
        """Ask whether to sign the sheet as it stands."""
        if self._book.sheet is None:
            self.say("the sheet has not come yet", "muted")
        else:
            label = f"sign over {signing_words(self._book)}?"
            self.prompt.ask(Question(id="sign", label=label, choices={"y": "yes"}))

    def do_accept(self) -> None:
        """Ask whether to take the shift over."""
        waiting = self._book.waiting(self.desk.model.me)
        if waiting is None:
            self.say("no handover waits for you: whoever leaves signs with h, and cannot accept it", "muted")
        else:
            label = f"accept {waiting['id']} of {waiting.get('signed_by')}?"
            self.prompt.ask(Question(id="accept", label=label, case=str(waiting["id"]), choices={"y": "yes"}))

    def do_end_it(self) -> None:
        """Ask whether to end the silence, or close the note, under the cursor."""
        desk, book = self._desk, self._book
        if desk.pane == "notes" and (note := self._chosen(list(book.notes or ()))):
            self.prompt.ask(Question(id="close", label=f"close {note['id']}?", case=note["id"], choices={"y": "yes"}))
            return
        silences = [each for each in book.listed_silences(self._look.now) if each.active]
        if desk.pane == "silences" and desk.line < len(silences):
            chosen = silences[desk.line]
            label = f"end {chosen.id} {chosen.scope} now? it hides {chosen.hits}"
            self.prompt.ask(Question(id="end", label=label, case=chosen.id, choices={"y": "yes"}))
        else:
            self.say("x ends a silence in force, or closes a note: tab goes there", "muted")

    def do_export(self) -> None:
        """Write the handover that is read, else the sheet as it stands, to a file."""
        book = self._book
        opened = next((each for each in book.handovers or () if each.get("id") == self._desk.handover), book.sheet)
        if opened is None:
            self.say("the sheet has not come yet", "muted")
        else:
            self.post_message(ExportWanted(opened))

    def on_answered(self, event: Answered) -> None:
        """Turn an answered question into a command."""
        super().on_answered(event)
        question, text = event.question, event.text.strip()
        said = {"note": text} if text else {}
        deeds = {
            "sign": Deed(verb="sign", subject="H", to=("handovers",), title="the shift over", body=said),
            "accept": Deed(verb="accept", subject=question.case, to=("handovers", question.case, "accept"), body=said),
            "end": Deed(verb="end", subject=question.case, to=("silences", question.case), method="DELETE"),
            "close": Deed(verb="close", subject=question.case, to=("notes", question.case), method="DELETE"),
        }
        deed = deeds.get(question.id)
        if question.id == "desk_note" and text.lstrip("! "):
            body = {"text": text.lstrip("! "), "pinned": text.startswith("!")}
            deed = Deed(verb="leave", subject="N", to=("notes",), title="a note for the next shift", body=body)
        if deed is not None:
            event.stop()
            self.post_message(DeedsWanted((deed,)))
