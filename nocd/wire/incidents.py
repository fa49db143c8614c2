"""Incidents as the API and the feed show them; every time is RFC 3339 UTC."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from nocd.wire.context import ContextView
from nocd.wire.requests import Ack, AddNote, Assign, Escalate, Note, Reopen, Request, Resolve, Undo
from nocd.wire.views import AlertView, SeverityName, VerdictName, View

IncidentStatusName = Literal["open", "acknowledged", "resolved"]
CloseWhenName = Literal["all", "any", "never"]


class CauseView(View):
    """The alert suspected at the root."""

    alert: str
    type: str
    title: str
    severity: SeverityName
    since: str


class ShownView(View):
    """What the five signals showed when it began; a severity where that is bad by itself."""

    at: str
    values: dict[str, float]
    severity: SeverityName | None = None
    reason: str = ""


class MomentView(View):
    """One line of the timeline."""

    time: str
    happened: str
    text: str
    actor: str
    alert: str | None = None


class IncidentView(View):
    """One story: what belongs to it, how strongly, what is suspected at its root, and how far it is handled.

    `alerts` are all that belonged to it, `standing` counts those that stand in it now, `sightings` how often any was
    seen.
    """

    id: str
    key: str
    title: str
    status: IncidentStatusName
    severity: SeverityName
    score: float
    score_parts: dict[str, float]
    close_when: CloseWhenName
    storm: bool
    site: str | None = None
    site_name: str | None = None
    client: str | None = None
    person: str | None = None
    person_name: str | None = None
    first_seen: str
    last_seen: str
    opened_at: str
    updated_at: str
    alerts: list[str]
    standing: int
    sightings: int
    cause: CauseView | None = None
    signals: ShownView | None = None
    owner: str | None = None
    notes: int
    acknowledged_by: str | None = None
    acknowledged_at: str | None = None
    escalated_at: str | None = None
    resolved_by: str | None = None
    resolved_at: str | None = None
    verdict: VerdictName | None = None
    merged_into: str | None = None
    parent: str | None = None
    links: list[str]
    time_to_acknowledge_s: float | None = None
    time_to_resolve_s: float | None = None
    undo_until: str | None = None


class IncidentChanged(IncidentView):
    """Alerts were found to be one story, or a story moved: the whole incident, what happened to it, and why."""

    old_status: IncidentStatusName | None = None
    new_status: IncidentStatusName
    happened: str
    why: str
    actor: str


class IncidentDetail(View):
    """An incident with its timeline and the alerts that belong to it, those that stand first; at most 100."""

    incident: IncidentView
    timeline: list[MomentView]
    alerts: list[AlertView]
    context: ContextView


_Title = Annotated[str, Field(min_length=1, max_length=200)]
_Ids = Annotated[list[Annotated[str, Field(pattern="^[AI]-[0-9]{1,18}$")]], Field(max_length=100)]


class CreateIncident(Request):
    """Put alerts together that nothing but a person knows to belong together."""

    title: _Title
    alerts: Annotated[_Ids, Field(min_length=1)]
    close_when: CloseWhenName | None = None


class Merge(Request):
    """Let other incidents go on in this one, with all that stands in them."""

    incidents: Annotated[_Ids, Field(min_length=1)]
    note: Note | None = None


class Split(Request):
    """Let some of its alerts leave, to an incident of their own."""

    alerts: Annotated[_Ids, Field(min_length=1)]
    title: _Title | None = None


class Link(Request):
    """Link other incidents with this one, and let alerts belong to it, wherever they stood."""

    incidents: _Ids = Field(default_factory=list)
    alerts: _Ids = Field(default_factory=list)


class Reparent(Request):
    """Hang it under another incident, or under none."""

    parent: Annotated[str, Field(pattern="^I-[0-9]{1,18}$")] | None = None


INCIDENT_COMMANDS: dict[str, type[Request]] = {
    "ack": Ack,
    "assign": Assign,
    "escalate": Escalate,
    "note": AddNote,
    "resolve": Resolve,
    "reopen": Reopen,
    "merge": Merge,
    "split": Split,
    "link": Link,
    "reparent": Reparent,
    "undo": Undo,
}
