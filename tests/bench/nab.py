"""How good the stream detector is on the Numenta Anomaly Benchmark, beside a floor and a control that looks at nothing.

python -m tests.bench.nab --data DIR                 scores, hits, misses and false episodes, µs a point
python -m tests.bench.nab --data DIR --leave-out     the open constants chosen without each group, measured on it
python -m tests.bench.nab --data DIR --each          a line for each series too

DIR holds the benchmark's `data/GROUP/NAME.csv` and `labels/windows.json` (not part of this project; MIT).

The score is that of Lavin & Ahmad, "Evaluating Real-Time Anomaly Detection Algorithms: the Numenta Anomaly Benchmark"
(ICMLA 2015): inside a labelled window the first alarm counts, by a sigmoid of its place in the window; an alarm outside
costs by the same sigmoid of its distance past the window before it, and all of its weight where none came before; a
missed window costs its weight; alarms in the first 15 % of the first 5 000 points count neither way. The sum is scaled
so that a detector that says nothing has 0 and one that names each window at its first point has 100.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from nocd.detect.stream import StreamDetector
from nocd.domain.instant import to_ms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

EPISODE_GAP_POINTS = 60  # false alarms nearer than this to each other are one episode
CONTROL_EVERY_POINTS = 300
FLOOR_HOLD_POINTS = 60
FLOOR_MEMORY_POINTS = 1_000
FLOOR_LOG_TAIL = 5.0

CHOICES = [  # of the constants that have no better reason than that they do well
    StreamDetector(threshold=threshold, hold_points=hold_points, memory_points=memory_points)
    for threshold in (0.45, 0.50, 0.55)
    for hold_points in (30, 60, 120)
    for memory_points in (1_008, 2_016, 4_032)
]


class Profile(NamedTuple):
    """What a hit earns and what a false alarm and a miss cost."""

    hit: float
    false: float
    miss: float


PROFILES = {
    "standard": Profile(1.0, 0.11, 1.0),
    "low-FP": Profile(1.0, 0.22, 1.0),
    "low-FN": Profile(1.0, 0.11, 2.0),
}


@dataclass(frozen=True, slots=True)
class Series:
    """One file: its group and name, times (ms), values, and labelled windows as (first, last) point."""

    group: str
    name: str
    times: list[int]
    values: list[float]
    windows: list[tuple[int, int]]

    @property
    def probation_points(self) -> int:
        """Return how many points at the start are not judged."""
        return math.floor(0.15 * min(len(self.values), 5_000))


Alarms = list[int]


class Mark(NamedTuple):
    """What one detector did on one series: earned, and the least and most there was to earn; then counts."""

    earned: float
    null: float
    perfect: float
    hit: int
    windows: int
    false_episodes: int


def main(arguments: list[str]) -> int:
    """Print what was asked for; 0 unless the goal of 70 (standard profile) is missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.nab", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the benchmark's folder")
    parser.add_argument("--leave-out", action="store_true", help="choose the open constants without each group in turn")
    parser.add_argument("--each", action="store_true", help="a line for each series")
    asked = parser.parse_args(arguments)
    corpus = read(asked.data)
    if asked.leave_out:
        leave_out(corpus)
        return 0
    rules = {"stream": stream(StreamDetector()), "running Gaussian": floor, "every 300 points": control}
    scores = {name: show(name, rule, corpus, each=asked.each) for name, rule in rules.items()}
    return int(scores["stream"] < 70)


def read(folder: Path) -> list[Series]:
    """Return every series that has labels, in the order of their names."""
    labels = json.loads((folder / "labels" / "windows.json").read_bytes())
    return [read_series(folder, name, windows) for name, windows in sorted(labels.items())]


def read_series(folder: Path, name: str, windows: list[list[str]]) -> Series:
    """Return one series, its windows turned into point numbers."""
    with (folder / "data" / name).open(newline="") as lines:
        rows = [(moment(row["timestamp"]), float(row["value"])) for row in csv.DictReader(lines)]
    times = [time for time, _ in rows]
    places = [(times.index(moment(first)), times.index(moment(last))) for first, last in windows]
    group, _, file = name.partition("/")
    return Series(group, file, times, [value for _, value in rows], places)


def moment(text: str) -> int:
    """Return a time of day without a zone as UTC milliseconds."""
    return to_ms(datetime.fromisoformat(text).replace(tzinfo=UTC))


def stream(detector: StreamDetector) -> Callable[[Series], Alarms]:
    """Return the stream detector as a rule."""

    def alarms(series: Series) -> Alarms:
        state = detector.start()
        step = detector.step
        points = enumerate(zip(series.times, series.values, strict=True))
        return [at for at, (time, value) in points if step(state, time, value).anomalous]

    return alarms


def floor(series: Series) -> Alarms:
    """Alarm where a Gaussian with running mean and spread has its far tail, then hold: what anything must beat."""
    mean = variance = 0.0
    last = -FLOOR_HOLD_POINTS
    found = []
    for at, value in enumerate(series.values):
        z = abs(value - mean) / math.sqrt(2 * variance) if variance > 0 else 0.0
        if -math.log10(max(math.erfc(z), 1e-300)) > FLOOR_LOG_TAIL:
            if at - last >= FLOOR_HOLD_POINTS:
                found.append(at)
            last = at
        gain = max(1 / (at + 1), 1 / FLOOR_MEMORY_POINTS)
        variance = (1 - gain) * (variance + gain * (value - mean) ** 2)
        mean += gain * (value - mean)
    return found


def control(series: Series) -> Alarms:
    """Alarm every 300 points without a look at any value."""
    return list(range(0, len(series.values), CONTROL_EVERY_POINTS))


def sigmoid(place: float) -> float:
    """Return 1 far before the end of a window (place -1), 0 at it (0), -1 well past it (3 and more)."""
    return -1.0 if place > 3 else 2 / (1 + math.exp(5 * place)) - 1


def mark(series: Series, alarms: Alarms, profile: Profile) -> Mark:
    """Score one series."""
    judged = [at for at in alarms if at >= series.probation_points]
    firsts = [next((at for at in judged if first <= at <= last), None) for first, last in series.windows]
    outside = [at for at in judged if not any(first <= at <= last for first, last in series.windows)]
    hits = sum(
        profile.miss * -1 if at is None else profile.hit * sigmoid(-(last - at + 1) / (last - first + 1)) / sigmoid(-1)
        for at, (first, last) in zip(firsts, series.windows, strict=True)
    )
    windows = len(series.windows)
    return Mark(
        earned=hits - profile.false * sum(cost(at, series.windows) for at in outside),
        null=-profile.miss * windows,
        perfect=profile.hit * windows,
        hit=windows - firsts.count(None),
        windows=windows,
        false_episodes=episodes(outside),
    )


def cost(at: int, windows: Sequence[tuple[int, int]]) -> float:
    """Return how false an alarm outside every window is: 0 right after one, 1 long after it or before the first."""
    before = [(first, last) for first, last in windows if last < at]
    if not before:
        return 1.0
    first, last = before[-1]
    return -sigmoid((at - last) / (last - first))


def episodes(alarms: Alarms) -> int:
    """Return how many there are once neighbours are merged."""
    return sum(
        at - before > EPISODE_GAP_POINTS for before, at in zip([-EPISODE_GAP_POINTS - 1, *alarms], alarms, strict=False)
    )


def normal(marks: Iterable[Mark]) -> float:
    """Return the score of marks together: 0 says nothing, 100 is perfect; not a number where nothing is labelled."""
    columns = list(zip(*marks, strict=True))
    earned, null, perfect = (sum(column) for column in columns[:3])
    return 100 * (earned - null) / (perfect - null) if perfect > null else math.nan


def show(name: str, rule: Callable[[Series], Alarms], corpus: list[Series], *, each: bool) -> float:
    """Print a rule's figures; return its standard score."""
    begun = perf_counter()
    alarms = [rule(series) for series in corpus]
    point_us = (perf_counter() - begun) * 1e6 / sum(len(series.values) for series in corpus)
    marks = {
        profile: [mark(series, found, PROFILES[profile]) for series, found in zip(corpus, alarms, strict=True)]
        for profile in PROFILES
    }
    scores = {profile: normal(rows) for profile, rows in marks.items()}
    print(
        f"{name}: {', '.join(f'{profile} {score:.1f}' for profile, score in scores.items())}; {point_us:.1f} µs a point"
    )
    standard = marks["standard"]
    for group in groups(corpus):
        rows = [row for series, row in zip(corpus, standard, strict=True) if series.group == group]
        print(f"  {group:24} {figures(rows)}")
    if each:
        for series, row in zip(corpus, standard, strict=True):
            print(f"    {series.group}/{series.name:50} {figures([row])}")
    return scores["standard"]


def groups(corpus: list[Series]) -> list[str]:
    """Return the groups in order."""
    return sorted({series.group for series in corpus})


def figures(rows: list[Mark]) -> str:
    """Return the standard score, hits, misses and false episodes of some series as text."""
    hit, windows = sum(row.hit for row in rows), sum(row.windows for row in rows)
    false = sum(row.false_episodes for row in rows)
    return f"score {normal(rows):6.1f}  hit {hit:3}  missed {windows - hit:3}  false episodes {false:3}"


def leave_out(corpus: list[Series]) -> None:
    """Print what is chosen without each group and what it earns there; then all left-out groups together."""
    tables = []
    for choice in CHOICES:
        rule = stream(choice)
        tables.append([mark(series, rule(series), PROFILES["standard"]) for series in corpus])
        print(f"{choice}: {normal(tables[-1]):.1f}")
    left: list[Mark] = []
    for group in groups(corpus):
        apart = [series.group == group for series in corpus]
        rest = [normal(row for row, out in zip(table, apart, strict=True) if not out) for table in tables]
        best = rest.index(max(rest))
        rows = [row for row, out in zip(tables[best], apart, strict=True) if out]
        print(f"  without {group:24} {CHOICES[best]} has {rest[best]:.1f}; there: {figures(rows)}")
        left += rows
    print(f"left-out groups together: {figures(left)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
