from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noctui.state import reduce
from noctui.state.model import LEDGERS_MAX, Ledger, Model, look_at, tally, told_age_ms
from tests.unit.noctui.story import (
    T0,
    alert,
    alert_change,
    batch,
    change,
    digest,
    hello,
    rfc3339,
    snapshot,
    stories,
)

Body = dict[str, Any]
NOW = 5_000_000


def loaded(seq: int = 0, alerts: Any = (), **more: Any) -> Model:
    model = Model()
    reduce.snapshot(model, snapshot(seq, alerts, **more), now=NOW)
    reduce.frame(model, hello(seq), now=NOW)
    reduce.frame(model, {"type": "caught_up", "seq": seq}, now=NOW)
    return model


def lines(model: Model) -> list[str]:
    return [line.what for line in model.ring]


@given(story=stories(), data=st.data())
def test_any_cutting_repetition_and_replay_of_frames_gives_the_same_model(story: list[Body], data: st.DataObject):
    straight, winding = loaded(), loaded()
    for each in story:
        reduce.frame(straight, batch([each]), now=NOW)
    told = 0
    while told < len(story):
        start = data.draw(st.integers(0, told), label="start at or before what was told")
        end = data.draw(st.integers(told + 1, len(story)), label="end")
        reduce.frame(winding, batch(story[start:end]), now=NOW)
        told = end
        if data.draw(st.booleans(), label="lost and resumed"):
            reduce.link_moved(winding, "lost", now=NOW)
            reduce.frame(winding, hello(len(story)), now=NOW)
    reduce.frame(winding, batch(story), now=NOW)
    assert digest(winding) == digest(straight)


@given(story=stories())
def test_the_total_and_the_queue_agree_when_the_snapshot_held_everything(story: list[Body]):
    model = loaded()
    reduce.frame(model, batch(story), now=NOW)
    assert model.alerts_total == len(model.alerts)
    assert all(each.queued for each in model.alerts.values())


@given(story=stories(), cut=st.integers(0, 40))
def test_a_snapshot_in_the_middle_leads_to_the_same_queue(story: list[Body], cut: int):
    cut = min(cut, len(story))
    whole = loaded()
    reduce.frame(whole, batch(story), now=NOW)
    first = loaded()
    if cut:
        reduce.frame(first, batch(story[:cut]), now=NOW)
    late = loaded(cut, [dict(each.body) for each in first.alerts.values()])
    if story[cut:]:
        reduce.frame(late, batch(story[cut:]), now=NOW)
    assert late.alerts == whole.alerts
    assert late.alerts_total == whole.alerts_total


def test_a_hole_is_counted_and_nothing_past_it_is_applied():
    model = loaded(3)
    reduce.frame(model, batch([alert_change(5, alert(), old=None)]), now=NOW)
    assert (model.holes, model.seq, model.alerts) == (1, 3, {})


def test_a_repeat_is_counted_and_left_alone():
    model = loaded()
    opened = batch([alert_change(1, alert(), old=None)])
    reduce.frame(model, opened, now=NOW)
    reduce.frame(model, opened, now=NOW)
    assert (model.repeats, model.alerts_total, len(model.ring)) == (1, 1, 1)


def test_a_filtered_batch_without_changes_moves_the_number():
    model = loaded(3)
    reduce.frame(model, {"type": "batch", "from": 4, "to": 9, "changes": []}, now=NOW)
    assert model.seq == 9


def test_what_a_newer_daemon_says_is_shown_and_breaks_nothing():
    model = loaded()
    reduce.frame(model, {"type": "presence", "who": "mara"}, now=NOW)
    strange = alert("A-9", severity="APOCALYPTIC", status="pondered", shiny=True)
    reduce.frame(model, batch([alert_change(1, strange, old=None)]), now=NOW)
    assert model.alerts["A-9"].level == 3


def test_frames_before_the_first_snapshot_are_left_alone():
    model = Model()
    reduce.frame(model, hello(), now=NOW)
    assert model.revision == 0


def test_resolved_alerts_leave_the_queue_and_stay_findable():
    model = loaded(0, [alert()])
    reduce.frame(model, batch([alert_change(1, alert(status="resolved"), old="open")]), now=NOW)
    assert model.alerts == {}
    assert model.ended_count == 1
    ended = model.find("A-1")
    assert ended is not None
    assert ended.status == "resolved"


def test_an_alert_that_ended_unseen_stays_until_somebody_looked():
    model = loaded(0, [alert()])
    unseen = alert(status="resolved", ended_unseen=True)
    reduce.frame(model, batch([alert_change(1, unseen, old="open")]), now=NOW)
    assert list(model.alerts) == ["A-1"]
    seen = alert(status="resolved", ended_unseen=False)
    reduce.frame(model, batch([alert_change(2, seen, old="resolved")]), now=NOW)
    assert (model.alerts, model.alerts_total, model.ended_count) == ({}, 0, 1)


def test_a_reopened_alert_comes_back():
    model = loaded(0, [alert()])
    reduce.frame(model, batch([alert_change(1, alert(status="resolved"), old="open")]), now=NOW)
    reduce.frame(model, batch([alert_change(2, alert(status="open"), old="resolved")]), now=NOW)
    assert (list(model.alerts), model.alerts_total, list(model.ended)) == (["A-1"], 1, [])


def test_ended_alerts_are_kept_up_to_a_bound():
    model = loaded()
    for seq in range(1, 302):
        body = alert(f"A-{seq}", status="resolved")
        reduce.frame(model, batch([alert_change(seq, body, old="open")]), now=NOW)
    assert len(model.ended) == 200
    assert "A-301" in model.ended


def test_a_resume_leaves_a_line_that_says_how_many_were_fetched():
    model = loaded()
    reduce.link_moved(model, "lost", now=NOW, detail="nocd is restarting")
    reduce.frame(model, hello(2, at=T0 + 5_000), now=NOW + 5_000)
    assert model.link.word(NOW + 5_000) == "RESUMING"
    fetched = [alert_change(1, alert("A-1"), old=None), alert_change(2, alert("A-2"), old=None)]
    reduce.frame(model, batch(fetched), now=NOW + 5_001)
    reduce.frame(model, {"type": "caught_up", "seq": 2}, now=NOW + 5_002)
    gap, *rest = model.ring
    assert "link lost 5 s: 2 changes fetched, in time order" in gap.what
    assert [line.fetched for line in rest] == [True, True]
    assert model.link.word(NOW + 5_002) == "LIVE"
    reduce.frame(model, batch([alert_change(3, alert("A-3"), old=None)]), now=NOW + 5_003)
    assert not list(model.ring)[-1].fetched


def test_a_resume_that_missed_nothing_says_so():
    model = loaded()
    reduce.link_moved(model, "lost", now=NOW)
    reduce.frame(model, hello(), now=NOW)
    reduce.frame(model, {"type": "caught_up", "seq": 0}, now=NOW)
    assert lines(model)[0].endswith("nothing was missed")


def test_a_new_snapshot_leaves_a_gap_line_that_says_why():
    model = loaded(3)
    reduce.snapshot(model, snapshot(9), now=NOW, reason="changes 4-8 are no longer kept")
    assert lines(model) == ["gap: changes 4-8 are no longer kept; new snapshot at 9, 6 changes not shown"]
    assert model.gaps == 1
    reduce.snapshot(model, snapshot(1, epoch="e2"), now=NOW, reason="restored", hole=True)
    assert lines(model)[1] == "gap: restored; new snapshot at 1, numbers begin anew"
    assert (model.epoch, model.seq, model.holes) == ("e2", 1, 1)


def test_a_feed_begun_after_a_snapshot_leaves_no_resume_line():
    assert lines(loaded(3)) == []


def test_the_link_turns_stale_when_nothing_is_heard_for_20_s():
    model = loaded()
    assert model.link.word(NOW + 20_000) == "LIVE"
    assert model.link.word(NOW + 20_001) == "STALE"
    reduce.frame(model, {"type": "heartbeat", "seq": 0, "time": rfc3339(T0 + 21_000)}, now=NOW + 21_000)
    assert model.link.word(NOW + 21_000) == "LIVE"


def test_age_counts_from_the_newest_time_the_picture_is_true_at():
    model = loaded()
    assert told_age_ms(Model(), NOW) is None
    assert told_age_ms(model, NOW + 7_000) == 7_000
    reduce.frame(model, {"type": "heartbeat", "seq": 0, "time": rfc3339(T0 + 8_000)}, now=NOW + 8_000)
    assert told_age_ms(model, NOW + 9_000) == 1_000


def test_a_heartbeat_past_what_was_told_does_not_make_the_picture_younger():
    model = loaded()
    reduce.frame(model, {"type": "heartbeat", "seq": 4, "time": rfc3339(T0 + 8_000)}, now=NOW + 8_000)
    assert told_age_ms(model, NOW + 8_000) == 8_000


def test_ages_stand_still_while_the_link_is_lost():
    model = loaded()
    live = look_at(model, NOW + 3_000)
    reduce.link_moved(model, "lost", now=NOW + 4_000)
    assert look_at(model, NOW + 60_000).now < live.now
    assert look_at(model, NOW + 60_000) == look_at(model, NOW + 90_000)


def test_since_keeps_the_moment_the_link_was_first_lost():
    model = loaded()
    reduce.link_moved(model, "lost", now=NOW + 1, attempt=1, retry_at=NOW + 2)
    reduce.link_moved(model, "lost", now=NOW + 9, attempt=2, retry_at=NOW + 12)
    assert (model.link.since, model.link.attempt) == (NOW + 1, 2)
    reduce.link_moved(model, "refused", now=NOW + 20, detail="token \x1b[31m")
    assert (model.link.since, model.link.detail) == (NOW + 1, "token ^[[31m")


def test_latency_is_kept_until_the_link_is_lost():
    model = loaded()
    reduce.latency(model, 38.2)
    assert model.link.latency_ms == 38.2
    reduce.link_moved(model, "lost", now=NOW)
    assert model.link.latency_ms is None


def test_degraded_parts_come_and_go():
    model = loaded()
    bad = {"part": "disk", "state": "degraded", "detail": "5 % left"}
    reduce.frame(model, batch([change(1, "system_state", bad)]), now=NOW)
    assert model.degraded == {"disk": "5 % left"}
    reduce.frame(model, batch([change(2, "system_state", {**bad, "state": "ok"})]), now=NOW)
    assert model.degraded == {}


def test_sites_follow_the_directory():
    model = loaded()
    made = {"kind": "site", "id": "WST-01", "name": "West", "happened": "created"}
    reduce.frame(model, batch([change(1, "directory_changed", made)]), now=NOW)
    assert model.sites["WST-01"].name == "West"
    gone = [change(2, "directory_changed", {**made, "happened": "removed"})]
    gone.append(change(3, "directory_changed", {"kind": "person", "id": "P1", "happened": "created"}))
    reduce.frame(model, batch(gone), now=NOW)
    assert "WST-01" not in model.sites


def test_stored_events_are_counted_and_not_listed():
    model = loaded()
    reduce.frame(model, batch([change(1, "events_stored", {"count": 30, "first_no": 1, "last_no": 30})]), now=NOW)
    assert (model.events.total, len(model.ring)) == (30, 0)
    assert model.events.per_s(NOW + 1_000) == pytest.approx(3.0)


def test_the_tally_counts_by_level_and_names_the_oldest_unattended():
    bodies = [
        alert("A-1", severity="CRITICAL", opened_at=rfc3339(T0 + 5)),
        alert("A-2", severity="LOW", opened_at=rfc3339(T0 + 1)),
        alert("A-3", severity="INFO", status="acknowledged", opened_at=rfc3339(T0)),
        alert("A-4", status="escalated"),
        alert("A-5", status="escalated", acknowledged_at=rfc3339(T0)),
    ]
    counts = tally(loaded(0, bodies))
    assert (counts.levels, counts.unattended, counts.oldest) == ((1, 2, 0, 2), 3, T0)


def test_ledgers_are_kept_as_asked_up_to_a_bound():
    model = loaded()
    model.keep_ledger("A-1", Ledger(as_of=7))
    reduce.ledger(model, "A-1", 200, {"why": [{"decision": "opened"}]})
    assert model.ledgers["A-1"] == Ledger(({"decision": "opened"},), as_of=7)
    reduce.ledger(model, "A-1", 503, {"detail": "nobody there"})
    assert model.ledgers["A-1"].problem == "nobody there"
    reduce.frame(model, {"type": "caught_up", "seq": 0}, now=NOW)
    assert "A-1" not in model.ledgers
    reduce.ledger(model, "A-2", 500, {})
    assert model.ledgers["A-2"].problem == "HTTP 500"
    for number in range(LEDGERS_MAX + 5):
        model.keep_ledger(f"B-{number}", Ledger())
    assert len(model.ledgers) == LEDGERS_MAX
