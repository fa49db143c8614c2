"""People whose phones tell one half of the story: positions without work, work without positions, or neither sign."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from nocd.detect.absence import (
    GRID_MS,
    Post,
    covered,
    expected,
    next_grid,
    of_all,
    overdue,
    p_nothing,
    posts,
    rare_after_ms,
    silences,
    stands_since,
    sure,
    usual_per_h,
    whose,
)
from nocd.detect.kinds import Kind
from nocd.detect.protocol import Claim, Detector
from nocd.domain.directory import Removal, Shift, Task, Tour
from nocd.domain.finding import Category
from nocd.domain.instant import HOUR_MS, MINUTE_MS, rfc3339
from nocd.domain.observation import LocationFix, PhoneEvent, Punch, TaskDone, TourScan
from nocd.domain.severity import Severity
from nocd.domain.signal import Metric
from nocd.domain.spans import common, joined, passed, without

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nocd.detect.scene import Scene
    from nocd.domain.event import Event
    from nocd.domain.spans import Span
    from nocd.signals.traces import Traces

WINDOW_MS: Final = 60 * MINUTE_MS
IDLE_MS: Final = 120 * MINUTE_MS
LEAST: Final = 5  # of the signal that goes on
_LOOKED_BACK_MS: Final = 8 * HOUR_MS  # counts are kept two hours longer
_REMEMBERED_MS: Final = 2 * HOUR_MS

PHANTOM_GUARD: Final = Kind(
    name="PHANTOM_GUARD",
    category=Category.SECURITY,
    severities=(Severity.MEDIUM,),
    confidence=0.75,
    says="at least 5 positions, but no task or scan over 120 min though some were due",
)
DEVICE_GPS_FAILURE: Final = Kind(
    name="DEVICE_GPS_FAILURE",
    category=Category.DEVICE_HEALTH,
    severities=(Severity.HIGH,),
    confidence=0.85,
    says="at least 5 phone events and no position in 60 min, or longer where that is usual",
)
DEVICE_PHONE_FAILURE: Final = Kind(
    name="DEVICE_PHONE_FAILURE",
    category=Category.DEVICE_HEALTH,
    severities=(Severity.HIGH,),
    confidence=0.85,
    says="at least 5 positions and no phone event in 60 min, or longer where that is usual",
)


class Half(NamedTuple):
    """A failure: what fails, its traces and their first, what goes on and its traces, the words for it."""

    kind: Kind
    fails: Metric
    row: str
    since: str
    goes_on: Metric
    beside: str
    words: str


_GPS: Final = Half(
    kind=DEVICE_GPS_FAILURE,
    fails=Metric.LOCATION_UPDATES,
    row="fixes",
    since="fixes_since",
    goes_on=Metric.PHONE_EVENTS,
    beside="phone",
    words="sends phone events but no position",
)
_PHONE: Final = Half(
    kind=DEVICE_PHONE_FAILURE,
    fails=Metric.PHONE_EVENTS,
    row="phone",
    since="phone_since",
    goes_on=Metric.LOCATION_UPDATES,
    beside="fixes",
    words="sends positions but no phone event",
)
_PHANTOM: Final = Half(
    kind=PHANTOM_GUARD,
    fails=Metric.TOUR_CHECKPOINTS,
    row="scans",
    since="fixes_since",
    goes_on=Metric.LOCATION_UPDATES,
    beside="fixes",
    words="is about, but scanned nothing and did no task though some were due",
)


class Doubt(NamedTuple):
    """What fails, in stretches between breaks; after a window of it, it may say something with the other half heard."""

    half: Half
    window_ms: int
    spans: list[Span]

    @property
    def start(self) -> int:
        """Return since when it fails."""
        return self.spans[0][0]

    @property
    def opens(self) -> int:
        """Return when it has failed for a window."""
        return passed(self.spans, self.window_ms)

    @property
    def end(self) -> int:
        """Return until when it fails."""
        return self.spans[-1][1]


@dataclass(frozen=True, slots=True)
class Phones(Detector):
    """Compares the halves of what each phone on duty tells; duties and traces say all it needs."""

    name = "phones"
    kinds = (PHANTOM_GUARD, DEVICE_GPS_FAILURE, DEVICE_PHONE_FAILURE)
    events = (Punch, Shift, Tour, Task, Removal, PhoneEvent, LocationFix, TaskDone, TourScan)

    def keys(self, event: Event, scene: Scene) -> Sequence[str]:
        """Return whose duty changes, of whom something becomes due, or whose failure an event may end."""
        return whose(self.name, event, scene)

    def claims(self, key: str, record: None, at: int, scene: Scene) -> list[Claim]:  # noqa: ARG002 - duties and traces are all
        """Return the failures of the last hours."""
        return [
            _claim(post, doubt, since, at, scene)
            for post, doubt in _doubts(key, at, at + 1, scene)
            if (since := _since(post, doubt, at, scene)) is not None
        ]

    def due(self, key: str, record: None, after: int, scene: Scene) -> int | None:  # noqa: ARG002 - as above
        """Return when a failure begins if nothing is heard before, is to be looked for again, or ends by itself."""
        duties = scene.duties.of(key)
        doubts = _doubts(key, after, duties[-1].until, scene) if duties else []
        return min((_looked_at(post, doubt, after, scene) for post, doubt in doubts), default=None)

    def final_before(self, key: str, record: None, scene: Scene) -> int:  # noqa: ARG002 - as above
        """Return the instant from which on all is remembered."""
        return scene.now - _REMEMBERED_MS


def _doubts(person: str, at: int, end: int, scene: Scene) -> list[tuple[Post, Doubt]]:
    """Return all that failed of a person lately, or fails up to `end`, whatever else is heard."""
    traces = scene.activities.traces(person)
    if traces is None or person not in scene.roster.people:
        return []
    since = at - _REMEMBERED_MS if end == at + 1 else at
    return [
        (post, doubt)
        for post in posts(person, at - _LOOKED_BACK_MS, end, scene)
        for doubt in (
            *_failures(post, traces, _GPS),
            *_failures(post, traces, _PHONE),
            *_idleness(post, traces, at, scene),
        )
        if doubt.end > since
    ]


def _failures(post: Post, traces: Traces, half: Half) -> list[Doubt]:
    """Return the pauses of a signal that was heard of the person before: a break adds nothing to one, nor ends it."""
    known: int | None = getattr(traces, half.since)
    listened = [] if known is None else common(post.listened, [(known, post.duty.until)])
    pauses = silences(listened, getattr(traces, half.row), WINDOW_MS)
    doubts = [Doubt(half, WINDOW_MS, spans) for pause in pauses if (spans := common(post.spans, [pause]))]
    return [doubt for doubt in doubts if doubt.opens <= doubt.end]


def _idleness(post: Post, traces: Traces, at: int, scene: Scene) -> Iterator[Doubt]:
    """Yield when a whole window on duty passed without a task or scan though some were due."""
    judged = [(start + IDLE_MS, end) for start, end in post.spans if start + IDLE_MS < end]
    if not judged:
        return
    first, last = max(judged[0][0], at - _LOOKED_BACK_MS) - IDLE_MS, judged[-1][1]
    done = sorted((*traces.tasks, *traces.scans))
    missing = overdue(scene.roster.dues(post.site, post.person, first, last), done, IDLE_MS)[1]
    anyones = scene.roster.dues(post.site, None, first, last)
    if anyones:
        by_all = sorted(heard for row in ("tasks", "scans") for heard in of_all(post.site, row, first, last, scene))
        missing = without(joined([*missing, *overdue(anyones, by_all, IDLE_MS)[1]]), covered(done, IDLE_MS))
    for start, end in common(judged, missing):
        yield Doubt(_PHANTOM, IDLE_MS, [(start - IDLE_MS, end)])


def _since(post: Post, doubt: Doubt, at: int, scene: Scene) -> int | None:
    """Return when by `at` it had failed for long enough, and enough of the other half was heard to say so."""
    stands = stands_since(Phones.name, post.person, doubt.half.kind.name, (doubt.start, doubt.end), scene)
    if stands is not None and stands - doubt.start >= doubt.window_ms:
        return stands
    traces = scene.activities.traces(post.person)
    beside = covered(getattr(traces, doubt.half.beside), doubt.window_ms)
    for start, end in common([(_rare_from(post, doubt, scene), min(doubt.end, at + 1))], beside):
        grid = range(next_grid(start + 1), end, GRID_MS)
        enough: int | None = next((each for each in (start, *grid) if _enough(post, doubt, each, scene)), None)
        if enough is not None:
            return enough
    return None


def _enough(post: Post, doubt: Doubt, at: int, scene: Scene) -> bool:
    """Tell whether the other half was heard enough in the window before an instant."""
    totals = scene.activities.totals(post.person, at - doubt.window_ms, at)
    return totals.value(doubt.half.goes_on) >= LEAST


def _rare_from(post: Post, doubt: Doubt, scene: Scene) -> int:
    """Return when a pause has become too long for chance; of work that was due it is long enough as it opens."""
    if doubt.half is _PHANTOM:
        return doubt.opens
    usual = usual_per_h(post.site, doubt.half.fails, [(post.person, post.duty.start)], doubt.start, scene)
    return passed(doubt.spans, rare_after_ms(doubt.half.fails, usual, doubt.window_ms))


def _looked_at(post: Post, doubt: Doubt, after: int, scene: Scene) -> int:
    """Return when a doubt is to be looked at: as it opens, again until it is claimed, and as it ends by itself."""
    if doubt.opens > after:
        return min(doubt.opens, doubt.end)
    if stands_since(Phones.name, post.person, doubt.half.kind.name, (doubt.start, doubt.end), scene) is not None:
        return doubt.end
    rare_from = _rare_from(post, doubt, scene)
    return min(rare_from if rare_from > after else next_grid(after + 1), doubt.end)


def _claim(post: Post, doubt: Doubt, since: int, at: int, scene: Scene) -> Claim:
    kind, name = doubt.half.kind, scene.person_name(post.person)
    usual = expected(post.site, doubt.half.fails, doubt.start, since, scene)
    p = None if kind is PHANTOM_GUARD else p_nothing(usual)
    totals = scene.activities.totals(post.person, since - doubt.window_ms, since)
    heard = int(totals.value(doubt.half.goes_on))
    minutes = round((since - doubt.start) / MINUTE_MS)
    finding = kind.finding(
        time=since,
        confidence=sure(kind.confidence, p),
        reason=f"{name} at {scene.site_name(post.site)} {doubt.half.words} for {minutes} min up to "
        f"{scene.wall(post.site, since)}; {_ADVICE[kind.name]}",
        evidence={
            "missing_since": rfc3339(doubt.start),
            "missing_minutes": minutes,
            "window_minutes": doubt.window_ms // MINUTE_MS,
            f"{doubt.half.goes_on.value}_count": heard,
            "p_nothing": p,
        },
        site=post.site,
        person=post.person,
    )
    over = f"{name} was heard in full again, or is not on duty any more, at {scene.wall(post.site, doubt.end)}"
    until = doubt.end if doubt.end <= at else None
    return Claim(key=f"{kind.name}:{since}", finding=finding, since=since, lasting=True, until=until, over=over)


_ADVICE: Final = {
    PHANTOM_GUARD.name: "ask what was done, then have the supervisor look",
    DEVICE_GPS_FAILURE.name: "ask them to switch location on, or to change the phone",
    DEVICE_PHONE_FAILURE.name: "ask them to restart the app, or to change the phone",
}
