"""Guards who show no sign of life at night: the weighted share of expected signals that are missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

from annotated_types import Ge, Le

from nocd.detect.absence import (
    GRID_MS,
    Post,
    covered,
    expected,
    of_all,
    overdue,
    p_nothing,
    posts,
    sure,
    whose,
)
from nocd.detect.kinds import Kind, Rule
from nocd.detect.protocol import Claim, Detector
from nocd.domain.directory import Removal, Shift, Task, Tour
from nocd.domain.finding import Category
from nocd.domain.instant import HOUR_MS, MINUTE_MS, local, rfc3339, to_ms, zone
from nocd.domain.observation import LocationFix, PhoneEvent, Punch, TaskDone, TourScan
from nocd.domain.severity import Severity
from nocd.domain.signal import Metric
from nocd.domain.spans import Span, common, joined, without
from nocd.signals.activity import HOURS_KEPT_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nocd.detect.scene import Scene
    from nocd.domain.event import Event
    from nocd.signals.traces import Traces

MOVED_MIN_M: Final = 10.0
_DEEP_FACTOR: Final = 1.2
_CRITICAL_FROM, _HIGH_FROM = 0.9, 0.8
STILL_MOST: Final = 0.69  # 0.40 / (0.40 + 0.30) in the deep of night, times 1.2
_ROUNDING: Final = 1e-9
_SHIFT_EARLY_MS: Final = HOUR_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class InactivityRule(Rule):
    """How long a window is looked at, and what share of the expected signals may be missing in it."""

    window_minutes: Annotated[int, Ge(30), Le(360)] = 120
    threshold: Annotated[float, Ge(0), Le(1)] = 0.8


GUARD_INACTIVITY: Final = Kind(
    name="GUARD_INACTIVITY",
    category=Category.SAFETY,
    severities=(Severity.HIGH, Severity.CRITICAL, Severity.MEDIUM),
    confidence=0.85,
    says="a guard on night duty of whose expected signals (phone, movement, tasks, tours) too many are missing",
    rule=InactivityRule,
)


class Sign(NamedTuple):
    """One signal: its weight by day and in the deep of night, when it is expected, and when it is missing."""

    name: str
    weight: float
    deep: float
    expected: list[Span]
    missing: list[Span]


class Part(NamedTuple):
    """A stretch in which the same signals are missing."""

    start: int
    end: int
    score: float
    missing: tuple[str, ...]
    expected: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Night(Detector):
    """Scores everyone on duty from 20:00 to 06:59 on the site's clock; duties and traces say all it needs."""

    name = "night"
    kinds = (GUARD_INACTIVITY,)
    events = (Punch, Shift, Tour, Task, Removal, PhoneEvent, LocationFix, TaskDone, TourScan)

    def keys(self, event: Event, scene: Scene) -> Sequence[str]:
        """Return whose duty changes, of whom something becomes due, or whose inactivity a sign of life may end."""
        return whose(self.name, event, scene)

    def claims(self, key: str, record: None, at: int, scene: Scene) -> list[Claim]:  # noqa: ARG002 - duties and traces are all
        """Return the stretches of inactivity of the last hours."""
        return [
            _claim(post, parts, at, scene)
            for post in _posts(key, at, at + 1, scene)
            for parts in _stretches(post, at, at + 1, scene)
        ]

    def due(self, key: str, record: None, after: int, scene: Scene) -> int | None:  # noqa: ARG002 - as above
        """Return when inactivity begins if no sign of life comes before, or is told of again."""
        duties = scene.duties.of(key)
        end = duties[-1].until if duties else 0
        if end <= after:
            return None
        dues = []
        for post in _posts(key, after, end, scene):
            for parts in _stretches(post, after, end, scene):
                first, last = parts[0].start, parts[-1].end
                again = first + ((after - first) // GRID_MS + 1) * GRID_MS
                dues.append(first if first > after else min(again, last))
        return min((at for at in dues if at > after), default=None)

    def final_before(self, key: str, record: None, scene: Scene) -> int:  # noqa: ARG002 - as above
        """Return the instant from which on whole windows are remembered."""
        duties = scene.duties.of(key)
        return _looked_back(duties[-1].site, scene.now, scene) if duties else 0


def _looked_back(site: str, at: int, scene: Scene) -> int:
    """Return the first instant whose window, and what was moved in it, is remembered whole."""
    rule: InactivityRule = scene.rule(GUARD_INACTIVITY.name, site)
    return at - HOURS_KEPT_MS + rule.window_minutes * MINUTE_MS


def _posts(person: str, at: int, end: int, scene: Scene) -> list[Post]:
    known = person in scene.roster.people
    return [post for post in posts(person, at - HOURS_KEPT_MS, end, scene) if known and post.site in scene.roster.sites]


def _stretches(post: Post, at: int, end: int, scene: Scene) -> list[list[Part]]:
    """Return when up to `end` too much is missing, in parts, where nothing is heard after what has been."""
    traces = scene.activities.traces(post.person)
    rule: InactivityRule = scene.rule(GUARD_INACTIVITY.name, post.site)
    window_ms = rule.window_minutes * MINUTE_MS
    judged = _judged(post, _looked_back(post.site, at, scene), window_ms, scene)
    if traces is None or not judged:
        return []
    signs = _signs(post, traces, judged, window_ms, scene)
    nights = _nights(post.site, judged, scene)[1]
    if _only_still(signs, judged, rule.threshold) or not _over(signs, judged, nights, rule.threshold):
        return []
    start = judged[0][0] - window_ms
    moved = moving(scene.activities.moves(post.person, start, end), window_ms)
    signs = [sign._replace(missing=without(sign.missing, moved)) if sign.name == "movement" else sign for sign in signs]
    return _runs(_over(signs, judged, nights, rule.threshold))


def _only_still(signs: list[Sign], judged: list[Span], threshold: float) -> bool:
    """Tell whether at most movement is missing while the phone is heard all along: that alone never scores as much."""
    missing = {sign.name for sign in signs if sign.missing}
    return missing <= {"movement"} and threshold > STILL_MOST and all(s.expected == judged for s in signs[:1])


def _judged(post: Post, since: int, window_ms: int, scene: Scene) -> list[Span]:
    """Return when a whole window on duty has passed, at night."""
    whole = [(max(start + window_ms, since), end) for start, end in post.spans]
    whole = [(start, end) for start, end in whole if start < end]
    return common(whole, _nights(post.site, whole, scene)[0])


def _nights(site: str, spans: list[Span], scene: Scene) -> tuple[list[Span], list[Span]]:
    """Return the nights around stretches, and the deep of them."""
    timezone = scene.roster.sites[site].timezone
    days = {
        local(start, timezone).toordinal() + day
        for start, end in spans
        for day in range(-1, (end - start) // (24 * HOUR_MS) + 2)
    }
    nights = [night(timezone, day) for day in sorted(days)]
    return [whole for whole, _ in nights], [deep for _, deep in nights]


@lru_cache(maxsize=4_096)
def night(timezone: str, day: int) -> tuple[Span, Span]:
    """Return the night that begins on a local date (ordinal), 20:00 to 07:00, and the deep of it, 01:00 to 05:00."""
    first, second = date.fromordinal(day), date.fromordinal(day + 1)

    def at(on: date, hour: int) -> int:
        return to_ms(datetime(on.year, on.month, on.day, hour, tzinfo=zone(timezone)))

    return (at(first, 20), at(second, 7)), (at(second, 1), at(second, 5))


def _signs(post: Post, traces: Traces, judged: list[Span], window_ms: int, scene: Scene) -> list[Sign]:
    """Return the four signals; movement as though there were none, for few have to be asked how far they went."""
    phone = _from(judged, traces.phone_since, 0)  # it is not missing in a window that it was first heard in
    movement = [] if _static(post, scene) else _from(judged, traces.fixes_since, window_ms)
    if not phone and not movement:
        return []  # no device of theirs is known
    first, last = judged[0][0] - window_ms, judged[-1][1]
    mine = scene.roster.dues(post.site, post.person, first, last)
    anyones = scene.roster.dues(post.site, None, first, last)
    signs = [
        Sign("phone", 0.20, 0.30, phone, without(phone, covered(traces.phone, window_ms))),
        Sign("movement", 0.30, 0.40, movement, movement),
    ]
    for name, weight, deep, sort in (("tasks", 0.25, 0.25, Task), ("tours", 0.25, 0.30, Tour)):
        own = overdue([due for due in mine if isinstance(due, sort)], getattr(traces, _ROWS[name]), window_ms)
        common_dues = [due for due in anyones if isinstance(due, sort)]
        shared = (
            overdue(common_dues, of_all(post.site, _ROWS[name], first, last, scene), window_ms)
            if common_dues
            else ([], [])
        )
        signs.append(Sign(name, weight, deep, joined([*own[0], *shared[0]]), joined([*own[1], *shared[1]])))
    return signs


_ROWS: Final = {"tasks": "tasks", "tours": "scans"}


def _from(judged: list[Span], since: int | None, after_ms: int) -> list[Span]:
    """Return when a signal is expected: once so long has passed since it was first heard."""
    return [] if since is None else [(max(a, since + after_ms), b) for a, b in judged if since + after_ms < b]


def _static(post: Post, scene: Scene) -> bool:
    """Tell whether the shift is one without movement."""
    shift = scene.roster.shift_at(person=post.person, site=post.site, time=post.duty.start, margin_ms=_SHIFT_EARLY_MS)
    return shift is not None and shift.static_post


def moving(moves: list[tuple[int, float]], window_ms: int) -> list[Span]:
    """Return when the window that then ends has at least ten metres in it; `moves` are (UTC ms, metres)."""
    moves = sorted(moves)
    walked = [0.0, *accumulate(metres for _, metres in moves)]
    spans, first = [], 0
    for last, (time, _) in enumerate(moves):
        while walked[last + 1] - walked[first + 1] >= MOVED_MIN_M:
            first += 1
        if walked[last + 1] - walked[first] >= MOVED_MIN_M:
            spans.append((time, moves[first][0] + window_ms))
    return joined(spans)


def _over(signs: list[Sign], judged: list[Span], deep: list[Span], threshold: float) -> list[Part]:
    """Return the parts of the judged stretches in which the score reaches the threshold."""
    first, last = judged[0][0], judged[-1][1]
    spans = [*judged, *deep, *(span for sign in signs for span in (*sign.expected, *sign.missing))]
    borders = sorted({border for span in spans for border in span if first <= border <= last})
    parts = []
    for start, end in pairwise(borders):
        gone = [sign for sign in signs if _in(start, sign.missing)]
        if gone and _in(start, judged):
            part = _part(start, end, gone, [sign for sign in signs if _in(start, sign.expected)], deep=_in(start, deep))
            if part.score >= threshold - _ROUNDING:
                parts.append(part)
    return parts


def _part(start: int, end: int, gone: list[Sign], asked: list[Sign], *, deep: bool) -> Part:
    missing, whole = (sum(sign.deep if deep else sign.weight for sign in some) for some in (gone, asked))
    score = missing / whole * (_DEEP_FACTOR if deep else 1.0)
    names = (tuple(sign.name for sign in some) for some in (gone, asked))
    return Part(start, end, min(1.0, score), *names)


def _in(instant: int, spans: list[Span]) -> bool:
    return any(start <= instant < end for start, end in spans)


def _runs(parts: list[Part]) -> list[list[Part]]:
    """Return parts that follow each other as one stretch."""
    runs: list[list[Part]] = []
    for part in parts:
        if runs and runs[-1][-1].end == part.start:
            runs[-1].append(part)
        else:
            runs.append([part])
    return runs


def _claim(post: Post, parts: list[Part], at: int, scene: Scene) -> Claim:
    start, end = parts[0].start, parts[-1].end
    until = end if end <= at else None
    windows = (min(at, end - 1) - start) // GRID_MS
    told_at = start + windows * GRID_MS
    part = next(part for part in parts if part.start <= told_at < part.end)
    rule: InactivityRule = scene.rule(GUARD_INACTIVITY.name, post.site)
    p = _chance(post, part, rule, told_at, scene)
    name, site = scene.person_name(post.person), scene.site_name(post.site)
    minutes = rule.window_minutes + round((told_at - start) / MINUTE_MS)
    finding = GUARD_INACTIVITY.finding(
        time=told_at,
        severity=_severity(part.score),
        confidence=sure(GUARD_INACTIVITY.confidence, p),
        reason=f"{name} at {site}: no {' or '.join(part.missing)} for {minutes} min up to "
        f"{scene.wall(post.site, told_at)}; call now, then send the supervisor or look by camera",
        evidence={
            "score": round(part.score, 3),
            "threshold": rule.threshold,
            "missing": list(part.missing),
            "expected": list(part.expected),
            "window_minutes": rule.window_minutes,
            "consecutive_windows": windows + 1,
            "inactive_since": rfc3339(start),
            "duty_since": rfc3339(post.duty.start),
            "p_nothing": p,
        },
        site=post.site,
        person=post.person,
    )
    return Claim(
        key=f"{GUARD_INACTIVITY.name}:{start}",
        finding=finding,
        since=start,
        lasting=True,
        until=until,
        over="" if until is None else _ending(post, until, name, scene),
        step=told_at // GRID_MS,
    )


def _severity(score: float) -> Severity:
    if score >= _CRITICAL_FROM - _ROUNDING:
        return Severity.CRITICAL
    return Severity.HIGH if score >= _HIGH_FROM - _ROUNDING else Severity.MEDIUM


def _chance(post: Post, part: Part, rule: InactivityRule, at: int, scene: Scene) -> float | None:
    """Return how likely so silent a phone is by chance, where it is the phone that is missed."""
    if "phone" not in part.missing:
        return None
    start = at - rule.window_minutes * MINUTE_MS
    return p_nothing(expected(post.site, Metric.PHONE_EVENTS, start, at, scene))


def _ending(post: Post, until: int, name: str, scene: Scene) -> str:
    """Return what ended a stretch."""
    at = scene.wall(post.site, until)
    if any(end == until for _, end in post.spans):
        return f"{name} went off duty or on a break at {at}"
    traces = scene.activities.traces(post.person)
    assert traces is not None
    heard = (*traces.phone, *traces.tasks, *traces.scans)
    moved = scene.activities.moves(post.person, until, until + 1)
    if moved or any(first == until for first, _ in heard):
        return f"{name} was active again at {at}"
    return f"less was expected of {name} from {at} on"
