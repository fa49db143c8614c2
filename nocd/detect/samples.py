"""Any number a script wants watched: each series against what is usual for its hour, and against its own near past."""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Final

from nocd.baseline.acts import BASELINE_KIND
from nocd.baseline.calendar import slot
from nocd.baseline.series import Series, SeriesJudged, SeriesRecord
from nocd.detect.hours import Baselines, closed_hour
from nocd.detect.statistical import SIGNALS, statistical
from nocd.detect.stream import State as StreamState
from nocd.detect.stream import StreamDetector, stream_finding
from nocd.domain.baseline import Baseline
from nocd.domain.instant import HOUR_MS

if TYPE_CHECKING:
    from nocd.domain.baseline import Slot
    from nocd.domain.event import Event
    from nocd.domain.finding import Finding
    from nocd.domain.observation import Sample
    from nocd.domain.roster import Roster
    from nocd.domain.shelf import Shelves
    from nocd.domain.threshold import SiteHour

SERIES_KIND: Final = "series"
STREAM_KIND: Final = "stream"
SERIES_MAX: Final = 2_000
SERIES_A_TICK: Final = 16


@dataclass(slots=True, kw_only=True)
class Sampled:
    """What a point, or time passing, led to: closed hours by site, and findings."""

    hours: list[tuple[str | None, SiteHour]] = field(default_factory=list)
    found: list[Finding] = field(default_factory=list)


class Samples:
    """Every sampled series, on the shelves; past `SERIES_MAX` a new one is stored and not watched."""

    def __init__(self, shelves: Shelves, roster: Roster, *, baselines: Baselines, lateness_ms: int) -> None:
        """Take up what the shelves hold."""
        self._shelves = shelves
        self._roster = roster
        self._baselines = baselines
        self._lateness_ms = lateness_ms
        self._series: dict[str, Series] = {}
        self._records: dict[str, SeriesRecord] = shelves.kind(SERIES_KIND)
        self._detector = StreamDetector()
        self._due = [(self._closes_at(record), name) for name, record in self._records.items()]
        heapify(self._due)

    def next_due(self) -> int | None:
        """Return when the next series' hour closes (UTC ms), or None."""
        return self._due[0][0] if self._due else None

    def take(self, event: Event, data: Sample) -> Sampled:
        """Take a point in."""
        name, done = series_id(data), Sampled()
        if name not in self._records:
            if len(self._records) >= SERIES_MAX:
                return done
            self._begin(name, data, event.time)
        series = self._edit(name)
        for judged in series.step(event.time, data.value):
            self._judged(done, series, judged)
        state: StreamState = self._shelves.edit(STREAM_KIND, name)
        step = self._detector.step(state, event.time, data.value)
        if step.anomalous:
            done.found.append(stream_finding(step, metric=data.metric, series=name, site=data.site))
        return done

    def tick(self, now: int) -> Sampled:
        """Let time pass: close the hours of series that no point closes, a few at a time."""
        done = Sampled()
        for _ in range(SERIES_A_TICK):
            if not self._due or self._due[0][0] > now:
                break
            _, name = heappop(self._due)
            if self._closes_at(self._records[name]) <= now:
                series = self._edit(name)
                for judged in series.tick(now):
                    self._judged(done, series, judged)
            heappush(self._due, (max(self._closes_at(self._records[name]), now + HOUR_MS), name))
        return done

    def _begin(self, name: str, data: Sample, time: int) -> None:
        metric = f"sample.{data.metric}" if data.metric in SIGNALS else data.metric
        self._shelves.put(BASELINE_KIND, name, Baseline(id=name, series=data.site or "", metric=metric))
        self._shelves.put(SERIES_KIND, name, SeriesRecord(newest=time))
        self._shelves.put(STREAM_KIND, name, self._detector.start())
        heappush(self._due, (self._closes_at(self._records[name]), name))

    def _edit(self, name: str) -> Series:
        """Return a series whose records are about to change."""
        about, record = self._shelves.edit(BASELINE_KIND, name), self._shelves.edit(SERIES_KIND, name)
        series = self._series.get(name)
        profile = self._baselines.profile(name)
        if series is not None and series.record is record and series.profile.baseline is about:
            return series
        assert profile is not None
        timezone, country = self._place(about)
        series = Series(profile, record, timezone=timezone, country=country, lateness_ms=self._lateness_ms)
        self._series[name] = series
        return series

    def _judged(self, done: Sampled, series: Series, judged: SeriesJudged) -> None:
        about, told = series.profile.baseline, judged.judgement
        site = about.series or None
        if judged.closed:
            start = judged.end - HOUR_MS
            at = self._slot(about, start)
            done.hours.append((site, closed_hour(about, at, judged.total, heads=judged.points, told=told)))
        if judged.anomalous and told is not None:
            found = statistical(about, told, time=judged.end, site=site, site_name=self._roster.site_name(site))
            done.found += [found] if found is not None else []

    def _place(self, about: Baseline) -> tuple[str, str | None]:
        """Return time zone and country of a series."""
        site = self._roster.sites.get(about.series)
        return ("UTC", None) if site is None else (site.timezone, site.country or None)

    def _slot(self, about: Baseline, instant: int) -> Slot:
        return slot(instant, *self._place(about))

    def _closes_at(self, record: SeriesRecord) -> int:
        start = record.hour_start or record.newest
        return start + HOUR_MS + self._lateness_ms


def series_id(data: Sample) -> str:
    """Return the id of the series a point belongs to, which is its baseline's too: `queue_depth@S1:gate`."""
    place = ":".join(part for part in (data.site, data.entity) if part)
    metric = f"sample.{data.metric}" if data.metric in SIGNALS else data.metric
    return f"{metric}@{place or '-'}"
