"""Troubles of a phone: a clock that runs ahead, one half of it dead for an hour and a half, days of wearing out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nocd.domain.instant import MINUTE_MS
from nocd.simulate.plan import Clock, Mute, Wear
from nocd.simulate.stint import about_the_post
from nocd.simulate.troubles.base import DutyTrouble, quiet_window, span
from nocd.simulate.truth import Truth

if TYPE_CHECKING:
    from random import Random

    from nocd.simulate.plan import Plan
    from nocd.simulate.world import World

AHEAD_MS = 20 * MINUTE_MS
_HALF_DEAD_MINUTES = (95, 110)
_BLIND_MINUTES = (280, 420)
_FIX_EVERY_MS = 7 * MINUTE_MS
WEAR_DAYS: Final = 5
WORN = {
    "DEVICE_CRITICAL": Wear(battery=0.22, signal=0.36, temperature_c=44.0, online=0.35),
    "DEVICE_WARNING": Wear(battery=0.32, signal=0.72, temperature_c=38.0, online=0.95),
}


def clock_suspect(_world: World, plan: Plan, rng: Random) -> Truth:
    """Let the phone's clock run twenty minutes ahead for two to four hours."""
    first, last = span(plan)
    start = rng.randrange(first, max(first + 1, last - 4 * 60 * MINUTE_MS))
    end = min(last, start + rng.randint(120, 240) * MINUTE_MS)
    plan.clock = Clock(start, end, AHEAD_MS)
    return Truth("", "CLOCK_SUSPECT", plan.guard.id, plan.place.id, start, end)


def gps_failure(_world: World, plan: Plan, rng: Random) -> Truth | None:
    """Let the phone's receiver find no position for most of the shift, while all else of it goes on."""
    first, last = span(plan)
    length = rng.randint(*_BLIND_MINUTES) * MINUTE_MS
    if first + length > last:
        return None
    start = rng.randint(first, last - length)
    window = start, start + length
    plan.mutes.append(Mute(*window, "f"))
    return Truth("", "DEVICE_GPS_FAILURE", plan.guard.id, plan.place.id, *window)


def phone_failure(_world: World, plan: Plan, rng: Random) -> Truth | None:
    """Let the phone send positions and nothing else for an hour and a half."""
    window = quiet_window(plan, rng, rng.randint(*_HALF_DEAD_MINUTES) * MINUTE_MS)
    if window is None:
        return None
    plan.mutes.append(Mute(*window, "fp"))
    plan.extras += about_the_post(rng, plan, range(*window, _FIX_EVERY_MS), "still")
    return Truth("", "DEVICE_PHONE_FAILURE", plan.guard.id, plan.place.id, *window)


def _wears_out(kind: str, plan: Plan) -> Truth | None:
    if plan.wear is not None:
        return None
    plan.wear = WORN[kind]
    end = plan.start + WEAR_DAYS * 24 * 60 * MINUTE_MS
    return Truth("", kind, plan.guard.id, plan.place.id, plan.start, end)


def device_critical(_world: World, plan: Plan, _rng: Random) -> Truth | None:
    """Let the phone begin to fail: hot, nearly empty, mostly out of reach for five days."""
    return _wears_out("DEVICE_CRITICAL", plan)


def device_warning(_world: World, plan: Plan, _rng: Random) -> Truth | None:
    """Let the phone begin to wear out: a weak battery and a poor signal for five days."""
    return _wears_out("DEVICE_WARNING", plan)


DUTY = (
    DutyTrouble("clock-suspect", "CLOCK_SUSPECT", clock_suspect),
    DutyTrouble("gps-failure", "DEVICE_GPS_FAILURE", gps_failure),
    DutyTrouble("phone-failure", "DEVICE_PHONE_FAILURE", phone_failure),
    DutyTrouble("device-critical", "DEVICE_CRITICAL", device_critical),
    DutyTrouble("device-warning", "DEVICE_WARNING", device_warning),
)
WEARING = DUTY[-2:]
