"""The directory as events: sites, people, devices and checkpoints at the start, each crew's roster some hours ahead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nocd.domain.instant import HOUR_MS, MINUTE_MS, rfc3339
from nocd.simulate.observe import Raw, Stamp
from nocd.simulate.roster import crews, duty_of, least_crew, tours_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nocd.simulate.roster import Duty, PlannedTour
    from nocd.simulate.world import Checkpoint, Guard, Place, World

SOURCE = "/roster"
_PUBLISHED_AHEAD_MS = 18 * HOUR_MS
_TOUR_LENGTH_MS = 45 * MINUTE_MS
_GRACE_MINUTES = 30
_CRITICAL_TIER = 4


def directory(world: World) -> Iterator[Raw]:
    """Yield all that stands from the start, at the world's first instant: sites, checkpoints, people, devices."""
    for place in world.places:
        yield _site(world, place)
        for checkpoint in place.checkpoints:
            yield _checkpoint(world, place, checkpoint)
        yield _device(world, place.terminal, {"kind": "terminal", "site": place.id})
    for guard in world.guards:
        yield person_entry(Stamp(world.start_ms, f"person-{guard.id}"), guard)
        yield _device(world, guard.device, {"kind": "phone", "person": guard.id})


def _entry(world: World, kind: str, data: dict[str, Any]) -> Raw:
    return Raw(world.start_ms, f"{kind}-{data['id']}", f"noc.{kind}", SOURCE, data)


def _site(world: World, place: Place) -> Raw:
    team = world.team[place.id]
    data = {
        "id": place.id,
        "name": place.name,
        "client": place.client,
        "timezone": place.timezone,
        "country": place.metro.country,
        "region": place.metro.name,
        "lat": place.centre.lat,
        "lon": place.centre.lon,
        "radius_m": place.radius_m,
        "hysteresis_m": place.kind.hysteresis_m,
        "tier": place.tier,
        "required_guards": least_crew(world, place),
        "open_24h": len(place.changes) > 1 and place.opening_hours is None,
        "business_hours": place.kind.business_hours,
    }
    if place.opening_hours is not None:
        data["opening_hours"] = place.opening_hours
    if team:
        data["supervisor"] = team[0].id
        data["contacts"] = [f"{team[0].name} {team[0].phone}"]
    return _entry(world, "site", data)


def _checkpoint(world: World, place: Place, checkpoint: Checkpoint) -> Raw:
    number = checkpoint.id.rpartition("-")[2]
    data = {
        "id": checkpoint.id,
        "site": place.id,
        "name": f"Checkpoint {number}",
        "lat": checkpoint.point.lat,
        "lon": checkpoint.point.lon,
        "tag": f"TAG-{checkpoint.id}",
    }
    return _entry(world, "checkpoint", data)


def person_entry(stamp: Stamp, guard: Guard, **changes: bool) -> Raw:
    """Return a person as the directory is told of them; `changes` may say that they left."""
    role = "supervisor" if guard.rank == 0 else "guard"
    data = {"id": guard.id, "name": guard.name, "sites": list(guard.sites), "role": role, "phone": guard.phone}
    return Raw(stamp.time, stamp.id, "noc.person", SOURCE, {**data, **changes})


def _device(world: World, device: str, of: dict[str, str]) -> Raw:
    return _entry(world, "device", {"id": device, **of})


def roster(world: World, place: Place) -> Iterator[Raw]:
    """Yield the shifts and tours of each crew of a site, 18 h before they begin or at the world's start."""
    for crew in crews(world, place):
        time = max(world.start_ms, crew.start - _PUBLISHED_AHEAD_MS)
        for guard in crew.guards:
            duty = duty_of(world, crew, guard)
            yield _shift(time, duty)
            for tour in tours_of(world, duty):
                yield tour_entry(Stamp(time, tour.id), duty, tour)


def _shift(time: int, duty: Duty) -> Raw:
    crew = duty.crew
    data = {
        "id": duty.id,
        "site": crew.place.id,
        "person": duty.guard.id,
        "start": rfc3339(crew.start),
        "end": rfc3339(crew.end),
        "post": "gate" if duty.static else "patrol",
        "critical": crew.place.tier >= _CRITICAL_TIER,
        "static_post": duty.static,
    }
    return Raw(time, duty.id, "noc.shift", SOURCE, data)


def shift_entry(stamp: Stamp, guard: Guard, place: Place, hours: tuple[int, int], **more: str) -> Raw:
    """Return a shift entered by hand, beside those of the crews."""
    data = {
        "id": stamp.id,
        "site": place.id,
        "person": guard.id,
        "start": rfc3339(hours[0]),
        "end": rfc3339(hours[1]),
        "post": "patrol",
        **more,
    }
    return Raw(stamp.time, stamp.id, "noc.shift", SOURCE, data)


def tour_entry(stamp: Stamp, duty: Duty, tour: PlannedTour, **changes: Any) -> Raw:
    """Return a tour as the directory is told of it; `changes` may cancel it, or give it to someone else."""
    data = {
        "id": tour.id,
        "site": duty.place.id,
        "person": duty.guard.id,
        "kind": tour.kind,
        "mandatory": True,
        "planned_start": rfc3339(tour.planned_start),
        "planned_end": rfc3339(tour.planned_start + _TOUR_LENGTH_MS),
        "checkpoints": [checkpoint.id for checkpoint in tour.checkpoints],
        "grace_minutes": _GRACE_MINUTES,
        **({"ordered": True} if tour.ordered else {}),
        **changes,
    }
    return Raw(stamp.time, stamp.id, "noc.tour", SOURCE, data)
