"""Versions of a model as training leaves them on disk, but for the trees, which nobody here asks."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ml.dataset import Columns
from ml.evaluate import Terms, Trial, evaluate
from ml.gate import judge
from ml.registry import Registry
from ml.schema import FRAUD
from nocd.domain.instant import HOUR_MS

if TYPE_CHECKING:
    from pathlib import Path

BEGIN_MS = 1_767_225_600_000  # 2026-01-01
MODEL = b"{i\x01ai\x01}"
CALIBRATOR = {"kind": "logistic", "numbers": {"ab": [1.0, 0.0]}, "calibrated": True}


@lru_cache
def manifest(*, passed: bool = True, seed: int = 1) -> dict[str, Any]:
    """Return the manifest of a model that ranks well, or like chance."""
    draw = np.random.default_rng(seed)
    count = 400
    label = (draw.random(count) < 0.2).astype(float)
    noise = draw.random(count)
    score = np.clip(label * 0.8 + noise * 0.19, 0, 1) if passed else noise
    found = Columns.empty(FRAUD)
    found.values |= {
        "id": list(range(count)),
        "time_ms": [BEGIN_MS + at * HOUR_MS for at in range(count)],
        "label": label.tolist(),
        "rules": (label * noise).tolist(),
        "site": ["S1"] * count,
        "shift": [("day", "night")[at % 2] for at in range(count)],
    }
    rows = found.rows(np.zeros((count, len(FRAUD.features)), dtype=np.float32))
    metrics = evaluate(Trial(rows=rows, scores={"model": score, "rules": rows.rules}, terms=Terms(bootstrap_rounds=20)))
    return {
        "format": 1,
        "schema": FRAUD.told(),
        "data": rows.told(),
        "split": {name: rows.told() for name in ("fit", "calibration", "test")},
        "parameters": {"max_depth": 5},
        "seed": 0,
        "rounds": 40,
        "calibrated": True,
        "calibrator": "platt",
        "score_table": metrics["score_table"],
        "metrics": metrics,
        "gates": judge(metrics).told(),
        "libraries": {"python": "3", "numpy": "2", "xgboost": "3"},
    }


def stored(folder: Path, *, passed: bool = True, seed: int = 1, **more: Any) -> str:
    """Save a version, and return its name."""
    return Registry(folder).save(MODEL, CALIBRATOR, {**manifest(passed=passed, seed=seed), **more})
