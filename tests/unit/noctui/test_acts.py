from __future__ import annotations

from typing import Any

from noctui.state import reduce
from noctui.state.acts import ACTS_MAX, Act, Outbox, body_of, many_words, refusal
from noctui.state.alert import read_alert
from noctui.state.model import Model
from tests.unit.noctui.story import T0, alert, rfc3339, snapshot

NOW = 1_000_000


def act(key: str = "k1", verb: str = "ack", **fields: Any) -> Act:
    return Act(key=key, verb=verb, alert="A-1", title="Door forced", at=NOW, **fields)


def desk() -> Model:
    model = Model()
    reduce.snapshot(model, snapshot(0, [alert()]), now=NOW)
    return model


def test_an_act_marks_its_alert_until_the_answer_comes():
    model = desk()
    model.outbox.ask(act())
    assert model.pending("A-1")
    assert not model.pending("A-2")
    after = alert(status="acknowledged", acknowledged_by="mara", undo_until=rfc3339(T0 + 10_000))
    assert reduce.answered(model, "k1", 200, after, now=NOW) == ""
    assert not model.pending("A-1")
    assert model.alerts["A-1"].status == "acknowledged"
    assert model.me == "mara"


def test_the_last_act_can_be_undone_until_the_daemons_own_time():
    model = desk()
    model.outbox.ask(act(body={"note": "guard sent"}))
    reduce.answered(model, "k1", 200, alert(undo_until=rfc3339(T0 + 4_000)), now=NOW)
    last = model.outbox.undoable(NOW + 3_999)
    assert last is not None
    assert last.sentence == "acked A-1 Door forced  'guard sent'"
    assert model.outbox.undoable(NOW + 4_000) is None


def test_where_the_answer_names_no_time_ten_seconds_are_assumed():
    model = desk()
    model.outbox.ask(act(verb="resolve", body={"verdict": "benign"}))
    reduce.answered(model, "k1", 200, {}, now=NOW)
    assert model.outbox.undoable(NOW + 9_999) is not None
    assert model.outbox.undoable(NOW + 10_000) is None


def test_an_act_that_the_daemon_does_not_undo_is_not_offered_for_undo():
    model = desk()
    model.outbox.ask(act())
    reduce.answered(model, "k1", 200, alert(undo_until=None), now=NOW)
    assert model.outbox.undoable(NOW) is None


def test_a_note_cannot_be_undone_and_an_undo_leaves_nothing_to_undo():
    model = desk()
    model.outbox.ask(act(verb="note", body={"text": "called"}))
    reduce.answered(model, "k1", 200, alert(notes=1), now=NOW)
    assert model.outbox.undoable(NOW) is None
    assert model.outbox.last is not None
    model.outbox.ask(act("k2", verb="undo"))
    reduce.answered(model, "k2", 200, alert(), now=NOW)
    assert model.outbox.last is None


def test_a_resolving_answer_takes_the_alert_out_of_the_queue_at_once():
    model = desk()
    model.outbox.ask(act(verb="resolve"))
    reduce.answered(model, "k1", 200, {"alert": alert(status="resolved")}, now=NOW)
    assert model.alerts == {}
    assert model.find("A-1") is not None
    model.outbox.ask(act("k2", verb="undo"))
    reduce.answered(model, "k2", 200, alert(status="open"), now=NOW)
    assert list(model.alerts) == ["A-1"]


def test_an_answer_older_than_what_the_feed_told_changes_nothing():
    model = desk()
    model.outbox.ask(act())
    stale = alert(status="acknowledged", updated_at=rfc3339(T0 - 1))
    assert reduce.answered(model, "k1", 200, stale, now=NOW) == ""
    assert model.alerts["A-1"].status == "open"


def test_a_refused_act_says_why_and_leaves_the_alert_as_it_was():
    model = desk()
    model.outbox.ask(act())
    problem = reduce.answered(model, "k1", 409, {"detail": "it is resolved\x1b[2J"}, now=NOW)
    assert problem == "ack A-1 refused: it is resolved^[[2J"
    assert not model.pending("A-1")
    assert model.outbox.last is None


def test_an_answer_nobody_waits_for_is_left_alone():
    assert reduce.answered(desk(), "k9", 409, {}, now=NOW) == ""


def test_refusals_name_the_cure():
    assert "--token-file" in refusal(401, {})
    assert refusal(403, {"detail": "viewers look"}) == "viewers look; ask for an operator token"
    assert refusal(403, {}).startswith("this token may not do that")
    assert refusal(500, {"title": "broken"}) == "broken"
    assert refusal(500, {}) == "HTTP 500"


def test_only_what_was_never_sent_can_be_cancelled():
    outbox = Outbox()
    assert outbox.newest_unsent() is None
    outbox.ask(act("k1"))
    outbox.ask(act("k2"))
    outbox.tried("k2")
    outbox.tried("unknown")
    newest = outbox.newest_unsent()
    assert newest is not None
    assert newest.key == "k1"


def test_the_outbox_has_a_bound():
    outbox = Outbox()
    for number in range(ACTS_MAX):
        assert not outbox.full
        outbox.ask(act(str(number)))
    assert outbox.full


def test_bodies_leave_out_what_was_not_typed():
    assert body_of("ack", "  ") == {}
    assert body_of("ack", " sent ") == {"note": "sent"}
    assert body_of("note", " called ") == {"text": "called"}


def many(model: Model, *ids: str, verb: str = "ack") -> None:
    model.outbox.ask(Act(key="k9", verb=verb, alerts=ids, at=NOW))


def test_an_act_on_many_marks_each_and_takes_each_answer_in():
    model = Model()
    reduce.snapshot(model, snapshot(0, [alert("A-1"), alert("A-2"), alert("A-3")]), now=NOW)
    many(model, "A-1", "A-2")
    assert [model.pending(each) for each in ("A-1", "A-2", "A-3")] == [True, True, False]
    acked = {"status": "acknowledged", "acknowledged_by": "mara", "undo_until": rfc3339(T0 + 10_000)}
    items = [
        {"id": "A-1", "status": 200, "body": alert("A-1", **acked)},
        {"id": "A-2", "status": 409, "body": {"code": "not_in_this_status", "detail": "it is resolved already"}},
    ]
    problem = reduce.answered(model, "k9", 200, {"items": items}, now=NOW)
    assert problem == "ack: 1 of 2 refused, the first: it is resolved already"
    assert [model.alerts[each].status for each in ("A-1", "A-2", "A-3")] == ["acknowledged", "open", "open"]
    last = model.outbox.undoable(NOW)
    assert last is not None
    assert (last.alerts, last.sentence) == (("A-1",), "acked 1 alerts")


def test_an_act_on_many_that_is_refused_as_a_whole_says_why_and_leaves_nothing_to_undo():
    model = desk()
    many(model, "A-1")
    assert reduce.answered(model, "k9", 403, {"detail": "no"}, now=NOW).startswith("ack 1 alerts refused: no")
    many(model, "A-1")
    items = [{"id": "A-1", "status": 404, "body": {"detail": "there is no alert A-1"}}]
    assert "1 of 1 refused" in reduce.answered(model, "k9", 200, {"items": items}, now=NOW)
    assert model.outbox.undoable(NOW) is None
    assert reduce.answered(model, "k9", 200, {"items": items}, now=NOW) == ""


def test_the_preview_counts_by_severity_and_says_who_holds_the_others():
    alerts = [
        read_alert(alert("A-1", severity="CRITICAL")),
        read_alert(alert("A-2", severity="LOW")),
        read_alert(alert("A-3", severity="LOW", status="acknowledged", acknowledged_by="tomas")),
    ]
    assert many_words(alerts, marked=True) == "ack 2 marked (P1 1 P4 1); 1 held already (tomas 1)"
    assert many_words(alerts[2:], marked=False) == "nothing to ack; 1 held already (tomas 1)"
