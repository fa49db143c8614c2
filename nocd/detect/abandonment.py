"""Tours begun and given up: no scan for half an hour, and their guard elsewhere."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

from annotated_types import Ge, Le

from nocd.detect.fence import outside_m
from nocd.detect.kinds import Kind, Rule
from nocd.detect.location import GEOFENCE_VIOLATION, FenceRule, null_island
from nocd.detect.protocol import Claim, Detector
from nocd.detect.rounds import KIND as ROUNDS_KIND
from nocd.detect.rounds import SKIP, Round, Scan, latest
from nocd.detect.scans import ACCURACY_UNKNOWN_M
from nocd.detect.tours import TOUR_INCOMPLETE, CoverageRule
from nocd.domain.directory import Tour
from nocd.domain.finding import Category
from nocd.domain.geo import haversine_m
from nocd.domain.instant import HOUR_MS, MINUTE_MS, rfc3339
from nocd.domain.observation import LocationFix, Punch, TourScan
from nocd.domain.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nocd.detect.scene import Scene
    from nocd.domain.directory import Checkpoint
    from nocd.domain.event import Event

WALKS_MAX: Final = 8  # tours of one person at once
MINUTES_MAX: Final = 300  # of fixes: the longest tour there is, from early to its end
_KEPT_MS: Final = 6 * HOUR_MS
_VAGUE_M: Final = 200.0  # what is less exact says nothing of where someone goes


@dataclass(frozen=True, slots=True, kw_only=True)
class AbandonedRule(Rule):
    """How long there may be no scan, and how far from all checkpoints a guard must be then."""

    idle_minutes: Annotated[float, Ge(10), Le(120)] = 30.0
    away_m: Annotated[float, Ge(50), Le(1_000)] = 150.0


TOUR_ABANDONMENT: Final = Kind(
    name="TOUR_ABANDONMENT",
    category=Category.SECURITY,
    severities=(Severity.HIGH,),
    confidence=0.80,
    says="no scan on a tour begun for 30 min, and its guard off site or far from its checkpoints twice in a row",
    rule=AbandonedRule,
)


@dataclass(slots=True, kw_only=True)
class Walk:
    """A tour someone began, up to when it may be walked, and each minute with a fix: near (False) or away."""

    until: int
    minutes: list[tuple[int, bool]] = field(default_factory=list)
    strayed: bool = False

    def see(self, minute: int, *, away: bool) -> None:
        """Take a fix in, in any order: who was near in a minute was not away in it."""
        self.strayed |= away
        at = bisect_left(self.minutes, (minute,))
        if at == len(self.minutes) or self.minutes[at][0] != minute:
            self.minutes.insert(at, (minute, away))
            del self.minutes[:-MINUTES_MAX]
        elif not away:
            self.minutes[at] = (minute, False)


@dataclass(slots=True, kw_only=True)
class Walks:
    """A person's tours of the last hours, up to when any of them may be walked, and the newest event (UTC ms)."""

    walks: dict[str, Walk] = field(default_factory=dict)
    until: int = 0
    newest: int = 0

    def begin(self, tour: Tour) -> None:
        """Take a tour that was scanned; those over for hours go, and the oldest of too many."""
        until = latest(tour)
        self.walks.setdefault(tour.id, Walk(until=until)).until = until
        kept = [name for name, walk in self.walks.items() if walk.until >= self.newest - _KEPT_MS]
        kept = sorted(kept, key=lambda name: self.walks[name].until)[-WALKS_MAX:]
        self.walks = {name: self.walks[name] for name in kept}
        self.until = max((walk.until for walk in self.walks.values()), default=0)


class Gap(NamedTuple):
    """The time from a scan to what ended the wait for the next (UTC ms)."""

    scan: Scan
    end: int
    over: str
    missing: int  # checkpoints


@dataclass(frozen=True, slots=True)
class Abandonment(Detector):
    """Watches who began a tour while they scan nothing; must come after the tours, whose record it reads."""

    name = "abandonment"
    kinds = (TOUR_ABANDONMENT,)
    events = (TourScan, LocationFix, Punch, Tour)
    record = Walks

    def keys(self, event: Event, scene: Scene) -> Sequence[str]:
        """Return who scanned, all who scanned the same tour before, or who is seen while on a tour."""
        data = event.data
        if isinstance(data, (LocationFix, Punch)):
            record: Walks | None = scene.shelves.get(self.name, data.person)
            return (data.person,) if record is not None and event.time <= record.until else ()
        assert isinstance(data, (TourScan, Tour))
        around: Round | None = scene.shelves.get(ROUNDS_KIND, data.tour if isinstance(data, TourScan) else data.id)
        if around is None or around.tour is None:
            return ()
        walking = {scan.person for scan in around.scans if scene.shelves.get(self.name, scan.person) is not None}
        return sorted(walking | ({data.person} if isinstance(data, TourScan) else set()))

    def step(self, record: Walks, event: Event, scene: Scene) -> bool:
        """Take a scan or a fix in; tell whether someone on a tour was ever away from it."""
        data = event.data
        record.newest = max(record.newest, event.time)
        if isinstance(data, LocationFix):
            return self._seen(record, event, data, scene)
        if isinstance(data, TourScan):
            record.begin(scene.shelves.get(ROUNDS_KIND, data.tour).tour)
        return any(walk.strayed for walk in record.walks.values())

    def claims(self, key: str, record: Walks, at: int, scene: Scene) -> list[Claim]:
        """Return the tours given up, over with the next scan, a break, or the tour itself."""
        return [
            claim
            for name, walk in record.walks.items()
            if walk.strayed
            for gap in _gaps(key, name, scene)
            for claim in _given_up(key, walk, gap, scene.shelves.get(ROUNDS_KIND, name).tour, at, scene)
        ]

    def due(self, key: str, record: Walks, after: int, scene: Scene) -> int | None:
        """Return when someone seen away has scanned nothing for too long, or their tour ends."""
        moments = []
        for name, walk in record.walks.items():
            for gap in _gaps(key, name, scene) if walk.strayed else ():
                moments += [gap.scan.time + _idle_ms(scene.shelves.get(ROUNDS_KIND, name).tour, scene), gap.end]
        return min((moment for moment in moments if moment > after), default=None)

    def final_before(self, key: str, record: Walks, scene: Scene) -> int:  # noqa: ARG002 - the record says it
        """Return six hours before the newest event."""
        return record.newest - _KEPT_MS

    def ends(self, key: str, record: Walks, scene: Scene) -> int:  # noqa: ARG002 - the record says it
        """Return six hours after the last tour."""
        return record.until + _KEPT_MS

    def _seen(self, record: Walks, event: Event, data: LocationFix, scene: Scene) -> bool:
        accuracy_m = data.accuracy_m or ACCURACY_UNKNOWN_M
        if data.location_mocked or accuracy_m > _VAGUE_M or null_island(data.lat, data.lon):
            return False
        for name, walk in record.walks.items():
            around: Round | None = scene.shelves.get(ROUNDS_KIND, name)
            if event.time <= walk.until and around is not None and around.tour is not None:
                away = _away(around.tour, (data.lat, data.lon), accuracy_m, scene)
                walk.see(event.time // MINUTE_MS, away=away)
        return any(walk.strayed for walk in record.walks.values())


def _away(tour: Tour, place: tuple[float, float], accuracy_m: float, scene: Scene) -> bool:
    """Tell whether a position is off site, or far from every checkpoint of a tour whose places are all known."""
    site = scene.roster.sites.get(tour.site)
    fence: FenceRule = scene.rule(GEOFENCE_VIOLATION.name, tour.site)
    beyond_m = None if site is None else outside_m(site, *place, radius_m=fence.radius_m)
    if site is not None and beyond_m is not None and beyond_m > accuracy_m + site.hysteresis_m:
        return True
    rule: AbandonedRule = scene.rule(TOUR_ABANDONMENT.name, tour.site)
    return _nearest_m(tour, place, scene) > rule.away_m + accuracy_m


def _nearest_m(tour: Tour, place: tuple[float, float], scene: Scene) -> float:
    """Return how far the nearest checkpoint is, 0 where the place of one is not known."""
    nearest_m = float("inf") if tour.checkpoints else 0.0
    for checkpoint in tour.checkpoints:
        entry: Checkpoint | None = scene.shelves.get("checkpoint", checkpoint)
        if entry is None or entry.lat is None or entry.lon is None:
            return 0.0
        nearest_m = min(nearest_m, haversine_m(entry.lat, entry.lon, *place))
    return nearest_m


def _idle_ms(tour: Tour, scene: Scene) -> int:
    rule: AbandonedRule = scene.rule(TOUR_ABANDONMENT.name, tour.site)
    return int(rule.idle_minutes * MINUTE_MS)


def _gaps(person: str, name: str, scene: Scene) -> Iterator[Gap]:
    """Yield the waits, too short ones too, after a person's scans of a tour, until enough of it is scanned."""
    around: Round | None = scene.shelves.get(ROUNDS_KIND, name)
    if around is None or around.tour is None:
        return
    tour, closes = around.tour, around.closes(around.tour)
    rule: CoverageRule = scene.rule(TOUR_INCOMPLETE.name, tour.site)
    left = set(tour.checkpoints)
    total = len(left)
    scans = around.counted(tour, closes)
    for scan, following in zip(scans, [*scans[1:], None], strict=True):
        if scan.sort != SKIP:
            left.discard(scan.checkpoint)
        if 100 * (total - len(left)) >= rule.coverage_min_percent * total:
            return
        if scan.person == person:
            ends = [(closes, "the tour is closed"), *_ends(around, scan, following, scene)]
            yield Gap(scan, *min(ends), missing=len(left))


def _ends(around: Round, scan: Scan, following: Scan | None, scene: Scene) -> Iterator[tuple[int, str]]:
    """Yield what ends the wait after a scan before the tour does, and when (UTC ms)."""
    if following is not None:
        yield following.time, "scanning went on"
    if around.off:
        yield around.off_at, f"the tour was {around.off}"
    for mark in scene.duties.marks(scan.person):
        if mark.direction in ("out", "break_start") and mark.time > scan.time:
            yield mark.time, "a break began" if mark.direction == "break_start" else "the duty ended"


def _given_up(person: str, walk: Walk, gap: Gap, tour: Tour, at: int, scene: Scene) -> Iterator[Claim]:
    """Yield that nothing was scanned for too long, from when the person was seen away twice in a row."""
    scan = gap.scan
    since = _away_since(walk.minutes, scan.time, scan.time + _idle_ms(tour, scene), gap.end)
    if since is None or at < since or scene.mute(person, scan.time, since, site=tour.site):
        return
    name, site = scene.person_name(person), scene.site_name(tour.site)
    idle_minutes = (since - scan.time) / MINUTE_MS
    finding = TOUR_ABANDONMENT.finding(
        time=since,
        reason=f"{name} began tour {tour.id} at {site} but has scanned nothing since {scan.checkpoint} at "
        f"{scene.wall(tour.site, scan.time)}, {idle_minutes:.0f} min, and is away from it: call, then send someone",
        evidence={
            "tour": tour.id,
            "checkpoint": scan.checkpoint,
            "scanned_at": rfc3339(scan.time),
            "idle_minutes": round(idle_minutes, 1),
            "checkpoints_missing": gap.missing,
        },
        site=tour.site,
        person=person,
        entity_type="tour",
        entity_id=tour.id,
    )
    yield Claim(
        key=f"TOUR_ABANDONMENT:{tour.id}:{scan.time}",
        finding=finding,
        since=since,
        lasting=True,
        until=gap.end if gap.end <= at else None,
        over=f"{gap.over} at {scene.wall(tour.site, gap.end)}",
    )


def _away_since(minutes: list[tuple[int, bool]], start: int, idle_at: int, end: int) -> int | None:
    """Return the first instant from `idle_at` to before `end` by which the last two minutes since `start` are away."""
    seen = [(minute * MINUTE_MS, away) for minute, away in minutes if start < minute * MINUTE_MS < end]
    for number in range(1, len(seen)):
        time, away = seen[number]
        upto = seen[number + 1][0] if number + 1 < len(seen) else end
        if away and seen[number - 1][1] and max(time, idle_at) < upto:
            return max(time, idle_at)
    return None
