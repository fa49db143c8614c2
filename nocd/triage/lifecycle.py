"""Which command is allowed in which status, and why not."""

from __future__ import annotations

from nocd.domain.alert import Status

_WORKED = frozenset({Status.ACKNOWLEDGED, Status.ASSIGNED, Status.IN_PROGRESS})

# The status a verb leads to, and the statuses it is allowed in.
_MOVES: dict[str, tuple[Status, frozenset[Status]]] = {
    "ack": (Status.ACKNOWLEDGED, frozenset({Status.OPEN, Status.ASSIGNED, Status.IN_PROGRESS, Status.ESCALATED})),
    "assign": (Status.ASSIGNED, frozenset({Status.OPEN, Status.ESCALATED}) | _WORKED),
    "start": (Status.IN_PROGRESS, frozenset({Status.OPEN, Status.ACKNOWLEDGED, Status.ASSIGNED, Status.ESCALATED})),
    "escalate": (Status.ESCALATED, frozenset({Status.OPEN}) | _WORKED),
    "resolve": (Status.RESOLVED, frozenset(Status) - {Status.RESOLVED}),
    "reopen": (Status.OPEN, frozenset({Status.RESOLVED}) | _WORKED),
}

VERBS = frozenset(_MOVES) | {"note", "undo"}


def target(verb: str) -> Status:
    """Return the status a moving verb leads to."""
    return _MOVES[verb][0]


def refusal(verb: str, status: Status) -> str | None:
    """Return why `verb` is not allowed on an alert in `status`, or None where it is."""
    if verb in ("note", "undo") or status in _MOVES[verb][1]:
        return None
    allowed = ", ".join(sorted(_MOVES[verb][1]))
    return f"{verb} is not possible while the alert is {status}; it is possible while it is {allowed}"
