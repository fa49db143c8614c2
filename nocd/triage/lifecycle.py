"""Which command is allowed in which status, and why not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nocd.domain.alert import Status

if TYPE_CHECKING:
    from nocd.domain.alert import Alert

_OPEN = frozenset({Status.OPEN})
_WORKED = frozenset({Status.ACKNOWLEDGED, Status.ASSIGNED, Status.IN_PROGRESS})
_TAKEN_UP = _OPEN | _WORKED | {Status.ESCALATED}

# The status a verb leads to, and the statuses it is allowed in. Only who is in charge may change without a move.
_MOVES: Final[dict[str, tuple[Status, frozenset[Status]]]] = {
    "ack": (Status.ACKNOWLEDGED, _TAKEN_UP - {Status.ACKNOWLEDGED}),
    "assign": (Status.ASSIGNED, _TAKEN_UP),
    "start": (Status.IN_PROGRESS, _TAKEN_UP - {Status.IN_PROGRESS}),
    "escalate": (Status.ESCALATED, _OPEN | _WORKED),
    "verify": (Status.ACKNOWLEDGED, _TAKEN_UP),  # where somebody answered; where nobody did, it is escalated
    "resolve": (Status.RESOLVED, frozenset(Status) - {Status.RESOLVED}),
    "reopen": (Status.OPEN, _WORKED | {Status.RESOLVED}),
    "silence": (Status.SUPPRESSED, _OPEN | _WORKED | {Status.SUPPRESSED}),
}
# What the refused do instead, where the alert is not where the verb leads to already.
_INSTEAD: Final[dict[Status, str]] = {
    Status.ESCALATED: "ack, assign or start takes it on",
    Status.SUPPRESSED: "it comes back when the cause ends, or can be resolved as it is",
    Status.RESOLVED: "reopen it first",
}
_ANYWHERE: Final = frozenset({"note", "undo"})  # of an undo, what there is to take back decides

VERBS: Final = frozenset(_MOVES) | _ANYWHERE


def target(verb: str) -> Status:
    """Return the status a moving verb leads to."""
    return _MOVES[verb][0]


def after_end(verb: str, alert: Alert) -> bool:
    """Tell whether `verb` is about an end that nobody has seen, or judged, yet; it moves nothing."""
    if alert.unresolved or alert.verdict is not None:
        return False
    return verb == "resolve" or (verb == "ack" and alert.ended_unseen)


def refusal(verb: str, alert: Alert) -> str | None:
    """Return why `verb` is not allowed on an alert as it stands, or None where it is."""
    status = alert.status
    if verb in _ANYWHERE or status in _MOVES[verb][1] or after_end(verb, alert):
        return None
    why = f"it is {status} already" if target(verb) is status else _INSTEAD[status]
    held = f" by {alert.suppressed_by}" if status is Status.SUPPRESSED and alert.suppressed_by else ""
    return f"{verb} is not possible while {alert.id} is {status}{held}: {why}"
