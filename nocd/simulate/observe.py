"""What devices write down: each function makes one raw event, not yet in its envelope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from nocd.simulate.space import Fix, Point, measure

if TYPE_CHECKING:
    from random import Random

    from nocd.simulate.world import Checkpoint, Guard, Place

_WALKING_MPS = 1.3


WAKE = "wake"  # the type of a mark: it keeps what follows from being made before its time, and is passed on to nobody


class Raw(NamedTuple):
    """An event as (time, id, type, source, data): sorts by time, then id.

    `time` is when it is sent; `clock` what its sender's clock said when it happened, where that is another instant.
    """

    time: int
    id: str
    type: str
    source: str
    data: dict[str, Any]
    clock: int | None = None


class Stamp(NamedTuple):
    """When an event happens and what it is called."""

    time: int
    id: str


def between(low: float, value: float, high: float) -> float:
    """Return `value` kept within bounds, to three decimals."""
    return round(min(high, max(low, value)), 3)


def face(rng: Random) -> dict[str, Any]:
    """Return the biometric fields of an honest face: close match, sure, alive."""
    return {
        "method": "FACE",
        "match_distance": between(0.04, rng.gauss(0.16, 0.05), 0.33),
        "confidence": between(0.76, rng.gauss(0.93, 0.03), 0.995),
        "liveness": between(0.72, rng.gauss(0.95, 0.03), 0.999),
        "verified": True,
    }


def borrowed_face(rng: Random) -> dict[str, Any]:
    """Return the biometric fields of a photo held up to the camera: accepted, but barely."""
    return {
        "method": "FACE",
        "match_distance": between(0.24, rng.gauss(0.33, 0.04), 0.39),
        "confidence": between(0.62, rng.gauss(0.75, 0.05), 0.9),
        "liveness": between(0.45, rng.gauss(0.62, 0.08), 0.85),
        "verified": True,
    }


def terminal_source(place: Place) -> str:
    """Return the CloudEvents source of the site's terminal."""
    return f"/terminals/{place.terminal}"


def phone_source(device: str) -> str:
    """Return the CloudEvents source of a phone."""
    return f"/phones/{device}"


def punch(rng: Random, stamp: Stamp, guard: Guard, place: Place, direction: str, **changes: Any) -> Raw:
    """Return an honest punch at the terminal of `place`; `changes` replace or add fields, a phone moves the source."""
    data = {
        "person": guard.id,
        "site": place.id,
        "direction": direction,
        **measure(rng, place.centre).fields(),
        "device": place.terminal,
        **face(rng),
        **changes,
    }
    device = str(data["device"])
    source = terminal_source(place) if device == place.terminal else phone_source(device)
    return Raw(stamp.time, stamp.id, "noc.attendance.punch", source, data)


def face_check(rng: Random, stamp: Stamp, guard: Guard, place: Place, **changes: Any) -> Raw:
    """Return a check by the guard's phone, between punches, that it is still the guard who carries it."""
    seen = face(rng)
    del seen["match_distance"]
    data = {"person": guard.id, "site": place.id, "device": guard.device, **seen, **changes}
    return Raw(stamp.time, stamp.id, "noc.biometric.check", phone_source(guard.device), data)


def location_fix(stamp: Stamp, guard: Guard, fix: Fix, **changes: Any) -> Raw:
    """Return a position of a guard's own phone."""
    data = {"person": guard.id, **fix.fields(), "device": guard.device, **changes}
    return Raw(stamp.time, stamp.id, "noc.location.fix", phone_source(guard.device), data)


def walking_fix(rng: Random, stamp: Stamp, guard: Guard, point: Point) -> Raw:
    """Return a position on the way between two checkpoints."""
    return location_fix(stamp, guard, measure(rng, point), speed_mps=round(_WALKING_MPS + rng.uniform(-0.3, 0.3), 2))


def phone_event(stamp: Stamp, guard: Guard, kind: str, **fields: Any) -> Raw:
    """Return a sign of life of a guard's own phone."""
    data = {"person": guard.id, "kind": kind, "device": guard.device, **fields}
    return Raw(stamp.time, stamp.id, "noc.phone.event", phone_source(guard.device), data)


def tour_scan(rng: Random, stamp: Stamp, guard: Guard, place: Place, tour: str, checkpoint: Checkpoint) -> Raw:
    """Return a checkpoint scanned where it hangs."""
    data = {
        "tour": tour,
        "checkpoint": checkpoint.id,
        "person": guard.id,
        "site": place.id,
        "scan": "NFC" if rng.random() < 0.8 else "QR",  # noqa: PLR2004 - share of tags that are NFC
        **measure(rng, checkpoint.point).fields(),
        "device": guard.device,
    }
    return Raw(stamp.time, stamp.id, "noc.tour.scan", phone_source(guard.device), data)


def device_health(rng: Random, stamp: Stamp, device: str, source: str, battery_percent: float) -> Raw:
    """Return how a device feels: room temperature and good signal."""
    data = {
        "device": device,
        "battery_percent": battery_percent,
        "signal_percent": signal(rng),
        "temperature_c": round(rng.gauss(24.0, 2.0), 1),
        "online": True,
    }
    return Raw(stamp.time, stamp.id, "noc.device.health", source, data)


def signal(rng: Random) -> float:
    """Return a good signal strength in percent."""
    return round(between(60.0, rng.gauss(87.0, 4.0), 100.0), 1)
