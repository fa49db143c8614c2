"""Where people punch: inside the fence, by a position that can be relied on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

from annotated_types import Ge, Le

from nocd.detect.fence import RADIUS_USUAL_M, outside_m
from nocd.detect.kinds import Kind, Rule
from nocd.detect.protocol import Claim, Detector
from nocd.domain.finding import Category
from nocd.domain.instant import DAY_MS, rfc3339
from nocd.domain.observation import Punch
from nocd.domain.severity import Severity
from nocd.signals.trail import ACCURACY_UNKNOWN_M

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nocd.detect.scene import Scene
    from nocd.domain.event import Event
    from nocd.domain.finding import Finding
    from nocd.signals.duty import Mark

REMEMBERED_MS: Final = DAY_MS  # before the newest punch; older ones are judged for good


@dataclass(frozen=True, slots=True, kw_only=True)
class FenceRule(Rule):
    """How far from its centre the fence of a site is that was given no radius of its own."""

    radius_m: Annotated[float, Ge(50), Le(1_000)] = RADIUS_USUAL_M


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracyRule(Rule):
    """How inexact a position may be that comes with a punch."""

    accuracy_max_m: Annotated[float, Ge(10), Le(1_000)] = 100.0


GEOFENCE_VIOLATION: Final = Kind(
    name="GEOFENCE_VIOLATION",
    category=Category.SECURITY,
    severities=(Severity.HIGH,),
    confidence=0.90,
    says="a punch outside the site's radius or polygon by more than its accuracy and the site's hysteresis",
    rule=FenceRule,
)
GPS_LOW_ACCURACY: Final = Kind(
    name="GPS_LOW_ACCURACY",
    category=Category.SECURITY,
    severities=(Severity.LOW,),
    confidence=0.70,
    says="a punch whose position is too inexact to prove anything",
    rule=AccuracyRule,
)
NULL_ISLAND: Final = Kind(
    name="NULL_ISLAND",
    category=Category.SECURITY,
    severities=(Severity.HIGH,),
    confidence=1.0,
    says="a punch or fix at latitude and longitude 0, or at whole degrees: no receiver says that of itself",
)


@dataclass(frozen=True, slots=True)
class Location(Detector):
    """Judges the positions of a person's punches of the last day; the record is the duties' own."""

    name = "location"
    kinds = (GEOFENCE_VIOLATION, GPS_LOW_ACCURACY, NULL_ISLAND)
    events = (Punch,)

    def keys(self, event: Event, scene: Scene) -> Sequence[str]:  # noqa: ARG002 - the event says whose
        """Return who punched."""
        data = event.data
        assert isinstance(data, Punch)
        return (data.person,)

    def claims(self, key: str, record: None, at: int, scene: Scene) -> list[Claim]:  # noqa: ARG002 - punches are the duties' record
        """Return what is wrong with the positions of the last day's punches."""
        since = self.final_before(key, None, scene)
        return [
            Claim(key=f"{finding.type}:{mark.key}", finding=finding, since=mark.time)
            for mark in scene.duties.marks(key)
            if mark.time >= since
            for finding in _judged(key, mark, scene)
        ]

    def final_before(self, key: str, record: None, scene: Scene) -> int:  # noqa: ARG002 - punches are the duties' record
        """Return a day before the newest punch."""
        marks = scene.duties.marks(key)
        return marks[-1].time - REMEMBERED_MS if marks else 0


def null_island(lat: float, lon: float) -> bool:
    """Tell whether a position is at whole degrees, 0 and 0 among them: written by hand, or by a broken receiver."""
    return lat == int(lat) and lon == int(lon)


def at_null_island(person: str, lat: float, lon: float, *, time: int, site: str | None, scene: Scene) -> Finding:
    """Return the finding of a position at whole degrees."""
    return NULL_ISLAND.finding(
        time=time,
        reason=f"The phone of {scene.person_name(person)} gave its position as {lat:g}, {lon:g} "
        f"at {scene.wall(site, time)}: it has none or makes it up; ask where they are",
        evidence={"lat": lat, "lon": lon, "seen_at": rfc3339(time)},
        site=site,
        person=person,
    )


def _judged(person: str, mark: Mark, scene: Scene) -> Iterator[Finding]:
    if mark.accuracy_m is not None:
        yield from _inexact(person, mark, mark.accuracy_m, scene)
    if mark.lat is None or mark.lon is None:
        return
    if null_island(mark.lat, mark.lon):
        yield at_null_island(person, mark.lat, mark.lon, time=mark.time, site=mark.site, scene=scene)
    else:
        yield from _outside(person, mark, mark.lat, mark.lon, scene)


def _inexact(person: str, mark: Mark, accuracy_m: float, scene: Scene) -> Iterator[Finding]:
    rule: AccuracyRule = scene.rule(GPS_LOW_ACCURACY.name, mark.site)
    if accuracy_m <= rule.accuracy_max_m:
        return
    yield GPS_LOW_ACCURACY.finding(
        time=mark.time,
        reason=f"{scene.person_name(person)} punched {mark.direction} at {scene.site_name(mark.site)} with a position "
        f"good to {accuracy_m:.4g} m only: it does not show where they were",
        evidence={"punch": mark.id, "accuracy_m": accuracy_m, "accuracy_max_m": rule.accuracy_max_m},
        site=mark.site,
        person=person,
    )


def _outside(person: str, mark: Mark, lat: float, lon: float, scene: Scene) -> Iterator[Finding]:
    site = scene.roster.sites.get(mark.site)
    rule: FenceRule = scene.rule(GEOFENCE_VIOLATION.name, mark.site)
    beyond_m = None if site is None else outside_m(site, lat, lon, radius_m=rule.radius_m)
    if site is None or beyond_m is None:
        return
    accuracy_m = mark.accuracy_m or ACCURACY_UNKNOWN_M
    if beyond_m <= accuracy_m + site.hysteresis_m:
        return
    name, direction = scene.person_name(person), mark.direction
    yield GEOFENCE_VIOLATION.finding(
        time=mark.time,
        reason=f"{name} punched {direction} at {site.name} from {beyond_m:.0f} m outside its fence "
        f"at {scene.wall(mark.site, mark.time)}; call and ask where they are",
        evidence={
            "punch": mark.id,
            "outside_m": round(beyond_m, 1),
            "accuracy_m": accuracy_m,
            "hysteresis_m": site.hysteresis_m,
            "lat": lat,
            "lon": lon,
        },
        site=mark.site,
        person=person,
    )
