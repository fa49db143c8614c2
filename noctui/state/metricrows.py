"""The metrics of a site: one metric, one line, with its last hours against their band."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from noctui.state.bands import figure, outside, spark
from noctui.state.lines import Line, Span, cells_of, column, dimmed
from noctui.state.threshold import level, metric_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from noctui.state.sitepage import Row, SitePage
    from noctui.state.telemetry import Hour, Reading
    from noctui.state.times import Look

SPARKS = (48, 24, 12)
NAME_CELLS, SHORT_NAME_CELLS, ROOMY = 21, 14, 80
VALUE_CELLS, QUALITY_CELLS, Z_CELLS, THRESHOLD_CELLS, PIN_CELLS = 6, 8, 5, 4, 3
OUT_CELLS = 3
LONG_MINUTES = 600


def quality_words(reading: Reading | None) -> tuple[Span, Span]:
    """Return a value and its quality: where nobody can tell there is no number, so that no zero looks like another."""
    if reading is None:
        return ("-", "muted"), ("not told", "muted")
    if reading.quality == "unknown":
        return ("-", "muted"), ("unknown", "muted")
    role = "stale" if reading.quality == "silent" else "text"
    return (figure(reading.value), role), (reading.quality, role)


@dataclass(frozen=True, slots=True)
class Layout:
    """How many cells the name and the spark have in a width."""

    name: int
    spark: int

    @property
    def outside(self) -> bool:
        """Tell whether there is room to count the hours outside their band."""
        return self.spark == SPARKS[0]


def layout(width: int) -> Layout:
    """Return the layout of a list that wide."""
    fixed = (VALUE_CELLS, QUALITY_CELLS, Z_CELLS, THRESHOLD_CELLS, PIN_CELLS)
    room = width - 2 - sum(cells + 1 for cells in fixed)
    name = NAME_CELLS if width >= ROOMY else min(max(room - 1, 4), SHORT_NAME_CELLS)
    room -= name + 1
    room -= (OUT_CELLS + 1) * (room > SPARKS[0])
    return Layout(name, next((count for count in SPARKS if room > count), 0))


def head(width: int, window_minutes: int) -> Line:
    """Return the line of column heads."""
    laid = layout(width)
    window = f"{window_minutes // 60}h" if window_minutes % 60 == 0 else f"{window_minutes}m"
    value = f"NOW {window}" if 0 < window_minutes < LONG_MINUTES else "NOW"
    spans = [("  ", "head"), column("METRIC", laid.name, "head"), column(value, VALUE_CELLS, "head", right=True)]
    spans.append(column("QUALITY", QUALITY_CELLS, "head"))
    if laid.spark:
        spans.append(column(f"{laid.spark} h, ! above v below"[: laid.spark], laid.spark, "head"))
    if laid.outside:
        spans.append(column("OUT", OUT_CELLS, "head", right=True))
    spans.append(column("Z", Z_CELLS, "head", right=True))
    spans.append(column("THR", THRESHOLD_CELLS, "head", right=True))
    return (*spans, column("", PIN_CELLS, "head"))


@dataclass(frozen=True, slots=True)
class MetricSheet:
    """The metrics as their widget shows them; `pending` holds the baselines on which an act awaits its answer."""

    page: SitePage
    rows: Sequence[Row]
    chosen: str
    look: Look
    pending: frozenset[str] = frozenset()
    frozen: bool = False

    @property
    def count(self) -> int:
        """Return how many lines there are."""
        return len(self.rows)

    @property
    def cursor(self) -> int | None:
        """Return the line of the metric that is looked at."""
        return next((index for index, row in enumerate(self.rows) if row.key == self.chosen), 0)

    @property
    def top(self) -> int | None:
        """Return None: the widget keeps the cursor on its line of the screen."""
        return None

    def head(self, width: int) -> Line | None:
        """Return the column heads."""
        signals = self.page.signals
        return head(width, signals.window_minutes if signals else 0)

    def foot(self, _width: int) -> Line | None:
        """Return None: nothing stays below."""
        return None

    def line(self, index: int, width: int) -> Line:
        """Return a line by its index."""
        row = self.rows[index]
        spans = self._line(row, layout(width), here=index == self.cursor)
        return dimmed(spans) if self.frozen else spans

    def _line(self, row: Row, laid: Layout, *, here: bool) -> Line:
        waits = row.baseline is not None and row.baseline.id in self.pending
        hours = self.page.hours.get(row.baseline.id, ()) if row.baseline else ()
        (value, value_role), (quality, quality_role) = quality_words(row.reading)
        spans: list[Span] = [(">" if here else " ", "strong"), ("~" if waits else " ", "pending")]
        spans += [column(metric_words(row.metric), laid.name, "strong" if here else "text")]
        spans += [column(value, VALUE_CELLS, value_role, right=True), column(quality, QUALITY_CELLS, quality_role)]
        if laid.spark:
            spans += self._spark(row, hours, laid.spark)
        if laid.outside:
            spans.append(column(str(outside(hours, laid.spark, self.look.now)), OUT_CELLS, right=True))
        return (*spans, *_judged(row, hours[-1] if hours else None))

    def _spark(self, row: Row, hours: tuple[Hour, ...], count: int) -> Line:
        if hours:
            drawn = spark(hours, count, self.look.now)
            return *drawn, (" " * (count + 1 - cells_of(drawn)), "text")
        return (column(self._why_blank(row), count, "muted"),)

    def _why_blank(self, row: Row) -> str:
        if row.baseline is None:
            return "no baseline yet" if self.page.baselines is not None else "..."
        if ("hours", row.baseline.id) in self.page.problems:
            return "not fetched"
        return "no closed hour yet" if row.baseline.id in self.page.hours else "..."


def _judged(row: Row, last: Hour | None) -> Line:
    z = f"{last.z:+.1f}" if last is not None and last.z is not None else "-"
    role = "p1" if last is not None and last.side else "text"
    threshold = level(row.baseline.threshold) if row.baseline else "-"
    pinned = "pin" if row.baseline is not None and row.baseline.pinned else ""
    return (
        column(z, Z_CELLS, role, right=True),
        column(threshold, THRESHOLD_CELLS, right=True),
        column(pinned, PIN_CELLS, "accent"),
    )
