"""What is told of one person: habits, risk, a day, and where their phone was; every time is RFC 3339 UTC."""

from __future__ import annotations

from typing import Literal

from nocd.wire.views import View


class SiteHabit(View):
    """How often somebody punched at a site."""

    site: str
    site_name: str
    punches: int


class DeviceHabit(View):
    """How often somebody punched with a device."""

    device: str
    punches: int


class DistanceHabit(View):
    """How many punches came from so far (m) from the middle of their site, and not from nearer; null is beyond."""

    upto_m: int | None
    punches: int


class DelayHabit(View):
    """How many arrivals came so late (min) to their shift, and not earlier; null is beyond."""

    upto_minutes: int | None
    punches: int


class ProfileView(View):
    """What is usual of a person's punches of 90 days, in words and counts.

    Hours of the day are on the sites' clocks, days of the week from Monday on. `not_judged` says why nothing is usual
    yet, where that is so.
    """

    person: str
    person_name: str | None = None
    as_of: str
    days: int
    punches: int
    not_judged: str | None = None
    words: list[str]
    hours: list[int]
    weekdays: list[int]
    night_share: float | None = None
    sites: list[SiteHabit]
    devices: list[DeviceHabit]
    distances: list[DistanceHabit]
    delays: list[DelayHabit]
    matches: int
    match_mean: float | None = None


class RiskView(View):
    """How a person's punches of the last 30 days scored; `trend` is the mean against that of the 30 days before."""

    person: str
    person_name: str | None = None
    as_of: str
    days: int
    count: int
    mean: float | None = None
    max: float | None = None
    high: int
    critical: int
    count_before: int
    mean_before: float | None = None
    trend: float | None = None


class DayItem(View):
    """What was planned or happened at an instant: in words, and for a punch its score, for an alert its severity."""

    time: str
    kind: Literal["shift", "punch", "tour", "task", "alert"]
    id: str
    site: str | None = None
    site_name: str | None = None
    person_name: str | None = None
    words: str
    fraud_score: float | None = None
    level: str | None = None
    severity: str | None = None


class DayView(View):
    """A person's day on the clock of `timezone`, in order of time; `left_out` counts what a bound kept out."""

    person: str
    person_name: str | None = None
    as_of: str
    date: str
    timezone: str
    start: str
    end: str
    items: list[DayItem]
    left_out: int


class FixView(View):
    """Where a person's phone was, as it told."""

    no: int
    time: str
    received_at: str
    lat: float
    lon: float
    accuracy_m: float | None = None
    speed_mps: float | None = None
    location_mocked: bool | None = None
    device: str | None = None
