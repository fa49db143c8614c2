"""What all screens share: the lines around the body, the prompt, and keys that come from the action table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.reactive import var

from noctui.messages import Answered, BackWanted, FactWanted, LeaveWanted, Question, RetryWanted, UndoWanted
from noctui.screens.help import HelpScreen
from noctui.screens.taking import Taking
from noctui.state.actions import ACTIONS, BY_ID, EVERYWHERE, Scope, action_of, footer_words, named, where
from noctui.state.bars import banner, link_bar, outbox_line, status_bar
from noctui.state.find import read_filter
from noctui.state.lines import BLANK, Line, line
from noctui.widgets.bar import Bar
from noctui.widgets.prompt import Prompt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from textual import events
    from textual.app import ComposeResult
    from textual.widget import Widget

    from noctui.state.desk import Desk
    from noctui.state.facts import Need
    from noctui.widgets.rows import VirtualRows

CRAMPED_WIDTH, CRAMPED_HEIGHT = 40, 12
LINK_CELLS = 30
SUGGESTIONS_MAX = 6
READ_ONLY = "read-only: ask a supervisor"
WORKED_ON = re.compile("[AIT]-[0-9]{1,18}")


def bindings() -> list[BindingType]:
    """Return the bindings of the action table; of keys pressed in turn, the first is bound."""
    keys = dict.fromkeys(key.split()[0] for action in ACTIONS for key in action.keys)
    return [Binding(key, f"press({key!r})", show=False) for key in keys]


class DeskScreen(Taking):
    """A screen that draws a desk; `scope` names it in the action table.

    A `lean` one has no line below the prompt: what was done last is said in the prompt's own.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings()
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - Textual declares it as an attribute
        (0, "-tiny"),
        (60, "-narrow"),
        (100, "-mid"),
        (150, "-wide"),
    ]
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012 - Textual declares it as an attribute
        (0, "-low"),
        (16, "-short"),
        (30, "-middle"),
        (45, "-tall"),
    ]
    scope: ClassVar[Scope]
    title_word: ClassVar[str]
    lean: ClassVar[bool] = False
    pressed: var[str] = var("")

    def __init__(self, desk: Desk, now: Callable[[], int]) -> None:
        super().__init__()
        self.desk = desk
        self.now = now
        self._repaints = False

    def compose(self) -> ComposeResult:
        """Give the lines around the body, and the body."""
        with Horizontal(id="top"):
            yield Bar(id="status")
            yield Bar(id="link")
        yield Bar(id="info")
        yield from self.body()
        yield Prompt()
        yield Bar(id="below")
        yield Bar(id="footer")

    def body(self) -> ComposeResult:
        """Give what lies between the info line and the prompt."""
        raise NotImplementedError

    def draw(self, step: int = 0) -> None:
        """Draw the body; the row of the cursor moves by `step` lines on the screen."""
        raise NotImplementedError

    def info(self, width: int) -> Line:
        """Return the second line while the link is well; where it is blank, there is none."""
        raise NotImplementedError

    def aside(self) -> Line:
        """Return what the prompt's line says while there is nothing else to say."""
        return BLANK

    def counts(self) -> Line:
        """Return what the top line counts, blank for the alerts of the queue."""
        return BLANK

    @property
    def home(self) -> Widget:
        """Return the widget that has the focus while nothing is asked."""
        raise NotImplementedError

    @property
    def here(self) -> str:
        """Return the id of what is under the cursor, to come back to; empty where nothing has one."""
        return ""

    @property
    def looking(self) -> str:
        """Return the id of what is opened and read, for others to see; empty where nothing is."""
        return ""

    def go_to(self, subject: str) -> None:
        """Put the cursor on what has this id, where this screen shows such things."""

    @property
    def prompt(self) -> Prompt:
        """Return the prompt line."""
        return self.query_one(Prompt)

    def paint(self, step: int = 0) -> None:
        """Draw the desk as it is now."""
        if not (self.app.is_running and self.is_mounted and self.is_active):
            return  # there is nothing to draw on any more, or not yet
        now, width, desk = self.now(), self.size.width, self.desk
        cramped = width < CRAMPED_WIDTH or self.size.height < CRAMPED_HEIGHT
        self.set_class(cramped, "-cramped")
        self.veil()
        if cramped:
            self._bar("status").show(line(f"needs {CRAMPED_WIDTH}x{CRAMPED_HEIGHT}", "stale"))
            return
        self._say_where(now)
        self._bar("status").show(status_bar(desk.model, self.title_word, width, now, desk.badges, self.counts()))
        self._bar("link").show(link_bar(desk.model, LINK_CELLS, now))
        info = banner(desk.model, now, width) or self.info(width)
        self._bar("info").display = bool(info)
        self._bar("info").show(info)
        self.draw(step)
        self._say(now, width)
        self._bar("footer").show(line(footer_words(self.scope, width, self.desk.actions), "muted"))

    def _say_where(self, now: int) -> None:
        """Have others know what is read here, and what is about to be acted on."""
        model, question = self.desk.model, self.prompt.question
        named = () if question is None else (question.alert, question.case)
        claims = tuple(each for each in named if WORKED_ON.fullmatch(each))
        if model.link.phase != "live":
            return
        if (body := model.present.due(self.looking, claims, now)) is not None:
            self.post_message(FactWanted("presence", "", body))

    def _say(self, now: int, width: int) -> None:
        """Show what is said, and below it the hint of a question, the rest, or the outbox."""
        said, question = self.desk.said(now, width), self.prompt.question
        quiet = outbox_line(self.desk.model, now, width) if self.lean else BLANK
        self.prompt.say(said[0] if said else quiet or self.aside())
        if question is not None and question.hint is not None:
            self._bar("below").show(line(*question.hint()))
        else:
            self._bar("below").show(said[1] if said[1:] else outbox_line(self.desk.model, now, width))

    def on_prompt_turned(self, event: Prompt.Turned) -> None:
        """Say the hint of the question that came in its place."""
        event.stop()
        self.paint()

    def _bar(self, name: str) -> Bar:
        return self.query_one(f"#{name}", Bar)

    def on_resize(self, _event: events.Resize) -> None:
        """Draw again in the new size."""
        self.call_after_refresh(self.paint)

    def on_virtual_rows_resized(self, event: VirtualRows.Resized) -> None:
        """Draw again once all panes have the room they were given."""
        event.stop()
        if not self._repaints:
            self._repaints = True
            self.call_after_refresh(self._repaint)

    def _repaint(self) -> None:
        self._repaints = False
        self.paint()

    def on_screen_resume(self) -> None:
        """Draw what moved while another screen was up."""
        self.call_after_refresh(self.paint)

    def say(self, text: str, role: str = "text") -> None:
        """Say something in the prompt line."""
        self.desk.say(text, self.now(), role)
        self.paint()

    # ------------------------------------------------------------------------------------------------- what keys do

    def action_press(self, key: str) -> None:
        """Do what a key stands for on this screen."""
        action = action_of(key, self.scope, self.desk.actions)
        pressed, self.pressed = self.pressed, ""
        if action is None:
            return
        if key not in action.keys and pressed != action.id:  # the first of keys pressed in turn
            self.pressed = action.id
        else:
            self.action_do(action.id)

    def action_do(self, action_id: str) -> None:
        """Do what the action table names, if it may be done here and now."""
        action = BY_ID[action_id]
        if self.prompt.question is not None:
            if action_id == "back":
                self.do_back()
            return
        if action.mutating and self.desk.badges.read_only:
            self.say(READ_ONLY, "stale")
            return
        if self.scope not in action.scopes:
            self.say(f"{action.title.lower()} is for {where(action)}", "muted")
            return
        if action_id.startswith("screen_"):
            self.do_screen(action_id.removeprefix("screen_"))
        else:
            getattr(self, f"do_{action_id}")()

    def do_screen(self, number: str) -> None:
        """Go to another screen."""
        self.app.switch_mode(EVERYWHERE[int(number) - 1])

    def ask_for(self, needs: Iterable[Need]) -> None:
        """Ask for what is looked at and not known, or known for too long, while there is a link."""
        if self.desk.model.link.phase in {"live", "resuming"}:
            for kind, key in self.desk.model.facts.due(needs, self.now()):
                self.post_message(FactWanted(kind, key))

    @property
    def frozen(self) -> bool:
        """Tell whether what is shown stands still, because nothing is heard."""
        model = self.desk.model
        return model.loaded and model.link.word(self.now()) not in {"LIVE", "RESUMING", "CONNECTING"}

    def move(self, by: int) -> None:
        """Move what has the keyboard by rows or lines."""
        raise NotImplementedError

    @property
    def page_step(self) -> int:
        """Return how many rows or lines a page is."""
        raise NotImplementedError

    def do_down(self) -> None:
        """Go to the next row or line."""
        self.move(1)

    def do_up(self) -> None:
        """Go to the row or line before."""
        self.move(-1)

    def do_page_down(self) -> None:
        """Go a page further."""
        self.move(self.page_step)

    def do_page_up(self) -> None:
        """Go a page back."""
        self.move(-self.page_step)

    def do_command(self) -> None:
        """Ask for the name of what to do."""
        words = tuple(action.title.lower() for action in named("", self.scope, self.desk.actions))
        self.prompt.ask(Question(id="command", label=":", completions=words))

    def _command(self, text: str) -> None:
        found = named(text, self.scope, self.desk.actions)
        if len(found) == 1:
            self.action_do(found[0].id)
        elif text.strip():
            some = ", ".join(action.title.lower() for action in found[:SUGGESTIONS_MAX])
            self.say(f"{text.strip()} may mean {some}" if found else f"nothing here is called {text.strip()}", "muted")

    def do_help(self) -> None:
        """Show the keys."""
        self.app.push_screen(HelpScreen(self.scope, self.desk.actions))

    def do_back(self) -> None:
        """Close the prompt."""
        if self.prompt.question is not None:
            self.prompt.close()
            self.set_focus(self.home)
            self.paint()

    def do_filter(self) -> None:
        """Ask for a filter."""
        self.prompt.ask(Question(id="filter", label="/", value=self.filter_text))

    def do_clear(self) -> None:
        """Show everything again."""
        self.narrow("")

    @property
    def filter_text(self) -> str:
        """Return the filter as typed."""
        raise NotImplementedError

    def narrow(self, text: str) -> None:
        """Show only what the filter lets through."""
        raise NotImplementedError

    def do_go_back(self) -> None:
        """Go to where one jumped from."""
        self.post_message(BackWanted())

    def do_go_on(self) -> None:
        """Go to where one went back from."""
        self.post_message(BackWanted(forward=True))

    def do_undo(self) -> None:
        """Take back the last act."""
        self.post_message(UndoWanted())

    def do_retry(self) -> None:
        """Try a lost link now."""
        self.post_message(RetryWanted())

    def do_quit(self) -> None:
        """Leave the console."""
        self.post_message(LeaveWanted())

    def on_answered(self, event: Answered) -> None:
        """Give the keyboard back, and take a filter in."""
        self.set_focus(self.home)
        if event.question.id == "filter":
            event.stop()
            self.narrow(read_filter(event.text).text)
        elif event.question.id == "command":
            event.stop()
            self._command(event.text)
        self.paint()
