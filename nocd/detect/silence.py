"""Sites nothing is heard of while someone is on duty: not at all, or not by phone, or not where anyone is."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from nocd.detect.absence import (
    SIGNS,
    breaks,
    duties_at,
    expected,
    first_heard,
    near,
    p_nothing,
    rare_after_ms,
    silences,
    stands_since,
    sure,
    touches,
    usual_per_h,
)
from nocd.detect.kinds import Kind
from nocd.detect.protocol import Claim, Detector
from nocd.domain.directory import Removal, Shift
from nocd.domain.finding import Category
from nocd.domain.instant import HOUR_MS, MINUTE_MS, rfc3339
from nocd.domain.observation import LocationFix, PhoneEvent, Punch, TaskDone, TourScan
from nocd.domain.severity import Severity
from nocd.domain.signal import Metric
from nocd.domain.spans import Span, common, joined, without

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nocd.detect.scene import Scene
    from nocd.domain.event import Event
    from nocd.signals.traces import Heard, Traces

WINDOW_MS: Final = 60 * MINUTE_MS
_LOOKED_BACK_MS: Final = 12 * HOUR_MS
_REMEMBERED_MS: Final = 2 * HOUR_MS

SILENT_SITE: Final = Kind(
    name="SILENT_SITE",
    category=Category.OPERATIONAL,
    severities=(Severity.CRITICAL,),
    confidence=0.90,
    says="no phone event, position, task or scan from anyone on duty at a site for 60 min",
)
CRITICAL_SIGNAL_LOW_PHONE: Final = Kind(
    name="CRITICAL_SIGNAL_LOW_PHONE",
    category=Category.OPERATIONAL,
    severities=(Severity.HIGH,),
    confidence=0.80,
    says="no phone event from anyone on duty at a site for 60 min, while something else is heard",
)
CRITICAL_SIGNAL_LOW_LOCATION: Final = Kind(
    name="CRITICAL_SIGNAL_LOW_LOCATION",
    category=Category.OPERATIONAL,
    severities=(Severity.HIGH,),
    confidence=0.80,
    says="no position from anyone on duty at a site for 60 min, or longer where that is usual there",
)


class Sound(NamedTuple):
    """What is listened for: the type of its absence, which traces are signs of it, what tells how usual it is."""

    kind: Kind
    rows: tuple[str, ...]
    since: str
    metric: Metric
    words: str


_ALL: Final = Sound(SILENT_SITE, ("phone", "fixes", "tasks", "scans"), "since", Metric.PHONE_EVENTS, "nothing at all")
_SORTS: Final = (
    Sound(CRITICAL_SIGNAL_LOW_PHONE, ("phone",), "phone_since", Metric.PHONE_EVENTS, "no phone event"),
    Sound(CRITICAL_SIGNAL_LOW_LOCATION, ("fixes",), "fixes_since", Metric.LOCATION_UPDATES, "no position"),
)


class Watch(NamedTuple):
    """Someone on duty who was ever heard: who, from, to, their traces, and when nothing of theirs could be heard."""

    person: str
    start: int
    end: int
    traces: Traces
    unheard: list[Span]


@dataclass(frozen=True, slots=True)
class Silence(Detector):
    """Listens to each site with someone on duty; duties and traces say all it needs."""

    name = "silence"
    kinds = (SILENT_SITE, CRITICAL_SIGNAL_LOW_PHONE, CRITICAL_SIGNAL_LOW_LOCATION)
    events = (Punch, Shift, Removal, PhoneEvent, LocationFix, TaskDone, TourScan)

    def keys(self, event: Event, scene: Scene) -> Sequence[str]:
        """Return the site whose guards change, or whose silence a sign of life may end."""
        data = event.data
        if isinstance(data, SIGNS):
            sites = duties_at(data.person, event.time, scene)
            if first_heard(data.person, event.time, scene):
                return sites
            return [site for site in sites if touches(self.name, site, event.time, scene)]
        if isinstance(data, Removal):
            return (data.id,) if event.type == "noc.site" else ()
        if isinstance(data, Shift) and not near(data, scene):
            return ()
        assert isinstance(data, (Punch, Shift))
        return sorted({data.site, *(duty.site for duty in scene.duties.of(data.person)[-2:])})

    def claims(self, key: str, record: None, at: int, scene: Scene) -> list[Claim]:  # noqa: ARG002 - duties and traces are all
        """Return the silences of the last hours."""
        watches = _watches(key, at, at + 1, scene)
        silent = [(_ALL, since, pause) for since, pause in _silences(key, watches, _ALL, at, scene)]
        whole = joined((since, pause[1]) for _, since, pause in silent)
        for sound in _SORTS:
            for since, (start, end) in _silences(key, watches, sound, at, scene):
                before = without([(since, end)], whole)[:1]  # what is left of it after a silence is the phones' own
                silent += [(sound, first, (start, last)) for first, last in before if first == since]
        return [_claim(key, sound, since, pause, at, scene) for sound, since, pause in silent]

    def due(self, key: str, record: None, after: int, scene: Scene) -> int | None:  # noqa: ARG002 - as above
        """Return when a silence may begin if nothing is heard before, or ends because nobody is on duty any more."""
        watches = _watches(key, after, after + _LOOKED_BACK_MS, scene)
        until = after + _LOOKED_BACK_MS
        pauses = [(sound, pause) for sound in (_ALL, *_SORTS) for pause in _pauses(watches, sound, after, until)]
        return min((_looked_at(key, watches, sound, pause, after, scene) for sound, pause in pauses), default=None)

    def final_before(self, key: str, record: None, scene: Scene) -> int:  # noqa: ARG002 - as above
        """Return the instant from which on silences are remembered."""
        return scene.now - _REMEMBERED_MS


def _silences(site: str, watches: list[Watch], sound: Sound, at: int, scene: Scene) -> list[tuple[int, Span]]:
    """Return the pauses of late that are too long for chance, each with since when it was that."""
    pauses = _pauses(watches, sound, at - _REMEMBERED_MS, at + 1)
    found = [(_rare_from(site, watches, sound, pause, scene), pause) for pause in pauses]
    return [(since, pause) for since, pause in found if since < pause[1]]


def _rare_from(site: str, watches: list[Watch], sound: Sound, pause: Span, scene: Scene) -> int:
    """Return when a pause has become too long for chance: breaks add nothing to it."""
    stands = stands_since(Silence.name, site, sound.kind.name, pause, scene)
    if stands is not None and stands - pause[0] >= WINDOW_MS:
        return stands
    known = _known(watches, sound)
    people = [(watch.person, watch.start) for watch in known if watch.start <= pause[0] < watch.end]
    usual = usual_per_h(site, sound.metric, people, pause[0], scene)
    of_one = None if usual is None else usual / max(len(people), 1)
    spans = common((span for watch in known for span in _at_work(watch, scene)), [pause])
    return max(pause[0] + WINDOW_MS, _shared(spans, rare_after_ms(sound.metric, of_one, 0), pause[0]))


def _at_work(watch: Watch, scene: Scene) -> list[Span]:
    """Return a watch without its breaks."""
    span = watch.start, watch.end
    return without([span], breaks(scene.duties.marks(watch.person), span))


def _shared(spans: list[Span], length_ms: int, start: int) -> int:
    """Return when people there in `spans` have been silent for `length_ms` together, or would if one stayed on."""
    borders = sorted({start, *(border for span in spans for border in span)})
    for first, last in pairwise(borders):
        heads = sum(begins <= first < ends for begins, ends in spans)
        if heads and heads * (last - first) >= length_ms:
            return first + length_ms // heads
        length_ms -= heads * (last - first)
    return borders[-1] + length_ms


def _looked_at(site: str, watches: list[Watch], sound: Sound, pause: Span, after: int, scene: Scene) -> int:
    """Return when a pause that goes on is to be looked at: after a window, when it is long for chance, as it ends."""
    start, end = pause
    if start + WINDOW_MS > after:
        return min(start + WINDOW_MS, end)
    since = _rare_from(site, watches, sound, pause, scene)
    return min(since, end) if since > after else end


def _watches(site: str, at: int, end: int, scene: Scene) -> list[Watch]:
    duties = scene.duties.at(site, at - _LOOKED_BACK_MS, end) if site in scene.roster.sites else []
    return [
        Watch(person, first, last, traces, scene.unheard_spans(person))
        for person, first, last in duties
        if (traces := scene.activities.traces(person)) is not None
    ]


def _pauses(watches: list[Watch], sound: Sound, after: int, until: int) -> list[Span]:
    """Return when for at least a window nothing was heard of people who were on duty all the while.

    Only what ends later than `after` is asked for; the watches end by `until`.
    """
    known, heard = _known(watches, sound), list[Span]()
    for watch in known:
        for row in sound.rows:
            heard += _within(watch, getattr(watch.traces, row), after)
            if heard and heard[-1][0] <= after and heard[-1][1] > until - WINDOW_MS:
                return []  # a single stretch leaves no room for a pause: so it nearly always is
    spans = joined(span for watch in known for span in without([(watch.start, watch.end)], watch.unheard))
    return [pause for pause in silences(spans, heard, WINDOW_MS) if pause[1] > after]


def _known(watches: list[Watch], sound: Sound) -> list[Watch]:
    """Return the watches from when on their people's devices are known to tell such a thing."""
    known = []
    for watch in watches:
        first: int | None = getattr(watch.traces, sound.since)
        if first is not None and first < watch.end:
            known.append(Watch(watch.person, max(watch.start, first), watch.end, watch.traces, watch.unheard))
    return known


def _within(watch: Watch, heard: list[Heard], after: int) -> list[Heard]:
    """Return what was heard of someone while they were on duty, newest first: of what is before `after` the newest."""
    found = []
    for first, last in reversed(heard):
        if last < watch.start:
            break
        if first <= watch.end:
            found.append((max(first, watch.start), min(last, watch.end)))
            if last < after:
                break
    return found


def _claim(site: str, sound: Sound, since: int, pause: Span, at: int, scene: Scene) -> Claim:
    start, end = pause
    until = end if end <= at else None
    watches = [watch for watch in _watches(site, since, since + 1, scene) if watch.end >= since]
    usual = expected(site, sound.metric, start, since, scene)
    p = None if usual is None else p_nothing(usual * len(watches))
    minutes = round((since - start) / MINUTE_MS)
    name = scene.site_name(site)
    finding = sound.kind.finding(
        time=since,
        confidence=sure(sound.kind.confidence, p),
        reason=f"{name}: {sound.words} from {len(watches)} on duty for {minutes} min, since "
        f"{scene.wall(site, start)}; call the post, then check its phones and network",
        evidence={
            "silent_since": rfc3339(start),
            "silent_minutes": minutes,
            "window_minutes": WINDOW_MS // MINUTE_MS,
            "on_duty": len(watches),
            "p_nothing": p,
        },
        site=site,
    )
    over = f"{name} was heard again, or nobody is on duty there any more, at {scene.wall(site, end)}"
    return Claim(key=f"{sound.kind.name}:{since}", finding=finding, since=since, lasting=True, until=until, over=over)
