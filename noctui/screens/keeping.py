"""Taking lines along: to the terminal's clipboard, or to a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import App

from noctui.client.saving import NotSaved, save
from noctui.state.model import look_at

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from noctui.messages import CopyWanted, SaveWanted
    from noctui.state.desk import Desk

COPIED_BYTES_MAX = 74 * 1024  # what terminals take by OSC 52


class Keeping(App[int]):
    """An app whose lines can be copied and saved."""

    desk: Desk
    folder: Path
    clock: Callable[[], int]

    def say(self, text: str, role: str = "text") -> None:
        """Say something in the prompt line."""
        raise NotImplementedError

    def on_copy_wanted(self, event: CopyWanted) -> None:
        """Give a text to the terminal's clipboard; one that terminals would cut goes to a file."""
        if len(event.text.encode()) > COPIED_BYTES_MAX:
            self._keep("copy", event.text, f"too large to copy, saved {event.what}")
        else:
            self.copy_to_clipboard(event.text)
            self.say(f"copied {event.what}, if this terminal takes OSC 52", "muted")

    def on_save_wanted(self, event: SaveWanted) -> None:
        """Write a text to a file of the operator's own."""
        self._keep(event.name, event.text, f"saved {event.lines:,} lines")

    def _keep(self, name: str, text: str, did: str) -> None:
        try:
            path = save(self.folder, name, text, now_ms=look_at(self.desk.model, self.clock()).now)
        except NotSaved as error:
            self.say(f"not saved: {error}", "error")
        else:
            self.say(f"{did} to {path}")
