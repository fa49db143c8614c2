"""An alert as the console keeps it: the fields of a row typed and harmless, the whole view beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from noctui.state.cells import clean
from noctui.state.times import parse

SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "INFO")
UNKNOWN_RANK = SEVERITIES.index("MEDIUM")
STATES = {
    "open": ("NEW", "new"),
    "acknowledged": ("ACK", "ack"),
    "assigned": ("ASG", "ack"),
    "in_progress": ("WIP", "ack"),
    "escalated": ("ESC", "esc"),
    "suppressed": ("SNZ", "snz"),
    "resolved": ("RES", "res"),
}
Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One trouble of the queue; `rank` 0 is the worst severity, times are UTC milliseconds."""

    id: str
    rank: int
    priority: int
    status: str
    type: str
    title: str
    site: str = ""
    site_name: str = ""
    person: str = ""
    who: str = ""
    case: str = ""
    count: int = 1
    score: float | None = None
    last_seen: int = 0
    opened_at: int = 0
    updated_at: int = 0
    undo_until: int | None = None
    snoozed_until: int | None = None
    snooze_ended_at: int | None = None
    acknowledged: bool = False
    ended_unseen: bool = False
    body: Body = field(default_factory=dict, compare=False, repr=False)

    @property
    def queued(self) -> bool:
        """Tell whether it belongs in the queue: not resolved, or ended before anyone looked."""
        return self.status != "resolved" or self.ended_unseen

    @property
    def unattended(self) -> bool:
        """Tell whether nobody has taken it on."""
        return self.status == "open" or (self.status == "escalated" and not self.acknowledged) or self.ended_unseen

    @property
    def level(self) -> int:
        """Return 1 to 4 for P1 to P4; LOW and INFO share P4."""
        return min(self.rank + 1, 4)

    @property
    def order(self) -> tuple[int, int, int, int, str]:
        """Return the sort key of the queue: severity first, always; then priority; ties last seen first."""
        return self.rank, -self.priority, -self.last_seen, -self.opened_at, self.id

    @property
    def words(self) -> str:
        """Return what the plain filter searches, in lower case."""
        parts = (self.id, self.site, self.site_name, self.type, self.title, self.person, self.who, self.case)
        return " ".join((*parts, f"p{self.level}", state_of(self)[0])).lower()


def state_of(alert: Alert) -> tuple[str, str]:
    """Return the three-letter word of an alert's state, and its role."""
    if alert.status == "resolved" and alert.ended_unseen:
        return "END", "esc"
    return STATES.get(alert.status, (alert.status[:3].upper(), "text"))


def rank_of(severity: object) -> int:
    """Return the rank of a severity's name; a name from a newer daemon counts as MEDIUM."""
    return SEVERITIES.index(severity) if severity in SEVERITIES else UNKNOWN_RANK


def read_alert(body: Body) -> Alert:
    """Return the alert in an AlertView of the wire; raises KeyError where it has no id."""
    return Alert(
        id=clean(body["id"]),
        rank=rank_of(body.get("severity")),
        priority=int(body.get("priority") or 0),
        status=clean(body.get("status") or "open"),
        type=_word(body, "type"),
        title=_word(body, "title") or _word(body, "type"),
        site=_word(body, "site"),
        site_name=_word(body, "site_name"),
        person=_word(body, "person_name") or _word(body, "person"),
        who=_word(body, "assignee") or _word(body, "acknowledged_by"),
        case=_word(body, "incident") or _word(body, "ticket"),
        count=int(body.get("count") or 1),
        score=body.get("fraud_score"),
        last_seen=parse(body.get("last_seen")) or 0,
        opened_at=parse(body.get("opened_at")) or parse(body.get("first_seen")) or 0,
        updated_at=parse(body.get("updated_at")) or 0,
        undo_until=parse(body.get("undo_until")),
        snoozed_until=parse(body.get("suppressed_until")),
        snooze_ended_at=parse(body.get("snooze_ended_at")),
        acknowledged=body.get("acknowledged_at") is not None,
        ended_unseen=bool(body.get("ended_unseen")),
        body=body,
    )


def _word(body: Body, key: str) -> str:
    value = body.get(key)
    return "" if value is None else clean(value)
