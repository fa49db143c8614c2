"""A simulated company's events as a test reads them: by what they are about, each with its time in milliseconds."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from nocd.domain.geo import haversine_m
from nocd.domain.instant import to_ms
from nocd.simulate import RATES, Truth, World, events
from nocd.simulate.space import Point

if TYPE_CHECKING:
    from collections.abc import Iterable

Event = dict[str, Any]
START = 1_774_000_000_000  # 2026-03-20, a week before Europe's clocks go forward
NONE = dict.fromkeys(RATES, 0.0)


def only(kind: str, rate: float = 1.0) -> dict[str, float]:
    return {**NONE, kind: rate}


def world(seed: int = 1, *, sites: int = 4, people: int = 30, days: int = 2, rates: dict[str, float] | None = None):
    return World(seed, sites=sites, people=people, start_ms=START, days=days, rates=rates)


def ms(text: str) -> int:
    return to_ms(datetime.fromisoformat(text))


def metres(left: dict[str, Any], right: dict[str, Any]) -> float:
    a, b = Point(left["lat"], left["lon"]), Point(right["lat"], right["lon"])
    return haversine_m(*a, *b)


class Seen:
    """Events by what they are about, each with its time in milliseconds under `at`."""

    def __init__(self, stream: Iterable[Event]) -> None:
        self.all = [{**event, "at": ms(event["time"])} for event in stream]
        self.by_id = {event["id"]: event for event in self.all}
        self.of: dict[str, list[Event]] = defaultdict(list)
        self.by_person: dict[tuple[str, str], list[Event]] = defaultdict(list)
        for event in self.all:
            self.of[event["type"]].append(event)
            self.by_person[event["type"], event["data"].get("person", "")].append(event)
        self.site = {event["data"]["id"]: event["data"] for event in self.of["noc.site"]}
        self.person = {event["data"]["id"]: event["data"] for event in self.of["noc.person"]}
        self.checkpoint = {event["data"]["id"]: event["data"] for event in self.of["noc.checkpoint"]}
        self.shifts = [event["data"] for event in self.of["noc.shift"]]

    def punches(self, person: str) -> list[Event]:
        return self.by_person["noc.attendance.punch", person]

    def within(self, kind: str, person: str, start: int, end: int) -> list[Event]:
        return [event for event in self.by_person[kind, person] if start <= event["at"] <= end]

    def before(self, kind: str, event: Event) -> Event:
        same = [other for other in self.by_person[kind, event["data"]["person"]] if other["at"] < event["at"]]
        return same[-1]


def seen(made: World) -> tuple[Seen, list[Truth]]:
    truths: list[Truth] = []
    return Seen(events(made, truth=truths.append)), truths
