"""Tours scanned by the stopwatch: far more regular than the same person walks."""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, field
from itertools import pairwise
from math import exp, lgamma, log, sqrt
from statistics import fmean, median
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

from annotated_types import Ge, Le

from nocd.detect.kinds import Kind, Rule
from nocd.detect.protocol import Claim, Detector
from nocd.domain.finding import Category
from nocd.domain.instant import DAY_MS, HOUR_MS, SECOND_MS
from nocd.domain.observation import TourScan
from nocd.domain.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nocd.detect.scene import Scene
    from nocd.domain.event import Event

TOURS_MIN: Final = 5  # so many of one's own, over for a day, say what is usual
TOURS_KEPT: Final = 40
SCANS_MAX: Final = 128  # of one tour
GAPS_MIN: Final = 3
GAP_MIN_S: Final = 15.0  # on average; what is scanned faster is TOUR_TOO_FAST's to judge
REMEMBERED_MS: Final = DAY_MS  # before the newest scan; older tours only say what is usual
FORGOTTEN_MS: Final = 45 * DAY_MS
TOGETHER_MS: Final = 12 * HOUR_MS  # tours of one shift are judged together
JUDGED_MS: Final = REMEMBERED_MS - TOGETHER_MS  # before the newest scan; what is judged with them is remembered, too
_CLOCK_S2: Final = 0.16  # what the cut to whole seconds hides of a gap's variance


@dataclass(frozen=True, slots=True, kw_only=True)
class RegularRule(Rule):
    """How unlikely the evenness of scans must be by chance, by the person's own spread."""

    chance_max: Annotated[float, Ge(1e-9), Le(0.01)] = 1e-5


SCANS_TOO_REGULAR: Final = Kind(
    name="SCANS_TOO_REGULAR",
    category=Category.SECURITY,
    severities=(Severity.MEDIUM,),
    confidence=0.75,
    says="the gaps between someone's scans are more even than chance allows by the spread of their earlier tours",
    rule=RegularRule,
)


class Spread(NamedTuple):
    """How uneven the gaps of a tour are: their squared distances from the mean (s²), and the degrees of freedom."""

    squares_s2: float
    freedom: int


@dataclass(slots=True, kw_only=True)
class Stroll:
    """One person's scans of one tour (UTC ms, in order); an `odd` one was too even and teaches nothing."""

    site: str
    times: list[int] = field(default_factory=list)
    odd: bool = False

    def spread(self) -> Spread | None:
        """Return how uneven its gaps are, as far as seconds show it; None where they are too few or too short."""
        gaps_s = [(last - first) / SECOND_MS for first, last in pairwise(self.times)]
        if len(gaps_s) < GAPS_MIN or fmean(gaps_s) < GAP_MIN_S:
            return None
        mean_s, freedom = fmean(gaps_s), len(gaps_s) - 1
        return Spread(max(sum((gap_s - mean_s) ** 2 for gap_s in gaps_s), freedom * _CLOCK_S2), freedom)


@dataclass(slots=True, kw_only=True)
class Rhythm:
    """A person's tours of the last day, and the variance (s²) of those before with when they ended (UTC ms)."""

    strolls: dict[str, Stroll] = field(default_factory=dict)
    usual: list[tuple[int, float]] = field(default_factory=list)
    newest: int = 0

    def in_order(self) -> list[tuple[str, Stroll]]:
        """Return the tours of the last day by when they began."""
        return sorted(self.strolls.items(), key=lambda each: (each[1].times[0], each[0]))

    def usual_s2(self, before: int) -> float | None:
        """Return the person's usual variance of gaps (s²) by the tours over a day before an instant, or None."""
        known = [variance for ended, variance in self.usual if ended < before - REMEMBERED_MS]
        return median(known) if len(known) >= TOURS_MIN else None


@dataclass(frozen=True, slots=True)
class Regular(Detector):
    """Compares the evenness of a person's scans with their own tours of earlier days."""

    name = "rhythm"
    kinds = (SCANS_TOO_REGULAR,)
    events = (TourScan,)
    record = Rhythm

    def keys(self, event: Event, scene: Scene) -> Sequence[str]:  # noqa: ARG002 - the event says who
        """Return who scanned."""
        data = event.data
        assert isinstance(data, TourScan)
        return () if data.scan == "SKIP" else (data.person,)

    def step(self, record: Rhythm, event: Event, scene: Scene) -> bool:
        """Take a scan in, and learn of tours that are over for a day but for what was found in them."""
        data = event.data
        assert isinstance(data, TourScan)
        if event.time < record.newest - REMEMBERED_MS:
            return False
        record.newest = max(record.newest, event.time)
        stroll = record.strolls.setdefault(data.tour, Stroll(site=data.site))
        if event.time not in stroll.times and len(stroll.times) < SCANS_MAX:
            insort(stroll.times, event.time)
        self._learn(record, scene)
        return len(stroll.times) > GAPS_MIN and len(record.usual) >= TOURS_MIN

    def claims(self, key: str, record: Rhythm, at: int, scene: Scene) -> list[Claim]:  # noqa: ARG002 - scans are instants
        """Return the tours of the last hours that were scanned by the stopwatch."""
        tours, since = record.in_order(), record.newest - JUDGED_MS
        judged = (tours[: number + 1] for number, (_, stroll) in enumerate(tours) if stroll.times[-1] >= since)
        return [claim for upto in judged for claim in _judged(key, record, upto, scene)]

    def final_before(self, key: str, record: Rhythm, scene: Scene) -> int:  # noqa: ARG002 - the record says it
        """Return the instant from which on all is remembered that a tour is judged by."""
        return record.newest - JUDGED_MS

    def ends(self, key: str, record: Rhythm, scene: Scene) -> int:  # noqa: ARG002 - the record says it
        """Return over a month after the last scan, on a whole day so that it is not planned anew with every scan."""
        return (record.newest + FORGOTTEN_MS) // DAY_MS * DAY_MS

    def _learn(self, record: Rhythm, scene: Scene) -> None:
        over = [name for name, stroll in record.strolls.items() if stroll.times[-1] < record.newest - REMEMBERED_MS]
        if not over:
            return
        tours = record.in_order()
        for name in {name for number in range(len(tours)) for name in _even(record, tours[: number + 1], scene).tours}:
            record.strolls[name].odd = True
        for name in over:
            stroll = record.strolls.pop(name)
            spread = stroll.spread()
            if spread is not None and not stroll.odd:
                insort(record.usual, (stroll.times[-1], spread.squares_s2 / spread.freedom))
        del record.usual[:-TOURS_KEPT]


class Even(NamedTuple):
    """Tours, up to one, that are too even together (none where they are not): their spread and the usual one (s)."""

    tours: tuple[str, ...] = ()
    spread_s: float = 0.0
    usual_s: float = 0.0
    gaps: int = 0
    chance: float = 1.0


def _even(record: Rhythm, tours: list[tuple[str, Stroll]], scene: Scene) -> Even:
    """Return the last tours of the shift that together are least likely to be so even by chance."""
    last = tours[-1][1]
    usual_s2 = record.usual_s2(last.times[0])
    rule: RegularRule = scene.rule(SCANS_TOO_REGULAR.name, last.site)
    best, names, squares_s2, freedom = Even(), list[str](), 0.0, 0
    for name, stroll in reversed(tours):
        spread = stroll.spread()
        if usual_s2 is None or stroll.times[-1] < last.times[-1] - TOGETHER_MS:
            break
        if spread is None:
            if stroll is last:
                break
            continue
        names.append(name)
        squares_s2, freedom = squares_s2 + spread.squares_s2, freedom + spread.freedom
        chance = chance_below(squares_s2 / usual_s2, freedom)
        if chance <= min(best.chance, rule.chance_max):
            spread_s = sqrt(squares_s2 / freedom)
            best = Even(tuple(names), spread_s, sqrt(usual_s2), freedom + len(names), chance)
    return best


def chance_below(chi_square: float, freedom: int) -> float:
    """Return the chance, at most, of so small a chi-square: the leading term of the lower incomplete gamma series."""
    half, shape = chi_square / 2, freedom / 2
    return exp(min(0.0, shape * log(half) - lgamma(shape + 1)))


def _judged(person: str, record: Rhythm, tours: list[tuple[str, Stroll]], scene: Scene) -> Iterator[Claim]:
    even = _even(record, tours, scene)
    if not even.tours:
        return
    name, stroll = tours[-1]
    many = f"{len(even.tours)} tours" if len(even.tours) > 1 else f"tour {name}"
    finding = SCANS_TOO_REGULAR.finding(
        time=stroll.times[-1],
        reason=f"{scene.person_name(person)} scanned {many} at {scene.site_name(stroll.site)} by the stopwatch: gaps "
        f"differ by {even.spread_s:.1f} s, usually by {even.usual_s:.0f} s; look whether a person or a script scans",
        evidence={
            "tours": list(even.tours),
            "gaps": even.gaps,
            "spread_s": round(even.spread_s, 2),
            "usual_spread_s": round(even.usual_s, 1),
            "chance": even.chance,
        },
        site=stroll.site,
        person=person,
    )
    yield Claim(key=f"SCANS_TOO_REGULAR:{name}", finding=finding, since=stroll.times[-1])
