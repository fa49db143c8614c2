"""Whatever is seen, done and waited for: one open ticket a trouble, no hole in its timeline, and no replay differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from nocd.domain.command import Command
from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS
from nocd.domain.ticket import Ticket, TicketStatus
from nocd.triage.ticket_acts import VERBS
from tests.build import T0, engine, firing, resolved, saved_and_loaded
from tests.examples import examples

if TYPE_CHECKING:
    from nocd.domain.ticket import TimelineRow
    from nocd.engine import Engine

ARGS: dict[str, Any] = {
    "step": 1,
    "done": True,
    "assignee": "tomas",
    "text": "called",
    "verdict": "benign",
    "comment": "done",
    "title": "By hand",
    "priority": "P3",
    "type": "Camera",
    "site": "S1",
}
PASSING_MS = (0, 1, 3 * MINUTE_MS, 50 * MINUTE_MS, 3 * HOUR_MS, 5 * HOUR_MS, DAY_MS, 4 * DAY_MS)

_cameras = st.sampled_from(["cam-1", "cam-1", "cam-2"])
_kinds = st.sampled_from(["Camera", "Camera", "BUDDY_PUNCHING"])
_seen = st.tuples(st.just("firing"), _cameras, st.sampled_from(["MEDIUM", "HIGH", "CRITICAL"]), _kinds)
_gone = st.tuples(st.just("resolved"), _cameras, st.just("LOW"), _kinds)
_worked = st.tuples(st.sampled_from(sorted(VERBS)), st.sampled_from(["T-1", "T-1", "T-2"]), st.just("m"), st.just(""))
_acted = st.tuples(
    st.sampled_from(["ack", "resolve", "undo", "reopen", "escalate"]), st.just("A-1"), st.just("m"), st.just("")
)
_more = st.lists(st.tuples(_seen | _gone | _worked | _worked | _acted, st.sampled_from(PASSING_MS)), max_size=25)
_steps = _more.map(lambda more: [(("firing", "cam-1", "HIGH", "Camera"), 0), *more])
Step = tuple[tuple[str, str, str, str], int]


def carry_out(made: Engine, step: tuple[str, str, str, str], now: int) -> bool:
    """Fold or apply one step; tell whether it was taken."""
    what, whom, how, kind = step
    if what in ("firing", "resolved"):
        sent = firing if what == "firing" else resolved
        made.fold([sent(kind, entity=whom, severity=how, at=now, person="P1", event_id=f"e{now}")])
        return True
    return made.apply(Command(verb=what, target=whom, actor=how, time=now, args=ARGS)).ok


def held(made: Engine) -> list[Ticket]:
    return list(made.shelves.kind("ticket").values())


def play(steps: list[Step], *, restarts: bool = False, batch: int = 1) -> tuple[Engine, list[TimelineRow], list[bool]]:
    """Return the engine after the steps, `batch` a commit, what happened to tickets, and what was taken."""
    made, now = engine(), T0
    timeline: list[TimelineRow] = []
    taken = []
    for number, (step, passing_ms) in enumerate(steps, start=1):
        now += passing_ms + 1
        made.tick(now)
        taken.append(carry_out(made, step, now))
        timeline += made.finish().timeline if number % batch == 0 else []
        made = saved_and_loaded(made) if restarts else made
    return made, timeline + made.finish().timeline, taken


@given(_steps)
@examples(30)
def test_of_each_trouble_one_ticket_is_open_and_its_number_is_its_own(steps: list[Step]) -> None:
    made, _, _ = play(steps)
    to_do = [ticket for ticket in held(made) if ticket.open]
    assert len({ticket.key for ticket in to_do}) == len(to_do) == made.triage.tickets.open_count
    assert all(made.triage.tickets.of_key(ticket.key) is ticket for ticket in to_do)
    assert len({ticket.number for ticket in held(made)}) == len(held(made))


@given(_steps)
@examples(30)
def test_the_timeline_numbers_what_happened_and_each_begins_where_the_last_ended(steps: list[Step]) -> None:
    _, timeline, _ = play(steps)
    last: dict[str, TimelineRow] = {}
    for row in timeline:
        before = last.get(row.ticket)
        assert row.row == (1 if before is None else before.row + 1)
        assert row.old_status == (None if before is None else before.new_status)
        assert row.reason
        last[row.ticket] = row


@given(_steps)
@examples(30)
def test_restarts_between_any_two_steps_change_nothing(steps: list[Step]) -> None:
    made, timeline, taken = play(steps)
    again, same_timeline, same_taken = play(steps, restarts=True)
    assert (list(made.shelves), timeline, taken) == (list(again.shelves), same_timeline, same_taken)
    assert made.triage.tickets.next_due() == again.triage.tickets.next_due()


@given(_steps, st.integers(2, 30))
@examples(30)
def test_however_inputs_are_batched_the_same_comes_of_them(steps: list[Step], batch: int) -> None:
    made, timeline, taken = play(steps)
    again, same_timeline, same_taken = play(steps, batch=batch)
    assert (list(made.shelves), timeline, taken) == (list(again.shelves), same_timeline, same_taken)


@given(_steps)
@examples(30)
def test_a_tickets_clocks_end_and_claims_agree_with_its_status(steps: list[Step]) -> None:
    made, _, _ = play(steps)
    alerts = made.shelves.kind("alert")
    for ticket in held(made):
        running = ticket.status in (TicketStatus.NEW, TicketStatus.OPEN, TicketStatus.IN_PROGRESS)
        assert (ticket.counting_since is not None) is running
        assert ticket.counted_ms >= 0
        assert (ticket.status is TicketStatus.RESOLVED) == (ticket.resolved_at is not None and ticket.ended_at is None)
        assert ticket.open or not ticket.claims
        named = [alerts[alert_id] for alert_id in ticket.alerts if alert_id in alerts]
        mine = [alert for alert in named if alert.ticket == ticket.id and alert.unresolved]
        assert ticket.trouble_ended_at is None or not mine


@given(_steps)
@examples(30)
def test_every_grave_alert_that_stands_is_somebodys_work(steps: list[Step]) -> None:
    made, _, _ = play(steps)
    for alert in made.shelves.kind("alert").values():
        if alert.unresolved and alert.source != "nocd" and alert.severity in ("HIGH", "CRITICAL"):
            assert alert.ticket is not None
