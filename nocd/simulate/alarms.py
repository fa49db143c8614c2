"""What other monitoring systems say about a site: cameras, doors, fire panels, lines; repeated until resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from nocd.domain.instant import MINUTE_MS
from nocd.simulate.observe import Raw

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from nocd.simulate.world import Place

REPEAT_MS = 5 * MINUTE_MS


class Alarm(NamedTuple):
    """One kind of outside alarm; `entity` is what it is about, numbered."""

    type: str
    severity: str
    entity: str
    message: str


CAMERA = Alarm("camera_offline", "MEDIUM", "camera", "sends no picture")
SWITCH = Alarm("network_switch_down", "HIGH", "switch", "answers no ping")
ALARMS = (
    CAMERA,
    CAMERA,
    Alarm("door_forced", "HIGH", "door", "was opened without a badge"),
    Alarm("door_held_open", "LOW", "door", "is held open for more than two minutes"),
    Alarm("fire_panel_fault", "HIGH", "fire_panel", "reports a fault on loop 2"),
    Alarm("alarm_line_cut", "CRITICAL", "alarm_line", "has lost its line to the control room"),
    Alarm("ups_on_battery", "MEDIUM", "ups", "runs on battery"),
    Alarm("perimeter_beam", "MEDIUM", "beam", "is interrupted"),
)


class Trouble(NamedTuple):
    """One alarm of one thing at one site, firing from `start` for `repeats` rounds of five minutes."""

    id: str
    alarm: Alarm
    number: int
    start: int
    repeats: int


def draw(rng: Random, *, name: str, start: int) -> Trouble:
    """Return an ordinary alarm of any kind: five minutes to half an hour."""
    return Trouble(name, rng.choice(ALARMS), rng.randint(1, 12), start, rng.randint(1, 6))


def reports(place: Place, trouble: Trouble) -> Iterator[Raw]:
    """Yield what is reported of it: firing again and again, then resolved; `{id}-0` comes first."""
    for round_no in range(trouble.repeats + 1):
        resolved = round_no == trouble.repeats
        time = trouble.start + round_no * REPEAT_MS
        yield _report(place, trouble, time, f"{trouble.id}-{round_no}", "resolved" if resolved else "firing")


def _report(place: Place, trouble: Trouble, time: int, name: str, status: str) -> Raw:
    alarm = trouble.alarm
    entity = f"{alarm.entity}-{place.id}-{trouble.number:02d}"
    data = {
        "alert_type": alarm.type,
        "severity": alarm.severity,
        "status": status,
        "message": f"{alarm.entity.replace('_', ' ').capitalize()} {trouble.number} at {place.name} {alarm.message}.",
        "entity_type": alarm.entity,
        "entity_id": entity,
        "site": place.id,
        "labels": {"alertname": alarm.type, "site": place.id, "instance": entity, "client": place.client},
    }
    return Raw(time, name, "noc.alert", "/building-monitoring", data)
