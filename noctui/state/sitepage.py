"""What is known about the one site that is looked at, and what has to be asked for next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from noctui.state.cells import clean
from noctui.state.telemetry import (
    METRICS,
    Baseline,
    Hour,
    Reading,
    Signals,
    Simulation,
    ThresholdChange,
    Week,
    items,
    read_baseline,
    read_changes,
    read_hours,
    read_signals,
    read_simulation,
    read_week,
)
from noctui.state.times import MINUTE_MS

Body = Mapping[str, Any]
Need: TypeAlias = tuple[str, str]
AGAIN_MS = MINUTE_MS
METRICS_MAX = 12
EVERY_BASELINE = ("hours",)
CHOSEN_BASELINE = ("week", "changes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One metric of the site: its baseline, where there is one yet, and its signal, where it is one of the five."""

    key: str
    metric: str
    baseline: Baseline | None = None
    reading: Reading | None = None


@dataclass(slots=True)
class SitePage:
    """The facts about one site; None is what has not come yet.

    `asked` holds when (this machine's milliseconds) a need was last asked for: each is asked again after a minute, or
    once the feed says that it moved. `problems` says why the last try gave nothing; what came before it is kept.
    """

    site: str
    signals: Signals | None = None
    baselines: tuple[Baseline, ...] | None = None
    hours: dict[str, tuple[Hour, ...]] = field(default_factory=dict)
    weeks: dict[str, Week] = field(default_factory=dict)
    changes: dict[str, tuple[ThresholdChange, ...]] = field(default_factory=dict)
    simulation: Simulation | None = None
    asked: dict[Need, int] = field(default_factory=dict)
    problems: dict[Need, str] = field(default_factory=dict)

    @property
    def rows(self) -> list[Row]:
        """Return the five signals, then the site's other metrics, up to a bound."""
        known = list(self.baselines or ())
        readings = self.signals.readings if self.signals else {}
        rows = []
        for metric in METRICS:
            found = next((each for each in known if each.metric == metric and each.series == self.site), None)
            rows.append(Row(key=metric, metric=metric, baseline=found, reading=readings.get(metric)))
        shown = {row.baseline.id for row in rows if row.baseline}
        others = (each for each in known if each.id not in shown)
        rows += [Row(key=each.id, metric=f"{each.metric} {each.series}", baseline=each) for each in others]
        return rows[:METRICS_MAX]

    def row(self, key: str) -> Row:
        """Return the row of a key, or the first where there is none such."""
        rows = self.rows
        return next((row for row in rows if row.key == key), rows[0])

    def needs(self, chosen: str) -> list[Need]:
        """Return all that the page shows while the metric of key `chosen` is looked at."""
        baselines = [row.baseline.id for row in self.rows if row.baseline]
        needs = [("signals", self.site), ("baselines", self.site)]
        needs += [(kind, each) for kind in EVERY_BASELINE for each in baselines]
        picked = self.row(chosen).baseline
        return needs + [(kind, picked.id) for kind in CHOSEN_BASELINE if picked]

    def due(self, chosen: str, now: int) -> list[Need]:
        """Return the needs to be asked for now, and note them as asked."""
        due = [need for need in self.needs(chosen) if now - self.asked.get(need, now - AGAIN_MS) >= AGAIN_MS]
        self.asked.update(dict.fromkeys(due, now))
        return due

    def stir(self, *kinds: str) -> None:
        """Have needs of these kinds (none: of every kind) asked for again at once."""
        self.asked = {need: at for need, at in self.asked.items() if kinds and need[0] not in kinds}

    def take(self, kind: str, key: str, status: int, body: Body) -> str:
        """Take in what was answered; the answer to a simulation alone returns its problem."""
        problem = "" if status < 400 else clean(body.get("detail") or f"HTTP {status}")  # noqa: PLR2004 - HTTP's own border
        if kind == "simulate":
            self.simulation = None if problem else read_simulation(body)
            return problem and f"not simulated: {problem}"
        if problem:
            self.problems[kind, key] = problem
            return ""
        self.problems.pop((kind, key), None)
        _READERS[kind](self, key, body)
        return ""

    def problem(self, *kinds: str) -> str:
        """Return what went wrong with one of these kinds (none: any kind), empty where nothing did."""
        return next((text for (kind, _), text in self.problems.items() if not kinds or kind in kinds), "")

    def replace(self, baseline: Baseline) -> None:
        """Know a baseline as it stands after an act, and have what hangs on its threshold told again."""
        self.baselines = tuple(baseline if each.id == baseline.id else each for each in self.baselines or ())
        self.simulation = None
        self.stir("baselines", "week", "changes")


def _take_signals(page: SitePage, _key: str, body: Body) -> None:
    page.signals = read_signals(body)


def _take_baselines(page: SitePage, _key: str, body: Body) -> None:
    page.baselines = tuple(map(read_baseline, items(body)))


def _take_hours(page: SitePage, key: str, body: Body) -> None:
    page.hours[key] = read_hours(body)


def _take_week(page: SitePage, key: str, body: Body) -> None:
    page.weeks[key] = read_week(body)


def _take_changes(page: SitePage, key: str, body: Body) -> None:
    page.changes[key] = read_changes(body)


_READERS: dict[str, Callable[[SitePage, str, Body], None]] = {
    "signals": _take_signals,
    "baselines": _take_baselines,
    "hours": _take_hours,
    "week": _take_week,
    "changes": _take_changes,
}
