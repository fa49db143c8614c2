"""What a model says of punches: an input like any other, so that whoever folds it again needs no model."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A feature's part in a model's score: its value (None where missing), what is usual, and whether it raises.

    `share` is its part of all that moved the log-odds either way, `strength` that from 0 to 5.
    """

    feature: str
    value: float | None
    usual: tuple[float, float] | None
    raises: bool
    share: float
    strength: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """What became of punches that scored alike when the model was tested: how many, and the share of fraud (0-1).

    `low` and `high` are its 90 % bounds. A model with too little to calibrate by says nothing: `rows` 0.
    """

    rows: int
    share: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What a model says of one punch (`person|event id`): the probability of fraud, and why where it is high.

    `shadow` is what another model says, without effect.
    """

    punch: str
    score: float
    shadow: float | None = None
    reasons: tuple[Moved, ...] = ()
    alike: Alike | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """What a version of a model said of a batch's punches, in how long (ms)."""

    version: str
    shadow_version: str | None = None
    latency_ms: float = 0.0
    of: tuple[Prediction, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a model said of a punch, as it is kept with it: which version, and what."""

    version: str
    shadow_version: str | None
    latency_ms: float
    prediction: Prediction
