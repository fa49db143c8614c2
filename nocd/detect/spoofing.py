"""Positions that are made up: marked as mocked, out of reach, frozen while their person walks, or at null island."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final

from annotated_types import Ge, Le

from nocd.detect.course import (
    FIX,
    FROZEN,
    JUMP,
    MOCKED,
    NEIGHBOUR_MS,
    NULL,
    PUNCH,
    STEPS,
    Course,
    Found,
    Sight,
    Speeds,
)
from nocd.detect.kinds import Kind, Rule
from nocd.detect.location import NULL_ISLAND, at_null_island, null_island
from nocd.detect.ordered import settle, take, walked
from nocd.detect.protocol import Claim, Detector
from nocd.domain.finding import Category
from nocd.domain.instant import DAY_MS, rfc3339
from nocd.domain.observation import LocationFix, PhoneEvent, Punch
from nocd.domain.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from nocd.detect.scene import Scene
    from nocd.domain.event import Event
    from nocd.domain.finding import Finding

PHONES_MAX: Final = 4  # of one person
_KMH: Final = 3.6


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoofingRule(Rule):
    """How fast a phone can be carried: between two fixes, and between a fix and a punch."""

    speed_max_kmh: Annotated[float, Ge(200), Le(1_200)] = 600.0
    punch_speed_max_kmh: Annotated[float, Ge(50), Le(300)] = 150.0


GPS_SPOOFING: Final = Kind(
    name="GPS_SPOOFING",
    category=Category.SECURITY,
    severities=(Severity.CRITICAL,),
    confidence=0.95,
    says="a position marked as mocked, out of reach from the last one that can be trusted, or frozen while steps count",
    rule=SpoofingRule,
)
_CONFIDENCE: Final = {MOCKED: 0.99, JUMP: 0.95, PUNCH: 0.95, FROZEN: 0.80}


@dataclass(slots=True, kw_only=True)
class Phone:
    """One phone's course: up to what is settled, and with what is pending."""

    settled: Course = field(default_factory=Course)
    head: Course = field(default_factory=Course)
    pending: list[Sight] = field(default_factory=list)
    settled_to: int = 0
    walk_at: int = 0


@dataclass(slots=True, kw_only=True)
class Phones:
    """The phones of one person by device, '' where none is named, and up to when all is settled (UTC ms)."""

    phones: dict[str, Phone] = field(default_factory=dict)
    settled_to: int = 0


@dataclass(frozen=True, slots=True)
class Spoofing(Detector):
    """Follows each person's phones."""

    name = "spoofing"
    kinds = (GPS_SPOOFING, NULL_ISLAND)
    events = (LocationFix, Punch, PhoneEvent)
    record = Phones

    def keys(self, event: Event, scene: Scene) -> Sequence[str]:
        """Return whose phone it is, where it tells a place or steps."""
        data = event.data
        assert isinstance(data, (LocationFix, Punch, PhoneEvent))
        tells = data.steps if isinstance(data, PhoneEvent) else data.lat is not None
        if not tells or data.person not in scene.roster.people:
            return ()
        return (data.person,)

    def step(self, record: Phones, event: Event, scene: Scene) -> bool:
        """Walk on with what the phone tells; tell whether something was found, or is not so after all."""
        data = event.data
        assert isinstance(data, (LocationFix, Punch, PhoneEvent))
        seen = _seen(event)
        if seen is None:
            return False
        speeds = partial(_speeds, data.person, scene)
        for phone in record.phones.values():
            _settle(phone, scene.watermark, speeds)
        record.settled_to = max(record.settled_to, scene.watermark)
        changed = False
        for phone in _phones(record, data.device or "", punched=isinstance(data, Punch)):
            changed |= take(phone, seen, speeds, now=scene.now)
            if phone.walk_at and seen.sort == MOCKED and not phone.head.has(MOCKED, seen.time):
                phone.walk_at, changed = scene.now, True
        return changed

    def claims(self, key: str, record: Phones, at: int, scene: Scene) -> list[Claim]:
        """Return what was found of late on the person's phones."""
        courses = [walked(phone, at, partial(_speeds, key, scene)) for phone in record.phones.values()]
        found = {f"{each.key}@{each.time}": each for course in courses for each in course.found}
        return [Claim(key=name, finding=_finding(key, each, scene), since=each.time) for name, each in found.items()]

    def due(self, key: str, record: Phones, after: int, scene: Scene) -> int | None:  # noqa: ARG002 - the record says
        """Return when what came out of order is walked."""
        return min((phone.walk_at for phone in record.phones.values() if phone.walk_at > after), default=None)

    def final_before(self, key: str, record: Phones, scene: Scene) -> int:  # noqa: ARG002 - the record says
        """Return when all is settled, and nothing near enough can come that would make a jump travel."""
        return record.settled_to - NEIGHBOUR_MS

    def ends(self, key: str, record: Phones, scene: Scene) -> int | None:  # noqa: ARG002 - the record says
        """Return a midnight two days after the phones were last heard: by then anyone can be anywhere."""
        return (record.settled_to // DAY_MS + 3) * DAY_MS


def site_at(person: str, time: int, scene: Scene) -> str | None:
    """Return where someone is on duty at an instant (UTC ms) by punch, else by plan, else the one site they have."""
    for duty in reversed(scene.duties.of(person)):
        if duty.start <= time < duty.until:
            return duty.site
    shift = scene.roster.shift_of(person, time)
    if shift is not None:
        return shift.site
    entry = scene.roster.people.get(person)
    return entry.sites[0] if entry is not None and len(entry.sites) == 1 else None


def _speeds(person: str, scene: Scene, seen: Sight) -> Speeds:
    rule: SpoofingRule = scene.rule(GPS_SPOOFING.name, seen.site or site_at(person, seen.time, scene))
    return Speeds(rule.speed_max_kmh / _KMH, rule.punch_speed_max_kmh / _KMH)


def _settle(phone: Phone, upto: int, speeds: Callable[[Sight], Speeds]) -> None:
    settle(phone, upto, speeds)
    for course in (phone.settled, phone.head):
        course.forget_before(upto - NEIGHBOUR_MS)


def _phones(record: Phones, device: str, *, punched: bool) -> Iterable[Phone]:
    """Return the phone that told something; a punch at a terminal is compared with the one heard last.

    Of a person with too many phones one that is silent for a day makes room, else the next is not followed.
    """
    phones = record.phones
    name = device if device in phones or not punched else ""
    if name in phones:
        return (phones[name],)
    if phones and not name:
        return (max(phones.values(), key=_heard_at),)
    if list(phones) == [""]:
        phones[name] = phones.pop("")  # now it is named
    elif len(phones) < PHONES_MAX or _make_room(record):
        phones[name] = Phone(settled_to=record.settled_to)
    return (phones[name],) if name in phones else ()


def _make_room(record: Phones) -> bool:
    name = min(record.phones, key=lambda each: _heard_at(record.phones[each]))
    if _heard_at(record.phones[name]) >= record.settled_to - DAY_MS:
        return False
    del record.phones[name]
    return True


def _heard_at(phone: Phone) -> int:
    if phone.pending:
        return phone.pending[-1].time
    return 0 if phone.settled.anchor is None else phone.settled.anchor.time


def _seen(event: Event) -> Sight | None:
    """Return what an event says of where a phone is, or None."""
    data = event.data
    if isinstance(data, PhoneEvent):
        return Sight(event.time, STEPS, steps=data.steps or 0)
    assert isinstance(data, (LocationFix, Punch))
    if data.lat is None or data.lon is None:
        return None
    ref, site = (f"{event.source}:{event.id}", data.site) if isinstance(data, Punch) else ("", "")
    sort = PUNCH if ref else FIX
    if data.location_mocked:
        sort = MOCKED
    elif null_island(data.lat, data.lon):
        if ref:
            return None  # judged with the other punches
        sort = NULL
    speed_mps = 0.0 if isinstance(data, Punch) else data.speed_mps or 0.0
    return Sight(event.time, sort, data.lat, data.lon, data.accuracy_m or 0.0, speed_mps, 0, ref, site)


def _finding(person: str, found: Found, scene: Scene) -> Finding:
    site = found.site or site_at(person, found.time, scene)
    figures = found.figures
    if found.sort == NULL:
        return at_null_island(person, figures["lat"], figures["lon"], time=found.time, site=site, scene=scene)
    punch = next((mark.id for mark in scene.duties.marks(person) if mark.key == found.ref), None)
    return GPS_SPOOFING.finding(
        time=found.time,
        confidence=_CONFIDENCE[found.sort],
        reason=_reason(scene.person_name(person), found, scene.wall(site, found.time), figures),
        evidence={
            "sort": found.sort,
            "seen_at": rfc3339(found.time),
            **({} if punch is None else {"punch": punch}),
            **figures,
        },
        site=site,
        person=person,
    )


def _reason(name: str, found: Found, wall: str, figures: dict[str, Any]) -> str:
    if found.sort == MOCKED:
        return f"The phone of {name} marks its position at {wall} as mocked: an app makes it up; see where they are"
    if found.sort == FROZEN:
        return (
            f"The phone of {name} gives the same position to the metre for {figures['still_minutes']:.0f} min "
            f"while {figures['steps']} steps were counted: it looks frozen; see where they are"
        )
    km, minutes = f"{figures['moved_m'] / 1_000:.1f} km", f"{figures['gap_s'] / 60:.1f} min"
    if found.sort == PUNCH:
        return (
            f"The punch of {name} at {wall} is {km} from their phone within {minutes}: "
            "one of the two is faked; see where they are"
        )
    return f"The phone of {name} jumped {km} within {minutes} at {wall}: nobody travels so; see where they are"
