"""Closed hours drawn against their band: sparks of one line, and a chart where there is room for one."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from noctui.state.lines import Line, Span, line
from noctui.state.rates import BLOCKS
from noctui.state.times import HOUR_MS
from noctui.state.units import short

if TYPE_CHECKING:
    from collections.abc import Sequence

    from noctui.state.telemetry import Hour

SIDES = {1: "!", -1: "v"}
AXIS_CELLS = 7
BAND_TIMES_MAX = 1.5
THOUSAND, LARGE, SMALL = 1_000, 10_000, 10


def figure(value: float, *, brief: bool = False) -> str:
    """Return a figure in at most five cells or so: 0, 4.5, 34, 1234 (briefly 1.2k), 16k."""
    if abs(value) >= LARGE:
        return ("-" if value < 0 else "") + short(round(abs(value)))
    if brief and abs(value) >= THOUSAND:
        return f"{value / THOUSAND:.1f}k"
    return f"{value:.0f}" if abs(value) >= SMALL or value == round(value) else f"{value:.1f}"


def grid(hours: Sequence[Hour], count: int, now: int) -> list[Hour | None]:
    """Return the last `count` hours that have closed before `now` (UTC milliseconds), None where none was told."""
    cells: list[Hour | None] = [None] * count
    if not hours:
        return cells
    newest = hours[-1].start
    behind = min(max((now - newest) // HOUR_MS - 1, 0), count)
    for hour in hours:
        place = count - 1 - behind - round((newest - hour.start) / HOUR_MS)
        if 0 <= place < count:
            cells[place] = hour
    return cells


def spark(hours: Sequence[Hour], count: int, now: int) -> Line:
    """Return the last hours as blocks, oldest first: `!` stands for one above its band, `v` for one below.

    An hour that was not told is blank, one that was not judged is dim; the largest that is not above its band is full.
    """
    cells = grid(hours, count, now)
    top = max((hour.value for hour in cells if hour and hour.side <= 0), default=0.0)
    return _joined([_block(hour, top) for hour in cells])


def _block(hour: Hour | None, top: float) -> Span:
    if hour is None:
        return " ", "muted"
    if hour.side:
        return SIDES[hour.side], "p1"
    share = min(max(hour.value / top, 0.0), 1.0) if top > 0 else 0.0
    return BLOCKS[ceil(share * (len(BLOCKS) - 1))], "muted" if hour.z is None else "text"


def _joined(spans: Sequence[Span]) -> Line:
    joined: list[Span] = []
    for text, role in spans:
        if joined and joined[-1][1] == role:
            joined[-1] = joined[-1][0] + text, role
        else:
            joined.append((text, role))
    return tuple(joined)


def outside(hours: Sequence[Hour], count: int, now: int) -> int:
    """Return how many of the last hours lay outside their band."""
    return sum(hour.side != 0 for hour in grid(hours, count, now) if hour)


def chart(hours: Sequence[Hour], width: int, height: int, now: int) -> list[Line]:
    """Return the last hours in `height` lines: `:` is the band, `o` a value inside it, `!` above, `v` below.

    One column an hour, or two where there is room; the last line names the hours of the day at the site.
    """
    wide = 2 if (width - AXIS_CELLS) >= 2 * len(hours) else 1
    cells = grid(hours, min(max((width - AXIS_CELLS) // wide, 1), max(len(hours), 1)), now)
    told = [hour for hour in cells if hour]
    if not told or height < 3:  # noqa: PLR2004 - a line for the hours, and two to draw in
        return [line("no closed hour yet", "muted")]
    rows, ends = height - 1, _ends(told)
    drawn = [_chart_row(cells, row, rows, ends, wide) for row in range(rows - 1, -1, -1)]
    return [*drawn, line((" " * AXIS_CELLS + _clock_face(cells, wide))[:width], "muted")]


def _ends(hours: Sequence[Hour]) -> tuple[float, float]:
    """Return the lowest and highest value drawn: a band that is still wide is cut, so that values can be told apart."""
    values = [hour.value for hour in hours]
    highs = [hour.high for hour in hours if hour.high is not None]
    return min(0.0, *values), max(1.0, *values, min(max(highs, default=0.0), BAND_TIMES_MAX * max(values)))


def _chart_row(cells: Sequence[Hour | None], row: int, rows: int, ends: tuple[float, float], wide: int) -> Line:
    label = {rows - 1: figure(ends[1]), 0: figure(ends[0])}.get(row, "")
    spans: list[Span] = [(f"{label:>{AXIS_CELLS - 1}} ", "muted")]
    for hour in cells:
        glyph, role = _chart_cell(hour, row, rows, ends)
        spans.append((glyph + (":" if glyph == ":" else " ") * (wide - 1), role))
    return _joined(spans)


def _chart_cell(hour: Hour | None, row: int, rows: int, ends: tuple[float, float]) -> Span:
    if hour is None:
        return " ", "text"

    def line_of(value: float) -> int:
        return min(max(round((value - ends[0]) / (ends[1] - ends[0]) * (rows - 1)), 0), rows - 1)

    if line_of(hour.value) == row:
        return (SIDES[hour.side], "p1") if hour.side else ("o", "strong")
    if hour.low is not None and hour.high is not None and line_of(hour.low) <= row <= line_of(hour.high):
        return ":", "muted"
    return " ", "text"


def _clock_face(cells: Sequence[Hour | None], wide: int) -> str:
    face = [" "] * (len(cells) * wide + 1)
    for index, hour in enumerate(cells):
        if hour is not None and hour.hour_of_week % 6 == 0:
            face[index * wide : index * wide + 2] = f"{hour.hour_of_week % 24:02d}"
    return "".join(face).rstrip()
