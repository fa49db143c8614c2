"""A live detector over history: what it would have flagged, and how that compares with what is known."""

from __future__ import annotations

import csv
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

from nocd.domain.instant import DAY_MS, HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TextIO

    from nocd.history.labels import Label
    from nocd.history.points import Row
    from nocd.history.watch import Judged, Watch

GAP_MS: Final = HOUR_MS
SHARES_AT: Final = (2.5, 3.0, 4.0)
_COLUMNS: Final = ("timestamp", "value", "anomaly_score", "threshold", "anomalous", "reason")


@dataclass(slots=True, kw_only=True)
class Tally:
    """Counts of a backtest. Alarms no more than `gap_ms` apart are one episode; those outside all labels are false."""

    gap_ms: int = GAP_MS
    points: int = 0
    missing: int = 0
    judged: int = 0
    alarms: int = 0
    episodes: int = 0
    false_episodes: int = 0
    hours: int = 0
    hours_over: dict[float, int] = field(default_factory=lambda: dict.fromkeys(SHARES_AT, 0))
    _last: int | None = None
    _last_false: int | None = None

    def alarm(self, time_ms: int, *, inside: bool) -> None:
        """Count an alarm, in time order; `inside` a label or not."""
        self.alarms += 1
        self.episodes += self._last is None or time_ms - self._last > self.gap_ms
        self._last = time_ms
        if not inside:
            self.false_episodes += self._last_false is None or time_ms - self._last_false > self.gap_ms
            self._last_false = time_ms

    def hour(self, z: float) -> None:
        """Count a closed hour."""
        self.hours += 1
        for threshold in self.hours_over:
            self.hours_over[threshold] += abs(z) > threshold

    def told(self) -> dict[str, Any]:
        """Return the counts by name; shares of hours only where hours were judged."""
        counts = {name: value for name, value in asdict(self).items() if name in _COUNTS}
        shares = (
            {f"{at:g}": round(count / self.hours, 5) for at, count in self.hours_over.items()} if self.hours else {}
        )
        return {**counts, "flagged_hours_share": shares}


_COUNTS: Final = ("points", "missing", "judged", "alarms", "episodes", "hours")


def backtest(
    rows: Iterable[Row],
    watch: Watch,
    *,
    labels: Sequence[Label] | None = None,
    out: TextIO | None = None,
    gap_ms: int = GAP_MS,
) -> dict[str, Any]:
    """Run a detector over rows in time order, writing a scored row for each to `out`; return the counts.

    Labels (sorted by start) are marked on the way; an alarm counts at the end of what was judged.
    """
    tally = Tally(gap_ms=gap_ms)
    table = csv.writer(out) if out is not None else None
    if table is not None:
        table.writerow(_COLUMNS)
    waiting = _Open(labels or ())
    for row in rows:
        told = _step(row, watch, tally, waiting)
        if table is not None:
            table.writerow(_line(row, told))
    return tally.told() | ({} if labels is None else _labelled(labels, tally))


def _step(row: Row, watch: Watch, tally: Tally, waiting: _Open) -> list[Judged]:
    if row.time_ms is None or row.value is None:
        tally.missing += 1
        return []
    tally.points += 1
    told = watch.step(row.time_ms, row.value)
    for label in waiting.at(row.time_ms):
        label.points += 1
    tally.judged += bool(told)
    for each in told:
        within = waiting.at(each.time_ms)
        for label in within:
            label.judged = True
            label.hit = label.hit or each.anomalous
        if each.anomalous:
            tally.alarm(each.time_ms, inside=bool(within))
        if each.hour_z is not None:
            tally.hour(each.hour_z)
    return told


def _line(row: Row, told: list[Judged]) -> Iterator[str]:
    """Yield a scored row's cells: the judgement that flags, else the one nearest to it; blank where none was made."""
    yield row.written
    yield "" if row.value is None else f"{row.value:g}"
    if not told:
        yield from ("", "", "", "")
        return
    first = max(told, key=lambda each: (each.anomalous, each.score))
    yield from (f"{first.score:.4f}", f"{first.threshold:g}", str(int(first.anomalous)), first.reason)


class _Open:
    """The labels that a time lies in, for times that run on, give or take a day."""

    def __init__(self, labels: Sequence[Label]) -> None:
        self._labels = labels
        self._next = 0
        self._open: list[Label] = []

    def at(self, time_ms: int) -> list[Label]:
        while self._next < len(self._labels) and self._labels[self._next].start <= time_ms:
            self._open.append(self._labels[self._next])
            self._next += 1
        if self._open:
            self._open = [label for label in self._open if label.end >= time_ms - DAY_MS]
        return [label for label in self._open if label.start <= time_ms <= label.end]


def _labelled(labels: Sequence[Label], tally: Tally) -> dict[str, Any]:
    return {
        "labels": len(labels),
        "hit": sum(label.hit for label in labels),
        "missed": sum(label.judged and not label.hit for label in labels),
        "while_learning": sum(label.points > 0 and not label.judged for label in labels),
        "without_points": sum(label.points == 0 for label in labels),
        "false_episodes": tally.false_episodes,
    }
