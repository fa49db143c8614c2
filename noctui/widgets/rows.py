"""The one list of everything live: it makes only the lines in view and repaints only the cells that changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from noctui.state.lines import BLANK, fit, plain
from noctui.state.sheet import TextSheet
from noctui.widgets.paint import changed_span, strip_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from textual import events

    from noctui.state.lines import Line
    from noctui.state.sheet import Sheet

    Veil: TypeAlias = Callable[[Line], Line]

STRIPS_MAX = 1_000
WHEEL_LINES = 3


class VirtualRows(Widget, can_focus=True):
    """Draws a sheet through Textual's line API.

    It scrolls by itself, without Textual's scroll bars and animation, because what moves must move by our rules: the
    row of the cursor keeps its line of the screen whatever is sorted in around it.
    """

    DEFAULT_CSS = "VirtualRows { height: 1fr; width: 1fr; }"

    @dataclass
    class Chosen(Message):
        """A line was clicked."""

        rows: VirtualRows
        index: int

    @dataclass
    class Wheel(Message):
        """The wheel was turned over a list with a cursor, by so many lines."""

        rows: VirtualRows
        by: int

    class Resized(Message):
        """There is another room to fill: text that was wrapped for the old one is to be shown anew."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self._sheet: Sheet = TextSheet()
        self._top = 0
        self._cursor: int | None = None
        self._painted: list[tuple[Line, bool]] = []
        self.veil: Veil | None = None
        self._strips: dict[tuple[Line, bool, int, str], Strip] = {}

    @property
    def page(self) -> int:
        """Return how many lines of the sheet fit."""
        width = self.size.width
        fixed = (self._sheet.head(width), self._sheet.foot(width))
        return max(self.size.height - sum(line is not None for line in fixed), 0)

    @property
    def in_view(self) -> range:
        """Return the indices of the lines in view."""
        return range(self._top, min(self._top + self.page, self._sheet.count))

    def show(self, sheet: Sheet, *, step: int = 0) -> None:
        """Draw this sheet from now on; the cursor's line of the screen moves by `step`, and by nothing else."""
        at = 0 if self._cursor is None else self._cursor - self._top
        self._sheet, self._cursor = sheet, sheet.cursor
        page = self.page
        if sheet.top is not None:
            self._top = sheet.top
        elif sheet.cursor is not None:
            self._top = sheet.cursor - min(max(at + step, 0), max(page - 1, 0))
        self._top = min(max(self._top, 0), max(sheet.count - (1 if sheet.top is not None else page), 0))
        self._repaint()

    def told(self, width: int, lines_max: int) -> list[str]:
        """Return all lines as text that wide, the heads first, as they may be seen."""
        sheet = self._sheet
        head = sheet.head(width)
        lines = [] if head is None else [head]
        lines += [sheet.line(index, width) for index in range(min(sheet.count, lines_max))]
        return [plain(self._seen(line)) for line in lines]

    def told_here(self, width: int, lines_max: int) -> str:
        """Return the line of the cursor as text, or where there is none the whole text."""
        cursor = self._sheet.cursor
        if cursor is None:
            return "\n".join(self.told(width, lines_max))
        return plain(self._seen(self._sheet.line(cursor, width))).lstrip(" >~x")

    def _seen(self, line: Line) -> Line:
        return line if self.veil is None else self.veil(line)

    def scroll_lines(self, by: int) -> None:
        """Scroll a sheet without a cursor."""
        self._top = min(max(self._top + by, 0), max(self._sheet.count - self.page, 0))
        self._repaint()

    def caption(self, title: str, subtitle: str = "") -> None:
        """Write into the frame, as it is and not as markup."""
        if self.veil is not None:
            title = plain(self.veil(((title, "text"),)))
        words = (Content(title), Content(subtitle))
        if (self._border_title, self._border_subtitle) != words:
            self.border_title, self.border_subtitle = words

    def _repaint(self) -> None:
        old, self._painted = self._painted, self._lines()
        width = self.size.width
        if len(old) != len(self._painted):
            self.refresh()
            return
        for y, (was, now) in enumerate(zip(old, self._painted, strict=True)):
            if was == now:
                continue
            start, end = changed_span(was[0], now[0], width) if was[1] == now[1] else (0, width)
            self.refresh(Region(start, y, end - start, 1))

    def _lines(self) -> list[tuple[Line, bool]]:
        width, height = self.size
        sheet = self._sheet
        head, foot = sheet.head(width), sheet.foot(width)
        body = [(self._seen(fit(sheet.line(index, width), width)), index == sheet.cursor) for index in self.in_view]
        above = [] if head is None else [(fit(head, width), False)]
        below = [] if foot is None else [(fit(foot, width), False)]
        blank = height - len(above) - len(body) - len(below)
        return [*above, *body, *[(BLANK, False)] * max(blank, 0), *below][:height]

    def render_line(self, y: int) -> Strip:
        """Return a line of the widget, from the cache where it has been drawn before."""
        width = self.size.width
        if y >= len(self._painted):
            return Strip.blank(width, self.rich_style)
        spans, selected = self._painted[y]
        key = (spans, selected, width, self.app.theme)
        strip = self._strips.get(key)
        if strip is None:
            if len(self._strips) >= STRIPS_MAX:
                self._strips.clear()
            strip = strip_of(spans, width, self.app.theme, self.rich_style, selected=selected)
            self._strips[key] = strip
        return strip

    def on_resize(self) -> None:
        """Lay the sheet out anew."""
        self.show(self._sheet)
        self.post_message(self.Resized())

    def on_click(self, event: events.Click) -> None:
        """Tell which line was clicked."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        index = self._top + offset.y - (self._sheet.head(self.size.width) is not None)
        if index in self.in_view:
            self.post_message(self.Chosen(self, index))

    def on_mouse_scroll_down(self) -> None:
        """Scroll text, or tell of the wheel."""
        self._wheel(WHEEL_LINES)

    def on_mouse_scroll_up(self) -> None:
        """Scroll text, or tell of the wheel."""
        self._wheel(-WHEEL_LINES)

    def _wheel(self, by: int) -> None:
        if self._sheet.cursor is None and self._sheet.top is None:
            self.scroll_lines(by)
        else:
            self.post_message(self.Wheel(self, by))
