"""Sites against hours: how much happened where and when, a character a cell, and the cell under the cursor in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noctui.state.lines import Line, Span, column
from noctui.state.rates import BLOCKS
from noctui.state.times import Look, clock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from noctui.state.glance import Heat

SHADES = ((1, "."), (3, ":"), (6, "+"), (10, "#"))
MOST = "@"
LEGEND = "0 . 1-2 : 3-5 + 6-9 # 10 @"
SITE_CELLS = 8
WORDS = {"findings": "found", "alerts": "alerts opened", "fraud": "punches scored .70 or more"}
TITLES = {"findings": "What was found", "alerts": "Alerts opened", "fraud": "Fraud from .70"}


def shade(count: int) -> Span:
    """Return the character of a count, and its role."""
    glyph = next((glyph for below, glyph in SHADES if count < below), MOST)
    return glyph, {".": "muted", ":": "text", "+": "text", "#": "strong", "@": "p2"}[glyph]


def spark(counts: Sequence[int]) -> str:
    """Return counts as blocks, the largest full and zero the lowest."""
    top = max(counts, default=0)
    return "".join(BLOCKS[-(-count * (len(BLOCKS) - 1) // top)] if top else BLOCKS[0] for count in counts)


def cells_each(width: int, steps: int, beside: int) -> int:
    """Return how many characters a cell has where `beside` are wanted at its right: 1 to 3."""
    return min(max((width - SITE_CELLS - 1 - beside) // max(steps, 1), 1), 3)


def hours_head(heat: Heat, look: Look, each: int) -> Line:
    """Return the hours of the day above the cells, as many as have room; the last is now."""
    every = {1: 4, 2: 2}.get(each, 1)
    faces = [clock(heat.start + step * heat.step_ms, look.tz)[:2] for step in range(heat.steps)]
    shown = [f"{face if step % every == 0 else '':<{each}}"[: each * every] for step, face in enumerate(faces)]
    text = "".join(f"{shown[step]:<{each * every}}" for step in range(0, heat.steps, every))
    return column("", SITE_CELLS, "head"), (" " * (each > 2) + text, "head")  # noqa: PLR2004 - three cells have a blank before


def hours_row(counts: Sequence[int], each: int, at: int | None) -> Line:
    """Return the cells of a site; `at` is the one under the cursor."""
    spans: list[Span] = []
    for step, count in enumerate(counts):
        glyph, role = shade(count)
        before, after = (">", "<") if step == at else (" ", " ")
        text = (before + glyph + after) if each > 2 else (before + glyph)[-each:]  # noqa: PLR2004 - as above
        spans.append((text, "cell" if step == at else role))
    return tuple(spans)


def cell_words(heat: Heat, measure: str, site: str, step: int, look: Look) -> str:
    """Return what a cell says: the site, the hour, and every count in it."""
    start = heat.start + step * heat.step_ms
    hours = f"{clock(start, look.tz)[:5]}–{clock(start + heat.step_ms, look.tz)[:5]}"
    counts = heat.sites.get(site, {})
    order = sorted(WORDS, key=lambda name: name != measure)
    told = [f"{counts[name][step]} {WORDS[name]}" for name in order if name in counts and step < len(counts[name])]
    if heat.blind:
        told = told[:2]
    return f"{site} {hours}: {', '.join(told) or 'nothing'}"
