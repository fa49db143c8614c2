"""Whether the former model is to come back: better by the verdicts that came, or with far fewer alerts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from nocd.domain.instant import DAY_MS
from nocd.fraud.performance import Trial

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nocd.fraud.performance import Judged

SHADOW_DAYS: Final = 14  # so long the former model goes on scoring, without effect
VERDICTS_MIN: Final = 30
BETTER_BY: Final = 0.05  # of PR-AUC
ALERTS_TIMES_MAX: Final = 2.0
ALERTS_MIN: Final = 10  # of fewer alerts chance makes twice as many
ACTIVE, FORMER = range(2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadowed:
    """What two models made of the same punches since the active one was put in force at `since` (UTC ms).

    `alerts` and `former_alerts` are how many are alerts under each; `judged` has the scores of `ACTIVE` and `FORMER`.
    """

    active: str
    former: str
    since: int
    punches: int
    alerts: int
    former_alerts: int
    judged: Sequence[Judged]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Whether the former model comes back, why, and the figures behind it."""

    returns: bool
    reason: str
    figures: dict[str, Any] = field(default_factory=dict)


def decide(seen: Shadowed, *, now: int) -> Decision:
    """Return whether the former model comes back at `now` (UTC ms)."""
    active, former = seen.active, seen.former
    if now - seen.since > SHADOW_DAYS * DAY_MS:
        return Decision(returns=False, reason=f"{active} stays: it has been in force for over {SHADOW_DAYS} days")
    figures: dict[str, Any] = {
        "punches": seen.punches,
        "alerts": seen.alerts,
        "former_alerts": seen.former_alerts,
        "verdicts": len(seen.judged),
    }
    if seen.alerts >= ALERTS_MIN and seen.alerts > ALERTS_TIMES_MAX * seen.former_alerts:
        reason = (
            f"{former} comes back: {active} makes {seen.alerts} alerts of {seen.punches} punches, {former} would have"
            f" made {seen.former_alerts}; over {ALERTS_TIMES_MAX:g} times as many is too many"
        )
        return Decision(returns=True, reason=reason, figures=figures)
    if len(seen.judged) < VERDICTS_MIN:
        reason = f"{active} stays: {len(seen.judged)} verdicts of {VERDICTS_MIN} that it takes to judge it"
        return Decision(returns=False, reason=reason, figures=figures)
    better = Trial(seen.judged).difference(FORMER, ACTIVE)
    figures["difference"] = better.told()
    returns = better.value > BETTER_BY and better.low > 0
    reason = (
        f"{former} comes back: it ranks" if returns else f"{active} stays: {former} is not shown to rank"
    ) + f" better by more than {BETTER_BY:g}: PR-AUC {better.value:+.3f} ({better.low:+.3f} to {better.high:+.3f})"
    return Decision(returns=returns, reason=f"{reason} by {len(seen.judged)} verdicts", figures=figures)
