"""What a score is worth: on rows that nothing was fitted on, weighted by how they came to be reviewed, with bounds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ml.calibrate import CLASS_ROWS_MIN
from ml.fairness import fairness
from ml.measure import Floats, Interval, Ranking, bounds, brier, resampled, rounded, rows_worth, share
from nocd.domain.instant import DAY_MS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ml.dataset import Rows
    from ml.measure import Bools

RECALL: Final = 0.80
ALERT_RATE: Final = 0.01
TICKET_PRECISION_MIN: Final = 0.75
BINS: Final = 10
RECALLS: Final = tuple(step / 20 for step in range(1, 21))
SCORES: Final = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """By what a score is judged: thresholds, what a miss and a false ticket cost, and the bootstrap."""

    alert: float = 0.5
    ticket: float = 0.8
    cost_miss: float = 10.0
    cost_accusation: float = 1.0
    bootstrap_rounds: int = 500
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Measurable rows, and what each scorer gave them: always `model`, and `rules`, `champion` where there are any."""

    rows: Rows
    scores: Mapping[str, Floats]
    terms: Terms

    @property
    def final(self) -> Floats:
        """Return the score that is shown and acted on: the greater of model and rules."""
        return self.served("model")

    def served(self, name: str) -> Floats:
        """Return what is shown and acted on where this one judges: never less than the rules say."""
        rules = self.scores.get("rules")
        return self.scores[name] if rules is None else np.maximum(self.scores[name], rules)


def evaluate(trial: Trial, *, calibration: Rows | None = None) -> dict[str, Any]:
    """Return every figure of a trial as JSON would hold it; `calibration` are the rows the calibrator was fitted on."""
    rows, terms = trial.rows, trial.terms
    scores = dict(trial.scores)
    if "rules" in scores:
        scores["both"] = trial.final
    drawn = _bootstrap(rows, scores, terms)
    served = {name: trial.served(name) for name in trial.scores}
    found: dict[str, Any] = {"test": rows.told(), "terms": _terms(terms)}
    for name, score in scores.items():
        found[name] = _figures(rows, score, drawn[name], terms)
    found["model"]["pr_auc_as_judged"] = _as_judged(rows, scores["model"], terms)
    found["differences"] = _differences(rows, served, terms)
    calibrated = calibration is None or _calibrated(calibration)
    found["calibrated"] = calibrated
    found["score_table"] = [_table_row(rows, trial.final, score, at) for at, score in enumerate(SCORES)]
    found["ticket"] = _ticket(rows, trial.final, terms, calibrated=calibrated)
    found["groups"] = fairness(rows, trial.final >= terms.alert)
    return found


def _as_judged(rows: Rows, score: Floats, terms: Terms) -> list[float | None]:
    """Return PR-AUC with bounds, each row for itself: no measure of worth, but one that a few reviews do not sway."""
    alike = replace(rows, weight=np.ones(len(rows)))
    drawn = _bootstrap(alike, {"model": score}, terms)["model"]
    return bounds(Ranking(rows.label, score).average_precision(alike.weight), drawn).told()


def _terms(terms: Terms) -> dict[str, float]:
    return {name: getattr(terms, name) for name in terms.__slots__}


def _calibrated(rows: Rows) -> bool:
    return min(rows.frauds, len(rows) - rows.frauds) >= CLASS_ROWS_MIN


def _bootstrap(rows: Rows, scores: Mapping[str, Floats], terms: Terms) -> dict[str, Floats]:
    """Return each scorer's PR-AUC on the same samples, so that differences between them are paired."""
    rankings = {name: Ranking(rows.label, score) for name, score in scores.items()}
    samples = resampled(rows.cluster, rows.weight, rounds=terms.bootstrap_rounds, seed=terms.seed)
    drawn = [[ranking.average_precision(weight) for ranking in rankings.values()] for weight in samples]
    return dict(zip(rankings, np.array(drawn).T, strict=True))


def _differences(rows: Rows, served: Mapping[str, Floats], terms: Terms) -> dict[str, Any]:
    """Return by how much PR-AUC is above that of rules and champion, of what is acted on with each.

    The labels of frauds come mostly of what the rules alerted of, which alone would put the rules before any model.
    """
    drawn = _bootstrap(rows, served, terms)
    value = {name: Ranking(rows.label, score).average_precision(rows.weight) for name, score in served.items()}
    return {
        name: bounds(value["model"] - value[name], drawn["model"] - drawn[name]).told()
        for name in ("rules", "champion")
        if name in served
    }


def _figures(rows: Rows, score: Floats, drawn: Floats, terms: Terms) -> dict[str, Any]:
    ranking, weight = Ranking(rows.label, score), rows.weight
    return {
        "pr_auc": bounds(ranking.average_precision(weight), drawn).told(),
        "pr_curve": _curve(ranking, weight),
        "roc_auc": rounded(ranking.roc_auc(weight)),
        "precision_at_80_recall": rounded(ranking.precision_at_recall(weight, RECALL)),
        "recall_at_1_percent_alerts": rounded(ranking.recall_at_rate(weight, ALERT_RATE)),
        "brier": rounded(brier(rows.label, score, weight)),
        "reliability": [_reliability(rows, score, at / BINS) for at in range(BINS)],
        "confusion": confusion(rows, score >= terms.ticket, terms),
    }


def _curve(ranking: Ranking, weight: Floats) -> list[dict[str, float | None]]:
    """Return the precision at each twentieth of recall, and the score it takes to find so much."""
    found = zip(RECALLS, ranking.curve(weight, RECALLS), strict=True)
    return [
        {"recall": recall, "precision": rounded(precision), "score": rounded(score)}
        for recall, (precision, score) in found
    ]


def _reliability(rows: Rows, score: Floats, low: float) -> dict[str, Any]:
    inside = (score >= low) & ((score < low + 1 / BINS) | (low + 1 / BINS >= 1))
    return {"from": low, "mean_score": rounded(float(score[inside].mean()), 4) if inside.any() else None} | _frauds(
        rows, inside
    )


def _frauds(rows: Rows, which: Bools) -> dict[str, Any]:
    """Return how many of some rows were fraud, and what share of such rows is, with its bounds."""
    weight, label = rows.weight[which], rows.label[which]
    part = share(float(weight @ label), float(weight.sum()), rows_worth(weight))
    return {"rows": len(label), "frauds": int(label.sum()), "share": part.told()}


def confusion(rows: Rows, flagged: Bools, terms: Terms) -> dict[str, Any]:
    """Return what a threshold did to frauds and to honest rows (weighted), and what that cost."""
    fraud = rows.label == 1
    hit, miss = (float(rows.weight[fraud & side].sum()) for side in (flagged, ~flagged))
    accused, cleared = (float(rows.weight[~fraud & side].sum()) for side in (flagged, ~flagged))
    return {
        "threshold": terms.ticket,
        "rows": int(flagged.sum()),
        "fraud_flagged": hit,
        "fraud_missed": miss,
        "honest_flagged": accused,
        "honest_cleared": cleared,
        "precision": rounded(hit / (hit + accused)) if hit + accused else None,
        "recall": rounded(hit / (hit + miss)) if hit + miss else None,
        "cost": rounded(miss * terms.cost_miss + accused * terms.cost_accusation),
        "cost_of_silence": rounded((hit + miss) * terms.cost_miss),
    }


def _table_row(rows: Rows, score: Floats, threshold: float, at: int) -> dict[str, Any]:
    """Return what a score means: at or above it precision, recall, tickets and accusations; `at` it, the frauds."""
    weight, fraud, above = rows.weight, rows.label == 1, score >= threshold
    weeks = max(float(rows.time_ms[-1] - rows.time_ms[0]), DAY_MS) / (7 * DAY_MS)
    whole = float(weight.sum())
    flagged = share(float(weight[above].sum()), whole, rows_worth(weight))
    below = SCORES[at + 1] if at + 1 < len(SCORES) else np.inf
    return {
        "score": threshold,
        "precision": _frauds(rows, above)["share"],
        "recall": _part(weight, above, fraud).told(),
        "tickets_a_week": _scaled(flagged, whole / weeks),
        "honest_accused_per_1000": _scaled(_part(weight, above, ~fraud), 1_000),
        "at": _frauds(rows, above & (score < below)),
    }


def _part(weight: Floats, flagged: Bools, of: Bools) -> Interval:
    """Return the share of some rows that is flagged."""
    return share(float(weight[of & flagged].sum()), float(weight[of].sum()), rows_worth(weight[of]))


def _scaled(interval: Interval, by: float) -> list[float | None]:
    return [rounded(number * by, 3) for number in (interval.value, interval.low, interval.high)]


def _ticket(rows: Rows, score: Floats, terms: Terms, *, calibrated: bool) -> dict[str, Any]:
    """Return whether the ticket threshold means what it is taken to mean."""
    told = _frauds(rows, score >= terms.ticket)
    precision = told["share"][0]
    met = precision is not None and precision >= TICKET_PRECISION_MIN
    told |= {"threshold": terms.ticket, "needed": TICKET_PRECISION_MIN, "met": met}
    text = "met" if met else "not met"
    return told | {"text": text if calibrated else f"{text}; not calibrated"}
