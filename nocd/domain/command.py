"""What an operator asks, and what was answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from nocd.domain.alert import Alert
from nocd.domain.ticket import Ticket

HEARTBEAT = "heartbeat"  # the command by which the daemon says that it lives: without it, it was stopped


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One act on one object; `recalled` is the object's stored form where the engine no longer holds it.

    So is `recalled_ticket` that of a ticket; `recalled_alerts` are those it names that the engine holds no longer.

    `foreseen` is what past hours said of it, kept with what it did and no part of what was asked. `key` is the
    caller's idempotency key, `peer` the address it came from; `time` is UTC milliseconds of the asking.
    """

    verb: str
    target: str
    actor: str
    time: int
    args: dict[str, Any] = field(default_factory=dict)
    key: str | None = None
    recalled: Alert | None = None
    recalled_ticket: Ticket | None = None
    recalled_alerts: tuple[Alert, ...] = ()
    foreseen: dict[str, Any] = field(default_factory=dict)
    peer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The answer to a command: an HTTP status and a JSON body, kept for the command's repeats."""

    status: int
    body: dict[str, Any]

    @property
    def ok(self) -> bool:
        """Tell whether the command was carried out."""
        return self.status < 400  # noqa: PLR2004 - HTTP's own border between success and refusal


class Refused(Exception):
    """A command that is not carried out, and why; `code` is stable."""

    def __init__(self, code: str, detail: str) -> None:
        """Keep the code and the sentence."""
        super().__init__(detail)
        self.code = code
        self.detail = detail
