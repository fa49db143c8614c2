"""What looks like trouble and is none: a swap by approval, a ride home, a phone indoors or offline, a busy hour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from nocd.domain.instant import HOUR_MS, MINUTE_MS, SECOND_MS, rfc3339
from nocd.simulate.directory import shift_entry, tour_entry
from nocd.simulate.observe import Stamp, location_fix
from nocd.simulate.plan import Job, Mute
from nocd.simulate.roster import LEAD_MS, LONG_SHIFT_MS, relief
from nocd.simulate.seeding import chance, derive
from nocd.simulate.space import Point, measure
from nocd.simulate.troubles import habits
from nocd.simulate.troubles.base import quiet_window, span
from nocd.simulate.troubles.checks import checks
from nocd.simulate.troubles.lapses import put_off, skip, skips_max
from nocd.simulate.troubles.worktime import stay_on

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from nocd.simulate.plan import Plan
    from nocd.simulate.world import World

FLAT_BATTERY_MS = 20 * MINUTE_MS
_ENTERED_MS = LEAD_MS - 10 * MINUTE_MS
_INDOORS_M = 90.0
_EARLY_MS = 25 * MINUTE_MS
_RIDE_MPS = (15.0, 45.0)  # 54 to 162 km/h
_RIDE_FIX_EVERY_MS = 2 * MINUTE_MS
_RIDE_M = 28_000.0  # sites of a city are further apart
_BRIEFLY_MINUTES = (4, 9)  # less than events may be late
_LONG_MINUTES = (60, 120)
_ONE_OF_TWO = 0.5
_IN_GRACE_MINUTES = (16, 28)
_BASEMENT_MS = 40 * MINUTE_MS


class Likeness(NamedTuple):
    """Something honest that resembles a trouble; `befall` tells whether it fits the shift, which else is untouched."""

    name: str
    befall: Callable[[World, Plan, Random], bool]


def flat_battery(_world: World, plan: Plan, rng: Random) -> bool:
    """Let the phone say nothing for twenty minutes."""
    window = quiet_window(plan, rng, FLAT_BATTERY_MS)
    if window is None:
        return False
    plan.mutes.append(Mute(*window))
    plan.clear(*window)
    return True


def swap(world: World, plan: Plan, rng: Random) -> bool:
    """Give the shift, and its tours, to a colleague who has the day off, known to the roster before."""
    duty = plan.duty
    free = relief(world, duty.crew)
    if not free or plan.guard is not duty.crew.guards[0]:
        return False
    comes, time = rng.choice(free), duty.crew.start - _ENTERED_MS
    hours = (duty.crew.start, duty.crew.end)
    stamp = Stamp(time, f"{duty.id}-swap")
    plan.extras.append(shift_entry(stamp, comes, duty.place, hours, substitute_for=plan.guard.id))
    for walk in plan.walks:
        stamp = Stamp(time, f"{walk.tour.id}-swap")
        plan.extras.append(tour_entry(stamp, duty, walk.tour, person=comes.id))
    plan.guard = comes
    for changes in plan.changes.values():
        changes.clear()
    return True


def ride(world: World, plan: Plan, rng: Random) -> bool:
    """Go by car or train, the phone on, towards the next site after the shift."""
    near = world.neighbours(plan.place)
    if not near:
        return False
    here, there = plan.place.centre, near[0].centre
    speed_mps = rng.uniform(*_RIDE_MPS)
    start = plan.end + 3 * MINUTE_MS
    lasts_ms = int(_RIDE_M / speed_mps * SECOND_MS)
    for number, gone_ms in enumerate(range(_RIDE_FIX_EVERY_MS, lasts_ms, _RIDE_FIX_EVERY_MS), start=1):
        share = gone_ms / lasts_ms
        point = Point(here.lat + share * (there.lat - here.lat), here.lon + share * (there.lon - here.lon))
        stamp = Stamp(start + gone_ms, f"{plan.duty.id}-ride{number}")
        plan.extras.append(location_fix(stamp, plan.guard, measure(rng, point), speed_mps=round(speed_mps, 1)))
    return True


def indoors(_world: World, plan: Plan, _rng: Random) -> bool:
    """Carry the phone where it knows its position to ninety metres only."""
    plan.vague_m = _INDOORS_M
    return True


def offline(_world: World, plan: Plan, rng: Random) -> bool:
    """Let the phone send what it saw later: after some minutes, or after one or two hours."""
    minutes = _BRIEFLY_MINUTES if rng.random() < _ONE_OF_TWO else _LONG_MINUTES
    length = rng.randint(*minutes) * MINUTE_MS
    first, last = span(plan)
    start = first + int(rng.random() * (last - length - first))
    plan.offline = (start, start + length)
    return True


def tour_shortened(_world: World, plan: Plan, rng: Random) -> bool:
    """Cut a tour short by order: the directory drops the checkpoints that are left, and closes it."""
    if not plan.walks:
        return False
    walk = rng.choice(plan.walks)
    walk.scans = walk.scans[: len(walk.scans) // 2]
    kept = [scan.checkpoint.id for scan in walk.scans]
    stamp = Stamp(walk.end + MINUTE_MS, f"{walk.tour.id}-short")
    plan.extras.append(tour_entry(stamp, plan.duty, walk.tour, checkpoints=kept, closed_at=rfc3339(stamp.time)))
    return True


def early(_world: World, plan: Plan, _rng: Random) -> bool:
    """Come twenty-five minutes before the shift."""
    plan.start = plan.duty.crew.start - _EARLY_MS
    return True


def double_shift(_world: World, plan: Plan, rng: Random) -> bool:
    """Work a second shift right after the first, known to the roster, fifteen hours at most together."""
    long = plan.duty.crew.end - plan.duty.crew.start >= LONG_SHIFT_MS
    stay_on(plan, rng, 2 * HOUR_MS + 30 * MINUTE_MS if long else 6 * HOUR_MS)
    return True


def checkpoint_skipped(_world: World, plan: Plan, rng: Random) -> bool:
    """Skip one checkpoint of a tour, of so many that it may be."""
    possible = [walk for walk in plan.walks if skips_max(len(walk.scans))]
    if not possible:
        return False
    walk = rng.choice(possible)
    skip(plan, walk, [rng.randint(1, len(walk.scans))])
    return True


def tour_late(_world: World, plan: Plan, rng: Random) -> bool:
    """Begin a tour late, but within its grace."""
    if not plan.walks:
        return False
    put_off(rng.choice(plan.walks), rng.randint(*_IN_GRACE_MINUTES))
    return True


def face_checks(_world: World, plan: Plan, rng: Random) -> bool:
    """Show the phone one's own face whenever it asks."""
    if plan.scripted:
        return False
    plan.extras += checks(rng, plan)
    return True


def basement(_world: World, plan: Plan, rng: Random) -> bool:
    """Be where the phone knows no position for forty minutes, and says all else."""
    first, last = span(plan)
    start = rng.randrange(first, last - _BASEMENT_MS)
    plan.mutes.append(Mute(start, start + _BASEMENT_MS, "f"))
    return True


def rush(_world: World, plan: Plan, rng: Random) -> bool:
    """Do half a dozen urgent tasks that come within minutes, each in time."""
    start = rng.randrange(*span(plan))
    for number in range(6):
        created = start + rng.randrange(8 * 60) * SECOND_MS
        done = created + rng.randint(5, 27) * MINUTE_MS
        plan.jobs.append(Job(f"{plan.duty.id}-r{number}", "HIGH", created, created + 30 * MINUTE_MS, done))
    return True


# Append, so that what befell a shift of some seed before stays.
ALIKE: Final = (
    Likeness("flat-battery", flat_battery),
    Likeness("swap", swap),
    Likeness("ride", ride),
    Likeness("indoors", indoors),
    Likeness("offline", offline),
    Likeness("tour-shortened", tour_shortened),
    Likeness("early", early),
    Likeness("double-shift", double_shift),
    Likeness("checkpoint-skipped", checkpoint_skipped),
    Likeness("tour-late", tour_late),
    Likeness("face-checks", face_checks),
    Likeness("basement", basement),
    Likeness("rush", rush),
    Likeness("bad-light", habits.bad_light),
    Likeness("new-phone", habits.new_phone),
    Likeness("together", habits.together),
    Likeness("extra-shift", habits.extra_shift),
)
LATER_ALIKE: Final = frozenset({"double-shift", "extra-shift"})  # those that show after the shift, too


def befall(world: World, plan: Plan) -> None:
    """Let one thing at most that resembles a trouble befall an honest shift."""
    name = plan.duty.id
    for alike in ALIKE:
        if chance(world.seed, alike.name, name) >= world.likenesses[alike.name]:
            continue
        if alike.befall(world, plan, derive(world.seed, f"{alike.name}-window", name)):
            plan.likeness = alike.name
            return
