"""Troubles that announce themselves: a guard's panic key, strangers in the data, a storm of outside alarms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nocd.domain.instant import MINUTE_MS, SECOND_MS
from nocd.simulate.alarms import CAMERA, SWITCH, Trouble, reports
from nocd.simulate.observe import Raw, Stamp, phone_event
from nocd.simulate.troubles.base import CrewPlan, CrewTrouble, DutyTrouble, span
from nocd.simulate.truth import Truth

if TYPE_CHECKING:
    from random import Random

    from nocd.simulate.plan import Plan
    from nocd.simulate.roster import Crew
    from nocd.simulate.world import Place, World

_ONE_OF_TWO = 0.5


def guard_distress(_world: World, plan: Plan, rng: Random) -> Truth:
    """Press the panic key."""
    raw = panic(Stamp(rng.randrange(*span(plan)), f"{plan.duty.id}-panic"), plan)
    plan.extras.append(raw)
    return Truth(raw.id, "GUARD_DISTRESS", plan.guard.id, plan.place.id, raw.time, raw.time)


def panic(stamp: Stamp, plan: Plan) -> Raw:
    """Return the panic key of a guard's phone."""
    return phone_event(stamp, plan.guard, "panic")


def unknown_entity(_world: World, crew: Crew, rng: Random) -> CrewPlan:
    """Hear of a person, or of a site, that the directory does not know."""
    time = crew.start + rng.randint(40, 90) * MINUTE_MS
    raw = stranger(rng, Stamp(time, f"{crew.key}-stranger"))
    truth = Truth(raw.id, "UNKNOWN_ENTITY", raw.data.get("person", ""), raw.data.get("site", ""), time, time)
    return CrewPlan(truth, raws=(raw,))


def stranger(rng: Random, stamp: Stamp) -> Raw:
    """Return an event of someone, or some place, not in the directory."""
    number = rng.randrange(10**6)
    if rng.random() < _ONE_OF_TWO:
        data = {"person": f"X-{number:06d}", "kind": "device_log", "battery_percent": 71.0}
        return Raw(stamp.time, stamp.id, "noc.phone.event", f"/phones/PX-{number:06d}", data)
    data = {"metric": "gate_count", "value": 3.0, "site": f"SX-{number:06d}"}
    return Raw(stamp.time, stamp.id, "noc.sample", f"/gates/SX-{number:06d}", data)


def alert_storm(_world: World, crew: Crew, rng: Random) -> CrewPlan:
    """Lose a network switch, and with it a dozen cameras and more within three minutes."""
    time = crew.start + rng.randint(60, 240) * MINUTE_MS
    raws = storm(rng, Stamp(time, f"{crew.key}-storm"), crew.place)
    return CrewPlan(Truth(raws[0].id, "OUTSIDE_ALERT", "", crew.place.id, time, raws[-1].time), raws=tuple(raws))


def storm(rng: Random, stamp: Stamp, place: Place) -> list[Raw]:
    """Return all reports of a switch and its cameras in order of time; the switch is first."""
    repeats = rng.randint(2, 4)
    troubles = [Trouble(f"{stamp.id}-0", SWITCH, 1, stamp.time, repeats)]
    for number in range(1, rng.randint(13, 20)):
        start = stamp.time + rng.randint(5, 170) * SECOND_MS
        troubles.append(Trouble(f"{stamp.id}-{number}", CAMERA, number, start, repeats))
    return sorted(raw for trouble in troubles for raw in reports(place, trouble))


DUTY = (DutyTrouble("guard-distress", "GUARD_DISTRESS", guard_distress),)
CREW = (
    CrewTrouble("unknown-entity", "UNKNOWN_ENTITY", unknown_entity),
    CrewTrouble("alert-storm", "OUTSIDE_ALERT", alert_storm),
)
