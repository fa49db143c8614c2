"""When a model is trained and put in force, and what is told of a training and of a look for drift."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from nocd.domain.instant import DAY_MS, rfc3339
from nocd.fraud import steps

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from nocd.domain.model_step import ModelStep

COOL_DOWN_MS: Final = 7 * DAY_MS
BY_DRIFT: Final = "drift"
BY_PLAN: Final = "plan"
PASSED: Final = "passed"
NOT_PASSED: Final = "gates_not_passed"
DRIFT_DAYS_MAX: Final = 28
WEEK_DAYS: Final = 7
SUDDEN_DAYS: Final = (2, 1)
NIGHT_HOURS: Final = frozenset({18, 19, 20, 21, 22, 23, 0, 1, 2, 3, 4})  # a shift that begins then is the night's
_FIGURES: Final = ("pr_auc", "roc_auc", "precision_at_80_recall", "recall_at_1_percent_alerts", "brier")
_WHOSE: Final = ("model", "rules", "champion", "both")


class Decision(NamedTuple):
    """Whether something is done, and why or why not."""

    allowed: bool
    reason: str


class Told(NamedTuple):
    """What is told of a step: its kind, the model's version, the reason, the figures behind it."""

    kind: str
    version: str | None
    reason: str
    body: dict[str, Any]


def on_drift(level: str, past: Iterable[ModelStep], *, now: int) -> Decision:
    """Return whether a drift has a model trained at once: from HIGH on, and not twice within seven days."""
    if level not in ("HIGH", "CRITICAL"):
        return Decision(False, "a model is trained at once from HIGH drift on")  # noqa: FBT003 - named by its field
    for step in past:
        if step.body.get("trigger") == BY_DRIFT and now - step.time < COOL_DOWN_MS:
            again = rfc3339(step.time + COOL_DOWN_MS)
            return Decision(False, f"one was trained for drift at {rfc3339(step.time)}; again from {again}")  # noqa: FBT003 - named by its field
    return Decision(True, f"{level} drift")  # noqa: FBT003 - named by its field


def activation(past: Iterable[ModelStep], *, auto_approve: bool) -> Decision:
    """Return whether a model that passed its gates is put in force by itself; `past` is told newest first.

    After a CRITICAL drift of the model in force it waits for a person, unless `auto_approve`.
    """
    for step in past:
        if step.kind in (steps.ACTIVATED, steps.ROLLED_BACK):
            break
        if step.kind == steps.DRIFTED and step.body.get("level") == "CRITICAL" and not auto_approve:
            return Decision(
                allowed=False,
                reason=f"it waits for approval: {step.version} drifted CRITICALLY at {rfc3339(step.time)}",
            )
    return Decision(allowed=True, reason="it passed its gates")


def trained(answer: Mapping[str, Any], *, trigger: str) -> Told:
    """Return what is told of a training: its model with its figures, or why there is none or none that may be used."""
    if answer["outcome"] == "refused":
        body = {"trigger": trigger, "code": answer["code"], "counts": answer["counts"]}
        return Told(steps.REFUSED, None, answer["reason"], body)
    metrics = answer["metrics"]
    body = {
        "trigger": trigger,
        "gates": answer["gates"],
        "data": answer["data"],
        "test": metrics["test"],
        "figures": {who: {name: metrics[who][name] for name in _FIGURES} for who in _WHOSE if who in metrics},
        "ticket": metrics["ticket"]["text"],
        "calibrated": answer["calibrated"],
        "champion": answer["champion"],
    }
    if answer["outcome"] == PASSED:
        of = f"learned from {answer['data']['labelled']} labelled punches, {answer['data']['fraud']} of them fraud"
        return Told(steps.TRAINED, answer["version"], of, body)
    failed = [gate["reason"] for gate in answer["gates"] if not gate["passed"]]
    return Told(steps.REFUSED, answer["version"], "; ".join(failed), {**body, "code": NOT_PASSED, "counts": {}})


def drifted(answer: Mapping[str, Any]) -> Told | None:
    """Return what is told of a look for drift, None where nothing moved."""
    parts: Sequence[dict[str, Any]] = (*answer["features"], answer["scores"], *answer["performance"])
    moved = [part for part in parts if part["level"] != "none"]
    if not moved:
        return None
    body = {"level": answer["level"], "moved": [part["name"] for part in moved], "parts": moved, "rows": answer["rows"]}
    return Told(steps.DRIFTED, answer["version"], "; ".join(part["reason"] for part in moved), body)


def shift_class(begun_hour: float) -> str:
    """Return the class of a shift by the site's hour at which it began: night or day."""
    return "night" if int(begun_hour) in NIGHT_HOURS else "day"


def windows_days(span_ms: int) -> list[int]:
    """Return how many last days are looked at for drift: whole weeks, the last one, and for what is sudden, days."""
    days = span_ms // DAY_MS
    weeks = min(DRIFT_DAYS_MAX, days // WEEK_DAYS * WEEK_DAYS)
    return sorted({each for each in (weeks, WEEK_DAYS, *SUDDEN_DAYS) if 0 < each <= days}, reverse=True)
