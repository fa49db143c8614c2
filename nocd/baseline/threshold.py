"""The threshold of a baseline: where it may lie, what past hours would have given at another one, and by how few."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from nocd.domain.instant import HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

THRESHOLD_MIN: Final = 1.5
THRESHOLD_MAX: Final = 5.0
STEP_MAX: Final = 0.5
_WEEK_H: Final = 168
_ALERT_GAP_MS: Final = HOUR_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One judged hour of the past: its end (UTC ms), z, and what the alert on it turned out to be, if known."""

    time: int
    z: float
    verdict: Literal["true_positive", "false_positive"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """What past hours give at the old and at the new threshold; a rate is None where no verdict is left to say."""

    old: float
    new: float
    findings_before: int
    findings_after: int
    alerts_before: int
    alerts_after: int
    fp_rate_before: float | None
    fp_rate_after: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """A threshold found for a purpose, or None, and why."""

    threshold: float | None
    reason: str


def clamped(threshold: float) -> float:
    """Return the nearest allowed threshold."""
    return min(max(threshold, THRESHOLD_MIN), THRESHOLD_MAX)


def what_if(scores: Sequence[Score], *, old: float, new: float) -> WhatIf:
    """Judge past hours, in time order, at both thresholds; hours in a row are one alert."""
    before, after = (_flagged(scores, threshold) for threshold in (old, new))
    return WhatIf(
        old=old,
        new=new,
        findings_before=len(before),
        findings_after=len(after),
        alerts_before=_alerts(before),
        alerts_after=_alerts(after),
        fp_rate_before=_fp_rate(before),
        fp_rate_after=_fp_rate(after),
    )


def budgeted(scores: Sequence[Score], *, old: float, per_week: float) -> Solved:
    """Find the lowest threshold at which past hours give about `per_week` alerts a week that are not known true.

    The empirical tail of |z|, runs of hours counted once (runs declustering, Leadbetter 1983), the allowance rounded to
    whole alerts; a step of at most 0.5 from `old`, clamped; None before there is a week of hours.
    """
    if len(scores) < _WEEK_H:
        return Solved(threshold=None, reason=f"{len(scores)} judged hours are less than a week of them")
    weeks = len(scores) / _WEEK_H
    wanted = clamped(_exceeded_more(scores, round(per_week * weeks)))
    stepped = clamped(min(max(wanted, old - STEP_MAX), old + STEP_MAX))
    bound = "" if stepped == wanted else f", reached by steps of at most {STEP_MAX:g} a week"
    return Solved(
        threshold=stepped,
        reason=f"{per_week:.2g} alerts a week over the last {weeks:.1f} weeks are kept at {wanted:.2f}{bound}",
    )


def _exceeded_more(scores: Sequence[Score], allowed: int) -> float:
    """Return the highest |z| at which hours not known true would make more than `allowed` alerts; 0 where none does."""
    runs = 0
    flagged: set[int] = set()
    for score in sorted(scores, key=lambda score: -abs(score.z)):
        hour = score.time // HOUR_MS
        if score.verdict == "true_positive" or hour in flagged:
            continue
        runs += 1 - (hour - 1 in flagged) - (hour + 1 in flagged)
        flagged.add(hour)
        if runs > allowed:
            return abs(score.z)
    return 0.0


def optimum(scores: Sequence[Score], *, fp_rate_max: float) -> Solved:
    """Find the lowest threshold from 1.5 to 5 at which the verdicts on past hours keep to a rate of false positives."""
    known = [score for score in scores if score.verdict is not None]
    if not known:
        return Solved(threshold=None, reason="no verdicts on past hours to learn from")
    steps = sorted({THRESHOLD_MIN, *(abs(score.z) for score in known if THRESHOLD_MIN <= abs(score.z) < THRESHOLD_MAX)})
    for threshold in steps:
        rate = _fp_rate(_flagged(known, threshold))
        if rate is None:
            return Solved(threshold=threshold, reason=f"none of the {len(known)} hours with a verdict would be flagged")
        if rate <= fp_rate_max:
            told = f"{rate:.0%} of {len(known)} verdicts would be false positives, at most {fp_rate_max:.0%} wanted"
            return Solved(threshold=threshold, reason=told)
    return Solved(
        threshold=None, reason=f"no threshold up to {THRESHOLD_MAX:g} keeps to {fp_rate_max:.0%} false positives"
    )


def _flagged(scores: Sequence[Score], threshold: float) -> list[Score]:
    """Return the hours whose |z| lies above the threshold, strictly."""
    return [score for score in scores if abs(score.z) > threshold]


def _alerts(flagged: Sequence[Score]) -> int:
    times = [score.time for score in flagged]
    return sum(at == 0 or time - times[at - 1] > _ALERT_GAP_MS for at, time in enumerate(times))


def _fp_rate(flagged: Sequence[Score]) -> float | None:
    known = [score.verdict for score in flagged if score.verdict is not None]
    return known.count("false_positive") / len(known) if known else None
