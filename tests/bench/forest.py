"""How good the model is on a table of anybody's, beside a random forest tuned on the same rows.

python -m tests.bench.forest --table FILE --label COLUMN --time COLUMN [--omit COLUMN …]

Needs scikit-learn beside the product's own packages; as nothing else does, it is in no lock: install it in a copy of
the environment. Both see the rows before the calibration window alone; the forest's leaves and features at a split are
chosen by PR-AUC on that window. It holds if the model is above the forest, or the 90 % bounds of the paired difference
on the test window hold 0.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from ml import booster
from ml.dataset import Rows, split
from ml.evaluate import Terms
from ml.measure import Bools, Floats, Ranking, bounds, resampled
from ml.table import Plan, read_table
from tests.bench.rows import note

LEAVES = (1, 3)
FEATURES: tuple[Any, ...] = ("sqrt", 0.5)
STOP_SHARE = 0.2


def main(arguments: list[str]) -> int:
    """Print both, and the difference; 0 if the model holds, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.forest", description=__doc__)
    parser.add_argument("--table", type=Path, required=True)
    parser.add_argument("--label", required=True)
    parser.add_argument("--time", required=True)
    parser.add_argument("--omit", action="append", default=[])
    parser.add_argument("--trees", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args(arguments)
    rows, left = read_table(asked.table, Plan(label=asked.label, time=asked.time, omit=tuple(asked.omit)))
    note("\n".join(f"left out {name}: {why}" for name, why in left.items()))
    sides = split(rows)
    ours = model(sides.fit, sides.test, seed=asked.seed)
    theirs, chosen = forest(sides.fit, sides.calibration, sides.test, trees=asked.trees, seed=asked.seed)
    return told(sides.test, ours, theirs, chosen)


def told(test: Rows, ours: Floats, theirs: Floats, chosen: dict[str, Any]) -> int:
    """Print what both are worth on the test window."""
    rankings = [Ranking(test.label, score) for score in (ours, theirs)]
    samples = resampled(test.cluster, test.weight, rounds=Terms().bootstrap_rounds, seed=0)
    drawn = np.array([[each.average_precision(weight) for each in rankings] for weight in samples]).T
    plain = [each.average_precision(test.weight) for each in rankings]
    difference = bounds(plain[0] - plain[1], drawn[0] - drawn[1])
    holds = difference.high >= 0
    row = {"name": "forest", "ok": holds, "rows": len(test), "frauds": test.frauds, "difference": difference.told()}
    print(json.dumps(row | {"model": bounds(plain[0], drawn[0]).told(), "forest": bounds(plain[1], drawn[1]).told()}))
    print(json.dumps({"name": "forest chosen", **chosen}))
    return int(not holds)


def model(fit: Rows, test: Rows, *, seed: int) -> Floats:
    """Return the log-odds that the product's model gives the test window."""
    held_out: Bools = np.arange(len(fit)) >= (1 - STOP_SHARE) * len(fit)
    grown, rounds = booster.fit(
        fit.x, fit.label, held_out, signs=fit.schema.signs, parameters=booster.PARAMETERS, seed=seed
    )
    note(f"model of {rounds} rounds")
    return booster.margins(grown, test.x)


def forest(fit: Rows, choose: Rows, test: Rows, *, trees: int, seed: int) -> tuple[Floats, dict[str, Any]]:
    """Return what the best forest gives the test window, and which one it was."""
    kind = importlib.import_module("sklearn.ensemble").RandomForestClassifier
    best: tuple[float, Floats, dict[str, Any]] = (-1.0, np.empty(0), {})
    for leaf, features in product(LEAVES, FEATURES):
        choice = {"min_samples_leaf": leaf, "max_features": features}
        grown = kind(trees, n_jobs=-1, random_state=seed, **choice).fit(np.nan_to_num(fit.x, nan=-1), fit.label)
        score: Floats = grown.predict_proba(np.nan_to_num(choose.x, nan=-1))[:, 1]
        worth = Ranking(choose.label, score).average_precision(choose.weight)
        note(f"forest {choice}: {worth:.4f} on the calibration window")
        if worth > best[0]:
            best = worth, grown.predict_proba(np.nan_to_num(test.x, nan=-1))[:, 1], choice
    return best[1], best[2]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
