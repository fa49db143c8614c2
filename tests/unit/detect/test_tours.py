"""Tours that nobody begins, that are not walked to their end, or in another order than asked."""

from __future__ import annotations

import pytest

from nocd.detect.registry import CATALOG
from nocd.detect.rounds import SCANS_MAX, Round, Scan
from nocd.detect.rules import Rules
from nocd.domain.instant import from_ms
from nocd.domain.severity import Severity
from tests.build import T0
from tests.build_field import Field, company, hours, played, punch
from tests.build_tours import START, after, phones, removed, scan, walk, walked

ALL = ("C1", "C2", "C3", "C4", "C5")
TYPES = ("TOUR_OVERDUE", "TOUR_MISSED", "TOUR_INCOMPLETE", "CHECKPOINT_COVERAGE_LOW", "TOUR_OUT_OF_ORDER")


def found(run: Field) -> list[str]:
    return [each.type for each in run.standing if each.type in TYPES]


def ended(run: Field, finding_type: str) -> str:
    """Return why the last alert of a type ended."""
    rows = [row for outcome in run.outcomes for row in outcome.ledger]
    alerts = {alert.id for outcome in run.outcomes for alert, _ in outcome.alerts if alert.type == finding_type}
    return [row.reason for row in rows if row.alert in alerts and row.decision == "ended"][-1]


def test_a_tour_not_begun_by_its_grace_is_overdue_and_not_a_minute_sooner() -> None:
    assert not played(company("P1"), walk(), until=after(29)).of("TOUR_OVERDUE")
    run = played(company("P1"), walk(kind="PERIMETER"), until=after(30))
    (overdue,) = run.of("TOUR_OVERDUE")
    assert (overdue.severity, overdue.confidence, overdue.time) == (Severity.MEDIUM, 0.90, after(30))
    assert (overdue.entity_type, overdue.entity_id, overdue.person) == ("tour", "T1", "P1")
    assert overdue.reason == (
        "The perimeter tour T1 at Site S1 has not begun: planned for 02:00, 30 min ago, for Guard P1; "
        "call, then send someone else"
    )
    assert overdue.evidence["compliance"] == "NOT_STARTED"
    assert run.alerts("TOUR_OVERDUE") == [("open", 1)]


def test_a_tour_begun_at_the_very_end_of_its_grace_is_not_overdue() -> None:
    assert not found(played(company("P1"), walk(), walked(*ALL, start=30), until=hours(20)))


def test_a_tour_moved_to_another_day_while_it_was_waited_for_was_not_overdue() -> None:
    run = played(company("P1"), walk(), until=after(40))
    run.feed([walk(at=after(41), start=after(24 * 60))])
    assert run.withdrawn("TOUR_OVERDUE") == 1
    assert run.alerts("TOUR_OVERDUE") == [("resolved", 1)]
    run.feed([walk(at=after(50), start=after(10))])
    assert [found.time for found in run.of("TOUR_OVERDUE")] == [after(40)]


def test_an_id_used_again_the_next_day_takes_nothing_back() -> None:
    run = played(company("P1"), walk(), until=after(120))
    run.feed([walk(at=after(120), start=after(24 * 60))])
    assert found(run) == ["TOUR_OVERDUE", "TOUR_OVERDUE", "TOUR_MISSED"]


def test_the_grace_is_the_tours_own() -> None:
    assert played(company("P1"), walk(grace_minutes=5.0), until=after(5)).of("TOUR_OVERDUE")
    assert not played(company("P1"), walk(grace_minutes=45.0), until=after(44)).of("TOUR_OVERDUE")


def test_an_hour_late_it_is_told_again_as_high_and_counted_in_the_same_alert() -> None:
    before = played(company("P1"), walk(), until=after(59))
    assert [each.severity for each in before.of("TOUR_OVERDUE")] == [Severity.MEDIUM]
    run = played(company("P1"), walk(), until=after(60))
    assert [each.severity for each in run.of("TOUR_OVERDUE")] == [Severity.MEDIUM, Severity.HIGH]
    assert [each.time for each in run.of("TOUR_OVERDUE")] == [after(30), after(60)]
    assert run.alerts("TOUR_OVERDUE") == [("open", 2)]


def test_with_a_grace_of_over_an_hour_it_is_high_from_the_first() -> None:
    run = played(company("P1"), walk(grace_minutes=90.0), until=after(100))
    assert [(each.severity, each.time) for each in run.of("TOUR_OVERDUE")] == [(Severity.HIGH, after(90))]


def test_the_first_scan_ends_it_and_says_how_late_it_came() -> None:
    run = played(company("P1"), walk(), until=after(40))
    run.feed(walked(*ALL, start=41))
    assert run.alerts("TOUR_OVERDUE") == [("resolved", 1)]
    assert ended(run, "TOUR_OVERDUE") == "Guard P1 began it 41 min late"
    run.pass_time(hours(20))
    assert found(run) == ["TOUR_OVERDUE"]


def test_two_hours_after_its_planned_start_it_is_missed_and_no_longer_overdue() -> None:
    assert not played(company("P1"), walk(), until=after(119)).of("TOUR_MISSED")
    run = played(company("P1"), walk(), until=after(120))
    (missed,) = run.of("TOUR_MISSED")
    assert (missed.severity, missed.time, missed.person) == (Severity.CRITICAL, after(120), "P1")
    assert run.alerts("TOUR_OVERDUE") == [("resolved", 2)]
    assert ended(run, "TOUR_OVERDUE") == "it is missed now"
    run.pass_time(hours(20))
    assert len(run.of("TOUR_MISSED")) == 1
    assert "TOUR_INCOMPLETE" not in found(run)


def test_a_scan_at_the_very_last_instant_keeps_it_from_being_missed() -> None:
    run = played(company("P1"), walk(), walked(*ALL, start=120, each=2), until=hours(20))
    assert "TOUR_MISSED" not in found(run)
    assert "TOUR_INCOMPLETE" not in found(run)


def test_walked_after_it_was_missed_it_stays_missed_and_is_told_once() -> None:
    run = played(company("P1"), walk(), walked("C1", "C2", start=125), until=hours(20))
    assert found(run).count("TOUR_MISSED") == 1
    assert "TOUR_INCOMPLETE" not in found(run)


def test_with_two_hours_of_grace_it_is_missed_without_having_been_overdue() -> None:
    assert found(played(company("P1"), walk(grace_minutes=120.0), until=hours(20))) == ["TOUR_MISSED"]


def test_a_phone_that_was_offline_takes_back_that_it_was_missed_and_says_so() -> None:
    run = played(company("P1"), walk(), until=hours(9))
    run.feed(walked(*ALL, start=5, received_at=hours(9)))
    assert run.withdrawn("TOUR_MISSED") == 1
    assert run.withdrawn("TOUR_OVERDUE") == 2
    assert run.alerts("TOUR_MISSED") == [("resolved", 1)]
    assert not found(run)


def test_a_tour_nobody_must_walk_is_neither_overdue_nor_missed_but_walked_to_its_end_once_begun() -> None:
    assert not found(played(company("P1"), walk(mandatory=False), until=hours(20)))
    begun = played(company("P1"), walk(mandatory=False), walked("C1", start=140), until=hours(20))
    assert found(begun) == ["TOUR_INCOMPLETE"]


def test_nobody_by_name_and_nobody_there_is_said_in_its_compliance() -> None:
    others = [punch("P2", "in", hours(1)), punch("P2", "out", after(10))]
    absent = played(company("P1", "P2"), others, walk(), until=after(30)).of("TOUR_OVERDUE")[0]
    assert absent.evidence["compliance"] == "GUARD_ABSENT"
    there = played(company("P1"), punch("P1", "in", hours(1)), walk(), until=after(30)).of("TOUR_OVERDUE")[0]
    assert there.evidence["compliance"] == "NOT_STARTED"
    anyone = played(company("P2"), others, walk(person=None), until=after(30)).of("TOUR_OVERDUE")[0]
    assert (anyone.evidence["compliance"], anyone.person) == ("NOT_STARTED", None)
    assert "for nobody by name" in anyone.reason


def test_a_cancelled_tour_claims_nothing_and_what_stood_is_over() -> None:
    cancelled = walk(at=after(25), cancelled=True)
    assert not found(played(company("P1"), walk(), cancelled, until=hours(20)))
    run = played(company("P1"), walk(), until=after(40))
    run.feed([walk(at=after(40), cancelled=True), walk(at=after(41), cancelled=True, kind="CRITICAL")])
    assert run.alerts("TOUR_OVERDUE") == [("resolved", 1)]
    assert ended(run, "TOUR_OVERDUE") == "the tour was cancelled at 02:40"
    run.pass_time(hours(20))
    assert found(run) == ["TOUR_OVERDUE"]


def test_cancelled_late_it_was_not_missed_and_entered_again_it_is_waited_for() -> None:
    run = played(company("P1"), walk(), until=hours(5))
    run.feed([walk(at=hours(5), cancelled=True)])
    assert run.withdrawn("TOUR_MISSED") == 1
    run.feed([walk(at=hours(5))])
    assert run.of("TOUR_MISSED")


def test_a_tour_removed_in_its_time_claims_nothing_and_after_it_stays_what_it_was() -> None:
    run = played(company("P1"), walk(), until=after(40))
    run.feed([removed("noc.tour", "T1", at=after(40)), removed("noc.tour", "T1", at=after(41))])
    assert ended(run, "TOUR_OVERDUE") == "the tour was removed at 02:40"
    run.pass_time(hours(20))
    assert "TOUR_MISSED" not in found(run)
    swept = played(company("P1"), walk(), removed("noc.tour", "T1", at=hours(8)), until=hours(80))
    assert "TOUR_MISSED" in found(swept)


def test_what_is_removed_or_scanned_without_an_entry_is_no_tour() -> None:
    strange = [removed("noc.tour", "T9", at=hours(1)), removed("noc.task", "T1", at=hours(1))]
    assert not found(played(company("P1"), strange, walked(*ALL), until=hours(80)))


def test_a_tour_closed_by_the_directory_before_anyone_began_it_is_not_missed() -> None:
    closed = walk(at=after(50), closed_at=from_ms(after(50)))
    run = played(company("P1"), walk(), closed, until=hours(20))
    assert found(run) == ["TOUR_OVERDUE"]
    assert ended(run, "TOUR_OVERDUE") == "the tour was closed at 02:50"
    late = walk(at=after(125), closed_at=from_ms(after(125)))
    assert "TOUR_MISSED" in found(played(company("P1"), walk(), late, until=hours(20)))


def test_a_tour_put_off_takes_its_claim_along() -> None:
    run = played(company("P1"), walk(), until=after(40))
    run.feed([walk(at=after(40), start=hours(6))])
    assert run.withdrawn("TOUR_OVERDUE") == 1
    run.pass_time(hours(6.5))
    assert [each.time for each in run.of("TOUR_OVERDUE")] == [hours(6.5)]


def test_the_same_id_next_day_is_another_tour() -> None:
    run = played(company("P1"), walk(), until=hours(20))
    run.feed([walk(at=hours(20), start=hours(26))])
    run.pass_time(hours(40))
    assert found(run).count("TOUR_MISSED") == 2
    assert run.withdrawn("TOUR_MISSED") == 0
    walked_then = played(company("P1"), walk(), walked(*ALL), walk(at=hours(20), start=hours(26)), until=hours(40))
    assert walked_then.of("TOUR_MISSED")


def test_while_the_daemon_was_stopped_no_scan_is_missed() -> None:
    run = played(company("P1"), walk())
    run.beat(hours(1.5))
    run.beat(after(10))
    run.pass_time(hours(20))
    assert not found(run)


def test_stopped_after_it_was_overdue_it_is_not_known_to_be_missed() -> None:
    run = played(company("P1"), walk(), until=after(35))
    run.beat(after(35))
    run.beat(after(70))
    run.pass_time(hours(20))
    assert "TOUR_MISSED" not in found(run)
    assert ended(run, "TOUR_OVERDUE") == "scans may have gone unheard: it is not known to be missed"


def test_while_the_source_of_the_guards_phones_is_silent_nobody_is_late() -> None:
    people = ("P1", "P2", "P3", "P4")
    before = phones(people, T0, 125)
    assert not found(played(company(*people), walk(), before, until=after(119)))
    again = played(company(*people), walk(), before, phones(people, after(90), 60), until=after(121))
    assert found(again) == ["TOUR_MISSED"]


def test_a_tour_of_nobody_by_name_waits_with_the_phones_of_all_who_are_on_duty_at_its_site() -> None:
    people, before = ("P1", "P2", "P3", "P4"), phones(("P1", "P2", "P3", "P4"), T0, 125)
    come = [punch(person, "in", T0) for person in people]
    assert not found(played(company(*people), walk(person=None), come, before, until=after(119)))
    elsewhere = [punch(person, "in", T0, site="S2") for person in people]
    assert found(played(company(*people, sites=("S1", "S2")), walk(person=None), elsewhere, before, until=after(119)))


def test_closed_by_time_with_too_few_checkpoints_it_is_incomplete() -> None:
    run = played(company("P1"), walk(), walked("C1", "C2", "C4"), until=after(149))
    assert not found(run)
    run.pass_time(after(150))
    (incomplete,) = run.of("TOUR_INCOMPLETE")
    assert (incomplete.severity, incomplete.time) == (Severity.MEDIUM, after(150))
    assert incomplete.reason == (
        "The routine tour T1 at Site S1 was closed with 60 % of its checkpoints scanned: 2 were left out (C3, C5); "
        "ask Guard P1 why"
    )
    assert incomplete.evidence["coverage_percent"] == 60.0
    assert incomplete.evidence["compliance"] == "PARTIAL"
    assert run.alerts("TOUR_INCOMPLETE") == [("open", 1)]


def test_four_of_five_checkpoints_are_enough_and_can_be_made_too_few() -> None:
    parts = [*company("P1"), walk(), *walked("C1", "C2", "C3", "C4")]
    assert not found(played(parts, until=hours(20)))
    run = Field()
    changed = {"TOUR_INCOMPLETE": {"coverage_min_percent": 80.1}}
    run.engine.scene.rules = Rules(CATALOG, general=changed)
    run.feed(parts)
    run.pass_time(hours(20))
    assert found(run) == ["TOUR_INCOMPLETE"]


def test_a_skipped_checkpoint_is_no_coverage_and_a_tour_of_skips_is_told_as_such_at_once() -> None:
    skips = [scan("C4", 12, sort="SKIP"), scan("C5", 15, sort="SKIP")]
    run = played(company("P1"), walk(), walked("C1", "C2"), scan("C3", 9, sort="ENTERED"), skips, until=after(16))
    (low,) = run.of("CHECKPOINT_COVERAGE_LOW")
    assert (low.severity, low.time) == (Severity.MEDIUM, after(15))
    assert "2 were skipped (C4, C5)" in low.reason
    assert (low.evidence["by_hand"], low.evidence["missing"]) == (1, ["C4", "C5"])
    run.pass_time(hours(20))
    assert found(run) == ["CHECKPOINT_COVERAGE_LOW"]


def test_skips_that_come_late_change_what_an_unfinished_tour_lacks() -> None:
    run = played(company("P1"), walk(), walked("C1", "C2", "C3"), until=hours(9))
    run.feed([scan(name, 12, sort="SKIP", received_at=hours(9)) for name in ("C4", "C5")])
    assert found(run) == ["CHECKPOINT_COVERAGE_LOW"]
    assert run.withdrawn("TOUR_INCOMPLETE") == 1


def test_one_skip_of_five_is_enough_coverage_and_its_own_setting_is_read() -> None:
    parts = [*company("P1"), walk(), *walked("C1", "C2", "C3", "C4"), scan("C5", 15, sort="SKIP")]
    assert not found(played(parts, until=hours(20)))
    run = Field()
    run.engine.scene.rules = Rules(CATALOG, general={"CHECKPOINT_COVERAGE_LOW": {"coverage_min_percent": 100.0}})
    run.feed(parts)
    assert found(run) == ["CHECKPOINT_COVERAGE_LOW"]


def test_a_tour_cut_short_by_an_update_is_honest() -> None:
    short = walk(at=after(10), closed_at=from_ms(after(10)), planned_end=from_ms(after(45)))
    again = walk(at=after(12), closed_at=from_ms(after(10)), planned_end=from_ms(after(45)))
    run = played(company("P1"), walk(), walked("C1", "C2"), short, again, until=hours(20))
    assert not found(run)


def test_a_tour_closed_when_its_time_was_over_is_judged_then() -> None:
    closed = walk(at=after(50), closed_at=from_ms(after(50)), planned_end=from_ms(after(45)))
    run = played(company("P1"), walk(), walked("C1", "C2"), closed, until=after(51))
    assert [each.time for each in run.of("TOUR_INCOMPLETE")] == [after(50)]
    from_first = walk(closed_at=from_ms(after(30)))
    assert found(played(company("P1"), from_first, walked("C1"), until=after(31))) == ["TOUR_INCOMPLETE"]


def test_scans_that_come_hours_later_take_back_that_it_was_incomplete() -> None:
    run = played(company("P1"), walk(), walked("C1", "C2"), until=hours(9))
    assert run.of("TOUR_INCOMPLETE")
    run.feed(walked("C3", "C4", "C5", start=9, received_at=hours(9)))
    assert run.withdrawn("TOUR_INCOMPLETE") == 1
    assert run.alerts("TOUR_INCOMPLETE") == [("resolved", 1)]


def test_scans_of_after_it_was_closed_do_not_complete_it() -> None:
    late = walked("C3", "C4", "C5", start=151)
    assert found(played(company("P1"), walk(), walked("C1", "C2"), late, until=hours(20))) == ["TOUR_INCOMPLETE"]


def test_a_tour_without_checkpoints_has_no_coverage_and_is_begun_by_any_scan() -> None:
    run = played(company("P1"), walk(checkpoints=()), scan("C9", 3), until=hours(20))
    assert not found(run)


def test_an_unfinished_tour_is_not_judged_where_the_daemon_was_stopped_meanwhile() -> None:
    run = played(company("P1"), walk(), walked("C1", "C2"))
    run.beat(after(10))
    run.beat(after(40))
    run.pass_time(hours(20))
    assert not found(run)


@pytest.mark.parametrize("received", [None, after(8)], ids=["in order", "late and out of order"])
def test_the_first_checkpoint_scanned_after_a_later_one_breaks_the_order(received: int | None) -> None:
    scans = [
        scan("C1", 0),
        scan("C4", 3, received_at=received),
        scan("C2", 6),
        scan("C3", 9),
        scan("C3", 9),
        scan("C5", 12),
    ]
    run = played(company("P1"), walk(ordered=True), scans, until=hours(20))
    (disordered,) = run.of("TOUR_OUT_OF_ORDER")
    assert (disordered.severity, disordered.entity_id) == (Severity.MEDIUM, "T1")
    assert (disordered.time, disordered.evidence["checkpoint"]) == (after(6), "C2")
    assert "scanned C2 after C4" in disordered.reason
    assert run.alerts("TOUR_OUT_OF_ORDER") == [("open", 1)]


def test_in_order_with_one_left_out_one_scanned_twice_and_two_in_one_moment_the_order_holds() -> None:
    scans = [scan("C1", 0), scan("C2", 3), scan("C1", 4), scan("C5", 9), scan("C4", 9), scan("C9", 10)]
    assert not found(played(company("P1"), walk(ordered=True), scans, until=hours(20)))


def test_a_tour_that_may_be_walked_in_any_order_has_none_to_break() -> None:
    assert not found(played(company("P1"), walk(), walked(*reversed(ALL)), until=hours(20)))


def test_a_skipped_checkpoint_is_no_step_out_of_order() -> None:
    scans = [scan("C3", 0, sort="SKIP"), *walked("C1", "C2", "C4", "C5", start=1)]
    assert not found(played(company("P1"), walk(ordered=True), scans, until=hours(20)))


def test_an_earlier_scan_that_comes_late_takes_back_that_the_order_was_broken() -> None:
    run = played(company("P1"), walk(ordered=True), walked("C1", "C3", "C2", "C4", "C5", start=5))
    assert run.of("TOUR_OUT_OF_ORDER")
    run.feed([scan("C2", 6, received_at=after(25))])
    assert run.withdrawn("TOUR_OUT_OF_ORDER") == 1


def test_an_order_broken_on_a_tour_begun_late_or_well_says_so_in_its_compliance() -> None:
    rest = ("C2", "C3", "C5", "C1")
    well = played(company("P1"), walk(ordered=True), walked(*rest)).of("TOUR_OUT_OF_ORDER")[0]
    assert well.evidence["compliance"] == "COMPLIANT"
    late = played(company("P1"), walk(ordered=True), walked(*rest, start=31)).of("TOUR_OUT_OF_ORDER")[0]
    assert late.evidence["compliance"] == "SLA_BREACH"


def test_who_scanned_is_named_where_the_tour_is_nobodys() -> None:
    run = played(company("P1"), walk(person=None), walked("C1"), until=hours(20))
    assert run.of("TOUR_INCOMPLETE")[0].person == "P1"


def test_a_tour_is_forgotten_two_days_later_and_its_claims_stand() -> None:
    run = played(company("P1"), walk(), until=hours(49))
    assert run.engine.shelves.get("tours", "T1") is not None
    run.pass_time(hours(51))
    assert run.engine.shelves.get("tours", "T1") is None
    assert run.of("TOUR_MISSED")
    assert run.withdrawn("TOUR_MISSED") == 0


def test_no_more_scans_are_kept_than_the_longest_tour_has_twice() -> None:
    record = Round()
    for number in range(SCANS_MAX + 1):
        record.scan(Scan(START + number, "C1", "P1", "NFC"))
    record.scan(Scan(START, "C1", "P1", "NFC"))
    assert len(record.scans) == SCANS_MAX
