"""From a model's log-odds to a probability that means what it says: Platt, beta or isotonic, whichever serves better.

Platt: J. Platt, "Probabilistic outputs for support vector machines" (1999), with his targets for small counts. Beta:
M. Kull, T. Silva Filho, P. Flach, "Beta calibration" (AISTATS 2017). Isotonic: pool adjacent violators (Ayer 1955).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ml.measure import brier
from ml.schema import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from ml.measure import Bools, Floats

ISOTONIC_ROWS_MIN: Final = 1_000
CLASS_ROWS_MIN: Final = 30
FOLDS: Final = 5
STEPS_MAX: Final = 100
KNOTS_MAX: Final = 10_000
EDGE: Final = 1e-6
_RIDGE: Final = 1e-6
_IN_ORDER: Final = 0.01


@dataclass(frozen=True, slots=True)
class Calibrator:
    """A rising map from log-odds to probability; `numbers` are its parameters, `calibrated` whether to trust them."""

    kind: str
    numbers: dict[str, list[float]]
    calibrated: bool = False

    def probability(self, margin: Floats) -> Floats:
        """Return the probability of fraud for each margin (log-odds)."""
        return np.clip(_MAPS[self.kind](margin, self.numbers), EDGE, 1 - EDGE)

    def told(self) -> dict[str, Any]:
        """Return the calibrator as it is stored."""
        return {"kind": self.kind, "numbers": self.numbers, "calibrated": self.calibrated}

    @classmethod
    def read(cls, told: Any) -> Calibrator:
        """Return a stored calibrator; `bad_calibrator` for what is none."""
        try:
            numbers = {name: [float(value) for value in values] for name, values in told["numbers"].items()}
            found = cls(told["kind"], numbers, bool(told["calibrated"]))
            at = found.probability(np.array([-9.0, 0.0, 9.0]))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise Refused("bad_calibrator", f"the calibrator cannot be read: {error!r}") from error
        if not np.all(np.isfinite(at)) or np.any(np.diff(at) < 0) or max(map(len, numbers.values())) > KNOTS_MAX:
            raise Refused("bad_calibrator", "the calibrator does not rise from 0 to 1")
        return found


def fit(margin: Floats, label: Floats, weight: Floats) -> Calibrator:
    """Return the calibrator with the least Brier score on folds it was not fitted on.

    Below 30 rows of either class the result is marked as not calibrated; without one of them nothing is fitted.
    """
    frauds = int(label.sum())
    rarer = min(frauds, len(label) - frauds)
    if not rarer:
        return Calibrator("logistic", {"ab": [1.0, 0.0]})
    kinds = ["logistic", "beta"] if rarer >= CLASS_ROWS_MIN else ["logistic"]
    if len(label) >= ISOTONIC_ROWS_MIN and rarer >= CLASS_ROWS_MIN:
        kinds.append("isotonic")
    losses = {kind: _loss(kind, margin, label, weight) for kind in kinds} if len(kinds) > 1 else {"logistic": 0.0}
    best = min(losses, key=lambda kind: losses[kind])
    return Calibrator(best, FITS[best](margin, label, weight), rarer >= CLASS_ROWS_MIN)


def _loss(kind: str, margin: Floats, label: Floats, weight: Floats) -> float:
    """Return the Brier score of a kind over folds; the rows of each class are dealt in turn."""
    fold = np.empty(len(label), dtype=np.int64)
    for side in (label == 1, label == 0):
        fold[side] = np.arange(int(side.sum())) % FOLDS
    told = np.empty(len(label))
    for number in range(FOLDS):
        rest: Bools = fold != number
        numbers = FITS[kind](margin[rest], label[rest], weight[rest])
        told[~rest] = Calibrator(kind, numbers).probability(margin[~rest])
    return brier(label, told, weight)


def _sigmoid(value: Floats) -> Floats:
    found: Floats = 1 / (1 + np.exp(-np.clip(value, -40, 40)))
    return found


def _targets(label: Floats) -> Floats:
    frauds = float(label.sum())
    found: Floats = np.where(label == 1, (frauds + 1) / (frauds + 2), 1 / (len(label) - frauds + 2))
    return found


def _regress(columns: Floats, target: Floats, weight: Floats) -> Floats:
    """Return the coefficients of a logistic regression, by Newton's method with halved steps."""
    found = np.zeros(columns.shape[1])
    ridge = _RIDGE * np.eye(columns.shape[1])
    loss = _cross_entropy(columns @ found, target, weight)
    for _ in range(STEPS_MAX):
        told = _sigmoid(columns @ found)
        slope = columns.T @ (weight * (told - target)) + ridge @ found
        curve = (columns * (weight * told * (1 - told))[:, None]).T @ columns + ridge
        step = np.linalg.solve(curve, slope)
        while (after := _cross_entropy(columns @ (found - step), target, weight)) > loss and np.abs(step).max() > EDGE:
            step = step / 2
        found, gained, loss = found - step, loss - after, after
        if gained <= EDGE * weight.sum() * EDGE:
            break
    return found


def _cross_entropy(margin: Floats, target: Floats, weight: Floats) -> float:
    return float(np.sum(weight * (np.logaddexp(0, margin) - target * margin)))


def _fit_logistic(margin: Floats, label: Floats, weight: Floats) -> dict[str, list[float]]:
    target, one = _targets(label), np.ones_like(margin)
    slope, shift = _regress(np.column_stack([margin, one]), target, weight).tolist()
    if slope < 0:  # a model that ranks backwards here says nothing: everybody is as likely as all
        slope, (shift,) = 0.0, _regress(one[:, None], target, weight).tolist()
    return {"ab": [slope, shift]}


def _logs(margin: Floats) -> tuple[Floats, Floats]:
    return -np.logaddexp(0, -margin), np.logaddexp(0, margin)  # ln p and -ln(1 - p)


def _fit_beta(margin: Floats, label: Floats, weight: Floats) -> dict[str, list[float]]:
    """Drop what would make the map fall, and fit the rest again."""
    parts, found, shift = dict(zip("ab", _logs(margin), strict=True)), {"a": -1.0}, 0.0
    while min(found.values()) < 0:
        columns = np.column_stack([*parts.values(), np.ones_like(margin)])
        *slopes, shift = _regress(columns, _targets(label), weight).tolist()
        found = dict(zip(parts, slopes, strict=True)) | {"": 0.0}
        parts = {name: part for name, part in parts.items() if found[name] >= 0}
    return {"abc": [found.get("a", 0.0), found.get("b", 0.0), shift]}


def _fit_isotonic(margin: Floats, label: Floats, weight: Floats) -> dict[str, list[float]]:
    """Pool neighbours until the shares rise; between two pools the probability runs straight.

    A hundredth of Platt's is mixed in, so that rows of one pool keep their order.
    """
    order = np.argsort(margin, kind="stable")
    pools: list[list[float]] = []  # share, weight, first and last margin
    for at in order:
        pools.append([float(label[at]), float(weight[at]), float(margin[at]), float(margin[at])])
        while len(pools) > 1 and (pools[-2][0] >= pools[-1][0] or pools[-2][3] == pools[-1][2]):
            share, heavy, _, last = pools.pop()
            whole = pools[-1][1] + heavy
            pools[-1] = [(pools[-1][0] * pools[-1][1] + share * heavy) / whole, whole, pools[-1][2], last]
    knots = [(at, pool[0]) for pool in pools for at in dict.fromkeys(pool[2:])][-KNOTS_MAX:]
    pooled = {"margin": [at for at, _ in knots], "share": [share for _, share in knots]}
    return pooled | _fit_logistic(margin, label, weight)


FITS: Final[dict[str, Callable[[Floats, Floats, Floats], dict[str, list[float]]]]] = {
    "logistic": _fit_logistic,
    "beta": _fit_beta,
    "isotonic": _fit_isotonic,
}


def _map_logistic(margin: Floats, numbers: dict[str, list[float]]) -> Floats:
    slope, shift = numbers["ab"]
    return _sigmoid(slope * margin + shift)


def _map_beta(margin: Floats, numbers: dict[str, list[float]]) -> Floats:
    a, b, c = numbers["abc"]
    low, high = _logs(margin)
    return _sigmoid(a * low + b * high + c)


def _map_isotonic(margin: Floats, numbers: dict[str, list[float]]) -> Floats:
    pooled: Floats = np.interp(margin, numbers["margin"], numbers["share"])
    return (1 - _IN_ORDER) * pooled + _IN_ORDER * _map_logistic(margin, numbers)


_MAPS: Final[dict[str, Callable[[Floats, dict[str, list[float]]], Floats]]] = {
    "logistic": _map_logistic,
    "beta": _map_beta,
    "isotonic": _map_isotonic,
}
