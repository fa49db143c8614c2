"""A widget of one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from noctui.state.lines import BLANK, fit
from noctui.widgets.paint import changed_span, strip_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from noctui.state.lines import Line


class Bar(Widget):
    """Shows a line and repaints only the cells that changed."""

    DEFAULT_CSS = "Bar { height: 1; width: 1fr; }"

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self._line: Line = BLANK
        self.veil: Callable[[Line], Line] | None = None

    def show(self, spans: Line) -> None:
        """Draw this line from now on."""
        spans = spans if self.veil is None else self.veil(spans)
        old, self._line = self._line, spans
        if old == spans:
            return
        start, end = changed_span(old, spans, self.size.width)
        self.refresh(Region(start, 0, end - start, 1))

    def render_line(self, y: int) -> Strip:
        """Return the line."""
        if y:
            return Strip.blank(self.size.width, self.rich_style)
        return strip_of(fit(self._line, self.size.width), self.size.width, self.app.theme, self.rich_style)
