"""Made-up positions in other people's honest traces: how many are found, and how often is an honest phone accused?

`python -m tests.e2e.spoof --data DIR --seed 7 --plants 200` runs the live engine over honest traces on their
own clock and prints the location findings of each person, all of them false. Then it plants one kind of spoof at a
time, hours apart, in the same traces and prints how many are found. A plant is found by a finding that stands for its
person, from its first false position to five minutes after its last. `--late` delivers events up to nine minutes late.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from math import asin, atan2, cos, degrees, exp, log, pi, radians, sin
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from nocd.domain.directory import Removal
from nocd.domain.event import Event
from nocd.domain.geo import EARTH_RADIUS_M
from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, from_ms, to_ms
from nocd.domain.observation import EVENT_TYPES, LocationFix
from nocd.ingest.decode import Decoder
from tests.conformance.field import Play, shuffled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nocd.domain.finding import Finding

_EVER = 221_845_392_000_000  # nothing is too far ahead
TYPES = ("GPS_SPOOFING", "NULL_ISLAND", "GEOFENCE_VIOLATION", "GPS_LOW_ACCURACY", "LEFT_SITE")
APART_MS = 2 * HOUR_MS
CLOSED_MS = 4 * DAY_MS  # when no punch at a site is remembered; its hours would be counted for years
AFTER_MS = 5 * MINUTE_MS  # the way back is a jump too
NEAREST_KM, FARTHEST_KM = 10.0, 500.0

Fix = Event  # with a LocationFix as its data
Traces = dict[str, list[Fix]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """A spoof: whose, and from when to when (UTC ms)."""

    person: str
    start: int
    end: int
    about: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Planted:
    """Traces with spoofs in them."""

    events: list[Event]
    plants: list[Plant]


def made(kind: str, at: int, name: str, /, **data: Any) -> Event:
    """Return an event of one's own."""
    return Event(
        id=name, source="/plant", type=kind, time=at, received_at=at, data=EVENT_TYPES[kind](**data), body=b"{}"
    )


def honest_stream(path: Path) -> Traces:
    """Read the fixes of a CloudEvents stream, by person."""
    decoder, traces = Decoder(new_id=lambda: "-", max_age_ms=_EVER), defaultdict[str, list[Fix]](list)
    with gzip.open(path) as lines:
        for line in lines:
            event = decoder.line(line, received_at=_EVER, source="-")
            assert isinstance(event.data, LocationFix)
            traces[event.data.person].append(replace(event, received_at=event.time))
    return traces


def honest_phone(path: Path) -> Traces:
    """Read the fixes of a CSV file with person, timestamp, lat, lon, accuracy_m, in order of time."""
    traces = defaultdict[str, list[Fix]](list)
    with path.open() as lines:
        for no, row in enumerate(csv.DictReader(lines)):
            moment = datetime.fromisoformat(row["timestamp"].replace("Z", "+00:00")[:26])
            at, person = to_ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC)), f"{path.stem}-{row['person']}"
            where = {name: float(row[name]) for name in ("lat", "lon", "accuracy_m")}
            traces[person].append(made("noc.location.fix", at, f"{path.stem}-{no}", person=person, **where))
    return {person: sorted(fixes, key=lambda fix: fix.time) for person, fixes in traces.items()}


def moved(lat: float, lon: float, *, metres: float, bearing: float) -> tuple[float, float]:
    """Return the point so far from another along a great circle."""
    phi, lam, part = radians(lat), radians(lon), metres / EARTH_RADIUS_M
    there = asin(sin(phi) * cos(part) + cos(phi) * sin(part) * cos(bearing))
    east = atan2(sin(bearing) * sin(part) * cos(phi), cos(part) - sin(phi) * sin(there))
    return round(degrees(there), 6), round((degrees(lam + east) + 540) % 360 - 180, 6)


def away(rng: Random, fixes: list[Fix]) -> tuple[list[Fix], dict[str, Any]]:
    """Return fixes carried off as they are, 10 to 500 km."""
    metres = 1_000 * exp(rng.uniform(log(NEAREST_KM), log(FARTHEST_KM)))
    bearing = rng.random() * 2 * pi
    false = []
    for fix in fixes:
        lat, lon = moved(*place(fix), metres=metres, bearing=bearing)
        false.append(changed(fix, lat=lat, lon=lon))
    return false, {"km": round(metres / 1_000, 1)}


def place(fix: Fix) -> tuple[float, float]:
    """Return where a fix is."""
    assert isinstance(fix.data, LocationFix)
    return fix.data.lat, fix.data.lon


def changed(fix: Fix, **fields: Any) -> Fix:
    """Return a fix that says something else."""
    assert isinstance(fix.data, LocationFix)
    return replace(fix, data=replace(fix.data, **fields))


def stretches(traces: Traces, rng: Random, *, plants: int, long_ms: int, gap_ms: int) -> Iterator[tuple[str, int, int]]:
    """Yield (person, first, last) of `plants` stretches of trace so long, without gaps and hours apart, at random."""
    starts = [(person, no) for person, fixes in traces.items() for no in range(1, len(fixes))]
    rng.shuffle(starts)
    taken: dict[str, list[int]] = defaultdict(list)
    left = plants
    for person, first in starts:
        fixes = traces[person]
        at, last = fixes[first].time, first
        if any(abs(other - at) < APART_MS + long_ms for other in taken[person]) or at - fixes[first - 1].time > gap_ms:
            continue
        while last + 1 < len(fixes) and fixes[last].time - at < long_ms:
            last += 1
        whole = all(fixes[no + 1].time - fixes[no].time <= gap_ms for no in range(first, last))
        if not whole or fixes[last].time - at < long_ms:
            continue
        taken[person].append(at)
        yield person, first, last
        left -= 1
        if left == 0:
            return


def planted(traces: Traces, rng: Random, kind: str, plants: int) -> Planted:
    """Return the traces with spoofs of one kind in them."""
    spoof, (long_ms, gap_ms) = KINDS[kind]
    spoofed = {person: list(fixes) for person, fixes in traces.items()}
    told = Planted(events=[], plants=[])
    for person, first, last in stretches(traces, rng, plants=plants, long_ms=long_ms, gap_ms=gap_ms):
        fixes = traces[person][first : last + 1]
        false, more, about = spoof(rng, fixes)
        spoofed[person][first : first + len(false)] = false
        told.events += more
        ends = max(event.time for event in [*false, *more] if not isinstance(event.data, Removal))
        told.plants.append(Plant(person=person, start=fixes[0].time, end=ends, about=about))
    told.events += (fix for fixes in spoofed.values() for fix in fixes)
    told.events = [replace(each, received_at=each.time) for each in told.events]
    told.events.sort(key=lambda each: each.time)
    return told


Spoofed = tuple[list[Fix], list[Event], dict[str, Any]]


def one_fix(rng: Random, fixes: list[Fix]) -> Spoofed:
    """Carry one fix off."""
    false, about = away(rng, fixes[:1])
    return false, [], about


def for_minutes(rng: Random, fixes: list[Fix]) -> Spoofed:
    """Carry a quarter of an hour off, then come back."""
    false, about = away(rng, fixes)
    return false, [], about


def still_elsewhere(rng: Random, fixes: list[Fix]) -> Spoofed:
    """Stand still elsewhere, as apps that make positions up do, then come back."""
    false, about = away(rng, fixes[:1])
    lat, lon = place(false[0])
    return [changed(fix, lat=lat, lon=lon) for fix in fixes], [], about


def mocked(_rng: Random, fixes: list[Fix]) -> Spoofed:
    """Mark positions as mocked."""
    return [changed(fix, location_mocked=True) for fix in fixes], [], {"fixes": len(fixes)}


def frozen(rng: Random, fixes: list[Fix]) -> Spoofed:
    """Repeat a position while its person walks."""
    first = fixes[0].data
    assert isinstance(first, LocationFix)
    walked = range(fixes[0].time + MINUTE_MS, fixes[-1].time, 5 * MINUTE_MS)
    steps = [
        made("noc.phone.event", at, f"{fixes[0].id}-{at}", person=first.person, kind="stepcount", steps=count)
        for at, count in ((at, rng.randint(80, 300)) for at in walked)
    ]
    return [changed(fix, lat=first.lat, lon=first.lon) for fix in fixes], steps, {"fixes": len(fixes)}


def punch_elsewhere(rng: Random, fixes: list[Fix]) -> Spoofed:
    """Punch in at a site that is defined there, 10 to 500 km from the phone's way."""
    (there,), about = away(rng, fixes[:1])
    data, name = there.data, f"{there.id}-site"
    assert isinstance(data, LocationFix)
    where = {"lat": data.lat, "lon": data.lon}
    site = made("noc.site", there.time, name, id=name, name=name, timezone="UTC", **where)
    punch = {"person": data.person, "site": name, "method": "FACE", "accuracy_m": 12.0, **where}
    came, left = there.time + 500, there.time + MINUTE_MS
    return (
        [],
        [
            site,
            made("noc.attendance.punch", came, f"{name}-in", direction="in", **punch),
            made("noc.attendance.punch", left, f"{name}-out", direction="out", **punch),
            replace(site, id=f"{name}-gone", time=left + CLOSED_MS, data=Removal(id=name, removed=True)),
        ],
        about,
    )


# what to plant, and into what: how long a stretch (ms), with which gaps at most (ms)
KINDS: dict[str, tuple[Callable[[Random, list[Fix]], Spoofed], tuple[int, int]]] = {
    "one_fix": (one_fix, (0, MINUTE_MS)),
    "for_minutes": (for_minutes, (15 * MINUTE_MS, 2 * MINUTE_MS)),
    "still_elsewhere": (still_elsewhere, (15 * MINUTE_MS, 2 * MINUTE_MS)),
    "frozen": (frozen, (40 * MINUTE_MS, 10 * MINUTE_MS)),
    "mocked": (mocked, (5 * MINUTE_MS, 2 * MINUTE_MS)),
    "punch_elsewhere": (punch_elsewhere, (0, MINUTE_MS)),
}


def run(events: list[Event], *, late: int | None) -> list[Finding]:
    """Return the location findings that stand after the events, and what is pending, have been judged."""
    given = tuple(events) if late is None else tuple(shuffled(tuple(events), seed=late))
    play = Play().take(given).pass_time(given[-1].received_at + 30 * MINUTE_MS)
    return [finding for finding in play.standing if finding.type in TYPES]


def judged(plants: list[Plant], found: list[Finding]) -> dict[str, Any]:
    """Compare what was planted with what was found."""
    mine: dict[str, list[Finding]] = defaultdict(list)
    for finding in found:
        if finding.person is not None and finding.type == "GPS_SPOOFING":
            mine[finding.person].append(finding)
    missed, hit = [], set()
    for plant in plants:
        hits = [each for each in mine[plant.person] if plant.start <= each.time <= plant.end + AFTER_MS]
        hit |= {each.id for each in hits}
        if not hits:
            missed.append({"person": plant.person, "at": f"{from_ms(plant.start):%F %T}", **plant.about})
    strange = [f"{each.person} {from_ms(each.time):%F %T}" for each in found if each.id not in hit]
    return {
        "planted": len(plants),
        "found": len(plants) - len(missed),
        "recall": round(1 - len(missed) / max(1, len(plants)), 3),
        "findings": len(found),
        "elsewhere": len(strange),
        "missed": missed[:10],
    }


def thinned(traces: Traces, every_s: float) -> Traces:
    """Return traces whose fixes are at least so far apart in time."""
    kept: Traces = {person: [] for person in traces}
    for person, fixes in traces.items():
        for fix in fixes:
            if not kept[person] or fix.time - kept[person][-1].time >= every_s * 1_000:
                kept[person].append(fix)
    return kept


def show(**told: Any) -> None:
    """Write a line of JSON."""
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def accused(name: str, traces: Traces, *, late: int | None) -> None:
    """Show how many findings honest people's fixes lead to, and for whom."""
    events = sorted((fix for fixes in traces.values() for fix in fixes), key=lambda fix: fix.time)
    began = time.perf_counter()
    found = run(events, late=late)
    per_event_us = round((time.perf_counter() - began) * 1e6 / len(events))
    by = {person: sum(each.person == person for each in found) for person in traces}
    show(honest=name, fixes=len(events), findings=len(found), by_person=by, us_per_event=per_event_us)
    for each in found[:10]:
        show(at=f"{from_ms(each.time):%F %T}", type=each.type, person=each.person, evidence=each.evidence)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="with streams/gps_honest.ndjson.gz and gps/")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--plants", type=int, default=200, help="of each kind")
    parser.add_argument("--every", type=float, default=0.0, help="seconds between honest fixes at least")
    parser.add_argument("--plant-every", type=float, default=10.0, help="the same for the traces that are planted in")
    parser.add_argument("--late", action="store_true", help="deliver events up to nine minutes late, out of order")
    parser.add_argument("--kinds", nargs="*", default=list(KINDS))
    asked = parser.parse_args()
    late = asked.seed if asked.late else None
    stream = asked.data / "streams" / "gps_honest.ndjson.gz"
    phones = sorted(path for path in (asked.data / "gps").glob("*.csv") if "labels" not in path.name)
    if not stream.exists():
        sys.stderr.write(f"{stream} is not there; see --data\n")
        return 1
    sources = {stream.name: honest_stream(stream), **{path.name: honest_phone(path) for path in phones}}
    everyone: Traces = {}
    for name, traces in sources.items():
        everyone |= thinned(traces, asked.plant_every)
        accused(name, thinned(traces, asked.every), late=late)
    for kind in asked.kinds:
        told = planted(everyone, Random(f"{asked.seed}-{kind}"), kind, asked.plants)
        show(kind=kind, **judged(told.plants, run(told.events, late=late)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
