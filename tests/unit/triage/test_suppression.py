"""Hidden while anything holds that hides it: windows over what stands, causes that overlap, many alerts at once."""

from __future__ import annotations

from typing import Any

import pytest

from nocd.domain.alert import Status
from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS
from nocd.engine import Engine
from nocd.triage.suppression import STEP_MAX
from tests.build import T0, engine, event, firing, saved_and_loaded
from tests.build_hiding import alert, asked, rows, settle, silence, stands, window
from tests.build_site import directory


def opened(*more: Any) -> Engine:
    made = engine()
    made.fold([firing(), *more])
    made.finish()
    return made


def told(made: Engine) -> list[tuple[str, str, int]]:
    """Return (window, what happened, how many it hides) as the feed tells it."""
    changes = [change.data for change in made.finish().changes if change.type == "maintenance_window"]
    return [(data["id"], data["happened"], data["hiding"]["count"]) for data in changes]


def test_a_window_hides_what_stands_as_it_begins_and_shows_it_as_it_ends() -> None:
    made = opened()
    window(made, start=T0 + MINUTE_MS, end=T0 + 50 * MINUTE_MS)
    assert told(made) == [("M-1", "planned", 0)]
    assert not made.tick(T0 + MINUTE_MS - 1)
    settle(made, T0 + MINUTE_MS)
    assert stands(made) == ("suppressed", ("M-1",))
    assert told(made) == [("M-1", "began", 1)]
    assert alert(made).suppressed_until == T0 + 50 * MINUTE_MS
    settle(made, T0 + 50 * MINUTE_MS)
    assert stands(made) == ("open", ())
    assert told(made) == [("M-1", "over", 0)]


def test_the_ledger_says_who_planned_the_window_and_that_it_is_over() -> None:
    made = opened()
    window(made)
    settle(made, T0 + MINUTE_MS)
    asked(made, "end_maintenance", "M-1", at=T0 + MINUTE_MS)
    assert rows(made) == [
        ("suppressed", "maintenance M-1 until 01:00 by mara: works"),
        ("unsuppressed", "maintenance M-1 is over"),
    ]


@pytest.mark.parametrize(
    ("scope", "hidden"),
    [
        ({"scope": "all", "target": ""}, True),
        ({"scope": "client", "target": "ACME"}, True),
        ({"scope": "client", "target": "OTHER"}, False),
        ({"scope": "site", "target": "S2"}, False),
        ({"scope": "device", "target": "cam-7"}, True),
        ({"scope": "device", "target": "cam-8"}, False),
        ({"types": ["Camera"]}, True),
        ({"types": ["NO_SHOW"]}, False),
        ({"start": T0 + 1}, False),
    ],
)
def test_a_window_hides_standing_alerts_of_its_scope_its_types_and_its_time(scope: Any, *, hidden: bool) -> None:
    made = engine()
    made.fold([*directory(days=1), firing(entity_type="device")])
    window(made, **scope)
    assert (stands(made)[0] == "suppressed") is hidden


def test_a_panic_that_stands_is_hidden_only_by_name() -> None:
    made = engine()
    made.fold([event("noc.phone.event", person="P1", kind="panic")])
    name = next(each.no for each in made.book.all() if each.type == "GUARD_DISTRESS")
    window(made, scope="all", target="")
    assert stands(made, name) == ("open", ())
    window(made, scope="all", target="", types=["GUARD_DISTRESS"])
    assert stands(made, name) == ("suppressed", ("M-2",))


def test_what_the_other_system_says_in_a_window_opens_hidden_and_still_ends() -> None:
    made = engine()
    window(made)
    made.fold([firing(at=T0 + 1)])
    assert stands(made) == ("suppressed", ("M-1",))
    assert told(made)[-1] == ("M-1", "planned", 1)
    settle(made, T0 + HOUR_MS)
    assert stands(made) == ("open", ())
    settle(made, T0 + HOUR_MS + 1)
    assert stands(made) == ("resolved", ())


def test_a_window_called_off_hides_nothing_and_one_without_alerts_passes_in_silence() -> None:
    made = opened()
    window(made, start=T0 + 10)
    assert asked(made, "end_maintenance", "M-1").ok
    window(made, target="S9", start=T0 + 10)
    settle(made, T0 + 20)
    assert stands(made) == ("open", ())


def test_a_window_that_ended_unnoticed_weeks_ago_is_forgotten_in_good_order() -> None:
    made = opened(firing(severity="CRITICAL", entity="cam-8"))
    window(made)
    silence(made, "type=Camera", ends_at=T0 + HOUR_MS)
    made.fold([event("noc.site", id="S1", name="Site", timezone="UTC", at=T0 + 40 * DAY_MS)])
    assert stands(made, 2) == ("open", ())
    assert (made.scene.plans.all(), made.triage.suppression.silences.get("S-1") is None) == ([], False)
    assert [data for data in told(made) if data[1] == "over"] == []
    made.fold([event("noc.site", id="S1", name="The site", timezone="UTC", at=T0 + 80 * DAY_MS)])
    assert made.triage.suppression.silences.all() == []


def test_it_stays_hidden_until_the_last_of_several_causes_ends_in_whatever_order() -> None:
    for first, second in ((5, 10), (10, 5)):
        made = opened()
        silence(made, "type=Camera", ends_at=T0 + first * MINUTE_MS)
        window(made, end=T0 + second * MINUTE_MS)
        assert stands(made) == ("suppressed", ("S-1", "M-1"))
        assert alert(made).suppressed_until == T0 + 10 * MINUTE_MS
        settle(made, T0 + 5 * MINUTE_MS)
        assert stands(made)[0] == "suppressed"
        assert len(stands(made)[1]) == 1
        settle(made, T0 + 10 * MINUTE_MS)
        assert stands(made) == ("open", ())
        assert [decision for decision, _ in rows(made)] == ["suppressed"] * 3 + ["unsuppressed"]


def test_of_two_windows_over_one_site_the_other_goes_on_hiding() -> None:
    made = opened()
    window(made)
    window(made)
    asked(made, "end_maintenance", "M-1")
    made.fold([firing("Door", at=T0 + 1)])
    assert (stands(made, 1), stands(made, 2)) == (("suppressed", ("M-2",)), ("suppressed", ("M-2",)))


def test_one_moment_of_two_causes_ends_both_at_once() -> None:
    made = opened()
    silence(made, "type=Camera", ends_at=T0 + HOUR_MS // 2)
    window(made, end=T0 + HOUR_MS // 2)
    settle(made, T0 + HOUR_MS // 2)
    assert stands(made) == ("open", ())


def test_what_is_handed_up_while_it_is_hidden_comes_out_where_it_was_put() -> None:
    made = opened()
    silence(made, "type=Camera")
    made.book.move(made.book.edit("A-1"), Status.ESCALATED)
    made.book.decide(alert(made), "escalated", "untouched for 30 min", now=T0 + 1)
    made.tick(T0 + 1)
    assert stands(made) == ("escalated", ())
    assert (alert(made).suppressed_by, alert(made).former_status) == (None, None)
    assert made.triage.suppression.hiding("S-1").count == 0


def test_a_silence_takes_a_minor_alert_over_from_the_backlog_and_gives_it_back_open() -> None:
    made = opened()
    standing = made.book.edit("A-1")
    standing.former_status, standing.suppressed_by = standing.status, "backpressure"
    made.book.move(standing, Status.SUPPRESSED)
    silence(made, "type=Camera")
    assert (stands(made), standing.suppressed_by) == (("suppressed", ("S-1",)), "S-1")
    asked(made, "end_silence", "S-1")
    assert stands(made) == ("open", ())


def test_findings_of_a_standing_alert_renew_it_under_maintenance_and_so_it_does_not_end_by_quiet() -> None:
    made = engine()
    made.fold([event("noc.phone.event", person="P1", kind="panic")])
    (distress,) = [each for each in made.book.all() if each.type == "GUARD_DISTRESS"]
    window(made, scope="all", target="", types=["GUARD_DISTRESS"])
    made.fold([event("noc.phone.event", at=T0 + MINUTE_MS, person="P1", kind="panic")])
    assert (distress.count, distress.status) == (2, "suppressed")


def test_many_alerts_are_hidden_and_shown_in_steps_and_a_restart_goes_on_where_it_stopped() -> None:
    made = engine()
    count = 2 * STEP_MAX + 5
    made.fold([firing(entity=f"cam-{number}", severity="MEDIUM") for number in range(count)])
    made.finish()
    window(made, end=T0 + 30 * MINUTE_MS)
    assert made.triage.suppression.hiding("M-1").count == STEP_MAX
    assert made.triage.suppression.hiding("M-1").alerts[:2] == [f"A-{STEP_MAX}", f"A-{STEP_MAX - 1}"]
    made.fold([firing(entity="late", at=T0 + 1, severity="MEDIUM")])
    assert made.next_due() == made.now
    made.finish()
    again = saved_and_loaded(made)
    for each in (made, again):
        assert settle(each, T0 + 2) == 2
        assert each.triage.suppression.hiding("M-1").count == count + 1
        assert len(each.triage.suppression.hiding("M-1").alerts) == 100
        each.tick(T0 + 30 * MINUTE_MS)
        assert each.triage.suppression.hiding("M-1").count == count + 1 - STEP_MAX
        each.finish()
    assert list(made.shelves) == list(again.shelves)
    once_more = saved_and_loaded(made)
    for each in (made, once_more):
        assert settle(each, T0 + 30 * MINUTE_MS) == 2
        assert {str(alert.status) for alert in each.book.all()} == {"open"}
        each.finish()
    assert list(made.shelves) == list(once_more.shelves)


def test_windows_that_are_over_leave_room_for_others_until_too_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nocd.triage.maintenance.WINDOWS_MAX", 2)
    monkeypatch.setattr("nocd.triage.maintenance.KEPT_MAX", 3)
    made = engine()
    assert [window(made).status for _ in range(3)] == [200, 200, 409]
    later = T0 + HOUR_MS
    replies = [window(made, at=later), window(made, at=later)]
    assert [reply.status for reply in replies] == [200, 409]
    assert replies[1].body["detail"] == "3 windows are kept, those that are over for five weeks"
