"""Shifts that somebody punched in for and nobody works."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from nocd.detect.absence import expected, near, p_nothing, sure, touches
from nocd.detect.kinds import Kind
from nocd.detect.protocol import Claim, Detector
from nocd.domain.directory import Removal, Shift
from nocd.domain.finding import Category
from nocd.domain.instant import DAY_MS, HOUR_MS, rfc3339
from nocd.domain.observation import LocationFix, PhoneEvent, Punch, TaskDone, TourScan
from nocd.domain.severity import Severity
from nocd.domain.signal import Metric
from nocd.signals.traces import Traces

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nocd.detect.scene import Scene
    from nocd.domain.event import Event
    from nocd.signals.duty import Duty

WITHIN_MS: Final = 2 * HOUR_MS

GHOST_SHIFT: Final = Kind(
    name="GHOST_SHIFT",
    category=Category.SECURITY,
    severities=(Severity.HIGH,),
    confidence=0.85,
    says="a punch-in, then no other trace of the person for 2 h, whose phone is known",
)


@dataclass(frozen=True, slots=True)
class Ghosts(Detector):
    """Waits for a sign of everyone who punched in; duties and traces say all it needs."""

    name = "ghosts"
    kinds = (GHOST_SHIFT,)
    events = (Punch, Shift, Removal, PhoneEvent, LocationFix, TaskDone, TourScan)

    def keys(self, event: Event, scene: Scene) -> Sequence[str]:
        """Return who punched, or a ghost who gives a sign after all."""
        data = event.data
        if isinstance(data, Removal):
            return (data.id,) if event.type == "noc.person" else ()
        if isinstance(data, Shift) and not near(data, scene):
            return ()
        person: str = data.person  # type: ignore[union-attr, assignment]  # all of `events` have one
        asked = isinstance(data, (Punch, Shift)) or touches(self.name, person, event.time, scene)
        return (person,) if asked else ()

    def claims(self, key: str, record: None, at: int, scene: Scene) -> list[Claim]:  # noqa: ARG002 - duties and traces are all
        """Return the duties of the last day without a sign of life."""
        if key not in scene.roster.people:
            return []
        recent = [duty for duty in scene.duties.of(key) if duty.start >= scene.now - DAY_MS]
        return [_claim(key, duty, ends, at, scene) for duty in recent if (ends := _ghost(key, duty, at, scene))]

    def due(self, key: str, record: None, after: int, scene: Scene) -> int | None:  # noqa: ARG002 - as above
        """Return when the open duty's person must have given a sign, and when it ends by itself."""
        instants = (at for duty in scene.duties.of(key)[-1:] for at in (duty.start + WITHIN_MS, duty.until))
        return min((at for at in instants if at > after), default=None)

    def final_before(self, key: str, record: None, scene: Scene) -> int:  # noqa: ARG002 - as above
        """Return a day ago."""
        return scene.now - DAY_MS + WITHIN_MS


def _ghost(person: str, duty: Duty, at: int, scene: Scene) -> int | None:
    """Return when a ghost's absence ends (its duty with it), None for a duty whose person was heard of in time."""
    since = duty.start + WITHIN_MS
    if at < since or duty.until <= since or not _can_be_heard(person, duty, scene):
        return None
    if any(first < since and last > duty.start for first, last in scene.unheard_spans(person)):
        return None
    traces = scene.activities.traces(person) or Traces()
    heard = (*traces.phone, *traces.fixes, *traces.tasks, *traces.scans)
    signs = [max(first, duty.start) for first, last in heard if last > duty.start]
    signs += [mark.time for mark in scene.duties.marks(person) if mark.time > duty.start]
    ends = min([*signs, duty.until])
    return ends if ends > since else None


def _can_be_heard(person: str, duty: Duty, scene: Scene) -> bool:
    """Tell whether a phone of theirs was heard before, or the directory knows one and their site's phones are heard."""
    if _heard_before(person, duty.start, scene):
        return True
    if not scene.roster.has_phone(person):
        return False
    around = scene.duties.at(duty.site, duty.start - DAY_MS, duty.start + WITHIN_MS)
    return any(_heard_before(other, duty.start + WITHIN_MS, scene) for other, _, _ in around if other != person)


def _heard_before(person: str, time: int, scene: Scene) -> bool:
    traces = scene.activities.traces(person)
    return traces is not None and traces.since is not None and traces.since <= time


def _claim(person: str, duty: Duty, ends: int, at: int, scene: Scene) -> Claim:
    since = duty.start + WITHIN_MS
    name, site = scene.person_name(person), scene.site_name(duty.site)
    p = p_nothing(expected(duty.site, Metric.PHONE_EVENTS, duty.start, since, scene))
    punched_in = scene.wall(duty.site, duty.start)
    finding = GHOST_SHIFT.finding(
        time=since,
        confidence=sure(GHOST_SHIFT.confidence, p),
        reason=f"{name} punched in at {site} at {punched_in} and gave no sign since: no phone, position, task or scan "
        "for 2 h; call the post and see who is there",
        evidence={
            "punched_in_at": rfc3339(duty.start),
            "without_trace_minutes": WITHIN_MS // 60_000,
            "p_nothing": p,
        },
        site=duty.site,
        person=person,
    )
    left = ends == duty.until
    over = f"{name} {'went off duty' if left else 'gave a sign'} at {scene.wall(duty.site, ends)}"
    until = ends if ends <= at else None
    return Claim(
        key=f"{GHOST_SHIFT.name}:{duty.start}", finding=finding, since=since, lasting=True, until=until, over=over
    )
