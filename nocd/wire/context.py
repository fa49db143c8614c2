"""What surrounds an alert or incident, for whoever opens it; every time is RFC 3339 UTC, every list has a bound."""

from __future__ import annotations

from typing import Any

from nocd.wire.views import AlertView, LedgerView, VerdictName, View


class SimilarView(View):
    """An alert of the same type at the same site that was resolved: how it ended, and in how long."""

    id: str
    title: str
    last_seen: str
    resolved_at: str | None = None
    resolved_by: str | None = None
    verdict: VerdictName | None = None
    time_to_resolve_s: float | None = None


class NearView(View):
    """Someone on duty, or the supervisor: how far they are, how old that knowledge is, how to reach them.

    Without a position of their own (`age_s` null) the distance is that of the site they are on duty at.
    """

    person: str
    person_name: str | None = None
    site: str | None = None
    phone: str | None = None
    distance_m: float | None = None
    age_s: float | None = None


class OnDutyView(View):
    """Someone on duty at the site: since when, and when a device of theirs was last heard."""

    person: str
    person_name: str | None = None
    since: str
    phone: str | None = None
    heard_at: str | None = None


class ComingView(View):
    """Something that changed about the site's roster, or someone who came or left."""

    time: str
    kind: str
    id: str
    happened: str


class UsualView(View):
    """One signal of the last two hours beside what is usual for an hour like this with so many heads."""

    value: float
    quality: str
    usual_per_hour: float | None = None
    spread: float | None = None


class SignalsView(View):
    """The five signals of the last 120 minutes, in whole and by quarter of an hour, the oldest first."""

    of: str
    window_minutes: int
    signals: dict[str, UsualView]
    quarters: list[dict[str, float]]


class ContextView(View):
    """Everything that surrounds an alert or an incident."""

    related: list[AlertView]
    similar: list[SimilarView]
    changes: list[ComingView]
    on_duty: list[OnDutyView]
    nearest: list[NearView]
    supervisor: NearView | None = None
    shifts: list[dict[str, Any]]
    devices: list[dict[str, Any]]
    tours: list[dict[str, Any]]
    tasks: list[dict[str, Any]]
    tickets: list[dict[str, Any]]
    signals: SignalsView | None = None
    punches: list[dict[str, Any]]
    fixes: list[dict[str, Any]]


class AlertDetail(View):
    """An alert with the list of decisions that made it what it is, and what surrounds it."""

    alert: AlertView
    why: list[LedgerView]
    context: ContextView
