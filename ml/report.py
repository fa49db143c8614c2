"""A trial's figures as text for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SCORERS = ("model", "rules", "both", "champion")


def text(told: Mapping[str, Any]) -> str:
    """Return the readable report of a training or an evaluation."""
    return "\n".join(_lines(told))


def _lines(told: Mapping[str, Any]) -> Iterator[str]:
    if told["outcome"] == "refused":
        yield f"refused ({told['code']}): {told['reason']}"
        return
    metrics = told["metrics"]
    yield from (f"left out {name}: {why}" for name, why in told.get("left_out", {}).items())
    yield from _sides(told.get("split", {}))
    yield ""
    yield from _figures(metrics)
    yield ""
    yield from _table(metrics["score_table"], calibrated=metrics["calibrated"])
    ticket = metrics["ticket"]
    yield f"{ticket['threshold']:.2f} must mean precision of {ticket['needed']:.2f}: {ticket['text']}"
    yield ""
    for gate in told.get("gates", ()):
        yield f"{'passed' if gate['passed'] else 'FAILED'}  {gate['reason']}"
    if "version" in told:
        yield f"champion: {told['champion']}"
        yield f"version {told['version']}{', now active' if told.get('activated') else ''}"


def _sides(split: Mapping[str, Any]) -> Iterator[str]:
    for name in ("fit", "calibration", "test"):
        if side := split.get(name):
            yield f"{name:12} {side['rows']:>9,} rows, {side['fraud']:,} fraud"


def _figures(metrics: Mapping[str, Any]) -> Iterator[str]:
    yield f"{'':10} {'PR-AUC (90 % bounds)':>24} {'ROC-AUC':>8} {'P@R80':>7} {'R@1%':>7} {'Brier':>8} {'cost':>10}"
    for name in SCORERS:
        if told := metrics.get(name):
            numbers = (told["roc_auc"], told["precision_at_80_recall"], told["recall_at_1_percent_alerts"])
            roc, precision, recall = (_number(value) for value in numbers)
            cost = told["confusion"]["cost"]
            pr_auc = _bounded(told["pr_auc"])
            yield f"{name:10} {pr_auc:>24} {roc:>8} {precision:>7} {recall:>7} {told['brier']:>8.5f} {cost:>10,.1f}"


def _table(rows: Sequence[Mapping[str, Any]], *, calibrated: bool) -> Iterator[str]:
    if not calibrated:
        yield "not calibrated: fewer than 30 rows of a class to calibrate by"
    heads = ("precision", "recall", "tickets a week", "honest accused of 1,000")
    yield f"{'score':>7} " + " ".join(f"{head:>26}" for head in heads)
    for row in rows:
        cells = (_bounded(row["precision"]), _bounded(row["recall"]))
        counts = (_bounded(row["tickets_a_week"], 1), _bounded(row["honest_accused_per_1000"], 2))
        yield f"≥ {row['score']:<5.2f} " + " ".join(f"{cell:>26}" for cell in (*cells, *counts))


def _number(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def _bounded(value: Sequence[float | None], digits: int = 3) -> str:
    middle, low, high = (_number(number, digits) for number in value)
    return f"{middle} ({low} to {high})" if value[0] is not None else middle
