"""Handing a shift over: what is on the sheet, who signs, who may accept, and what goes along."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from nocd.baseline.acts import CHANGES_KIND
from nocd.domain.command import Command, Reply
from nocd.domain.handover import NOTES_MAX, WAITING_MAX, shift_at
from nocd.domain.instant import HOUR_MS, from_ms, to_ms
from nocd.domain.threshold import ThresholdChange
from nocd.engine import Engine
from nocd.triage.sheet import ITEMS_MAX
from nocd.wire.handovers import HandoverChanged, HandoverView
from nocd.wire.present_handovers import text_of
from tests.build import T0, engine, firing, saved_and_loaded
from tests.build_hiding import silence


def ask(made: Engine, verb: str, target: str = "", *, actor: str = "mara", at: int = T0, **args: Any) -> Reply:
    return made.apply(Command(verb=verb, target=target, actor=actor, time=at, args=args))


def sections(made: Engine, *, now: int = T0) -> dict[str, dict[str, Any]]:
    return {each["key"]: each for each in made.triage.handovers.sheet(now)}


def worked() -> Engine:
    made = engine()
    made.fold([firing("Door", severity="CRITICAL"), firing("Camera"), firing("Gate", severity="LOW")])
    made.finish()
    return made


def when(text: str) -> int:
    return to_ms(datetime.fromisoformat(text))


@pytest.mark.parametrize(
    ("now", "zone", "starts_at", "ends_at"),
    [
        ("2026-01-01T00:00:00+00:00", "UTC", "2025-12-31T22:00:00+00:00", "2026-01-01T06:00:00+00:00"),
        ("2026-01-01T06:00:00+00:00", "UTC", "2026-01-01T06:00:00+00:00", "2026-01-01T14:00:00+00:00"),
        ("2026-01-01T23:30:00+00:00", "UTC", "2026-01-01T22:00:00+00:00", "2026-01-02T06:00:00+00:00"),
        ("2026-03-29T00:30:00+00:00", "Europe/Lisbon", "2026-03-28T22:00:00+00:00", "2026-03-29T05:00:00+00:00"),
    ],
)
def test_a_shift_is_that_of_the_desks_own_clock(now: str, zone: str, starts_at: str, ends_at: str) -> None:
    shift = shift_at(when(now), starts=(360, 840, 1_320), timezone=zone)
    assert (from_ms(shift.starts_at), from_ms(shift.ends_at)) == (from_ms(when(starts_at)), from_ms(when(ends_at)))


def test_the_sheet_counts_what_stands_and_what_of_it_wants_somebody() -> None:
    made = worked()
    silence(made, "type=Gate")
    silence(made, "type=Nothing")
    found = sections(made)
    assert {key: (each["count"], each["urgent"]) for key, each in found.items()} == {
        "p1": (1, 1),
        "p2": (1, 1),
        "p3": (0, 0),
        "incidents": (1, 1),
        "tickets": (2, 0),
        "silences": (2, 1),
        "stale_acks": (0, 0),
        "silent_devices": (0, 0),
        "rule_changes": (0, 0),
    }
    assert [item["id"] for item in found["tickets"]["items"]] == ["T-1", "T-2"]


def test_an_ack_of_more_than_an_hour_ago_is_stale_until_the_alert_ends() -> None:
    made = worked()
    ask(made, "start", "A-1")
    assert sections(made, now=T0 + HOUR_MS)["stale_acks"]["count"] == 0
    late = sections(made, now=T0 + HOUR_MS + 1)
    assert [item["id"] for item in late["stale_acks"]["items"]] == ["A-1"]
    assert (late["p1"]["count"], late["p1"]["urgent"]) == (1, 0)
    ask(made, "resolve", "A-1", verdict="benign")
    assert sections(made, now=T0 + HOUR_MS + 1)["stale_acks"]["count"] == 0


def test_thresholds_that_moved_in_this_shift_are_on_it_and_earlier_ones_are_not() -> None:
    made = worked()
    moves = [
        ThresholdChange(no=no, baseline="gps@S1", time=at, old=3.0, new=3.5, actor="mara", reason="calmer")
        for no, at in ((1, T0 - 3 * HOUR_MS), (2, T0 - HOUR_MS))
    ]
    made.shelves.put(CHANGES_KIND, "gps@S1", moves)
    (item,) = sections(made)["rule_changes"]["items"]
    assert (item["id"], item["text"], item["who"]) == ("T-2", "gps@S1 3 > 3.5: calmer", "mara")


def test_a_section_names_the_first_and_counts_all() -> None:
    made = engine()
    made.fold([firing("Camera", entity=f"cam-{number}", severity="MEDIUM") for number in range(ITEMS_MAX + 5)])
    found = sections(made)["p3"]
    assert (found["count"], len(found["items"])) == (ITEMS_MAX + 5, ITEMS_MAX)


def test_signing_keeps_sheet_and_notes_and_lets_go_of_those_not_pinned() -> None:
    made = worked()
    ask(made, "add_desk_note", text="gate 2 flaps, technician at 16:00", pinned=True)
    ask(made, "add_desk_note", text="relief guard not confirmed", site="S1")
    assert [note.id for note in made.triage.handovers.notes()] == ["N-1", "N-2"]
    made.finish()
    reply = ask(made, "sign_handover", note="quiet night")
    view = HandoverView.model_validate(reply.body)
    assert (view.id, view.signed_by, view.comment) == ("H-1", "mara", "quiet night")
    assert [note.text for note in view.notes] == ["gate 2 flaps, technician at 16:00", "relief guard not confirmed"]
    assert [note.id for note in made.triage.handovers.notes()] == ["N-1"]
    outcome = made.finish()
    assert [handover.id for handover, _ in outcome.handovers] == ["H-1"]
    (change,) = (each for each in outcome.changes if each.type == "handover")
    assert HandoverChanged.model_validate(change.data).happened == "signed"


def test_whoever_comes_accepts_once_and_never_who_signed() -> None:
    made = worked()
    ask(made, "sign_handover")
    again = saved_and_loaded(made)
    assert ask(again, "accept_handover", "H-1").body["code"] == "same_person"
    reply = ask(again, "accept_handover", "H-1", actor="tomas", at=T0 + 5, note="seen")
    assert (reply.body["accepted_by"], reply.body["remark"]) == ("tomas", "seen")
    assert ask(again, "accept_handover", "H-1", actor="tomas").status == 404
    assert ask(again, "accept_handover", "H-9", actor="tomas").status == 404


def test_notes_are_closed_one_by_one_and_bounded() -> None:
    made = engine()
    for number in range(NOTES_MAX):
        assert ask(made, "add_desk_note", text=f"note {number}", pinned=True).ok
    assert ask(made, "add_desk_note", text="one more").body["code"] == "too_many_notes"
    assert ask(made, "close_desk_note", "N-1").body["id"] == "N-1"
    assert ask(made, "close_desk_note", "N-1").status == 404
    assert ask(made, "add_desk_note", text="one more").ok


def test_of_handovers_nobody_accepts_the_oldest_are_let_go_of() -> None:
    made = engine()
    for _ in range(WAITING_MAX + 1):
        assert ask(made, "sign_handover").ok
    assert ask(made, "accept_handover", "H-1", actor="tomas").status == 404
    assert ask(made, "accept_handover", "H-2", actor="tomas").ok


def test_a_handover_is_text_for_people() -> None:
    made = worked()
    ask(made, "add_desk_note", text="gate 2 flaps", pinned=True)
    ask(made, "sign_handover", note="quiet")
    text = text_of(ask(made, "accept_handover", "H-1", actor="tomas", note="seen").body)
    assert text.startswith("Handover H-1  shift 2025-12-31T22:00:00.000Z to 2026-01-01T06:00:00.000Z\n")
    assert "signed by mara 2026-01-01T00:00:00.000Z: quiet\naccepted by tomas 2026-01-01T00:00:00.000Z: seen\n" in text
    assert "\nP1: 1  unacked 1\n  A-1  " in text
    assert text.endswith("notes: 1\n  * gate 2 flaps  (mara)\n")
