"""Scores from a stored model: the booster is loaded once, works in one thread, and takes a batch in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ml import booster, explain
from ml.calibrate import Calibrator
from ml.schema import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ml.booster import Matrix
    from ml.explain import Reason
    from ml.measure import Floats
    from ml.registry import Stored

BATCH_ROWS_MAX: Final = 100_000


class Scorer:
    """A model in memory. A call changes nothing, so threads may share it."""

    def __init__(self, stored: Stored) -> None:
        self.version = stored.version
        self.schema = stored.schema
        self.manifest = stored.manifest
        self._calibrator = Calibrator.read(stored.calibrator)
        self.booster = booster.load(stored.model, len(stored.schema.features))
        usual: dict[str, list[float]] = stored.manifest.get("usual", {})
        self._usual = {name: (low, high) for name, (low, high) in usual.items()}

    def score(self, vectors: Sequence[Sequence[float]] | Matrix) -> Floats:
        """Return the calibrated probability of fraud of each vector, in [0, 1]; NaN in a vector is a missing value."""
        return self._calibrator.probability(booster.margins(self.booster, self._matrix(vectors)))

    def reasons(self, vectors: Sequence[Sequence[float]] | Matrix) -> list[list[Reason]]:
        """Return for each vector the columns that moved its score most."""
        x = self._matrix(vectors)
        return explain.reasons(self.booster, self.schema, x, self._usual) if len(x) else []

    def meaning(self, score: float) -> dict[str, Any]:
        """Return what became of such scores in the test window: rows, frauds, share with its 90 % bounds."""
        if not self.manifest.get("calibrated"):
            return {"text": "not calibrated"}
        return next((row["at"] for row in reversed(self.manifest["score_table"]) if row["score"] <= score), {})

    def _matrix(self, vectors: Sequence[Sequence[float]] | Matrix) -> Matrix:
        columns = len(self.schema.features)
        if len(vectors) > BATCH_ROWS_MAX:
            raise Refused("too_large", f"{len(vectors)} rows in one call", rows_max=BATCH_ROWS_MAX)
        try:
            with np.errstate(over="ignore"):  # what is too large to hold is taken for missing
                x = np.asarray(vectors, dtype=np.float32).reshape(len(vectors), columns)
        except ValueError as error:
            raise Refused("foreign_vector", f"the model takes {columns} columns a row", columns=columns) from error
        return np.where(np.isfinite(x), x, np.float32(np.nan))
