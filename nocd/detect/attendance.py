"""Who punches in where: on whose shift, at whose site, and whether anyone could have come so fast."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Final, Literal

from annotated_types import Ge, Le

from nocd.detect.kinds import Kind, Rule
from nocd.detect.location import null_island
from nocd.detect.protocol import Claim, Detector
from nocd.domain.directory import Shift
from nocd.domain.finding import Category
from nocd.domain.geo import haversine_m
from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, rfc3339, to_ms
from nocd.domain.observation import Punch
from nocd.domain.severity import Severity
from nocd.signals.duty import PUNCHES_KEPT_MS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nocd.detect.scene import Scene
    from nocd.domain.event import Event
    from nocd.domain.finding import Finding
    from nocd.signals.duty import Mark

SHIFT_MARGIN_MS: Final = 60 * MINUTE_MS
REMEMBERED_MS: Final = DAY_MS  # before the person's newest punch; older ones are judged for good
COMPARED_MS: Final = (
    PUNCHES_KEPT_MS - DAY_MS
)  # before anyone's newest: then colleagues' punches of that day are forgotten
_SLOT_EARLY_MS: Final = 30 * MINUTE_MS  # who comes earlier takes up nobody's shift yet
_NEAR_MS: Final = 12 * HOUR_MS
_KMH: Final = 3.6


@dataclass(frozen=True, slots=True, kw_only=True)
class UnauthorizedRule(Rule):
    """How grave a punch at a site that is none of one's own is."""

    severity: Literal[Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL] = Severity.CRITICAL


@dataclass(frozen=True, slots=True, kw_only=True)
class TravelRule(Rule):
    """How fast people travel between sites."""

    speed_max_kmh: Annotated[float, Ge(50), Le(300)] = 150.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BuddyRule(Rule):
    """How close in time two punches are for one to be someone else's doing."""

    window_minutes: Annotated[float, Ge(1), Le(30)] = 5.0


BUDDY_PUNCHING: Final = Kind(
    name="BUDDY_PUNCHING",
    category=Category.SECURITY,
    severities=(Severity.CRITICAL,),
    confidence=0.95,
    says="one person verified at two sites within minutes, or two people on one device that is no terminal",
    rule=BuddyRule,
)
WRONG_PERSON: Final = Kind(
    name="WRONG_PERSON",
    category=Category.SECURITY,
    severities=(Severity.HIGH,),
    confidence=0.95,
    says="someone without a shift there punched in while a colleague's shift at the site is not taken up",
)
UNAUTHORIZED_SITE: Final = Kind(
    name="UNAUTHORIZED_SITE",
    category=Category.SECURITY,
    severities=(Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW),
    confidence=0.90,
    says="a punch-in at a site that is none of the person's, without a shift or substitution there",
    rule=UnauthorizedRule,
)
IMPOSSIBLE_SHIFTS: Final = Kind(
    name="IMPOSSIBLE_SHIFTS",
    category=Category.SECURITY,
    severities=(Severity.CRITICAL,),
    confidence=0.85,
    says="punches at two sites closer in time than travel at the greatest speed allows",
    rule=TravelRule,
)
SCHEDULE_MISMATCH: Final = Kind(
    name="SCHEDULE_MISMATCH",
    category=Category.OPERATIONAL,
    severities=(Severity.MEDIUM, Severity.LOW),
    confidence=0.70,
    says="a punch-in without a shift within 60 min; LOW where the day's shift at the site is further off",
)
WRONG_SITE: Final = Kind(
    name="WRONG_SITE",
    category=Category.OPERATIONAL,
    severities=(Severity.HIGH,),
    confidence=0.85,
    says="a punch-in at one site while the person's shift is at another",
)
INACTIVE_PERSON: Final = Kind(
    name="INACTIVE_PERSON",
    category=Category.SECURITY,
    severities=(Severity.HIGH,),
    confidence=0.95,
    says="a punch by someone the directory marks inactive",
)


# Whether a slot is open says which of the two it is, and a colleague's late punch may fill it.
_ALIKE: Final = frozenset({WRONG_PERSON.name, SCHEDULE_MISMATCH.name})


@dataclass(slots=True, kw_only=True)
class Judged:
    """What each of a person's punches was found to be when it was first judged, by punch: types that may stand.

    A transfer, a leaver or a changed shift then accuses nobody of what was right before it; it may only excuse.
    """

    types: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Attendance(Detector):
    """Judges a person's punches of the last day, kept by the duties, against the roster."""

    name = "attendance"
    kinds = (
        WRONG_PERSON,
        UNAUTHORIZED_SITE,
        IMPOSSIBLE_SHIFTS,
        SCHEDULE_MISMATCH,
        WRONG_SITE,
        INACTIVE_PERSON,
        BUDDY_PUNCHING,
    )
    events = (Punch, Shift)
    record = Judged

    def keys(self, event: Event, scene: Scene) -> Sequence[str]:
        """Return who punched, or whose shift it is, and who else is at the site: a slot may be filled or freed."""
        data = event.data
        assert isinstance(data, (Punch, Shift))
        start, end = (to_ms(data.start), to_ms(data.end)) if isinstance(data, Shift) else (event.time, event.time)
        around = scene.duties.at(data.site, start - SHIFT_MARGIN_MS, end + SHIFT_MARGIN_MS)
        return sorted({data.person, *(person for person, _, _ in around)})

    def step(self, record: Judged, event: Event, scene: Scene) -> bool:
        """Keep what the punches of the one who punched are found to be at first; a colleague's have been judged."""
        data = event.data
        assert isinstance(data, (Punch, Shift))
        if isinstance(data, Punch) and scene.shelves.get(self.name, data.person) is record:
            marks = scene.duties.marks(data.person)
            kept = {mark.key: record.types[mark.key] for mark in marks if mark.key in record.types}
            since = _since(marks, scene)
            for mark in marks if data.person in scene.roster.people else ():
                if mark.key not in kept and mark.time >= since:
                    kept[mark.key] = [finding.type for finding in _judged(data.person, mark, scene)]
            record.types = kept
        return True

    def claims(self, key: str, record: Judged, at: int, scene: Scene) -> list[Claim]:  # noqa: ARG002 - a punch is judged whenever
        """Return what is wrong with the person's punches of the last day."""
        marks = scene.duties.marks(key)
        if not marks or key not in scene.roster.people:
            return []
        since = _since(marks, scene)
        trusted: Mark | None = None
        claims: list[Claim] = []
        for mark in marks:
            too_fast = _too_fast(key, trusted, mark, scene) if trusted is not None and mark.verified else None
            if mark.verified and too_fast is None:
                trusted = mark  # else what comes next is compared with where the person was known to be
            if mark.time >= since:
                found = _first(record, mark, list(_judged(key, mark, scene)))
                claims += [_claim(mark, finding) for finding in (*found, *([too_fast] if too_fast is not None else []))]
        return claims

    def final_before(self, key: str, record: Judged, scene: Scene) -> int:  # noqa: ARG002 - punches are the duties' record
        """Return from when on punches are judged anew."""
        marks = scene.duties.marks(key)
        return _since(marks, scene) if marks else 0


def _since(marks: list[Mark], scene: Scene) -> int:
    """Return from when on a person's punches are judged anew: those of late, with which all others are remembered."""
    return max(marks[-1].time - REMEMBERED_MS, min(scene.duties.newest, scene.now) - COMPARED_MS)


def _first(record: Judged, mark: Mark, found: list[Finding]) -> list[Finding]:
    """Return what of a punch's findings was found when it was first judged, or all where it never was."""
    known = record.types.get(mark.key)
    if known is None:
        return found
    if not _ALIKE.isdisjoint(known):
        return [finding for finding in found if finding.type in known or finding.type in _ALIKE]
    return [finding for finding in found if finding.type in known]


def _claim(mark: Mark, finding: Finding) -> Claim:
    return Claim(key=f"{finding.type}:{mark.key}", finding=finding, since=mark.time)


def _judged(person: str, mark: Mark, scene: Scene) -> Iterator[Finding]:
    if not scene.roster.people[person].active:
        yield _inactive(person, mark, scene)
    if mark.direction == "in" and mark.verified:
        yield from _out_of_place(person, mark, scene)


def _inactive(person: str, mark: Mark, scene: Scene) -> Finding:
    name = scene.person_name(person)
    return INACTIVE_PERSON.finding(
        time=mark.time,
        reason=f"{name} punched {mark.direction} at {scene.site_name(mark.site)} but is marked inactive",
        evidence={"punch": mark.id, "punched_at": rfc3339(mark.time)},
        site=mark.site,
        person=person,
    )


def _too_fast(person: str, before: Mark, mark: Mark, scene: Scene) -> Finding | None:
    """Return a finding where the way between two sites would need more than the greatest speed.

    Within the buddy window it is someone else's punch, else an impossible shift; unknown places are not judged.
    """
    if before.site == mark.site:
        return None
    distance_m, slack_m = apart_m(before, mark, scene)
    rule: TravelRule = scene.rule(IMPOSSIBLE_SHIFTS.name, mark.site)
    gap_ms = mark.time - before.time
    speed_kmh = (distance_m or 0.0) / max(gap_ms, 1) * 1_000 * _KMH
    if distance_m is None or distance_m <= slack_m or speed_kmh <= rule.speed_max_kmh:
        return None
    buddy: BuddyRule = scene.rule(BUDDY_PUNCHING.name, mark.site)
    kind = BUDDY_PUNCHING if gap_ms <= buddy.window_minutes * MINUTE_MS else IMPOSSIBLE_SHIFTS
    name, here = scene.person_name(person), scene.site_name(mark.site)
    return kind.finding(
        time=mark.time,
        reason=f"{name} punched at {scene.site_name(before.site)} and {gap_ms / MINUTE_MS:.0f} min later at "
        f"{here}, {distance_m / 1_000:.0f} km away: nobody travels so fast",
        evidence={
            "punch": mark.id,
            "punch_before": before.id,
            "site_before": before.site,
            "distance_m": round(distance_m),
            "gap_minutes": round(gap_ms / MINUTE_MS, 1),
            "speed_kmh": min(round(speed_kmh), 100_000),
            "speed_max_kmh": rule.speed_max_kmh,
        },
        site=mark.site,
        person=person,
    )


def apart_m(before: Mark, mark: Mark, scene: Scene) -> tuple[float | None, float]:
    """Return the metres between two punches (None where a place is unknown) and how many of them say nothing.

    A punch is where its phone was, else at its site's centre: where the phone had no position, or made it up, too.
    Fences and accuracies are what says nothing.
    """
    here, there = _whereabouts(mark, scene), _whereabouts(before, scene)
    if here is None or there is None:
        return None, 0.0
    slack_m = (before.accuracy_m or 0.0) + (mark.accuracy_m or 0.0)
    slack_m += sum(scene.roster.sites[each.site].radius_m for each in (before, mark))
    return haversine_m(*here, *there), slack_m


def _whereabouts(mark: Mark, scene: Scene) -> tuple[float, float] | None:
    site = scene.roster.sites.get(mark.site)
    if site is None:
        return None  # removed since: its fence is not known any more
    if mark.lat is not None and mark.lon is not None and not (mark.mocked or null_island(mark.lat, mark.lon)):
        return mark.lat, mark.lon
    return None if site.lat is None or site.lon is None else (site.lat, site.lon)


def _out_of_place(person: str, mark: Mark, scene: Scene) -> Iterator[Finding]:
    """Yield what is wrong with someone coming to a site without a shift there."""
    shifts = scene.roster.shifts_of(person, mark.time - _NEAR_MS, mark.time + _NEAR_MS)
    if any(shift.site == mark.site and _covers(shift, mark.time) for shift in shifts):
        return
    sites = scene.roster.people[person].sites
    strange = bool(sites) and mark.site not in sites
    missing = _missing(mark, scene)
    if strange:
        yield _unauthorized(person, mark, scene)
    if missing and missing[0].person != person:
        yield _wrong_person(person, mark, missing, scene)
    elsewhere = next((shift for shift in shifts if _covers(shift, mark.time) and not shift.on_call), None)
    if elsewhere is not None and not strange:
        yield _wrong_site(person, mark, elsewhere, scene)
    elif not (strange or missing) and (shifts or scene.roster.planned(mark.site)):
        yield _mismatch(person, mark, shifts, scene)


def _covers(shift: Shift, time: int) -> bool:
    return to_ms(shift.start) - SHIFT_MARGIN_MS <= time < to_ms(shift.end)


def _missing(mark: Mark, scene: Scene) -> list[Shift]:
    """Return the shifts at the punch's site and time whose people did not come: sets are compared, not posts."""
    around = scene.roster.shifts_at(mark.site, mark.time, mark.time + _SLOT_EARLY_MS)
    replaced = {shift.substitute_for for shift in around if shift.substitute_for is not None}
    return [shift for shift in around if shift.person not in replaced and scene.presence.came(shift) is None]


def _wrong_person(person: str, mark: Mark, missing: list[Shift], scene: Scene) -> Finding:
    name, site = scene.person_name(person), scene.site_name(mark.site)
    due = ", ".join(scene.person_name(shift.person) for shift in missing[:3])
    return WRONG_PERSON.finding(
        time=mark.time,
        reason=f"{name} punched in at {site} at {scene.wall(mark.site, mark.time)} without a shift there; due is {due}",
        evidence={
            "punch": mark.id,
            "shifts": [shift.id for shift in missing[:10]],
            "due": [shift.person for shift in missing[:10]],
            "device": mark.device,
        },
        site=mark.site,
        person=person,
    )


def _unauthorized(person: str, mark: Mark, scene: Scene) -> Finding:
    name, site = scene.person_name(person), scene.site_name(mark.site)
    rule: UnauthorizedRule = scene.rule(UNAUTHORIZED_SITE.name, mark.site)
    return UNAUTHORIZED_SITE.finding(
        time=mark.time,
        severity=rule.severity,
        reason=f"{name} punched in at {site}, which is none of their sites, without a shift or substitution there",
        evidence={"punch": mark.id, "sites": list(scene.roster.people[person].sites[:20]), "device": mark.device},
        site=mark.site,
        person=person,
    )


def _wrong_site(person: str, mark: Mark, elsewhere: Shift, scene: Scene) -> Finding:
    name, site = scene.person_name(person), scene.site_name(mark.site)
    return WRONG_SITE.finding(
        time=mark.time,
        reason=f"{name} punched in at {site}, but their shift is at {scene.site_name(elsewhere.site)}",
        evidence={"punch": mark.id, "shift": elsewhere.id, "shift_site": elsewhere.site},
        site=mark.site,
        person=person,
    )


def _mismatch(person: str, mark: Mark, shifts: list[Shift], scene: Scene) -> Finding:
    name, site = scene.person_name(person), scene.site_name(mark.site)
    off = [
        (min(abs(to_ms(shift.start) - mark.time), abs(to_ms(shift.end) - mark.time)), shift)
        for shift in shifts
        if shift.site == mark.site
    ]
    if not off:
        return SCHEDULE_MISMATCH.finding(
            time=mark.time,
            reason=f"{name} punched in at {site} at {scene.wall(mark.site, mark.time)} without any shift that day",
            evidence={"punch": mark.id, "shift": None},
            site=mark.site,
            person=person,
        )
    off_ms, near = min(off, key=lambda each: each[0])
    return SCHEDULE_MISMATCH.finding(
        time=mark.time,
        severity=Severity.LOW,
        confidence=0.60,
        reason=f"{name} punched in at {site} {off_ms / MINUTE_MS:.0f} min off their shift",
        evidence={"punch": mark.id, "shift": near.id, "off_minutes": round(off_ms / MINUTE_MS)},
        site=mark.site,
        person=person,
    )
