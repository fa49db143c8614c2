"""Maintenance windows: what people do to them, and what they hide."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from nocd.detect.night import GUARD_INACTIVITY
from nocd.domain.command import Command, Refused
from nocd.domain.finding import Category
from nocd.domain.maintenance import KEPT_MAX, KIND, WINDOWS_MAX, Maintenance, Subject

if TYPE_CHECKING:
    from nocd.detect.scene import Scene
    from nocd.domain.alert import Alert
    from nocd.domain.finding import Finding
    from nocd.domain.shelf import Shelves

VERBS: Final = frozenset({"plan_maintenance", "end_maintenance"})
_UNHEARD: Final = frozenset({GUARD_INACTIVITY.name})  # SAFETY by what is missing: works at a site explain that


def by_name(trouble: Finding | Alert) -> bool:
    """Tell whether people hide a trouble only where they name it: SAFETY, which nobody means to miss."""
    return trouble.category is Category.SAFETY and trouble.type not in _UNHEARD


def subject_of(trouble: Finding | Alert, *, client: str | None) -> Subject:
    """Return what of a trouble a window looks at."""
    return Subject(
        type=trouble.type,
        site=trouble.site,
        client=client,
        device=trouble.entity_id if trouble.entity_type == "device" else None,
        by_name=by_name(trouble),
    )


def words_of(window: Maintenance, trouble: Finding | Alert, scene: Scene) -> str:
    """Return why a window hides a trouble."""
    return f"maintenance {window.id} until {scene.wall(trouble.site, window.end)} by {window.actor}: {window.reason}"


class MaintenanceActs:
    """Carries out commands on maintenance windows."""

    def __init__(self, shelves: Shelves) -> None:
        """Work on the shelves."""
        self._shelves = shelves
        self._windows: dict[str, Maintenance] = shelves.kind(KIND)

    def act(self, command: Command, *, now: int) -> tuple[Maintenance, str]:
        """Carry out a command; return the window and what happened to it. Raises Refused."""
        return self._plan(command, now) if command.verb == "plan_maintenance" else self._end(command, now)

    def forget_before(self, instant: int) -> None:
        """Let go of windows that ended before `instant` (ms)."""
        for name in [name for name, window in self._windows.items() if window.end < instant]:
            self._shelves.drop(KIND, name)

    def _plan(self, command: Command, now: int) -> tuple[Maintenance, str]:
        args = command.args
        if sum(window.end > now for window in self._windows.values()) >= WINDOWS_MAX:
            raise Refused("too_many_windows", f"{WINDOWS_MAX} maintenance windows are planned already; end some")
        if len(self._windows) >= KEPT_MAX:
            raise Refused("too_many_windows", f"{KEPT_MAX} windows are kept, those that are over for five weeks")
        if args["end"] <= max(args["start"], now):
            raise Refused("bad_window", "a maintenance window ends after it starts, and not in the past")
        number = (self._shelves.get("counter", KIND) or 0) + 1
        self._shelves.put("counter", KIND, number)
        window = Maintenance(
            id=f"M-{number}",
            scope=args["scope"],
            target=args["target"],
            start=args["start"],
            end=args["end"],
            types=tuple(args["types"]),
            actor=command.actor,
            reason=args["reason"],
        )
        self._shelves.put(KIND, window.id, window)
        return window, "planned"

    def _end(self, command: Command, now: int) -> tuple[Maintenance, str]:
        """End a window now; one that has not begun is called off."""
        window = self._windows.get(command.target)
        if window is None:
            raise Refused("not_found", f"there is no maintenance window {command.target}")
        if window.end <= now:
            raise Refused("over", f"{window.id} is over already")
        ended = replace(window, end=max(now, window.start))
        self._shelves.put(KIND, window.id, ended)
        return ended, "ended" if window.start < now else "called off"
