"""Phones that say nothing while their person is on duty."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Final

from annotated_types import Ge, Le

from nocd.detect.kinds import Kind, Rule
from nocd.detect.protocol import Claim, Detector
from nocd.domain.finding import Category
from nocd.domain.instant import DAY_MS, MINUTE_MS, rfc3339, to_ms
from nocd.domain.observation import DeviceHealth, LocationFix, PhoneEvent, Punch, TourScan
from nocd.domain.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nocd.detect.scene import Scene
    from nocd.domain.event import Event
    from nocd.signals.duty import Duty

MERGED_MS: Final = 10 * MINUTE_MS  # no setting minds a shorter silence
STRETCHES_MAX: Final = 64
REMEMBERED_MS: Final = 2 * DAY_MS

Stretch = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRule(Rule):
    """How long a phone may be without contact while its person is on duty."""

    minutes: Annotated[float, Ge(10), Le(240)] = 30.0


DEVICE_OFFLINE: Final = Kind(
    name="DEVICE_OFFLINE",
    category=Category.DEVICE_HEALTH,
    severities=(Severity.HIGH,),
    confidence=0.90,
    says="a phone heard in this duty that had no contact for 30 min while its person is on duty; over with the next",
    rule=ContactRule,
)


@dataclass(slots=True, kw_only=True)
class Contacts:
    """When a person's phone was heard, in stretches without a gap of ten minutes; the device it last named."""

    stretches: list[Stretch] = field(default_factory=list)
    device: str = ""
    named_at: int = 0

    def heard(self, at: int) -> bool:
        """Take a contact in, in any order; tell whether it ends, splits or begins a gap."""
        if self.stretches and self.stretches[-1][0] <= at <= self.stretches[-1][1] + MERGED_MS:
            first, last = self.stretches[-1]
            self.stretches[-1] = (first, max(last, at))
            return False
        place = bisect_right(self.stretches, (at, at))
        self.stretches.insert(place, (at, at))
        for left in (place, place - 1):
            self._join(left)
        while len(self.stretches) > STRETCHES_MAX or self.stretches[0][1] < self.stretches[-1][1] - REMEMBERED_MS:
            del self.stretches[0]
        return True

    def _join(self, left: int) -> None:
        """Make two neighbours one where no gap is left between them."""
        if 0 <= left < len(self.stretches) - 1:
            (first, end), (start, last) = self.stretches[left : left + 2]
            if start - end <= MERGED_MS:
                self.stretches[left : left + 2] = [(first, max(end, last))]


@dataclass(frozen=True, slots=True)
class Offline(Detector):
    """Listens to each person's phone: its events, and whatever names it; the duties say when it is listened for."""

    name = "offline"
    kinds = (DEVICE_OFFLINE,)
    events = (Punch, LocationFix, PhoneEvent, TourScan, DeviceHealth)
    record = Contacts

    def keys(self, event: Event, scene: Scene) -> Sequence[str]:
        """Return whose phone it is, and who punched: their duty changes."""
        data = event.data
        if isinstance(data, (LocationFix, PhoneEvent)):
            return (data.person,)
        assert isinstance(data, (Punch, TourScan, DeviceHealth))
        owner = _owner(data.device, scene)
        if isinstance(data, DeviceHealth):
            return () if owner is None or data.online is False else (owner,)
        return (data.person,) if owner is None or owner == data.person else (data.person, owner)

    def step(self, record: Contacts, event: Event, scene: Scene) -> bool:
        """Take a contact in; tell whether a gap changes, or a duty."""
        data = event.data
        punched = isinstance(data, Punch)
        device: str | None = data.device  # type: ignore[union-attr]  # all these have one
        if isinstance(data, (Punch, TourScan)) and not _by_own_phone(data, record, scene):
            return punched
        if device is not None and event.time >= record.named_at:
            record.device, record.named_at = device, event.time
        return record.heard(event.time) or punched

    def claims(self, key: str, record: Contacts, at: int, scene: Scene) -> list[Claim]:
        """Return when the phone was without contact for too long in the duties of the last two days."""
        return [claim for duty in scene.duties.of(key) for claim in _silences(key, duty, record, at, scene)]

    def due(self, key: str, record: Contacts, after: int, scene: Scene) -> int | None:
        """Return when the phone has been silent for too long, or, after that, when the duty ends."""
        duties = scene.duties.of(key)
        if not duties or not record.stretches:
            return None
        silent = scene.heard_out(record.stretches[-1][1], _limit_ms(duties[-1], scene))
        ends = duties[-1].until
        return next((at for at in (min(silent, ends), ends) if at > after), None)

    def final_before(self, key: str, record: Contacts, scene: Scene) -> int:
        """Return the first contact that is remembered, or two days before the newest punch: older duties are gone."""
        marks = scene.duties.marks(key)
        first = record.stretches[0][0] if record.stretches else 0
        return max(first, marks[-1].time - REMEMBERED_MS) if marks else first

    def ends(self, key: str, record: Contacts, scene: Scene) -> int | None:
        """Return three days after the last contact or punch."""
        marks = scene.duties.marks(key)
        last = max((record.stretches[-1][1] if record.stretches else 0), (marks[-1].time if marks else 0))
        return last + REMEMBERED_MS + DAY_MS


def _owner(device: str | None, scene: Scene) -> str | None:
    """Return whose phone a device is by the directory, or None."""
    entry = scene.roster.device(device) if device is not None else None
    return None if entry is None or entry.kind != "phone" else entry.person


def _by_own_phone(data: Punch | TourScan, record: Contacts, scene: Scene) -> bool:
    """Tell whether what names a device is a contact of this record's phone: neither a terminal nor a colleague's."""
    if data.device is None or data.device == record.device:
        return data.device is not None
    owner = _owner(data.device, scene)
    return owner == data.person or (owner is None and isinstance(data, TourScan))


def _limit_ms(duty: Duty, scene: Scene) -> int:
    rule: ContactRule = scene.rule(DEVICE_OFFLINE.name, duty.site)
    return int(rule.minutes * MINUTE_MS)


def _off_at(person: str, duty: Duty, scene: Scene) -> int:
    """Return when people go home though they do not punch out: at the end of their shift there, if they have one."""
    shifts = (shift for shift in scene.roster.shifts_of(person, duty.start, duty.until) if shift.site == duty.site)
    return max((to_ms(shift.end) for shift in shifts), default=duty.until)


def _silences(person: str, duty: Duty, record: Contacts, at: int, scene: Scene) -> Iterator[Claim]:
    """Yield the silences of a duty after a contact in it; a phone not heard in it at all is a ghost shift's matter."""
    limit_ms, off_at = _limit_ms(duty, scene), _off_at(person, duty, scene)
    for (_, last), (following, _) in pairwise([*record.stretches, (duty.until, duty.until)]):
        since = scene.heard_out(last, limit_ms)
        ends = min(following, duty.until)
        if duty.start <= last and since <= at and since < min(ends, off_at) and scene.deaf(person, last, since) is None:
            yield _claim(person, duty, (last, since, ends if ends <= at else None), record, scene)


def _claim(person: str, duty: Duty, silence: tuple[int, int, int | None], record: Contacts, scene: Scene) -> Claim:
    last, since, until = silence
    name, site = scene.person_name(person), scene.site_name(duty.site)
    phone = scene.roster.phone_of(person) or f"phone of {person}"  # what it next names itself would be another trouble
    finding = DEVICE_OFFLINE.finding(
        time=since,
        reason=f"The phone of {name} on duty at {site} has had no contact since {scene.wall(duty.site, last)}: "
        "call, then have someone look",
        evidence={
            "device": record.device or None,
            "heard_at": rfc3339(last),
            "limit_minutes": round((since - last) / MINUTE_MS, 1),
            "duty_since": rfc3339(duty.start),
        },
        site=duty.site,
        person=person,
        entity_type="device",
        entity_id=phone,
    )
    if until is None:
        over = ""
    elif until == duty.until:
        over = f"{name} went off duty"
    else:
        over = f"heard again at {scene.wall(duty.site, until)}"
    return Claim(key=f"DEVICE_OFFLINE:{last}", finding=finding, since=since, lasting=True, until=until, over=over)
