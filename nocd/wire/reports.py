"""What reports answer with; days are UTC, times RFC 3339."""

from __future__ import annotations

from typing import Literal

from nocd.wire.views import SeverityName, StateName, View

ColourName = Literal["green", "grey", "amber", "red"]


class SiteCondition(View):
    """The state of a site, why it is so, its key figures, and how long nothing was heard of it."""

    site: str
    site_name: str | None = None
    client: str | None = None
    state: StateName
    reasons: list[str]
    figures: dict[str, int]
    people_required: int
    silent_s: int


class StateNow(SiteCondition):
    """The state of a site at `time`; its figures are at most ten seconds older."""

    time: str


class ClientCondition(View):
    """A client's sites summed up, in the worst state of them."""

    client: str
    sites: int
    state: StateName
    figures: dict[str, int]


class Overview(View):
    """All that a token sees, summed up; `troubled` are the sites that are not normal, the worst first."""

    time: str
    figures: dict[str, int]
    states: dict[StateName, int]
    troubled: list[SiteCondition]
    clients: list[ClientCondition]


class Spread(View):
    """How long something took, in seconds, where it is known of `count` alerts."""

    count: int
    mean_s: float | None = None
    median_s: float | None = None
    p90_s: float | None = None


class Times(View):
    """How long alerts waited for a person, and took until a person resolved them."""

    alerts: int
    acknowledge: Spread
    resolve: Spread


class SeverityTimes(Times):
    """The times of a severity."""

    severity: SeverityName


class SiteTimes(Times):
    """The times of a site."""

    site: str


class ResponseTimes(View):
    """Mean time to acknowledge and to resolve, with median and 90th percentile, of alerts opened in the last days."""

    days: int
    alerts: int
    by_severity: list[SeverityTimes]
    by_site: list[SiteTimes]


class TypeCount(View):
    """How many alerts of a type."""

    type: str
    alerts: int


class NoisySite(View):
    """A site's alerts: how many, of how many sightings, how often wrong of those judged, and about what."""

    site: str
    alerts: int
    sightings: int
    judged: int
    false_positive_rate: float | None = None
    types: list[TypeCount]


class Noise(View):
    """The noisiest sites of the last days, most alerts first."""

    days: int
    items: list[NoisySite]


class Range(View):
    """A gauge over a period."""

    mean: float
    min: float
    max: float


class Point(View):
    """The key figures of a period that begins at `time`."""

    time: str
    samples: int
    events: int
    figures: dict[str, Range]


class Trend(View):
    """Key figures over time; each point is of so many `minutes`."""

    scope: str
    minutes: int
    points: list[Point]


class LoadDay(View):
    """What was found on a day and what became of it without a person: `share` of `found` needed none.

    `critical_unseen` left the queue though nobody looked; `critical_waiting` wait to be looked at.
    """

    day: str
    found: int
    alerts: int
    sightings: int
    folded: int
    held_back: int
    ended: int
    suppressed: int
    ticketed: int
    touched: int
    critical_unseen: int
    critical_waiting: int
    share: float | None = None


class TriageLoad(View):
    """How much of each day's findings and outside alerts triage took off people's hands."""

    days: int
    items: list[LoadDay]


class ViolationView(View):
    """What went against a pillar: when, what, where, and the id of what it is about."""

    time: str
    what: str
    site: str | None = None
    object: str | None = None
    critical: bool


class PillarView(View):
    """A pillar of a scorecard; without a score nothing is known of it. All violations are counted, the first listed."""

    name: str
    score: float | None = None
    colour: ColourName
    count: int
    violations: list[ViolationView]


class ScorecardView(View):
    """A client's day in seven pillars: the mean of those known, and the worst colour."""

    client: str
    day: str
    overall: float | None = None
    colour: ColourName
    pillars: list[PillarView]
