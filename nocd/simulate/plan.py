"""One shift as it is about to happen: times and intentions, which a trouble may alter before anything is observed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from nocd.domain.geo import haversine_m
from nocd.domain.instant import HOUR_MS, MINUTE_MS, SECOND_MS
from nocd.simulate.rhythm import BUSIEST, activity
from nocd.simulate.roster import PlannedTour, tours_of
from nocd.simulate.seeding import derive
from nocd.simulate.space import Point, move

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from nocd.simulate.observe import Raw
    from nocd.simulate.roster import Duty
    from nocd.simulate.world import Checkpoint, Guard, Place, World

_WALKING_MPS = (1.1, 1.5)
_DWELL_S = (20.0, 80.0)
SLA_MINUTES = {"CRITICAL": 15, "HIGH": 30, "MEDIUM": 60, "LOW": 120}
_PRIORITIES = ("CRITICAL", "HIGH", "HIGH", "MEDIUM", "MEDIUM", "MEDIUM", "LOW", "LOW")
_PHONE_PUNCH_SHARE = 0.15
_BREAK_MS = 30 * MINUTE_MS
_HOURS_PER_JOB = 2.5
_TRIES = 12


class Scan(NamedTuple):
    """A checkpoint about to be scanned."""

    time: int
    checkpoint: Checkpoint


@dataclass(slots=True)
class Walk:
    """A tour as it will be walked."""

    tour: PlannedTour
    scans: list[Scan]

    @property
    def start(self) -> int:
        """Return when its first checkpoint is scanned."""
        return self.scans[0].time

    @property
    def end(self) -> int:
        """Return when its last checkpoint is scanned."""
        return self.scans[-1].time

    def overlaps(self, start: int, end: int) -> bool:
        """Tell whether any of it falls between two instants."""
        return self.start <= end and start <= self.end


class Job(NamedTuple):
    """A task that comes up during the shift, and when it will be done."""

    id: str
    priority: str
    created: int
    due: int
    done: int


class Mute(NamedTuple):
    """A stretch in which a phone says nothing of the given sorts: f fixes, p phone events, h health."""

    start: int
    end: int
    sorts: str = "fph"


class Clock(NamedTuple):
    """A stretch in which a phone's clock runs ahead."""

    start: int
    end: int
    ahead_ms: int


class Wear(NamedTuple):
    """How a worn phone feels: what is left of its battery and signal (shares), its heat, how often it is online."""

    battery: float
    signal: float
    temperature_c: float
    online: float


class Slack(NamedTuple):
    """A stretch, whole hours from the shift's start, in which a guard sits still and shows a share of the usual."""

    start: int
    end: int
    share: float


@dataclass(slots=True, kw_only=True)
class Plan:
    """All that will happen in one shift; `guard` is who really comes.

    `changes` are fields of punches by direction; a `ghost` punches and leaves no other trace; the `absent` leave none.
    `edits` are fields of events by their ids; an `offline` phone sends what it saw at the end of the stretch; `vague_m`
    is the accuracy of a phone indoors; `wear` is of the phone of whom the shift is; of the `scripted` a
    script punches; `likeness` names what trouble an honest shift looks like.
    """

    duty: Duty
    guard: Guard
    start: int
    end: int
    post: Point
    walks: list[Walk]
    jobs: list[Job]
    pause: tuple[int, int] | None
    changes: dict[str, dict[str, Any]]
    battery_percent: float
    punches_out: bool = True
    ghost: bool = False
    absent: bool = False
    slack: Slack | None = None
    mutes: list[Mute] = field(default_factory=list)
    extras: list[Raw] = field(default_factory=list)
    edits: dict[str, dict[str, Any]] = field(default_factory=dict)
    clock: Clock | None = None
    offline: tuple[int, int] | None = None
    vague_m: float | None = None
    wear: Wear | None = None
    scripted: bool = False
    likeness: str = ""

    @property
    def place(self) -> Place:
        """Return the site the shift is at."""
        return self.duty.place

    def muted(self, time: int, sort: str) -> bool:
        """Tell whether the phone holds back what it would have said."""
        return any(mute.start <= time <= mute.end and sort in mute.sorts for mute in self.mutes)

    def slacks(self, time: int) -> bool:
        """Tell whether the guard takes it easy then."""
        return self.slack is not None and self.slack.start <= time < self.slack.end

    def clear_jobs(self, start: int, end: int) -> None:
        """Take tasks out of a stretch of the shift."""
        self.jobs = [job for job in self.jobs if job.done < start or end < job.created]

    def clear(self, start: int, end: int) -> None:
        """Take tasks and the break out of a stretch of the shift."""
        self.clear_jobs(start, end)
        if self.pause is not None and self.pause[0] <= end and start <= self.pause[1]:
            self.pause = None


def honest(world: World, duty: Duty) -> Plan:
    """Return the shift as an honest guard works it: a little early, all tours and tasks, a break, home on time."""
    rng = derive(world.seed, "duty", duty.id)
    crew, place = duty.crew, duty.place
    start = crew.start + _clamped(rng, mean_min=-6, spread_min=4, low_min=-20, high_min=8)
    end = crew.end + _clamped(rng, mean_min=5, spread_min=3, low_min=1, high_min=18)
    reach_m = 15.0 if duty.static else place.radius_m / 3
    post = move(place.centre, bearing=rng.uniform(0, 6.28), metres=rng.uniform(5, reach_m))
    by_phone = {"device": duty.guard.device} if rng.random() < _PHONE_PUNCH_SHARE else {}
    walks = [_walk(rng, tour) for tour in tours_of(world, duty)]
    return Plan(
        duty=duty,
        guard=duty.guard,
        start=start,
        end=end,
        post=post,
        walks=walks,
        jobs=_jobs(rng, duty, start, end),
        pause=_pause(walks, start, end),
        changes={direction: dict(by_phone) for direction in ("in", "break_start", "break_end", "out")},
        battery_percent=rng.uniform(88, 100),
    )


def _clamped(rng: Random, *, mean_min: float, spread_min: float, low_min: float, high_min: float) -> int:
    return int(min(high_min, max(low_min, rng.gauss(mean_min, spread_min))) * MINUTE_MS)


def _walk(rng: Random, tour: PlannedTour) -> Walk:
    return Walk(tour, stroll(rng, tour.planned_start + rng.randrange(10 * MINUTE_MS), tour.checkpoints))


def stroll(rng: Random, time: int, checkpoints: Sequence[Checkpoint]) -> list[Scan]:
    """Return the scans of a walk past checkpoints in that order, the first at `time`."""
    scans: list[Scan] = []
    for checkpoint in checkpoints:
        if scans:
            metres = haversine_m(*scans[-1].checkpoint.point, *checkpoint.point)
            time += int((metres / rng.uniform(*_WALKING_MPS) + rng.uniform(*_DWELL_S)) * SECOND_MS)
        scans.append(Scan(time, checkpoint))
    return scans


def _jobs(rng: Random, duty: Duty, start: int, end: int) -> list[Job]:
    """Return the shift's tasks: about one in two and a half hours, each done well before it is due."""
    jobs = []
    for number in range(round((end - start) / HOUR_MS / _HOURS_PER_JOB) + rng.randint(-1, 1)):
        priority = rng.choice(_PRIORITIES)
        sla = SLA_MINUTES[priority] * MINUTE_MS
        created = _busy_moment(rng, duty.place, start + 15 * MINUTE_MS, end - 165 * MINUTE_MS)
        done = created + int(sla * rng.uniform(0.2, 0.75))
        jobs.append(Job(f"{duty.id}-k{number + 1}", priority, created, created + sla, done))
    return jobs


def _busy_moment(rng: Random, place: Place, first: int, last: int) -> int:
    """Return an instant between two, the likelier the busier guards usually are then."""
    for _ in range(_TRIES):
        time = first + int(rng.random() * (last - first))
        if rng.random() * BUSIEST < activity(place, time):
            return time
    return first + int(rng.random() * (last - first))


def _pause(walks: list[Walk], start: int, end: int) -> tuple[int, int]:
    """Return the break: half an hour, over before the tour that begins the second half."""
    begin = walks[len(walks) // 2].start - 50 * MINUTE_MS if walks else (start + end) // 2
    return begin, begin + _BREAK_MS
