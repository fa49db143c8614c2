"""The weekly tuning of thresholds: from stored hours and verdicts to commands on the engine."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from nocd.baseline.threshold import WhatIf, what_if
from nocd.baseline.tuning import Tuned, Verdicts, tune
from nocd.domain.command import Command
from nocd.domain.instant import DAY_MS, from_ms
from nocd.errors import NocdError
from nocd.store import usual

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nocd.baseline.profile import Profile
    from nocd.baseline.threshold import Score
    from nocd.domain.baseline import Baseline
    from nocd.store.usual import Judged
    from nocd.tenant import Tenant

ACTOR: Final = "tuning"
LOOK_BACK_DAYS: Final = 30
MENDED_WITHIN_S: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """At most so many findings that are not known true, a site and week; 0 for no such bound."""

    per_site_week: float = 3.0

    def of_one(self, baselines: int) -> float | None:
        """Return what is left for one of a site's baselines."""
        return self.per_site_week / max(baselines, 1) if self.per_site_week else None


class _Tally:
    """What verdicts say of a baseline, of a client's metric and of a metric; of a baseline that is gone, nothing."""

    def __init__(self, judged: list[Judged], baselines: Mapping[str, Baseline]) -> None:
        self._said, self._false = Counter[tuple[str, ...]](), Counter[tuple[str, ...]]()
        for each in judged:
            about = baselines.get(each.baseline)
            if about is None or each.says is None:
                continue
            for key in _pool_keys(about, each.client):
                self._said[key] += 1
                self._false[key] += each.says == "false_positive"

    def pools(self, about: Baseline, *, client: str | None) -> list[Verdicts]:
        """Return the verdicts on a baseline itself, on its client's of the same metric, and on all of the metric."""
        return [
            Verdicts(
                pool=key[0],  # type: ignore[arg-type]  # the three words of _pool_keys
                verdicts=self._said[key],
                false_positives=self._false[key],
            )
            for key in _pool_keys(about, client)
        ]


def _pool_keys(about: Baseline, client: str | None) -> list[tuple[str, ...]]:
    of_client = [("client", about.metric, client)] if client else []
    return [("site", about.id), *of_client, ("all", about.metric)]


async def tune_thresholds(tenant: Tenant, *, budget: Budget, now: int) -> str:
    """Tune every baseline that is not pinned; return how many moved and why the rest did not.

    Raises NocdError where the store cannot be read, or the engine takes no commands any more.
    """
    after = now - LOOK_BACK_DAYS * DAY_MS
    baselines = dict(tenant.pipeline.engine.hours.baselines.all)
    tally = _Tally(await tenant.store.read(usual.judged, after=after), baselines)
    of_place = Counter(_place(about) for about in baselines.values())
    ended = Counter[str]()
    for baseline_id in baselines:
        scores = await tenant.store.read(usual.scored, baseline_id, after=after)
        engine = tenant.pipeline.engine  # a failure puts another in its place
        about = engine.hours.baselines.all.get(baseline_id)
        if about is None:
            ended["gone"] += 1
            continue
        pools = tally.pools(about, client=engine.roster.client(about.series))
        tuned = tune(
            pools,
            old=about.threshold,
            effective_n=_effective_n(engine.hours.baselines.profile(baseline_id), now),
            calm_tunings=about.calm_tunings,
            pinned=about.pinned,
            scores=scores,
            per_week=budget.of_one(of_place[_place(about)]),
        )
        ended[await _carried_out(tenant, about, tuned, scores, now)] += 1
        await asyncio.sleep(0)
    moved = ended.pop("moved", 0)
    told = ", ".join(f"{count} {why}" for why, count in sorted(ended.items()))
    return f"{moved} of {len(baselines)} thresholds moved" + (f", {told}" if told else "")


async def _carried_out(tenant: Tenant, about: Baseline, tuned: Tuned, scores: Sequence[Score], now: int) -> str:
    """Have the engine take what was decided; return in a word what became of it."""
    if not tuned.changed and tuned.calm_tunings == about.calm_tunings:
        return "pinned" if about.pinned else "skipped" if tuned.pool is None else "kept"
    simulated = what_if(scores, old=tuned.old, new=tuned.threshold)
    try:
        reply = await tenant.ask(_command(about.id, tuned, simulated, now))
    except NocdError:
        if not await _mended(tenant):
            raise
        return "failed"
    if not reply.ok:
        return "refused"
    return "moved" if tuned.changed else "kept"


async def _mended(tenant: Tenant) -> bool:
    """Tell whether the engine is rebuilt and takes commands again, after a few seconds at most."""
    with suppress(TimeoutError):
        async with asyncio.timeout(MENDED_WITHIN_S):
            while tenant.pipeline.broken is not None:  # noqa: ASYNC110 - the pipeline has no event for it, and it is rare
                await asyncio.sleep(MENDED_WITHIN_S / 100)
    return tenant.pipeline.broken is None


def _place(about: Baseline) -> str:
    """Return what shares a budget: a site, or a series that belongs to none."""
    return f"site {about.series}" if about.series else f"series {about.id}"


def _effective_n(profile: Profile | None, now: int) -> float:
    """Return the median effective count of the stable hours, 0 where none is."""
    counts = [] if profile is None else profile.effective_ns(from_ms(now).toordinal())
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
