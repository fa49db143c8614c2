"""The features of a punch, from what was known when it was judged: its person's and site's past, in steps of five days.

A span of so many days is the present step and the whole ones before it: the last 26 to 30 days, or 86 to 90. A punch is
compared with what was before it; only a mismatch counts at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import cos, hypot, radians, sqrt
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from nocd.baseline.calendar import load
from nocd.detect.biometric import BODY
from nocd.domain.geo import haversine_m
from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, local, to_ms
from nocd.fraud.deviations import deviations, unjudged
from nocd.fraud.features import vector
from nocd.fraud.novelty import novelty
from nocd.fraud.profile import KIND as PROFILE_KIND
from nocd.fraud.profile import PART_MS, Profile, Seen

if TYPE_CHECKING:
    from datetime import datetime

    from nocd.detect.scene import Scene
    from nocd.domain.event import Event
    from nocd.domain.observation import Punch
    from nocd.domain.score import Deviation

HISTORY_KIND: Final = "punch_history"
PEERS_KIND: Final = "punch_peers"
STEP_MS: Final = 5 * DAY_MS
MONTH_STEPS: Final = 6
SEASON_STEPS: Final = 18
PLACES_MAX: Final = 8  # of one person
PEERS_MAX: Final = 1_000  # at one site
PUNCHES_MIN: Final = 5
PEERS_MIN: Final = 3
DRIFT_MAX_M: Final = 10_000.0
SPREAD_MAX_M: Final = 1_000.0
LATE_MINUTES: Final = 15.0
EARLY_MS: Final = HOUR_MS
GAP_MAX_S: Final = 86_400.0
MATCH_DISTANCE_MAX: Final = 0.4
Z_MAX: Final = 3.0
_SATURDAY: Final = 5
_DEGREE_M: Final = 111_195.0


@dataclass(slots=True, kw_only=True)
class Tally:
    """What a person did in one step: punches, those at weekends, arrivals that were due and late ones, mismatches."""

    step: int
    punches: int = 0
    weekend: int = 0
    due: int = 0
    late: int = 0
    mismatches: int = 0


@dataclass(slots=True, kw_only=True)
class Spot:
    """Where a person punched at a site in one step: how often, how often with a position, and the sums of these (m)."""

    step: int
    punches: int = 0
    placed: int = 0
    east: float = 0.0
    north: float = 0.0
    squares: float = 0.0


S = TypeVar("S", Tally, Spot)


@dataclass(slots=True, kw_only=True)
class Place:
    """A person's punches at a site by step, with the position (degrees) they are measured from."""

    lat: float | None = None
    lon: float | None = None
    spots: list[Spot] = field(default_factory=list)

    def punches(self, step: int) -> int:
        """Return the punches of the month to a step."""
        return sum(spot.punches for spot in self.spots if step - MONTH_STEPS < spot.step <= step)


@dataclass(slots=True, kw_only=True)
class History:
    """A person's punches of a season, and where they were in a month."""

    tallies: list[Tally] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Peers:
    """How often each person punched at a site in the month to a step, with the sums behind mean and spread."""

    step: int = -1
    counts: dict[str, int] = field(default_factory=dict)
    total: int = 0
    squares: int = 0

    def put(self, person: str, count: int) -> None:
        """Set a person's count; past the bound nobody new is compared with."""
        former = self.counts.get(person, 0)
        if former or len(self.counts) < PEERS_MAX:
            self.counts[person] = count
            self.total += count - former
            self.squares += count * count - former * former

    def z(self, person: str) -> float | None:
        """Return how far a person's count is from the usual one, None where too few are known."""
        size = len(self.counts)
        if size < PEERS_MIN or person not in self.counts:
            return None
        mean = self.total / size
        spread = sqrt(max(0.0, self.squares / size - mean * mean))
        z = (self.counts[person] - mean) / spread if spread else 0.0
        return max(-Z_MAX, min(Z_MAX, z))


class Compared(NamedTuple):
    """A punch beside its person's past: its features, how it is unlike the others, and why that cannot be said."""

    features: tuple[float, ...]
    deviations: list[Deviation]
    unjudged: str | None


class Histories:
    """Keeps the past of people's punches, and makes vectors and deviations of it."""

    def __init__(self, scene: Scene) -> None:
        """Take up what the shelves of `scene` hold."""
        self._scene = scene
        self._shelves = scene.shelves
        self._histories: dict[str, History] = scene.shelves.kind(HISTORY_KIND)
        self._profiles: dict[str, Profile] = scene.shelves.kind(PROFILE_KIND)

    def judge(self, event: Event, punch: Punch) -> Compared:
        """Return a punch beside what was before it, and remember it."""
        site = self._scene.roster.sites.get(punch.site)
        wall = local(event.time, site.timezone if site is not None else "UTC")
        step, known = event.time // STEP_MS, self._histories.get(punch.person)
        history = known or History()
        moment = self._of_moment(event, punch, wall)
        late_minutes = self._late_minutes(event, punch)
        values: dict[str, float | None] = {
            **moment,
            **_of_past(history, punch, step),
            "checkin_frequency_z": self._peers(punch.site, step).z(punch.person),
        }
        if known is None:
            self._shelves.put(HISTORY_KIND, punch.person, history)
        else:
            self._shelves.touch(HISTORY_KIND, punch.person)
        self._remember(history, event, punch, wall, late_minutes)
        seen = Seen(
            part=event.time // PART_MS,
            hour=wall.hour,
            minute=wall.minute,
            weekday=wall.weekday(),
            site=punch.site,
            device=punch.device,
            distance_m=moment["gps_drift_m"],
            late_minutes=late_minutes,
            match=moment["face_confidence"],
        )
        profile = self._profile(punch.person, seen.part)
        reason = unjudged(profile)
        found = deviations(profile, seen) if reason is None else []
        values |= novelty(profile, seen)
        profile.add(seen)
        return Compared(vector(values), found, reason)

    def _profile(self, person: str, part: int) -> Profile:
        """Return what is usual of a person at a part, about to change."""
        profile = self._profiles.get(person)
        if profile is None:
            profile = Profile()
            self._shelves.put(PROFILE_KIND, person, profile)
        else:
            self._shelves.touch(PROFILE_KIND, person)
            profile.forget_before(part)
        return profile

    def forget_before(self, instant: int) -> None:
        """Let go of people and sites without a punch since a season before `instant` (UTC ms)."""
        oldest = instant // STEP_MS - SEASON_STEPS
        for person in [name for name, each in self._histories.items() if each.tallies[-1].step <= oldest]:
            self._shelves.drop(HISTORY_KIND, person)
            self._shelves.drop(PROFILE_KIND, person)
        peers: dict[str, Peers] = self._shelves.kind(PEERS_KIND)
        for site in [name for name, each in peers.items() if each.step <= oldest]:
            self._shelves.drop(PEERS_KIND, site)

    def _of_moment(self, event: Event, punch: Punch, wall: datetime) -> dict[str, float | None]:
        site = self._scene.roster.sites.get(punch.site)
        country = site.country if site is not None else ""
        drift_m = None
        if site is not None and None not in (site.lat, site.lon, punch.lat, punch.lon):
            drift_m = haversine_m(site.lat, site.lon, punch.lat, punch.lon)  # type: ignore[arg-type]  # just looked at
        earlier = [mark.time for mark in self._scene.duties.marks(punch.person) if mark.time < event.time]
        return {
            "hour_of_day": wall.hour,
            "day_of_week": wall.weekday(),
            "is_weekend": wall.weekday() >= _SATURDAY,
            "is_holiday": bool(country) and wall.toordinal() in load(country),
            "gps_drift_m": None if drift_m is None else min(drift_m, DRIFT_MAX_M),
            "face_confidence": _face_confidence(punch),
            "seconds_since_last_punch": min((event.time - earlier[-1]) / SECOND_MS, GAP_MAX_S) if earlier else None,
        }

    def _peers(self, site: str, step: int) -> Peers:
        """Return who punches how often at a site; at each new step everybody is counted anew."""
        peers: Peers | None = self._shelves.edit(PEERS_KIND, site)
        if peers is None:
            peers = Peers(step=step)
            self._shelves.put(PEERS_KIND, site, peers)
        elif step > peers.step:
            people, peers.counts, peers.total, peers.squares = [*peers.counts], {}, 0, 0
            peers.step = step
            for person in people:
                place = self._histories.get(person, History()).places.get(site)
                if place is not None and (count := place.punches(step)):
                    peers.put(person, count)
        return peers

    def _remember(
        self, history: History, event: Event, punch: Punch, wall: datetime, late_minutes: float | None
    ) -> None:
        step = event.time // STEP_MS
        tally = _at(history.tallies, step, Tally, SEASON_STEPS)
        tally.punches += 1
        tally.weekend += wall.weekday() >= _SATURDAY
        tally.due += late_minutes is not None
        tally.late += late_minutes is not None and late_minutes > LATE_MINUTES
        tally.mismatches += punch.verified is False
        place = history.places.get(punch.site)
        if place is None:
            if len(history.places) >= PLACES_MAX:
                del history.places[min(history.places, key=lambda name: (history.places[name].spots[-1].step, name))]
            place = history.places[punch.site] = Place()
        _put(place, step, punch)
        peers = self._peers(punch.site, step)
        peers.put(punch.person, place.punches(peers.step))

    def _late_minutes(self, event: Event, punch: Punch) -> float | None:
        """Return how late someone comes to their shift, negative before it; None where no shift waits for them."""
        if punch.direction != "in":
            return None
        for shift in self._scene.roster.shifts_of(punch.person, event.time - EARLY_MS, event.time + EARLY_MS):
            start = to_ms(shift.start)
            if shift.site != punch.site or not start - EARLY_MS <= event.time < to_ms(shift.end):
                continue
            marks = self._scene.duties.marks(punch.person)
            came = any(mark.direction == "in" and start - EARLY_MS <= mark.time < event.time for mark in marks)
            return None if came else (event.time - start) / MINUTE_MS
        return None


def _of_past(history: History, punch: Punch, step: int) -> dict[str, float | None]:
    month = [each for each in history.tallies if step - MONTH_STEPS < each.step <= step]
    season = [each for each in history.tallies if step - SEASON_STEPS < each.step <= step]
    due, punches = sum(each.due for each in month), sum(each.punches for each in season)
    return {
        "location_consistency": _consistency(history.places.get(punch.site), step),
        "late_arrival_rate": sum(each.late for each in month) / due if due else None,
        "weekend_work_rate": sum(each.weekend for each in season) / punches if punches else None,
        "biometric_mismatches_30d": sum(each.mismatches for each in month) + (punch.verified is False),
    }


def _consistency(place: Place | None, step: int) -> float | None:
    """Return 1 for punches that are all at one spot, 0 for some that are a kilometre apart; None for too few."""
    spots = [] if place is None else [each for each in place.spots if step - MONTH_STEPS < each.step <= step]
    placed = sum(each.placed for each in spots)
    if placed < PUNCHES_MIN:
        return None
    middle_m = hypot(sum(each.east for each in spots) / placed, sum(each.north for each in spots) / placed)
    spread_m = sqrt(max(0.0, sum(each.squares for each in spots) / placed - middle_m * middle_m))
    return 1 - min(spread_m / SPREAD_MAX_M, 1.0)


def _face_confidence(punch: Punch) -> float | None:
    """Return how well the body matched; a code or a card is no half-matching face."""
    if punch.method not in BODY:
        return None
    if punch.match_distance is not None:
        return max(0.0, 1 - punch.match_distance / MATCH_DISTANCE_MAX)
    return punch.confidence


def _put(place: Place, step: int, punch: Punch) -> None:
    """Add a punch to its place; what is told late counts in its own step, while that is kept."""
    spot = _at(place.spots, step, Spot, MONTH_STEPS)
    spot.punches += 1
    if punch.lat is None or punch.lon is None:
        return
    if place.lat is None or place.lon is None:
        place.lat, place.lon = punch.lat, punch.lon
    north = max(-DRIFT_MAX_M, min(DRIFT_MAX_M, (punch.lat - place.lat) * _DEGREE_M))
    east = (punch.lon - place.lon) * _DEGREE_M * cos(radians(place.lat))
    east = max(-DRIFT_MAX_M, min(DRIFT_MAX_M, east))
    spot.placed += 1
    spot.east += east
    spot.north += north
    spot.squares += east * east + north * north


def _at(rows: list[S], step: int, make: type[S], steps_max: int) -> S:
    """Return the row of a step, made where there is none; the oldest rows make room."""
    for row in reversed(rows):
        if row.step == step:
            return row
    made = make(step=step)
    rows.append(made)
    rows.sort(key=lambda each: each.step)
    del rows[:-steps_max]
    return made
