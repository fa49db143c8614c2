"""A guarded site for tests: one guard round the clock, whose phone tells something every few minutes."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

from nocd.domain.command import HEARTBEAT, Command
from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, from_ms
from tests.build import ALONE, T0, engine, event

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nocd.domain.event import Event
    from nocd.engine import Engine
    from nocd.outcome import Outcome


def directory(*, days: int, site: str = "S1", person: str = "P1", **more: Any) -> list[Event]:
    """Return a site, its guard and a day-long shift for each day."""
    shifts = [
        event(
            "noc.shift",
            id=f"{site}-{day}",
            site=site,
            person=person,
            start=from_ms(T0 + day * DAY_MS),
            end=from_ms(T0 + (day + 1) * DAY_MS),
        )
        for day in range(days)
    ]
    placed: dict[str, Any] = {"timezone": "UTC", "client": "ACME", **more}
    return [
        event("noc.site", id=site, name=f"Site {site}", **placed),
        event("noc.person", id=person, name=f"Guard {person}", sites=(site,)),
        *shifts,
    ]


def phone(hours: Iterable[int], *, mean: float = 24.0, seed: int = 1, person: str = "P1") -> list[Event]:
    """Return phone events of hours since T0: about `mean` in each, at even distances."""
    rng, events = Random(seed), []
    for hour in hours:
        count = max(0, round(rng.gauss(mean, mean**0.5)))
        start = T0 + hour * HOUR_MS
        events += [
            event(
                "noc.phone.event",
                at=start + (2 * number + 1) * HOUR_MS // (2 * count),
                event_id=f"{person}-{hour}-{number}",
                person=person,
                kind="device_log",
            )
            for number in range(count)
        ]
    return events


@dataclass(slots=True)
class Run:
    """An engine fed in order, time passing minute by minute where something is due."""

    engine: Engine = field(default_factory=lambda: engine(ALONE))
    outcomes: list[Outcome] = field(default_factory=list)

    def feed(self, events: Iterable[Event]) -> None:
        for each in events:
            self.pass_time(each.received_at)
            self.engine.fold([each])
        self.outcomes.append(self.engine.finish())

    def beat(self, now: int) -> None:
        """Let the daemon say that it lives."""
        self.engine.apply(Command(verb=HEARTBEAT, target="default", actor="nocd", time=now))
        self.outcomes.append(self.engine.finish())

    def pass_time(self, now: int) -> None:
        """Let every tick that is due up to `now` come, on whole minutes."""
        while (due := self.engine.next_due()) is not None:
            minute = -(-due // MINUTE_MS) * MINUTE_MS
            if minute > now:
                return
            self.engine.tick(minute)
            self.outcomes.append(self.engine.finish())

    @property
    def findings(self) -> list[str]:
        return [finding.type for outcome in self.outcomes for finding, _ in outcome.findings]
