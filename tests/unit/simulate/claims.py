"""What each planted trouble claims, checked from the events alone and by the rules of the specification."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from nocd.domain.instant import HOUR_MS, MINUTE_MS, local
from tests.unit.simulate.further_claims import FURTHER
from tests.unit.simulate.habit_claims import HABITS
from tests.unit.simulate.sight import NONE, START, Event, Seen, metres, ms, only, seen, world

if TYPE_CHECKING:
    from collections.abc import Callable

    from nocd.simulate import Truth

__all__ = ["HOLDS", "NONE", "START", "Event", "Seen", "holds", "metres", "moved_m", "ms", "only", "seen", "world"]
MAX_MPS = 150 / 3.6


def _mps(left: Event, right: Event) -> float:
    apart_ms: int = abs(right["at"] - left["at"])
    return metres(left["data"], right["data"]) / max(1, apart_ms) * 1_000


def _buddy(truth: Truth, saw: Seen) -> bool:
    false = saw.by_id[truth.event_id]
    near = [p for p in saw.of["noc.attendance.punch"] if p is not false and abs(p["at"] - false["at"]) <= 5 * MINUTE_MS]
    data = false["data"]
    elsewhere = [p for p in near if p["data"]["person"] == truth.person and p["data"]["site"] != data["site"]]
    if elsewhere:
        return all(_mps(p, false) > MAX_MPS and p["data"]["verified"] for p in elsewhere)
    shared = [p for p in near if p["data"]["device"] == data["device"] and p["data"]["person"] != truth.person]
    return bool(shared) and data["device"].startswith("PH-")


def _gps(truth: Truth, saw: Seen) -> bool:
    fixes = saw.within("noc.location.fix", truth.person, truth.from_ms, truth.to_ms)
    assert fixes[0]["id"] == truth.event_id
    if len(fixes) == 1:
        before = saw.before("noc.location.fix", fixes[0])
        return _mps(before, fixes[0]) > 600 / 3.6 and fixes[0]["at"] - before["at"] >= MINUTE_MS
    if fixes[0]["data"].get("location_mocked"):
        return True
    places = {(round(fix["data"]["lat"], 6), round(fix["data"]["lon"], 6)) for fix in fixes}
    steps = saw.within("noc.phone.event", truth.person, truth.from_ms, truth.to_ms)
    long = fixes[-1]["at"] - fixes[0]["at"] >= 30 * MINUTE_MS
    return len(places) == 1 and len(fixes) >= 6 and long and sum(e["data"].get("steps", 0) for e in steps) > 0


def _impossible(truth: Truth, saw: Seen) -> bool:
    here = saw.by_id[truth.event_id]
    before = saw.before("noc.attendance.punch", here)
    allowed = truth.site in saw.person[truth.person]["sites"]
    return allowed and _mps(before, here) > MAX_MPS and here["at"] - before["at"] > 5 * MINUTE_MS


def _wrong_person(truth: Truth, saw: Seen) -> bool:
    mine = [s for s in saw.shifts if s["person"] == truth.person and _covers(s, truth.from_ms)]
    due = [s for s in saw.shifts if s["site"] == truth.site and ms(s["start"]) == truth.from_ms]
    came = [bool(saw.within("noc.attendance.punch", s["person"], truth.from_ms - HOUR_MS, truth.to_ms)) for s in due]
    return not mine and came.count(False) == 1 and saw.by_id[truth.event_id]["data"]["person"] == truth.person


def _covers(shift: dict[str, Any], instant: int) -> bool:
    return ms(shift["start"]) <= instant < ms(shift["end"])


def _unauthorized(truth: Truth, saw: Seen) -> bool:
    here = saw.by_id[truth.event_id]
    slow = _mps(saw.before("noc.attendance.punch", here), here) < MAX_MPS
    return slow and here["data"]["site"] == truth.site and truth.site not in saw.person[truth.person]["sites"]


def _no_show(truth: Truth, saw: Seen) -> bool:
    due = [s for s in saw.shifts if s["person"] == truth.person and ms(s["start"]) == truth.from_ms]
    traces = ("noc.attendance.punch", "noc.location.fix", "noc.phone.event", "noc.tour.scan", "noc.task.done")
    start, end = truth.from_ms - HOUR_MS, truth.to_ms + HOUR_MS
    return len(due) == 1 and not any(saw.within(kind, truth.person, start, end) for kind in traces)


def _double(truth: Truth, saw: Seen) -> bool:
    """A second `in` without an `out`: breaks between do not count."""
    again = saw.by_id[truth.event_id]
    turns = [p for p in saw.punches(truth.person) if p["data"]["direction"] in {"in", "out"} and p["at"] < again["at"]]
    return bool(turns[-1]["data"]["direction"] == again["data"]["direction"] == "in")


def _open(truth: Truth, saw: Seen) -> bool:
    punches = saw.within("noc.attendance.punch", truth.person, truth.from_ms, truth.to_ms)
    return punches[0]["data"]["direction"] == "in" and not any(p["data"]["direction"] == "out" for p in punches)


def moved_m(fixes: list[Event]) -> float:
    """Movement by 2.1: from the last counted fix, fixes nearer than the worse accuracy are not counted."""
    total, anchor = 0.0, fixes[0] if fixes else None
    for fix in fixes[1:]:
        assert anchor is not None
        step = metres(anchor["data"], fix["data"])
        if step >= max(anchor["data"]["accuracy_m"], fix["data"]["accuracy_m"]):
            total, anchor = total + step, fix
    return total


def _inactive(truth: Truth, saw: Seen) -> bool:
    start, end = truth.from_ms, truth.to_ms
    quiet = not any(
        saw.within(kind, truth.person, start, end) for kind in ("noc.phone.event", "noc.tour.scan", "noc.task.done")
    )
    fixes = saw.within("noc.location.fix", truth.person, start, end)
    zone = saw.site[truth.site]["timezone"]
    night = all(local(at, zone).hour >= 20 or local(at, zone).hour < 7 for at in (start, end))
    return quiet and night and len(fixes) >= 6 and moved_m(fixes) < 10 and end - start >= 3 * HOUR_MS


def _missed(truth: Truth, saw: Seen) -> bool:
    tours = saw.by_person["noc.tour", truth.person]
    due = [t["data"]["id"] for t in tours if ms(t["data"]["planned_start"]) == truth.from_ms]
    return len(due) == 1 and not any(s["data"]["tour"] == due[0] for s in saw.of["noc.tour.scan"])


def _too_fast(truth: Truth, saw: Seen) -> bool:
    tour = saw.by_id[truth.event_id]["data"]["tour"]
    scans = [s for s in saw.by_person["noc.tour.scan", truth.person] if s["data"]["tour"] == tour]
    legs = list(pairwise(scans))
    fast = [
        metres(saw.checkpoint[a["data"]["checkpoint"]], saw.checkpoint[b["data"]["checkpoint"]])
        > 3 * (b["at"] - a["at"]) / 1_000
        for a, b in legs
    ]
    return scans[1]["id"] == truth.event_id and all(fast) and scans[-1]["at"] - scans[0]["at"] < 30_000


def _silent(truth: Truth, saw: Seen) -> bool:
    """All phones of the crew, none of which said anything, and whose guards punched in and out all the same."""
    mine = [s for s in saw.shifts if s["site"] == truth.site and _covers(s, truth.from_ms)]
    phones = {f"/phones/PH-{s['person'][2:]}" for s in mine}
    heard = [e for e in saw.all if e["source"] in phones and truth.from_ms <= e["at"] <= truth.to_ms]
    hours = (truth.to_ms - truth.from_ms) / HOUR_MS
    return bool(mine) and not heard and 2 <= hours <= 5 and all(_came_and_went(s, truth, saw) for s in mine)


def _came_and_went(shift: dict[str, Any], truth: Truth, saw: Seen) -> bool:
    punches = saw.within(
        "noc.attendance.punch", shift["person"], ms(shift["start"]) - HOUR_MS, ms(shift["end"]) + HOUR_MS
    )
    turns: dict[str, int] = {punch["data"]["direction"]: punch["at"] for punch in punches}
    return turns["in"] <= truth.from_ms <= truth.to_ms <= turns["out"]


def _slack(truth: Truth, saw: Seen) -> bool:
    """Hardly anything for hours, beside what the same guard showed in the rest of the same shift."""
    (shift,) = [s for s in saw.shifts if s["person"] == truth.person and _covers(s, truth.from_ms)]
    alone = sum(s["site"] == truth.site and _covers(s, truth.from_ms) for s in saw.shifts) == 1
    start, end = ms(shift["start"]), ms(shift["end"])
    inside = len(saw.within("noc.phone.event", truth.person, truth.from_ms, truth.to_ms))
    usual = len(saw.within("noc.phone.event", truth.person, start, end)) - inside
    length = truth.to_ms - truth.from_ms
    little = inside / length <= 0.35 * usual / (end - start - length)
    moved = moved_m(saw.within("noc.location.fix", truth.person, truth.from_ms, truth.to_ms))
    scans = saw.within("noc.tour.scan", truth.person, truth.from_ms, truth.to_ms)
    done = saw.within("noc.task.done", truth.person, truth.from_ms, truth.to_ms)
    idle = len(scans) <= 2 and not done and moved / length * HOUR_MS < 150
    return alone and little and idle and length >= 4 * HOUR_MS and _came_and_went(shift, truth, saw)


def _geofence(truth: Truth, saw: Seen) -> bool:
    punch, site = saw.by_id[truth.event_id]["data"], saw.site[truth.site]
    reach_m: float = site["radius_m"] + punch["accuracy_m"] + site["hysteresis_m"]
    return metres(punch, site) > reach_m


def _offline(truth: Truth, saw: Seen) -> bool:
    device = f"/phones/PH-{truth.person[2:]}"
    times = [e["at"] for e in saw.all if e["source"] == device]
    inside = [at for at in times if truth.from_ms <= at <= truth.to_ms]
    return not inside and truth.to_ms - truth.from_ms > 40 * MINUTE_MS and min(times) < truth.from_ms < max(times)


def _unknown(truth: Truth, saw: Seen) -> bool:
    data = saw.by_id[truth.event_id]["data"]
    named = data.get("person") == truth.person or data.get("site") == truth.site
    return named and truth.person not in saw.person and truth.site not in saw.site


def _storm(truth: Truth, saw: Seen) -> bool:
    early = truth.from_ms + 3 * MINUTE_MS
    alerts = [e for e in saw.of["noc.alert"] if e["data"]["site"] == truth.site and truth.from_ms <= e["at"] <= early]
    return len(alerts) >= 10 and saw.by_id[truth.event_id]["data"]["status"] == "firing"


HOLDS: dict[str, Callable[[Truth, Seen], bool]] = {
    "BUDDY_PUNCHING": _buddy,
    "GPS_SPOOFING": _gps,
    "IMPOSSIBLE_SHIFTS": _impossible,
    "WRONG_PERSON": _wrong_person,
    "UNAUTHORIZED_SITE": _unauthorized,
    "NO_SHOW": _no_show,
    "DOUBLE_PUNCH": _double,
    "OPEN_PUNCH": _open,
    "GUARD_INACTIVITY": _inactive,
    "TOUR_MISSED": _missed,
    "TOUR_TOO_FAST": _too_fast,
    "SLACK_NIGHT": _slack,
    "SILENT_SITE": _silent,
    "GUARD_DISTRESS": lambda truth, saw: saw.by_id[truth.event_id]["data"]["kind"] == "panic",
    "GEOFENCE_VIOLATION": _geofence,
    "DEVICE_OFFLINE": _offline,
    "UNKNOWN_ENTITY": _unknown,
    "OUTSIDE_ALERT": _storm,
    **FURTHER,
    **HABITS,
}


def holds(truth: Truth, saw: Seen) -> bool:
    """Tell whether the events show what the truth row says."""
    return HOLDS[truth.kind](truth, saw)
