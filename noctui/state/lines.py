"""A line of the screen as a value: spans of text, each with the role its colour comes from."""

from __future__ import annotations

from typing import TypeAlias

from noctui.state.cells import cut, pad, width

Span: TypeAlias = tuple[str, str]
Line: TypeAlias = tuple[Span, ...]

ROLES = (
    *("text", "muted", "strong", "head", "accent"),
    *("p1", "p2", "p3", "p4"),
    *("new", "ack", "snz", "esc", "res", "pending"),
    *("live", "stale", "lost", "gap", "error", "cell"),
)
BLANK: Line = ()


def line(text: str, role: str = "text") -> Line:
    """Return a line of one span."""
    return ((text, role),)


def cells_of(spans: Line) -> int:
    """Return how many cells a line occupies."""
    return sum(width(text) for text, _ in spans)


def fit(spans: Line, cells: int) -> Line:
    """Return the line cut to at most `cells` cells."""
    kept: list[Span] = []
    for text, role in spans:
        used = width(text)
        if used > cells:
            kept.append((cut(text, cells), role))
            break
        kept.append((text, role))
        cells -= used
    return tuple(kept)


def spread(left: Line, right: Line, cells: int) -> Line:
    """Return `left` and `right` at the two ends of `cells` cells; where both do not fit, the left is cut."""
    room = max(cells - cells_of(right) - 1, 0)
    start = fit(left, room)
    return fit((*start, (" " * (cells - cells_of(start) - cells_of(right)), "text"), *right), cells)


def dimmed(spans: Line) -> Line:
    """Return the line in the muted role, as everything stale or gone is shown."""
    return tuple((text, "muted") for text, _ in spans)


def plain(spans: Line) -> str:
    """Return the words of a line, without trailing blanks."""
    return "".join(text for text, _ in spans).rstrip()


def column(text: str, cells: int, role: str = "text", *, right: bool = False) -> Span:
    """Return a span of exactly `cells` cells and one blank after it."""
    return pad(text, cells, right=right) + " ", role
