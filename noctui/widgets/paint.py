"""From lines of the state to strips of the terminal, and which part of a line has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.strip import Strip

from noctui.state.cells import width as width_of
from noctui.theme import palette

if TYPE_CHECKING:
    from rich.style import Style

    from noctui.state.lines import Line


def strip_of(spans: Line, width: int, theme: str, base: Style, *, selected: bool = False) -> Strip:
    """Return a line as a strip of exactly `width` cells; `selected` lays the cursor's style over it."""
    styles = palette(theme)
    over = base + styles["selected"] if selected else base
    segments: list[Segment] = []
    for text, role in spans:
        style, words = over + styles[role], text
        if styles[role].reverse or styles[role].underline:
            words = text.rstrip()
        segments += [each for each in (Segment(words, style), Segment(text[len(words) :], over)) if each.text]
    return Strip(segments).adjust_cell_length(width, over)


def changed_span(old: Line, new: Line, width: int) -> tuple[int, int]:
    """Return the first changed cell of a line and the one after the last."""
    start = 0
    for was, now in zip(old, new, strict=False):
        if was != now:
            break
        start += width_of(now[0])
    end = width
    if sum(width_of(text) for text, _ in old) == sum(width_of(text) for text, _ in new):
        for was, now in zip(reversed(old), reversed(new), strict=False):
            if was != now:
                break
            end -= width_of(now[0])
        end -= max(width - sum(width_of(text) for text, _ in new), 0)
    return min(start, width), max(min(end, width), min(start, width))
