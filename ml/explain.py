"""Why a model scored a row as it did: the columns that moved it most, ready to be put in words."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from ml.booster import Matrix, contributions
from ml.measure import rounded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xgboost import Booster

    from ml.measure import Floats
    from ml.schema import Schema

REASONS_MAX: Final = 5
STRENGTH_MAX: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One column's part in a score.

    `share` is its part of all that moved the log-odds either way; `strength` that share from 0 to 5; `value` None where
    it was missing; `usual` where the middle nine tenths of honest rows lie, None where that is not known.
    """

    feature: str
    value: float | None
    usual: tuple[float, float] | None
    direction: Literal["raises", "lowers"]
    log_odds: float
    share: float
    strength: int

    def told(self) -> dict[str, Any]:
        """Return the reason as a mapping."""
        return asdict(self)


def reasons(
    booster: Booster, schema: Schema, x: Matrix, usual: Mapping[str, tuple[float, float]]
) -> list[list[Reason]]:
    """Return each row's strongest columns, at most five, the strongest first; none that moved nothing."""
    return [_strongest(row, parts[:-1], schema, usual) for row, parts in zip(x, contributions(booster, x), strict=True)]


def _strongest(row: Matrix, parts: Floats, schema: Schema, usual: Mapping[str, tuple[float, float]]) -> list[Reason]:
    whole = float(np.abs(parts).sum())
    found = []
    for at in np.argsort(-np.abs(parts), kind="stable")[:REASONS_MAX].tolist():
        if not parts[at]:
            break
        share = abs(float(parts[at])) / whole
        found.append(
            Reason(
                feature=schema.names[at],
                value=rounded(float(row[at])),
                usual=usual.get(schema.names[at]),
                direction="raises" if parts[at] > 0 else "lowers",
                log_odds=round(float(parts[at]), 4),
                share=round(share, 4),
                strength=min(
                    STRENGTH_MAX, round(STRENGTH_MAX * share * 2)
                ),  # half of everything is as strong as it gets
            )
        )
    return found
