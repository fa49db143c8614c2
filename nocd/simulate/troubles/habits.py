"""Frauds that no rule tells, and what honestly looks like them: they show only beside what is usual of a person."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from nocd.domain.instant import HOUR_MS, MINUTE_MS, SECOND_MS
from nocd.simulate.directory import shift_entry
from nocd.simulate.observe import Raw, Stamp, between
from nocd.simulate.plan import Mute, honest
from nocd.simulate.roster import LEAD_MS, crew_of, duty_of, relief
from nocd.simulate.space import measure, move
from nocd.simulate.stint import stint
from nocd.simulate.troubles.base import CrewPlan, CrewTrouble, DutyTrouble
from nocd.simulate.truth import Truth

if TYPE_CHECKING:
    from random import Random

    from nocd.simulate.plan import Plan
    from nocd.simulate.roster import Crew
    from nocd.simulate.world import Guard, Place, World

_PAIR = 2
_ENTERED_MS = LEAD_MS - 10 * MINUTE_MS  # before a shift
_AWAY_MS = 22 * MINUTE_MS
_EARLY_MS = 9 * MINUTE_MS
_AFTER_S = (60, 240)  # that one of a pair punches after the other
_OFF_M = (30.0, 85.0)  # no fence is nearer than 120 m
_FULL_CIRCLE = 6.283
_PADDED_MINUTES = (150, 240)
_REAL_MINUTES = (240, 420)
_DAY_MS = 24 * HOUR_MS
_ONE_OF_TWO = 0.5
_REAL_AT_ODD_HOURS = 0.15


def fair_face(rng: Random) -> dict[str, Any]:
    """Return the fields of a face that matches well enough for every rule, and less than its owner's usually does."""
    return {
        "match_distance": between(0.17, rng.gauss(0.28, 0.035), 0.36),
        "confidence": between(0.72, rng.gauss(0.82, 0.04), 0.95),
        "liveness": between(0.62, rng.gauss(0.86, 0.06), 0.98),
    }


def off_the_spot(rng: Random, guard: Guard, place: Place) -> dict[str, Any]:
    """Return the fields of a punch by the guard's own phone from inside the fence, but not from the door."""
    here = move(place.centre, bearing=_FULL_CIRCLE * rng.random(), metres=rng.uniform(*_OFF_M))
    return {"device": guard.device, **measure(rng, here).fields()}


def friend_punching(world: World, plan: Plan, rng: Random) -> Truth | None:
    """Have a friend who is off punch one in or out, on the friend's phone; the guard comes or leaves meanwhile."""
    friend = _off_duty(world, plan)
    if friend is None:
        return None
    direction = "in" if rng.random() < _ONE_OF_TWO else "out"
    plan.changes[direction] = {"device": friend.device, **fair_face(rng)}
    time = plan.start if direction == "in" else plan.end
    away = (time, time + _AWAY_MS) if direction == "in" else (time - _AWAY_MS, time)
    plan.mutes.append(Mute(*away))
    plan.clear_jobs(*away)
    return Truth(f"{plan.duty.id}-{direction}", "FRIEND_PUNCHING", plan.guard.id, plan.place.id, time, time)


def _off_duty(world: World, plan: Plan) -> Guard | None:
    """Return a colleague of the same hours with a day off, another one for each of the crew, if there is one."""
    free, crew = relief(world, plan.duty.crew), plan.duty.crew
    number = crew.guards.index(plan.duty.guard)
    return free[number] if number < len(free) else None


def turn_taking(world: World, crew: Crew, rng: Random) -> CrewPlan | None:
    """Let one of a pair punch the other in, a minute or four later, on the other's own phone and beside the door.

    The two take turns by the day; who was punched for comes later.
    """
    if len(crew.guards) < _PAIR:
        return None
    pair = crew.guards[:_PAIR]
    comes, is_late = pair if crew.day.toordinal() % _PAIR else pair[::-1]
    first = crew.start - _EARLY_MS
    second = first + rng.randint(*_AFTER_S) * SECOND_MS
    changes = {**off_the_spot(rng, is_late, crew.place), **fair_face(rng)}

    def alter(plan: Plan) -> None:
        if plan.guard is comes:
            plan.start = first
            plan.changes["in"] = {}
        elif plan.guard is is_late:
            plan.start = second
            plan.changes["in"] = changes

    name = f"{duty_of(world, crew, is_late).id}-in"
    return CrewPlan(Truth(name, "TURN_TAKING", is_late.id, crew.place.id, first, second), alter=alter)


def padded_shift(world: World, plan: Plan, rng: Random) -> Truth | None:
    """Have a shift of a few hours put on the roster for a day off, far from one's hours, and punch it from the car."""
    if not _off_afterwards(world, plan):
        return None
    length = rng.randint(*_PADDED_MINUTES) * MINUTE_MS
    raws = _extra(rng, plan, _odd_start(rng, plan), length, off_the_spot(rng, plan.guard, plan.place))
    plan.extras += raws
    came = raws[1]
    return Truth(came.id, "PADDED_SHIFT", plan.guard.id, plan.place.id, came.time, raws[-1].time)


def _off_afterwards(world: World, plan: Plan) -> bool:
    """Tell whether the guard has the next two days off, all inside the world."""
    duty = plan.duty
    after = (crew_of(world, duty.place, duty.crew.day + timedelta(days=days), duty.crew.no) for days in (1, 2))
    return plan.end + 2 * _DAY_MS < world.end_ms and all(plan.guard not in crew.guards for crew in after)


def _odd_start(rng: Random, plan: Plan) -> int:
    """Return an instant of the next day that is as far as can be from the guard's own hours."""
    crew = plan.duty.crew
    half_free = (_DAY_MS - (crew.end - crew.start)) // 2
    return crew.end + _DAY_MS + half_free + rng.randint(-90, 90) * MINUTE_MS


def _extra(rng: Random, plan: Plan, start: int, length: int, changes: dict[str, Any]) -> list[Raw]:
    """Return an extra shift: its entry, and what is seen of it, from the punch in to the punch out."""
    name = f"{plan.duty.id}-added"
    entry = shift_entry(
        Stamp(plan.duty.crew.start - _ENTERED_MS, name), plan.guard, plan.place, (start, start + length)
    )
    hours = (start - rng.randint(2, 9) * MINUTE_MS, start + length + rng.randint(1, 6) * MINUTE_MS)
    seen = stint(rng, plan.guard, plan.place, hours, name)
    return [entry, seen[0]._replace(data={**seen[0].data, **changes}), *seen[1:]]


DUTY: Final = (
    DutyTrouble("friend-punching", "FRIEND_PUNCHING", friend_punching),
    DutyTrouble("padded-shift", "PADDED_SHIFT", padded_shift),
)
CREW: Final = (CrewTrouble("turn-taking", "TURN_TAKING", turn_taking),)


def bad_light(_world: World, plan: Plan, rng: Random) -> bool:
    """Punch in, or out, with one's own face in bad light."""
    plan.changes[rng.choice(("in", "out"))] |= fair_face(rng)
    return True


def new_phone(world: World, plan: Plan, _rng: Random) -> bool:
    """Punch on another phone than one's own all shift: lent by a colleague who is off."""
    lender = _off_duty(world, plan)
    if lender is None:
        return False
    for changes in plan.changes.values():
        changes["device"] = lender.device
    return True


def together(world: World, plan: Plan, rng: Random) -> bool:
    """Come by car with a colleague, and punch by phone from where it is parked, a minute or so later."""
    mates = [guard for guard in plan.duty.crew.guards if guard is not plan.guard]
    if not mates:
        return False
    with_whom = honest(world, duty_of(world, plan.duty.crew, rng.choice(mates)))
    plan.start = with_whom.start + rng.randint(*_AFTER_S) * SECOND_MS
    plan.changes["in"] = off_the_spot(rng, plan.guard, plan.place)
    return True


def extra_shift(world: World, plan: Plan, rng: Random) -> bool:
    """Work an extra shift on a day off, mostly at one's usual hours, now and then at odd ones."""
    if not _off_afterwards(world, plan):
        return False
    usual = plan.duty.crew.start + _DAY_MS + rng.randint(-1, 2) * HOUR_MS
    start = _odd_start(rng, plan) if rng.random() < _REAL_AT_ODD_HOURS else usual
    plan.extras += _extra(rng, plan, start, rng.randint(*_REAL_MINUTES) * MINUTE_MS, {})
    return True
