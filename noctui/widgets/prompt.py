"""The prompt line: what was said last, or a question with room for the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input

from noctui.messages import Answered, Question
from noctui.state.cells import common_start, cut, width
from noctui.state.lines import BLANK, Line, cells_of
from noctui.widgets.bar import Bar

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

TYPED_CHARS_MAX = 2_000
ROOM_CELLS = 16
CHOICE_CELLS = 4


class Prompt(Horizontal):
    """Asks one question at a time; enter answers it, and whoever opened it may close it."""

    DEFAULT_CSS = """
    Prompt { height: 1; }
    Prompt Input { width: 1fr; background: $background; }
    """

    class Turned(Message):
        """Another question stands where one was."""

    def __init__(self) -> None:
        super().__init__(id="prompt")
        self.question: Question | None = None
        self._choice = ""

    def compose(self) -> ComposeResult:
        """Give the label and the line to type into."""
        yield Bar(id="label")
        answer = Input(max_length=TYPED_CHARS_MAX, select_on_focus=False, compact=True)
        answer.cursor_blink = False
        answer.display = False
        yield answer

    @property
    def _label(self) -> Bar:
        return self.query_one("#label", Bar)

    @property
    def _input(self) -> Input:
        return self.query_one(Input)

    def say(self, spans: Line) -> None:
        """Show what was said, while nothing is asked."""
        if self.question is None:
            self._label.show(spans)

    def ask(self, question: Question) -> None:
        """Open a question and take the keyboard."""
        self.question, self._choice = question, ""
        self._input.display = True  # not by a class: keys that follow at once must find it focusable
        self._write(question.label, _letters(question), CHOICE_CELLS if question.choices else ROOM_CELLS)
        with self._input.prevent(Input.Changed):
            self._input.value = question.value
        self._input.cursor_position = len(question.value)
        self.screen.set_focus(self._input)

    def type_in(self, char: str) -> None:
        """Take a key that was typed after the question was asked for and before it had the keyboard."""
        self._input.insert_text_at_cursor(char)

    def close(self) -> None:
        """Give the question up."""
        self.question = None
        self._input.display = False
        self._label.styles.width = "1fr"
        self._label.show(BLANK)

    def _write(self, label: str, words: str, room: int) -> None:
        cells = max(self.size.width - room - width(words) - 1, ROOM_CELLS)
        shown: Line = ((cut(label, cells), "strong"), (f"{words} ", "accent"))
        self._label.styles.width = cells_of(shown)
        self._label.show(shown)

    def on_key(self, event: events.Key) -> None:
        """Complete what was begun, by tab, as far as it can mean one thing only."""
        question = self.question
        if event.key != "tab" or question is None or not (question.completions or question.turn):
            return
        event.stop()
        event.prevent_default()
        if question.turn is not None:
            self._turn(question.turn())
            return
        value = self._input.value
        begun = [text for text in question.completions if text.startswith(value.lower())]
        if begun:
            self._input.value = common_start(begun)
            self._input.cursor_position = len(self._input.value)

    def _turn(self, question: Question) -> None:
        """Go on with another question of the same kind; what was answered so far stands."""
        self.question = question
        self._write(question.label, self._chosen(question), ROOM_CELLS if self._choice else CHOICE_CELLS)
        self.post_message(self.Turned())

    def _chosen(self, question: Question) -> str:
        return f" {self._choice.replace('_', ' ')}, note:" if self._choice else _letters(question)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Take the letter of a choice as soon as it is typed."""
        event.stop()
        question = self.question
        if question is None or not question.choices or self._choice or not event.value:
            return
        self._choice = question.choices.get(event.value[-1].lower(), "")
        with self._input.prevent(Input.Changed):
            self._input.value = ""
        if self._choice:
            self._write(question.label, self._chosen(question), ROOM_CELLS)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer the question, unless its letter is still to come or it cannot have been read yet."""
        event.stop()
        question = self.question
        if question is None or (question.choices and not self._choice) or (question.ready and not question.ready()):
            return
        choice = self._choice
        self.close()
        self.post_message(Answered(question, event.value, choice))


def _letters(question: Question) -> str:
    words = "  ".join(f"{letter} {word.partition('_')[0]}" for letter, word in question.choices.items())
    return f": {words}" if words else ""
