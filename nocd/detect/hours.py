"""Each site's hours: tallied while they run, judged and learned once they are closed, each exactly once.

An hour closes when the watermark passes its end. What a site shows is the sum over the people on duty whose devices are
known: a phone nobody ever heard cannot be silent, and an hour in which nobody was on duty says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Final

from nocd.baseline.calendar import slot
from nocd.baseline.hours import close_hour, judge
from nocd.baseline.profile import PEERS_MAX, Profile
from nocd.detect.statistical import statistical
from nocd.domain.baseline import Baseline, Bucket, Expectation, Judgement, Slot
from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS
from nocd.domain.signal import Metric, Totals
from nocd.domain.threshold import SiteHour

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nocd.domain.directory import Site
    from nocd.domain.finding import Finding
    from nocd.domain.roster import Roster
    from nocd.domain.shelf import Shelves
    from nocd.signals.activity import Activities
    from nocd.signals.presence import Presence

BASELINE_KIND = "baseline"
BUCKET_KIND = "bucket"
CLOCK_KIND = "site_clock"
SITES_A_TICK = 16
HEADS_MIN: Final = 0.5  # half an hour of duty: less says nothing about an hour
_STOPPED_MS = 90 * MINUTE_MS  # hours close every 60 min; who was silent for longer was not running
_PEERS_FOR_MS = 30 * DAY_MS
_AGAIN = 1.1  # after a tally that was not yet too many, one must be this much larger to be looked at again
_EARLY = (Metric.PHONE_EVENTS, Metric.LOCATION_UPDATES, Metric.TASKS_COMPLETED, Metric.TOUR_CHECKPOINTS)


@dataclass(slots=True, kw_only=True)
class SiteClock:
    """How far a site's hours are closed, and what of the hour that runs was counted so far.

    `usual` is what that hour's four counts usually are for one head; `floor` the tally at which one is looked at next;
    `found` the findings it led to already, by metric, to be withdrawn where the whole hour says otherwise.
    """

    closed_to: int
    running: int = 0
    tally: dict[str, int] = field(default_factory=dict)
    usual: dict[str, Expectation] = field(default_factory=dict)
    floor: dict[str, float] = field(default_factory=dict)
    found: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Closed:
    """One closed hour of a site: its rows, what was found, and the findings that no longer stand."""

    site: str
    slot: Slot
    hours: list[SiteHour] = field(default_factory=list)
    found: list[Finding] = field(default_factory=list)
    refuted: list[tuple[str, str]] = field(default_factory=list)


class _Buckets:
    """A baseline's buckets on the shelves."""

    def __init__(self, shelves: Shelves, baseline: str) -> None:
        self._shelves = shelves
        self._records: dict[str, Bucket] = shelves.kind(BUCKET_KIND)
        self._prefix = f"{baseline}|"

    def get(self, hour_of_week: int, /) -> Bucket | None:
        return self._records.get(f"{self._prefix}{hour_of_week}")

    def put(self, hour_of_week: int, bucket: Bucket, /) -> None:
        self._shelves.put(BUCKET_KIND, f"{self._prefix}{hour_of_week}", bucket)


class Baselines:
    """Every baseline, by id, on the shelves."""

    def __init__(self, shelves: Shelves) -> None:
        """Read what the shelves hold."""
        self._shelves = shelves
        self.all: dict[str, Baseline] = shelves.kind(BASELINE_KIND)

    def profile(self, baseline_id: str) -> Profile | None:
        """Return a baseline with its buckets, for reading, or None."""
        baseline = self.all.get(baseline_id)
        return None if baseline is None else Profile(baseline, _Buckets(self._shelves, baseline_id))

    def of_site(self, site: str, metric: Metric) -> Profile:
        """Return the profile of a site's metric that is about to learn, new where there was none."""
        baseline_id = site_baseline(site, metric)
        baseline = self._shelves.edit(BASELINE_KIND, baseline_id)
        if baseline is None:
            counts = metric is not Metric.MOVEMENT_DISTANCE_M
            span_min_h = 1 if counts else 2  # a tour that starts ten minutes late moves its metres to the next hour
            baseline = Baseline(id=baseline_id, series=site, metric=metric, counts=counts, span_min_h=span_min_h)
            self._shelves.put(BASELINE_KIND, baseline_id, baseline)
        return Profile(baseline, _Buckets(self._shelves, baseline_id))


def site_baseline(site: str, metric: str) -> str:
    """Return the id of a site's baseline of a metric."""
    return f"{metric}@{site}"


class SiteHours:
    """Counts what happens at each site as it happens, and closes the hours."""

    def __init__(
        self,
        shelves: Shelves,
        roster: Roster,
        *,
        presence: Presence,
        activities: Activities,
        lateness_ms: int,
    ) -> None:
        """Take up what the shelves hold."""
        self._shelves = shelves
        self._roster = roster
        self._presence = presence
        self._activities = activities
        self._lateness_ms = lateness_ms
        self.baselines = Baselines(shelves)
        self._clocks: dict[str, SiteClock] = shelves.kind(CLOCK_KIND)
        self._due = [(self._closes_at(clock), site) for site, clock in self._clocks.items()]
        heapify(self._due)

    def next_due(self) -> int | None:
        """Return when the next site's hour closes (UTC ms), or None."""
        return self._due[0][0] if self._due else None

    def count(self, person: str, metric: Metric, time: int) -> tuple[str, Finding] | None:
        """Count an event for the site its person is on duty at; return (site, finding) once the hour has too many."""
        site = self._presence.site_of(person, time)
        if site is None or site not in self._roster.sites:
            return None
        clock = self._clock(site, time)
        if time >= clock.running + HOUR_MS:
            self._begin(site, clock, time)
        name = metric.value
        if time < clock.running or name in clock.found:
            return None
        tally = clock.tally[name] = clock.tally.get(name, 0) + 1
        usual = clock.usual.get(name)
        if usual is None or tally < clock.floor.get(name, 0.0) or usual.z(tally) <= 0:
            return None
        found = self._too_many(site, clock, metric, usual, time)
        if found is None:
            clock.floor[name] = tally * _AGAIN
            return None
        return site, found

    def remember(self, site: str, metric: str, finding: str) -> None:
        """Keep the id of the finding that an hour which still runs led to."""
        self._shelves.edit(CLOCK_KIND, site).found[metric] = finding

    def tick(self, now: int, *, former: int) -> list[Closed]:
        """Close the hours whose watermark has passed, a few sites at a time; `former` is when this was last alive."""
        closed: list[Closed] = []
        stopped = now - former > _STOPPED_MS
        while self._due and self._due[0][0] <= now and len(closed) < SITES_A_TICK:
            _, site = heappop(self._due)
            clock: SiteClock = self._shelves.edit(CLOCK_KIND, site)
            if site not in self._roster.sites:
                self._shelves.drop(CLOCK_KIND, site)
                continue
            if stopped and clock.closed_to + HOUR_MS > former:
                self._skip(site, clock, now)
            else:
                closed.append(self._close(site, clock))
            heappush(self._due, (self._closes_at(clock), site))
        return closed

    def expectation(self, profile: Profile, at: Slot, *, now: int) -> Expectation | None:
        """Return what is usual for a baseline in an hour, borrowed from like sites while it is young."""
        return profile.expect(at, self._peers(profile.baseline, now))

    def slot_of(self, site: str, instant: int) -> Slot:
        """Return the local hour of a site in which `instant` (UTC ms) lies."""
        entry = self._roster.sites[site]
        return slot(instant, entry.timezone, entry.country or None)

    def _clock(self, site: str, time: int) -> SiteClock:
        clock: SiteClock | None = self._shelves.edit(CLOCK_KIND, site)
        if clock is None:  # the hour that runs began before this was watched
            clock = SiteClock(closed_to=self.slot_of(site, time).start + HOUR_MS)
            self._shelves.put(CLOCK_KIND, site, clock)
            heappush(self._due, (self._closes_at(clock), site))
        return clock

    def _closes_at(self, clock: SiteClock) -> int:
        return clock.closed_to + HOUR_MS + self._lateness_ms

    def _begin(self, site: str, clock: SiteClock, time: int) -> None:
        """Begin to count another hour, with what is usual for it."""
        at = self.slot_of(site, time)
        clock.running, clock.tally, clock.floor, clock.found = at.start, {}, {}, {}
        clock.usual = {}
        for metric in _EARLY:
            profile = self.baselines.profile(site_baseline(site, metric))
            usual = None if profile is None else self.expectation(profile, at, now=time)
            if usual is not None and usual.stable:
                clock.usual[metric.value] = usual

    def _too_many(self, site: str, clock: SiteClock, metric: Metric, usual: Expectation, time: int) -> Finding | None:
        """Return a finding where the hour so far has more than the whole hour may have."""
        at = self.slot_of(site, clock.running)
        heads, totals = self._seen(site, at.start, at.start + HOUR_MS)
        profile = self.baselines.profile(site_baseline(site, metric))
        if profile is None or not heads:
            return None
        judgement = judge(profile.baseline, at, usual, _value(totals, metric), heads=heads)
        return self._finding(profile.baseline, judgement, time, so_far=True) if judgement.z > 0 else None

    def _skip(self, site: str, clock: SiteClock, now: int) -> None:
        """Close the hours of a stop as unknown: what was sent meanwhile never came, or came too late to count."""
        clock.closed_to = max(clock.closed_to + HOUR_MS, self.slot_of(site, now - self._lateness_ms).start)

    def _close(self, site: str, clock: SiteClock) -> Closed:
        at = self.slot_of(site, clock.closed_to)
        clock.closed_to = at.start + HOUR_MS
        done = Closed(site=site, slot=at)
        heads, totals = self._seen(site, at.start, clock.closed_to)
        if totals:
            found = clock.found if clock.running == at.start else {}
            for metric in Metric:
                self._judge(done, metric, _value(totals, metric), heads, found)
        return done

    def _judge(self, done: Closed, metric: Metric, value: float, heads: float | None, found: dict[str, str]) -> None:
        profile = self.baselines.of_site(done.site, metric)
        about = profile.baseline
        told = close_hour(profile, done.slot, value, heads=heads or 1.0, peers=self._peers(about, done.slot.start))
        done.hours.append(closed_hour(about, done.slot, value, heads=heads, told=told))
        finding = None if told is None else self._finding(about, told, done.slot.start + HOUR_MS)
        if finding is not None and not (metric in found and told is not None and told.z > 0):
            done.found.append(finding)
        elif finding is None and metric in found:
            done.refuted.append((f"ANOMALY_{metric.upper()}_ABOVE", found[metric]))

    def _seen(self, site: str, start: int, end: int) -> tuple[float | None, list[Totals]]:
        """Return the heads on duty (None where unknown) and what each of them did, devices nobody knows left out."""
        spans = self._presence.spans(site, start, end)
        if not spans:
            if self._presence.heads_known(site):
                return None, []
            team = [person for person in self._roster.team(site) if self._activities.heard_at(person) is not None]
            return None, [self._activities.totals(person, start, end) for person in team]
        on_duty_ms, totals = 0, []
        for person, mine in spans.items():
            if self._activities.heard_at(person) is not None:
                on_duty_ms += sum(last - first for first, last in mine)
                totals += [self._activities.totals(person, first, last) for first, last in mine]
        heads = on_duty_ms / HOUR_MS
        return (heads, totals) if heads >= HEADS_MIN else (None, [])

    def _finding(self, baseline: Baseline, judgement: Judgement, time: int, *, so_far: bool = False) -> Finding | None:
        site = baseline.series
        return statistical(
            baseline, judgement, time=time, site=site, site_name=self._roster.site_name(site), so_far=so_far
        )

    def _peers(self, baseline: Baseline, now: int) -> list[Profile]:
        """Return the same metric's profiles at sites of the same client and tier, while a baseline is young."""
        if baseline.since and now - baseline.since > _PEERS_FOR_MS:
            return []
        site = self._roster.sites.get(baseline.series)
        if site is None or not site.client:
            return []
        ids = (site_baseline(peer.id, baseline.metric) for peer in self._like(site))
        profiles = (self.baselines.profile(baseline_id) for baseline_id in ids)
        return [profile for profile in profiles if profile is not None][:PEERS_MAX]

    def _like(self, site: Site) -> Iterator[Site]:
        for other in self._roster.sites.values():
            if other.client == site.client and other.tier == site.tier and other.id != site.id:
                yield other


def _value(totals: list[Totals], metric: Metric) -> float:
    return sum(each.value(metric) for each in totals)


def closed_hour(about: Baseline, at: Slot, value: float, *, heads: float | None, told: Judgement | None) -> SiteHour:
    """Return a closed hour as it is kept; expected and spread are of the hour alone, z of the widest span judged."""
    return SiteHour(
        baseline=about.id,
        hour=at.start,
        hour_of_week=at.hour_of_week,
        value=value,
        heads=heads,
        expected=told.hour_expected if told else None,
        spread=told.hour_spread if told else None,
        z=told.z if told else None,
        threshold=about.threshold,
        anomalous=bool(told and told.anomalous),
        learned=told is None or told.learned,
    )
