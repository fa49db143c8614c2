"""The one door to XGBoost, which is imported when it is first needed: it takes seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from ml.schema import Refused
from ml.ubjson import whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType

    from xgboost import Booster

    from ml.measure import Bools, Floats

Matrix = npt.NDArray[np.float32]

# Nothing is re-weighted (scale_pos_weight 1): weights spoil probabilities. Bins are many, for fraud sits in the tails.
# Each split sees half of the columns, so that no strong one hides the others.
PARAMETERS: Final[Mapping[str, Any]] = {
    "objective": "binary:logistic",
    "eval_metric": "aucpr",
    "tree_method": "hist",
    "grow_policy": "depthwise",
    "max_depth": 5,
    "eta": 0.1,
    "max_delta_step": 1,
    "min_child_weight": 1,
    "gamma": 0,
    "lambda": 1,
    "alpha": 0,
    "subsample": 0.8,
    "colsample_bytree": 1,
    "colsample_bynode": 0.5,
    "scale_pos_weight": 1,
    "max_bin": 4096,
    "nthread": 1,
    "verbosity": 0,
    "rounds_max": 1_000,
    "patience_rounds": 50,
    "rounds_blind": 100,  # where too few frauds are held out to stop by
}


def xgboost() -> ModuleType:
    """Return the library."""
    import xgboost as library  # noqa: PLC0415  takes seconds, and only those who train or score need it

    return library


def fit(
    x: Matrix, label: Floats, held_out: Bools | None, *, signs: Sequence[int], parameters: Mapping[str, Any], seed: int
) -> tuple[Booster, int]:
    """Return a booster grown on all rows, and its rounds: as many as did best on the held-out rows, by PR-AUC."""
    own = ("rounds_max", "patience_rounds", "rounds_blind")
    given = {name: value for name, value in parameters.items() if name not in own}
    given |= {"seed": seed, "monotone_constraints": tuple(signs)}
    rounds = int(parameters["rounds_blind"])
    library = xgboost()

    def matrix(which: Bools | slice) -> Any:
        return library.DMatrix(x[which], label[which], nthread=given["nthread"])

    if held_out is not None:
        stopped = library.train(
            given | {"base_score": float(label[~held_out].mean())},
            matrix(~held_out),
            int(parameters["rounds_max"]),
            evals=[(matrix(held_out), "held_out")],
            early_stopping_rounds=int(parameters["patience_rounds"]),
            verbose_eval=False,
        )
        rounds = stopped.best_iteration + 1
    grown = library.train(given | {"base_score": float(label.mean())}, matrix(slice(None)), rounds)
    return grown, rounds


def save(booster: Booster) -> bytes:
    """Return the booster as UBJSON."""
    return bytes(booster.save_raw("ubj"))


def load(raw: bytes, columns: int) -> Booster:
    """Return the booster of UBJSON bytes, for one thread; `model_truncated`, `model_unreadable`, `foreign_schema`."""
    if not whole(raw):
        raise Refused("model_truncated", "the model's bytes are not one whole UBJSON value", bytes=len(raw))
    library = xgboost()
    booster: Booster = library.Booster()
    try:
        booster.load_model(bytearray(raw))
        found = booster.num_features()
    except (library.core.XGBoostError, ValueError, TypeError) as error:
        raise Refused("model_unreadable", f"XGBoost cannot read the model: {str(error).splitlines()[0]}") from error
    if found != columns:
        raise Refused("foreign_schema", f"the model takes {found} columns, and {columns} are given", columns=columns)
    booster.set_param({"nthread": 1})
    return booster


def margins(booster: Booster, x: Matrix) -> Floats:
    """Return the log-odds of each row, in one call."""
    if not len(x):
        return np.empty(0)
    return np.asarray(booster.inplace_predict(x, predict_type="margin"), dtype=np.float64)


def contributions(booster: Booster, x: Matrix) -> Floats:
    """Return what each column adds to each row's log-odds, the base last: exact TreeSHAP (S. Lundberg, 2020)."""
    return np.asarray(booster.predict(xgboost().DMatrix(x, nthread=1), pred_contribs=True), dtype=np.float64)
