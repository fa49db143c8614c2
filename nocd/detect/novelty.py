"""How new a number is: how far from everywhere it has been lately, and how rarely it has been somewhere new.

The ground a number has covered is kept as cells of equal width, each with the point it was last visited at. A value in
a visited cell is not new. Any other lies `gap` cells from the nearest visited one, inside the range or beyond it. The
more often that has happened, the less it says: this is the whole calibration, and noise, heavy tails and recurring
spikes need no model of their own. Nothing has to be kept from learning: what was new once is ground, and ground nobody
treads is forgotten. All is O(1) a point: at most `CELLS_MAX` cells, whatever the values do.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass, field

LEARNING_POINTS = 200  # three for each cell; a day of hours eight times over, 17 h of five minutes
CELLS = 64  # over the range learned from: finer than an eye on a chart, and empty cells inside still mean something
CELLS_MAX = 2 * CELLS  # a range twice as wide is told half as finely, so that memory and gaps keep their meaning
CELLS_MIN = CELLS // 8  # a range this narrow was learned beside an outlier: it is told twice as finely
GAP_CELLS = CELLS // 16  # nearer than a sixteenth of the range is not called new: 64 points of noise leave such holes
GAP_CELLS_MAX = 16 * CELLS  # sixteen ranges away is as new as it gets; farther is no more certain
CELL_FAR = 2**40  # cells beyond are taken as one: keeps numbers exact in JSON
CELL_NEAR = CELL_FAR // 4  # and cells within stay within when told twice as finely
SWEEP_POINTS = 200  # old ground is let go of this often, not at each point
BURST_POINTS = 60  # news within this many points of each other are one event
RARITY_MEMORY_POINTS = 10_000  # how rare news are is told over this many points: as far as the threshold (1 in 10 000)

# A number that never moved says nothing about its spread. Then GAP_CELLS are 2.5 % of the value, or, at zero, half a
# count: the smallest changes worth a look.
STILL_SHARE = 0.4
STILL_AT_ZERO = 8.0
ROUNDING = 1e-9  # a spread below this share of the value is floating-point rounding, no movement
SMALLEST = 1e-150  # and below this nothing can be divided by it


@dataclass(slots=True, kw_only=True)
class Ground:
    """Where one number has been: visited cells in order, when each was last visited, and how many news there were."""

    points: int = 0
    early: list[float] = field(default_factory=list)
    origin: float = 0.0
    width: float = 0.0
    cells: list[int] = field(default_factory=list)
    visits: list[int] = field(default_factory=list)
    bursts: float = 0.0
    burst_at: int = -BURST_POINTS


def newness(ground: Ground, number: float, *, scale: float, memory_points: int) -> float:
    """Take the next number in and return how new it is: 0 not at all, else -log10 of about how often one is.

    `scale` is the size of the metric's own values, for a number that never moved; ground is kept `memory_points` long.
    """
    ground.points += 1
    if not ground.width:
        _learn(ground, number, scale)
        return 0.0
    if ground.points % SWEEP_POINTS == 0:
        _sweep(ground, ground.points - memory_points, scale)
    place = _place(ground, number)
    at = bisect_left(ground.cells, place)
    if at < len(ground.cells) and ground.cells[at] == place:
        ground.visits[at] = ground.points
        return 0.0
    gap = _gap(ground.cells, at, place)
    ground.cells.insert(at, place)
    ground.visits.insert(at, ground.points)
    news = _rarity(ground, gap) if gap >= GAP_CELLS else 0.0
    _widen(ground, gap)
    return news


def _learn(ground: Ground, number: float, scale: float) -> None:
    """Gather the first numbers, then lay the cells out."""
    ground.early.append(number)
    if len(ground.early) < LEARNING_POINTS:
        return
    low, high = min(ground.early), max(ground.early)
    ground.origin = low
    spread = high - low
    if spread <= max(SMALLEST, ROUNDING * max(scale, abs(low), abs(high))):
        spread = _still(scale)
    ground.width = spread / CELLS
    last = {_place(ground, early): point for point, early in enumerate(ground.early, start=1)}
    _settle(ground, last)
    ground.early = []


def _still(scale: float) -> float:
    """Return the range to assume for a number that never moved."""
    return STILL_SHARE * scale if scale > SMALLEST else STILL_AT_ZERO


def _place(ground: Ground, number: float) -> int:
    """Return the number's cell."""
    cell = (number - ground.origin) / ground.width
    if -CELL_FAR < cell < CELL_FAR:
        return math.floor(cell)
    return CELL_FAR if cell > 0 else -CELL_FAR


def _gap(cells: list[int], at: int, place: int) -> int:
    """Return how many cells away the nearest visited one is."""
    gap = GAP_CELLS_MAX
    if at < len(cells):
        gap = min(gap, cells[at] - place)
    if at > 0:
        gap = min(gap, place - cells[at - 1])
    return gap


def _rarity(ground: Ground, gap: int) -> float:
    """Return -log10 of how often there has been a gap as wide, and count this one.

    Counted are gaps of `GAP_CELLS` and more. For wider ones the tail is taken to fall like 1/gap, the heaviest that
    still makes tenfold the distance ten times as rare; nothing is ever counted as never.
    """
    points = min(ground.points, RARITY_MEMORY_POINTS)
    if ground.points - ground.burst_at > BURST_POINTS:
        ground.bursts *= math.exp((ground.burst_at - ground.points) / RARITY_MEMORY_POINTS)
        ground.bursts += 1
    ground.burst_at = ground.points
    return math.log10(points / ground.bursts * gap / GAP_CELLS)


def _sweep(ground: Ground, oldest: int, scale: float) -> None:
    """Let go of ground last visited before `oldest`, and fit the cells to what is left."""
    _settle(ground, {cell: at for cell, at in zip(ground.cells, ground.visits, strict=True) if at >= oldest})
    if _span(ground) > CELLS_MAX:
        _double(ground)
    elif _span(ground) <= CELLS_MIN and ground.width > 2 * _still(scale) / CELLS and abs(ground.cells[0]) < CELL_NEAR:
        _halve(ground)


def _span(ground: Ground) -> int:
    """Return how many cells the ground reaches over."""
    return ground.cells[-1] - ground.cells[0] + 1


def _widen(ground: Ground, gap: int) -> None:
    """Double the cells' width where a leap outgrew them, but once: one absurd value cannot blind the rest."""
    if gap >= CELLS // 4 and _span(ground) > CELLS_MAX:
        _double(ground)
    while len(ground.cells) > CELLS_MAX:
        _double(ground)


def _double(ground: Ground) -> None:
    """Make two cells one, visited when either was."""
    ground.width *= 2
    last: dict[int, int] = {}
    for cell, at in zip(ground.cells, ground.visits, strict=True):
        last[cell >> 1] = max(at, last.get(cell >> 1, 0))
    _settle(ground, last)


def _halve(ground: Ground) -> None:
    """Make one cell two, both visited."""
    ground.width /= 2
    halves = zip(ground.cells, ground.visits, strict=True)
    _settle(ground, {half: at for cell, at in halves for half in (2 * cell, 2 * cell + 1)})


def _settle(ground: Ground, last: dict[int, int]) -> None:
    """Set the visited cells."""
    ground.cells = sorted(last)
    ground.visits = [last[cell] for cell in ground.cells]
