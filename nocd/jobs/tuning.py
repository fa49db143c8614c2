"""The weekly tuning of thresholds: from stored hours and verdicts to commands on the engine."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from nocd.baseline.threshold import WhatIf, what_if
from nocd.baseline.tuning import Tuned, Verdicts, tune
from nocd.domain.command import Command
from nocd.domain.instant import DAY_MS
from nocd.store import usual

if TYPE_CHECKING:
    from nocd.baseline.profile import Profile
    from nocd.store.usual import Judged
    from nocd.tenant import Tenant

ACTOR: Final = "tuning"
LOOK_BACK_DAYS: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """At most so many findings that are not known true, a site and week; 0 for no such bound."""

    per_site_week: float = 3.0

    def of_one(self, baselines: int) -> float | None:
        """Return what is left for one of a site's baselines."""
        return self.per_site_week / max(baselines, 1) if self.per_site_week else None


async def tune_thresholds(tenant: Tenant, *, budget: Budget, now: int) -> str:
    """Tune every baseline that is not pinned; return how many moved and why the rest did not."""
    after = now - LOOK_BACK_DAYS * DAY_MS
    judged = await tenant.store.read(usual.judged, after=after)
    engine = tenant.pipeline.engine
    baselines = dict(engine.hours.baselines.all)
    of_site = Counter(baseline.series for baseline in baselines.values())
    moved, skipped = 0, Counter[str]()
    for baseline_id, about in baselines.items():
        profile = engine.hours.baselines.profile(baseline_id)
        if profile is None:
            continue
        scores = await tenant.store.read(usual.scored, baseline_id, after=after)
        tuned = tune(
            _pools(judged, baseline_id, metric=about.metric, client=engine.roster.client(about.series)),
            old=about.threshold,
            effective_n=_effective_n(profile, now),
            calm_tunings=about.calm_tunings,
            pinned=about.pinned,
            scores=scores,
            per_week=budget.of_one(of_site[about.series]),
        )
        if not tuned.changed and tuned.calm_tunings == about.calm_tunings:
            skipped["pinned" if about.pinned else "skipped" if tuned.pool is None else "kept"] += 1
            continue
        simulated = what_if(scores, old=tuned.old, new=tuned.threshold)
        reply = await tenant.ask(_command(baseline_id, tuned, simulated, now))
        moved += tuned.changed and reply.ok
        await asyncio.sleep(0)
    told = ", ".join(f"{count} {why}" for why, count in sorted(skipped.items()))
    return f"{moved} of {len(baselines)} thresholds moved" + (f", {told}" if told else "")


def _pools(judged: list[Judged], baseline: str, *, metric: str, client: str | None) -> list[Verdicts]:
    """Return the verdicts of the baseline itself, of its client's of the same metric, and of all of the metric."""
    same = [each for each in judged if each.baseline.rpartition("@")[0] == metric]
    of_client = [each for each in same if client and each.client == client]
    pools = (("site", [each for each in same if each.baseline == baseline]), ("client", of_client), ("all", same))
    return [
        Verdicts(
            pool=name,  # type: ignore[arg-type]  # the three words above
            verdicts=sum(each.says is not None for each in pool),
            false_positives=sum(each.says == "false_positive" for each in pool),
        )
        for name, pool in pools
    ]


def _effective_n(profile: Profile, now: int) -> float:
    """Return the median effective count of the stable hours, 0 where none is."""
    counts = profile.effective_ns(719_163 + now // DAY_MS)  # the ordinal of 1970-01-01
    return median(counts) if counts else 0.0


def _command(baseline: str, tuned: Tuned, simulated: WhatIf, now: int) -> Command:
    args: dict[str, Any] = {
        "threshold": tuned.threshold if tuned.changed else None,
        "calm_tunings": tuned.calm_tunings,
        "reason": tuned.reason,
        "pool": tuned.pool,
        "verdicts": tuned.verdicts,
        "alerts_before": simulated.alerts_before,
        "alerts_after": simulated.alerts_after,
        "false_positive_rate_before": simulated.fp_rate_before,
        "false_positive_rate_after": simulated.fp_rate_after,
    }
    return Command(verb="tune", target=baseline, actor=ACTOR, time=now, args=args)
