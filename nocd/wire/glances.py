"""What is seen at a glance: counts by site and step of time, and the people worth a look; times are RFC 3339 UTC."""

from __future__ import annotations

from nocd.wire.views import View


class SiteHeat(View):
    """A site's counts, a number a step, the oldest first; null is what happened at no site.

    `fraud` counts punches that scored .70 or more; it is null without the right to see scores.
    """

    site: str | None = None
    site_name: str | None = None
    client: str | None = None
    alerts: list[int]
    findings: list[int]
    fraud: list[int] | None = None


class Heat(View):
    """What was opened, found and scored high, by site, in steps of so many minutes from `start` on; most first."""

    start: str
    step_minutes: int
    steps: int
    items: list[SiteHeat]


class PersonGlance(View):
    """Someone at a glance: where they are on duty, what is open about them, how their punches scored.

    `days` are the highest scores of the last seven UTC days, the oldest first, null where nothing was scored.
    """

    person: str
    person_name: str | None = None
    role: str
    sites: list[str]
    site: str | None = None
    on_duty: bool
    heard_at: str | None = None
    alerts: int
    fraud_score: float | None = None
    days: list[float | None] | None = None


class PeopleGlance(View):
    """The people that a token sees: how many, how many on duty, and those most worth a look first."""

    time: str
    total: int
    on_duty: int
    items: list[PersonGlance]
