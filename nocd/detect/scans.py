"""Scans that nobody can have made on foot, of tags that hang in two places, or by the stopwatch."""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

from annotated_types import Ge, Le

from nocd.detect.kinds import Kind, Rule
from nocd.detect.location import null_island
from nocd.detect.protocol import Claim, Detector
from nocd.detect.rounds import SKIP, Round, Scan
from nocd.domain.directory import Checkpoint, Removal
from nocd.domain.finding import Category
from nocd.domain.geo import haversine_m
from nocd.domain.instant import DAY_MS, SECOND_MS, rfc3339
from nocd.domain.observation import TourScan
from nocd.domain.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nocd.detect.scene import Scene
    from nocd.domain.directory import Tour
    from nocd.domain.event import Event

NEAR_M: Final = 20.0  # checkpoints nearer than that are within reach of each other
ACCURACY_UNKNOWN_M: Final = 100.0
SIGHTINGS_MAX: Final = 32  # of one tag
SIGHTINGS_KEPT_MS: Final = 7 * DAY_MS
_BURST_MIN: Final = 3  # checkpoints
_SPEED_SHOWN_MAX_MPS: Final = 10_000.0
_REACH_M: Final = {"NFC": 0.0, "QR": 0.0, "BLE": 50.0}  # what is entered by hand was not read off a tag


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkingRule(Rule):
    """How fast a guard walks, and how close together in time the scans of a whole tour may be."""

    speed_max_mps: Annotated[float, Ge(1), Le(15)] = 3.0
    burst_s: Annotated[float, Ge(2), Le(120)] = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClonedRule(Rule):
    """How far apart scans of one tag may be, beyond both accuracies."""

    apart_max_m: Annotated[float, Ge(20), Le(5_000)] = 100.0


TOUR_TOO_FAST: Final = Kind(
    name="TOUR_TOO_FAST",
    category=Category.SECURITY,
    severities=(Severity.HIGH,),
    confidence=0.90,
    says="two checkpoints scanned faster than anyone walks between them, or a whole tour scanned within seconds",
    rule=WalkingRule,
)
TAG_CLONED: Final = Kind(
    name="TAG_CLONED",
    category=Category.SECURITY,
    severities=(Severity.HIGH,),
    confidence=0.80,
    says="one checkpoint's tag scanned at two places further apart than the phones' accuracies allow",
    rule=ClonedRule,
)


def too_fast(record: Round, tour: Tour, at: int, scene: Scene) -> Iterator[Claim]:
    """Yield the first way of a tour that someone cannot have walked; of two who share it each is judged alone."""
    rule: WalkingRule = scene.rule(TOUR_TOO_FAST.name, tour.site)
    closes = record.closes(tour)
    scans = [scan for scan in record.counted(tour) if scan.sort != SKIP]
    runs = (found for way in _ways(scans, scene) if (found := _run(way, rule)) is not None)
    found = next(runs, None)
    if found is None and at >= closes:
        found = _burst([scan for scan in scans if scan.time <= closes], rule)
    if found is None:
        return
    scan, what, figures = found
    finding = TOUR_TOO_FAST.finding(
        time=scan.time,
        reason=f"{scene.person_name(scan.person)} scanned {what} on tour {tour.id} at {scene.site_name(tour.site)}: "
        "nobody walks so fast; look for copied tags",
        evidence={"tour": tour.id, "scans": len(scans), **figures},
        site=tour.site,
        person=scan.person,
        entity_type="tour",
        entity_id=tour.id,
    )
    yield Claim(key="TOUR_TOO_FAST", finding=finding, since=scan.time)


Found = tuple[Scan, str, dict[str, Any]]  # the scan that shows it, what it was in words, the figures


class Way(NamedTuple):
    """From one scan of a person's to their next whose place is known, and how far that is."""

    before: Scan
    scan: Scan
    distance_m: float


def _ways(scans: list[Scan], scene: Scene) -> Iterator[Way]:
    last: dict[str, tuple[Scan, tuple[float, float]]] = {}
    for scan in scans:
        entry: Checkpoint | None = scene.shelves.get("checkpoint", scan.checkpoint)
        if entry is None or entry.lat is None or entry.lon is None:
            continue
        place = entry.lat, entry.lon
        if scan.person in last:
            before, former = last[scan.person]
            yield Way(before, scan, haversine_m(*former, *place))
        last[scan.person] = scan, place


def _run(way: Way, rule: WalkingRule) -> Found | None:
    """Return a way that took less time than the fastest walk."""
    gap_s = (way.scan.time - way.before.time) / SECOND_MS
    if way.distance_m < NEAR_M or way.distance_m <= rule.speed_max_mps * gap_s:
        return None
    figures = {
        "checkpoint_before": way.before.checkpoint,
        "checkpoint": way.scan.checkpoint,
        "distance_m": round(way.distance_m),
        "gap_s": round(gap_s, 1),
        "speed_mps": round(min(_SPEED_SHOWN_MAX_MPS, way.distance_m / max(gap_s, 0.001)), 1),
        "speed_max_mps": rule.speed_max_mps,
    }
    what = f"{way.before.checkpoint} and, {gap_s:.0f} s later and {way.distance_m:.0f} m away, {way.scan.checkpoint}"
    return way.scan, what, figures


def _burst(scans: list[Scan], rule: WalkingRule) -> Found | None:
    """Return the last scan of a closed tour whose scans are all of one person and one moment."""
    checkpoints = {scan.checkpoint for scan in scans}
    if len(checkpoints) < _BURST_MIN or len({scan.person for scan in scans}) > 1:
        return None
    gap_s = (scans[-1].time - scans[0].time) / SECOND_MS
    if gap_s > rule.burst_s:
        return None
    figures = {"checkpoints": len(checkpoints), "gap_s": round(gap_s, 1), "burst_s": rule.burst_s}
    return scans[-1], f"all {len(checkpoints)} checkpoints within {gap_s:.0f} s", figures


class Sighting(NamedTuple):
    """Where a tag was read, ordered by time (UTC ms); what is not known exactly lies within `accuracy_m`."""

    time: int
    person: str
    site: str
    lat: float
    lon: float
    accuracy_m: float


@dataclass(slots=True, kw_only=True)
class Tag:
    """Where a checkpoint's tag was read of late, and where it hangs; what was before `final` is judged for good."""

    home: Checkpoint | None = None
    sightings: list[Sighting] = field(default_factory=list)
    final: int = 0

    def hang(self, home: Checkpoint | None, time: int) -> None:
        """Take the checkpoint's entry; where its tag was hung anew, what was seen of the former one is forgotten."""
        former, self.home = self.home, home
        if former is not None and (home is None or _hung(home) != _hung(former)):
            self.sightings, self.final = [], max(self.final, time + 1)

    def see(self, seen: Sighting) -> bool:
        """Take a reading in, in any order; False where it is too old, or told twice."""
        if seen.time < self.final or seen in self.sightings:
            return False
        insort(self.sightings, seen)
        since = self.sightings[-1].time - SIGHTINGS_KEPT_MS
        kept = [each for each in self.sightings if each.time >= since][-SIGHTINGS_MAX:]
        if len(kept) < len(self.sightings):
            self.sightings, self.final = kept, kept[0].time + 1
        return True

    def around(self, seen: Sighting) -> list[Sighting]:
        """Return a reading with its neighbours in time."""
        at = bisect_left(self.sightings, seen)
        return self.sightings[max(0, at - 1) : at + 2]


def _hung(entry: Checkpoint) -> tuple[float | None, float | None, str | None]:
    return entry.lat, entry.lon, entry.tag


@dataclass(frozen=True, slots=True)
class Tags(Detector):
    """Compares where each checkpoint's tag was read with where it was read before."""

    name = "tags"
    kinds = (TAG_CLONED,)
    events = (TourScan, Checkpoint, Removal)
    record = Tag

    def keys(self, event: Event, scene: Scene) -> Sequence[str]:  # noqa: ARG002 - the event names its checkpoint
        """Return the checkpoint hung, taken down, or read off its tag at a known place."""
        data = event.data
        if isinstance(data, TourScan):
            known = data.lat is not None and data.lon is not None and not null_island(data.lat, data.lon)
            return (data.checkpoint,) if known and data.scan in _REACH_M else ()
        assert isinstance(data, (Checkpoint, Removal))
        return (data.id,) if event.type == "noc.checkpoint" else ()

    def step(self, record: Tag, event: Event, scene: Scene) -> bool:
        """Take a reading in, or where the tag hangs; tell whether a reading is far from the one before or after it."""
        data = event.data
        if not isinstance(data, TourScan):
            record.hang(data if isinstance(data, Checkpoint) else None, event.time)
            return False
        assert data.lat is not None
        assert data.lon is not None
        accuracy_m = (data.accuracy_m or ACCURACY_UNKNOWN_M) + _REACH_M[data.scan]
        seen = Sighting(event.time, data.person, data.site, data.lat, data.lon, accuracy_m)
        return record.see(seen) and any(_apart(record.around(seen), scene))

    def claims(self, key: str, record: Tag, at: int, scene: Scene) -> list[Claim]:  # noqa: ARG002 - readings are instants
        """Return each reading that cannot be of the same tag as its neighbour in time."""
        claims: dict[str, Claim] = {}
        for before, seen in _apart(record.sightings, scene):
            claim = _cloned(key, record, before, seen, scene)
            claims.setdefault(claim.key, claim)
        return list(claims.values())

    def final_before(self, key: str, record: Tag, scene: Scene) -> int:  # noqa: ARG002 - the record says it
        """Return the instant before which readings are forgotten."""
        return record.final

    def ends(self, key: str, record: Tag, scene: Scene) -> int | None:  # noqa: ARG002 - the record says it
        """Return a week after the last reading of a tag that the directory does not know."""
        if record.home is not None:
            return None
        return record.sightings[-1].time + SIGHTINGS_KEPT_MS if record.sightings else 0


def _apart(sightings: list[Sighting], scene: Scene) -> Iterator[tuple[Sighting, Sighting]]:
    """Yield neighbours in time that are further apart than they can be."""
    for before, seen in pairwise(sightings):
        rule: ClonedRule = scene.rule(TAG_CLONED.name, seen.site)
        slack_m = before.accuracy_m + seen.accuracy_m + rule.apart_max_m
        if _between_m(before, seen) > slack_m:
            yield before, seen


def _between_m(one: Sighting, other: Sighting) -> float:
    return haversine_m(one.lat, one.lon, other.lat, other.lon)


def _cloned(checkpoint: str, record: Tag, before: Sighting, seen: Sighting, scene: Scene) -> Claim:
    """Return the claim that one of two readings, the one further from where the tag hangs, was of a copy."""
    odd, other, home = seen, before, record.home
    if home is not None and home.lat is not None and home.lon is not None:
        odd, other = sorted((before, seen), key=lambda each: -haversine_m(home.lat, home.lon, each.lat, each.lon))  # type: ignore[arg-type]  # both are known here
    distance_m = _between_m(before, seen)
    finding = TAG_CLONED.finding(
        time=seen.time,
        reason=f"The tag of {checkpoint} was scanned by {scene.person_name(odd.person)} at "
        f"{scene.wall(odd.site, odd.time)}, {distance_m:.0f} m from where {scene.person_name(other.person)} scanned it "
        f"at {scene.wall(odd.site, other.time)}: one is a copy; replace the tag and ask",
        evidence={
            "checkpoint": checkpoint,
            "scanned_at": rfc3339(odd.time),
            "compared_with": rfc3339(other.time),
            "other_person": other.person,
            "distance_m": round(distance_m),
            "accuracies_m": round(before.accuracy_m + seen.accuracy_m, 1),
            "lat": odd.lat,
            "lon": odd.lon,
        },
        site=odd.site,
        person=odd.person,
        entity_type="checkpoint",
        entity_id=checkpoint,
    )
    return Claim(key=f"TAG_CLONED:{odd.time}:{odd.person}", finding=finding, since=seen.time)
