"""Troubles of a site: dead sensors, reports that do not come or end for good, somebody inside while it is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, local
from nocd.simulate.seeding import chance, derive
from nocd.simulate.stint import fixes
from nocd.simulate.troubles.base import DutyTrouble
from nocd.simulate.truth import Truth

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from nocd.simulate.plan import Plan
    from nocd.simulate.world import Place, World

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LOST: Final[Mapping[str, str]] = {"STATUTORY": "REPORT_MISSING", "DAILY": "DAILY_REPORT_MISSING"}
_AWAY_FIRST_MS = 70 * MINUTE_MS
_AWAY_LAST_MS = 9 * HOUR_MS
_VISIT_MS = 40 * MINUTE_MS
DEAD_AFTER_MS: Final = 30 * DAY_MS  # without a report
_CLEAR_MS = 6 * HOUR_MS  # of the world's begin and end


class SiteTrouble(NamedTuple):
    """A trouble of a site by itself, whoever is on shift."""

    name: str
    kind: str


def dead_gate(world: World, place: Place, time: int) -> tuple[int, int] | None:
    """Return the stretch around `time` in which a site's sensors say nothing, three to eight hours.

    None of the first day: of a source so new nobody knows how it pauses.
    """
    day = (time - world.start_ms) // DAY_MS
    if day == 0 or chance(world.seed, "dead-gate", place.id, day) >= world.rates["SOURCE_SILENT"]:
        return None
    rng = derive(world.seed, "dead-gate-hours", place.id, day)
    start = world.start_ms + day * DAY_MS + int(rng.uniform(2, 14) * HOUR_MS)
    end = start + int(rng.uniform(3, 8) * HOUR_MS)
    return (start, end) if start <= time < end else None


def report_lost(world: World, report: Mapping[str, Any]) -> bool:
    """Tell whether an expected report is never delivered."""
    return chance(world.seed, "report-lost", report["report"]) < world.rates[LOST[report["kind"]]]


def last_report(world: World, place: Place) -> int | None:
    """Return when the last report of a site came, before the world began, where reporting then ended; else None."""
    if chance(world.seed, "reports-end", place.id) >= world.rates["REPORT_NEVER_GENERATED"]:
        return None
    latest = min(world.end_ms - world.start_ms, DEAD_AFTER_MS) - _CLEAR_MS
    dead_at = world.start_ms + derive(world.seed, "reports-dead", place.id).randrange(_CLEAR_MS, latest)
    return dead_at - DEAD_AFTER_MS


def report_before(world: World, place: Place) -> int | None:
    """Return when the last report of a site came whose honest reporting paused until the world began; else None."""
    if chance(world.seed, "late-report", place.id) >= world.likenesses["late-report"]:
        return None
    return world.start_ms - derive(world.seed, "late-report-at", place.id).randrange(20 * DAY_MS, 28 * DAY_MS)


def closed(place: Place, instant: int) -> bool:
    """Tell whether a site's public hours (like Mon-Sat 06:00-22:00) leave an instant out."""
    if place.opening_hours is None:
        return False
    days, hours = place.opening_hours.split()
    first, last = (_DAYS.index(day) for day in days.split("-"))
    opens, closes = hours.split("-")
    moment = local(instant, place.timezone)
    return not (first <= moment.weekday() <= last and opens <= f"{moment:%H:%M}" < closes)


def after_hours(_world: World, plan: Plan, rng: Random) -> Truth | None:
    """Come back at night, off duty, to a site that is closed; the phone in the pocket tells."""
    first = plan.end + _AWAY_FIRST_MS
    starts = [
        start
        for start in range(first, plan.duty.crew.end + _AWAY_LAST_MS, 30 * MINUTE_MS)
        if closed(plan.place, start) and closed(plan.place, start + _VISIT_MS)
    ]
    if not starts:
        return None
    start = rng.choice(starts)
    raws = fixes(rng, plan.guard, plan.place, (start, start + _VISIT_MS), f"{plan.duty.id}-night")
    plan.extras += raws
    return Truth(raws[0].id, "AFTER_HOURS_ACTIVITY", plan.guard.id, plan.place.id, start, raws[-1].time)


DUTY = (DutyTrouble("after-hours", "AFTER_HOURS_ACTIVITY", after_hours),)
SITE = (
    SiteTrouble("dead-gate", "SOURCE_SILENT"),
    SiteTrouble("statutory-report-lost", "REPORT_MISSING"),
    SiteTrouble("daily-report-lost", "DAILY_REPORT_MISSING"),
    SiteTrouble("reports-end", "REPORT_NEVER_GENERATED"),
)
