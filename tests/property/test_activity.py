"""The five signals against a slow exact count, in whatever order events arrive within the lateness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nocd.domain.geo import haversine_m
from nocd.domain.instant import HOUR_MS, MINUTE_MS, SECOND_MS
from nocd.domain.shelf import Shelves
from nocd.domain.signal import Metric
from nocd.outcome import RECORD_TYPES
from nocd.signals.activity import Activities
from nocd.signals.trail import SPEED_MAX_MPS
from nocd.store.codec import decoders, encode
from tests.build import T0, event

if TYPE_CHECKING:
    from nocd.domain.event import Event

LATENESS_MS = 10 * MINUTE_MS
DECODE = decoders(RECORD_TYPES)
PERSON: dict[str, Any] = {"person": "P1"}


def _event(number: int, at: int, what: int, place: tuple[int, int, int]) -> Event:
    make: list[tuple[str, dict[str, Any]]] = [
        ("noc.phone.event", {"kind": "device_log"}),
        ("noc.location.fix", {"lat": place[0] / 1_000, "lon": place[1] / 1_000, "accuracy_m": float(place[2])}),
        ("noc.task.done", {"task": f"t{number}", "site": "S1"}),
        ("noc.tour.scan", {"tour": "T", "checkpoint": f"C{place[0] % 4}", "site": "S1", "scan": "QR"}),
        ("noc.tour.scan", {"tour": "T", "checkpoint": f"C{place[0] % 4}", "site": "S1", "scan": "SKIP"}),
    ]
    kind, data = make[what]
    return event(kind, at=at, event_id=f"a{number}", **PERSON, **data)


_places = st.tuples(st.integers(-9, 9), st.integers(-9, 9), st.integers(0, 400))
_moments = st.tuples(
    st.integers(0, 3 * HOUR_MS // SECOND_MS), st.integers(0, 4), _places, st.integers(0, LATENESS_MS // SECOND_MS - 1)
)


def _exact(events: list[Event], start: int, end: int) -> dict[Metric, float]:
    """Count again from all events, as the definitions read."""
    inside = [each for each in events if start <= each.time < end]
    data: dict[str, Any] = {each.id: each.data for each in events}
    fixes = sorted(
        (each.time, data[each.id].lat, data[each.id].lon, data[each.id].accuracy_m)
        for each in events
        if each.type == "noc.location.fix"
    )
    moved_m = 0.0
    anchor: tuple[int, float, float, float] | None = None
    for fix in fixes:
        if anchor is None:
            anchor = fix
            continue
        distance_m = haversine_m(anchor[1], anchor[2], fix[1], fix[2])
        if distance_m < max(anchor[3], fix[3]) or distance_m > SPEED_MAX_MPS * (fix[0] - anchor[0]) / 1_000:
            continue
        moved_m += distance_m if start <= fix[0] < end else 0.0
        anchor = fix
    scans = [data[each.id] for each in inside if each.type == "noc.tour.scan"]
    return {
        Metric.PHONE_EVENTS: sum(each.type == "noc.phone.event" for each in inside),
        Metric.LOCATION_UPDATES: sum(each.type == "noc.location.fix" for each in inside),
        Metric.MOVEMENT_DISTANCE_M: moved_m,
        Metric.TASKS_COMPLETED: sum(each.type == "noc.task.done" for each in inside),
        Metric.TOUR_CHECKPOINTS: len({scan.checkpoint for scan in scans if scan.scan != "SKIP"}),
    }


def _folded(events: list[Event], arrivals: list[int]) -> Activities:
    activities, now = Activities(Shelves(encode)), 0
    for at, each in sorted(zip(arrivals, events, strict=True), key=lambda pair: pair[0]):
        now = max(now, at)
        activities.take(each, watermark=now - LATENESS_MS)
    return activities


@given(st.lists(_moments, max_size=60), st.integers(0, 180), st.integers(1, 180))
def test_any_arrival_within_the_lateness_counts_as_the_definitions_say(
    moments: list[tuple[int, int, tuple[int, int, int], int]], first: int, length: int
) -> None:
    events = [_event(number, T0 + at * SECOND_MS, what, where) for number, (at, what, where, _) in enumerate(moments)]
    arrivals = [each.time + delay * SECOND_MS for each, (*_, delay) in zip(events, moments, strict=True)]
    start, end = T0 + first * MINUTE_MS, T0 + (first + length) * MINUTE_MS
    totals, exact = _folded(events, arrivals).totals("P1", start, end), _exact(events, start, end)
    for metric in Metric:
        assert totals.value(metric) == pytest.approx(exact[metric], rel=1e-5, abs=1e-2), metric


@given(st.lists(_moments, max_size=40), st.integers(0, 39))
def test_saved_and_brought_back_anywhere_it_counts_the_same(
    moments: list[tuple[int, int, tuple[int, int, int], int]], stop: int
) -> None:
    ordered = sorted(moments)
    events = [_event(number, T0 + at * SECOND_MS, what, where) for number, (at, what, where, _) in enumerate(ordered)]
    one, other = Shelves(encode), Shelves(encode)
    whole, part = Activities(one), Activities(other)
    for number, each in enumerate(events):
        if number == stop:
            saved, other = list(other), Shelves(encode)
            for kind, key, body in saved:
                assert body is not None
                other.restore(kind, key, DECODE[kind](body))
            part = Activities(other)
        whole.take(each, watermark=each.time - LATENESS_MS)
        part.take(each, watermark=each.time - LATENESS_MS)
    assert list(one) == list(other)
