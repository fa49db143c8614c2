"""What is read for the overview, people and risk, and the decisions about it, without a screen."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noctui.state import heat as heats
from noctui.state.alert import read_alert
from noctui.state.deeds import judging, undo_of
from noctui.state.facts import AGAIN_MS, FACTS_MAX, READERS, SELDOM_MS, STIRRED, STIRRED_MS, Facts
from noctui.state.find import read_filter
from noctui.state.folk import Folk
from noctui.state.glance import read_heat, read_mtta, read_overview, read_people, read_tickets, read_trend
from noctui.state.lines import plain
from noctui.state.model import Model
from noctui.state.overview import (
    NeedSheet,
    PlaceSheet,
    duty_lines,
    operator_lines,
    pulse_lines,
    pulse_steps,
    trouble,
    work_lines,
)
from noctui.state.person import read_day, read_days, read_profile, read_risk
from noctui.state.picks import Picks
from noctui.state.risk import Risk, read_level
from noctui.state.score import Score, ranked, read_risks, read_score, read_scores, read_similar, usual, what_if
from noctui.state.site import Site
from noctui.state.times import HOUR_MS, MINUTE_MS, Look
from noctui.state.watch import Watch
from tests.unit.noctui import glance_story as told
from tests.unit.noctui.story import T0, rfc3339

LOOK = Look(now=T0, tz=UTC, me="mara")


def knowing(*needs: tuple[str, str]) -> Model:
    """Return a model that was told what the story has to these needs."""
    model = Model(loaded=True, tz=UTC)
    model.facts.due(needs, 0)
    for need in needs:
        assert model.facts.take(*need, 200, told.all_told(T0)[need])
    return model


# -------------------------------------------------------------------------------------------------------------- facts


def test_a_need_is_asked_for_once_then_after_a_minute_and_soon_once_it_moved():
    facts, need = Facts(), ("overview", "")
    assert facts.due([need], 0) == [need]
    assert facts.due([need], AGAIN_MS - 1) == []
    facts.stir("overview")
    assert facts.due([need], STIRRED_MS - 1) == []
    assert facts.due([need], STIRRED_MS) == [need]
    assert facts.due([need], STIRRED_MS + AGAIN_MS - 1) == []
    assert facts.due([need], STIRRED_MS + AGAIN_MS) == [need]
    facts.again()
    assert facts.due([need], 0) == [need]


def test_what_is_large_is_asked_for_seldom():
    facts = Facts()
    assert facts.due([("punches", "")], 0) == [("punches", "")]
    assert facts.due([("punches", "")], SELDOM_MS - 1) == []
    assert facts.due([("punches", "")], SELDOM_MS) == [("punches", "")]


def test_what_was_not_asked_is_not_taken_and_a_problem_keeps_what_came_before():
    facts = Facts()
    assert not facts.take("overview", "", 200, told.overview(T0))
    facts.due([("overview", "")], 0)
    assert facts.take("overview", "", 200, told.overview(T0))
    assert facts.take("overview", "", 503, {"detail": "busy"})
    assert facts.problem("overview") == "busy"
    assert facts.get("overview").sites == 4
    assert facts.take("overview", "", 500, {})
    assert facts.problem("overview") == "HTTP 500"
    assert facts.take("overview", "", 200, told.overview(T0))
    assert facts.problem("overview") == ""


def test_the_oldest_needs_past_the_bound_are_forgotten():
    facts = Facts()
    for number in range(FACTS_MAX + 3):
        facts.due([("days", f"P{number}")], number)
        facts.take("days", f"P{number}", 200, told.days())
    assert len(facts.asked) == len(facts.known) == FACTS_MAX
    assert facts.get("days", "P0") is None
    assert facts.get("days", "P3") is not None


def test_what_the_feed_stirs_is_what_can_be_read():
    assert {kind for kinds in STIRRED.values() for kind in kinds} <= set(READERS)


@given(
    st.sampled_from(sorted(READERS)),
    st.dictionaries(st.text(max_size=12), st.none() | st.integers() | st.text(max_size=9), max_size=5),
)
def test_no_answer_however_odd_breaks_a_reader(kind: str, body: dict[str, Any]):
    READERS[kind](body)


# -------------------------------------------------------------------------------------------------------------- picks


rows = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8)


@given(rows, st.lists(st.tuples(rows, st.integers(-9, 9)), max_size=6))
def test_the_cursor_stays_on_its_row_while_there_is_one_and_is_always_on_a_row(
    first: list[str], steps: list[tuple[list[str], int]]
):
    picks = Picks()
    picks.follow(first)
    for ranked_now, by in steps:
        before, index = picks.cursor, picks.index
        picks.follow(ranked_now)
        assert set(picks.order) == set(ranked_now)
        assert (picks.index is None) == (not ranked_now)
        if before in ranked_now:
            assert picks.cursor == before
        kept = [row for row in picks.order if row in ranked_now]
        assert kept == picks.order
        assert index is None or picks.index is None or picks.index < len(picks.order)
        picks.move(ranked_now, by)
        assert picks.order == list(ranked_now) or not ranked_now


def test_rows_that_come_are_last_until_the_operator_moves():
    picks = Picks()
    picks.settle(["b", "c"])
    picks.follow(["a", "b", "c"])
    assert picks.order == ["b", "c", "a"]
    assert picks.move(["a", "b", "c"], 1) == 1
    assert (picks.order, picks.cursor) == (["a", "b", "c"], "c")
    picks.follow(["a", "b"])
    assert (picks.order, picks.cursor) == (["a", "b"], "b")
    assert Picks().move([], 1) == 0


# ------------------------------------------------------------------------------------------------------------ reading


def test_an_overview_is_read_with_its_troubled_sites():
    overview = read_overview(told.overview(T0))
    assert (overview.time, overview.sites, overview.figures["people_missing"]) == (T0, 4, 1)
    assert (overview.troubled[0].site, overview.troubled[0].state) == ("NTH-04", "CRITICAL")


def test_counts_are_read_summed_and_ranked():
    heat = read_heat(told.heat(T0))
    assert heat.sum("alerts")[-1] == 9
    assert heat.busiest("findings") == ["NTH-04", "WST-01"]
    assert heat.busiest("alerts") == ["NTH-04"]
    assert read_heat({}).sum("alerts") == ()
    assert read_heat({"steps": 2, "items": [{"site": "S1", "alerts": [1]}]}).sites["S1"]["alerts"] == (0, 0)
    assert read_heat(told.heat(T0, blind=True)).blind


def test_waits_are_those_that_are_known():
    (worst,) = read_mtta(told.mtta())
    assert (worst.severity, worst.median_s, worst.p90_s) == ("CRITICAL", 112.0, 370.0)
    assert sum(read_trend(told.trend(T0)).values()) == 6_600


def test_work_is_in_the_order_it_is_due_and_the_rest_last():
    assert [work.id for work in read_tickets(told.tickets(T0))] == ["T-3", "T-2", "T-1"]


def test_people_and_what_is_known_of_one_are_read():
    people = read_people(told.people(T0))
    assert (people.total, people.on_duty, len(people.rows)) == (4_012, 118, 3)
    assert people.rows[0].days[-1] == 0.93
    assert "on duty" in people.rows[0].words
    assert [day.high for day in read_days(told.days())] == [2, 0]
    assert [each.kind for each in read_day(told.day_of(T0))] == ["shift", "punch", "tour", "punch", "alert"]
    assert read_profile(told.profile(not_judged="too few")).known is False
    assert read_profile({}).hours == ()
    assert read_risk(told.person_risk()).trend == 0.05


def test_a_score_is_read_with_its_strongest_check_first():
    score = read_score(told.score("FS-1", 0.93, T0))
    assert (score.kind, score.checks[0].counts, score.not_judged) == (
        "gps spoofing",
        False,
        {"face match": "no camera"},
    )
    assert read_score({"id": "FS-2", "deviations": [{"words": "never so late"}]}).unlike == ("never so late",)
    assert read_score({"id": "FS-2", "checks": "none", "features": None}).kind == "nothing found"
    assert read_risks(told.risks())[0].most == 0.93
    assert [each.verdict for each in read_similar(told.similar(T0))] == ["fraud", "fraud", "no verdict"]
    assert read_similar({}) == ()


# ------------------------------------------------------------------------------------------------------------ deciding


@given(st.lists(st.tuples(st.floats(0, 1), st.sampled_from([None, 0, 1])), max_size=30), st.floats(0, 1))
def test_a_level_counts_every_judged_score_once(scores: list[tuple[float, int | None]], level: float):
    held = [Score(id=str(no), score=value, label=label) for no, (value, label) in enumerate(scores)]
    outcome = what_if(held, level)
    assert outcome.count == sum(value >= level for value, _ in scores)
    assert outcome.true + outcome.missed == sum(label == 1 for _, label in scores)
    assert outcome.true + outcome.false <= outcome.count
    assert [each.score for each in ranked(held)] == sorted((value for value, _ in scores), reverse=True)


def test_usual_is_the_middle_of_at_least_ten_values():
    held = list(read_scores(told.punches(T0)).values())
    assert usual(held, "gps_drift_m") == (0.0, 9.0, 20)
    assert usual(held[:9], "gps_drift_m") is None
    assert usual(held, "no_such_feature") is None


@pytest.mark.parametrize(
    ("text", "level"), [("0.8", 0.8), ("0,75", 0.75), ("+", 0.55), ("---", 0.35), ("1", 1.0), (" .3 ", 0.3)]
)
def test_a_level_is_a_number_or_steps(text: str, level: float):
    assert read_level(text, 0.5) == level


@pytest.mark.parametrize("text", ["much", "", "0.2", "1.01", "nan", "+-", "inf"])
def test_what_is_no_level_says_so(text: str):
    assert isinstance(read_level(text, 0.5), str)


def test_a_verdict_is_taken_back_to_the_one_before():
    fresh = judging(Score(id="FS-1", person="P1"), "fraud", " seen ")
    assert (fresh.to, fresh.body) == (("fraud", "scores", "FS-1", "verdict"), {"verdict": "fraud", "note": "seen"})
    back = undo_of(fresh, {})
    assert back is not None
    assert back.body == {"verdict": "unknown"}
    assert undo_of(back, {}) is None
    again = undo_of(judging(Score(id="FS-1", verdict="benign"), "fraud"), {})
    assert again is not None
    assert again.body == {"verdict": "benign"}


def test_the_heat_map_is_walked_within_its_hours_and_counts_the_next_thing():
    risk, model = Risk(), Model()
    risk.step_hour(model, 1)
    assert risk.cell == 0
    model = knowing(("heat", ""), ("scores", ""))
    model.sites = {site: Site(id=site) for site in told.SITES}
    risk = Risk()
    risk.follow(model)
    assert risk.sites.order == ["NTH-04", "WST-01", "EST-09", "STH-11"]
    risk.step_hour(model, 5)
    assert risk.cell == 23
    risk.step_hour(model, -99)
    assert risk.cell == 0
    risk.count_next(model)
    risk.count_next(model)
    assert (risk.measure, risk.sites.order[0]) == ("fraud", "NTH-04")
    assert [kind for kind, _ in risk.needs(model)] == ["scores", "heat", "risks", "punches", "similar"]
    risk.scores.filter = read_filter("prado")
    risk.scores.settle(risk.ranking(model))
    assert [kind for kind, _ in risk.needs(model)] == ["scores", "heat", "risks", "punches"]


def test_somebody_who_is_not_known_is_not_gone_to():
    folk, model = Folk(), knowing(("people", ""))
    assert not folk.go(model, "P9999")
    folk.people.filter = read_filter("prado")
    folk.follow(model)
    assert folk.go(model, "P0077")
    assert (folk.people.cursor, bool(folk.people.filter)) == ("P0077", False)
    assert Folk().go(Model(), "P0077")
    assert [kind for kind, _ in Folk().needs(("day",))] == ["people"]


# -------------------------------------------------------------------------------------------------------------- words


@given(st.lists(st.integers(0, 1_000), max_size=80))
def test_a_spark_has_a_block_a_count_and_only_the_largest_is_full(counts: list[int]):
    drawn = heats.spark(counts)
    assert len(drawn) == len(counts)
    assert all((block == "▁") == (count == 0) or max(counts) == 0 for block, count in zip(drawn, counts, strict=True))
    assert not any(counts) or "█" in drawn


def test_a_shade_says_how_many():
    assert "".join(heats.shade(count)[0] for count in (0, 1, 2, 3, 5, 6, 9, 10, 99)) == ".::++##@@"


@pytest.mark.parametrize("width", [30, 60, 80, 100, 200])
def test_heads_and_cells_of_the_heat_map_are_as_wide_as_each_other(width: int):
    heat = read_heat(told.heat(T0))
    each = heats.cells_each(width, heat.steps, 9)
    row = plain((*heats.hours_row([1] * 24, each, 3), ("|", "text")))
    head = plain((*heats.hours_head(heat, LOOK, each)[1:], ("|", "text")))
    assert len(row) == 24 * each + 1
    assert len(head) <= len(row) + 1


def test_a_cell_is_read_in_words():
    heat = read_heat(told.heat(T0))
    assert heats.cell_words(heat, "alerts", "NTH-04", 23, LOOK) == (
        "NTH-04 14:00–15:00: 8 alerts opened, 8 found, 2 punches scored .70 or more"
    )
    assert heats.cell_words(heat, "alerts", "S9", 0, LOOK) == "S9 15:00–16:00: nothing"
    blind = read_heat(told.heat(T0, blind=True))
    assert "scored" not in heats.cell_words(blind, "findings", "NTH-04", 23, LOOK)


def text_of(lines: list[Any]) -> str:
    return "\n".join(map(plain, lines))


def test_the_last_hours_say_what_is_not_there_yet_and_why():
    model = Model()
    assert "Loading counts ..." in text_of(pulse_lines(model, 0, 28))
    model.facts.due([("pulse", ""), ("mtta", "")], 0)
    model.facts.take("pulse", "", 403, {"detail": "no"})
    assert "not fetched: no (R)" in text_of(pulse_lines(model, 0, 28))
    model.facts.take("pulse", "", 200, told.heat(T0, step_minutes=5, steps=72, blind=True))
    model.facts.take("mtta", "", 200, {"by_severity": []})
    model.degraded["store"] = "full"
    model.gaps = 2
    drawn = text_of(pulse_lines(model, 0, 28))
    for words in ("fraud>.7 not for this token", "no count yet", "none today", "gaps 2", "degraded: store"):
        assert words in drawn
    assert [pulse_steps(width) for width in (20, 28, 62, 120)] == [12, 12, 36, 72]


def test_what_is_due_says_so_and_what_nobody_has_too():
    model = Model()
    assert "Loading tickets ..." in text_of(work_lines(model, LOOK, 60, 5))
    assert "Loading people ..." in text_of(duty_lines(model, LOOK, 28, 5))
    model = knowing(("due", ""), ("overview", ""))
    drawn = text_of(work_lines(model, LOOK, 60, 5))
    assert drawn.splitlines() == [
        "late 1h30  NTH-04-3 P1 mara     Work 3",
        "in 30m     NTH-04-2 P1 mara     Work 2",
        "-          NTH-04-1 P1 mara     Work 1",
    ]
    assert len(duty_lines(model, LOOK, 28, 5)) == 5
    assert len(duty_lines(model, LOOK, 28, 3)) == 4
    model.facts.take("due", "", 200, {"items": []})
    assert text_of(work_lines(model, LOOK, 60, 5)) == "nothing is due"


def test_who_watches_is_named_oneself_first_and_only_while_it_counts():
    model = knowing(("due", ""), ("overview", ""))
    model.me = "mara"
    until = {"until": rfc3339(T0 + 60_000)}
    told_of = [
        {"name": "tomas", "looking": None, "claims": [], **until},
        {"name": "ines", "looking": "T-1182", "claims": ["A-20418", "A-20377"], **until},
        {"name": "mara", "looking": "A-20418", "claims": [], **until},
        {"name": "gone", "looking": "A-1", "claims": [], "until": rfc3339(T0 - 1)},
    ]
    model.present.take({"people": told_of})
    assert text_of(operator_lines(model, LOOK)).splitlines() == [
        "you      A-20418",
        "tomas    looks around",
        "ines     at work on A-20377 A-20418",
    ]
    assert "ines     at work" in text_of(duty_lines(model, LOOK, 40, 9))


def test_the_worst_of_a_site_is_named_in_few_words():
    site = read_overview(told.overview(T0)).troubled
    assert [trouble(each) for each in site] == ["5 alerts", "1 alert", "1 dark device"]
    quiet = read_overview({"troubled": [told.condition("NTH-04", "ATTENTION")]}).troubled[0]
    assert trouble(quiet) == "attention"


def test_an_empty_overview_differs_from_a_narrowed_and_from_one_that_is_loading():
    model, watch = Model(), Watch()
    assert plain(NeedSheet(model, watch, LOOK).line(0, 40)) == "Loading alerts ..."
    model.loaded = True
    assert plain(NeedSheet(model, watch, LOOK).line(0, 40)) == "Nothing needs you."
    watch.needs.filter = read_filter("dock")
    assert plain(NeedSheet(model, watch, LOOK).line(0, 40)) == "Nothing matches  dock     0: clear"
    assert plain(PlaceSheet(model, watch, LOOK).line(0, 40)) == "Loading sites ..."
    watch.needs.order = ["gone"]
    assert plain(NeedSheet(model, watch, LOOK).line(0, 40)) == "  gone is no longer in the queue"


def test_a_site_that_became_normal_says_so_and_hidden_alerts_need_nobody():
    model, watch = knowing(("overview", "")), Watch()
    watch.follow(model)
    watch.places.order = ["NTH-04", "S9"]
    assert plain(PlaceSheet(model, watch, LOOK, frozen=True).line(1, 40)) == " S9 is normal again"
    assert plain(PlaceSheet(model, watch, LOOK).line(0, 100)).startswith(" NTH-04")
    hidden = {"id": "A-1", "status": "suppressed", "severity": "HIGH"}
    model.alerts = {"A-1": read_alert(hidden), "A-2": read_alert({**hidden, "id": "A-2", "status": "open"})}
    assert watch.needing(model) == ["A-2"]


def test_steps_of_time_are_as_long_as_told():
    heat = read_heat(told.heat(T0, step_minutes=5, steps=72))
    assert heat.step_ms == 5 * MINUTE_MS
    assert heat.start == T0 // (5 * MINUTE_MS) * 5 * MINUTE_MS - 71 * 5 * MINUTE_MS
    assert read_heat(told.heat(T0)).step_ms == HOUR_MS
