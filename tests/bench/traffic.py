"""Events as a company posts them: fixes, signs of life, scans, health, 1 % punches and 2 % outside alerts."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from nocd.clock import now_ms
from nocd.domain.instant import DAY_MS, rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterator

PEOPLE_PER_SITE = 25
CHECKPOINTS_PER_SITE = 8
EVERY_MS = 125_000  # from one event of a person on duty to their next, in the mean
SPAN_MS = 3 * DAY_MS  # event time begins so long ago, and never passes now
REPEATED_PUNCHES = 0.02
_GRID = 20  # sites in a row, a few kilometres apart
_NEAR = 0.000_2  # degrees around a site or checkpoint: some twenty metres


@dataclass(slots=True)
class Traffic:
    """A seeded company of `people`, half of them on duty and relieved in turn; every event has a random id."""

    people: int = 5_000
    seed: int = 1
    sites: int = 0
    _chance: random.Random = field(init=False)
    _time: int = field(init=False)
    _step_ms: int = field(init=False)
    _on: deque[int] = field(init=False)
    _off: deque[int] = field(init=False)

    def __post_init__(self) -> None:
        self.sites = self.sites or max(1, self.people // PEOPLE_PER_SITE)
        self._chance = random.Random(self.seed)
        self._time = now_ms() - SPAN_MS
        half = (self.people + 1) // 2
        self._step_ms = max(1, EVERY_MS // half)
        self._on, self._off = deque(range(half)), deque(range(half, self.people))

    def directory(self) -> Iterator[list[bytes]]:
        """Yield every site and person, the sites' terminals and checkpoints, and who begins on duty, in two bodies."""
        sites = range(self.sites)
        yield [
            *(self._line("noc.site", "/roster", self._site_entry(n)) for n in sites),
            *(
                self._line("noc.person", "/roster", {"id": f"P-{n:05d}", "name": f"Person {n}"})
                for n in range(self.people)
            ),
        ]
        places = [(n, corner) for n in sites for corner in range(CHECKPOINTS_PER_SITE)]
        yield [
            *(self._line("noc.device", "/roster", self._terminal_entry(n)) for n in sites),
            *(self._line("noc.checkpoint", "/roster", self._checkpoint_entry(*place)) for place in places),
            *(self._punch(person, "in") for person in self._on),
        ]

    @property
    def time(self) -> int:
        """Return when the newest event happened (UTC ms)."""
        return self._time

    def events_in(self, span_ms: int) -> int:
        """Return how many events are sent in so long a time."""
        return span_ms // self._step_ms

    def lines(self, count: int) -> list[bytes]:
        """Return the next `count` events."""
        return [self._event() for _ in range(count)]

    def bodies(self, count: int, size: int) -> Iterator[bytes]:
        """Yield the next `count` events as NDJSON of `size` lines each."""
        for start in range(0, count, size):
            yield b"\n".join(self.lines(min(size, count - start)))

    def _event(self) -> bytes:
        self._time = min(self._time + self._step_ms, now_ms())
        draw = self._chance.random()
        if draw < 0.02:
            return self._alert()
        if draw < 0.03:
            return self._relieve()
        person = self._chance.choice(self._on)
        who, phone = f"P-{person:05d}", f"PH-{person:05d}"
        source, device = f"/phones/{phone}", {"device": phone}
        site = person % self.sites
        if draw < 0.13:
            corner = self._chance.randrange(CHECKPOINTS_PER_SITE)
            tour = {"tour": f"T-{person}", "checkpoint": _checkpoint(site, corner), "scan": "NFC"}
            data = {**tour, "person": who, "site": _site(site), **self._near(site, corner), **device}
            return self._line("noc.tour.scan", source, data)
        if draw < 0.37:
            alive = {"kind": "stepcount", "steps": self._chance.randrange(400), "battery_percent": 71.5}
            return self._line("noc.phone.event", source, {"person": who, **alive, **device})
        if draw < 0.42:
            health = {"battery_percent": 64.0, "signal_percent": 88.0, "online": True}
            return self._line("noc.device.health", source, {**device, **health})
        fix = {**self._near(site), "speed_mps": round(self._chance.uniform(0, 2), 2)}
        return self._line("noc.location.fix", source, {"person": who, **fix, **device})

    def _relieve(self) -> bytes:
        """Return the punch of whoever has been off or on duty longest, by turns; now and then one comes twice."""
        if self._chance.random() < REPEATED_PUNCHES:
            return self._punch(self._on[-1], "in")
        comes = len(self._on) <= len(self._off)
        former, later = (self._off, self._on) if comes else (self._on, self._off)
        person = former.popleft()
        later.append(person)
        return self._punch(person, "in" if comes else "out")

    def _punch(self, person: int, direction: str) -> bytes:
        face = {"method": "FACE", "match_distance": 0.161, "confidence": 0.934, "liveness": 0.951, "verified": True}
        site = person % self.sites
        terminal = _terminal(site)
        data = {"person": f"P-{person:05d}", "site": _site(site), "direction": direction, **self._near(site)}
        return self._line("noc.attendance.punch", f"/terminals/{terminal}", {**data, "device": terminal, **face})

    def _alert(self) -> bytes:
        camera = self._chance.randrange(10 * self.sites)
        severity = self._chance.choices(["LOW", "MEDIUM", "HIGH", "CRITICAL"], [40, 40, 18, 2])[0]
        status = "firing" if self._chance.random() < 0.9 else "resolved"
        what = {"alert_type": "Camera dark", "severity": severity, "status": status, "message": "no picture for 60 s"}
        entity = {"entity_type": "camera", "entity_id": f"cam-{camera}", "site": _site(camera % self.sites)}
        return self._line("noc.alert", "/monitoring", {**what, **entity})

    def _near(self, site: int, corner: int | None = None) -> dict[str, float]:
        lat, lon = _place(site, corner)
        lat, lon = (degrees + self._chance.uniform(-_NEAR, _NEAR) for degrees in (lat, lon))
        return {"lat": round(lat, 6), "lon": round(lon, 6), "accuracy_m": 8.0}

    def _site_entry(self, site: int) -> dict[str, Any]:
        lat, lon = _place(site)
        place = {"lat": lat, "lon": lon, "timezone": "UTC"}
        return {"id": _site(site), "name": f"Site {site}", "client": "c", **place}

    def _terminal_entry(self, site: int) -> dict[str, Any]:
        return {"id": _terminal(site), "kind": "terminal", "site": _site(site)}

    def _checkpoint_entry(self, site: int, corner: int) -> dict[str, Any]:
        lat, lon = _place(site, corner)
        return {"id": _checkpoint(site, corner), "site": _site(site), "lat": lat, "lon": lon}

    def _line(self, kind: str, source: str, data: dict[str, Any]) -> bytes:
        event_id = f"{self._chance.getrandbits(128):032x}"
        envelope = {"specversion": "1.0", "id": event_id, "source": source, "type": kind, "time": rfc3339(self._time)}
        return orjson.dumps({**envelope, "data": data})


def _site(site: int) -> str:
    return f"S-{site:03d}"


def _terminal(site: int) -> str:
    return f"TE-{site:03d}"


def _checkpoint(site: int, corner: int) -> str:
    return f"C-{site:03d}-{corner}"


def _place(site: int, corner: int | None = None) -> tuple[float, float]:
    """Return where a site is, or a checkpoint of it: eight in a row that a minute's walk crosses."""
    lat, lon = 48.0 + site // _GRID * 0.05, 11.0 + site % _GRID * 0.05
    return round(lat, 6), round(lon if corner is None else lon + (corner - 3.5) * 0.000_1, 6)
