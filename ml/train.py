"""From rows to a judged model: split by time, grow, calibrate, measure, ask the gates; store and activate if wanted."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ml import booster, calibrate
from ml.dataset import Rows, split
from ml.drift import reference
from ml.evaluate import Terms, Trial, evaluate
from ml.gate import Ruling, judge
from ml.predict import Scorer
from ml.schema import Refused, Schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ml.measure import Bools, Floats
    from ml.registry import Registry

FORMAT: Final = 1
DAYS: Final = 180.0
LABELLED_MIN: Final = 100
FRAUDS_MIN: Final = 20
STOP_SHARE: Final = 0.2  # of the rows to grow on, the latest: how many rounds, they say
STOP_FRAUDS_MIN: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to train; every parameter of the trees is in `parameters`."""

    days: float | None = DAYS
    seed: int = 0
    terms: Terms = field(default_factory=Terms)
    parameters: Mapping[str, Any] = field(default_factory=lambda: dict(booster.PARAMETERS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A model with its figures and the gates' ruling, not yet stored."""

    model: bytes
    calibrator: calibrate.Calibrator
    manifest: dict[str, Any]
    ruling: Ruling

    def told(self) -> dict[str, Any]:
        """Return the verdict as the daemon reads it back."""
        kept = ("schema", "data", "split", "seed", "rounds", "calibrated", "metrics", "score_table")
        return {"outcome": "passed" if self.ruling.passed else "failed", **self.ruling.told()} | {
            name: self.manifest[name] for name in kept
        }


def train(rows: Rows, options: Options, champion: Scorer | None = None) -> Trained:
    """Return a model of the rows; `too_few_labels`, `too_few_to_judge`, `too_few_to_learn` where they are."""
    recent = rows if options.days is None else rows.since(options.days)
    _enough(recent)
    sides = split(recent)
    grown, rounds = _grow(sides.fit, options)
    calibration, test = sides.calibration.measurable, sides.test.measurable
    calibrator = calibrate.fit(booster.margins(grown, calibration.x), calibration.label, calibration.weight)
    scores = {"model": calibrator.probability(booster.margins(grown, test.x))} | _others(test, champion)
    metrics = evaluate(Trial(rows=test, scores=scores, terms=options.terms), calibration=calibration)
    ruling = judge(metrics)
    after = recent.time_ms > sides.fit.time_ms[-1]
    fresh = recent.take(after) if after.any() else test
    histograms = reference(recent, calibrator.probability(booster.margins(grown, fresh.x)), fresh)
    manifest = {
        "format": FORMAT,
        "schema": recent.schema.told(),
        "data": recent.told(),
        "split": sides.told(),
        "parameters": dict(options.parameters),
        "seed": options.seed,
        "rounds": rounds,
        "calibrated": metrics["calibrated"],
        "calibrator": calibrator.kind,
        "score_table": metrics["score_table"],
        "metrics": metrics,
        "gates": ruling.told(),
        "usual": _usual(sides.fit),
        "reference": histograms,
        "libraries": {"python": platform.python_version()}
        | {"numpy": np.__version__, "xgboost": booster.xgboost().__version__},
    }
    return Trained(model=booster.save(grown), calibrator=calibrator, manifest=manifest, ruling=ruling)


def store(trained: Trained, registry: Registry, *, activate: bool) -> dict[str, Any]:
    """Store a model, put it in force if wanted and passed, and return the verdict with its version."""
    named = registry.save(trained.model, trained.calibrator.told(), trained.manifest)
    active = activate and trained.ruling.passed
    if active:
        registry.activate(named)
    return trained.told() | {"version": named, "activated": active}


def champion_of(registry: Registry, schema: Schema) -> tuple[Scorer | None, str]:
    """Return the model in force to be compared with, or None, and which it is or why there is none."""
    try:
        found = registry.load()
        scorer = Scorer(found)
    except Refused as refusal:  # a broken champion must not keep its successor from being trained
        return None, f"{refusal.code}: {refusal.detail}"
    if not schema.extends(found.schema):
        return None, f"foreign_schema: version {found.version} takes other columns"
    return scorer, found.version


def _enough(rows: Rows) -> None:
    counts = rows.told()
    labelled, frauds = counts["labelled"], counts["fraud"]
    if labelled < LABELLED_MIN or frauds < FRAUDS_MIN:
        detail = f"{labelled} labelled rows of {LABELLED_MIN} needed, {frauds} of them fraud of {FRAUDS_MIN} needed"
        raise Refused("too_few_labels", detail, labelled=labelled, fraud=frauds)


def _grow(rows: Rows, options: Options) -> tuple[Any, int]:
    honest = len(rows) - rows.frauds
    if not rows.frauds or not honest:
        detail = f"before the test lie {rows.frauds} frauds and {honest} others to learn from; both are needed"
        raise Refused("too_few_to_learn", detail, fraud=rows.frauds, honest=honest)
    held_out = _held_out(rows)
    return booster.fit(
        rows.x, rows.label, held_out, signs=rows.schema.signs, parameters=options.parameters, seed=options.seed
    )


def _held_out(rows: Rows) -> Bools | None:
    """Return the latest rows, to stop by; None where they, or the rest, hold too few frauds to tell."""
    held: Bools = np.arange(len(rows)) >= (1 - STOP_SHARE) * len(rows)
    frauds = (int(rows.label[held].sum()), int(rows.label[~held].sum()))
    return held if min(frauds) >= STOP_FRAUDS_MIN else None


def _others(test: Rows, champion: Scorer | None) -> dict[str, Floats]:
    found = {} if np.isnan(test.rules).any() else {"rules": test.rules}
    if champion is not None:
        found["champion"] = champion.score(test.x[:, : len(champion.schema.features)])
    return found


def _libraries() -> dict[str, str]:
    libraries = (platform.python_version(), np.__version__, booster.xgboost().__version__)
    return dict(zip(("python", "numpy", "xgboost"), libraries, strict=True))


def _usual(rows: Rows) -> dict[str, list[float]]:
    """Return, for each column, between which values the middle nine tenths of honest rows lie."""
    honest = rows.x[rows.label == 0]
    known = {name: honest[~np.isnan(honest[:, at]), at] for at, name in enumerate(rows.schema.names)}
    return {name: np.quantile(values, (0.05, 0.95)).tolist() for name, values in known.items() if len(values)}
