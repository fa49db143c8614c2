"""Incidents for tests: an engine, what it is told, and the incidents that come of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nocd.domain.command import Command
from nocd.domain.instant import MINUTE_MS
from nocd.triage.intake import Limits
from tests.build import T0, engine, event, firing, resolved

if TYPE_CHECKING:
    from nocd.domain.alert import Alert
    from nocd.domain.command import Reply
    from nocd.domain.incident import Incident
    from nocd.engine import Engine


@dataclass(slots=True)
class Desk:
    """An engine and the time of day, in minutes from T0."""

    made: Engine = field(default_factory=engine)

    def at(self, minutes: float) -> int:
        return T0 + round(minutes * MINUTE_MS)

    def fires(self, name: str, minutes: float, **more: Any) -> Alert:
        """Let another monitoring system tell of something; return its alert."""
        data = {"person": None, "entity": f"{name}-{more.get('person')}", "site": "S1", **more}
        sent = firing(name, at=self.at(minutes), **data)
        self.made.fold([sent])
        return self.alert(name, **data)

    def ends(self, name: str, minutes: float, **more: Any) -> None:
        self.made.fold([resolved(name, at=self.at(minutes), **{"entity": f"{name}-{more.get('person')}", **more})])

    def alert(self, name: str, **about: Any) -> Alert:
        """Return the newest alert of a type."""
        held: list[Alert] = list(self.made.shelves.kind("alert").values())
        alerts = [each for each in held if each.type == name]
        mine = [each for each in alerts if about.get("person") in (None, each.person)]
        return max(mine, key=lambda each: each.no)

    def told(self, event_type: str, minutes: float, /, **data: Any) -> None:
        self.made.fold([event(event_type, at=self.at(minutes), **data)])

    def asks(self, verb: str, target: str, minutes: float, *, actor: str = "maria", **args: Any) -> Reply:
        time = self.at(minutes)
        return self.made.apply(Command(verb=verb, target=target, actor=actor, time=time, args=args))

    def passes(self, minutes: float) -> None:
        """Let time pass, tick by tick."""
        while (due := self.made.next_due()) is not None and due <= self.at(minutes):
            if not self.made.tick(-(-due // MINUTE_MS) * MINUTE_MS):
                return

    @property
    def incidents(self) -> list[Incident]:
        return sorted(self.made.shelves.kind("incident").values(), key=lambda each: each.no)

    @property
    def standing(self) -> list[Incident]:
        return [each for each in self.incidents if each.unresolved]


def with_limits(**limits: Any) -> Desk:
    return Desk(made=engine(Limits(**limits)))
