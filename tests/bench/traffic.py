"""Events as a company posts them: fixes, signs of life, scans, health, punches and about 2 % outside alerts."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from nocd.clock import now_ms
from nocd.domain.instant import DAY_MS, rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterator

PEOPLE_PER_SITE = 25
STEP_MS = 200  # of event time an event, so that punches of a person lie hours apart
SPAN_MS = 3 * DAY_MS  # event time begins so long ago, and never passes now
REPEATED_PUNCHES = 0.02


@dataclass(slots=True)
class Traffic:
    """A seeded company of `people`; every event has a random id."""

    people: int = 5_000
    seed: int = 1
    sites: int = 0
    _chance: random.Random = field(init=False)
    _time: int = field(init=False)
    _inside: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.sites = self.sites or max(1, self.people // PEOPLE_PER_SITE)
        self._chance = random.Random(self.seed)
        self._time = now_ms() - SPAN_MS

    def directory(self) -> list[bytes]:
        """Return every site and person, so that traffic names nobody unknown."""
        sites = [{"id": f"S-{n:03d}", "name": f"Site {n}", "timezone": "UTC", "client": "c"} for n in range(self.sites)]
        people: list[dict[str, Any]] = [{"id": f"P-{n:05d}", "name": f"Person {n}"} for n in range(self.people)]
        return [self._line("noc.site", "/roster", site) for site in sites] + [
            self._line("noc.person", "/roster", person) for person in people
        ]

    def lines(self, count: int) -> list[bytes]:
        """Return the next `count` events."""
        return [self._event() for _ in range(count)]

    def bodies(self, count: int, size: int) -> Iterator[bytes]:
        """Yield the next `count` events as NDJSON of `size` lines each."""
        for start in range(0, count, size):
            yield b"\n".join(self.lines(min(size, count - start)))

    def _event(self) -> bytes:
        self._time = min(self._time + STEP_MS, now_ms())
        draw, person = self._chance.random(), self._chance.randrange(self.people)
        who, phone = f"P-{person:05d}", f"PH-{person:05d}"
        if draw < 0.02:
            return self._alert()
        if draw < 0.06:
            return self._punch(person, who)
        source, device = f"/phones/{phone}", {"device": phone}
        if draw < 0.16:
            tour = {"tour": f"T-{person}", "checkpoint": f"C-{self._chance.randrange(8)}", "scan": "NFC"}
            data = {**tour, "person": who, "site": self._site(person), **self._position(), **device}
            return self._line("noc.tour.scan", source, data)
        if draw < 0.40:
            alive = {"kind": "stepcount", "steps": self._chance.randrange(400), "battery_percent": 71.5}
            return self._line("noc.phone.event", source, {"person": who, **alive, **device})
        if draw < 0.45:
            health = {"battery_percent": 64.0, "signal_percent": 88.0, "online": True}
            return self._line("noc.device.health", source, {**device, **health})
        fix = {**self._position(), "speed_mps": round(self._chance.uniform(0, 2), 2)}
        return self._line("noc.location.fix", source, {"person": who, **fix, **device})

    def _punch(self, person: int, who: str) -> bytes:
        direction = "out" if person in self._inside else "in"
        if self._chance.random() >= REPEATED_PUNCHES:
            self._inside ^= {person}
        face = {"method": "FACE", "match_distance": 0.161, "confidence": 0.934, "liveness": 0.951, "verified": True}
        terminal = f"TE-{person % self.sites:03d}"
        data = {"person": who, "site": self._site(person), "direction": direction, **self._position()}
        return self._line("noc.attendance.punch", f"/terminals/{terminal}", {**data, "device": terminal, **face})

    def _alert(self) -> bytes:
        camera = self._chance.randrange(10 * self.sites)
        severity = self._chance.choices(["LOW", "MEDIUM", "HIGH", "CRITICAL"], [40, 40, 18, 2])[0]
        status = "firing" if self._chance.random() < 0.9 else "resolved"
        what = {"alert_type": "Camera dark", "severity": severity, "status": status, "message": "no picture for 60 s"}
        entity = {"entity_type": "camera", "entity_id": f"cam-{camera}", "site": self._site(camera)}
        return self._line("noc.alert", "/monitoring", {**what, **entity})

    def _site(self, number: int) -> str:
        return f"S-{number % self.sites:03d}"

    def _position(self) -> dict[str, float]:
        lat, lon = 48.1 + self._chance.random() / 100, 11.5 + self._chance.random() / 100
        return {"lat": round(lat, 6), "lon": round(lon, 6), "accuracy_m": 8.0}

    def _line(self, kind: str, source: str, data: dict[str, Any]) -> bytes:
        event_id = f"{self._chance.getrandbits(128):032x}"
        envelope = {"specversion": "1.0", "id": event_id, "source": source, "type": kind, "time": rfc3339(self._time)}
        return orjson.dumps({**envelope, "data": data})
