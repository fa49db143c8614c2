"""How long people work and rest."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Final

from annotated_types import Ge, Le

from nocd.detect.kinds import Kind, Rule
from nocd.detect.protocol import Claim, Detector
from nocd.domain.directory import Shift
from nocd.domain.finding import Category
from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, rfc3339, to_ms
from nocd.domain.observation import Punch
from nocd.domain.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nocd.detect.scene import Scene
    from nocd.domain.event import Event
    from nocd.domain.spans import Span
    from nocd.signals.duty import Duty, Mark

_CONTIGUOUS_MS: Final = 60 * MINUTE_MS
_REMEMBERED_MS: Final = DAY_MS  # punches are kept three days: what was worked in the day before is known whole


@dataclass(frozen=True, slots=True, kw_only=True)
class OvertimeRule(Rule):
    """How much may be worked within any 24 hours."""

    hours_max: Annotated[float, Ge(8), Le(24)] = 16.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RestRule(Rule):
    """How long people rest between duties."""

    hours_min: Annotated[float, Ge(1), Le(24)] = 8.0


OVERTIME_VIOLATION: Final = Kind(
    name="OVERTIME_VIOLATION",
    category=Category.COMPLIANCE,
    severities=(Severity.HIGH,),
    confidence=0.98,
    says="more work within any 24 h than allowed, the open duty counted, breaks not",
    rule=OvertimeRule,
)
SHORT_REST: Final = Kind(
    name="SHORT_REST",
    category=Category.COMPLIANCE,
    severities=(Severity.MEDIUM,),
    confidence=0.80,
    says="a punch-in too soon after the last out, unless the two shifts are contiguous",
    rule=RestRule,
)


@dataclass(frozen=True, slots=True)
class Worktime(Detector):
    """Adds up a person's duties, breaks taken out; the record is the duties' own."""

    name = "worktime"
    kinds = (OVERTIME_VIOLATION, SHORT_REST)
    events = (Punch, Shift)

    def keys(self, event: Event, scene: Scene) -> Sequence[str]:  # noqa: ARG002 - the event says whose
        """Return who punched, or whose shift changed."""
        data = event.data
        assert isinstance(data, (Punch, Shift))
        return (data.person,)

    def claims(self, key: str, record: None, at: int, scene: Scene) -> list[Claim]:  # noqa: ARG002 - punches are the duties' record
        """Return what of the last day was work for too long, or begun too soon."""
        duties = scene.duties.of(key)
        since = self.final_before(key, None, scene)
        if key not in scene.roster.people or not duties:
            return []
        worked = _worked(duties, scene.duties.marks(key), at)
        claims = [claim for duty in duties if duty.until >= since for claim in _overtime(key, duty, worked, at, scene)]
        claims += [claim for former, duty in pairwise(duties) for claim in _rest(key, former, duty, scene)]
        return [claim for claim in claims if claim.since >= since]

    def due(self, key: str, record: None, after: int, scene: Scene) -> int | None:  # noqa: ARG002 - as above
        """Return when the open duty becomes too long, if it does before it ends by itself."""
        duty = scene.duties.on_duty(key)
        if duty is None:
            return None
        rule: OvertimeRule = scene.rule(OVERTIME_VIOLATION.name, duty.site)
        worked = _worked(scene.duties.of(key), scene.duties.marks(key), duty.deadline)
        over = first_over(worked, rule.hours_max * HOUR_MS, duty.start, duty.deadline)
        return over if over is not None and over > after else None

    def final_before(self, key: str, record: None, scene: Scene) -> int:  # noqa: ARG002 - as above
        """Return a day before the newest punch."""
        marks = scene.duties.marks(key)
        return marks[-1].time - _REMEMBERED_MS if marks else 0


def _worked(duties: list[Duty], marks: list[Mark], at: int) -> list[Span]:
    """Return the spans worked up to `at`: duties with their breaks taken out, an open break lasting till now.

    Of a break of which only the end is known nobody knows how long it was: it is not taken out.
    """
    spans = []
    for duty in duties:
        end = min(at, duty.until)
        start: int | None = duty.start
        for mark in marks:
            if not duty.start <= mark.time < end:
                continue
            if mark.direction == "break_start" and start is not None:
                spans.append((start, mark.time))
                start = None
            elif mark.direction == "break_end" and start is None:
                start = mark.time
        spans += [] if start is None else [(start, end)]
    return [span for span in spans if span[0] < span[1]]


def first_over(spans: list[Span], most_ms: float, start: int, end: int) -> int | None:
    """Return the first instant from `start` to `end` by which more than `most_ms` was worked in the 24 h before it.

    The amount is linear between the spans' borders and those a day later.
    """
    borders = {start, end, *(border + later for span in spans for border in span for later in (0, DAY_MS))}
    points = sorted(border for border in borders if start <= border <= end)
    for first, last in pairwise(points):
        low, high = _within(spans, first), _within(spans, last)
        if low > most_ms:
            return first
        if high > most_ms:
            return first + int((most_ms - low) / (high - low) * (last - first)) + 1
    return None


def _within(spans: list[Span], at: int) -> int:
    """Return the milliseconds worked in the 24 h before `at`."""
    return sum(max(0, min(end, at) - max(start, at - DAY_MS)) for start, end in spans)


def _overtime(person: str, duty: Duty, worked: list[Span], at: int, scene: Scene) -> Iterator[Claim]:
    rule: OvertimeRule = scene.rule(OVERTIME_VIOLATION.name, duty.site)
    end = min(at, duty.until)
    over = first_over(worked, rule.hours_max * HOUR_MS, duty.start, end)
    if over is None:
        return
    name, site = scene.person_name(person), scene.site_name(duty.site)
    finding = OVERTIME_VIOLATION.finding(
        time=over,
        reason=f"{name} worked more than {rule.hours_max:g} h within 24 h, on duty at {site} "
        f"since {scene.wall(duty.site, duty.start)}",
        evidence={"duty_since": rfc3339(duty.start), "hours_max": rule.hours_max, "on_duty": duty.end is None},
        site=duty.site,
        person=person,
    )
    yield Claim(key=f"OVERTIME_VIOLATION:{duty.start}", finding=finding, since=over)


def _rest(person: str, former: Duty, duty: Duty, scene: Scene) -> Iterator[Claim]:
    rule: RestRule = scene.rule(SHORT_REST.name, duty.site)
    if former.closed_by != "out" or former.end is None:
        return
    rest_ms = duty.start - former.end
    if rest_ms >= rule.hours_min * HOUR_MS or _one_stretch(person, former, duty, rest_ms, scene):
        return
    name, site = scene.person_name(person), scene.site_name(duty.site)
    finding = SHORT_REST.finding(
        time=duty.start,
        reason=f"{name} came to {site} {rest_ms / HOUR_MS:.1f} h after punching out at "
        f"{scene.site_name(former.site)}; {rule.hours_min:g} h of rest are due",
        evidence={
            "out_at": rfc3339(former.end),
            "out_site": former.site,
            "rest_h": round(rest_ms / HOUR_MS, 2),
            "hours_min": rule.hours_min,
        },
        site=duty.site,
        person=person,
    )
    yield Claim(key=f"SHORT_REST:{duty.start}", finding=finding, since=duty.start)


def _one_stretch(person: str, former: Duty, duty: Duty, rest_ms: int, scene: Scene) -> bool:
    """Tell whether two duties are one stretch of work: of one shift, or of shifts that follow each other."""
    shifts = scene.roster.shifts_of(person, former.start, duty.start + _CONTIGUOUS_MS)
    first = [shift for shift in shifts if shift.site == former.site and to_ms(shift.start) < (former.end or 0)]
    second = [shift for shift in shifts if shift.site == duty.site and to_ms(shift.end) > duty.start]
    if not first or not second:
        return rest_ms <= _CONTIGUOUS_MS  # not planned: a short way out is a break
    return to_ms(second[-1].start) - to_ms(first[-1].end) <= _CONTIGUOUS_MS
