"""Whether what is scored today is still what the model learned from, and whether it is still as right.

A column has moved if its PSI is material and chance does not explain it. PSI over (1/n + 1/m) is in chance χ² with one
less degree than bins (B. Yurdakul, 2018). Rows come in persons, weeks and seasons and are no chance sample, so it is
divided by the most that honest sixths of the training time differed from the whole, or for a window of days the windows
of as many days; and chance is shared among columns and windows.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from math import hypot, inf, isfinite, sqrt
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ml.measure import Z_90, Ranking, chi_square_tail, kolmogorov_tail, resampled, rounded, rows_worth
from nocd.domain.instant import DAY_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

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
PSI_SLOW_MIN: Final = 0.25  # of a column that looks far back: few such pasts were seen, and they wander
DISTANCE_MIN: Final = 0.1
VERDICTS_MIN: Final = 10
FRAUDS_MIN: Final = 5
TICKETS_MIN: Final = 5
ERRORS_MIN: Final = 3.0
CHANCES: Final = (("CRITICAL", 0.001), ("HIGH", 0.01), ("MEDIUM", 0.05))
DROPS: Final = (("CRITICAL", 0.20), ("HIGH", 0.10), ("MEDIUM", 0.05))
LEVELS: Final = ("none", "MEDIUM", "HIGH", "CRITICAL")
DAYS: Final = 28  # whole weeks, or weekends alone would move
SHORT_DAYS: Final = (7, 2, 1)  # windows whose own unrest is kept, weekends' with it
SHORT_ROWS_MIN: Final = 100
MEMORIES_MIN: Final = 1.5  # of a column, in the training time: the first of them it only comes to know its past
WINDOWS_MIN: Final = 28  # of training, to know their unrest by: every day of the week four times
_KS_USUAL: Final = 1.36  # distances up to it, times √n, come by chance in 95 of 100
_HALF: Final = 0.5
_ROUNDS: Final = 200
_SHARE_EDGE: Final = 0.1  # near 0 and 1 a few rows look surer than they are


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Counts of values between cuts (each bin up to and with its cut), those missing last.

    `spread` is their unrest, `short` that of windows of so many days, where there were enough of them.
    """

    cuts: list[float]
    counts: list[int]
    spread: float
    short: dict[str, float] = field(default_factory=dict)

    def told(self) -> dict[str, Any]:
        """Return the histogram as a manifest keeps it."""
        return asdict(self)

    def unrest(self, days: float) -> float:
        """Return what a window of so many days differs by without any drift, infinity where nobody knows."""
        if days >= DAYS:
            return self.spread
        return next((self.short.get(str(each), inf) for each in SHORT_DAYS if each <= days), inf)

    def count(self, values: Floats) -> Ints:
        """Return the counts of other values in these bins."""
        return _count(values, np.asarray(self.cuts))


def reference(rows: Rows, score: Floats, scored: Rows) -> dict[str, Any]:
    """Return the histograms that a manifest keeps: of every column, and of the scores of rows the model never saw."""
    span_ms = rows.time_ms[-1] - rows.time_ms[0]
    columns = {
        feature.name: _column(rows, at, feature.memory_days * DAY_MS)
        for at, feature in enumerate(rows.schema.features)
        if span_ms >= MEMORIES_MIN * feature.memory_days * DAY_MS
    }
    cuts = np.unique(np.quantile(score, np.arange(1, SCORE_BINS) / SCORE_BINS))
    return {"columns": columns, "scores": _histogram(score, scored.time_ms, cuts, _distance_unrest).told()}


def _column(rows: Rows, at: int, memory_ms: int) -> dict[str, Any]:
    """Return a column's histogram, of the time from which its own past is known."""
    warm = rows.time_ms >= rows.time_ms[0] + memory_ms
    values = rows.x[warm, at].astype(np.float64)
    return _histogram(values, rows.time_ms[warm], _cuts(values[~np.isnan(values)]), _psi_unrest).told()


def _blocks(time_ms: Ints) -> Iterator[Bools]:
    edges = np.linspace(time_ms[0], time_ms[-1] + 1, BLOCKS + 1)
    at = np.searchsorted(edges, time_ms, side="right") - 1
    yield from (at == number for number in range(BLOCKS) if (at == number).any())


def _days(time_ms: Ints) -> list[Bools]:
    """Return which rows are of the last 24 hours, of the 24 before, and so on."""
    ages = (time_ms[-1] - time_ms) // DAY_MS
    return [ages == age for age in range(int(ages[0]) + 1)]


def _histogram(values: Floats, time_ms: Ints, cuts: Floats, unrest: Callable[[Ints, Ints], float]) -> Histogram:
    counts = _count(values, cuts)
    daily = np.asarray([_count(values[day], cuts) for day in _days(time_ms)])
    return Histogram(
        cuts=cuts.tolist(),
        counts=counts.tolist(),
        spread=max(1.0, *(unrest(counts, _count(values[block], cuts)) for block in _blocks(time_ms))),
        short={
            str(each): max(1.0, *found)
            for each in SHORT_DAYS
            if len(found := list(_of_windows(counts, daily, each, unrest))) >= WINDOWS_MIN
        },
    )


def _of_windows(counts: Ints, daily: Ints, days: int, unrest: Callable[[Ints, Ints], float]) -> Iterator[float]:
    """Yield the unrest of each window of so many days that holds enough rows to be looked at at all."""
    for first in range(len(daily) - days + 1):
        part = daily[first : first + days].sum(axis=0)
        if part.sum() >= SHORT_ROWS_MIN:
            yield unrest(counts, part)


def _psi_unrest(counts: Ints, part: Ints) -> float:
    return _psi(counts, part) / _chance_of(counts, part)


def _distance_unrest(counts: Ints, part: Ints) -> float:
    return _distance(counts, part) ** 2 * float(part.sum()) / _KS_USUAL**2


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A look at rows of the last so many days; so many tests share the chance of a false alarm.

    Rows younger than `label_delay_ms` have labels that came early, as frauds' do: they do not count as verdicts.
    """

    days: float = DAYS
    tests: int = 1
    ticket: float = 0.8
    label_delay_ms: int = 0

    def level(self, chance: float) -> str:
        """Return how grave it is what chance brings so rarely, were this the only test."""
        return next((level for level, most in CHANCES if chance * self.tests < most), "none")

    @property
    def rows_min(self) -> int:
        """Return of how many rows at least anything is said."""
        return ROWS_MIN if self.days >= DAYS else SHORT_ROWS_MIN

    @property
    def words(self) -> str:
        """Return the window in words."""
        return f"of the last {self.days:g} days" if self.days > 1 else "of the last day"


def drift(manifest: dict[str, Any], rows: Rows, score: Floats, look: Look | None = None) -> dict[str, Any]:
    """Return what moved since training in these rows and their scores, and the gravest level, from none to CRITICAL."""
    held = manifest["reference"]
    look = look or Look(tests=len(held["columns"]) + 1)
    features = [
        _moved(feature, held["columns"].get(feature.name), rows.x[:, at].astype(np.float64), look)
        for at, feature in enumerate(rows.schema.features)
    ]
    scores = _scores_moved(Histogram(**held["scores"]), score, look)
    judged = ~np.isnan(rows.label) & ~rows.chosen & (rows.time_ms <= rows.time_ms[-1] - look.label_delay_ms)
    performance = _performance(manifest["metrics"], rows.take(judged), score[judged], ticket=look.ticket)
    return {"rows": len(rows)} | _told(features, scores, performance)


def several(
    manifest: dict[str, Any], rows: Rows, score: Floats, days: Collection[float], *, label_delay_ms: int = 0
) -> dict[str, Any]:
    """Return of each part what that window of last days says in which it moved most; verdicts need the widest."""
    found = []
    tests = (len(rows.schema.features) + 1) * len(days)
    for each in sorted(days, reverse=True):
        late = rows.time_ms > rows.time_ms[-1] - each * DAY_MS
        look = Look(days=each, tests=tests, label_delay_ms=label_delay_ms)
        found.append(drift(manifest, rows.take(late), score[late], look))
    features = [max(parts, key=_grave) for parts in zip(*(each["features"] for each in found), strict=True)]
    return found[0] | _told(features, max((each["scores"] for each in found), key=_grave), found[0]["performance"])


def _told(features: list[dict[str, Any]], scores: dict[str, Any], performance: list[dict[str, Any]]) -> dict[str, Any]:
    parts = [*features, scores, *performance]
    return {
        "level": max(parts, key=_grave)["level"],
        "moved": [each["reason"] for each in parts if each["level"] != "none"],
        "features": features,
        "scores": scores,
        "performance": performance,
    }


def _grave(part: dict[str, Any]) -> int:
    return LEVELS.index(part["level"])


def _untold(then: Histogram, rows: int, look: Look) -> str | None:
    """Return why nothing can be said of so many rows, or None."""
    if rows < look.rows_min:
        return f"{rows} rows, {look.rows_min} needed"
    return None if isfinite(then.unrest(look.days)) else f"too few windows {look.words} in training"


def _moved(feature: Feature, held: dict[str, Any] | None, values: Floats, look: Look) -> dict[str, Any]:
    name = feature.name
    if held is None:
        short = f"the training time was too short for what looks {feature.memory_days} days back"
        return {"name": name, "level": "none", "reason": f"{name}: {short}"}
    if feature.memory_days and look.days < DAYS:
        return {"name": name, "level": "none", "reason": f"{name}: what looks far back moves in no {look.days:g} days"}
    then = Histogram(**held)
    counts, now = np.asarray(then.counts), then.count(values)
    if (why := _untold(then, len(values), look)) is not None:
        return {"name": name, "level": "none", "reason": f"{name}: {why}"}
    psi, freedom = _psi(counts, now), _freedom(counts, now)
    chance = chi_square_tail(psi / (_chance_of(counts, now) / freedom) / then.unrest(look.days), freedom)
    least = PSI_SLOW_MIN if feature.memory_days else PSI_MIN
    level = "none" if psi < least or feature.calendar else look.level(chance)
    missing = [float(each[-1] / each.sum()) for each in (counts, now)]
    reason = f"{name} {look.words}: PSI {psi:.2f}, missing {missing[0]:.1%} in training and {missing[1]:.1%} now"
    told = {"psi": rounded(psi, 4), "chance": rounded(chance, 8), "missing": [round(part, 4) for part in missing]}
    return {"name": name, "days": look.days, **told, "level": level, "reason": reason}


def _scores_moved(then: Histogram, score: Floats, look: Look) -> dict[str, Any]:
    counts, now = np.asarray(then.counts), then.count(score)
    if (why := _untold(then, len(score), look)) is not None:
        return {"name": "scores", "level": "none", "reason": f"scores: {why}"}
    distance = _distance(counts, now)
    rows = counts.sum() * now.sum() / (counts.sum() + now.sum()) / then.unrest(look.days)
    chance = kolmogorov_tail(distance, float(rows))
    level = look.level(chance) if distance >= DISTANCE_MIN else "none"
    reason = f"scores {look.words}: distributions {distance:.2f} apart"
    told = {"distance": rounded(distance, 4), "chance": rounded(chance, 8)}
    return {"name": "scores", "days": look.days, **told, "level": level, "reason": reason}


def _performance(then: dict[str, Any], known: Rows, score: Floats, *, ticket: float) -> list[dict[str, Any]]:
    """Return how far PR-AUC and the precision of tickets fell, where ten verdicts came.

    PR-AUC is of the rows as they were judged, then and now: by weight, one of the review sample that stands for a
    hundred would sway it by itself.
    """
    if len(known) < VERDICTS_MIN:
        return []
    model = then["model"]
    flagged = score >= ticket
    weight = known.weight[flagged]
    right = float(weight @ known.label[flagged])
    held = model.get("pr_auc_as_judged", [None] * 3)
    pr_auc = Drop("pr_auc", held[0], then["test"]["fraud"], FRAUDS_MIN)
    precision = Drop("ticket_precision", model["confusion"]["precision"], model["confusion"]["rows"], TICKETS_MIN)
    now = Ranking(known.label, score).average_precision(np.ones(len(known)))
    return [
        pr_auc.told(now, known.frauds, error=_error(known, score, *held)),
        precision.told(right / float(weight.sum()) if len(weight) else None, len(weight), worth=rows_worth(weight)),
    ]


def _error(known: Rows, score: Floats, _: float | None, low: float | None, high: float | None) -> float:
    """Return the standard error of a change of PR-AUC."""
    ranking, alike = Ranking(known.label, score), np.ones(len(known))
    drawn = [ranking.average_precision(weight) for weight in resampled(known.cluster, alike, rounds=_ROUNDS, seed=0)]
    now = np.asarray(drawn)[~np.isnan(drawn)]
    then = 0.0 if low is None or high is None else (high - low) / 2 / Z_90
    return hypot(then, float(now.std())) if len(now) else inf


@dataclass(frozen=True, slots=True)
class Drop:
    """A share as it was in the test window, of so many rows; of fewer than `rows_min` now nothing is said."""

    name: str
    then: float | None
    rows: int
    rows_min: int

    def told(self, now: float | None, rows: int, *, worth: float | None = None, error: float = 0.0) -> dict[str, Any]:
        """Return how grave its fall is: only what three standard errors do not explain, for it is asked every day.

        The rows are worth as many equal ones; the error is at least what so many of a share have, and the one given.
        """
        told = {"name": self.name, "then": self.then, "now": None if now is None else rounded(now), "rows": rows}
        if self.then is None or now is None or not self.rows or rows < self.rows_min:
            return told | {"level": "none", "reason": f"{self.name}: nothing to compare"}
        drop, pooled = self.then - now, (self.then * self.rows + now * rows) / (self.rows + rows)
        pooled = min(max(pooled, _SHARE_EDGE), 1 - _SHARE_EDGE)
        error = max(error, sqrt(pooled * (1 - pooled) * (1 / self.rows + 1 / (worth or rows))))
        level = (
            next((level for level, least in DROPS if drop >= least), "none") if drop > ERRORS_MIN * error else "none"
        )
        return told | {"level": level, "reason": f"{self.name}: {now:.2f} of {rows} now, {self.then:.2f} in training"}
