"""Any number a script wants watched: each series against what is usual for its hour, and against its own near past.

Points wait in the series' record until the watermark (now − lateness) passes them and are then taken in time order, so
that the order they arrive in changes nothing; only a point more than `WAITING_MAX` pushes the oldest on before that.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Final

from nocd.baseline.acts import BASELINE_KIND
from nocd.baseline.calendar import slot
from nocd.baseline.series import Series, SeriesJudged, SeriesRecord
from nocd.detect.hours import Baselines, closed_hour
from nocd.detect.series_limit import series_limit
from nocd.detect.statistical import SIGNALS, statistical
from nocd.detect.stream import State as StreamState
from nocd.detect.stream import StreamDetector, stream_finding
from nocd.domain.baseline import Baseline
from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS

if TYPE_CHECKING:
    from nocd.baseline.series import Point
    from nocd.domain.event import Event
    from nocd.domain.finding import Finding
    from nocd.domain.maintenance import Plans
    from nocd.domain.observation import Sample
    from nocd.domain.roster import Roster
    from nocd.domain.shelf import Shelves
    from nocd.domain.threshold import SiteHour

SERIES_KIND: Final = "series"
STREAM_KIND: Final = "stream"
SERIES_MAX: Final = 2_000
SERIES_A_TICK: Final = 16
POINTS_A_TICK: Final = 256  # past it a tick takes up no further series
WAITING_MAX: Final = 1_000  # ten minutes and one of points at every second are 660
SERIES_KEPT_MS: Final = 35 * DAY_MS  # without a point
REFUSED: Final = "series_refused_at"
_GRACE_MS: Final = MINUTE_MS  # a series that goes on is taken on by its own next point, without a tick
_PREFIX: Final = "sample."


@dataclass(slots=True, kw_only=True)
class Sampled:
    """What a point, or time passing, led to: closed hours by site, and findings."""

    hours: list[tuple[str | None, SiteHour]] = field(default_factory=list)
    found: list[Finding] = field(default_factory=list)


class Samples:
    """Every sampled series, on the shelves; past `SERIES_MAX` a new one is stored, not watched, and told once a day."""

    def __init__(
        self, shelves: Shelves, roster: Roster, *, baselines: Baselines, plans: Plans, lateness_ms: int
    ) -> None:
        """Take up what the shelves hold; nothing is learned under maintenance."""
        self._plans = plans
        self._shelves = shelves
        self._roster = roster
        self._baselines = baselines
        self._lateness_ms = lateness_ms
        self._series: dict[str, Series] = {}
        self._records: dict[str, SeriesRecord] = shelves.kind(SERIES_KIND)
        self._detector = StreamDetector()
        self._planned: dict[str, int] = {}
        self._due: list[tuple[int, str]] = []
        for name in self._records:
            self._plan(name)

    def next_due(self) -> int | None:
        """Return when the next series has something to do (UTC ms), or None; told by the records alone."""
        due, planned = self._due, self._planned
        while due and planned.get(due[0][1]) != due[0][0]:
            heappop(due)
        return due[0][0] if due else None

    def take(self, event: Event, data: Sample, *, now: int) -> Sampled:
        """Take a point in that arrived at `now` (UTC ms, never before an earlier one's); late ones are not watched."""
        name, done = series_id(data), Sampled()
        if event.late:
            return done
        record: SeriesRecord | None = self._shelves.edit(SERIES_KIND, name) if name in self._records else None
        if record is None:
            if len(self._records) >= SERIES_MAX:
                self._refuse(done, name, now)
                return done
            record = self._begin(name, data)
        self._advance(done, name, record, now)
        if event.time >= record.judged_to:
            insort(record.waiting, (event.time, float(data.value)))
            record.newest = max(record.newest, event.time if event.time >= self._watermark(now) else now)
            self._advance(done, name, record, now)
        self._plan(name)
        return done

    def tick(self, now: int) -> Sampled:
        """Let time pass: take up what waits, close hours, forget what had no point for long; a few series at a time."""
        done, points = Sampled(), 0
        for _ in range(SERIES_A_TICK):
            due = self.next_due()
            if due is None or due > now or points > POINTS_A_TICK:
                break
            _, name = heappop(self._due)
            del self._planned[name]
            record: SeriesRecord = self._shelves.edit(SERIES_KIND, name)
            points += len(record.waiting)
            if record.waiting or record.hour_points:
                self._advance(done, name, record, now)
                self._plan(name)
            else:
                self._forget(name)
        return done

    def _watermark(self, now: int) -> int:
        """Return the start of the minute up to which everything has arrived."""
        watermark = now - self._lateness_ms
        return watermark - watermark % MINUTE_MS

    def _plan(self, name: str) -> None:
        """Plan when a series is next taken up."""
        at = self._due_at(self._records[name])
        if self._planned.get(name) == at:
            return
        self._planned[name] = at
        heappush(self._due, (at, name))
        if len(self._due) > 4 * len(self._planned) + SERIES_A_TICK:
            self._due = [(due, each) for each, due in self._planned.items()]
            heapify(self._due)

    def _due_at(self, record: SeriesRecord) -> int:
        """Return when a series has something to do: a function of its record, so that a restart plans the same."""
        due = []
        if record.waiting:
            oldest = record.waiting[0][0]
            due.append(oldest - oldest % MINUTE_MS + MINUTE_MS + _GRACE_MS + self._lateness_ms)
        if record.hour_points:
            due.append(self._closes_at(record))
        return min(due, default=record.newest + SERIES_KEPT_MS)

    def _closes_at(self, record: SeriesRecord) -> int:
        """Return when time alone closes the hour under way; not while points of long ago still come."""
        return max(record.hour_start + HOUR_MS, record.newest) + self._lateness_ms

    def _begin(self, name: str, data: Sample) -> SeriesRecord:
        about = Baseline(id=name, series=data.site or "", metric=_distinct(data.metric))
        self._shelves.put(BASELINE_KIND, name, about)
        self._shelves.put(STREAM_KIND, name, self._detector.start())
        record = SeriesRecord()
        self._shelves.put(SERIES_KIND, name, record)
        return record

    def _refuse(self, done: Sampled, name: str, now: int) -> None:
        told_at = self._shelves.get("counter", REFUSED)
        if told_at is None or now - told_at >= DAY_MS:
            self._shelves.put("counter", REFUSED, now)
            done.found.append(series_limit(name, series_max=SERIES_MAX, time=now))

    def _forget(self, name: str) -> None:
        self._series.pop(name, None)
        self._shelves.drop(SERIES_KIND, name)
        self._shelves.drop(STREAM_KIND, name)
        self._baselines.drop(name)

    def _advance(self, done: Sampled, name: str, record: SeriesRecord, now: int) -> None:
        """Take on what the watermark has passed, in time order."""
        points = _ripe(record.waiting, self._watermark(now))
        if not points and not (record.hour_points and self._closes_at(record) <= now):
            return
        series = self._edit(name, record)
        about = series.profile.baseline
        state: StreamState | None = self._shelves.edit(STREAM_KIND, name) if points else None
        for time, value in points:
            series.collect(time, value)
            assert state is not None
            step = self._detector.step(state, time, value)
            if step.anomalous:
                done.found.append(stream_finding(step, metric=about.metric, series=name, site=about.series or None))
        passed = series.tick(now, closing=False)
        if record.hour_points and self._closes_at(record) <= now:
            passed += series.tick(now)
        for judged in passed:
            self._judged(done, series, judged)

    def _edit(self, name: str, record: SeriesRecord) -> Series:
        """Return a series whose records are about to change, at the place its site has now."""
        about: Baseline = self._shelves.edit(BASELINE_KIND, name)
        series, place = self._series.get(name), self._place(about)
        if (
            series is not None
            and series.record is record
            and series.profile.baseline is about
            and series.place == place
        ):
            return series
        profile = self._baselines.profile(name)
        assert profile is not None
        timezone, country = place
        series = Series(
            profile,
            record,
            timezone=timezone,
            country=country,
            lateness_ms=self._lateness_ms,
            may_learn=lambda start: not self._maintained(about.series or None, start),
        )
        self._series[name] = series
        return series

    def _maintained(self, site: str | None, start: int) -> bool:
        return self._plans.during(site=site, client=self._roster.client(site), start=start)

    def _judged(self, done: Sampled, series: Series, judged: SeriesJudged) -> None:
        about, told = series.profile.baseline, judged.judgement
        site = about.series or None
        if judged.closed:
            at = slot(judged.end - HOUR_MS, *series.place)
            learn = not self._maintained(site, at.start)
            row = closed_hour(about, at, judged.total, heads=judged.points, told=told, learn=learn)
            done.hours.append((site, row))
        if judged.tell and told is not None:
            found = statistical(about, told, time=judged.end, site=site, site_name=self._roster.site_name(site))
            done.found += [found] if found is not None else []

    def _place(self, about: Baseline) -> tuple[str, str | None]:
        """Return time zone and country of a series."""
        site = self._roster.sites.get(about.series)
        return ("UTC", None) if site is None else (site.timezone, site.country or None)


def series_id(data: Sample) -> str:
    """Return the id of the series a point belongs to, which is its baseline's too: `queue@S1:gate`.

    Without entity it is `queue@S1`, without site `queue@:gate`, without both `queue@-`. Different series never share
    one: `%`, `@`, `:` within a part are escaped as in a URL, and a metric named like a signal gets a prefix.
    """
    metric = _escaped(_distinct(data.metric))
    if data.site is None and data.entity is None:
        return f"{metric}@-"
    site = "%2D" if data.site == "-" else _escaped(data.site or "")
    return f"{metric}@{site}" if data.entity is None else f"{metric}@{site}:{_escaped(data.entity)}"


def _escaped(part: str) -> str:
    return part.replace("%", "%25").replace("@", "%40").replace(":", "%3A")


def _distinct(metric: str) -> str:
    """Return a metric's name, set apart where it is that of a signal, or one set apart itself."""
    plain = metric
    while plain.startswith(_PREFIX):
        plain = plain.removeprefix(_PREFIX)
    return f"{_PREFIX}{metric}" if plain in SIGNALS else metric


def _ripe(waiting: list[Point], watermark: int) -> list[Point]:
    """Take out, in order, the points before the watermark and the oldest of what is too many."""
    ripe = max(bisect_left(waiting, (watermark,)), len(waiting) - WAITING_MAX)
    points = waiting[:ripe]
    del waiting[:ripe]
    return points
