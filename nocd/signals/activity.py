"""The five signals: what each person did lately, counted by event time in O(1) an event.

Whatever arrives within the lateness, in whatever order, gives the same counts (of a phone that sends more than a fix a
second, the metres alone may differ); what arrives later changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nocd.domain.instant import HOUR_MS, MINUTE_MS
from nocd.domain.observation import LocationFix, PhoneEvent, TaskDone, TourScan
from nocd.domain.signal import Metric, Quality, Signal, Totals
from nocd.signals.minutes import Minutes, Row
from nocd.signals.traces import Traces
from nocd.signals.trail import ACCURACY_UNKNOWN_M, Fix, Step, Trail

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nocd.domain.event import Event
    from nocd.domain.shelf import Shelves

HOUR_KIND = "minutes"
TRAIL_KIND = "trail"
TRACES_KIND = "traces"
WINDOW_MIN_MS = 30 * MINUTE_MS
WINDOW_MAX_MS = 480 * MINUTE_MS
HOURS_KEPT_MS = WINDOW_MAX_MS + 2 * HOUR_MS  # the longest window, and what waits for the late ones

_COUNTED: dict[type, tuple[Row, Metric]] = {
    PhoneEvent: (Row.PHONE_EVENTS, Metric.PHONE_EVENTS),
    LocationFix: (Row.LOCATION_UPDATES, Metric.LOCATION_UPDATES),
    TaskDone: (Row.TASKS_COMPLETED, Metric.TASKS_COMPLETED),
}
COUNTED = frozenset({*_COUNTED, TourScan})


class Activities:
    """Everyone's minutes and trails, kept on the shelves."""

    def __init__(self, shelves: Shelves) -> None:
        """Take up what the shelves hold."""
        self._shelves = shelves
        self._trails: dict[str, Trail] = shelves.kind(TRAIL_KIND)
        self._traces: dict[str, Traces] = shelves.kind(TRACES_KIND)
        self._hours: dict[str, dict[int, Minutes]] = {}
        for key, minutes in shelves.kind(HOUR_KIND).items():
            person, _, hour = key.rpartition("|")
            self._hours.setdefault(person, {})[int(hour)] = minutes

    def take(self, event: Event, *, watermark: int) -> Metric | None:
        """Count an event (of a type in COUNTED); return the signal it counts for, or None where it counts for none."""
        data = event.data
        self._trace(event)
        if event.time <= watermark:
            return None
        if isinstance(data, TourScan):
            if data.device is not None:
                self._heard(data.person, event, watermark)
            return self._scanned(data, event.time)
        counted = _COUNTED[type(data)]
        person: str = data.person  # type: ignore[union-attr, assignment]  # all three have one
        self._minutes(person, event.time).count(counted[0], _minute(event.time))
        if not isinstance(data, TaskDone):
            self._heard(person, event, watermark)
        return counted[1]

    def totals(self, person: str, start: int, end: int) -> Totals:
        """Return what a person did from `start` to before `end` (ms, on whole minutes)."""
        phone = fixes = tasks = suspect = 0
        moved_m = 0.0
        scanned: set[str] = set()
        for minutes, first, last in self._parts(person, start, end):
            phone += minutes.counted(Row.PHONE_EVENTS, first, last)
            fixes += minutes.counted(Row.LOCATION_UPDATES, first, last)
            tasks += minutes.counted(Row.TASKS_COMPLETED, first, last)
            suspect += minutes.counted(Row.SUSPECT_STEPS, first, last)
            moved_m += minutes.moved_m(first, last)
            scanned.update(minutes.scanned_in(first, last))
        ahead = [step for step in self._ahead(person) if start <= step.time < end]
        return Totals(
            phone_events=phone,
            location_updates=fixes,
            movement_distance_m=moved_m + sum(step.distance_m for step in ahead),
            tasks_completed=tasks,
            tour_checkpoints=len(scanned),
            suspect_steps=suspect + sum(step.suspect for step in ahead),
        )

    def settle(self, person: str, upto: int) -> None:
        """Walk a person's fixes up to `upto` (ms), which nothing can come before any more."""
        trail = self._trails.get(person)
        if trail is not None and trail.pending and trail.pending[0].time <= upto:
            for step in self._shelves.edit(TRAIL_KIND, person).settle(upto):
                self._step(person, step)

    def heard_at(self, person: str) -> int | None:
        """Return when a device of this person was last heard (event time, ms), or None where none ever was."""
        trail = self._trails.get(person)
        return None if trail is None else trail.heard_at

    def fixes(self, person: str) -> list[Fix]:
        """Return the last fixes known of a person, for reading: the last that was walked to, and those that wait."""
        trail: Trail | None = self._shelves.get(TRAIL_KIND, person)
        if trail is None:
            return []
        return [*([] if trail.anchor is None else [trail.anchor]), *trail.pending]

    def traces(self, person: str) -> Traces | None:
        """Return when a person's signals were heard in the last day, for reading, or None where none ever was."""
        return self._traces.get(person)

    def moves(self, person: str, start: int, end: int) -> list[tuple[int, float]]:
        """Return (minute, metres) of every minute from `start` to before `end` (ms) in which a person moved."""
        moved = [
            (minute, metres)
            for hour in range(start // HOUR_MS, -(-end // HOUR_MS))
            if (minutes := self._hours.get(person, {}).get(hour)) is not None
            for minute, metres in minutes.moves(hour)
        ]
        moved += [(step.time // MINUTE_MS * MINUTE_MS, step.distance_m) for step in self._ahead(person)]
        return [(minute, metres) for minute, metres in moved if start <= minute < end and metres > 0]

    def source_of(self, person: str) -> str | None:
        """Return the source a person's phone last spoke through, or None where it never did."""
        trail = self._trails.get(person)
        return (trail.source or None) if trail is not None else None

    def forget_before(self, instant: int) -> int:
        """Let go of hours that ended before `instant` (ms); return how many."""
        over = [
            (person, hour) for person, hours in self._hours.items() for hour in hours if (hour + 1) * HOUR_MS <= instant
        ]
        for person, hour in over:
            del self._hours[person][hour]
            self._shelves.drop(HOUR_KIND, f"{person}|{hour}")
        return len(over)

    def forget(self, person: str) -> None:
        """Let go of a person who was removed: their trail now, their minutes with everyone's."""
        self._shelves.drop(TRAIL_KIND, person)
        self._shelves.drop(TRACES_KIND, person)

    def _trace(self, event: Event) -> None:
        person: str = event.data.person  # type: ignore[union-attr, assignment]  # all that is counted has one
        traces: Traces | None = self._shelves.edit(TRACES_KIND, person)
        if traces is None:
            traces = Traces()
            self._shelves.put(TRACES_KIND, person, traces)
        traces.take(event.data, event.time)  # type: ignore[arg-type]  # as the types in COUNTED say

    def _scanned(self, data: TourScan, time: int) -> Metric | None:
        if data.scan == "SKIP":
            return None
        self._minutes(data.person, time).scan(_minute(time), data.checkpoint)
        return Metric.TOUR_CHECKPOINTS

    def _heard(self, person: str, event: Event, watermark: int) -> None:
        trail: Trail | None = self._shelves.edit(TRAIL_KIND, person)
        if trail is None:
            trail = Trail(heard_at=event.time)
            self._shelves.put(TRAIL_KIND, person, trail)
        if event.time >= trail.heard_at:
            trail.heard_at, trail.source = event.time, event.source
        data = event.data
        if isinstance(data, LocationFix):
            accuracy_m = ACCURACY_UNKNOWN_M if data.accuracy_m is None else data.accuracy_m
            trail.add(Fix(event.time, data.lat, data.lon, accuracy_m))
            for step in trail.settle(watermark):
                self._step(person, step)

    def _step(self, person: str, step: Step) -> None:
        minutes = self._minutes(person, step.time)
        if step.suspect:
            minutes.count(Row.SUSPECT_STEPS, _minute(step.time))
        else:
            minutes.move(_minute(step.time), step.distance_m)

    def _minutes(self, person: str, time: int) -> Minutes:
        """Return the hour of a person that is about to be changed."""
        hour = time // HOUR_MS
        key = f"{person}|{hour}"
        minutes: Minutes | None = self._shelves.edit(HOUR_KIND, key)
        if minutes is None:
            minutes = Minutes()
            self._shelves.put(HOUR_KIND, key, minutes)
            self._hours.setdefault(person, {})[hour] = minutes
        return minutes

    def _parts(self, person: str, start: int, end: int) -> Iterator[tuple[Minutes, int, int]]:
        hours = self._hours.get(person)
        if not hours:
            return
        first, last = start // MINUTE_MS, end // MINUTE_MS
        for hour in range(first // 60, (last + 59) // 60):
            minutes = hours.get(hour)
            if minutes is not None:
                yield minutes, max(0, first - hour * 60), min(60, last - hour * 60)

    def _ahead(self, person: str) -> list[Step]:
        trail = self._trails.get(person)
        return trail.ahead() if trail is not None and trail.pending else []


def signals(totals: Totals, *, heard: bool, on_duty: bool, known: bool) -> dict[Metric, Signal]:
    """Return each signal of a person with its quality.

    `heard`: a device of theirs sent something in the window; `known`: one was ever heard.
    """
    return {metric: _signal(totals.value(metric), heard=heard, judged=on_duty and known) for metric in Metric}


def _signal(value: float, *, heard: bool, judged: bool) -> Signal:
    if value > 0 or (judged and heard):
        return Signal(value=value, quality=Quality.OBSERVED)
    return Signal(value=value, quality=Quality.SILENT if judged else Quality.UNKNOWN)


def _minute(time: int) -> int:
    return time // MINUTE_MS % 60
