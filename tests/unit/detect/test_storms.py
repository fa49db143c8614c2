"""Sites where everything is late at once. T0 is midnight."""

from __future__ import annotations

from nocd.detect.storms import Storms
from nocd.domain.event import Event
from nocd.domain.severity import Severity
from tests.build import T0, event, firing
from tests.build_field import Field, company, hours, minutes, played, punch, shift
from tests.unit.detect.build_watch import done, phones, removal, scan, span, task, tour

KIND = "SLA_STORM"
COMES = [*company("P1"), shift("P1", 0, 12), punch("P1", "in", T0), *phones("P1", span(0, 40))]


def late(*, tasks: int = 5, tours: int = 3, alarms: int = 4) -> list[Event]:
    """Tasks and tours of 0:20, and cameras that fire."""
    return [
        *(task(10, 20, id=f"K{number}") for number in range(tasks)),
        *(tour(20, id=f"R{number}") for number in range(tours)),
        *(firing(f"Camera {number}", at=minutes(5), entity=f"cam-{number}") for number in range(alarms)),
    ]


def storm(*more: Event | list[Event], until: float = 50, **counts: int) -> Field:
    return played(COMES, late(**counts), *more, until=minutes(until))


def test_five_tasks_three_tours_and_ten_alerts_are_a_storm() -> None:
    run = storm()
    found = run.of(KIND)
    assert len(found) == 1
    assert found[0].severity is Severity.CRITICAL
    assert found[0].evidence["tasks_overdue"] == 5
    assert found[0].evidence["tours_overdue"] == 3
    assert found[0].evidence["alerts_unresolved"] >= 10
    assert found[0].time % (5 * 60_000) == 0
    assert run.alerts(KIND) == [("open", 1)]


def test_one_less_of_any_is_none() -> None:
    assert not storm(tasks=4, alarms=9).of(KIND)
    assert not storm(tours=2, alarms=9).of(KIND)
    assert not storm(alarms=1).of(KIND)


def test_work_done_ends_it_and_the_same_again_changes_nothing() -> None:
    run = storm(done("P1", 48, task="K0"), done("P1", 48.5, task="K0"), until=60)
    assert run.alerts(KIND) == [("resolved", 1)]


def test_a_tour_walked_late_ends_it() -> None:
    assert storm(scan("P1", 48, tour="R1"), until=60).alerts(KIND) == [("resolved", 1)]


def test_work_told_late_gives_the_same_storm_or_none() -> None:
    told = event("noc.task.done", at=minutes(19), received_at=minutes(28), task="K0", person="P1", site="S1")
    assert not storm(told).of(KIND)


def test_a_tour_missed_lately_counts_as_overdue() -> None:
    again = [
        firing(f"Camera {number}", at=minutes(at), entity=f"cam-{number}") for at in (60, 110) for number in range(4)
    ]
    run = storm(again, until=150)
    assert run.engine.scene.standing("S1", "TOUR_OVERDUE", 0) == 0
    assert run.alerts(KIND) == [("open", 1)]


def test_nobody_on_duty_is_no_storm_site() -> None:
    off = [*company("P1"), *late()]
    assert not played(off, until=minutes(50)).of(KIND)


def test_a_site_that_is_removed_is_no_longer_claimed_of() -> None:
    run = storm()
    run.feed([removal("noc.site", "S1", run.engine.now), removal("noc.task", "K", run.engine.now)])
    assert run.alerts(KIND) == [("resolved", 1)]
    scene = run.engine.scene
    assert Storms().claims("S1", None, run.engine.now, scene) == []
    assert Storms().keys(scan("P1", 60), scene) == ()


def test_after_a_start_the_counts_are_those_before() -> None:
    run = storm()
    assert run.engine.scene.standing("S1", "TASK_OVERDUE", 0) == 5
    assert run.engine.scene.standing("S1", "TASK_OVERDUE", hours(5)) == 0
