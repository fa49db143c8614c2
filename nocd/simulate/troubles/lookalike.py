"""What looks like trouble and is none: a phone whose battery dies for twenty minutes between two tours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nocd.domain.instant import MINUTE_MS
from nocd.simulate.plan import Mute
from nocd.simulate.seeding import chance, derive
from nocd.simulate.troubles.base import quiet_window

if TYPE_CHECKING:
    from nocd.simulate.plan import Plan
    from nocd.simulate.world import World

FLAT_BATTERY_MS = 20 * MINUTE_MS
_FLAT_BATTERY_SHARE = 0.03  # of shifts


def flat_battery(world: World, plan: Plan) -> None:
    """Let the phone of a few honest shifts say nothing for twenty minutes."""
    name = plan.duty.id
    if chance(world.seed, "flat-battery", name) >= _FLAT_BATTERY_SHARE:
        return
    window = quiet_window(plan, derive(world.seed, "flat-battery-window", name), FLAT_BATTERY_MS)
    if window is not None:
        plan.mutes.append(Mute(*window))
        plan.clear(*window)
