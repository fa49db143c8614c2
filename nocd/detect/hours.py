"""Each site's hours: tallied while they run, judged and learned once they are closed, each exactly once.

An hour closes when the watermark passes its end. What a site shows is the sum over the people on duty whose devices are
known: a phone nobody ever heard cannot be silent, and an hour in which nobody was on duty says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from itertools import islice
from typing import TYPE_CHECKING, Final

from nocd.baseline.acts import BASELINE_KIND, CHANGES_KIND
from nocd.baseline.calendar import slot
from nocd.baseline.hours import close_hour, judge
from nocd.baseline.profile import Profile
from nocd.detect.statistical import statistical
from nocd.domain.baseline import HOURS, STABLE_SAMPLES, VALUE_MAX, Baseline, Bucket, Expectation, Judgement, Slot
from nocd.domain.instant import DAY_MS, HOUR_MS
from nocd.domain.signal import Metric, Totals
from nocd.domain.threshold import SiteHour

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nocd.domain.finding import Finding
    from nocd.domain.maintenance import Plans
    from nocd.domain.roster import Roster
    from nocd.domain.shelf import Shelves
    from nocd.signals.activity import Activities
    from nocd.signals.presence import Presence

BUCKET_KIND = "bucket"
CLOCK_KIND = "site_clock"
SITES_A_TICK = 5  # 200 sites close within a minute, and no tick holds the loop long
HEADS_MIN: Final = 0.5  # half an hour of duty: less says nothing about an hour
_LOOK_FROM = 3  # fewer are never too many; most hours of most counts end without being asked about
_PEERS_FOR_MS = 30 * DAY_MS
_PEERS_ASKED = 8
_STABLE_AFTER_MS = (STABLE_SAMPLES - 3) * DAY_MS  # no profile is sooner: an hour comes once a day, or twice
_AGAIN = 1.1  # after a tally that was not yet too many, one must be this much larger to be looked at again
_EARLY = (Metric.PHONE_EVENTS, Metric.LOCATION_UPDATES, Metric.TASKS_COMPLETED, Metric.TOUR_CHECKPOINTS)


@dataclass(slots=True, kw_only=True)
class SiteClock:
    """How far a site's hours are closed, and what of the hour that runs was counted so far.

    `usual` is what a count usually is for one head, once it was asked for; `floor` the tally at which it is looked at
    next; `found` the findings that hours not yet closed led to, by start and metric, to be withdrawn where the whole
    hour says otherwise.
    """

    closed_to: int
    running: int = 0
    tally: dict[str, int] = field(default_factory=dict)
    usual: dict[str, Expectation | None] = field(default_factory=dict)
    floor: dict[str, float] = field(default_factory=dict)
    found: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Closed:
    """One closed hour of a site: its rows, what was found, and the findings that no longer stand.

    `refuted` has (type, finding, baseline). There are no rows where nothing is known of the hour.
    """

    site: str
    hours: list[SiteHour] = field(default_factory=list)
    found: list[Finding] = field(default_factory=list)
    refuted: list[tuple[str, str, str]] = field(default_factory=list)


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

    def drop(self, baseline_id: str) -> None:
        """Forget a baseline with its buckets and changes."""
        self._shelves.drop(BASELINE_KIND, baseline_id)
        self._shelves.drop(CHANGES_KIND, baseline_id)
        for hour in range(HOURS):
            if f"{baseline_id}|{hour}" in self._shelves.kind(BUCKET_KIND):
                self._shelves.drop(BUCKET_KIND, f"{baseline_id}|{hour}")

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
        plans: Plans,
        lateness_ms: int,
    ) -> None:
        """Take up what the shelves hold; nothing is learned under maintenance."""
        self._plans = plans
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
        site = self._presence.place_of(person, time)
        if site is None or site not in self._roster.sites:
            return None
        clock = self._clock(site, time)
        if time >= clock.running + HOUR_MS:
            self._begin(site, clock, time)
        name = metric.value
        if time < clock.running or (clock.found and name in clock.found.get(str(clock.running), ())):
            return None
        tally = clock.tally[name] = clock.tally.get(name, 0) + 1
        if tally < clock.floor.get(name, _LOOK_FROM):
            return None
        usual = self._usual(site, clock, metric)
        if usual is None or usual.z(tally) <= 0:
            if usual is None:
                clock.floor[name] = VALUE_MAX  # nor will it be known before the hour ends
            return None
        found = self._too_many(site, clock, metric, usual, time)
        if found is None:
            clock.floor[name] = tally * _AGAIN
            return None
        return site, found

    def remember(self, site: str, metric: str, finding: str) -> None:
        """Keep the id of the finding that an hour which still runs led to."""
        clock: SiteClock = self._shelves.edit(CLOCK_KIND, site)
        clock.found.setdefault(str(clock.running), {})[metric] = finding

    def tick(self, now: int, *, stops: Sequence[tuple[int, int]]) -> list[Closed]:
        """Close the hours whose watermark has passed, a few sites at a time; something came of it unless it is empty.

        `stops` are (from, to) between which nobody listened. What was sent then came too late to count, but for what
        was sent within the lateness of its end: the hours it touches close as unknown.
        """
        closed: list[Closed] = []
        deaf = [(start, end - self._lateness_ms) for start, end in stops]
        while self._due and self._due[0][0] <= now and len(closed) < SITES_A_TICK:
            _, site = heappop(self._due)
            if site not in self._roster.sites:
                self._forget(site)
                closed.append(Closed(site=site))
                continue
            clock: SiteClock = self._shelves.edit(CLOCK_KIND, site)
            closed.append(self._close(site, clock, deaf))
            heappush(self._due, (self._closes_at(clock), site))
        return closed

    def open_since(self) -> int | None:
        """Return the start of the oldest hour not yet closed (UTC ms), or None."""
        return self._due[0][0] - HOUR_MS - self._lateness_ms if self._due else None

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
        """Begin to count another hour."""
        clock.running = self.slot_of(site, time).start
        clock.tally, clock.usual, clock.floor = {}, {}, {}

    def _usual(self, site: str, clock: SiteClock, metric: Metric) -> Expectation | None:
        """Return what is usual for the hour that runs, worked out when it is first asked for; None while learning."""
        name = metric.value
        if name not in clock.usual:
            profile = self.baselines.profile(site_baseline(site, metric))
            at = self.slot_of(site, clock.running)
            usual = None if profile is None else self.expectation(profile, at, now=clock.running)
            clock.usual[name] = usual if usual is not None and usual.stable else None
        return clock.usual[name]

    def _too_many(self, site: str, clock: SiteClock, metric: Metric, usual: Expectation, time: int) -> Finding | None:
        """Return a finding where the hour so far has more than the whole hour may have."""
        at = self.slot_of(site, clock.running)
        heads, totals = self._seen(site, at.start, at.start + HOUR_MS)
        profile = self.baselines.profile(site_baseline(site, metric))
        if profile is None or not heads:
            return None
        judgement = judge(profile.baseline, at, usual, _value(totals, metric), heads=heads)
        return self._finding(profile.baseline, judgement, time, so_far=True) if judgement.z > 0 else None

    def _close(self, site: str, clock: SiteClock, deaf: list[tuple[int, int]]) -> Closed:
        at = self.slot_of(site, clock.closed_to)
        clock.closed_to = at.start + HOUR_MS
        done, found = Closed(site=site), clock.found.pop(str(at.start), {})
        unheard = max((end for start, end in deaf if start < clock.closed_to and end > at.start), default=None)
        heads, totals = (None, []) if unheard is not None else self._seen(site, at.start, clock.closed_to, settled=True)
        if unheard is not None:
            clock.closed_to = max(clock.closed_to, self.slot_of(site, unheard).start)
            clock.found = {start: kept for start, kept in clock.found.items() if int(start) >= clock.closed_to}
        for metric in Metric:
            if totals:
                self._judge(done, at, metric, _value(totals, metric), heads, found)
            elif metric in found:
                done.refuted.append(_above(site, metric, found[metric]))
        return done

    def _judge(
        self, done: Closed, at: Slot, metric: Metric, value: float, heads: float | None, found: dict[str, str]
    ) -> None:
        profile = self.baselines.of_site(done.site, metric)
        about = profile.baseline
        learn = not self._plans.during(site=done.site, client=self._roster.client(done.site), start=at.start)
        told = close_hour(profile, at, value, heads=heads or 1.0, peers=self._peers(about, at.start), learn=learn)
        done.hours.append(closed_hour(about, at, value, heads=heads, told=told, learn=learn))
        finding = None if told is None else self._finding(about, told, at.start + HOUR_MS)
        stands = finding is not None and told is not None and told.z > 0
        if finding is not None and not (stands and metric in found):
            done.found.append(finding)
        if metric in found and not stands:
            done.refuted.append(_above(done.site, metric, found[metric]))

    def _forget(self, site: str) -> None:
        """Let go of a site that was removed: its clock, and what it knew."""
        self._shelves.drop(CLOCK_KIND, site)
        for metric in Metric:
            self.baselines.drop(site_baseline(site, metric))

    def _seen(self, site: str, start: int, end: int, *, settled: bool = False) -> tuple[float | None, list[Totals]]:
        """Return the heads on duty (None where unknown) and what each of them did, devices nobody knows left out.

        `settled`: nothing that happened before `end` can arrive any more.
        """
        spans = self._presence.spans(site, start, end)
        known = bool(spans) or self._presence.heads_known(site)
        who = spans if known else {person: [(start, end)] for person in self._roster.team(site)}
        on_duty_ms, totals = 0, []
        for person, mine in who.items():
            if self._activities.heard_at(person) is not None:
                if settled:
                    self._activities.settle(person, end - 1)
                on_duty_ms += sum(last - first for first, last in mine)
                totals += [self._activities.totals(person, first, last) for first, last in mine]
        if not known:
            return None, totals
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
        ids = (site_baseline(peer, baseline.metric) for peer in self._roster.like(baseline.series))
        profiles = (self.baselines.profile(baseline_id) for baseline_id in ids)
        asked = islice((profile for profile in profiles if profile is not None), _PEERS_ASKED)
        return [profile for profile in asked if now - profile.baseline.since >= _STABLE_AFTER_MS]


def _above(site: str, metric: Metric, finding: str) -> tuple[str, str, str]:
    return f"ANOMALY_{metric.upper()}_ABOVE", finding, site_baseline(site, metric)


def _value(totals: list[Totals], metric: Metric) -> float:
    return sum(each.value(metric) for each in totals)


def closed_hour(
    about: Baseline, at: Slot, value: float, *, heads: float | None, told: Judgement | None, learn: bool
) -> SiteHour:
    """Return a closed hour as it is kept; expected and spread are of the hour alone, z of the widest span judged.

    `learn` says whether an hour of which nothing is usual yet was learned.
    """
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
        learned=learn if told is None else told.learned,
    )
