"""The week's 168 hours as a heat map, and the hour under the cursor in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noctui.state.bands import figure
from noctui.state.cells import wrap
from noctui.state.lines import Line, Span, line

if TYPE_CHECKING:
    from noctui.state.telemetry import Usual, Week

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
HOURS_A_DAY, HOURS_A_WEEK = 24, 168
SATURDAY = 5
SHADES = ".:+#@"
LEARNING = "-"
UNTOLD: Span = (" ", "muted")
LABEL_CELLS = 4
CELL_CELLS_MAX = 3
MARKS = ("p5", "p50", "p95")
LEVELS = {"hour_of_week": "hour of week", "hour_of_day": "hour of day", "peers": "sites like it"}
LEGEND = ". : + # @ little to much   - learning   [ now   > cursor"


def heat(week: Week | None, cursor: int | None, width: int, *, here: bool = False) -> list[Line]:
    """Return the head and the seven days; `>` marks the hour under the cursor, `[` the one that runs.

    Where a cell has but one character, colour or reverse alone marks them, and the line of words names them.
    """
    cells = min(max((width - LABEL_CELLS) // HOURS_A_DAY, 1), CELL_CELLS_MAX)
    lines = [_head(cells, here=here)]
    return lines + [_day(week, day, cursor, cells) for day in range(len(DAYS))]


def _head(cells: int, *, here: bool) -> Line:
    every = 1 if cells > 2 else 2 if cells > 1 else 3  # noqa: PLR2004 - two digits and a blank
    hours = "".join(f"{f'{hour:02d}' if hour % every == 0 else '':<{cells * every}}" for hour in range(0, 24, every))
    lead = ">" if here else " "
    blank = " " * (cells == CELL_CELLS_MAX)
    return line((f"{lead:<{LABEL_CELLS}}{blank}{hours}")[: LABEL_CELLS + 24 * cells], "head")


def _day(week: Week | None, day: int, cursor: int | None, cells: int) -> Line:
    now = week.now if week else None
    spans: list[Span] = [(f"{DAYS[day]:<{LABEL_CELLS}}", "strong" if now is not None and now // 24 == day else "muted")]
    top = _most(week)
    for hour in range(day * HOURS_A_DAY, (day + 1) * HOURS_A_DAY):
        glyph, role = shade(week.hours.get(hour), top) if week else UNTOLD
        before, after = _marks(hour, cursor, now)
        marked = (before + glyph + after) if cells == CELL_CELLS_MAX else (before + glyph)[-cells:]
        spans.append((marked, "cell" if hour == cursor else "accent" if hour == now else role))
    return tuple(spans)


def _marks(hour: int, cursor: int | None, now: int | None) -> tuple[str, str]:
    if hour == cursor:
        return ">", "<"
    return ("[", "]") if hour == now else (" ", " ")


def _most(week: Week | None) -> float:
    known = (usual.expected or 0.0 for usual in (week.hours.values() if week else ()) if usual.stable)
    return max(known, default=0.0)


def shade(usual: Usual | None, top: float) -> Span:
    """Return the shade of an hour whose expected value is set against the week's largest; `-` where it learns."""
    if usual is None or not usual.stable or usual.expected is None:
        return LEARNING, "muted"
    share = max(usual.expected, 0.0) / top if top > 0 else 0.0
    index = min(int(share * len(SHADES)), len(SHADES) - 1)
    return SHADES[index], ("muted", "text", "text", "strong", "strong")[index]


def hour_name(hour_of_week: int) -> str:
    """Return `Sun 02–03` for hour 146."""
    hour = hour_of_week % HOURS_A_DAY
    return f"{DAYS[hour_of_week // HOURS_A_DAY % len(DAYS)]} {hour:02d}–{hour + 1:02d}"


def hour_words(week: Week, hour_of_week: int, *, per_guard: bool, say_now: bool = False) -> str:
    """Return what is usual at an hour of the week, how its values lie, and on how many samples that stands."""
    usual = week.hours.get(hour_of_week)
    name = hour_name(hour_of_week) + (" (now)" if say_now and hour_of_week == week.now else "")
    if usual is None:
        return f"{name}: learning, n 0"
    each = " per guard" if per_guard else ""
    band = f"{_or_dash(usual.low)}–{_or_dash(usual.high)}"
    if not usual.stable:
        till_then = f"; till then {band}{each} on {level_words(usual)}" if usual.expected is not None else ""
        return f"{name}: learning, {_so_far(usual)}{till_then}"
    shown = [f" {label} {figure(value, brief=True)}" for label, value in usual.quantiles if label in MARKS]
    spots = "".join(shown)
    counted = f"n {figure(usual.effective_n)} on {level_words(usual)}{', borrowed' if usual.borrowed else ''}"
    return f"{name}: usual {band}{each},{f'{spots},' if spots else ''} {counted}"


def _so_far(usual: Usual) -> str:
    seen = f"n {figure(usual.n)}"
    if usual.mean is None or not usual.n:
        return seen
    return f"{seen}, mean {figure(usual.mean)} of {_or_dash(usual.least)}–{_or_dash(usual.most)} so far"


def _or_dash(value: float | None) -> str:
    return "-" if value is None else figure(value, brief=True)


def level_words(usual: Usual) -> str:
    """Return the pool of hours that carries what is usual, as words."""
    if usual.level == "hour_of_weekday_or_weekend":
        weekend = usual.hour_of_week // HOURS_A_DAY >= SATURDAY
        return "hour of weekend" if weekend else "hour of weekday"
    return LEVELS.get(usual.level, usual.level.replace("_", " ") or "no pool")


def week_lines(
    week: Week | None, cursor: int | None, width: int, height: int, *, per_guard: bool, here: bool
) -> list[Line]:
    """Return the heat map, the words of the hour under the cursor, and where there is room what the shades mean."""
    lines = heat(week, cursor, width, here=here)
    if week is None:
        return lines
    unmarked = width < LABEL_CELLS + 2 * HOURS_A_DAY
    said = hour_words(week, cursor if cursor is not None else week.now, per_guard=per_guard, say_now=unmarked)
    lines += [line(text) for text in wrap(said, max(width, 10))]
    return [*lines, line(LEGEND, "muted")] if len(lines) < height else lines
