"""Sources whose clock is wrong: ahead, or set back. Coming late is not suspect: phones buffer while offline."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Final

from annotated_types import Ge, Le

from nocd.detect.kinds import Kind, Rule
from nocd.detect.protocol import Claim, Detector
from nocd.detect.sources import SHOWN_MAX
from nocd.domain.finding import Category
from nocd.domain.instant import DAY_MS, MINUTE_MS, SECOND_MS, rfc3339
from nocd.domain.observation import OBSERVATION_TYPES
from nocd.domain.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nocd.detect.scene import Scene
    from nocd.domain.event import Event

SIGNS_MIN: Final = 3
SIGNS_KEPT: Final = 64
STEADY_EVENTS: Final = 3
STEADY_MS: Final = MINUTE_MS
STEADY_WITHIN_MS: Final = 15 * SECOND_MS  # a wrong clock is as wrong a minute later; what was buffered is not as late
PROMPT_MS: Final = MINUTE_MS  # who is no later than this and has no record needs none
_FORGOTTEN_MS: Final = 3 * DAY_MS

Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRule(Rule):
    """How far a clock must be off."""

    minutes: Annotated[float, Ge(1), Le(60)] = 5.0


CLOCK_SUSPECT: Final = Kind(
    name="CLOCK_SUSPECT",
    category=Category.OPERATIONAL,
    severities=(Severity.MEDIUM,),
    confidence=0.80,
    says="3 or more events ahead of time, or jumps back by more than 5 min, of one source within 24 h",
    rule=ClockRule,
)


@dataclass(slots=True, kw_only=True)
class Clock:
    """How late a source's events come, and the signs that its clock is wrong: when, and by how much (ms).

    A lag is `steady` when three receipts or more over a minute had it within seconds; `run_…` are of the one that may
    become so. What comes from a buffer has no steady lag. `signs` are positive ahead, negative set back.
    """

    steady_ms: int = 0
    run_ms: int = 0
    run_from: int = 0
    run_to: int = 0
    run_events: int = 0
    late_at: int = 0
    signs: list[Span] = field(default_factory=list)
    person: str | None = None
    site: str | None = None
    several: bool = False

    def lag(self, lag_ms: int, at: int, *, jump_ms: float) -> bool:
        """Take the lag of an event received at `at`; tell whether its run shows that the clock was set back."""
        if self.run_events == 0 or abs(lag_ms - self.run_ms) > STEADY_WITHIN_MS:
            self.run_ms, self.run_from, self.run_to, self.run_events = lag_ms, at, at, 1
            return False
        self.run_events += at > self.run_to
        self.run_to = at
        if self.run_events < STEADY_EVENTS or at - self.run_from < STEADY_MS or self.run_ms == self.steady_ms:
            return False
        back_ms, self.steady_ms = self.run_ms - self.steady_ms, self.run_ms
        return back_ms > jump_ms and self._sign(self.run_from, -back_ms)

    def about(self, person: str | None, site: str | None) -> None:
        """Note whom, and where, an event is about that shows a wrong clock; if several, it is about none."""
        if self.several or (person is None and self.person is not None):
            return
        if self.person is None:
            self.person, self.site = person, site or self.site
        elif self.person != person:
            self.person, self.site, self.several = None, None, True

    def ahead(self, at: int, by_ms: int) -> bool:
        """Keep an event that was ahead."""
        return self._sign(at, by_ms)

    def _sign(self, at: int, by_ms: int) -> bool:
        self.signs = [*self.signs[1 - SIGNS_KEPT :], (at, by_ms)]
        return True


@dataclass(frozen=True, slots=True)
class Clocks(Detector):
    """Keeps a record of the sources that are ahead or late; most never are."""

    name = "clocks"
    kinds = (CLOCK_SUSPECT,)
    events = tuple(OBSERVATION_TYPES.values())
    record = Clock

    def keys(self, event: Event, scene: Scene) -> Sequence[str]:
        """Return the source of an event that is ahead, late, or of a source that lately was."""
        if event.claimed_time is None and event.received_at - event.time < PROMPT_MS:
            return (event.source,) if event.source in scene.shelves.kind(self.name) else ()
        return (event.source,)

    def step(self, record: Clock, event: Event, scene: Scene) -> bool:
        """Take the lag of an event in; tell whether it is one more sign."""
        rule: ClockRule = scene.rule(CLOCK_SUSPECT.name, None)
        at, far_ms = event.received_at, rule.minutes * MINUTE_MS
        if event.claimed_time is not None or at - event.time >= PROMPT_MS:
            record.late_at = at
        if event.claimed_time is None:
            sign = record.lag(at - event.time, at, jump_ms=far_ms)
        else:
            ahead_ms = event.claimed_time - at
            sign = ahead_ms > far_ms and record.ahead(at, ahead_ms)
        if sign:
            person = getattr(event.data, "person", None)
            on_duty_at = scene.presence.site_of(person, at) if person is not None else None
            record.about(person, getattr(event.data, "site", None) or on_duty_at)
        return sign

    def claims(self, key: str, record: Clock, at: int, scene: Scene) -> list[Claim]:
        """Return the stretches in which the last 24 h held three signs or more."""
        return [_claim(key, record, since, until if until <= at else None, scene) for since, until in _spans(record)]

    def due(self, key: str, record: Clock, after: int, scene: Scene) -> int | None:  # noqa: ARG002 - the record says it
        """Return when fewer than three signs lie in 24 h."""
        if len(record.signs) < SIGNS_MIN:
            return None
        until = record.signs[-SIGNS_MIN][0] + DAY_MS
        return until if until > after else None

    def final_before(self, key: str, record: Clock, scene: Scene) -> int:  # noqa: ARG002 - the record says it
        """Return the third sign that is remembered once earlier ones are forgotten."""
        return record.signs[SIGNS_MIN - 1][0] if len(record.signs) == SIGNS_KEPT else 0

    def ends(self, key: str, record: Clock, scene: Scene) -> int:  # noqa: ARG002 - the record says it
        """Return three days after it was last late or ahead."""
        return record.late_at + _FORGOTTEN_MS


def _spans(record: Clock) -> Iterator[Span]:
    """Yield from when to when three signs or more lay within 24 h."""
    times = [at for at, _ in record.signs]
    begun: Span | None = None
    for first, third in zip(times, times[SIGNS_MIN - 1 :], strict=False):
        if third - first >= DAY_MS:
            continue
        if begun is not None and third >= begun[1]:
            yield begun
            begun = None
        begun = (begun[0] if begun is not None else third, first + DAY_MS)
    if begun is not None:
        yield begun


def _claim(source: str, record: Clock, since: int, until: int | None, scene: Scene) -> Claim:
    signs = [by_ms for at, by_ms in record.signs if since - DAY_MS < at <= since]
    ahead, back = [by_ms for by_ms in signs if by_ms > 0], [-by_ms for by_ms in signs if by_ms < 0]
    most_minutes = max(abs(by_ms) for by_ms in signs) / MINUTE_MS
    shown = source[:SHOWN_MAX] + (
        f", phone of {scene.person_name(record.person)}," if record.person is not None else ""
    )
    finding = CLOCK_SUSPECT.finding(
        time=since,
        reason=f"The clock of {shown} is off by up to {most_minutes:.0f} min: {len(ahead)} events ahead, {len(back)} "
        f"jumps back in the 24 h to {scene.wall(record.site, since)}; set it, and doubt its times",
        evidence={
            "source": source,
            "events_ahead": len(ahead),
            "jumps_back": len(back),
            "off_minutes_max": round(most_minutes, 1),
            "last_at": rfc3339(since),
        },
        site=record.site,
        person=record.person,
        entity_type="source",
        entity_id=source,
    )
    over = "" if until is None else "fewer than three signs in 24 h"
    return Claim(key=f"CLOCK_SUSPECT:{since}", finding=finding, since=since, lasting=True, until=until, over=over)
