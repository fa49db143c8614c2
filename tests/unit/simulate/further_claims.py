"""More of what planted troubles claim, checked from the events alone."""

from __future__ import annotations

from itertools import pairwise
from statistics import fmean
from typing import TYPE_CHECKING, Any

from nocd.domain.instant import HOUR_MS, MINUTE_MS, local
from tests.unit.simulate.sight import Event, Seen, metres, ms

if TYPE_CHECKING:
    from collections.abc import Callable

    from nocd.simulate import Truth

FIX, PHONE, SCAN, PUNCH = "noc.location.fix", "noc.phone.event", "noc.tour.scan", "noc.attendance.punch"
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def shift_at(truth: Truth, saw: Seen, instant: int) -> dict[str, Any]:
    mine: list[dict[str, Any]] = [
        s for s in saw.shifts if s["person"] == truth.person and ms(s["start"]) <= instant < ms(s["end"])
    ]
    return mine[-1]


def near_shifts(truth: Truth, saw: Seen, margin: int) -> list[dict[str, Any]]:
    """The person's shifts that are on, or begin within `margin` of the trouble's begin."""
    return [
        shift
        for shift in saw.shifts
        if shift["person"] == truth.person and ms(shift["start"]) - margin <= truth.from_ms < ms(shift["end"]) + margin
    ]


def outside_m(event: Event, saw: Seen, site: str) -> float:
    """How far beyond the fence, accuracy and hysteresis allowed for."""
    here, place = event["data"], saw.site[site]
    return metres(here, place) - float(place["radius_m"] + place["hysteresis_m"] + here["accuracy_m"])


def _rest(truth: Truth, saw: Seen) -> bool:
    comes = saw.by_id[truth.event_id]
    left = [p["at"] for p in saw.punches(truth.person) if p["data"]["direction"] == "out" and p["at"] < comes["at"]][-1]
    ends = {ms(shift["end"]) for shift in saw.shifts if shift["person"] == truth.person}
    starts = {ms(s["start"]) for s in near_shifts(truth, saw, 10 * MINUTE_MS)}
    return comes["at"] - left < 8 * HOUR_MS and bool(starts) and not starts & ends


def worked_ms(truth: Truth, saw: Seen, until: int) -> int:
    """Time on duty, breaks apart, in the day before `until`."""
    total, came = 0, 0
    for punch in saw.punches(truth.person):
        if punch["data"]["direction"] in {"in", "break_end"}:
            came = punch["at"]
        elif punch["at"] <= until:
            total += max(0, punch["at"] - max(came, until - 24 * HOUR_MS))
    return total


def _overtime(truth: Truth, saw: Seen) -> bool:
    return worked_ms(truth, saw, truth.to_ms) > 16 * HOUR_MS > truth.from_ms - truth.to_ms


def _late(truth: Truth, saw: Seen) -> bool:
    due = ms(shift_at(truth, saw, truth.from_ms)["start"])
    before = saw.within(PUNCH, truth.person, due - HOUR_MS, due + 15 * MINUTE_MS)
    late = saw.by_id[truth.event_id]["at"] - due
    return not before and 20 * MINUTE_MS <= late <= 60 * MINUTE_MS


def heads(saw: Seen, site: str, instant: int) -> int:
    last = {
        punch["data"]["person"]: punch["data"]["direction"]
        for punch in saw.of[PUNCH]
        if punch["data"]["site"] == site and punch["at"] <= instant
    }
    return sum(direction != "out" for direction in last.values())


def _gap(truth: Truth, saw: Seen) -> bool:
    return all(
        heads(saw, truth.site, truth.from_ms + minutes * MINUTE_MS) < saw.site[truth.site]["required_guards"]
        for minutes in range(1, 22, 4)
    )


def _unplanned(truth: Truth, saw: Seen) -> bool:
    """Come when no shift is near, and none at the site waits for who is due."""
    here = saw.by_id[truth.event_id]["data"]
    odd = here["direction"] == "in" and here["site"] == truth.site and not near_shifts(truth, saw, HOUR_MS)
    due = [s for s in saw.shifts if s["site"] == truth.site and ms(s["start"]) <= truth.from_ms < ms(s["end"])]
    windows = [(s["person"], ms(s["start"]) - HOUR_MS, truth.from_ms) for s in due]
    return odd and all(saw.within(PUNCH, *window) for window in windows)


def _wrong_site(truth: Truth, saw: Seen) -> bool:
    (shift,) = near_shifts(truth, saw, 20 * MINUTE_MS)
    allowed = truth.site in saw.person[truth.person]["sites"]
    return allowed and shift["site"] != truth.site == saw.by_id[truth.event_id]["data"]["site"]


def _inactive_person(truth: Truth, saw: Seen) -> bool:
    entry = saw.person[truth.person]  # as last told
    return entry["active"] is False and truth.from_ms <= saw.by_id[truth.event_id]["at"]


def _unsure(truth: Truth, saw: Seen) -> bool:
    face = saw.by_id[truth.event_id]["data"]
    return bool(face["confidence"] < 0.7 or face["liveness"] < 0.5)


def _ghost(truth: Truth, saw: Seen) -> bool:
    """Two punches, and no other trace between them."""
    came = saw.by_id[truth.event_id]["at"]
    traces = [kind for kind in (FIX, PHONE, SCAN) if saw.within(kind, truth.person, came, truth.to_ms)]
    directions = [p["data"]["direction"] for p in saw.within(PUNCH, truth.person, came, truth.to_ms)]
    return not traces and directions == ["in", "out"]


def _sharing(truth: Truth, saw: Seen) -> bool:
    borrowed = saw.by_id[truth.event_id]
    device = borrowed["data"]["device"]
    owner = [p for p in saw.of[PUNCH] if p["data"]["device"] == device and p["data"]["person"] != truth.person]
    apart = min(abs(p["at"] - borrowed["at"]) for p in owner)
    own = saw.within(PHONE, truth.person, truth.to_ms, truth.to_ms + HOUR_MS)
    return 5 * MINUTE_MS < apart < 30 * MINUTE_MS and bool(own) and device.startswith("PH-")


def _left(truth: Truth, saw: Seen) -> bool:
    fixes = saw.within(FIX, truth.person, truth.from_ms, truth.to_ms)
    return truth.to_ms - truth.from_ms >= 15 * MINUTE_MS and all(outside_m(f, saw, truth.site) > 0 for f in fixes)


def _nowhere(truth: Truth, saw: Seen) -> bool:
    here = saw.by_id[truth.event_id]["data"]
    return bool(here["lat"] == round(here["lat"]) and here["lon"] == round(here["lon"]))


def _incomplete(truth: Truth, saw: Seen) -> bool:
    tour = saw.by_id[truth.event_id]["data"]["tour"]
    scanned = {s["data"]["checkpoint"] for s in saw.of[SCAN] if s["data"]["tour"] == tour}
    return 0.25 <= len(scanned) / len(saw.by_id[tour]["data"]["checkpoints"]) <= 0.5


def _abandoned(truth: Truth, saw: Seen) -> bool:
    begun = saw.within(SCAN, truth.person, truth.from_ms, truth.from_ms)
    fixes = saw.within(FIX, truth.person, truth.from_ms + MINUTE_MS, truth.to_ms - 5 * MINUTE_MS)
    since = saw.within(SCAN, truth.person, truth.from_ms + 1, truth.to_ms)
    return len(begun) == 1 and not since and all(outside_m(fix, saw, truth.site) > 0 for fix in fixes)


def _out_of_order(truth: Truth, saw: Seen) -> bool:
    tour = saw.by_id[saw.by_id[truth.event_id]["data"]["tour"]]["data"]
    scanned = [s["data"]["checkpoint"] for s in saw.of[SCAN] if s["data"]["tour"] == tour["id"]]
    return bool(tour["ordered"]) and scanned != tour["checkpoints"] and set(scanned) == set(tour["checkpoints"])


def _overdue(truth: Truth, saw: Seen) -> bool:
    (done,) = [e for e in saw.of["noc.task.done"] if e["data"]["task"] == truth.event_id]
    due = ms(saw.by_id[truth.event_id]["data"]["due_at"])
    return (due, done["at"]) == (truth.from_ms, truth.to_ms) and done["at"] - due >= 25 * MINUTE_MS


def _cloned(truth: Truth, saw: Seen) -> bool:
    scan = saw.by_id[truth.event_id]["data"]
    return bool(metres(scan, saw.checkpoint[scan["checkpoint"]]) > 300 + scan["accuracy_m"])


def _regular(truth: Truth, saw: Seen) -> bool:
    tours: dict[str, list[int]] = {}
    for scan in saw.within(SCAN, truth.person, truth.from_ms, truth.to_ms):
        tours.setdefault(scan["data"]["tour"], []).append(scan["at"])
    spreads = []
    for times in tours.values():
        intervals = [after - before for before, after in pairwise(times)]
        spreads.append(max(intervals) - min(intervals))
    return max(spreads) <= 2_000


def _phantom(truth: Truth, saw: Seen) -> bool:
    """Fixes on the site, a tour and a task that were due, and neither scan nor work done."""
    window = (truth.person, truth.from_ms, truth.to_ms)
    due = [t for t in saw.of["noc.tour"] if truth.from_ms <= ms(t["data"]["planned_start"]) <= truth.to_ms]
    mine = [t for t in due if t["data"]["person"] == truth.person]
    idle = not saw.within(SCAN, *window) and not saw.within("noc.task.done", *window)
    fixes = saw.within(FIX, *window)
    there = all(outside_m(fix, saw, truth.site) <= 0 for fix in fixes)
    return bool(mine) and idle and there and len(fixes) >= 15 and truth.to_ms - truth.from_ms > 140 * MINUTE_MS


def _ahead(truth: Truth, saw: Seen) -> bool:
    """The phone's events of that time say they are twenty minutes later than what was sent around them."""
    device = f"/phones/PH-{truth.person[2:]}"
    ahead = 0
    for before, event in pairwise(saw.all):
        early = event["at"] - before["at"] > 15 * MINUTE_MS and before["source"] != device
        ahead += event["source"] == device and early
    return ahead >= 3


def _no_position(truth: Truth, saw: Seen) -> bool:
    window = (truth.person, truth.from_ms, truth.to_ms)
    long = truth.to_ms - truth.from_ms >= 90 * MINUTE_MS
    return long and not saw.within(FIX, *window) and len(saw.within(PHONE, *window)) >= 10


def _no_phone_event(truth: Truth, saw: Seen) -> bool:
    window = (truth.person, truth.from_ms, truth.to_ms)
    long = truth.to_ms - truth.from_ms >= 90 * MINUTE_MS
    return long and not saw.within(PHONE, *window) and len(saw.within(FIX, *window)) >= 10


def health(truth: Truth, saw: Seen) -> list[dict[str, Any]]:
    device = f"PH-{truth.person[2:]}"
    told = [e for e in saw.of["noc.device.health"] if e["data"]["device"] == device]
    return [event["data"] for event in told if truth.from_ms <= event["at"] <= truth.to_ms]


def _worn(truth: Truth, saw: Seen) -> bool:
    told = health(truth, saw)
    battery, signal = {"DEVICE_CRITICAL": (25, 40), "DEVICE_WARNING": (34, 68)}[truth.kind]
    weak = fmean(one["signal_percent"] for one in told) < signal
    return weak and all(one["battery_percent"] < battery for one in told) and len(told) >= 20


def open_then(site: dict[str, Any], instant: int) -> bool:
    days, hours = site["opening_hours"].split()
    first, last = days.split("-")
    moment = local(instant, site["timezone"])
    open_day = DAYS.index(first) <= moment.weekday() <= DAYS.index(last)
    opens, closes = hours.split("-")
    return open_day and bool(opens <= f"{moment:%H:%M}" < closes)


def _inside_while_closed(truth: Truth, saw: Seen) -> bool:
    fix = saw.by_id[truth.event_id]
    off_duty = saw.punches(truth.person)
    last = [p["data"]["direction"] for p in off_duty if p["at"] <= truth.from_ms][-1]
    site = saw.site[truth.site]
    inside = metres(fix["data"], site) < site["radius_m"]
    return inside and last == "out" and not open_then(site, truth.from_ms) and not near_shifts(truth, saw, HOUR_MS)


def _never_delivered(truth: Truth, saw: Seen) -> bool:
    kind = {"REPORT_MISSING": "STATUTORY", "DAILY_REPORT_MISSING": "DAILY"}[truth.kind]
    told = [e["data"] for e in saw.of["noc.report"] if e["data"]["site"] == truth.site and e["data"]["kind"] == kind]
    due = [one for one in told if ms(one["due_at"]) == truth.from_ms]
    return len(due) == 1 and "delivered_at" not in due[0]


def _dead(truth: Truth, saw: Seen) -> bool:
    source = f"/gates/{truth.site}"
    heard = [e for e in saw.of["noc.sample"] if e["source"] == source and truth.from_ms <= e["at"] < truth.to_ms]
    return not heard and truth.to_ms - truth.from_ms >= 3 * HOUR_MS


def tour_of(truth: Truth, saw: Seen) -> tuple[dict[str, Any], list[Event]]:
    """The tour that a truth's scan is of, and all its scans."""
    tour = saw.by_id[truth.event_id]["data"]["tour"]
    return saw.by_id[tour]["data"], [s for s in saw.of[SCAN] if s["data"]["tour"] == tour]


def _skipped(truth: Truth, saw: Seen) -> bool:
    tour, scans = tour_of(truth, saw)
    answered = {s["data"]["checkpoint"] for s in scans}
    scanned = {s["data"]["checkpoint"] for s in scans if s["data"]["scan"] != "SKIP"}
    places = all(("lat" in s["data"]) == (s["data"]["scan"] != "SKIP") for s in scans)
    return places and answered == set(tour["checkpoints"]) and 0.5 <= len(scanned) / len(answered) < 0.8


def _begun_late(truth: Truth, saw: Seen) -> bool:
    tour, scans = tour_of(truth, saw)
    late = scans[0]["at"] - ms(tour["planned_start"])
    whole = {s["data"]["checkpoint"] for s in scans} == set(tour["checkpoints"])
    return whole and 30 * MINUTE_MS < late < 2 * HOUR_MS and truth.to_ms - truth.from_ms == late - 30 * MINUTE_MS


def _made_up(truth: Truth, saw: Seen) -> bool:
    """At some check of that time the last thirty of a month are at too few minutes of the day, or too unsure."""
    told = [*saw.punches(truth.person), *saw.by_person["noc.biometric.check", truth.person]]
    zone, all_checks = saw.site[truth.site]["timezone"], sorted(told, key=lambda event: event["at"])
    for number, last in enumerate(all_checks):
        known = [e for e in all_checks[max(0, number - 29) : number + 1] if e["at"] > last["at"] - 30 * 24 * HOUR_MS]
        minutes = {f"{local(event['at'], zone):%H:%M}" for event in known}
        low = sum(event["data"]["confidence"] < 0.5 for event in known)
        odd = len(known) >= 10 and (len(minutes) < 0.3 * len(known) or low > 0.3 * len(known))
        if odd and truth.from_ms <= last["at"] <= truth.to_ms:
            return True
    return False


def _half_heard(truth: Truth, saw: Seen) -> bool:
    """All on duty at the site tell the one half of it, and none the other."""
    lost, goes_on = (PHONE, FIX) if truth.kind == "CRITICAL_SIGNAL_LOW_PHONE" else (FIX, PHONE)
    mine = [s for s in saw.shifts if s["site"] == truth.site and ms(s["start"]) <= truth.from_ms < ms(s["end"])]
    heard = [
        (kind, saw.within(kind, s["person"], truth.from_ms, truth.to_ms)) for s in mine for kind in (lost, goes_on)
    ]
    long = truth.to_ms - truth.from_ms >= 95 * MINUTE_MS
    return bool(mine) and long and all(not events if kind == lost else len(events) >= 6 for kind, events in heard)


def _all_late(truth: Truth, saw: Seen) -> bool:
    """For half an hour five tasks and three tours are overdue, and ten alerts stand, one of each and of each camera."""
    return all(_late_then(truth.site, truth.from_ms + after * MINUTE_MS, saw) for after in (45, 60, 75))


def _late_then(site: str, instant: int, saw: Seen) -> bool:
    done = {e["data"]["task"] for e in saw.of["noc.task.done"] if e["at"] <= instant}
    tasks = [e["id"] for e in saw.of["noc.task"] if e["data"]["site"] == site and ms(e["data"]["due_at"]) <= instant]
    off = {e["data"]["id"] for e in saw.of["noc.tour"] if e["data"].get("cancelled") and e["at"] <= instant}
    begun = {s["data"]["tour"] for s in saw.of[SCAN] if s["at"] <= instant} | off
    told = {e["data"]["id"]: ms(e["data"]["planned_start"]) for e in saw.of["noc.tour"] if e["data"]["site"] == site}
    tours = [tour for tour, at in told.items() if 30 * MINUTE_MS <= instant - at < 2 * HOUR_MS and tour not in begun]
    status = {e["data"]["entity_id"]: e["data"]["status"] for e in saw.of["noc.alert"] if e["at"] <= instant}
    firing = [entity for entity, last in status.items() if last == "firing" and site in entity]
    late = len(set(tasks) - done)
    return late >= 5 and len(tours) >= 3 and late + len(tours) + len(firing) >= 10


def _ended(truth: Truth, saw: Seen) -> bool:
    (told,) = [e["data"] for e in saw.of["noc.report"] if e["data"]["site"] == truth.site]
    return ms(told["delivered_at"]) + 30 * 24 * HOUR_MS == truth.to_ms and "due_at" not in told


FURTHER: dict[str, Callable[[Truth, Seen], bool]] = {
    "SHORT_REST": _rest,
    "OVERTIME_VIOLATION": _overtime,
    "LATE_ARRIVAL": _late,
    "COVERAGE_GAP": _gap,
    "SCHEDULE_MISMATCH": _unplanned,
    "WRONG_SITE": _wrong_site,
    "INACTIVE_PERSON": _inactive_person,
    "BIOMETRIC_LOW": _unsure,
    "GHOST_SHIFT": _ghost,
    "DEVICE_SHARING": _sharing,
    "LEFT_SITE": _left,
    "NULL_ISLAND": _nowhere,
    "GPS_LOW_ACCURACY": lambda truth, saw: saw.by_id[truth.event_id]["data"]["accuracy_m"] > 100,
    "TOUR_INCOMPLETE": _incomplete,
    "TOUR_ABANDONMENT": _abandoned,
    "TOUR_OUT_OF_ORDER": _out_of_order,
    "TASK_OVERDUE": _overdue,
    "TAG_CLONED": _cloned,
    "SCANS_TOO_REGULAR": _regular,
    "PHANTOM_GUARD": _phantom,
    "CLOCK_SUSPECT": _ahead,
    "DEVICE_GPS_FAILURE": _no_position,
    "DEVICE_PHONE_FAILURE": _no_phone_event,
    "DEVICE_CRITICAL": _worn,
    "DEVICE_WARNING": _worn,
    "AFTER_HOURS_ACTIVITY": _inside_while_closed,
    "REPORT_MISSING": _never_delivered,
    "DAILY_REPORT_MISSING": _never_delivered,
    "SOURCE_SILENT": _dead,
    "CHECKPOINT_COVERAGE_LOW": _skipped,
    "TOUR_OVERDUE": _begun_late,
    "BIOMETRIC_PATTERN": _made_up,
    "CRITICAL_SIGNAL_LOW_PHONE": _half_heard,
    "CRITICAL_SIGNAL_LOW_LOCATION": _half_heard,
    "SLA_STORM": _all_late,
    "REPORT_NEVER_GENERATED": _ended,
}
