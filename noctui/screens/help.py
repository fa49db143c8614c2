"""The help overlay: the action table as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from noctui.state.bars import help_lines
from noctui.state.sheet import TextSheet
from noctui.widgets.rows import VirtualRows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from noctui.state.actions import Action, Scope


class HelpScreen(ModalScreen[None]):
    """Lies over a screen, whose keys it lists first, until any of its closing keys is pressed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,enter", "close", "Close", show=False),
        Binding("j,down", "scroll(1)", "Down", show=False),
        Binding("k,up", "scroll(-1)", "Up", show=False),
        Binding("pagedown,ctrl+f,ctrl+d,space", "scroll(10)", "Page down", show=False),
        Binding("pageup", "scroll(-10)", "Page up", show=False),
    ]

    def __init__(self, scope: Scope, actions: Sequence[Action]) -> None:
        super().__init__()
        self._scope = scope
        self._actions = actions

    def compose(self) -> ComposeResult:
        """Give the list of keys."""
        yield VirtualRows(id="help")

    def on_mount(self) -> None:
        """Name the list."""
        rows = self.query_one("#help", VirtualRows)
        rows.caption("Keys", "j k scroll   esc close")
        rows.focus()

    def on_resize(self) -> None:
        """Fill the list in its width."""
        self.call_after_refresh(self._fill)

    def _fill(self) -> None:
        rows = self.query_one("#help", VirtualRows)
        rows.show(TextSheet(help_lines(rows.size.width, self._scope, self._actions)))

    def action_scroll(self, by: int) -> None:
        """Scroll the list."""
        self.query_one("#help", VirtualRows).scroll_lines(by)

    def action_close(self) -> None:
        """Go back to the screen below."""
        self.dismiss()
