"""Which command is allowed on an incident in which status, and why not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nocd.domain.incident import IncidentStatus

if TYPE_CHECKING:
    from nocd.domain.incident import Incident

NOUN: Final = "incident"
_STANDS: Final = frozenset({IncidentStatus.OPEN, IncidentStatus.ACKNOWLEDGED})
_ANY: Final = frozenset(IncidentStatus)
_ALLOWED: Final[dict[str, frozenset[IncidentStatus]]] = {
    "ack": frozenset({IncidentStatus.OPEN}),
    "assign": _STANDS,
    "escalate": _STANDS,
    "note": _ANY,
    "resolve": _STANDS,
    "reopen": frozenset({IncidentStatus.RESOLVED}),
    "merge": _STANDS,
    "split": _STANDS,
    "link": _ANY,
    "reparent": _ANY,
    "undo": _ANY,
}
VERBS: Final = frozenset(_ALLOWED)
# As the engine knows them: a verb of a noun is a word of its own.
COMMANDS: Final = frozenset({f"{verb}_{NOUN}" for verb in VERBS} | {f"create_{NOUN}"})


def refusal(verb: str, incident: Incident) -> str | None:
    """Return why `verb` is not allowed on an incident as it stands, or None where it is."""
    if incident.status in _ALLOWED[verb]:
        return None
    instead = "reopen it first" if incident.status is IncidentStatus.RESOLVED else f"it is {incident.status} already"
    if incident.merged_into is not None:
        instead = f"it went on in {incident.merged_into}"
    elif verb == "reopen":
        instead = "it stands"
    return f"{verb} is not possible while {incident.id} is {incident.status}: {instead}"
