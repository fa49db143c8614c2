"""Devices that pass from hand to hand: two people on one phone, and one person on many."""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Final

from annotated_types import Ge, Le

from nocd.detect.attendance import BUDDY_PUNCHING, BuddyRule
from nocd.detect.kinds import Kind, Rule
from nocd.detect.protocol import Claim, Detector
from nocd.domain.directory import Device, Removal
from nocd.domain.finding import Category
from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, rfc3339
from nocd.domain.observation import Punch
from nocd.domain.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nocd.detect.scene import Scene
    from nocd.domain.event import Event
    from nocd.signals.duty import Mark

KIND: Final = "sharing"
USES_KEPT: Final = 64
REMEMBERED_MS: Final = DAY_MS
CROWD: Final = 5  # so many people at one site punch on a terminal, whether or not the directory knows it
SITES_MAX: Final = 16
PUNCHES: Final = 5
DEVICES: Final = 4
_HOPS_WITHIN_MS: Final = 2 * DAY_MS
_FORGOTTEN_MS: Final = 30 * DAY_MS
_WINDOW_MAX_MS: Final = 4 * HOUR_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class SharingRule(Rule):
    """How soon after one person another punches on the same device."""

    window_minutes: Annotated[float, Ge(1), Le(240)] = 30.0


DEVICE_SHARING: Final = Kind(
    name="DEVICE_SHARING",
    category=Category.SECURITY,
    severities=(Severity.HIGH,),
    confidence=0.80,
    says="another person's punch on one device within 30 min that is no terminal, or 4 devices in a person's 5 punches",
    rule=SharingRule,
)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Use:
    """One verified punch on a device."""

    time: int
    person: str
    site: str
    direction: str
    id: str


@dataclass(slots=True, kw_only=True)
class Uses:
    """A device's punches of the last day, and who ever punched on it at each site, as far as that tells a terminal."""

    uses: list[Use] = field(default_factory=list)
    people: dict[str, list[str]] = field(default_factory=dict)
    forgotten_to: int = 0

    def take(self, use: Use) -> None:
        """Take a punch in, in any order."""
        insort(self.uses, use)
        while len(self.uses) > USES_KEPT or self.uses[0].time < self.uses[-1].time - REMEMBERED_MS:
            self.forgotten_to = max(self.forgotten_to, self.uses.pop(0).time)
        if use.site in self.people or len(self.people) < SITES_MAX:
            people = self.people.setdefault(use.site, [])
            if len(people) < CROWD and use.person not in people:
                insort(people, use.person)

    def crowded(self) -> bool:
        """Tell whether as many people punched on it at one site as do on a terminal."""
        return any(len(people) >= CROWD for people in self.people.values())


@dataclass(frozen=True, slots=True)
class Sharing(Detector):
    """Compares each punch on a device that is no terminal with those before it."""

    name = KIND
    kinds = (BUDDY_PUNCHING, DEVICE_SHARING)
    events = (Punch, Device, Removal)
    record = Uses

    def keys(self, event: Event, scene: Scene) -> Sequence[str]:
        """Return the device punched on, or one whose entry changed after it was."""
        data = event.data
        if isinstance(data, Punch):
            return (data.device,) if data.device is not None and data.verified is not False else ()
        assert isinstance(data, (Device, Removal))
        known = event.type == "noc.device" and scene.shelves.get(KIND, data.id) is not None
        return (data.id,) if known else ()

    def step(self, record: Uses, event: Event, scene: Scene) -> bool:  # noqa: ARG002 - the event says it all
        """Take a punch in."""
        data = event.data
        if isinstance(data, Punch):
            record.take(Use(time=event.time, person=data.person, site=data.site, direction=data.direction, id=event.id))
        return True

    def claims(self, key: str, record: Uses, at: int, scene: Scene) -> list[Claim]:  # noqa: ARG002 - punches stand for good
        """Return each punch that followed another person's too closely, of the last day."""
        if is_terminal(key, scene):
            return []
        near = [(use, other) for index, use in enumerate(record.uses) if (other := _other(record.uses[:index], use))]
        buddies = {_pair(use, other) for use, other in near if use.time - other.time <= _buddy_ms(use, scene)}
        claims = {}
        for use, other in near:
            within_ms = use.time - other.time
            if within_ms <= _buddy_ms(use, scene):
                claim = _buddy(key, use, other, scene)
            elif _pair(use, other) not in buddies and within_ms <= _sharing_ms(use, scene):
                claim = _shared(key, use, other, scene)
            else:
                continue
            claims[claim.key] = claim
        return list(claims.values())

    def final_before(self, key: str, record: Uses, scene: Scene) -> int:  # noqa: ARG002 - the record says it
        """Return when the longest window begins to be remembered whole."""
        return record.forgotten_to + _WINDOW_MAX_MS if record.forgotten_to else 0

    def ends(self, key: str, record: Uses, scene: Scene) -> int | None:  # noqa: ARG002 - the record says it
        """Return a month after its last punch: by then it may be anybody's."""
        return (record.uses[-1].time if record.uses else 0) + _FORGOTTEN_MS


@dataclass(frozen=True, slots=True)
class Hopping(Detector):
    """Counts the devices of a person's last five punches; the record is the duties' own."""

    name = "hopping"
    kinds = (DEVICE_SHARING,)
    events = (Punch,)

    def keys(self, event: Event, scene: Scene) -> Sequence[str]:  # noqa: ARG002 - the event says who
        """Return who punched."""
        data = event.data
        assert isinstance(data, Punch)
        return (data.person,)

    def claims(self, key: str, record: None, at: int, scene: Scene) -> list[Claim]:  # noqa: ARG002 - punches are the duties' record
        """Return each punch of the last day that was the last of five on four devices, and the first such in a row."""
        marks = [mark for mark in scene.duties.marks(key) if mark.device is not None and mark.verified]
        many = [_devices(marks[max(0, index + 1 - PUNCHES) : index + 1], scene) for index in range(len(marks))]
        since = self.final_before(key, None, scene)
        return [
            _hopped(key, mark, devices, scene)
            for mark, before, devices in zip(marks, [[], *many], many, strict=False)
            if mark.time >= since and len(devices) >= DEVICES > len(before)
        ]

    def final_before(self, key: str, record: None, scene: Scene) -> int:  # noqa: ARG002 - as above
        """Return a day before the newest punch."""
        marks = scene.duties.marks(key)
        return marks[-1].time - REMEMBERED_MS if marks else 0


def is_terminal(device: str, scene: Scene) -> bool:
    """Tell whether a device is a site's terminal: by the directory, or, where that has none, by its many users."""
    entry = scene.roster.device(device)
    record: Uses | None = scene.shelves.get(KIND, device)
    if entry is not None:
        return entry.kind == "terminal"
    return record is not None and record.crowded()


def _other(before: list[Use], use: Use) -> Use | None:
    """Return the last use before by another person."""
    return next((other for other in reversed(before) if other.person != use.person), None)


def _pair(use: Use, other: Use) -> frozenset[str]:
    return frozenset((use.person, other.person))


def _buddy_ms(use: Use, scene: Scene) -> float:
    rule: BuddyRule = scene.rule(BUDDY_PUNCHING.name, use.site)
    return rule.window_minutes * MINUTE_MS


def _sharing_ms(use: Use, scene: Scene) -> float:
    rule: SharingRule = scene.rule(DEVICE_SHARING.name, use.site)
    return rule.window_minutes * MINUTE_MS


def _strangers(device: str, use: Use, other: Use, scene: Scene) -> tuple[str, str]:
    """Return who does not belong to the device, and who does or was there first."""
    entry = scene.roster.device(device)
    owned = entry is not None and entry.person == use.person
    return (other.person, use.person) if owned else (use.person, other.person)


def _evidence(device: str, use: Use, other: Use, stranger: str) -> dict[str, object]:
    return {
        "device": device,
        "punch": use.id if use.person == stranger else other.id,
        "punch_beside": other.id if use.person == stranger else use.id,
        "people": [other.person, use.person],
        "gap_minutes": round((use.time - other.time) / MINUTE_MS, 1),
        "punched_at": rfc3339(use.time),
    }


def _buddy(device: str, use: Use, other: Use, scene: Scene) -> Claim:
    stranger, owner = _strangers(device, use, other, scene)
    finding = BUDDY_PUNCHING.finding(
        time=use.time,
        reason=f"{scene.person_name(stranger)} and {scene.person_name(owner)} punched on one phone, {device}, within "
        f"{(use.time - other.time) / MINUTE_MS:.0f} min at {scene.site_name(use.site)}: see that "
        f"{scene.person_name(stranger)} is there",
        evidence=_evidence(device, use, other, stranger),
        site=use.site,
        person=stranger,
    )
    return Claim(key=f"BUDDY_PUNCHING:{use.time}:{use.person}", finding=finding, since=use.time)


def _shared(device: str, use: Use, other: Use, scene: Scene) -> Claim:
    stranger, owner = _strangers(device, use, other, scene)
    finding = DEVICE_SHARING.finding(
        time=use.time,
        reason=f"{scene.person_name(stranger)} and {scene.person_name(owner)} punched on one device, {device}, "
        f"{(use.time - other.time) / MINUTE_MS:.0f} min apart at {scene.site_name(use.site)}; ask whose it is",
        evidence=_evidence(device, use, other, stranger),
        site=use.site,
        person=stranger,
    )
    return Claim(key=f"DEVICE_SHARING:{use.time}:{use.person}", finding=finding, since=use.time)


def _devices(marks: list[Mark], scene: Scene) -> list[str]:
    """Return the devices of the last five punches but for terminals: who relieves many sites uses theirs."""
    recent = [mark for mark in marks if mark.time >= marks[-1].time - _HOPS_WITHIN_MS]
    devices = sorted({mark.device for mark in recent if mark.device is not None})
    return [device for device in devices if not is_terminal(device, scene)]


def _hopped(person: str, mark: Mark, devices: list[str], scene: Scene) -> Claim:
    finding = DEVICE_SHARING.finding(
        time=mark.time,
        reason=f"{scene.person_name(person)} punched on {len(devices)} devices in {PUNCHES} punches, "
        f"the last at {scene.site_name(mark.site)}; ask whose they are",
        evidence={"punch": mark.id, "devices": devices, "punched_at": rfc3339(mark.time)},
        site=mark.site,
        person=person,
    )
    return Claim(key=f"DEVICE_SHARING:{mark.key}", finding=finding, since=mark.time)
