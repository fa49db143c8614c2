"""From what a phone saw to what it sends: a worn or vague phone, a clock that runs ahead, an hour without a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nocd.simulate.observe import between, phone_source
from nocd.simulate.seeding import derive
from nocd.simulate.space import Point, move

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from nocd.simulate.observe import Raw
    from nocd.simulate.plan import Plan, Wear

_FULL_CIRCLE = 6.283


def sent(seed: int, plan: Plan, raws: Iterator[Raw]) -> Iterator[Raw]:
    """Yield a shift's events in the order they are sent."""
    if plan.edits or plan.wear or plan.vague_m:
        raws = (_altered(seed, plan, raw) for raw in raws)
    if plan.clock:
        raws = (_misdated(plan, raw) for raw in raws)
    return _held_back(plan, raws) if plan.offline else raws


def _altered(seed: int, plan: Plan, raw: Raw) -> Raw:
    """Return the event with its fields as this shift's phone has them; None takes a field away."""
    changes: dict[str, Any] = dict(plan.edits.get(raw.id, {}))
    if _by_phone(plan, raw):
        rng = derive(seed, "alter", raw.id)
        if plan.wear and plan.guard is plan.duty.guard and "battery_percent" in raw.data:
            changes |= _worn(rng, plan.wear, raw)
        if plan.vague_m and "lat" in raw.data:
            changes |= _vague(rng, plan.vague_m, raw)
    if not changes:
        return raw
    data = {name: value for name, value in {**raw.data, **changes}.items() if value is not None}
    return raw._replace(data=data)


def _by_phone(plan: Plan, raw: Raw) -> bool:
    return raw.source == phone_source(plan.guard.device)


def _worn(rng: Random, wear: Wear, raw: Raw) -> dict[str, Any]:
    changes: dict[str, Any] = {
        "battery_percent": between(1.0, raw.data["battery_percent"] * wear.battery, 100.0),
        "signal_percent": between(1.0, raw.data["signal_percent"] * wear.signal + rng.gauss(0, 6), 100.0),
    }
    if "temperature_c" in raw.data:
        changes["temperature_c"] = round(rng.gauss(wear.temperature_c, 1.0), 1)
        changes["online"] = rng.random() < wear.online
    return changes


def _vague(rng: Random, accuracy_m: float, raw: Raw) -> dict[str, Any]:
    here = Point(raw.data["lat"], raw.data["lon"])
    seen = move(here, bearing=_FULL_CIRCLE * rng.random(), metres=accuracy_m / 2 * rng.random())
    return {"lat": seen.lat, "lon": seen.lon, "accuracy_m": round(accuracy_m * rng.uniform(0.9, 1.1), 1)}


def _misdated(plan: Plan, raw: Raw) -> Raw:
    clock = plan.clock
    if clock is None or not (_by_phone(plan, raw) and clock.start <= raw.time < clock.end):
        return raw
    return raw._replace(clock=raw.time + clock.ahead_ms)


def _held_back(plan: Plan, raws: Iterator[Raw]) -> Iterator[Raw]:
    """Keep what the phone saw while offline, and send it in one go, a millisecond apart, when that ends."""
    assert plan.offline is not None
    start, end = plan.offline
    held: list[Raw] = []
    for raw in raws:
        if raw.time >= end:
            yield from held
            held.clear()
        if start <= raw.time < end and _by_phone(plan, raw):
            held.append(raw._replace(time=end + len(held), clock=raw.time))
        else:
            yield raw
    yield from held
