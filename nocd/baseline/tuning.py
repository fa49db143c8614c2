"""Weekly tuning: how a threshold follows what its alerts turned out to be. Every decision says why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from nocd.baseline.threshold import budgeted, clamped
from nocd.domain.baseline import THRESHOLD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nocd.baseline.threshold import Score

VERDICTS_MIN: Final = 10
RATE_HIGH: Final = 0.30
RATE_CALM: Final = 0.15
CALM_TUNINGS: Final = 2
SAMPLES_MANY: Final = 100
THRESHOLD_NOISY: Final = 4.0
THRESHOLD_SURE: Final = 2.5
REPEATED_FALSE: Final = 3
REPEATED_DAYS: Final = 30

PoolName = Literal["site", "client", "all"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What the alerts of one pool of baselines turned out to be in the last 30 days."""

    pool: PoolName
    verdicts: int
    false_positives: int

    @property
    def rate(self) -> float:
        """Return the share of false positives, 0 where there are no verdicts."""
        return self.false_positives / self.verdicts if self.verdicts else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned:
    """What a tuning decided: the threshold from now on, whether it changed, why, and on whose verdicts.

    `pool` is None where too few verdicts were found anywhere; `calm_tunings` is to be kept for the next tuning.
    """

    old: float
    threshold: float
    reason: str
    pool: PoolName | None
    verdicts: int
    fp_rate: float | None
    calm_tunings: int

    @property
    def changed(self) -> bool:
        """Tell whether the threshold moved."""
        return self.threshold != self.old


def narrowest(pools: Sequence[Verdicts]) -> Verdicts | None:
    """Return the first pool (site, then client, then all) with enough verdicts."""
    return next((pool for pool in pools if pool.verdicts >= VERDICTS_MIN), None)


def tune(
    pools: Sequence[Verdicts],
    *,
    old: float,
    effective_n: float,
    calm_tunings: int = 0,
    pinned: bool = False,
    scores: Sequence[Score] = (),
    per_week: float | None = None,
) -> Tuned:
    """Tune one threshold by the ladder and, above its rung, by the alarm budget (`per_week` findings, None for none).

    The ladder: many false positives → 4.0, else many samples → 2.5, else 3.0; fewer than ten verdicts → skipped. What
    was raised above 3.0 comes down only after two tunings in a row with few false positives (or, without verdicts,
    with less asked for). Without verdicts the budget alone speaks: it raises, and lowers only what stands above 3.0,
    toward it.
    """
    pool = narrowest(pools)
    budget = budgeted(scores, old=old, per_week=per_week) if per_week is not None else None
    solved = budget.threshold if budget is not None else None
    if pinned or (pool is None and solved is None):
        most = max((each.verdicts for each in pools), default=0)
        few = f"skipped: {most} verdicts in 30 days are fewer than {VERDICTS_MIN}"
        few = few if budget is None else f"{few}, and {budget.reason}"
        return _tuned(old, old, "pinned by an operator" if pinned else few, pool, calm_tunings)
    wanted, why = _rung(pool, effective_n) if pool is not None else (min(old, THRESHOLD), _UNPROVEN)
    if budget is not None and solved is not None and solved > wanted:
        wanted, why = solved, budget.reason
    if pool is not None and pool.rate > RATE_HIGH and old > wanted:
        wanted, why = old, f"{why}; it stands higher already"
    calm = calm_tunings + 1 if (pool.rate < RATE_CALM if pool is not None else wanted < old) else 0
    if wanted < old and old > THRESHOLD and calm < CALM_TUNINGS:
        wanted, why = old, f"it was raised, and comes down after {CALM_TUNINGS} calm tunings in a row"
    return _tuned(old, clamped(wanted), _told(pool, why), pool, 0 if wanted < old else calm)


def _rung(pool: Verdicts, effective_n: float) -> tuple[float, str]:
    if pool.rate > RATE_HIGH:
        return THRESHOLD_NOISY, f"more than {RATE_HIGH:.0%} are too many"
    if effective_n > SAMPLES_MANY:
        return THRESHOLD_SURE, f"{effective_n:.0f} effective samples are more than {SAMPLES_MANY}"
    return THRESHOLD, f"{effective_n:.0f} effective samples are no more than {SAMPLES_MANY}"


def _told(pool: Verdicts | None, why: str) -> str:
    if pool is None:
        return f"fewer than {VERDICTS_MIN} verdicts in 30 days; {why}"
    return f"{pool.false_positives} of {pool.verdicts} verdicts ({_WORDS[pool.pool]}) were false positives; {why}"


def _tuned(old: float, threshold: float, reason: str, pool: Verdicts | None, calm_tunings: int) -> Tuned:
    return Tuned(
        old=old,
        threshold=threshold,
        reason=reason,
        pool=pool.pool if pool is not None else None,
        verdicts=pool.verdicts if pool is not None else 0,
        fp_rate=pool.rate if pool is not None else None,
        calm_tunings=calm_tunings,
    )


_UNPROVEN: Final = f"the budget asks for no more, and alone lowers nothing below {THRESHOLD:g}"
_WORDS: Final = {"site": "this site", "client": "all sites of the client", "all": "all sites"}
