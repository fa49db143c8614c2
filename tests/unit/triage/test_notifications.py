"""Who is told of an alert, when, and why: the ledger says it, the outbox holds it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from nocd.domain.alert import Status
from nocd.domain.command import Command
from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from nocd.triage.intake import Limits
from nocd.triage.routes import Route, Routes
from tests.build import T0, engine, event, firing, resolved, saved_and_loaded

if TYPE_CHECKING:
    from nocd.domain.delivery import Delivery
    from nocd.engine import Engine

NAMES = frozenset({"desk", "boss", "mail"})
NIGHT = 23 * HOUR_MS  # T0 is a midnight


def routes(*made: dict[str, Any]) -> Routes:
    return Routes(tuple(Route(**{"name": "all", "receivers": ("desk",), **each}) for each in made), NAMES)


# Nothing but what is told happens: nobody hands alerts up, and none is work.
ALONE = Limits(outside_quiet_ms=DAY_MS, escalate_minutes={}, ticket_severities=frozenset())


@dataclass
class Told:
    """An engine with routes, and what it decides to tell."""

    routes: Routes
    restarts: bool = False
    outbox: list[Delivery] = field(default_factory=list)
    ledger: list[tuple[str, str]] = field(default_factory=list)
    engine: Engine = field(init=False)

    def __post_init__(self) -> None:
        self.engine = engine(ALONE, routes=self.routes)

    def fold(self, *events: Any) -> None:
        self.engine.fold(list(events))
        self._finish()

    def tick(self, at: int) -> bool:
        changed = self.engine.tick(at)
        self._finish()
        return changed

    def ask(self, verb: str, target: str = "A-1", at: int = T0, **args: Any) -> int:
        status = self.engine.apply(Command(verb=verb, target=target, actor="mara", time=at, args=args)).status
        self._finish()
        return status

    def _finish(self) -> None:
        outcome = self.engine.finish()
        self.outbox += outcome.outbox
        self.ledger += [
            (row.decision, row.reason) for row in outcome.ledger if row.decision in ("notified", "not_notified")
        ]
        if self.restarts:
            self.engine = saved_and_loaded(self.engine, routes=self.routes)

    @property
    def heard(self) -> list[tuple[str, str, str]]:
        """Return (receiver, standing or over, what happened) of every alert told."""
        return [
            (each.receiver, told["status"], told["happened"])
            for each in self.outbox
            for told in each.body["data"]["alerts"]
        ]

    @property
    def nothing_kept(self) -> bool:
        shelves = self.engine.shelves
        return not shelves.kind("told") and not shelves.kind("notice_group")


def test_without_routes_nothing_is_told_and_nothing_written() -> None:
    made = Told(Routes())
    made.fold(firing(), resolved(at=T0 + 1))
    assert (made.outbox, made.ledger, made.nothing_kept) == ([], [], True)


def test_an_alert_waits_for_others_of_its_group_and_is_told_with_them() -> None:
    made = Told(routes({"group_by": ("site", "type")}))
    made.fold(firing(entity="cam-1"), firing(entity="cam-2", at=T0 + 10 * SECOND_MS))
    made.fold(firing("Door", at=T0 + 20 * SECOND_MS))
    assert made.engine.next_due() == T0 + 30 * SECOND_MS
    assert made.tick(T0 + 30 * SECOND_MS)
    assert [each.alerts for each in made.outbox] == [("A-1", "A-2")]
    made.tick(T0 + 50 * SECOND_MS)
    assert [each.alerts for each in made.outbox] == [("A-1", "A-2"), ("A-3",)]
    assert made.ledger[0] == ("notified", "opened: told to desk (route all)")


def test_a_critical_alert_waits_for_nobody_and_takes_its_group_along() -> None:
    made = Told(routes({"group_by": ("site",)}))
    made.fold(firing(entity="cam-1"))
    made.fold(firing(entity="cam-2", severity="CRITICAL", at=T0 + 1))
    assert [each.alerts for each in made.outbox] == [("A-1", "A-2")]


def test_a_resolve_travels_to_whoever_was_told_and_to_nobody_else() -> None:
    urgent = {"name": "urgent", "matchers": ('severity="CRITICAL"',), "receivers": ("boss",)}
    made = Told(routes(urgent, {"matchers": ('severity!="CRITICAL"',)}))
    made.fold(firing(severity="CRITICAL"), firing("Door", entity="d-1"))
    made.fold(resolved("Door", entity="d-1", at=T0 + SECOND_MS), resolved(at=T0 + SECOND_MS))
    made.tick(T0 + MINUTE_MS)
    assert made.heard == [("boss", "standing", "opened"), ("boss", "over", "ended")]
    assert ("not_notified", "ended before anybody was told of it") in made.ledger


def test_a_receiver_of_two_routes_is_told_once() -> None:
    made = Told(routes({"receivers": ("desk", "boss")}, {"name": "second", "receivers": ("boss",)}))
    made.fold(firing(severity="CRITICAL"))
    assert sorted(each.receiver for each in made.outbox) == ["boss", "desk"]


def test_no_route_is_a_reason_too() -> None:
    made = Told(routes({"matchers": ('site="S9"',)}))
    made.fold(firing())
    assert made.ledger == [("not_notified", "opened: no route takes it")]
    assert made.nothing_kept


def test_quiet_hours_hold_all_but_critical_until_they_end_on_the_sites_clock() -> None:
    made = Told(routes({"quiet_hours": "22:00-06:00", "group_wait_s": 0, "repeat_interval_minutes": 0}))
    made.fold(event("noc.site", id="S1", name="Dock", timezone="Europe/Berlin"))
    at = T0 + 21 * HOUR_MS + 30 * MINUTE_MS  # 22:30 in Berlin
    made.fold(firing(at=at), firing("Panic", severity="CRITICAL", entity="p", at=at))
    assert made.heard == [("desk", "standing", "opened")]
    reasons = [reason for decision, reason in made.ledger if decision == "not_notified"]
    assert reasons == ["opened: held until Fri 02 Jan 06:00, quiet hours of route all"]
    end = T0 + 29 * HOUR_MS
    made.tick(end - 1)
    assert len(made.outbox) == 1
    made.tick(end)
    assert [each.alerts for each in made.outbox] == [("A-2",), ("A-1",)]


def test_an_end_held_by_quiet_hours_is_told_when_they_are_over_though_the_alert_is_long_let_go_of() -> None:
    made = Told(routes({"quiet_hours": "22:00-06:00", "group_wait_s": 0}), restarts=True)
    made.fold(firing(at=T0 + 12 * HOUR_MS))
    made.fold(resolved(at=T0 + NIGHT))
    made.tick(T0 + NIGHT + 10 * MINUTE_MS)
    assert made.engine.book.get("A-1") is None
    made.tick(T0 + 30 * HOUR_MS)
    (*_, last) = made.outbox
    (told,) = last.body["data"]["alerts"]
    assert (told["status"], told["alert"]["title"], told["alert"]["status"]) == ("over", "Camera on cam-7", "resolved")
    assert made.nothing_kept


def test_what_gets_worse_is_told_again_and_leaves_the_quiet_hours() -> None:
    made = Told(routes({"quiet_hours": "00:00-06:00"}))
    made.fold(firing())
    made.fold(firing(severity="CRITICAL", at=T0 + 1))
    assert made.heard == [("desk", "standing", "severity_raised")]
    assert not made.engine.shelves.kind("notice_group")


def test_what_stands_unattended_is_told_again_until_someone_takes_it_up() -> None:
    made = Told(routes({"group_wait_s": 0, "repeat_interval_minutes": 60}))
    made.fold(firing(severity="CRITICAL"))
    for hour in (1, 2):
        made.tick(T0 + hour * HOUR_MS)
    assert made.heard == [("desk", "standing", what) for what in ("opened", "unattended", "unattended")]
    assert made.ask("start", at=T0 + 2 * HOUR_MS + 1) == 200
    made.tick(T0 + 3 * HOUR_MS)
    made.tick(T0 + 9 * HOUR_MS)
    assert len(made.heard) == 3


def test_what_was_hidden_when_its_turn_came_is_told_again_once_it_stands_unattended() -> None:
    made = Told(routes({"group_wait_s": 0, "repeat_interval_minutes": 60}))
    made.fold(firing())
    assert made.ask("silence", at=T0 + 1, minutes=90) == 200
    for half_hours in range(1, 5):
        made.tick(T0 + half_hours * HOUR_MS // 2 + 1)
    assert made.heard == [("desk", "standing", what) for what in ("opened", "unattended")]


@pytest.mark.parametrize("waits", [0, 30])
def test_an_undone_resolve_is_told_as_such_unless_the_end_was_not_told_yet(waits: int) -> None:
    made = Told(routes({"group_wait_s": waits}))
    made.fold(firing())
    made.tick(T0 + MINUTE_MS)
    made.ask("resolve", at=T0 + 2 * MINUTE_MS, verdict="benign")
    made.ask("undo", at=T0 + 2 * MINUTE_MS + SECOND_MS)
    made.tick(T0 + 3 * MINUTE_MS)
    more = [] if waits else [("desk", "over", "resolved"), ("desk", "standing", "undone")]
    assert made.heard == [("desk", "standing", "opened"), *more]
    made.ask("resolve", at=T0 + 4 * MINUTE_MS, verdict="benign")
    made.tick(T0 + 5 * MINUTE_MS)
    assert made.heard[-1] == ("desk", "over", "resolved")
    made.tick(T0 + 30 * MINUTE_MS)
    assert made.nothing_kept


def hide(made: Told, now: int) -> None:
    """Suppress A-1 as a silence would."""
    book = made.engine.book
    alert = book.edit("A-1")
    alert.former_status, alert.suppressed_by = alert.status, "S-1"
    book.move(alert, Status.SUPPRESSED)
    book.decide(alert, "suppressed", "S-1 by mara", now=now)
    made.engine.triage.followers.settle(now)
    made._finish()


def come_back(made: Told, now: int) -> None:
    book = made.engine.book
    alert = book.edit("A-1")
    alert.suppressed_by = None
    book.move(alert, Status.OPEN)
    book.decide(alert, "unsuppressed", "S-1 ended", now=now)
    made.engine.triage.followers.settle(now)
    made._finish()


def test_a_suppressed_alert_is_not_told_until_it_comes_back() -> None:
    made = Told(routes({}))
    made.fold(firing())
    hide(made, T0 + 1)
    assert made.ledger == [("not_notified", "suppressed by S-1 before anybody was told")]
    made.fold(firing(severity="HIGH", at=T0 + 2))
    made.tick(T0 + MINUTE_MS)
    assert made.outbox == []
    come_back(made, T0 + MINUTE_MS)
    made.tick(T0 + 2 * MINUTE_MS)
    assert made.heard == [("desk", "standing", "unsuppressed")]


def test_the_end_of_a_suppressed_alert_is_told_to_whoever_knew_of_it() -> None:
    made = Told(routes({"group_wait_s": 0}))
    made.fold(firing())
    hide(made, T0 + 1)
    come_back(made, T0 + 2)
    assert made.ledger[-1] == ("not_notified", "unsuppressed: desk knows that it stands")
    hide(made, T0 + 3)
    made.fold(firing(severity="CRITICAL", at=T0 + 4))
    assert made.ledger[-1] == ("not_notified", "severity_raised, but suppressed by S-1")
    made.fold(resolved(at=T0 + SECOND_MS))
    assert made.heard == [("desk", "standing", "opened"), ("desk", "over", "ended")]


def test_a_receiver_that_is_gone_is_told_nothing_more_until_it_is_enabled() -> None:
    made = Told(routes({"group_wait_s": 0, "receivers": ("desk", "boss")}))
    failed: dict[str, Any] = {"notification": "N-1", "detail": "answered 410", "gone": True, "attempts": 1}
    assert made.ask("notification_failed", "desk", **failed) == 200
    assert [each.receiver for each in made.outbox] == ["boss"], "the failure itself is told, to the other"
    (alert,) = made.engine.shelves.kind("alert").values()
    assert (alert.type, alert.severity, alert.entity_id) == ("NOTIFICATION_FAILED", "HIGH", "desk")
    made.fold(firing(at=T0 + 1))
    assert [each.receiver for each in made.outbox] == ["boss", "boss"]
    assert made.ask("enable_receiver", "desk", at=T0 + 2) == 200
    assert made.ask("enable_receiver", "desk", at=T0 + 2) == 409
    made.fold(firing("Door", at=T0 + 3))
    assert [each.receiver for each in made.outbox[2:]] == ["desk", "boss"]


def test_a_failure_is_never_told_to_the_receiver_that_it_is_about() -> None:
    made = Told(routes({"group_wait_s": 0}))
    made.ask("notification_failed", "desk", notification="N-1", detail="timed out", gone=False, attempts=40)
    assert made.outbox == []
    assert made.ledger == [("not_notified", "opened: desk is what this is about")]


def test_a_great_many_alerts_are_several_messages_and_none_is_left_out() -> None:
    made = Told(routes({"group_by": ("source",)}))
    made.fold(*(firing(entity=f"cam-{number}", site=f"S{number}") for number in range(120)))
    made.tick(T0 + MINUTE_MS)
    assert [len(each.alerts) for each in made.outbox] == [50, 50, 20]
    assert len({alert for each in made.outbox for alert in each.alerts}) == 120


def test_a_message_belongs_to_a_site_only_where_all_its_alerts_do() -> None:
    made = Told(routes({"group_by": ("type",)}))
    made.fold(event("noc.site", id="S1", name="Dock", timezone="UTC", client="ACME"))
    made.fold(firing(), firing("Door"), firing("Door", site="S2", entity="d-2"))
    made.tick(T0 + MINUTE_MS)
    assert [(each.site, each.client) for each in made.outbox] == [("S1", "ACME"), (None, None)]


def test_an_end_is_told_though_its_route_is_no_more() -> None:
    made = Told(routes({"name": "old", "group_wait_s": 0}))
    made.fold(firing())
    made.engine = saved_and_loaded(made.engine, routes=Routes((), NAMES))
    made.fold(resolved(at=T0 + 1))
    assert made.heard == [("desk", "standing", "opened"), ("desk", "over", "ended")]
    assert [each.route for each in made.outbox] == ["old", "old"]


def test_what_hides_an_alert_from_telling_is_its_reason_and_never_holds_a_critical_one() -> None:
    made = Told(routes({"group_wait_s": 0}))
    made.engine.triage.notifications._hidden = lambda alert: f"I-1 tells of it with {alert.type}s"
    made.fold(firing(), firing("Panic", severity="CRITICAL"))
    assert ("not_notified", "opened, but I-1 tells of it with Cameras") in made.ledger
    assert [each.alerts for each in made.outbox] == [("A-2",)]


def test_an_end_by_any_other_word_travels_too_and_so_does_its_taking_back() -> None:
    made = Told(routes({"group_wait_s": 0}))
    made.fold(firing())
    book = made.engine.book
    for status, word in ((Status.RESOLVED, "merged"), (Status.OPEN, "split")):
        alert = book.edit("A-1")
        alert.resolved_at = T0 + 1
        book.move(alert, status)
        book.decide(alert, word, "by hand", now=T0 + 1)
        made.engine.triage.followers.settle(T0 + 1)
        made._finish()
    assert made.heard[1:] == [("desk", "over", "merged"), ("desk", "standing", "split")]


def test_whoever_was_told_by_a_playbook_hears_that_it_is_back() -> None:
    made = Told(routes({"group_wait_s": 0}))
    made.fold(firing())
    made.engine.triage.notifications.tell(
        made.engine.book.edit("A-1"), ("boss",), by="playbook X", step=("R-1", 0), now=T0
    )
    made.fold(resolved(at=T0 + 1))
    made.fold(firing(at=T0 + 2))
    assert [(who, how) for who, how, _ in made.heard] == [
        ("desk", "standing"),
        ("boss", "standing"),
        ("desk", "over"),
        ("boss", "over"),
        ("desk", "standing"),
        ("boss", "standing"),
    ]


def test_an_end_that_waits_is_withdrawn_where_the_alert_comes_back() -> None:
    made = Told(routes({"group_wait_s": 30}))
    made.fold(firing())
    made.tick(T0 + MINUTE_MS)
    made.fold(resolved(at=T0 + MINUTE_MS + 1))
    made.fold(firing(at=T0 + MINUTE_MS + 2))
    made.tick(T0 + 2 * MINUTE_MS)
    assert made.heard == [("desk", "standing", "opened"), ("desk", "standing", "reopened")]
