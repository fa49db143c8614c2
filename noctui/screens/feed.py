"""Screen 3: everything that was decided, as it happens, with gaps shown as gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from noctui.messages import AlertWanted
from noctui.screens.base import DeskScreen
from noctui.state.feedrows import FeedSheet
from noctui.state.find import read_filter
from noctui.state.lines import Line, line, spread
from noctui.state.model import look_at
from noctui.state.sheet import TextSheet
from noctui.widgets.rows import VirtualRows

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.widget import Widget

    from noctui.state.actions import Scope
    from noctui.state.tail import Tail


class FeedScreen(DeskScreen):
    """The feed as a list that follows its newest line, or stands still."""

    scope: ClassVar[Scope] = "feed"
    title_word = "3 FEED"
    AUTO_FOCUS = "#feed"

    def body(self) -> ComposeResult:
        """Give the list of changes and the hour at a glance."""
        yield VirtualRows(id="feed")
        rate = VirtualRows(id="rate")
        rate.can_focus = False
        yield rate

    @property
    def home(self) -> Widget:
        """Return the list."""
        return self._list

    @property
    def _list(self) -> VirtualRows:
        return self.query_one("#feed", VirtualRows)

    @property
    def _tail(self) -> Tail:
        return self.desk.feed

    @property
    def filter_text(self) -> str:
        """Return the feed's filter."""
        return self._tail.filter.text

    def info(self, width: int) -> Line:
        """Return the filter and whether the list follows or stands still."""
        model, tail, now = self.desk.model, self._tail, self.now()
        left = ("/ ", "muted"), (tail.filter.text or "no filter", "text" if tail.filter else "muted")
        if tail.paused_at is not None:
            return spread(left, line(f"PAUSED  +{tail.waiting} new  (space) ", "stale"), width)
        rate = f"{model.changes.per_s(now):.1f} changes/s  {model.events.per_s(now):.1f} events/s "
        return spread(left, line(rate, "muted"), width)

    def draw(self, step: int = 0) -> None:
        """Draw the list and the rate; the tail decides what is shown, so `step` moves nothing."""
        del step
        model, now = self.desk.model, self.now()
        look = look_at(model, now)
        self._tail.follow(model.ring, self._list.page)
        self._list.show(FeedSheet(model, self._tail, look))
        rate = self.query_one("#rate", VirtualRows)
        rate.caption("Lines per minute, last 60      P1, P2 !   now ^")
        rate.show(TextSheet([line(model.minutes.spark(look.now)), line(model.minutes.marks(look.now), "p2")]))

    def move(self, by: int) -> None:
        """Move the cursor, or the text that is read."""
        self._tail.move(self.desk.model.ring, by, self._list.page)
        self.paint()

    @property
    def page_step(self) -> int:
        """Return how many rows or lines of what is read fit."""
        return max(self._list.page - 1, 1)

    def do_top(self) -> None:
        """Go to the oldest line kept."""
        self.move(-len(self._tail.nos))

    def do_end(self) -> None:
        """Follow the newest line again."""
        self._tail.resume(self._list.page)
        self.paint()

    def do_pause(self) -> None:
        """Stand still, or go on."""
        if self._tail.paused_at is None:
            self._tail.pause(self.desk.model.ring)
            self.paint()
        else:
            self.do_end()

    def do_open(self) -> None:
        """Go to the alert of the line."""
        index = self._tail.index
        entry = self.desk.model.ring.get(self._tail.nos[index]) if index is not None else None
        if entry is None or not entry.alert:
            self.say("no alert on this line; j and k choose one", "muted")
        else:
            self.post_message(AlertWanted(entry.alert))

    def narrow(self, text: str) -> None:
        """Show only lines that pass."""
        self._tail.narrow(self.desk.model.ring, read_filter(text), self._list.page)
        self.paint()

    def on_virtual_rows_wheel(self, event: VirtualRows.Wheel) -> None:
        """Move the cursor by the wheel."""
        self.move(event.by)

    def on_virtual_rows_chosen(self, event: VirtualRows.Chosen) -> None:
        """Put the cursor on the line clicked."""
        tail, ring = self._tail, self.desk.model.ring
        if event.rows is self._list and event.index < tail.shown:
            tail.pause(ring)
            self.move(event.index - (tail.index or 0))
