"""What a site reports by itself, whoever is on duty: gate counts, its terminal, alarms, daily and weekly reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, local, rfc3339
from nocd.simulate.alarms import draw, reports
from nocd.simulate.observe import Raw, Stamp, device_health, terminal_source
from nocd.simulate.rhythm import count, gate_mean, hour_of_week
from nocd.simulate.roster import crews
from nocd.simulate.seeding import derive
from nocd.simulate.troubles import crew_trouble
from nocd.simulate.troubles.premises import DEAD_AFTER_MS, LOST, dead_gate, last_report, report_before, report_lost
from nocd.simulate.truth import Truth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

    from nocd.simulate.world import Place, World

_QUARTER_MS = 15 * MINUTE_MS
_ALARMS_PER_DAY = 0.8
_MONDAY = 0
_REPORT_HOUR = 5


def gate_counts(world: World, place: Place, tell: Callable[[Truth], None]) -> Iterator[Raw]:
    """Yield how many people passed the gate each quarter of an hour, by the rhythm of such a place.

    The truth is told of each day on which the sensors there go dead.
    """
    rng = derive(world.seed, "gate", place.id)
    for time in range(world.start_ms + _QUARTER_MS, world.end_ms, _QUARTER_MS):
        value = float(count(rng, gate_mean(place, time - 1)))
        dead = dead_gate(world, place, time)
        if dead is None:
            yield _sample(place, "gate_count", value, time)
        elif time - _QUARTER_MS < dead[0]:
            tell(Truth("", "SOURCE_SILENT", "", place.id, *dead))


def room_temperatures(world: World, place: Place) -> Iterator[Raw]:
    """Yield the temperature of the technical room, every half hour: steady, a little warmer in the afternoon."""
    rng = derive(world.seed, "room", place.id)
    base = rng.uniform(17, 23)
    for time in range(world.start_ms + _QUARTER_MS, world.end_ms, 2 * _QUARTER_MS):
        hour = hour_of_week(time, place.timezone) % 24
        value = round(base + 1.5 * max(0, 8 - abs(hour - 15)) / 8 + rng.gauss(0, 0.2), 2)
        if dead_gate(world, place, time) is None:
            yield _sample(place, "room_c", value, time)


def _sample(place: Place, metric: str, value: float, time: int) -> Raw:
    data = {"metric": metric, "value": value, "site": place.id}
    return Raw(time, f"{metric}-{place.id}-{time // MINUTE_MS}", "noc.sample", f"/gates/{place.id}", data)


def terminal_health(world: World, place: Place) -> Iterator[Raw]:
    """Yield the site terminal's health once an hour."""
    rng = derive(world.seed, "terminal", place.id)
    for hour in range(world.start_ms, world.end_ms, HOUR_MS):
        time = hour + rng.randrange(20, 40) * MINUTE_MS
        stamp = Stamp(time, f"{place.terminal}-{time // MINUTE_MS}")
        yield device_health(rng, stamp, place.terminal, terminal_source(place), 100.0)


def alarms(world: World, place: Place) -> Iterator[Raw]:
    """Yield the ordinary alarms of a site's other monitoring, about five a week, each within its day."""
    for day in range(world.start_ms, world.end_ms, DAY_MS):
        rng = derive(world.seed, "alarms", place.id, day)
        day_raws: list[Raw] = []
        for number in range(count(rng, _ALARMS_PER_DAY)):
            start = day + int(rng.random() * (DAY_MS - HOUR_MS))
            name = f"AL-{place.id}-{day // DAY_MS}-{number}"
            day_raws += reports(place, draw(rng, name=name, start=start))
        yield from sorted(day_raws)


def paperwork(
    world: World, place: Place, tell: Callable[[Truth], None], likeness: Callable[[Truth], None]
) -> Iterator[Raw]:
    """Yield what is expected, then delivered: a daily report by six in the morning, a statutory one on Mondays.

    A few are never delivered; the truth is told of those. Of a site whose reporting ended before the world began only
    the last report is known; `likeness` hears of one that paused nearly as long.
    """
    ended, paused = last_report(world, place), report_before(world, place)
    if ended is not None:
        tell(Truth("", "REPORT_NEVER_GENERATED", "", place.id, world.start_ms, ended + DEAD_AFTER_MS))
        yield _registered(world, place, ended)
    else:
        if paused is not None:
            likeness(Truth("", "late-report", "", place.id, world.start_ms, world.start_ms + DAY_MS))
            yield _registered(world, place, paused)
        yield from _regular(world, place, tell)


def _registered(world: World, place: Place, delivered: int) -> Raw:
    """Return a report of former times, as the world begins."""
    name = f"R-{place.id}-before"
    data = {"report": name, "kind": "STATUTORY", "site": place.id, "client": place.client}
    return Raw(world.start_ms, name, "noc.report", "/reports", {**data, "delivered_at": rfc3339(delivered)})


def _regular(world: World, place: Place, tell: Callable[[Truth], None]) -> Iterator[Raw]:
    rng = derive(world.seed, "paperwork", place.id)
    for day in range(world.start_ms // DAY_MS * DAY_MS, world.end_ms + DAY_MS, DAY_MS):
        offset = local(day, place.timezone).utcoffset()
        time = day + _REPORT_HOUR * HOUR_MS - int(offset.total_seconds() * 1_000 if offset else 0)
        moment = local(time, place.timezone)
        if not world.start_ms <= time < world.end_ms:
            continue
        kinds = ("DAILY", "STATUTORY") if moment.weekday() == _MONDAY else ("DAILY",)
        both = [raw for kind in kinds for raw in _report(rng, place, kind, time)]
        lost = [raw for raw in both if "delivered_at" in raw.data and report_lost(world, raw.data)]
        for raw in lost:
            tell(Truth("", LOST[raw.data["kind"]], "", place.id, time + HOUR_MS, time + 3 * HOUR_MS))
        yield from sorted(raw for raw in both if raw not in lost)


def _report(rng: Random, place: Place, kind: str, time: int) -> Iterator[Raw]:
    delivered = time + rng.randint(10, 50) * MINUTE_MS
    name = f"R-{place.id}-{kind[0]}-{rfc3339(time)[:10]}"
    expected = {"report": name, "kind": kind, "site": place.id, "client": place.client}
    expected["due_at"] = rfc3339(time + HOUR_MS)
    yield Raw(time, f"{name}-due", "noc.report", "/reports", expected)
    yield Raw(delivered, name, "noc.report", "/reports", {**expected, "delivered_at": rfc3339(delivered)})


def crew_troubles(world: World, place: Place, tell: Callable[[Truth], None]) -> Iterator[Raw]:
    """Yield the events of troubles that befall a whole crew, and tell their truth."""
    for crew in crews(world, place):
        planted = crew_trouble(world, crew)
        if planted is not None:
            tell(planted.truth)
            yield from planted.raws
