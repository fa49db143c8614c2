"""What the console knows about a site, and when it asks again."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from noctui.state import reduce
from noctui.state.acts import Act
from noctui.state.model import Model
from noctui.state.places import LIST, PANES, Places
from noctui.state.sitepage import AGAIN_MS, METRICS_MAX, SitePage
from noctui.state.telemetry import METRICS
from tests.unit.noctui import site_story as told
from tests.unit.noctui.story import T0, alert, batch, change, hello, snapshot

NOW = 1_000_000
PHONE = told.baseline_id()


def desk(*alerts: dict[str, Any]) -> Model:
    model = Model(tz=UTC)
    reduce.snapshot(model, snapshot(0, alerts), now=NOW)
    reduce.frame(model, hello(), now=NOW)
    reduce.frame(model, {"type": "caught_up", "seq": 0}, now=NOW)
    return model


def page() -> SitePage:
    page_ = SitePage(told.SITE)
    page_.due("phone_events", NOW)
    page_.take("baselines", told.SITE, 200, told.baselines())
    return page_


def test_a_page_asks_for_its_baselines_first_and_then_for_what_hangs_on_them():
    page_ = SitePage(told.SITE)
    assert page_.due("phone_events", NOW) == [("signals", told.SITE), ("baselines", told.SITE)]
    assert page_.due("phone_events", NOW) == []
    page_.take("baselines", told.SITE, 200, told.baselines())
    due = page_.due("tour_checkpoints", NOW)
    assert [need for need in due if need[0] == "hours"] == [("hours", told.baseline_id(each)) for each in METRICS]
    chosen = told.baseline_id("tour_checkpoints")
    assert [need for need in due if need[0] != "hours"] == [("week", chosen), ("changes", chosen)]
    assert page_.due("phone_events", NOW) == [("week", PHONE), ("changes", PHONE)]
    assert page_.due("phone_events", NOW + AGAIN_MS - 1) == []
    assert len(page_.due("phone_events", NOW + AGAIN_MS)) == 9


def test_what_failed_keeps_what_was_known_and_says_why():
    page_ = page()
    page_.take("signals", told.SITE, 200, told.signals(T0))
    page_.take("signals", told.SITE, 503, {"detail": "busy\x1b[2J"})
    assert page_.signals is not None
    assert page_.problem("signals") == page_.problem() == "busy^[[2J"
    assert page_.problem("hours") == ""
    page_.take("hours", PHONE, 500, {})
    assert page_.problem("hours") == "HTTP 500"
    page_.take("signals", told.SITE, 200, told.signals(T0))
    assert page_.problem("signals") == ""


def test_the_five_signals_come_first_then_the_sites_other_metrics_up_to_a_bound():
    page_ = SitePage(told.SITE)
    assert [row.key for row in page_.rows] == list(METRICS)
    others = [told.baseline(f"m{number}", series=f"{told.SITE}/sensor") for number in range(20)]
    stranger = told.baseline("phone_events", site="STH-11")
    page_.take("baselines", told.SITE, 200, {"items": [*others, stranger, told.baseline(), {"no": "id"}, 7]})
    rows = page_.rows
    assert len(rows) == METRICS_MAX
    assert rows[0].baseline is not None
    assert rows[0].baseline.id == PHONE
    assert rows[5].metric == f"m0 {told.SITE}/sensor"
    assert page_.row("nothing such") == rows[0]
    assert page_.row(rows[5].key) == rows[5]


def test_a_simulation_that_fails_returns_why_and_shows_none():
    page_ = page()
    assert page_.take("simulate", PHONE, 200, told.simulation()) == ""
    assert page_.simulation is not None
    assert (page_.simulation.then.alerts, page_.simulation.now.per_week) == (4, 2.1)
    assert page_.take("simulate", PHONE, 409, {"detail": "too few hours"}) == "not simulated: too few hours"
    assert page_.simulation is None


def test_odd_answers_are_read_as_far_as_they_go():
    page_ = page()
    for kind, body in (
        ("signals", {"signals": {"phone_events": {}}}),
        ("hours", {"items": [{"hour": "never"}, {"hour": "2026-11-22T13:00:00Z"}, 3]}),
        ("week", {"buckets": [{"hour_of_week": 5}, None]}),
        ("changes", {"items": [{"id": "TC-1"}]}),
        ("simulate", {"now": 3}),
    ):
        page_.take(kind, PHONE, 200, body)
    assert page_.signals is not None
    assert page_.signals.readings["phone_events"].quality == "unknown"
    assert [(hour.value, hour.z, hour.low, hour.side) for hour in page_.hours[PHONE]] == [(0.0, None, None, 0)]
    assert list(page_.weeks[PHONE].hours) == [5]
    assert page_.changes[PHONE][0].old == 0.0


# ------------------------------------------------------------------------------------------------------- in the model


def test_the_feed_stirs_the_page_of_its_site_and_no_other():
    model = desk()
    model.page = page()
    reduce.frame(model, batch([change(1, "baseline_updated", {}, site="STH-11")]), now=NOW)
    assert ("signals", told.SITE) in model.page.asked
    reduce.frame(model, batch([change(2, "threshold_changed", {}, site=told.SITE)]), now=NOW)
    assert set(model.page.asked) == {("signals", told.SITE)}
    reduce.frame(model, batch([change(3, "baseline_updated", {}, site=told.SITE)]), now=NOW)
    assert model.page.asked == {}
    reduce.frame(desk(), batch([change(1, "baseline_updated", {}, site=told.SITE)]), now=NOW)


def test_what_nobody_asked_for_is_dropped():
    model = desk()
    assert reduce.told(model, "signals", told.SITE, 200, told.signals(T0)) == ""
    model.page = page()
    revision = model.revision
    assert reduce.told(model, "signals", "STH-11", 200, told.signals(T0)) == ""
    assert (model.page.signals, model.revision) == (None, revision)
    assert reduce.told(model, "signals", told.SITE, 200, told.signals(T0)) == ""
    assert model.page.signals is not None
    assert model.revision > revision


def test_the_answer_to_an_act_moves_the_threshold_at_once():
    model = desk()
    model.page = page()
    body = {"threshold": 3.5, "note": "calmer"}
    model.outbox.ask(Act(key="k", verb="threshold", baseline=PHONE, title="phone events 3.0 > 3.5", at=NOW, body=body))
    assert model.outbox.waiting["k"].words == "set phone events 3.0 > 3.5"
    assert reduce.answered(model, "k", 200, told.answer(threshold=3.5), now=NOW) == ""
    row = model.page.row("phone_events")
    assert row.baseline is not None
    assert row.baseline.threshold == 3.5
    assert ("changes", PHONE) in model.page.due("phone_events", NOW)
    assert model.outbox.last is not None
    assert model.outbox.last.sentence == "set phone events 3.0 > 3.5  'calmer'"
    assert model.outbox.undoable(NOW) is None


def test_a_refused_act_on_a_threshold_names_it():
    model = desk()
    model.outbox.ask(Act(key="k", verb="pin", baseline=PHONE, title="phone events", at=NOW, body={"pinned": False}))
    assert reduce.answered(model, "k", 409, {"detail": "no"}, now=NOW) == "let go of phone events refused: no"
    model.outbox.ask(Act(key="k", verb="pin", baseline=PHONE, title="phone events", at=NOW, body={"pinned": True}))
    refused = reduce.answered(model, "k", 403, {"detail": "role operator may not administer here"}, now=NOW)
    assert refused.endswith("refused: role operator may not administer here; ask for an admin token")
    model.outbox.ask(Act(key="k", verb="rollback", baseline=PHONE, title="phone events 2 > 3", at=NOW))
    assert reduce.answered(model, "k", 200, told.answer(), now=NOW) == ""
    assert model.outbox.last is not None
    assert model.outbox.last.sentence == "rolled back phone events 2 > 3"


# ------------------------------------------------------------------------------------------------------ moving about


def test_sites_are_sorted_worst_first_when_the_operator_moves_and_hold_still_otherwise():
    model, places = desk(alert("A-1", site="STH-11", severity="HIGH")), Places()
    places.follow(model)
    assert (places.order, places.cursor) == (["STH-11", "NTH-04"], "STH-11")
    reduce.snapshot(model, snapshot(1, [alert("A-2", severity="CRITICAL")]), now=NOW)
    places.follow(model)
    assert places.order == ["STH-11", "NTH-04"]
    assert places.move(model, 0) == 0
    assert (places.order, places.index) == (["NTH-04", "STH-11"], 1)
    assert places.move(model, -9) == -1


def test_an_empty_list_has_no_cursor_to_move_or_open():
    model, places = Model(), Places()
    places.follow(model)
    assert (places.index, places.move(model, 1), places.open(model)) == (None, 0, False)


def test_opening_a_site_anew_keeps_its_facts_and_another_starts_from_nothing():
    model, places = desk(), Places()
    places.follow(model)
    assert places.open(model)
    first = model.page
    places.metric, places.cell = "tour_checkpoints", 7
    places.leave()
    assert places.pane == LIST
    assert places.open(model)
    assert (model.page, places.metric, places.cell, places.pane) == (first, "tour_checkpoints", 7, PANES[0])
    places.move(model, 1)
    assert places.open(model)
    assert model.page is not first
    assert places == Places(order=places.order, cursor=places.cursor, pane=PANES[0])


def test_the_week_is_a_ring_and_metrics_have_ends_unless_gone_around():
    places, page_ = Places(), page()
    places.step_hour(0, -1)
    assert places.cell == 167
    places.step_day(0, 1)
    assert places.cell == 23
    places.step_metric(page_, -1)
    assert places.metric == METRICS[0]
    places.awaiting = PHONE
    places.step_metric(page_, -1, around=True)
    assert (places.metric, places.awaiting) == (METRICS[-1], "")
    for expected in (*PANES, PANES[0]):
        places.turn()
        assert places.pane == expected
