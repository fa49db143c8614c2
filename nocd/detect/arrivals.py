"""Shifts nobody came to, and those taken up late."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

from annotated_types import Ge, Le

from nocd.detect.kinds import Kind, Rule
from nocd.detect.protocol import Claim, Detector
from nocd.domain.directory import Removal, Shift
from nocd.domain.finding import Category
from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, rfc3339, to_ms
from nocd.domain.observation import Punch
from nocd.domain.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nocd.detect.scene import Scene
    from nocd.domain.event import Event

SHIFT_EARLY_MS: Final = 60 * MINUTE_MS
AGAIN_MS: Final = 15 * MINUTE_MS
_EARLY_MS: Final = 4 * HOUR_MS
_KEPT_MS: Final = 2 * DAY_MS  # punches are kept longer
_AROUND_MS: Final = 2 * DAY_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class GraceRule(Rule):
    """How long after its start a shift may be taken up."""

    grace_minutes: Annotated[float, Ge(1), Le(120)] = 15.0


NO_SHOW: Final = Kind(
    name="NO_SHOW",
    category=Category.OPERATIONAL,
    severities=(Severity.HIGH,),
    confidence=0.90,
    says="a shift began and its person has not punched in; once a shift, over with the punch",
    rule=GraceRule,
)
LATE_ARRIVAL: Final = Kind(
    name="LATE_ARRIVAL",
    category=Category.OPERATIONAL,
    severities=(Severity.MEDIUM,),
    confidence=0.90,
    says="the punch that ended a no-show",
)


@dataclass(frozen=True, slots=True)
class Arrivals(Detector):
    """Expects each shift's person at its site; the directory says all it needs."""

    name = "arrivals"
    kinds = (NO_SHOW, LATE_ARRIVAL)
    events = (Punch, Shift, Removal)

    def keys(self, event: Event, scene: Scene) -> Sequence[str]:
        """Return the shift entered or removed, the shifts it stands in for, or those a punch may take up."""
        data = event.data
        if isinstance(data, Removal):
            return (data.id,) if event.type == "noc.shift" else ()
        if isinstance(data, Shift):
            replaced = (
                scene.roster.shifts_of(data.substitute_for, to_ms(data.start), to_ms(data.end))
                if data.substitute_for
                else []
            )
            return [data.id, *(shift.id for shift in replaced)]
        assert isinstance(data, Punch)
        near = scene.roster.shifts_of(data.person, event.time, event.time + _EARLY_MS)
        return [shift.id for shift in near if shift.site == data.site]

    def due(self, key: str, record: None, after: int, scene: Scene) -> int | None:  # noqa: ARG002 - there is none
        """Return when the shift must be taken up; then it is looked again, for who stands in may be taken off."""
        shift = scene.roster.shift(key)
        if shift is None or shift.on_call or scene.presence.came(shift) is not None:
            return None
        at = _deadline(shift, scene)
        if at > after:
            return at
        again = (after // AGAIN_MS + 1) * AGAIN_MS
        return again if again < to_ms(shift.end) else None

    def ends(self, key: str, record: None, scene: Scene) -> int | None:  # noqa: ARG002 - there is none
        """Return two days after the shift's end: by then every phone has told what it has to tell."""
        shift = scene.roster.shift(key)
        return None if shift is None else to_ms(shift.end) + _KEPT_MS

    def claims(self, key: str, record: None, at: int, scene: Scene) -> list[Claim]:  # noqa: ARG002 - there is none
        """Return the no-show of a shift, over where its person came after all."""
        shift = scene.roster.shift(key)
        if shift is None or shift.on_call or at < _deadline(shift, scene) or _excused(shift, scene):
            return []
        came = scene.presence.came(shift)
        deadline = _deadline(shift, scene)
        if came is not None and came <= deadline:
            return []
        claims = [_no_show(shift, deadline, came, scene)]
        if came is not None:
            claims.append(_late(shift, came, scene))
        return claims


def _deadline(shift: Shift, scene: Scene) -> int:
    rule: GraceRule = scene.rule(NO_SHOW.name, shift.site)
    return to_ms(shift.start) + int(rule.grace_minutes * MINUTE_MS)


def _excused(shift: Shift, scene: Scene) -> bool:
    """Tell whether nothing can be said of a shift: another stands in, or nobody could be heard when it began."""
    if _replaced(shift, scene):
        return True
    listened = (to_ms(shift.start) - SHIFT_EARLY_MS, _deadline(shift, scene))
    sources = _sources(shift, scene)
    silent = bool(sources) and all(scene.source_silent(source, *listened) for source in sources)
    return silent or scene.unheard(*listened)


def _replaced(shift: Shift, scene: Scene) -> bool:
    around = scene.roster.shifts_at(shift.site, to_ms(shift.start), to_ms(shift.end))
    return any(other.substitute_for == shift.person for other in around)


def _sources(shift: Shift, scene: Scene) -> set[str]:
    """Return what a shift's person last punched through before it began, else what others at its site did."""
    start = to_ms(shift.start)
    own = {mark.source for mark in scene.duties.marks(shift.person) if mark.time < start}
    if own:
        return own
    around = {person for person, _, _ in scene.duties.at(shift.site, start - _AROUND_MS, start)}
    return {mark.source for person in around for mark in scene.duties.marks(person) if mark.site == shift.site}


def _no_show(shift: Shift, deadline: int, came: int | None, scene: Scene) -> Claim:
    name, site = (
        scene.person_name(shift.person),
        scene.site_name(shift.site),
    )
    begins = scene.wall(shift.site, to_ms(shift.start))
    post = f" ({shift.post})" if shift.post else ""
    finding = NO_SHOW.finding(
        time=deadline,
        reason=f"{name} has not come to {site}{post}: the shift began at {begins}; call, then send a stand-in",
        evidence={
            "shift": shift.id,
            "starts_at": rfc3339(to_ms(shift.start)),
            "ends_at": rfc3339(to_ms(shift.end)),
            "late_minutes": round((deadline - to_ms(shift.start)) / MINUTE_MS, 1),
            "critical": shift.critical,
        },
        site=shift.site,
        person=shift.person,
    )
    late = "" if came is None else f"{name} punched in {(came - to_ms(shift.start)) / MINUTE_MS:.0f} min late"
    return Claim(key=f"NO_SHOW:{shift.id}", finding=finding, since=deadline, lasting=True, until=came, over=late)


def _late(shift: Shift, came: int, scene: Scene) -> Claim:
    name, site = (
        scene.person_name(shift.person),
        scene.site_name(shift.site),
    )
    late_minutes = (came - to_ms(shift.start)) / MINUTE_MS
    finding = LATE_ARRIVAL.finding(
        time=came,
        reason=f"{name} punched in at {site} {late_minutes:.0f} min after the shift began",
        evidence={"shift": shift.id, "late_minutes": round(late_minutes, 1), "punched_at": rfc3339(came)},
        site=shift.site,
        person=shift.person,
    )
    return Claim(key=f"LATE_ARRIVAL:{shift.id}", finding=finding, since=came)
