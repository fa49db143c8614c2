"""Alerts and signals that belong together: one story an operator handles as a whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from nocd.domain.alert import Verdict
from nocd.domain.severity import Severity

ALERTS_MAX = 1_000
TIMELINE_MAX = 200
LINKS_MAX = 100
BY_HAND = "by_hand"  # the part of the score of what people put together


class IncidentStatus(StrEnum):
    """Where an incident stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class CloseWhen(StrEnum):
    """When an incident resolves by itself: with the last of its alerts, with any of them, or never."""

    ALL = "all"
    ANY = "any"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One line of an incident's timeline; `time` is when it was decided (UTC ms)."""

    time: int
    happened: str
    text: str
    actor: str
    alert: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """The alert suspected at the root: the earliest, and of those that began together the most severe."""

    alert: str
    type: str
    title: str
    severity: Severity
    since: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a person's or a site's signals showed when an incident began, and how bad that is by itself."""

    at: int
    values: dict[str, float]
    severity: Severity | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentUndo:
    """What an act replaced, kept while it may be taken back by who did it (until `until`, ms).

    `before` holds the fields of each incident it changed, `alerts` the incident each alert was in, `made` what is new.
    """

    verb: str
    actor: str
    until: int
    before: dict[str, dict[str, Any]]
    alerts: dict[str, str | None] = field(default_factory=dict)
    made: str | None = None


@dataclass(slots=True, kw_only=True)
class Incident:
    """One story; like an alert it changes while it stands.

    `key` is what it is about: a person, a device or a kind of trouble at a site. `alerts` tells of each alert that ever
    belonged whether it still stands here, `standing` how many do, and `sightings` how often any was seen. `first_seen`
    and `last_seen` are event times; all times are UTC milliseconds.
    """

    id: str
    no: int
    key: str
    title: str
    severity: Severity
    score: float
    score_parts: dict[str, float]
    first_seen: int
    last_seen: int
    opened_at: int
    status: IncidentStatus = IncidentStatus.OPEN
    close_when: CloseWhen = CloseWhen.ALL
    site: str | None = None
    person: str | None = None
    storm: bool = False
    alerts: dict[str, bool] = field(default_factory=dict)
    standing: int = 0
    sightings: int = 0
    cause: Cause | None = None
    signals: Shown | None = None
    timeline: list[Moment] = field(default_factory=list)
    owner: str | None = None
    notes: int = 0
    acknowledged_by: str | None = None
    acknowledged_at: int | None = None
    escalated_at: int | None = None
    resolved_by: str | None = None
    resolved_at: int | None = None
    verdict: Verdict | None = None
    merged_into: str | None = None
    parent: str | None = None
    links: list[str] = field(default_factory=list)
    updated_at: int = 0
    undo: IncidentUndo | None = None

    @property
    def unresolved(self) -> bool:
        """Tell whether it still stands; all but resolved incidents take in what matches."""
        return self.status is not IncidentStatus.RESOLVED

    @property
    def in_hand(self) -> bool:
        """Tell whether a person put it together, or has taken it on: nothing is moved out of it by itself."""
        return self.acknowledged_at is not None or BY_HAND in self.score_parts

    @property
    def ids(self) -> list[str]:
        """Return the alerts that stand here now, in the order in which they came."""
        return [alert_id for alert_id, here in self.alerts.items() if here]


@dataclass(slots=True, kw_only=True)
class Story:
    """The latest incident about one person, device or kind of trouble, and when alerts on it began lately (ms)."""

    incident: str
    begins: list[int] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Weather:
    """How thick alerts of one site come: the latest sightings from outside, the latest beginnings, when it storms.

    Times are event times (UTC ms); `storm` is the incident that carries the present storm.
    """

    seen: list[int] = field(default_factory=list)
    begins: list[tuple[int, str]] = field(default_factory=list)
    stormy_since: int | None = None
    stormy_at: int | None = None
    storm: str | None = None
