"""The key figures of a site, and the state they put it in."""

from __future__ import annotations

from typing import Any

import pytest

from nocd.domain.command import Command
from nocd.domain.instant import HOUR_MS, MINUTE_MS, from_ms, rfc3339
from nocd.domain.severity import Severity
from nocd.engine import Engine
from nocd.signals import heard
from nocd.triage.kpis import EVENTS, GAUGES, SITES_SLICE, SLICE, Figures, condition, count, required, total
from tests.build import T0, engine, event, firing

NOTHING = dict.fromkeys((*GAUGES, EVENTS), 0)


def counted(made: Engine, now: int) -> dict[str | None, Figures]:
    counting = count(made.parts, now)
    while True:
        try:
            next(counting)
        except StopIteration as done:
            figures: dict[str | None, Figures] = done.value
            return figures


def site(name: str = "S1", **more: Any) -> Any:
    return event("noc.site", id=name, name=name, timezone="UTC", **more)


def staffed() -> Engine:
    """Return an engine with a site, three people in shifts of which one came, a task in time and one late."""
    made = engine()
    made.fold([site(client="ACME", required_guards=2)])
    for number, began_ms in (("1", 2 * HOUR_MS), ("2", 5 * MINUTE_MS), ("3", 20 * MINUTE_MS)):
        start, end = from_ms(T0 - began_ms), from_ms(T0 + 8 * HOUR_MS)
        made.fold([event("noc.shift", id=f"SH{number}", site="S1", person=f"P{number}", start=start, end=end)])
    made.fold([event("noc.attendance.punch", person="P1", site="S1", direction="in", method="FACE")])
    for name, due in (("K1", T0 + HOUR_MS), ("K2", T0 - HOUR_MS), ("K3", T0 - HOUR_MS)):
        made_at = from_ms(T0 - 2 * HOUR_MS)
        made.fold([event("noc.task", id=name, site="S1", created_at=made_at, due_at=from_ms(due))])
    made.fold([event("noc.task.done", task="K3", person="P1", site="S1")])
    made.fold([event("noc.device", id="D1", site="S1", kind="terminal"), event("noc.device", id="D2", person="P1")])
    return made


def test_each_figure_counts_what_its_name_says() -> None:
    made = staffed()
    made.fold([firing(severity="CRITICAL"), firing("Door"), firing("Gate", severity="LOW")])
    made.fold([firing("Elsewhere", site=None, entity="x")])
    settle = Command(verb="resolve", target="A-3", actor="m", time=T0, args={"verdict": "benign"})
    assert made.apply(settle).ok
    figures = counted(made, T0)
    mine = figures["S1"]
    told = {name: value for name, value in mine.items() if value and name.startswith(("people", "tasks", "devices"))}
    assert told == {
        "people_expected": 3,
        "people_present": 1,
        "people_late": 1,
        "people_missing": 1,
        "tasks_open": 2,
        "tasks_overdue": 1,
        "devices_total": 1,
    }
    standing = [alert for alert in made.book._alerts.values() if alert.site == "S1" and alert.unresolved]
    assert mine["alerts_open"] == len(standing)
    assert mine["alerts_critical"] == 1
    assert figures[None]["alerts_open"] == 1
    assert mine[EVENTS] == 1 + 3 + 1 + 3 + 1 + 1 + 3  # all that names the site, and what its guard's phone says
    assert total(figures.values())["alerts_open"] == len(standing) + 1


def test_a_step_is_so_many_records() -> None:
    made = engine()
    made.fold([event("noc.device", id=f"D{n}", kind="terminal") for n in range(SLICE + 1)])
    assert sum(1 for _ in count(made.parts, T0)) == 2
    made.fold([site(f"S{n}") for n in range(SITES_SLICE)])
    assert sum(1 for _ in count(made.parts, T0)) == 3


def test_what_is_told_of_tickets_and_incidents_is_counted_by_their_records() -> None:
    class Record:
        def __init__(self, **fields: Any) -> None:
            self.__dict__.update(fields)

    made = engine()
    made.fold([site(), firing(severity="LOW")])
    alert = made.book.edit("A-1")
    alert.fraud_score, alert.type, alert.severity = 0.9, "DEVICE_OFFLINE", Severity.HIGH
    for name, is_open, due in (("T-1", True, T0 - 1), ("T-2", True, None), ("T-3", False, T0 - 1)):
        made.shelves.restore("ticket", name, Record(site="S1", open=is_open, resolution_due=due))
    for name, status in (("I-1", "open"), ("I-2", "resolved")):
        made.shelves.restore("incident", name, Record(site="S1", status=status))
    mine = counted(made, T0)["S1"]
    assert (mine["tickets_open"], mine["tickets_overdue"], mine["incidents_open"]) == (2, 1, 1)
    assert (mine["fraud_high"], mine["devices_offline"], mine["alerts_high"]) == (1, 1, 1)


@pytest.mark.parametrize(
    ("figures", "needed", "silent_min", "state", "reason"),
    [
        ({}, 0, 0, "NORMAL", None),
        ({"alerts_critical": 1}, 0, 0, "CRITICAL", "1 CRITICAL alerts are open"),
        ({"tickets_overdue": 6}, 0, 0, "CRITICAL", "6 tickets are overdue"),
        ({"devices_offline": 11}, 0, 0, "CRITICAL", "11 devices are offline"),
        ({"devices_offline": 10}, 0, 0, "NORMAL", None),
        ({"tickets_overdue": 5}, 0, 0, "WARNING", "5 tickets are overdue"),
        ({"alerts_high": 2, "tasks_overdue": 1}, 0, 0, "WARNING", "2 HIGH alerts are open"),
        ({"people_present": 1}, 2, 0, "WARNING", "1 people are there instead of 2"),
        ({"tasks_overdue": 3}, 0, 0, "ATTENTION", "3 tasks are overdue"),
        ({"sources_silent": 1}, 0, 0, "ATTENTION", "a source of events is silent"),
        ({"people_present": 1}, 0, 15, "UNKNOWN", "nothing was heard for 15 min with 1 on duty"),
        ({"people_present": 1}, 0, 14, "NORMAL", None),
        ({}, 0, 60, "NORMAL", None),
    ],
)
def test_the_state_of_a_site_is_its_gravest_reason(
    figures: Figures, needed: int, silent_min: int, state: str, reason: str | None
) -> None:
    found = condition({**NOTHING, **figures}, required=needed, silent_ms=silent_min * MINUTE_MS)
    assert found.state == state
    assert next(iter(found.reasons), None) == reason


def test_people_are_required_where_shifts_are_known_and_the_site_is_open() -> None:
    made = engine()
    made.fold([site("S1", required_guards=2), site("S2", required_guards=2, open_24h=False)])
    assert required(made.parts, "S1", NOTHING) == 0  # nothing is known of who works there
    start, end = from_ms(T0 + HOUR_MS), from_ms(T0 + 2 * HOUR_MS)
    for name in ("S1", "S2"):
        made.fold([event("noc.shift", id=f"SH-{name}", site=name, person="P1", start=start, end=end)])
    assert required(made.parts, "S1", NOTHING) == 2
    assert required(made.parts, "S2", NOTHING) == 0
    assert required(made.parts, "S2", {**NOTHING, "people_expected": 1}) == 2
    assert required(made.parts, "S9", NOTHING) == 0


def test_of_too_many_names_those_heard_longest_ago_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heard, "SITES_MAX", 3)
    made = engine()
    made.fold([firing(at=T0 + n, site=f"S{n}", severity="LOW") for n in range(4)])
    assert made.heard.events == {"S2": 1, "S3": 1}
    assert set(made.heard.last) == {"S2", "S3"}
    assert counted(made, T0)["S0"][EVENTS] == 0


def test_silence_counts_from_the_last_event_and_before_that_from_when_we_listen() -> None:
    made = engine()
    assert made.heard.silent_ms("S1", T0) == T0
    made.fold([event("noc.attendance.punch", person="P1", site="S1", direction="in", method="FACE")])
    made.fold([event("noc.phone.event", at=T0 + MINUTE_MS, person="P1", kind="call")])
    assert made.heard.silent_ms("S1", T0 + 5 * MINUTE_MS) == 4 * MINUTE_MS
    assert rfc3339(made.heard.last["S1"]) == "2026-01-01T00:01:00.000Z"
