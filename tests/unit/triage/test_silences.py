"""What a person hides: until when, by whom, what is seen of it meanwhile, and what comes back after."""

from __future__ import annotations

from typing import Any

import pytest

from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from nocd.domain.silence import SILENCES_MAX
from nocd.engine import Engine
from tests.build import T0, engine, event, firing, resolved, saved_and_loaded
from tests.build_hiding import alert, asked, found, over, rows, settle, silence, stands


def opened(*more: Any) -> Engine:
    made = engine()
    made.fold([firing(), *more])
    made.finish()
    return made


def told(made: Engine) -> list[tuple[str, str, int]]:
    """Return (silence, what happened, how many it hides) as the feed tells it."""
    changes = [change.data for change in made.finish().changes if change.type == "silence"]
    return [(data["id"], data["happened"], data["hiding"]["count"]) for data in changes]


def test_a_silence_hides_what_stands_and_what_comes_until_its_time_is_over() -> None:
    made = opened()
    assert silence(made, "site=S1", "type=Camera").body["hiding"] == {"count": 1, "alerts": ["A-1"]}
    made.fold([firing(entity="cam-8", at=T0 + 1), firing("Door", at=T0 + 2)])
    assert [stands(made, number) for number in (1, 2, 3)] == [
        ("suppressed", ("S-1",)),
        ("suppressed", ("S-1",)),
        ("open", ()),
    ]
    assert made.triage.suppression.hiding("S-1").alerts == ["A-2", "A-1"]
    made.fold([firing(entity=each, at=T0 + 50 * MINUTE_MS) for each in ("cam-7", "cam-8")])
    assert made.triage.suppression.next_due() == T0 + HOUR_MS
    made.tick(T0 + HOUR_MS - 1)
    assert stands(made, 1) == ("suppressed", ("S-1",))
    assert made.tick(T0 + HOUR_MS)
    assert [stands(made, number) for number in (1, 2)] == [("open", ()), ("open", ())]
    assert made.triage.suppression.hiding("S-1").count == 0


def test_every_step_is_a_row_with_its_reason() -> None:
    made = opened()
    silence(made, "type=Camera")
    made.fold([firing(at=T0 + 59 * MINUTE_MS)])
    settle(made, T0 + HOUR_MS)
    assert rows(made) == [
        ("suppressed", "silence S-1 until 01:00 by mara: works"),
        ("renewed", "seen 1 more times, 2 in all"),
        ("unsuppressed", "silence S-1 expired"),
    ]


def test_the_feed_tells_that_an_alert_opened_hidden_and_until_when() -> None:
    made = engine()
    silence(made, "type=Camera")
    made.finish()
    made.fold([firing(at=T0 + 1)])
    (change,) = [change for change in made.finish().changes if change.type == "alert_created"]
    assert (change.data["happened"], change.data["new_status"], change.data["suppressed_by"]) == (
        "opened",
        "suppressed",
        "S-1",
    )
    assert change.data["suppressed_until"] == "2026-01-01T01:00:00.000Z"
    assert change.data["hidden_by"] == ["S-1"]


def test_the_feed_tells_of_a_silence_once_a_commit_with_what_it_hides() -> None:
    made = opened()
    silence(made, "type=Camera")
    assert told(made) == [("S-1", "planned", 1)]
    made.fold([firing(entity="cam-8", at=T0 + 1), firing(entity="cam-9", at=T0 + 2)])
    assert told(made) == [("S-1", "hiding", 3)]
    made.fold([firing(at=T0 + 3)])
    assert told(made) == []
    settle(made, T0 + HOUR_MS)
    assert told(made) == [("S-1", "expired", 0)]


def test_an_alert_is_silenced_for_minutes_and_then_stands_as_it_did() -> None:
    made = opened()
    assert asked(made, "ack", "A-1", expires_minutes=200).ok
    body = asked(made, "silence", "A-1", at=T0 + 1, minutes=15, note="known").body
    assert (body["status"], body["former_status"], body["suppressed_by"]) == ("suppressed", "acknowledged", "S-1")
    assert body["suppressed_until"] == "2026-01-01T00:15:00.001Z"
    settle(made, T0 + 15 * MINUTE_MS + 1)
    assert stands(made) == ("acknowledged", ())
    assert [each for each, _ in rows(made)] == ["acknowledged", "silenced", "suppressed", "unsuppressed"]


def test_an_acknowledgement_that_runs_out_under_a_silence_comes_back_open() -> None:
    made = opened()
    asked(made, "ack", "A-1", expires_minutes=5)
    asked(made, "silence", "A-1", minutes=15)
    settle(made, T0 + 5 * MINUTE_MS)
    assert stands(made) == ("suppressed", ("S-1",))
    settle(made, T0 + 15 * MINUTE_MS)
    assert stands(made) == ("open", ())
    assert alert(made).ack_expires_at is None


def test_a_silence_without_minutes_lasts_until_the_resolve_and_not_a_moment_longer() -> None:
    made = opened()
    assert asked(made, "silence", "A-1").body["suppressed_until"] is None
    made.finish()
    for at in range(HOUR_MS // 2, 3 * HOUR_MS, HOUR_MS // 2):
        made.fold([firing(at=T0 + at)])
        settle(made, T0 + at)
    assert stands(made) == ("suppressed", ("S-1",))
    made.fold([resolved(at=T0 + 3 * HOUR_MS)])
    assert told(made) == [("S-1", "resolved", 0)]
    made.fold([firing(at=T0 + 3 * HOUR_MS + 1)])
    assert stands(made) == ("open", ())


def test_of_two_silences_until_the_resolve_the_other_holds_until_then() -> None:
    made = opened()
    asked(made, "silence", "A-1")
    asked(made, "silence", "A-1")
    asked(made, "end_silence", "S-1")
    assert stands(made) == ("suppressed", ("S-2",))
    made.fold([resolved(at=T0 + 1)])
    assert [each.ended_by for each in made.triage.suppression.silences.all()] == ["undone", "resolved"]


def test_a_silence_until_the_resolve_ends_though_the_trouble_is_back_in_the_same_moment() -> None:
    made = engine()
    number = found(made, "SILENT_SITE")
    asked(made, "silence", f"A-{number}")
    over(made, number, at=T0 + 1, settle=False)
    found(made, "SILENT_SITE", at=T0 + 1)
    assert stands(made, number) == ("open", ())
    assert [each.ended_by for each in made.triage.suppression.silences.all()] == ["resolved"]


def test_a_resolve_travels_though_the_alert_is_hidden() -> None:
    made = opened()
    asked(made, "silence", "A-1")
    made.finish()
    made.fold([resolved(at=T0 + MINUTE_MS)])
    (change,) = [change for change in made.finish().changes if change.type == "alert_updated"]
    assert (change.data["old_status"], change.data["new_status"]) == ("suppressed", "resolved")
    assert (change.data["happened"], change.data["ended_unseen"]) == ("ended", True)
    assert (change.data["hidden_by"], change.data["suppressed_by"]) == ([], None)


def test_a_silence_of_an_alert_is_taken_back_within_ten_seconds_by_who_asked_for_it() -> None:
    made = opened()
    asked(made, "silence", "A-1", minutes=60)
    assert asked(made, "undo", "A-1", actor="tomas").body["code"] == "nothing_to_undo"
    assert asked(made, "undo", "A-1", at=T0 + 10 * SECOND_MS).body["status"] == "open"
    assert made.triage.suppression.silences.all()[0].ended_by == "undone"
    asked(made, "silence", "A-1", at=T0 + 20 * SECOND_MS)
    assert asked(made, "undo", "A-1", at=T0 + 30 * SECOND_MS + 1).body["code"] == "nothing_to_undo"
    assert stands(made) == ("suppressed", ("S-2",))


def test_a_silence_that_ended_by_other_means_is_not_taken_back() -> None:
    made = opened()
    asked(made, "silence", "A-1")
    asked(made, "end_silence", "S-1")
    reply = asked(made, "undo", "A-1", at=T0 + 1)
    assert (reply.status, reply.body["code"], stands(made)) == (409, "over", ("open", ()))


def test_a_resolve_taken_back_puts_its_silence_back_too() -> None:
    made = opened()
    asked(made, "silence", "A-1")
    asked(made, "resolve", "A-1", at=T0 + 1, verdict="benign")
    assert asked(made, "undo", "A-1", at=T0 + 2).body["hidden_by"] == ["S-1"]
    assert made.triage.suppression.silences.all()[0].in_force
    asked(made, "resolve", "A-1", at=T0 + 3, verdict="benign")
    asked(made, "end_silence", "S-1", at=T0 + 4)
    assert stands(made) == ("resolved", ())


def test_a_resolve_taken_back_puts_back_no_silence_that_an_earlier_one_ended() -> None:
    made = opened()
    asked(made, "silence", "A-1")
    asked(made, "resolve", "A-1", at=T0 + 1, verdict="benign")
    later = T0 + MINUTE_MS
    asked(made, "reopen", "A-1", at=later)
    asked(made, "silence", "A-1", at=later)
    asked(made, "resolve", "A-1", at=later, verdict="benign")
    assert asked(made, "undo", "A-1", at=later).body["hidden_by"] == ["S-2"]


def test_a_resolve_taken_back_after_a_restart_finds_its_silence_in_force() -> None:
    made = opened()
    silence(made, "type=Camera")
    asked(made, "resolve", "A-1", at=T0 + 1, verdict="benign")
    again = saved_and_loaded(made)
    assert asked(again, "undo", "A-1", at=T0 + 2).ok
    assert stands(again) == ("suppressed", ("S-1",))
    assert [each for each, _ in rows(again)] == ["undone"]


def test_until_when_is_unknown_while_one_of_two_ends_with_the_resolve() -> None:
    made = opened()
    asked(made, "silence", "A-1")
    silence(made, "type=Camera")
    assert (alert(made).suppressed_until, stands(made)[1]) == (None, ("S-1", "S-2"))
    asked(made, "end_silence", "S-1")
    assert alert(made).suppressed_until == T0 + HOUR_MS


def test_a_resolve_taken_back_after_its_silence_expired_leaves_nothing_hidden() -> None:
    made = opened()
    silence(made, "type=Camera", ends_at=T0 + 5 * SECOND_MS)
    asked(made, "resolve", "A-1", at=T0 + 1, verdict="benign")
    settle(made, T0 + 5 * SECOND_MS)
    assert asked(made, "undo", "A-1", at=T0 + 6 * SECOND_MS).body["status"] == "open"


def test_a_silence_is_ended_by_hand_once_and_a_fresh_one_is_taken_back() -> None:
    made = opened()
    silence(made, "type=Camera")
    silence(made, "type=Camera")
    assert asked(made, "end_silence", "S-1", at=T0 + 1).body["state"] == "undone"
    assert asked(made, "end_silence", "S-2", at=T0 + 1, actor="tomas").body["state"] == "ended"
    assert stands(made) == ("open", ())
    assert asked(made, "end_silence", "S-2").body["code"] == "over"
    assert asked(made, "end_silence", "S-3").status == 404


def test_an_alert_stays_hidden_while_any_silence_holds_and_the_ledger_says_which() -> None:
    made = opened()
    silence(made, "type=Camera")
    silence(made, "site=S1", ends_at=T0 + 2 * HOUR_MS)
    asked(made, "end_silence", "S-1", at=T0 + MINUTE_MS)
    assert (stands(made), alert(made).suppressed_by) == (("suppressed", ("S-2",)), "S-2")
    assert rows(made)[-1] == (
        "suppressed",
        "silence S-1 was ended, still hidden; silence S-2 until 02:00 by mara: works",
    )
    asked(made, "end_silence", "S-2", at=T0 + MINUTE_MS)
    assert stands(made) == ("open", ())


def test_of_many_silences_eight_are_named_and_it_shows_only_after_the_last() -> None:
    made = opened()
    for _ in range(10):
        silence(made, "type=Camera")
    assert alert(made).hidden_by == tuple(f"S-{number}" for number in range(1, 9))
    for number in range(1, 10):
        asked(made, "end_silence", f"S-{number}")
    assert stands(made) == ("suppressed", ("S-10",))
    asked(made, "end_silence", "S-10")
    assert stands(made) == ("open", ())


def test_a_person_may_hide_a_critical_and_what_is_escalated_stays_in_sight() -> None:
    made = engine()
    made.fold([firing(severity="CRITICAL"), firing("Door")])
    asked(made, "escalate", "A-2")
    silence(made, "site=S1")
    assert (stands(made, 1), stands(made, 2)) == (("suppressed", ("S-1",)), ("escalated", ()))
    assert asked(made, "ack", "A-2").body["status"] == "suppressed"


def test_a_panic_is_silenced_only_by_what_names_it() -> None:
    made = engine()
    made.fold([event("noc.phone.event", person="P1", kind="panic")])
    (panic,) = [each for each in made.book.all() if each.type == "GUARD_DISTRESS"]
    silence(made, "severity=CRITICAL")
    silence(made, "person=P1", "type!=Camera")
    assert stands(made, panic.no) == ("open", ())
    silence(made, "category=SAFETY", ends_at=T0 + 1)
    assert stands(made, panic.no) == ("suppressed", ("S-3",))
    settle(made, T0 + 1)
    assert asked(made, "silence", panic.id, at=T0 + 1).body["status"] == "suppressed"


def test_what_is_reopened_under_a_silence_is_hidden_again() -> None:
    made = opened(resolved(at=T0 + 1))
    silence(made, "type=Camera", at=T0 + 2)
    assert stands(made) == ("resolved", ())
    assert asked(made, "reopen", "A-1", at=T0 + 3).body["status"] == "suppressed"


def test_labels_that_change_take_an_alert_out_of_a_silence() -> None:
    made = engine()
    made.fold([firing(labels={"team": "north"})])
    silence(made, "team=north")
    assert stands(made) == ("suppressed", ("S-1",))
    made.fold([firing(labels={"team": "south"}, at=T0 + 1)])
    assert stands(made) == ("open", ())
    assert rows(made)[-1] == ("unsuppressed", "silence S-1 does not meet it any more")


def test_what_a_silence_hides_is_the_same_after_a_restart() -> None:
    made = opened(firing("Door"))
    asked(made, "silence", "A-1")
    silence(made, "type=Door", ends_at=T0 + 2 * MINUTE_MS)
    again = saved_and_loaded(made)
    for each in (made, again):
        each.fold([resolved(at=T0 + MINUTE_MS, event_id="gone")])
        settle(each, T0 + 2 * MINUTE_MS)
        assert (stands(each, 1), stands(each, 2)) == (("resolved", ()), ("open", ()))
    made.finish(), again.finish()
    assert list(made.shelves) == list(again.shelves)


@pytest.mark.parametrize(
    ("matchers", "more", "detail"),
    [
        (["type=~.*"], {}, "would hide everything"),
        (["site!=S9", "type!~x"], {}, "would hide everything"),
        (["type=Camera"], {"ends_at": T0}, "ends in the future"),
        (["type=Camera"], {"ends_at": T0 + 31 * DAY_MS + 1}, "31 days"),
    ],
)
def test_a_silence_that_would_hide_too_much_is_refused(matchers: list[str], more: dict[str, int], detail: str) -> None:
    made = opened()
    reply = silence(made, *matchers, **more)
    assert (reply.status, reply.body["code"]) == (409, "bad_silence")
    assert detail in reply.body["detail"]


def test_silences_in_force_are_bounded_and_those_that_are_over_go_after_a_day() -> None:
    made = engine()
    for _ in range(SILENCES_MAX):
        assert silence(made, "type=Camera").ok
    assert silence(made, "type=Camera").body["code"] == "too_many_silences"
    settle(made, T0 + HOUR_MS)
    assert silence(made, "type=Camera", at=T0 + HOUR_MS).ok
    assert len(made.triage.suppression.silences.all()) == SILENCES_MAX + 1
    silence(made, "type=Camera", at=T0 + HOUR_MS + DAY_MS + 1, ends_at=T0 + 3 * DAY_MS)
    assert [each.id for each in made.triage.suppression.silences.all()] == [
        f"S-{SILENCES_MAX + 1}",
        f"S-{SILENCES_MAX + 2}",
    ]


def test_of_those_that_are_over_only_as_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nocd.triage.silences.SILENCES_MAX", 2)
    made = engine()
    for at in range(5):
        silence(made, "type=Camera", at=T0 + at)
        asked(made, "end_silence", f"S-{at + 1}", at=T0 + at)
    silence(made, "type=Camera", at=T0 + 9)
    assert [each.id for each in made.triage.suppression.silences.all()] == ["S-4", "S-5", "S-6"]


def test_what_comes_back_keeps_whose_silence_hid_it_last_and_since_when_it_is_over() -> None:
    made = opened()
    silence(made, "type=Camera")
    assert (alert(made, 1).snoozed_by, alert(made, 1).snooze_ended_at) == (None, None)
    made.fold([firing(at=T0 + 50 * MINUTE_MS)])
    made.tick(T0 + HOUR_MS)
    assert (alert(made, 1).snoozed_by, alert(made, 1).snooze_ended_at) == ("mara", T0 + HOUR_MS)
