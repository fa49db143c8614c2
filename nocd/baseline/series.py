"""A sampled metric by hours: points in any order within the lateness, windows and closed hours judged as time passes.

Nothing is judged before the watermark (largest time − lateness) has passed it, so that arrival order changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from nocd.baseline.calendar import slot
from nocd.baseline.hours import close_hour, judge
from nocd.baseline.learning import refuse_z
from nocd.domain.baseline import VALUE_MAX, Expectation
from nocd.domain.instant import HOUR_MS, MINUTE_MS

if TYPE_CHECKING:
    from collections.abc import Callable

    from nocd.baseline.profile import Profile
    from nocd.domain.baseline import Judgement, Slot

LATENESS_MS: Final = 10 * MINUTE_MS
WINDOW_MS: Final = 30 * MINUTE_MS
WINDOW_POINTS_MIN: Final = 3  # fewer say no more than the hour will
CONFIRM_MS: Final = WINDOW_MS // 2  # for so long windows must agree: nearer ones are mostly the same points
_USUAL_POINTS_PACE: Final = 0.1
_ENOUGH_POINTS: Final = 0.5  # an hour with fewer of its usual points was not seen well enough
Bin = tuple[int, int, float]


@dataclass(slots=True, kw_only=True)
class SeriesRecord:
    """What a sampled metric keeps beside its baseline: minutes still needed, the hour under way, doubts.

    `bins` are (start of minute, points, sum) in time order, of one window and the lateness; all before `judged_to` were
    judged. `doubt` is since when (0: not) and to which side windows lie beyond the threshold; `odd` likewise beyond
    what is learned. `hour_odd` tells that this was confirmed within the present hour,
    `hour_watched` that its windows were judged: they have said then what the closed hour by itself could say.
    """

    newest: int = 0
    judged_to: int = 0
    bins: list[Bin] = field(default_factory=list)
    hour_start: int = 0
    hour_points: int = 0
    hour_sum: float = 0.0
    hour_odd: bool = False
    hour_watched: bool = False
    usual_points: float = 0.0
    doubt: tuple[int, int] = (0, 0)
    odd: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesJudged:
    """A window or a closed hour: where it ends (UTC ms), its judgement, and whether it stands as an anomaly.

    An hour of which nothing was known is closed without a judgement; `total` and `points` are what it showed.
    """

    end: int
    judgement: Judgement | None
    anomalous: bool
    closed: bool
    total: float
    points: int


class Series:
    """One sampled metric, live; all it keeps is in the two records and the buckets it is given."""

    def __init__(
        self,
        profile: Profile,
        record: SeriesRecord,
        *,
        timezone: str,
        country: str | None = None,
        lateness_ms: int = LATENESS_MS,
        may_learn: Callable[[int], bool] = lambda _start: True,
    ) -> None:
        """Take up the records; `may_learn(hour start)` says no for hours under maintenance."""
        self.profile = profile
        self.record = record
        self._timezone = timezone
        self._country = country
        self._lateness_ms = lateness_ms
        self._may_learn = may_learn
        self._known: dict[int, Expectation | None] = {}

    def step(self, time_ms: int, value: float) -> list[SeriesJudged]:
        """Take a finite value in; return what the watermark has passed with it. What comes later is not counted."""
        minute = time_ms - time_ms % MINUTE_MS
        if minute < self.record.judged_to:
            return []
        about = self.profile.baseline
        about.counts = about.counts and value >= 0 and value == int(value)
        self._collect(minute, min(max(float(value), -VALUE_MAX), VALUE_MAX))
        return self.tick(max(self.record.newest, time_ms))

    def tick(self, now_ms: int) -> list[SeriesJudged]:
        """Let time pass; return what the watermark has passed."""
        record = self.record
        record.newest = max(record.newest, now_ms)
        watermark = record.newest - self._lateness_ms
        watermark -= watermark % MINUTE_MS
        if watermark <= record.judged_to:
            return []
        told: list[SeriesJudged] = []
        for each in [each for each in record.bins if record.judged_to <= each[0] < watermark]:
            told += self._pass(each)
        if record.hour_points and watermark >= record.hour_start + HOUR_MS:
            told += self._close()
        record.judged_to = watermark
        record.bins = [each for each in record.bins if each[0] >= watermark - WINDOW_MS]
        return told

    def _collect(self, minute: int, value: float) -> None:
        bins = self.record.bins
        at = len(bins)
        while at and bins[at - 1][0] > minute:
            at -= 1
        if at and bins[at - 1][0] == minute:
            bins[at - 1] = (minute, bins[at - 1][1] + 1, bins[at - 1][2] + value)
        else:
            bins.insert(at, (minute, 1, value))

    def _pass(self, each: Bin) -> list[SeriesJudged]:
        """Move past one minute: into its hour, closing the one before, and through the window that ends with it."""
        record = self.record
        minute, points, total = each
        start = slot(minute, self._timezone, self._country).start
        told = self._close() if record.hour_points and start != record.hour_start else []
        record.hour_start = start
        record.hour_points += points
        record.hour_sum += total
        return told + self._window(minute + MINUTE_MS)

    def _close(self) -> list[SeriesJudged]:
        record = self.record
        points, total, odd, watched = record.hour_points, record.hour_sum, record.hour_odd, record.hour_watched
        at = slot(record.hour_start, self._timezone, self._country)
        record.hour_points, record.hour_sum, record.hour_odd, record.hour_watched = 0, 0.0, False, False
        enough = points >= _ENOUGH_POINTS * record.usual_points
        record.usual_points += (points - record.usual_points) * (_USUAL_POINTS_PACE if record.usual_points else 1.0)
        if not enough:
            return []
        self._known.clear()
        told = close_hour(self.profile, at, total, heads=points, learn=self._may_learn(at.start), odd=odd)
        stands = told is not None and told.anomalous and (told.span_h > 1 or not watched)
        end = at.start + HOUR_MS
        return [SeriesJudged(end=end, judgement=told, anomalous=stands, closed=True, total=total, points=points)]

    def _window(self, end: int) -> list[SeriesJudged]:
        """Judge the half hour before `end`; two that agree make it an anomaly."""
        part = [each for each in self.record.bins if end - WINDOW_MS <= each[0] < end]
        points = sum(each[1] for each in part)
        if points < WINDOW_POINTS_MIN:
            return []
        between = self._between(end - WINDOW_MS // 2)
        if between is None or not between[1].stable:
            return []
        about = self.profile.baseline
        at, expected = between
        total = sum(each[2] for each in part)
        told = judge(about, at, expected, total, heads=points, start=end - WINDOW_MS)
        record = self.record
        record.hour_watched = True
        record.doubt = _lasting(record.doubt, told.z, about.threshold, end)
        record.odd = _lasting(record.odd, expected.plain_z(total, points), refuse_z(about), end)
        record.hour_odd = record.hour_odd or _confirmed(record.odd, end)
        stands = _confirmed(record.doubt, end)
        return [SeriesJudged(end=end, judgement=told, anomalous=stands, closed=False, total=total, points=points)]

    def _between(self, centre: int) -> tuple[Slot, Expectation] | None:
        """Return what is usual around an instant: drawn straight between the middles of the two hours about it."""
        early = slot(centre - HOUR_MS // 2, self._timezone, self._country)
        late = slot(centre + HOUR_MS // 2, self._timezone, self._country)
        first, second = self._usual(early), self._usual(late)
        if first is None or second is None:
            return None
        share = (centre - HOUR_MS // 2 - early.start) / HOUR_MS
        near, nearest = (first, early) if share <= 1 / 2 else (second, late)
        return nearest, Expectation(
            mean=first.mean + share * (second.mean - first.mean),
            own=first.own + share * (second.own - first.own),
            shared=first.shared + share * (second.shared - first.shared),
            level=near.level,
            effective_n=near.effective_n,
            stable=first.stable and second.stable,
            borrowed=first.borrowed or second.borrowed,
            leans=near.leans,
        )

    def _usual(self, at: Slot) -> Expectation | None:
        if at.start not in self._known:
            self._known[at.start] = self.profile.expect(at)
        return self._known[at.start]


def _lasting(since: tuple[int, int], z: float, limit: float, end: int) -> tuple[int, int]:
    """Return since when, and to which side, windows lie beyond `limit`."""
    side = (z > limit) - (z < -limit)
    if not side:
        return (0, 0)
    return since if since[1] == side and since[0] >= end - HOUR_MS else (end, side)


def _confirmed(since: tuple[int, int], end: int) -> bool:
    return since[1] != 0 and end - since[0] >= CONFIRM_MS
