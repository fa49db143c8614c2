"""What the daemon proposes, and never does by itself: thresholds whose alerts were called false again and again."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

from aiohttp import web

from nocd.api import answers
from nocd.api.auth import needs
from nocd.api.baselines import found, steer, visible
from nocd.api.keys import DESK, tenant_of
from nocd.baseline.threshold import optimum, what_if
from nocd.baseline.tuning import RATE_CALM, REPEATED_DAYS, REPEATED_FALSE
from nocd.domain.instant import DAY_MS
from nocd.domain.token import Act
from nocd.errors import StateError
from nocd.store import usual

if TYPE_CHECKING:
    from nocd.baseline.profile import Profile


class NothingProposed(StateError):
    """There is no proposal for a baseline now."""

    code = "nothing_proposed"
    status = 409


def routes() -> list[web.RouteDef]:
    """Return the routes of proposals."""
    return [web.get("/v1/proposals", index), web.post("/v1/proposals/{id:[^/]+}/accept", accept)]


@needs(Act.READ)
async def index(request: web.Request) -> web.Response:
    """Answer what is proposed now, with what it would have changed."""
    answers.known_parameters(request)
    engine = tenant_of(request).pipeline.engine
    items = []
    for baseline_id, false in (await _often_false(request)).items():
        profile = engine.hours.baselines.profile(baseline_id)
        if profile is not None and visible(request, engine, profile.baseline):
            items += [each for each in [await _proposal(request, profile, false)] if each is not None]
    return answers.json({"items": items, "cursor": None})


@needs(Act.OPERATE)
async def accept(request: web.Request) -> web.Response:
    """Set the threshold that is proposed for a baseline."""
    answers.known_parameters(request)
    await answers.small_body(request)
    _, profile = found(request)
    false = (await _often_false(request)).get(profile.baseline.id, 0)
    proposed = await _proposal(request, profile, false) if false else None
    if proposed is None:
        raise NothingProposed(f"nothing is proposed for {profile.baseline.id} now")
    return await steer(request, "set_threshold", {"threshold": proposed["new"], "note": proposed["reason"]})


async def _often_false(request: web.Request) -> dict[str, int]:
    after = request.app[DESK].now_ms() - REPEATED_DAYS * DAY_MS
    return await tenant_of(request).store.read(usual.often_false, after=after, least=REPEATED_FALSE)


async def _proposal(request: web.Request, profile: Profile, false: int) -> dict[str, Any] | None:
    """Return a higher threshold at which past verdicts would have been right, or None where there is none."""
    about, engine = profile.baseline, tenant_of(request).pipeline.engine
    after = request.app[DESK].now_ms() - REPEATED_DAYS * DAY_MS
    scores = await tenant_of(request).store.read(usual.scored, about.id, after=after)
    solved = optimum(scores, fp_rate_max=RATE_CALM)
    if about.pinned or solved.threshold is None:
        return None
    new = ceil(solved.threshold * 100) / 100  # no alert of those called false may come back by rounding
    if new <= about.threshold:
        return None
    told = what_if(scores, old=about.threshold, new=new)
    return {
        "baseline": about.id,
        "metric": about.metric,
        "site": about.series or None,
        "site_name": engine.roster.site_name(about.series),
        "client": engine.roster.client(about.series),
        "old": about.threshold,
        "new": new,
        "reason": f"{false} false positives in {REPEATED_DAYS} days; {solved.reason}",
        "false_positives": false,
        "alerts_before": told.alerts_before,
        "alerts_after": told.alerts_after,
    }
