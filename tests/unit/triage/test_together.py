"""What is found of one punch opens one alert: the worst of it, with the rest as evidence."""

from __future__ import annotations

from nocd.domain.finding import Category, Finding
from nocd.domain.severity import Severity
from nocd.engine import Engine
from nocd.triage import together
from nocd.triage.intake import Intake, Limits
from nocd.triage.runbooks import Runbooks
from nocd.triage.together import Together, punch_of
from tests.build import T0, engine, saved_and_loaded
from tests.build_field import Field, company, hours, punch

BUDDY, SPOOFED, STRANGER = "BUDDY_PUNCHING", "GPS_SPOOFING", "UNAUTHORIZED_SITE"


def found(number: int, kind: str, severity: str = "HIGH", *, punch: str = "p1", person: str = "P1") -> Finding:
    return Finding(
        type=kind,
        category=Category.SECURITY,
        severity=Severity(severity),
        confidence=0.8,
        time=T0,
        reason=f"{kind} it is",
        site="S1",
        person=person,
        entity_type="person",
        entity_id=person,
        evidence={"punch": punch},
        id=f"F-{number}",
    )


class Desk:
    def __init__(self, made: Engine | None = None) -> None:
        self.engine = made or engine()
        self.book = self.engine.book
        intake = Intake(self.book, Limits(), Runbooks())
        self.intake = intake
        self.together = Together(self.engine.shelves, intake)

    def take(self, *findings: Finding) -> dict[str, str]:
        return {finding.id: alert for finding, alert in self.together.take(findings, now=T0)}

    def alerts(self) -> dict[str, str]:
        held = (self.book.get(f"A-{number}") for number in range(1, 9))
        return {alert.type: alert.severity for alert in held if alert is not None and alert.unresolved}

    def also(self, alert: str) -> set[str]:
        held = self.book.get(alert)
        assert held is not None
        return set(held.evidence.get("also", {}))


def test_the_worst_opens_the_alert_and_the_rest_is_evidence_in_its_ledger() -> None:
    desk = Desk()
    opened = desk.take(found(1, STRANGER), found(2, BUDDY, "CRITICAL"), found(3, SPOOFED))
    assert opened == {"F-1": "A-1", "F-2": "A-1", "F-3": "A-1"}
    assert desk.alerts() == {BUDDY: "CRITICAL"}
    assert desk.also("A-1") == {"F-1", "F-3"}
    rows = [(row.decision, row.reason) for row in desk.book.finish().ledger]
    assert [decision for decision, _ in rows] == ["opened", "evidence", "evidence"]
    assert rows[1][1] == "Unauthorized site, of the same punch: UNAUTHORIZED_SITE it is"


def test_punches_and_people_are_kept_apart() -> None:
    desk = Desk()
    opened = desk.take(found(1, BUDDY), found(2, SPOOFED, punch="p2"), found(3, STRANGER, person="P2"))
    assert len(set(opened.values())) == 3


def test_what_comes_later_of_the_same_punch_joins_its_alert_and_makes_it_worse_where_it_is() -> None:
    desk = Desk()
    desk.take(found(1, STRANGER))
    assert desk.take(found(2, BUDDY, "CRITICAL")) == {"F-2": "A-1"}
    assert desk.alerts() == {STRANGER: "CRITICAL"}


def test_a_trouble_that_stands_by_itself_is_renewed_rather_than_hidden_beside() -> None:
    desk = Desk()
    desk.take(found(1, SPOOFED))
    assert desk.take(found(2, BUDDY, "CRITICAL", punch="p2"), found(3, SPOOFED, punch="p2")) == {
        "F-2": "A-2",
        "F-3": "A-1",
    }


def test_evidence_that_is_withdrawn_leaves_the_alert_standing() -> None:
    desk = Desk()
    desk.take(found(1, BUDDY, "CRITICAL"), found(2, SPOOFED))
    assert desk.together.withdrawn(["F-2"], now=T0) == []
    assert desk.also("A-1") == set()
    assert desk.alerts() == {BUDDY: "CRITICAL"}


def test_where_the_worst_is_withdrawn_the_next_worst_stands_by_itself() -> None:
    desk = Desk()
    lead = found(1, BUDDY, "CRITICAL")
    desk.take(lead, found(2, SPOOFED), found(3, STRANGER, "MEDIUM"))
    desk.intake.withdrawn(["F-1"], lead.fingerprint, now=T0)
    assert desk.together.withdrawn(["F-1"], now=T0) == [("F-2", "A-2"), ("F-3", "A-2")]
    assert desk.alerts() == {SPOOFED: "HIGH"}
    assert desk.together.withdrawn(["F-1", "F-9"], now=T0) == []


def test_an_alert_that_was_resolved_takes_no_more_evidence() -> None:
    desk = Desk()
    lead = found(1, BUDDY)
    desk.take(lead, found(3, STRANGER))
    desk.intake.withdrawn(["F-1"], lead.fingerprint, now=T0)
    desk.together.withdrawn(["F-3"], now=T0)
    assert desk.take(found(2, SPOOFED)) == {"F-2": "A-2"}


def test_what_stood_in_an_alert_that_is_over_moves_nothing_in_the_next_of_its_punch() -> None:
    desk = Desk()
    lead = found(1, BUDDY)
    desk.take(lead, found(3, STRANGER))
    desk.intake.withdrawn(["F-1"], lead.fingerprint, now=T0)
    desk.take(found(2, SPOOFED), found(4, "INACTIVE_PERSON", "MEDIUM"))
    assert desk.together.withdrawn(["F-3", "F-1"], now=T0) == []
    assert desk.also("A-2") == {"F-4"}


def test_it_goes_on_after_a_restart_and_forgets_what_is_long_over() -> None:
    desk = Desk()
    desk.take(found(1, BUDDY), found(2, SPOOFED))
    desk.book.finish()
    again = Desk(saved_and_loaded(desk.engine))
    assert again.take(found(3, STRANGER)) == {"F-3": "A-1"}
    again.together.forget_before(T0 + 1)
    assert again.together.withdrawn(["F-2"], now=T0) == []
    assert not again.engine.shelves.kind(together.KIND)


def test_past_the_bound_each_finding_has_its_own_alert() -> None:
    desk = Desk()
    for number in range(together.PUNCHES_MAX):
        desk.engine.shelves.restore(
            together.KIND, f"x|{number}", together.PunchAlert(alert="A-0", lead=f"x{number}", time=T0)
        )
    assert len(set(desk.take(found(1, BUDDY), found(2, SPOOFED)).values())) == 2


def test_only_what_happens_at_a_punch_is_of_one() -> None:
    assert punch_of(found(1, BUDDY)) == "P1|p1"
    lasting = Finding(
        type="LEFT_SITE",
        category=Category.SECURITY,
        severity=Severity.HIGH,
        confidence=1,
        time=T0,
        reason="gone",
        condition=True,
        evidence={"punch": "p1"},
    )
    assert punch_of(lasting) is None
    assert punch_of(found(1, "GUARD_DISTRESS", punch="")) == "P1|"


def test_a_live_punch_of_a_stranger_tells_one_alert_on_the_feed() -> None:
    run = Field()
    run.feed(company("P1", sites=("S2",)))
    run.feed([punch("P1", "in", hours(8))])
    told = [change for outcome in run.outcomes for change in outcome.changes if change.type == "finding_created"]
    of_punch = [change.data for change in told if "punch" in change.data["evidence"]]
    assert {data["opened_alert"] for data in of_punch} == {"A-1"}
