"""From alerts to work: which opens a ticket, which joins one, and that nothing is worked on twice."""

from __future__ import annotations

from typing import Any

import pytest

from nocd.domain.alert import Alert, Status
from nocd.domain.command import Command, Reply
from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, from_ms
from nocd.domain.severity import Severity
from nocd.domain.ticket import Ticket
from nocd.engine import Engine
from nocd.triage.intake import Limits
from nocd.triage.ticket_book import ALERTS_MAX
from tests.build import T0, engine, event, firing, resolved, saved_and_loaded

WAY = ("ack_ticket", "resolve_ticket")
UNTOUCHED = Limits(escalate_minutes={})


def act(made: Engine, verb: str, target: str = "T-1", *, at: int = T0, **args: Any) -> Reply:
    return made.apply(Command(verb=verb, target=target, actor="mara", time=at, args=args))


def resolve(made: Engine, *, at: int = T0, verdict: str = "fraud", **more: Any) -> Reply:
    args = {"verdict": verdict, "comment": "done"}
    asked = [Command(verb=verb, target="T-1", actor="mara", time=at, args=args, **more) for verb in WAY]
    return [made.apply(command) for command in asked][-1]


def why(made: Engine, alert_id: str) -> list[tuple[str, str]]:
    """Return the decisions about tickets on an alert's ledger since the last batch, with reasons."""
    rows = [row for row in made.finish().ledger if row.alert == alert_id]
    return [(row.decision, row.reason) for row in rows if "ticket" in row.decision]


def tickets(made: Engine) -> list[Ticket]:
    return list(made.shelves.kind("ticket").values())


def alert(made: Engine, alert_id: str) -> Alert:
    found = made.book.get(alert_id)
    assert found is not None
    return found


def standing_again(ticket: Ticket) -> bool:
    return ticket.open and ticket.trouble_ended_at is None


def happened(made: Engine) -> list[str]:
    return [row.decision for row in made.finish().timeline]


@pytest.mark.parametrize(("severity", "priority"), [("CRITICAL", "P1"), ("HIGH", "P2")])
def test_a_grave_alert_opens_a_ticket_with_its_number_priority_and_evidence(severity: str, priority: str) -> None:
    made = engine()
    made.fold([firing(severity=severity, person="P1")])
    (ticket,) = tickets(made)
    assert (ticket.id, ticket.number, ticket.priority, ticket.status) == ("T-1", "S1-1", priority, "new")
    assert (ticket.site, ticket.person, ticket.alerts, ticket.origin) == ("S1", "P1", ["A-1"], "alert")
    assert ticket.evidence["message"] == "Camera firing"
    assert ticket.body.startswith("Camera firing\n\nEvidence:\n- message: Camera firing")
    assert alert(made, "A-1").ticket == "T-1"
    assert why(made, "A-1") == [("ticketed", f"S1-1 was opened, as it is {severity}, assigned to nobody")]


@pytest.mark.parametrize("severity", ["MEDIUM", "LOW", "INFO"])
def test_a_minor_alert_opens_none_and_its_ledger_says_why(severity: str) -> None:
    made = engine()
    made.fold([firing(severity=severity)])
    assert tickets(made) == []
    reason = f"it is {severity}: CRITICAL and HIGH would be work, or a fraud score from 0.8"
    assert why(made, "A-1") == [("not_ticketed", reason)]


def test_which_severities_are_work_can_be_set() -> None:
    made = engine(Limits(ticket_severities=frozenset({Severity.MEDIUM})))
    made.fold([firing(severity="MEDIUM"), firing("Door", severity="HIGH")])
    assert [ticket.type for ticket in tickets(made)] == ["Camera"]


def test_another_alert_of_its_type_and_site_joins_the_open_ticket_however_old() -> None:
    made = engine(UNTOUCHED)
    made.fold([firing(), firing("Door"), firing(site="S2")])
    assert [ticket.number for ticket in tickets(made)] == ["S1-1", "S1-2", "S2-1"]
    made.finish()
    made.fold([firing(entity="cam-8", at=T0 + 40 * DAY_MS)])
    joined = alert(made, "A-4")
    assert (joined.ticket, made.triage.tickets.get("T-1").alerts) == ("T-1", ["A-1", "A-4"])  # type: ignore[union-attr] # held
    assert why(made, joined.id) == [("ticket_joined", "S1-1 is open for the same trouble, since 960 h")]


def test_of_fraud_it_is_the_person_too() -> None:
    made = engine()
    made.fold([firing("BUDDY_PUNCHING", person="P1", entity="a"), firing("BUDDY_PUNCHING", person="P2", entity="b")])
    made.fold([firing("BUDDY_PUNCHING", person="P1", entity="c", dedup_key="x")])
    assert [(ticket.person, ticket.alerts) for ticket in tickets(made)] == [("P1", ["A-1", "A-3"]), ("P2", ["A-2"])]


@pytest.mark.parametrize(("kind", "hours"), [("Camera", 4), ("BUDDY_PUNCHING", 24)])
@pytest.mark.parametrize("late_ms", [-1, 0])
def test_a_ticket_resolved_a_while_ago_is_opened_again_and_later_another_made(
    kind: str, hours: int, late_ms: int
) -> None:
    made = engine(UNTOUCHED)
    made.fold([firing(kind, person="P1")])
    resolve(made)
    made.finish()
    made.fold([firing(kind, person="P1", at=T0 + hours * HOUR_MS + late_ms)])
    again = late_ms < 0
    assert alert(made, "A-2").ticket == ("T-1" if again else "T-2")
    ticket = made.triage.tickets.get("T-1")
    assert ticket is not None
    assert (ticket.open, ticket.verdict) == ((True, None) if again else (False, "fraud"))
    ((decision, reason),) = why(made, "A-2")
    assert decision == ("ticket_reopened" if again else "ticketed")
    assert again == (f"less than {hours} h" in reason)


@pytest.mark.parametrize("verbs", [["cancel"], ["ack", "resolve", "close"]])
def test_a_ticket_that_has_ended_for_good_is_never_opened_again(verbs: list[str]) -> None:
    made = engine()
    made.fold([firing()])
    for verb in verbs:
        assert act(made, f"{verb}_ticket", verdict="benign", comment="x").ok
    made.fold([firing(entity="cam-8", at=T0 + SECOND_MS)])
    assert [ticket.id for ticket in tickets(made) if ticket.open] == ["T-2"]


def test_a_worse_alert_raises_the_priority_and_a_milder_never_lowers_it() -> None:
    made = engine()
    made.fold([firing(), firing(severity="CRITICAL"), firing(severity="HIGH", entity="cam-8")])
    assert [(ticket.priority, ticket.severity) for ticket in tickets(made)] == [("P1", "CRITICAL")]
    assert happened(made) == ["created", "priority_raised", "joined"]


def test_an_alert_that_grows_grave_becomes_work_then() -> None:
    made = engine()
    made.fold([firing(severity="MEDIUM"), firing(severity="HIGH")])
    assert [decision for decision, _ in why(made, "A-1")] == ["not_ticketed", "ticketed"]


def test_a_suppressed_alert_opens_none_until_it_is_suppressed_no_more() -> None:
    made = engine()
    made.fold([firing(severity="MEDIUM")])
    standing = made.book.edit("A-1")
    standing.suppressed_by, standing.former_status = "S-1", Status.OPEN
    made.book.move(standing, Status.SUPPRESSED)
    made.fold([firing(severity="HIGH", at=T0 + 1)])
    assert why(made, "A-1")[-1] == ("not_ticketed", "it is suppressed by S-1: a ticket waits until that ends")
    assert tickets(made) == []
    standing = made.book.edit("A-1")
    made.book.move(standing, Status.OPEN)
    made.book.decide(standing, "unsuppressed", "S-1 ended", now=T0 + 2)
    made.fold([firing("Door", severity="LOW", at=T0 + 2)])
    assert [ticket.alerts for ticket in tickets(made)] == [["A-1"]]


def test_a_scored_alert_that_is_no_work_says_so_once() -> None:
    made = engine(Limits(tickets_open_max=0))
    made.fold([firing("DEVICE_SHARING", severity="MEDIUM", person="P1")])
    made.book.edit("A-1").fraud_score = 0.9
    made.fold([firing("DEVICE_SHARING", severity="MEDIUM", person="P1", at=T0 + n) for n in range(5)])
    assert [decision for decision, _ in why(made, "A-1")] == ["not_ticketed"]


@pytest.mark.parametrize(("score", "opens"), [(0.79, False), (0.80, True)])
def test_a_fraud_score_that_comes_later_makes_a_minor_alert_work(score, opens) -> None:
    made = engine()
    made.fold([firing("DEVICE_SHARING", severity="MEDIUM", person="P1")])
    made.finish()
    made.book.edit("A-1").fraud_score = score
    made.fold([firing("DEVICE_SHARING", severity="MEDIUM", person="P1", at=T0 + 1)])
    assert [(ticket.origin, ticket.priority) for ticket in tickets(made)] == ([("fraud", "P3")] if opens else [])
    assert bool(why(made, "A-1")) is opens


def test_past_the_most_tickets_an_alert_opens_none_and_a_critical_past_twice_as_many() -> None:
    made = engine(Limits(tickets_open_max=2))
    made.fold([firing(f"T{n}") for n in range(3)])
    assert [decision for decision, _ in why(made, "A-3")] == ["not_ticketed"]
    made.fold([firing(f"C{n}", severity="CRITICAL") for n in range(3)])
    assert made.triage.tickets.open_count == 4
    made.fold([firing("T0", entity="cam-8")])
    assert why(made, "A-7")[0][0] == "ticket_joined"


def test_when_all_its_alerts_have_ended_a_ticket_says_so_and_stays_open_until_somebody_says_what_it_was() -> None:
    made = engine(UNTOUCHED)
    made.fold([firing(), firing(entity="cam-8"), resolved(at=T0 + 1)])
    (ticket,) = tickets(made)
    assert standing_again(ticket)
    made.finish()
    act(made, "resolve", "A-2", at=T0 + 2, verdict="benign")
    assert (ticket.trouble_ended_at, ticket.open) == (T0 + 2, True)
    (row,) = made.finish().timeline
    assert (row.decision, row.reason) == (
        "trouble_ended",
        "the last of its 2 alerts, A-2 ended with verdict benign; resolve it when done",
    )
    act(made, "undo", "A-2", at=T0 + 3)
    assert happened(made) == ["trouble_back"]
    assert standing_again(ticket)
    made.fold([firing(at=T0 + MINUTE_MS)])
    act(made, "resolve", "A-2", at=T0 + MINUTE_MS, verdict="benign")
    assert standing_again(ticket)


def test_a_resolve_hands_its_verdict_to_alerts_that_have_none_and_ends_them() -> None:
    made = engine(UNTOUCHED)
    made.fold([firing(entity=f"cam-{n}") for n in range(4)])
    act(made, "resolve", "A-1", verdict="false_positive")
    made.fold([resolved(entity="cam-1", at=T0 + 1)])
    standing = made.book.edit("A-3")
    standing.suppressed_by, standing.former_status = "S-1", Status.OPEN
    made.book.move(standing, Status.SUPPRESSED)
    made.finish()
    assert resolve(made, at=T0 + 2).ok
    told = made.finish()
    verdicts = {each.id: (each.status, each.verdict) for each in made.shelves.kind("alert").values()}
    own = verdicts.pop("A-1")
    assert own == ("resolved", "false_positive")
    assert set(verdicts.values()) == {("resolved", "fraud")}
    assert [(row.alert, row.decision, row.actor) for row in told.ledger] == [
        ("A-2", "judged", "mara"),
        ("A-3", "resolved", "mara"),
        ("A-4", "resolved", "mara"),
    ]
    assert [row.decision for row in told.timeline] == ["acknowledged", "resolved"]


def test_an_alert_that_left_memory_is_recalled_for_its_verdict() -> None:
    made = engine(UNTOUCHED)
    made.fold([firing(), resolved(at=T0 + 1)])
    made.finish()
    gone = alert(saved_and_loaded(made), "A-1")
    made.tick(T0 + 10 * MINUTE_MS)
    assert made.book.get("A-1") is None
    asked = Command(verb="resolve_ticket", target="T-1", actor="mara", time=T0)
    assert made.lacks_work(asked) == (False, ["A-1"])
    resolve(made, at=T0 + HOUR_MS, recalled_alerts=(gone,))
    assert [(each.id, each.verdict) for each, _ in made.finish().alerts] == [("A-1", "fraud")]
    made.tick(T0 + HOUR_MS + MINUTE_MS)
    assert made.book.get("A-1") is None


def test_a_ticket_is_let_go_of_and_recalled() -> None:
    made = engine(UNTOUCHED)
    made.fold([firing()])
    resolve(made)
    gone = tickets(saved_and_loaded(made))[0]
    made.finish()
    made.tick(T0 + 4 * HOUR_MS)
    assert (tickets(made), made.triage.tickets.next_due()) == ([], None)
    asked = Command(verb="reopen_ticket", target="T-1", actor="mara", time=T0 + DAY_MS, recalled_ticket=gone)
    assert made.lacks_work(asked) == (True, [])
    assert made.apply(asked).body["status"] == "open"
    assert made.triage.tickets.open_count == 1


def test_a_ticket_is_not_opened_again_beside_another_for_its_trouble() -> None:
    made = engine(UNTOUCHED)
    made.fold([firing()])
    resolve(made)
    gone = tickets(saved_and_loaded(made))[0]
    made.fold([firing(at=T0 + 5 * HOUR_MS)])
    asked = Command(verb="reopen_ticket", target="T-1", actor="mara", time=T0 + DAY_MS, recalled_ticket=gone)
    reply = made.apply(asked)
    assert (reply.status, reply.body["code"]) == (409, "another_stands")


def test_more_alerts_than_a_ticket_names_are_counted_and_end_with_it() -> None:
    made = engine(UNTOUCHED)
    made.fold([firing(entity=f"cam-{n}") for n in range(ALERTS_MAX + 5)])
    (ticket,) = tickets(made)
    assert (len(ticket.alerts), ticket.alerts_total) == (ALERTS_MAX, ALERTS_MAX + 5)
    resolve(made)
    assert made.book.unresolved == 0


def people(*, supervisor: bool = True, active: bool = True, manager: bool = True) -> list[Any]:
    site: dict[str, Any] = {"id": "S1", "name": "Depot", "timezone": "UTC"}
    chain: dict[str, Any] = {"supervisor": "P1"} if supervisor else {}
    chain |= {"manager": "P2"} if manager else {}
    shift: dict[str, Any] = {
        "id": "H1",
        "site": "S1",
        "person": "P3",
        "start": from_ms(T0 - HOUR_MS),
        "end": from_ms(T0 + HOUR_MS),
    }
    return [
        event("noc.site", **site, **chain),
        event("noc.person", id="P1", name="Vera", active=active),
        event("noc.shift", **shift, on_call=True),
    ]


@pytest.mark.parametrize(
    ("chain", "who", "role"),
    [
        ({}, "P1", "site supervisor"),
        ({"active": False}, "P2", "site manager"),
        ({"supervisor": False}, "P2", "site manager"),
        ({"supervisor": False, "manager": False}, "P3", "on call"),
    ],
)
def test_a_ticket_goes_to_the_supervisor_else_the_manager_else_who_is_on_call(chain: dict[str, Any], who, role) -> None:
    made = engine()
    made.fold([*people(**chain), firing()])
    (ticket,) = tickets(made)
    assert (ticket.assignee, ticket.assigned_as) == (who, role)


def test_who_was_on_call_before_is_not_asked() -> None:
    made = engine()
    made.fold([*people(supervisor=False, manager=False), firing(at=T0 + HOUR_MS)])
    assert tickets(made)[0].assignee is None


def test_an_operator_opens_a_ticket_for_alerts_that_have_none() -> None:
    made = engine()
    made.fold([firing(severity="MEDIUM"), firing("Door")])
    reply = act(made, "create_ticket", "", title="Mend the gate", priority="P4", site="S1", alerts=["A-1"])
    assert (reply.status, reply.body["number"], reply.body["alerts"]) == (200, "S1-2", ["A-1"])
    assert alert(made, "A-1").ticket == "T-2"
    taken = act(made, "create_ticket", "", title="x", priority="P4", alerts=["A-2"])
    assert (taken.status, taken.body["code"]) == (409, "has_ticket")
    assert act(made, "create_ticket", "", title="x", priority="P4", alerts=["A-9"]).status == 404
    other = act(made, "create_ticket", "", title="x", priority="P4", site="S2", alerts=["A-1"])
    assert (other.status, other.body["code"]) == (409, "has_ticket")
    nowhere = act(made, "create_ticket", "", title="Order radios", priority="P3", assignee="tomas")
    assert (nowhere.body["number"], nowhere.body["assignee"]) == ("NOC-1", "tomas")


def test_a_ticket_is_about_the_site_of_its_alerts_and_no_other() -> None:
    made = engine()
    made.fold([firing(severity="LOW"), firing(severity="LOW", site="S2")])
    for more in ({"alerts": ["A-1", "A-2"]}, {"alerts": ["A-1"], "site": "S2"}):
        asked: dict[str, Any] = {"title": "x", "priority": "P4", **more}
        assert act(made, "create_ticket", "", **asked).body["code"] == "other_site"
    assert act(made, "create_ticket", "", title="x", priority="P4", alerts=["A-1"]).body["number"] == "S1-1"


def test_a_ticket_opened_by_hand_for_a_type_is_the_one_for_it() -> None:
    made = engine()
    asked: dict[str, Any] = {"title": "Camera", "priority": "P3", "site": "S1", "type": "Camera"}
    assert act(made, "create_ticket", "", **asked).ok
    assert act(made, "create_ticket", "", **asked).body["code"] == "another_stands"
    made.fold([firing()])
    assert [(ticket.origin, ticket.alerts, ticket.priority) for ticket in tickets(made)] == [
        ("operator", ["A-1"], "P2")
    ]


def test_a_ticket_by_hand_that_was_cancelled_gives_way_to_the_one_resolved_before_it_also_after_a_restart() -> None:
    made = engine(UNTOUCHED)
    made.fold([firing()])
    resolve(made)
    asked: dict[str, Any] = {"title": "Camera", "priority": "P3", "site": "S1", "type": "Camera"}
    assert act(made, "create_ticket", "", **asked).ok
    assert act(made, "cancel_ticket", "T-2", comment="x").ok
    made.finish()
    again = saved_and_loaded(made)
    for each in (made, again):
        each.fold([firing(entity="cam-8", at=T0 + HOUR_MS)])
        assert alert(each, "A-2").ticket == "T-1"


def test_numbers_of_sites_nobody_knows_are_the_rooms_own() -> None:
    made = engine()
    made.fold([firing(site=None), firing("Door", site=None)])
    assert [ticket.number for ticket in tickets(made)] == ["NOC-1", "NOC-2"]
