"""Whether what is scored today is still what the model learned from, and whether it is still as right.

A column has moved if its PSI is material and chance does not explain it. PSI over (1/n + 1/m) is in chance χ² with one
less degree than bins (B. Yurdakul, 2018). Rows come in persons, weeks and seasons and are no chance sample, so it is
divided by the most that honest sixths of the training time differed from the whole; and chance is shared among columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ml.measure import Ranking, chi_square_tail, kolmogorov_tail, rounded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ml.dataset import Rows
    from ml.measure import Bools, Floats, Ints
    from nocd.fraud.features import Feature

BLOCKS: Final = 6
BINS: Final = 10
SCORE_BINS: Final = 100
VALUES_MAX: Final = 12  # a column of no more values has a bin for each
BIN_SHARE_MIN: Final = 0.01
ROWS_MIN: Final = 200
PSI_MIN: Final = 0.1
DISTANCE_MIN: Final = 0.1
VERDICTS_MIN: Final = 10
FRAUDS_MIN: Final = 5
TICKETS_MIN: Final = 5
ERRORS_MIN: Final = 3.0
CHANCES: Final = (("CRITICAL", 0.001), ("HIGH", 0.01), ("MEDIUM", 0.05))
DROPS: Final = (("CRITICAL", 0.20), ("HIGH", 0.10), ("MEDIUM", 0.05))
LEVELS: Final = ("none", "MEDIUM", "HIGH", "CRITICAL")
DAYS: Final = 28  # whole weeks, or weekends alone would move
_KS_USUAL: Final = 1.36  # distances up to it, times √n, come by chance in 95 of 100
_HALF: Final = 0.5
_SHARE_EDGE: Final = 0.1  # near 0 and 1 a few rows look surer than they are


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Counts of values between cuts (each bin up to and with its cut), those missing last; `spread` is their unrest."""

    cuts: list[float]
    counts: list[int]
    spread: float

    def told(self) -> dict[str, Any]:
        """Return the histogram as a manifest keeps it."""
        return {"cuts": self.cuts, "counts": self.counts, "spread": self.spread}

    def count(self, values: Floats) -> Ints:
        """Return the counts of other values in these bins."""
        return _count(values, np.asarray(self.cuts))


def reference(rows: Rows, score: Floats, scored: Rows) -> dict[str, Any]:
    """Return the histograms that a manifest keeps: of every column, and of the scores of rows the model never saw."""
    blocks = list(_blocks(rows.time_ms))
    columns = {
        name: _column(rows.x[:, at].astype(np.float64), blocks).told() for at, name in enumerate(rows.schema.names)
    }
    cuts = np.unique(np.quantile(score, np.arange(1, SCORE_BINS) / SCORE_BINS))
    counts = _count(score, cuts)
    parts = (_count(score[block], cuts) for block in _blocks(scored.time_ms))
    unrest = [_distance(counts, part) ** 2 * part.sum() / _KS_USUAL**2 for part in parts]
    scores = Histogram(cuts=cuts.tolist(), counts=counts.tolist(), spread=max(1.0, *unrest))
    return {"columns": columns, "scores": scores.told()}


def _blocks(time_ms: Ints) -> Iterator[Bools]:
    edges = np.linspace(time_ms[0], time_ms[-1] + 1, BLOCKS + 1)
    at = np.searchsorted(edges, time_ms, side="right") - 1
    yield from (at == number for number in range(BLOCKS) if (at == number).any())


def _column(values: Floats, blocks: list[Bools]) -> Histogram:
    cuts = _cuts(values[~np.isnan(values)])
    counts = _count(values, cuts)
    unrest = [
        _psi(counts, part) / _chance_of(counts, part) for part in (_count(values[block], cuts) for block in blocks)
    ]
    return Histogram(cuts=cuts.tolist(), counts=counts.tolist(), spread=max(1.0, *unrest))


def _cuts(known: Floats) -> Floats:
    """Return where bins end: at each value if those are few, else at tenths; no inner one holds under 1 %."""
    values = np.unique(known)
    if len(values) > VALUES_MAX:
        values = np.unique(np.quantile(known, np.arange(1, BINS) / BINS))
        least: list[float] = []
    else:
        least = [float(np.nextafter(value, -np.inf)) for value in values[:1]]  # what is less was never seen
    kept, held = [], 0.0
    for value in values.tolist():
        upto = float(np.mean(known <= value))
        if upto - held >= BIN_SHARE_MIN:
            kept.append(value)
            held = upto
    return np.asarray(least + kept, dtype=np.float64)


def _count(values: Floats, cuts: Floats) -> Ints:
    known = values[~np.isnan(values)]
    found = np.bincount(np.searchsorted(cuts, known, side="left"), minlength=len(cuts) + 1)
    return np.append(found, len(values) - len(known)).astype(np.int64)


def _psi(then: Ints, now: Ints) -> float:
    """Return the population stability index of two histograms; half a row is added to each bin, for some are empty."""
    old, new = ((counts + _HALF) / (counts.sum() + _HALF * len(counts)) for counts in (then, now))
    return float(np.sum((new - old) * np.log(new / old)))


def _chance_of(then: Ints, now: Ints) -> float:
    """Return the PSI that chance alone brings on average."""
    return _freedom(then, now) * float(1 / then.sum() + 1 / now.sum())


def _freedom(then: Ints, now: Ints) -> int:
    return max(1, int(np.sum((then > 0) | (now > 0))) - 1)


def _distance(then: Ints, now: Ints) -> float:
    """Return the Kolmogorov-Smirnov distance of two histograms."""
    return float(np.abs(np.cumsum(then) / then.sum() - np.cumsum(now) / now.sum()).max())


def drift(
    manifest: dict[str, Any], rows: Rows, score: Floats, *, ticket: float = 0.8, label_delay_ms: int = 0
) -> dict[str, Any]:
    """Return what moved since training in these rows and their scores, and the gravest level, from none to CRITICAL.

    Rows younger than `label_delay_ms` have labels that came early, as frauds' do: they do not count as verdicts.
    """
    held = manifest["reference"]
    tests = len(held["columns"]) + 1
    features = [
        _moved(feature, Histogram(**held["columns"][feature.name]), rows.x[:, at].astype(np.float64), tests)
        for at, feature in enumerate(rows.schema.features)
    ]
    scores = _scores_moved(Histogram(**held["scores"]), score, tests)
    judged = ~np.isnan(rows.label) & ~rows.chosen & (rows.time_ms <= rows.time_ms[-1] - label_delay_ms)
    performance = _performance(manifest["metrics"], rows.take(judged), score[judged], ticket=ticket)
    told = [*features, scores, *performance]
    level = max((each["level"] for each in told), key=LEVELS.index)
    moved = [each["reason"] for each in told if each["level"] != "none"]
    return {
        "level": level,
        "moved": moved,
        "rows": len(rows),
        "features": features,
        "scores": scores,
        "performance": performance,
    }


def _level(chance: float, tests: int) -> str:
    return next((level for level, most in CHANCES if chance * tests < most), "none")


def _moved(feature: Feature, then: Histogram, values: Floats, tests: int) -> dict[str, Any]:
    name = feature.name
    counts, now = np.asarray(then.counts), then.count(values)
    if len(values) < ROWS_MIN:
        return {"name": name, "level": "none", "reason": f"{name}: {len(values)} rows, {ROWS_MIN} needed"}
    psi, freedom = _psi(counts, now), _freedom(counts, now)
    chance = chi_square_tail(psi / (_chance_of(counts, now) / freedom) / then.spread, freedom)
    level = "none" if psi < PSI_MIN or feature.calendar else _level(chance, tests)
    missing = [float(each[-1] / each.sum()) for each in (counts, now)]
    reason = f"{name}: PSI {psi:.2f}, missing {missing[0]:.1%} in training and {missing[1]:.1%} now"
    told = {"psi": rounded(psi, 4), "chance": rounded(chance, 8), "missing": [round(part, 4) for part in missing]}
    return {"name": name, **told, "level": level, "reason": reason}


def _scores_moved(then: Histogram, score: Floats, tests: int) -> dict[str, Any]:
    counts, now = np.asarray(then.counts), then.count(score)
    if len(score) < ROWS_MIN:
        return {"name": "scores", "level": "none", "reason": f"scores: {len(score)} rows, {ROWS_MIN} needed"}
    distance = _distance(counts, now)
    rows = counts.sum() * now.sum() / (counts.sum() + now.sum()) / then.spread
    chance = kolmogorov_tail(distance, float(rows))
    level = _level(chance, tests) if distance >= DISTANCE_MIN else "none"
    reason = f"scores: distributions {distance:.2f} apart"
    told = {"distance": rounded(distance, 4), "chance": rounded(chance, 8)}
    return {"name": "scores", **told, "level": level, "reason": reason}


def _performance(then: dict[str, Any], known: Rows, score: Floats, *, ticket: float) -> list[dict[str, Any]]:
    """Return how far PR-AUC and the precision of tickets fell, where ten verdicts came."""
    if len(known) < VERDICTS_MIN:
        return []
    model = then["model"]
    flagged = score >= ticket
    weight = known.weight[flagged]
    right = float(weight @ known.label[flagged])
    pr_auc = Drop("pr_auc", model["pr_auc"][0], then["test"]["fraud"], FRAUDS_MIN)
    precision = Drop("ticket_precision", model["confusion"]["precision"], model["confusion"]["rows"], TICKETS_MIN)
    return [
        pr_auc.told(Ranking(known.label, score).average_precision(known.weight), known.frauds),
        precision.told(right / float(weight.sum()) if len(weight) else None, len(weight)),
    ]


@dataclass(frozen=True, slots=True)
class Drop:
    """A share as it was in the test window, of so many rows; of fewer than `rows_min` now nothing is said."""

    name: str
    then: float | None
    rows: int
    rows_min: int

    def told(self, now: float | None, rows: int) -> dict[str, Any]:
        """Return how grave its fall is: only what three standard errors do not explain, for it is asked every day."""
        told = {"name": self.name, "then": self.then, "now": None if now is None else rounded(now), "rows": rows}
        if self.then is None or now is None or not self.rows or rows < self.rows_min:
            return told | {"level": "none", "reason": f"{self.name}: nothing to compare"}
        drop, pooled = self.then - now, (self.then * self.rows + now * rows) / (self.rows + rows)
        pooled = min(max(pooled, _SHARE_EDGE), 1 - _SHARE_EDGE)
        error = sqrt(pooled * (1 - pooled) * (1 / self.rows + 1 / rows))
        level = (
            next((level for level, least in DROPS if drop >= least), "none") if drop > ERRORS_MIN * error else "none"
        )
        return told | {"level": level, "reason": f"{self.name}: {now:.2f} of {rows} now, {self.then:.2f} in training"}
