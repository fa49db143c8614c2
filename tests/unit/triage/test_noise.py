"""What keeps a noisy day readable: one alert that flaps, one that counts a flood; and no CRITICAL is hidden."""

from __future__ import annotations

from typing import Any

from nocd.domain.alert import Alert, Status
from nocd.domain.command import Command
from nocd.domain.instant import MINUTE_MS, SECOND_MS
from nocd.engine import Engine
from nocd.triage.intake import Limits
from tests.build import T0, engine, firing, resolved

FLAPS = [firing(at=T0), resolved(at=T0 + 1), firing(at=T0 + 2), resolved(at=T0 + 3), firing(at=T0 + MINUTE_MS)]
CALM = T0 + 6 * MINUTE_MS


def fed(*events: Any, limits: Limits | None = None) -> Engine:
    made = engine(limits)
    made.fold(events)
    return made


def alerts(made: Engine) -> list[Alert]:
    return list(made.shelves.kind("alert").values())


def test_three_opens_in_five_minutes_are_one_alert_marked_flapping_with_its_reason() -> None:
    made = fed(*FLAPS)
    (alert,) = alerts(made)
    assert (alert.status, alert.flapping) == (Status.OPEN, True)
    (change,) = [change for change in made.finish().changes if change.type == "alert_created"]
    assert change.data["flapping"]
    assert change.data["why"] == "seen again within 5 min of its end; flapping: opened 3 times in 5 min"


def test_two_opens_are_not_flapping_nor_three_in_more_than_five_minutes() -> None:
    assert not alerts(fed(*FLAPS[:3]))[0].flapping
    slow = [firing(at=T0), resolved(at=T0 + 1), firing(at=T0 + 2 * MINUTE_MS), resolved(at=T0 + 3 * MINUTE_MS)]
    made = fed(*slow, firing(at=T0 + 5 * MINUTE_MS))
    assert alerts(made)[0].recent_opens == [T0 + 2 * MINUTE_MS, T0 + 5 * MINUTE_MS]
    assert not alerts(made)[0].flapping


def test_flapping_ends_after_five_calm_minutes_and_says_so() -> None:
    made = fed(*FLAPS)
    made.finish()
    assert (made.next_due() or CALM + 1) <= CALM
    assert not made.tick(CALM - 1)
    assert made.tick(CALM)
    (change,) = made.finish().changes
    assert (change.data["flapping"], change.data["happened"], change.data["status"]) == (False, "calm", "open")
    assert not made.tick(CALM + SECOND_MS)


def test_an_acknowledgement_that_runs_out_as_it_calms_is_a_decision_of_its_own() -> None:
    made = fed(*FLAPS)
    ack = Command(verb="ack", target="A-1", actor="mara", time=T0 + MINUTE_MS, args={"expires_minutes": 5})
    assert made.apply(ack).ok
    made.finish()
    assert [made.tick(CALM), made.tick(CALM), made.tick(CALM)] == [True, True, False]
    assert [row.decision for row in made.finish().ledger] == ["ack_expired", "calm"]


def test_another_opening_puts_the_calm_off() -> None:
    made = fed(*FLAPS, resolved(at=T0 + 2 * MINUTE_MS), firing(at=T0 + 3 * MINUTE_MS))
    made.tick(CALM)
    assert alerts(made)[0].flapping
    made.tick(T0 + 8 * MINUTE_MS)
    assert not alerts(made)[0].flapping


def test_what_flapped_and_was_resolved_is_let_go_of_like_any_other() -> None:
    made = fed(*FLAPS)
    resolve = Command(verb="resolve", target="A-1", actor="mara", time=T0 + 2 * MINUTE_MS, args={"verdict": "benign"})
    assert made.apply(resolve).ok
    made.tick(CALM)
    assert [alert.status for alert in alerts(made)] == [Status.RESOLVED]
    made.tick(T0 + 7 * MINUTE_MS)
    assert alerts(made) == []


def test_past_the_most_open_alerts_one_flood_alert_counts_the_rest() -> None:
    made = fed(*(firing(entity=f"cam-{n}") for n in range(10)), limits=Limits(alerts_open_max=3))
    assert len(alerts(made)) == 4
    assert (alerts(made)[3].type, alerts(made)[3].count) == ("ALERT_FLOOD", 7)


def test_a_critical_opens_its_own_alert_in_a_flood_until_there_is_no_memory_for_it() -> None:
    made = fed(*(firing(entity=f"cam-{n}") for n in range(10)), limits=Limits(alerts_open_max=3))
    made.fold([firing(entity=f"fire-{n}", severity="CRITICAL", at=T0 + 1) for n in range(4)])
    assert [alert.entity_id for alert in alerts(made)[4:]] == ["fire-0", "fire-1"]
    flood = alerts(made)[3]
    assert (flood.count, flood.severity, flood.title) == (9, "CRITICAL", "Alert flood")


def test_a_trouble_that_a_flood_counted_opens_when_it_turns_critical() -> None:
    made = fed(*(firing(entity=f"cam-{n}") for n in range(10)), limits=Limits(alerts_open_max=3))
    made.fold([firing(entity="cam-9", severity="CRITICAL", at=T0 + 1)])
    assert alerts(made)[-1].entity_id == "cam-9"
