"""How long tickets may wait and take: clocks that rest, warn once, and what is late told of and taken back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from nocd.domain.command import Command, Reply
from nocd.domain.directory import Site
from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, to_ms
from nocd.domain.ticket import Ticket
from nocd.engine import Engine
from nocd.triage.intake import Limits
from nocd.triage.sla import ALWAYS, Hours, counted_ms, hours_at, reached
from tests.build import T0, engine, event, firing

UNTOUCHED = Limits(escalate_minutes={}, outside_quiet_ms=30 * DAY_MS)
MONDAY = to_ms(datetime(2026, 1, 5, tzinfo=UTC))
OFFICE = Hours(timezone="UTC", days=frozenset(range(5)), start=9 * 60, end=18 * 60)


def at(day: int, hour: float) -> int:
    """Return an hour of a day of January 2026 (UTC ms); the 5th is a Monday."""
    return to_ms(datetime(2026, 1, day, tzinfo=UTC)) + int(hour * HOUR_MS)


def site(**more: Any) -> Site:
    return Site(id="S1", name="Depot", timezone="UTC", **more)


def act(made: Engine, verb: str, *, now: int, **args: Any) -> Reply:
    asked = {"comment": "x", "verdict": "benign", **args}
    return made.apply(Command(verb=f"{verb}_ticket", target="T-1", actor="mara", time=now, args=asked))


def opened(*events: Any, severity: str = "HIGH", now: int = T0, **more: Any) -> tuple[Engine, Ticket]:
    made = engine(UNTOUCHED)
    made.fold([*events, firing(severity=severity, at=now, **more)])
    made.finish()
    ticket = made.triage.tickets.get("T-1")
    assert ticket is not None
    return made, ticket


def waited(made: Engine, now: int) -> list[tuple[int, str]]:
    """Let time pass to `now`; return when what happened to tickets, and what (minutes since T0)."""
    while (due := made.triage.tickets.next_due()) is not None and due <= now:
        made.tick(due)
    return [((row.time - T0) // MINUTE_MS, row.decision) for row in made.finish().timeline]


def standing(made: Engine, kind: str) -> list[tuple[str, str]]:
    alerts = [each for each in made.shelves.kind("alert").values() if each.type == kind]
    return [(str(each.severity), str(each.status)) for each in alerts]


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        (at(5, 10), at(5, 12), 2.0),
        (at(5, 7), at(5, 20), 9.0),
        (at(5, 17), at(6, 10), 2.0),
        (at(9, 17), at(12, 10), 2.0),
        (at(10, 10), at(11, 10), 0.0),
        (at(5, 12), at(5, 10), 0.0),
    ],
)
def test_only_office_hours_count(start: int, end: int, hours: float) -> None:
    assert counted_ms(OFFICE, start, end) == hours * HOUR_MS


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        (at(5, 10), 2, at(5, 12)),
        (at(5, 17), 2, at(6, 10)),
        (at(9, 17), 4, at(12, 12)),
        (at(10, 3), 0.5, at(12, 9.5)),
        (at(5, 10), 8, at(5, 18)),
        (at(5, 3), 0, at(5, 3)),
    ],
)
def test_a_clock_is_due_when_so_many_office_hours_have_passed(start: int, hours: float, due: int) -> None:
    assert reached(OFFICE, start, int(hours * HOUR_MS)) == due
    assert counted_ms(OFFICE, start, due) == hours * HOUR_MS


def test_the_wall_clock_of_the_site_counts_when_it_is_put_forward() -> None:
    night = Hours(timezone="Europe/Lisbon", days=frozenset(range(7)))
    last_sunday_of_march = to_ms(datetime(2026, 3, 29, tzinfo=UTC))
    assert counted_ms(night, last_sunday_of_march, last_sunday_of_march + DAY_MS - HOUR_MS) == DAY_MS - HOUR_MS
    day = Hours(timezone="Europe/Lisbon", days=frozenset({6}))
    assert counted_ms(day, last_sunday_of_march - DAY_MS, last_sunday_of_march + 2 * DAY_MS) == DAY_MS - HOUR_MS


def test_hours_over_midnight_belong_to_the_day_they_begin_on() -> None:
    night = hours_at(site(sla_hours="business", business_hours="Fri-Sat 22:00-06:00"))
    assert (sorted(night.days), night.start, night.end) == ([4, 5], 1_320, 1_800)
    assert counted_ms(night, at(10, 0), at(10, 12)) == 6 * HOUR_MS


@pytest.mark.parametrize(
    ("words", "days"),
    [("Sat-Mon 09:00-18:00", [0, 5, 6]), ("Mon-Fri 09:00-18:00", [0, 1, 2, 3, 4]), ("?", [0, 1, 2, 3, 4])],
)
def test_a_sites_business_hours_name_their_days(words: str, days: list[int]) -> None:
    assert sorted(hours_at(site(sla_hours="business", business_hours=words)).days) == days


def test_a_site_says_whether_nights_and_weekends_count() -> None:
    assert hours_at(None) is hours_at(site()) is ALWAYS
    weekdays = hours_at(site(sla_hours="weekdays"))
    assert counted_ms(weekdays, at(9, 0), at(13, 0)) == 2 * DAY_MS
    assert reached(weekdays, at(9, 23), 2 * HOUR_MS) == at(12, 1)


def test_a_clock_that_never_runs_is_never_due() -> None:
    assert reached(Hours(timezone="UTC", days=frozenset()), T0, 1) is None


def test_each_clock_warns_at_three_quarters_and_at_its_end_once_and_the_ticket_goes_up() -> None:
    made, ticket = opened()
    assert waited(made, T0 + 20 * HOUR_MS) == [
        (45, "sla_warned"),
        (60, "sla_breached"),
        (360, "sla_warned"),
        (480, "sla_breached"),
        (480, "late"),
    ]
    assert (ticket.escalated_at, ticket.escalated_to) == (T0 + 480 * MINUTE_MS, "manager")
    assert standing(made, "SLA_BREACH") == [("HIGH", "open")]


def test_a_ticket_goes_up_to_the_sites_own_people() -> None:
    entry = event("noc.site", id="S1", name="Depot", timezone="UTC", supervisor="P1", manager="P2")
    made, ticket = opened(entry)
    waited(made, T0 + 45 * MINUTE_MS)
    assert ticket.escalated_to == "site supervisor P1"
    waited(made, T0 + 60 * MINUTE_MS)
    assert ticket.escalated_to == "site manager P2"


def test_an_answer_stops_the_first_clock_and_a_resolve_the_second() -> None:
    made, ticket = opened()
    act(made, "ack", now=T0 + 44 * MINUTE_MS)
    assert waited(made, T0 + 5 * HOUR_MS) == [(44, "acknowledged")]
    assert (ticket.responded_at, ticket.response_due) == (T0 + 44 * MINUTE_MS, None)
    act(made, "resolve", now=T0 + 5 * HOUR_MS)
    assert [each for _, each in waited(made, T0 + 20 * HOUR_MS)] == ["resolved"]
    view = made.apply(
        Command(verb="note_ticket", target="T-1", actor="m", time=T0, args={"text": "x"}, recalled_ticket=ticket)
    )
    assert {name: clock["state"] for name, clock in view.body["sla"].items() if "state" in str(clock)} == {
        "response": "met",
        "resolution": "met",
    }


def test_on_hold_the_clock_rests_and_goes_on_where_it_stood() -> None:
    made, ticket = opened()
    act(made, "start", now=T0 + HOUR_MS)
    act(made, "hold", now=T0 + 5 * HOUR_MS)
    assert (ticket.counted_ms, ticket.resolution_due) == (5 * HOUR_MS, None)
    waited(made, T0 + 20 * HOUR_MS)
    act(made, "start", now=T0 + 20 * HOUR_MS)
    assert ticket.resolution_due == T0 + 23 * HOUR_MS
    assert [each for _, each in waited(made, T0 + 24 * HOUR_MS)] == ["started", "sla_warned", "sla_breached", "late"]


def test_out_of_office_hours_the_clock_rests_where_the_site_says_so() -> None:
    entry = event("noc.site", id="S1", name="Depot", timezone="UTC", sla_hours="business")
    _, ticket = opened(entry, now=at(9, 17))
    assert (ticket.response_due, ticket.resolution_due) == (at(9, 18), at(12, 16))


def test_a_raise_of_priority_shortens_the_clock() -> None:
    made, ticket = opened()
    assert ticket.resolution_due == T0 + 8 * HOUR_MS
    made.fold([firing(severity="CRITICAL", at=T0 + 5 * HOUR_MS)])
    assert ticket.resolution_due == T0 + 4 * HOUR_MS
    assert "sla_breached" in [each for _, each in waited(made, T0 + 5 * HOUR_MS)]


def test_a_breach_is_an_alert_about_the_ticket_that_ends_with_the_resolve_and_is_no_work_itself() -> None:
    made, _ = opened()
    waited(made, T0 + 9 * HOUR_MS)
    (breach,) = (each for each in made.shelves.kind("alert").values() if each.type == "SLA_BREACH")
    assert (breach.entity_id, breach.ticket, breach.evidence["ticket_number"]) == ("T-1", None, "S1-1")
    act(made, "ack", now=T0 + 9 * HOUR_MS)
    act(made, "resolve", now=T0 + 9 * HOUR_MS)
    assert standing(made, "SLA_BREACH") == [("HIGH", "resolved")]
    assert len(made.shelves.kind("ticket")) == 1


def test_a_ticket_open_for_three_days_is_delayed_and_for_five_gravely_on_hold_or_not() -> None:
    made, _ = opened()
    act(made, "start", now=T0)
    act(made, "hold", now=T0)
    waited(made, T0 + 72 * HOUR_MS)
    assert standing(made, "FIELD_SUPPORT_DELAYED") == []
    waited(made, T0 + 72 * HOUR_MS + MINUTE_MS)
    assert standing(made, "FIELD_SUPPORT_DELAYED") == [("MEDIUM", "open")]
    waited(made, T0 + 120 * HOUR_MS + MINUTE_MS)
    assert standing(made, "FIELD_SUPPORT_DELAYED") == [("HIGH", "open")]
    act(made, "cancel", now=T0 + 121 * HOUR_MS)
    assert standing(made, "FIELD_SUPPORT_DELAYED") == [("HIGH", "resolved")]


def test_a_ticket_opened_again_is_not_taken_for_one_that_was_open_all_the_time() -> None:
    made, _ = opened()
    act(made, "start", now=T0)
    act(made, "resolve", now=T0 + HOUR_MS)
    act(made, "reopen", now=T0 + 71 * HOUR_MS)
    waited(made, T0 + 72 * HOUR_MS + MINUTE_MS)
    assert standing(made, "FIELD_SUPPORT_DELAYED") == []
    waited(made, T0 + 143 * HOUR_MS + MINUTE_MS)
    assert standing(made, "FIELD_SUPPORT_DELAYED") == [("MEDIUM", "open")]


@pytest.mark.parametrize(("severity", "told"), [("CRITICAL", [("CRITICAL", "open")]), ("HIGH", [])])
def test_a_critical_ticket_that_is_nobodys_for_five_minutes_is_an_alert_until_it_is_assigned(severity, told) -> None:
    made, _ = opened(severity=severity)
    waited(made, T0 + 5 * MINUTE_MS)
    assert standing(made, "EMERGENCY_TICKET_UNASSIGNED") == []
    waited(made, T0 + 6 * MINUTE_MS)
    assert standing(made, "EMERGENCY_TICKET_UNASSIGNED") == told
    act(made, "assign", now=T0 + 7 * MINUTE_MS, assignee="tomas")
    assert standing(made, "EMERGENCY_TICKET_UNASSIGNED") == [(severity, "resolved") for severity, _ in told]


def distress() -> tuple[Engine, Ticket]:
    """Return an engine in which somebody pressed for help, and the ticket of it."""
    made = engine(UNTOUCHED)
    made.fold([event("noc.phone.event", person="P1", kind="panic")])
    ticket = made.triage.tickets.get("T-1")
    assert ticket is not None
    return made, ticket


def test_an_emergency_that_nobody_takes_on_for_two_minutes_is_an_alert_until_somebody_does() -> None:
    made, ticket = distress()
    assert (ticket.category, ticket.priority) == ("SAFETY", "P1")
    waited(made, T0 + 3 * MINUTE_MS)
    assert standing(made, "EMERGENCY_ESCALATION_DELAYED") == [("CRITICAL", "open")]
    act(made, "ack", now=T0 + 4 * MINUTE_MS)
    assert standing(made, "EMERGENCY_ESCALATION_DELAYED") == [("CRITICAL", "resolved")]


@pytest.mark.parametrize("verb", ["ack", "start", "escalate", "start_ticket", "escalate_ticket"])
def test_an_emergency_somebody_took_on_or_escalated_in_time_is_none(verb: str) -> None:
    made, _ = distress()
    target = "T-1" if verb.endswith("_ticket") else "A-1"
    assert made.apply(Command(verb=verb, target=target, actor="mara", time=T0 + MINUTE_MS)).ok
    waited(made, T0 + 4 * MINUTE_MS)
    assert standing(made, "EMERGENCY_ESCALATION_DELAYED") == []


def test_an_emergency_whose_alert_is_escalated_late_is_an_alert_no_more() -> None:
    made, ticket = distress()
    waited(made, T0 + 3 * MINUTE_MS)
    assert made.apply(Command(verb="escalate", target="A-1", actor="mara", time=T0 + 4 * MINUTE_MS)).ok
    assert standing(made, "EMERGENCY_ESCALATION_DELAYED") == [("CRITICAL", "resolved")]
    assert ticket.escalated_at == T0 + 4 * MINUTE_MS
