"""Absence: when something could be expected of someone, what was due of them, and how likely nothing is by chance."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log
from typing import TYPE_CHECKING, Final

from nocd.detect.hours import site_baseline
from nocd.detect.watches import CLAIMS_KIND
from nocd.domain.directory import Removal, Shift, Task, Tour
from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, to_ms
from nocd.domain.observation import LocationFix, PhoneEvent, TaskDone, TourScan
from nocd.domain.roster import due_ms
from nocd.domain.signal import Metric
from nocd.domain.spans import Span, joined, without

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nocd.detect.scene import Scene
    from nocd.detect.watches import Stood
    from nocd.domain.event import Event
    from nocd.signals.duty import Duty, Mark
    from nocd.signals.traces import Heard

SIGNS: Final = (PhoneEvent, LocationFix, TourScan, TaskDone)  # of life, the commonest first
GRID_MS: Final = 5 * MINUTE_MS
AHEAD_MS: Final = 16 * HOUR_MS  # the longest duty there is
EARLY_MS: Final = 15 * MINUTE_MS  # a tour may begin that much before it is planned
BREAK_MAX_MS: Final = HOUR_MS  # of a break that nobody ended
SURE_MAX: Final = 0.99
CHANCE_MAX: Final = 0.01  # silence that is likelier than this says nothing
BURSTY_CHANCE_MAX: Final = 0.000005  # of positions: they come in bursts, and 200 people make 150 000 pauses a month
RATE_MIN_PER_H: Final = 0.01
BURST_MAX_PER_H: Final = 5.5  # of one person's positions: more come in bursts, as on a tour, and say no more
LEARNED_MIN: Final = 3  # hours of a kind that tell what is usual in one
OWN_MS: Final = 8 * HOUR_MS  # in which people show what is usual of themselves


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A duty, the stretches of it in which its person could be heard, and those in which they are to do something.

    In the daemon's stops nobody could be heard; in a break nothing has to be done.
    """

    person: str
    duty: Duty
    listened: list[Span]
    spans: list[Span]

    @property
    def site(self) -> str:
        """Return where it is."""
        return self.duty.site


def posts(person: str, start: int, end: int, scene: Scene) -> list[Post]:
    """Return a person's duties between two instants."""
    marks, unheard = scene.duties.marks(person), scene.unheard_spans(person)
    made = []
    for duty in scene.duties.of(person):
        if duty.start < end and duty.until > start:
            listened = without([(duty.start, min(duty.until, end))], unheard)
            spans = without(listened, breaks(marks, (duty.start, duty.until)))
            made.append(Post(person=person, duty=duty, listened=listened, spans=spans))
    return made


def breaks(marks: Iterable[Mark], duty: Span) -> list[Span]:
    """Return the breaks of a duty, or of a part of it; one that nobody ended lasts an hour."""
    start, until = duty
    found: list[Span] = []
    began: int | None = None
    for mark in marks:
        if not start <= mark.time <= until:
            continue
        if began is not None:
            found.append((began, min(mark.time, began + BREAK_MAX_MS)))
        began = mark.time if mark.direction == "break_start" else None
    if began is not None:
        found.append((began, min(until, began + BREAK_MAX_MS)))
    return found


def covered(heard: Iterable[Heard], window_ms: int) -> list[Span]:
    """Return when the window that then ends has a sign in it; its length is no less than a pause between stretches."""
    return joined((first, last + window_ms) for first, last in heard)


def overdue(dues: Sequence[Tour | Task], heard: Sequence[Heard], window_ms: int) -> tuple[list[Span], list[Span]]:
    """Return when the window that then ends has a due time in it, and when besides nothing was done since it could be.

    `heard` are the scans, or the tasks done, of whoever the dues are of.
    """
    expected, missing = [], []
    for due in dues:
        if _called_off(due):
            continue
        at = due_ms(due)
        begins = to_ms(due.planned_start) - EARLY_MS if isinstance(due, Tour) else to_ms(due.created_at)
        done = min((max(first, begins) for first, last in heard if last >= begins), default=at + window_ms)
        expected.append((at, at + window_ms))
        missing.append((at, min(at + window_ms, done)))
    return joined(expected), without(joined(missing), covered(heard, window_ms))


def _called_off(due: Tour | Task) -> bool:
    if isinstance(due, Tour):
        return due.cancelled or not due.mandatory or due.closed_at is not None
    return due.completed_at is not None


def whose(name: str, event: Event, scene: Scene) -> Sequence[str]:
    """Return whose duty an event changes, of whom something becomes due, or whose absence its sign of life may end."""
    data = event.data
    if isinstance(data, SIGNS):
        told = first_heard(data.person, event.time, scene) or touches(name, data.person, event.time, scene)
        return (data.person,) if told else ()
    if isinstance(data, Removal):
        return (data.id,) if event.type == "noc.person" else ()
    if isinstance(data, (Tour, Task)) and data.person is None:
        return sorted({person for person, _, _ in scene.duties.at(data.site, scene.now, scene.now + 1)})
    person: str = data.person  # type: ignore[union-attr, assignment]  # all that tell of an absence have one
    if isinstance(data, Shift) and not near(data, scene):
        return ()
    return (person,)


def touches(name: str, key: str, time: int, scene: Scene) -> bool:
    """Tell whether a sign of life at `time` may change what is claimed of a key.

    It begins no absence; it can only end one that lasts, or refute one that had begun and was not over then.
    """
    stood: Stood | None = scene.shelves.kind(CLAIMS_KIND).get(f"{name}|{key}")
    return stood is not None and any(claim.until is None or time <= claim.until for claim in stood.claims.values())


def first_heard(person: str, time: int, scene: Scene) -> bool:
    """Tell whether a sort of sign was first heard of a person at `time`: from then on its absence is judged."""
    traces = scene.activities.traces(person)
    return traces is not None and time in (traces.since, traces.phone_since, traces.fixes_since)


def expected(site: str, metric: Metric, start: int, end: int, scene: Scene) -> float | None:
    """Return how much of a metric one head usually shows at a site between two instants, None where that is unknown."""
    entry, hours = scene.roster.sites.get(site), scene.hours
    profile = None if hours is None else hours.baselines.profile(site_baseline(site, metric))
    if entry is None or hours is None or profile is None:
        return None
    total = 0.0
    while start < end:
        at = hours.slot_of(site, start)
        usual = profile.expect(at)  # not what is usual elsewhere: borrowing asks every like site
        if usual is None or usual.effective_n < LEARNED_MIN:
            return None
        until = min(end, at.start + HOUR_MS)
        total += usual.mean * (until - start) / HOUR_MS
        start = until
    return total


def usual_per_h(site: str, metric: Metric, people: Sequence[tuple[str, int]], at: int, scene: Scene) -> float | None:
    """Return how many events an hour are usual of people on duty at `at`, None where nothing tells.

    `people` are (person, on duty since). The lesser counts of what the site's hour usually has and what these people
    themselves showed in their last hours: a quiet guard is no silent one. Where neither is known, what those showed
    who were on duty there lately.
    """
    learned = expected(site, metric, at, at + HOUR_MS, scene)
    own = shown_per_h(metric, [(person, max(start, at - OWN_MS), at) for person, start in people], scene)
    rates = [each for each in (learned, own) if each is not None]
    if not rates:
        others = [watch for watch in scene.duties.at(site, at - OWN_MS, at) if scene.activities.traces(watch[0])]
        lately = shown_per_h(metric, others, scene)
        rates = [] if lately is None else [lately]
    most = BURST_MAX_PER_H if metric is Metric.LOCATION_UPDATES else min(rates, default=0.0)
    return min([*rates, most]) * len(people) if rates else None


def shown_per_h(metric: Metric, watches: Sequence[tuple[str, int, int]], scene: Scene) -> float | None:
    """Return how many events an hour one of some showed, an hour of each at least, None where that is not known.

    `watches` are (person, from, to).
    """
    listened = [(person, without([(start, end)], scene.unheard_spans(person))) for person, start, end in watches]
    exposed_ms = sum(end - start for _, spans in listened for start, end in spans)
    if not watches or exposed_ms < HOUR_MS * len(watches):
        return None
    counts = (scene.activities.totals(person, start, end).value(metric) for person, start, end in watches)
    return sum(counts) * HOUR_MS / exposed_ms


def stands_since(name: str, key: str, finding_type: str, pause: Span, scene: Scene) -> int | None:
    """Return since when a pause is claimed already: what is usual may change meanwhile, and takes nothing back."""
    stood: Stood | None = scene.shelves.get(CLAIMS_KIND, f"{name}|{key}")
    claims = () if stood is None else stood.claims.values()
    since = (claim.since for claim in claims if claim.type == finding_type)
    return next((at for at in since if pause[0] < at < pause[1]), None)


def p_nothing(count: float | None) -> float | None:
    """Return how likely nothing at all is where `count` events are usual: exp(-count), Poisson's."""
    return None if count is None else round(exp(-count), 6)


def rare_after_ms(metric: Metric, usual_per_h: float | None, window_ms: int) -> int:
    """Return how long nothing must last to say something: the window, or longer where silence is nothing rare."""
    if usual_per_h is None:
        return window_ms
    chance = BURSTY_CHANCE_MAX if metric is Metric.LOCATION_UPDATES else CHANCE_MAX
    return max(window_ms, int(-log(chance) / max(usual_per_h, RATE_MIN_PER_H) * HOUR_MS))


def silences(spans: Sequence[Span], heard: Iterable[Heard], least_ms: int) -> list[Span]:
    """Return the pauses of at least `least_ms` between signs, within the stretches in which there should be some."""
    signs = joined((first, last + 1) for first, last in heard)
    return [(start, end) for start, end in without(spans, signs) if end - start >= least_ms]


def of_all(site: str, row: str, start: int, end: int, scene: Scene) -> list[Heard]:
    """Return what everyone on duty at a site did (`tasks`, `scans`) of what is anyone's to do."""
    people = {person for person, _, _ in scene.duties.at(site, start, end)}
    found = [scene.activities.traces(person) for person in people]
    return sorted(heard for traces in found if traces is not None for heard in getattr(traces, row))


def sure(confidence: float, p: float | None) -> float:
    """Return a finding's confidence: the usual one, or what chance leaves of certainty where that is known."""
    return confidence if p is None else round(min(SURE_MAX, max(1.0 - p, 1.0 - SURE_MAX)), 3)


def near(shift: Shift, scene: Scene) -> bool:
    """Tell whether a shift may change who is on duty, or was, in the hours that are judged."""
    return to_ms(shift.start) < scene.now + AHEAD_MS and to_ms(shift.end) > scene.now - DAY_MS


def duties_at(person: str, time: int, scene: Scene) -> list[str]:
    """Return the sites a person was on duty at at an instant: one, or none."""
    return [duty.site for duty in scene.duties.of(person) if duty.start <= time <= duty.until]


def next_grid(instant: int) -> int:
    """Return the first five-minute mark at or after an instant."""
    return -(-instant // GRID_MS) * GRID_MS
