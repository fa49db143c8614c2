"""What may leave a screen: lines copied or saved, and the mask that hides names on it and in both."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual.screen import Screen

from noctui.messages import CopyWanted, SaveWanted
from noctui.widgets.bar import Bar
from noctui.widgets.rows import VirtualRows

if TYPE_CHECKING:
    from textual.widget import Widget

    from noctui.state.actions import Scope
    from noctui.state.desk import Desk

COPIED_CELLS = 200
SAVED_LINES_MAX = 10_000


class Taking(Screen[None]):
    """A screen of rows that can be taken along."""

    scope: ClassVar[Scope]
    desk: Desk

    @property
    def home(self) -> Widget:
        """Return the widget that has the focus while nothing is asked."""
        raise NotImplementedError

    def say(self, text: str, role: str = "text") -> None:
        """Say something in the prompt line."""
        raise NotImplementedError

    def do_private(self) -> None:
        """Mask people's names, or show them again."""
        badges = self.desk.badges
        self.desk.badges = replace(badges, private=not badges.private)
        hidden = "hidden on screen, in copies and exports" if not badges.private else "shown again"
        self.say(f"names are {hidden} (p)", "muted")

    def veil(self) -> None:
        """Have everything on screen shown through the mask, or without it."""
        veil = self.desk.model.names.veil if self.desk.badges.private else None
        for rows in self.query(VirtualRows):
            rows.veil = veil
        for bar in self.query(Bar):
            bar.veil = veil

    @property
    def _read_rows(self) -> VirtualRows | None:
        """Return the list or text that has the keyboard."""
        read = self.focused if isinstance(self.focused, VirtualRows) else self.home
        return read if isinstance(read, VirtualRows) else None

    def do_copy(self) -> None:
        """Copy the line under the cursor, or the text that is read."""
        rows = self._read_rows
        text = rows.told_here(COPIED_CELLS, SAVED_LINES_MAX) if rows is not None else ""
        if text:
            self.post_message(CopyWanted(text, "the line" if "\n" not in text else f"{text.count(chr(10)) + 1} lines"))
        else:
            self.say("nothing to copy here", "muted")

    def do_save(self) -> None:
        """Write all lines of what is read to a file."""
        rows = self._read_rows
        lines = rows.told(COPIED_CELLS, SAVED_LINES_MAX) if rows is not None else []
        if lines:
            self.post_message(SaveWanted("\n".join((*lines, "")), self.scope, len(lines)))
        else:
            self.say("nothing to save here", "muted")
