"""Tours that nobody begins, that are not walked to their end, or in another order than asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

from annotated_types import Ge, Le

from nocd.detect.entities import of_entry
from nocd.detect.kinds import Kind, Rule
from nocd.detect.protocol import Claim, Detector
from nocd.detect.rounds import (
    KIND,
    MISSED_AFTER_MS,
    SKIP,
    Round,
    Scan,
    closed_ms,
    grace_ms,
    planned,
)
from nocd.detect.scans import TOUR_TOO_FAST, too_fast
from nocd.domain.directory import Removal, Tour
from nocd.domain.finding import Category
from nocd.domain.instant import DAY_MS, MINUTE_MS, rfc3339
from nocd.domain.observation import TourScan
from nocd.domain.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nocd.detect.scene import Scene
    from nocd.domain.event import Event

GROWN_AFTER_MS: Final = 60 * MINUTE_MS
_LISTENED_MS: Final = 15 * MINUTE_MS  # before its time a tour may well have been begun
_KEPT_MS: Final = 2 * DAY_MS
_SHOWN_MAX: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageRule(Rule):
    """How much of a closed tour's checkpoints must have been scanned."""

    coverage_min_percent: Annotated[float, Ge(50), Le(100)] = 80.0


TOUR_OVERDUE: Final = Kind(
    name="TOUR_OVERDUE",
    category=Category.OPERATIONAL,
    severities=(Severity.MEDIUM, Severity.HIGH),
    confidence=0.90,
    says="a mandatory tour has not begun by its grace, HIGH from 60 min; over with the first scan, or once missed",
)
TOUR_MISSED: Final = Kind(
    name="TOUR_MISSED",
    category=Category.OPERATIONAL,
    severities=(Severity.CRITICAL,),
    confidence=0.90,
    says="a mandatory tour has not begun 2 h after its planned start",
)
TOUR_INCOMPLETE: Final = Kind(
    name="TOUR_INCOMPLETE",
    category=Category.OPERATIONAL,
    severities=(Severity.MEDIUM,),
    confidence=0.90,
    says="a tour begun was closed with too few of its checkpoints scanned, and nothing said of the others",
    rule=CoverageRule,
)
CHECKPOINT_COVERAGE_LOW: Final = Kind(
    name="CHECKPOINT_COVERAGE_LOW",
    category=Category.COMPLIANCE,
    severities=(Severity.MEDIUM,),
    confidence=0.90,
    says="a tour was walked to its end with too few of its checkpoints scanned: all the others were skipped",
    rule=CoverageRule,
)
TOUR_OUT_OF_ORDER: Final = Kind(
    name="TOUR_OUT_OF_ORDER",
    category=Category.OPERATIONAL,
    severities=(Severity.MEDIUM,),
    confidence=0.80,
    says="an ordered tour's checkpoint was scanned after one that comes later in it",
)


class Case(NamedTuple):
    """A tour that is judged: its record, its entry, and the scene."""

    record: Round
    tour: Tour
    scene: Scene

    @property
    def name(self) -> str:
        """Return what an operator calls it."""
        return f"{self.tour.kind.lower()} tour {self.tour.id} at {self.scene.site_name(self.tour.site)}"

    @property
    def guard(self) -> str:
        """Return whose tour it is, in words."""
        return "nobody by name" if self.tour.person is None else self.scene.person_name(self.tour.person)

    def wall(self, instant: int) -> str:
        """Return an instant on the site's clock."""
        return self.scene.wall(self.tour.site, instant)

    def silent(self, start: int, end: int) -> bool:
        """Tell whether the absence of scans between two instants says nothing."""
        return self.scene.mute(self.tour.person, start, end, site=self.tour.site)

    def about(self, scan: Scan | None = None) -> dict[str, Any]:
        """Return what a finding is about: the tour, its person, else who scanned."""
        person = self.tour.person or (None if scan is None else scan.person)
        return {"site": self.tour.site, "person": person, "entity_type": "tour", "entity_id": self.tour.id}


@dataclass(frozen=True, slots=True)
class Tours(Detector):
    """Expects each tour's first scan and then its checkpoints; of one cancelled or removed nothing."""

    name = KIND
    kinds = (
        TOUR_OVERDUE,
        TOUR_MISSED,
        TOUR_INCOMPLETE,
        CHECKPOINT_COVERAGE_LOW,
        TOUR_OUT_OF_ORDER,
        TOUR_TOO_FAST,
    )
    events = (Tour, Removal, TourScan)
    record = Round

    def keys(self, event: Event, scene: Scene) -> Sequence[str]:  # noqa: ARG002 - the event names its tour
        """Return the tour entered, removed or scanned."""
        return of_entry(event, "tour")

    def step(self, record: Round, event: Event, scene: Scene) -> bool:  # noqa: ARG002 - the event says it all
        """Take the entry, its end, or a scan."""
        data = event.data
        record.heard_at = max(record.heard_at, event.time)
        if isinstance(data, TourScan):
            record.scan(Scan(event.time, data.checkpoint, data.person, data.scan))
        elif isinstance(data, Tour):
            record.enter(data, event.time)
        else:
            record.remove(event.time)
        return True

    def claims(self, key: str, record: Round, at: int, scene: Scene) -> list[Claim]:  # noqa: ARG002 - the record has its id
        """Return what is wrong with a tour; of one that is off only how long it was overdue, and what was scanned."""
        if record.tour is None:
            return []
        case = Case(record, record.tour, scene)
        claims = [*_overdue(case, at), *too_fast(record, record.tour, at, scene)]
        return claims if record.off else [*claims, *_missed(case, at), *_unfinished(case, at), *_disordered(case)]

    def due(self, key: str, record: Round, after: int, scene: Scene) -> int | None:  # noqa: ARG002 - the record says it
        """Return when the tour is next late, later, missed or closed."""
        tour = record.tour
        if tour is None or record.off:
            return None
        begun = record.begun(tour)
        if begun is not None:
            moments = [begun.time, record.closes(tour)]
        elif tour.mandatory:
            moments = [planned(tour) + wait for wait in (grace_ms(tour), GROWN_AFTER_MS, MISSED_AFTER_MS)]
            moments.append(record.closes(tour))
        else:
            return None
        return min((moment for moment in moments if moment > after), default=None)

    def final_before(self, key: str, record: Round, scene: Scene) -> int:  # noqa: ARG002 - the record says it
        """Return since when scans count: what was claimed of the id before was another tour."""
        return record.since

    def ends(self, key: str, record: Round, scene: Scene) -> int:  # noqa: ARG002 - the record says it
        """Return two days after the tour: by then every phone has told what it has to tell."""
        return (record.heard_at if record.tour is None else planned(record.tour)) + _KEPT_MS


def _overdue(case: Case, at: int) -> Iterator[Claim]:
    """Yield the time a tour was waited for past its grace; told again when it is an hour late."""
    tour = case.tour
    since = planned(tour) + grace_ms(tour)
    until, over = min(_ends(case), key=lambda end: end[0])
    if not tour.mandatory or at < since or until <= since or case.silent(planned(tour) - _LISTENED_MS, since):
        return
    grown_at = planned(tour) + GROWN_AFTER_MS
    grown = grown_at <= (at if at < until else until - 1)
    time = max(since, grown_at) if grown else since
    late_minutes = (time - planned(tour)) / MINUTE_MS
    finding = TOUR_OVERDUE.finding(
        time=time,
        severity=Severity.HIGH if grown else Severity.MEDIUM,
        reason=f"The {case.name} has not begun: planned for {case.wall(planned(tour))}, {late_minutes:.0f} min ago, "
        f"for {case.guard}; call, then send someone else",
        evidence={**_plan(case, time), "late_minutes": round(late_minutes, 1)},
        **case.about(),
    )
    yield Claim(
        key="TOUR_OVERDUE",
        finding=finding,
        since=since,
        lasting=True,
        until=until if until <= at else None,
        over=over,
        step=int(grown),
    )


def _ends(case: Case) -> Iterator[tuple[int, str]]:
    """Yield what ends the wait for a tour's first scan, and when (UTC ms)."""
    record, tour, scene = case
    begun, closed_at = record.begun(tour), closed_ms(tour)
    if begun is not None:
        late_minutes = (begun.time - planned(tour)) / MINUTE_MS
        yield begun.time, f"{scene.person_name(begun.person)} began it {late_minutes:.0f} min late"
    if record.off:
        yield record.off_at, f"the tour was {record.off} at {case.wall(record.off_at)}"
    if closed_at is not None:
        yield closed_at, f"the tour was closed at {case.wall(closed_at)}"
    missed_at = planned(tour) + MISSED_AFTER_MS
    unknown = case.silent(planned(tour) - _LISTENED_MS, missed_at)
    yield missed_at, "scans may have gone unheard: it is not known to be missed" if unknown else "it is missed now"


def _missed(case: Case, at: int) -> Iterator[Claim]:
    tour = case.tour
    missed_at, begun, closed_at = planned(tour) + MISSED_AFTER_MS, case.record.begun(tour), closed_ms(tour)
    called_off = not tour.mandatory or (closed_at is not None and closed_at < missed_at)
    if called_off or at < missed_at or (begun is not None and begun.time <= missed_at):
        return
    if case.silent(planned(tour) - _LISTENED_MS, missed_at):
        return
    finding = TOUR_MISSED.finding(
        time=missed_at,
        reason=f"The {case.name} was missed: planned for {case.wall(planned(tour))} for {case.guard}, "
        f"no checkpoint was scanned within 2 h; find out where they are",
        evidence={**_plan(case, missed_at), "late_minutes": MISSED_AFTER_MS // MINUTE_MS},
        **case.about(),
    )
    yield Claim(key="TOUR_MISSED", finding=finding, since=missed_at)


def _unfinished(case: Case, at: int) -> Iterator[Claim]:
    """Yield what a closed tour lacks; one missed, or closed before its time by an update, lacks nothing more."""
    record, tour = case.record, case.tour
    closes, begun = record.closes(tour), record.begun(tour)
    by = min(closes, planned(tour) + MISSED_AFTER_MS) if tour.mandatory else closes
    if begun is None or begun.time > by or record.shortened or at < closes or not tour.checkpoints:
        return
    scans = record.counted(tour, closes)
    unanswered = set(tour.checkpoints) - {scan.checkpoint for scan in scans}
    kind = TOUR_INCOMPLETE if unanswered else CHECKPOINT_COVERAGE_LOW
    rule: CoverageRule = case.scene.rule(kind.name, tour.site)
    missing, coverage_percent = _missing(tour, scans)
    if coverage_percent >= rule.coverage_min_percent or case.silent(begun.time, closes):
        return
    what = "were left out" if unanswered else "were skipped"
    finding = kind.finding(
        time=closes,
        reason=f"The {case.name} was closed with {coverage_percent:.0f} % of its checkpoints scanned: "
        f"{len(missing)} {what} ({', '.join(missing[:3])}); ask {case.scene.person_name(begun.person)} why",
        evidence={
            **_plan(case, closes, rule),
            "coverage_percent": round(coverage_percent, 1),
            "coverage_min_percent": rule.coverage_min_percent,
            "missing": missing[:_SHOWN_MAX],
            "by_hand": sum(scan.sort == "ENTERED" for scan in scans),
        },
        **case.about(begun),
    )
    yield Claim(key=kind.name, finding=finding, since=closes)


def _disordered(case: Case) -> Iterator[Claim]:
    """Yield the first scan of a checkpoint that comes before one scanned already; what was left out may be skipped."""
    tour, place = case.tour, dict[str, int]()
    for number, checkpoint in enumerate(tour.checkpoints if tour.ordered else ()):
        place.setdefault(checkpoint, number)
    scans = [scan for scan in case.record.counted(tour, case.record.closes(tour)) if scan.sort != SKIP]
    first = {scan.checkpoint: scan for scan in reversed(scans) if scan.checkpoint in place}
    furthest: Scan | None = None
    for scan in sorted(first.values(), key=lambda each: (each.time, place[each.checkpoint])):
        if furthest is not None and place[scan.checkpoint] < place[furthest.checkpoint]:
            yield _out_of_order(case, scan, furthest, [each.checkpoint for each in scans])
            return
        furthest = scan


def _out_of_order(case: Case, scan: Scan, furthest: Scan, scanned: list[str]) -> Claim:
    finding = TOUR_OUT_OF_ORDER.finding(
        time=scan.time,
        reason=f"{case.scene.person_name(scan.person)} scanned {scan.checkpoint} after {furthest.checkpoint} on the "
        f"{case.name}, which is to be walked in order; ask why",
        evidence={
            **_plan(case, scan.time),
            "checkpoint": scan.checkpoint,
            "after": furthest.checkpoint,
            "scanned": scanned[:_SHOWN_MAX],
        },
        **case.about(scan),
    )
    return Claim(key="TOUR_OUT_OF_ORDER", finding=finding, since=scan.time)


def _plan(case: Case, at: int, rule: CoverageRule | None = None) -> dict[str, Any]:
    tour = case.tour
    rule = rule or case.scene.rule(TOUR_INCOMPLETE.name, tour.site)
    return {
        "tour": tour.id,
        "kind": tour.kind,
        "planned_start": rfc3339(planned(tour)),
        "grace_minutes": tour.grace_minutes,
        "checkpoints": len(set(tour.checkpoints)),
        "compliance": compliance(case, at, coverage_min_percent=rule.coverage_min_percent),
    }


def _missing(tour: Tour, scans: list[Scan]) -> tuple[list[str], float]:
    """Return the checkpoints that were not scanned, in the tour's order, and the share of those that were (percent)."""
    scanned = {scan.checkpoint for scan in scans if scan.sort != SKIP}
    every = dict.fromkeys(tour.checkpoints)
    missing = [checkpoint for checkpoint in every if checkpoint not in scanned]
    return missing, 100 * (len(every) - len(missing)) / len(every) if every else 100.0


def compliance(case: Case, at: int, *, coverage_min_percent: float) -> str:
    """Return a tour's state at an instant in one word: not begun, too little of it walked, all of it late, or well.

    Not begun, its guard may not be there at all, where punches are known.
    """
    tour, duties = case.tour, case.scene.duties
    scans = case.record.counted(tour, at)
    if not scans:
        there = {person for person, _, _ in duties.at(tour.site, planned(tour), at)}
        absent = tour.person not in there if tour.person is not None else not there
        return "GUARD_ABSENT" if absent and duties.known_at(tour.site) else "NOT_STARTED"
    if _missing(tour, scans)[1] < coverage_min_percent:
        return "PARTIAL"
    return "SLA_BREACH" if scans[0].time > planned(tour) + grace_ms(tour) else "COMPLIANT"
