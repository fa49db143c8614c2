"""A sampled metric by hours: points in any order within the lateness, windows and closed hours judged as time passes.

Nothing is judged before the watermark (now − lateness) has passed it, so that arrival order changes nothing: the record
is a function of the points that were passed, whenever time was let pass between them.
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
Point = tuple[int, float]


@dataclass(slots=True, kw_only=True)
class SeriesRecord:
    """What a sampled metric keeps beside its baseline: minutes still needed, the hour under way, doubts.

    `newest` is when it was last heard of; `waiting` are points (time, value) in order that whoever feeds it holds back
    until the watermark passes them. `bins` are (start of minute, points, sum) in time order, of one window and what was
    not yet judged; all before `judged_to` were. `fraction_at` is the first minute among them that says this metric is
    no count (0: none). `doubt` is since when (0: not) and to which side windows lie beyond the threshold; `odd`
    likewise beyond what is learned; `told` when and to which side something was last told. `hour_odd` tells that odd
    windows were confirmed within the present hour, `hour_watched` that its windows were judged: they have said then
    what the closed hour by itself could say.
    """

    newest: int = 0
    judged_to: int = 0
    waiting: list[Point] = field(default_factory=list)
    bins: list[Bin] = field(default_factory=list)
    fraction_at: int = 0
    hour_start: int = 0
    hour_points: int = 0
    hour_sum: float = 0.0
    hour_odd: bool = False
    hour_watched: bool = False
    usual_points: float = 0.0
    doubt: tuple[int, int] = (0, 0)
    odd: tuple[int, int] = (0, 0)
    told: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesJudged:
    """A window or a closed hour: where it ends (UTC ms), its judgement, and whether it stands as an anomaly.

    `tell` says whether it is to be told: a doubt when it is first confirmed, then once an hour. An hour of which
    nothing was known is closed without a judgement; `total` and `points` are what it showed.
    """

    end: int
    judgement: Judgement | None
    anomalous: bool
    tell: bool
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
        self.place = (timezone, country)
        self._lateness_ms = lateness_ms
        self._may_learn = may_learn
        self._known: dict[int, Expectation | None] = {}

    def step(self, time_ms: int, value: float) -> list[SeriesJudged]:
        """Take a finite value of a history in, where now is the largest time; return what the watermark has passed."""
        self.collect(time_ms, value)
        self.record.newest = max(self.record.newest, time_ms)
        return self.tick(self.record.newest)

    def collect(self, time_ms: int, value: float) -> None:
        """Keep a finite value until its minute is passed; one of a minute that was passed is not counted."""
        minute = time_ms - time_ms % MINUTE_MS
        record = self.record
        if minute < record.judged_to:
            return
        value = min(max(float(value), -VALUE_MAX), VALUE_MAX)
        if self.profile.baseline.counts and (value < 0 or value != int(value)):
            record.fraction_at = min(record.fraction_at or minute, minute)
        self._collect(minute, value)

    def tick(self, now_ms: int, *, closing: bool = True) -> list[SeriesJudged]:
        """Let time pass; return what the watermark has passed. Without `closing` only a later point closes an hour."""
        record = self.record
        watermark = now_ms - self._lateness_ms
        watermark -= watermark % MINUTE_MS
        told: list[SeriesJudged] = []
        for each in [each for each in record.bins if record.judged_to <= each[0] < watermark]:
            told += self._pass(each)
            record.judged_to = each[0] + MINUTE_MS
        if closing and record.hour_points and watermark >= record.hour_start + HOUR_MS:
            told += self._close()
            record.judged_to = max(record.judged_to, record.hour_start + HOUR_MS)
        if record.bins and record.bins[0][0] < record.judged_to - WINDOW_MS:
            record.bins = [each for each in record.bins if each[0] >= record.judged_to - WINDOW_MS]
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
        start = slot(minute, *self.place).start
        told = self._close() if record.hour_points and start != record.hour_start else []
        if record.fraction_at and minute >= record.fraction_at:
            self.profile.baseline.counts, record.fraction_at = False, 0
            self._known.clear()
        record.hour_start = start
        record.hour_points += points
        record.hour_sum += total
        return told + self._window(minute + MINUTE_MS)

    def _close(self) -> list[SeriesJudged]:
        record = self.record
        points, total, odd, watched = record.hour_points, record.hour_sum, record.hour_odd, record.hour_watched
        at = slot(record.hour_start, *self.place)
        record.hour_points, record.hour_sum, record.hour_odd, record.hour_watched = 0, 0.0, False, False
        enough = points >= _ENOUGH_POINTS * record.usual_points
        record.usual_points += (points - record.usual_points) * (_USUAL_POINTS_PACE if record.usual_points else 1.0)
        self._known.clear()
        if not enough:
            return []
        told = close_hour(self.profile, at, total, heads=points, learn=self._may_learn(at.start), odd=odd)
        stands = told is not None and told.anomalous and (told.span_h > 1 or not watched)
        end = at.start + HOUR_MS
        tell = stands and told is not None and self._tells(end, told.z, since=0)
        return [
            SeriesJudged(end=end, judgement=told, anomalous=stands, tell=tell, closed=True, total=total, points=points)
        ]

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
        tell = stands and self._tells(end, told.z, since=record.doubt[0])
        return [
            SeriesJudged(end=end, judgement=told, anomalous=stands, tell=tell, closed=False, total=total, points=points)
        ]

    def _tells(self, end: int, z: float, *, since: int) -> bool:
        """Tell whether trouble that began at `since` is to be told at `end`: not twice within an hour."""
        at, side = self.record.told
        mine = 1 if z > 0 else -1
        if side == mine and at >= since and end - at < HOUR_MS:
            return False
        self.record.told = (end, mine)
        return True

    def _between(self, centre: int) -> tuple[Slot, Expectation] | None:
        """Return what is usual around an instant: drawn straight between the middles of the two hours about it."""
        early = slot(centre - HOUR_MS // 2, *self.place)
        late = slot(centre + HOUR_MS // 2, *self.place)
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
