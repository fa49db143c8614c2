"""What becomes of receivers: one that is gone is disabled, and enabled again by hand; what never arrived is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from nocd.detect.failures import notification_failed
from nocd.domain.command import Command, Refused
from nocd.triage.notifications import OFF_KIND

if TYPE_CHECKING:
    from collections.abc import Callable

    from nocd.domain.shelf import Shelves
    from nocd.triage.following import Teller

FAILED: Final = "notification_failed"
ENABLE: Final = "enable_receiver"
VERBS: Final = frozenset({FAILED, ENABLE})


class ReceiverActs:
    """Carries out commands on receivers."""

    def __init__(self, shelves: Shelves, *, teller: Teller, live: Callable[[int], None]) -> None:
        """Work on the shelves; `live` moves the clock (UTC ms) before anything is told."""
        self._shelves = shelves
        self._teller = teller
        self._live = live

    def act(self, command: Command, now: int) -> dict[str, Any]:
        """Carry out a command; return what it did. Raises Refused."""
        return self._failed(command, now) if command.verb == FAILED else self._enable(command, now)

    def _failed(self, command: Command, now: int) -> dict[str, Any]:
        """Take in that a message was given up, or that its receiver is gone for good."""
        self._live(now)
        receiver, detail, gone = command.target, str(command.args["detail"]), bool(command.args["gone"])
        if gone:
            self._shelves.put(OFF_KIND, receiver, detail)
        self._teller.tell("notification_failed", {"receiver": receiver, **command.args})
        self._teller.found(notification_failed(receiver, detail, gone=gone, time=now))
        return {"receiver": receiver, "disabled": gone}

    def _enable(self, command: Command, now: int) -> dict[str, Any]:
        if self._shelves.get(OFF_KIND, command.target) is None:
            raise Refused("not_disabled", f"receiver {command.target} is not disabled")
        self._live(now)
        self._shelves.drop(OFF_KIND, command.target)
        return {"receiver": command.target, "disabled": False}
