"""Which command is allowed on a ticket in which status, and why not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nocd.domain.ticket import TicketStatus

if TYPE_CHECKING:
    from nocd.domain.ticket import Ticket

_NEW, _OPEN, _WORKED, _HELD = TicketStatus.NEW, TicketStatus.OPEN, TicketStatus.IN_PROGRESS, TicketStatus.ON_HOLD
_RESOLVED, _CLOSED, _CANCELLED = TicketStatus.RESOLVED, TicketStatus.CLOSED, TicketStatus.CANCELLED
_TO_DO: Final = frozenset({_NEW, _OPEN, _WORKED, _HELD})

# The status a command leads to, and the statuses it is allowed in.
_MOVES: Final[dict[str, tuple[TicketStatus, frozenset[TicketStatus]]]] = {
    "ack": (_OPEN, frozenset({_NEW})),
    "start": (_WORKED, frozenset({_NEW, _OPEN, _HELD})),
    "hold": (_HELD, frozenset({_OPEN, _WORKED})),
    "resolve": (_RESOLVED, frozenset({_OPEN, _WORKED, _HELD})),
    "reopen": (_OPEN, frozenset({_WORKED, _HELD, _RESOLVED})),
    "close": (_CLOSED, frozenset({_RESOLVED})),
    "cancel": (_CANCELLED, _TO_DO),
}
_ALLOWED: Final[dict[str, frozenset[TicketStatus]]] = {
    **{command: allowed for command, (_, allowed) in _MOVES.items()},
    "assign": _TO_DO,
    "escalate": _TO_DO,
    "check": _TO_DO,
    "note": frozenset(TicketStatus),
}
# What the refused do instead, where the ticket is not where the command leads to already.
_INSTEAD: Final[dict[TicketStatus, str]] = {
    _NEW: "ack or start it first",
    _OPEN: "start, hold or resolve it",
    _WORKED: "hold or resolve it, or reopen puts it back",
    _HELD: "start it again, or resolve it",
    _RESOLVED: "reopen or close it",
    _CLOSED: "it has ended; open a new one",
    _CANCELLED: "it has ended; open a new one",
}
COMMENTED: Final = frozenset({"resolve", "close", "cancel"})  # those that ask for a comment
COMMANDS: Final = tuple(_ALLOWED)


def target(command: str) -> TicketStatus | None:
    """Return the status a command leads to, None for one that moves nothing."""
    return _MOVES[command][0] if command in _MOVES else None


def refusal(command: str, ticket: Ticket) -> str | None:
    """Return why a command is not allowed on a ticket as it stands, or None where it is."""
    status = ticket.status
    if status in _ALLOWED[command]:
        return None
    why = f"it is {status} already" if target(command) is status else _INSTEAD[status]
    return f"{command} is not possible while {ticket.number} is {status}: {why}"
