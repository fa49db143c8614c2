"""What the risk and the people screen say, in lines."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest

from noctui.state.alert import read_alert
from noctui.state.find import read_filter
from noctui.state.folk import Folk
from noctui.state.glance import read_people
from noctui.state.lines import cells_of, plain
from noctui.state.model import Model
from noctui.state.peoplerows import PeopleSheet, score_spark
from noctui.state.personpage import day_lines, habit_lines, link_lines, score_lines
from noctui.state.risk import Risk
from noctui.state.score import Score, read_score
from noctui.state.scorerows import HeatSheet, ScoreSheet, label_of
from noctui.state.times import Look
from noctui.state.whyscore import bar, level_lines, why_lines
from tests.unit.noctui import glance_story as told
from tests.unit.noctui.story import T0

LOOK = Look(now=T0, tz=UTC)


def text_of(lines: list[Any]) -> str:
    return "\n".join(map(plain, lines))


def knowing(**answers: Any) -> Model:
    """Return a model that was told these bodies; those about a person are about P0077."""
    model = Model(loaded=True, tz=UTC)
    for kind, body in answers.items():
        key = (
            ""
            if kind in {"scores", "punches", "people", "heat", "risks"}
            else "A-20416"
            if kind == "similar"
            else "P0077"
        )
        model.facts.due([(kind, key)], 0)
        model.facts.take(kind, key, 200 if "detail" not in body else 404, body)
    return model


# ---------------------------------------------------------------------------------------------------------------- why


def test_why_in_few_rows_begins_with_what_matters_most():
    score = read_score(told.score("FS-1", 0.93, T0, deviations=[]))
    model = knowing(similar=told.similar(T0), punches=told.punches(T0))
    short = [plain(each) for each in why_lines(model, score, LOOK, 76, 5)]
    assert short[0].startswith("gps spoofing: the punch is 28 km")
    assert short[1].startswith("buddy punching")
    assert short[2].startswith("rules [#########-] 0.93  model: none spoke")
    assert short[3] == "verdict  none yet; l says what it was"
    assert short[4] == "like it  3 resolved at this site: fraud 2, no verdict 1"
    assert all(cells_of(each) <= 76 for each in why_lines(model, score, LOOK, 76, 5))


def test_why_says_what_is_usual_and_what_lies_outside_it():
    score = read_score(told.score("FS-1", 0.93, T0))
    lines = why_lines(knowing(punches=told.punches(T0)), score, LOOK, 100, 40)
    (drift,) = [each for each in lines if "gps drift" in plain(each)]
    assert plain(drift).endswith("gps drift 812.5 m  (usual 0 to 9 of 20)")
    assert drift[-1][1] == "p2"
    assert "late arrival rate missing  (usual 0.1 to 0.1 of 20)" in text_of(lines)
    alone = text_of(why_lines(Model(), score, LOOK, 100, 40))
    assert "face confidence 0.31  (usual not known)" in alone
    assert "unjudged face match: no camera" in alone


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"verdict": "false_positive", "judged_by": "mara", "note": "twins"},
            "verdict  false positive by mara  'twins'",
        ),
        ({"label": 1}, "verdict  true by its alert's; l says what it was"),
        ({"alert": None}, "like it  no alert, so nothing to compare with"),
        ({"features": None}, "features none kept"),
        ({"model_score": 0.5, "method": "both"}, "model [#####-----] 0.50"),
        ({"checks": []}, "no check spoke"),
    ],
)
def test_why_says_what_became_of_it_and_what_there_is_not(fields: dict[str, Any], words: str):
    score = read_score(told.score("FS-1", 0.93, T0, **fields))
    assert words in text_of(why_lines(Model(), score, LOOK, 100, 40))


def test_why_says_how_a_punch_is_unlike_others_of_its_person():
    score = read_score(
        {**told.score("FS-1", 0.9, T0), "deviations": [{"name": "hour", "words": "never so late", "strength": 3}]}
    )
    assert "unlike   never so late" in text_of(why_lines(Model(), score, LOOK, 100, 40))
    assert text_of(why_lines(Model(), None, LOOK, 100, 40)) == "no score under the cursor"


def test_cases_like_it_are_told_or_why_there_are_none():
    score = read_score(told.score("FS-1", 0.93, T0))
    assert "like it  ..." in text_of(why_lines(Model(), score, LOOK, 100, 5))
    refused = knowing(similar={"detail": "no"})
    assert "like it  not fetched: no (R)" in text_of(why_lines(refused, score, LOOK, 100, 5))
    none = knowing(similar={"context": {"similar": []}})
    assert "no case like it was resolved at this site" in text_of(why_lines(none, score, LOOK, 100, 5))
    tall = text_of(why_lines(knowing(similar=told.similar(T0)), score, LOOK, 100, 40))
    assert "today 13:00 A-1 fraud by -: Buddy punching" in tall


def test_a_bar_is_as_full_as_its_share():
    assert [bar(share, 4) for share in (-1.0, 0.0, 0.5, 1.0, 9.0)] == ["[----]", "[----]", "[##--]", "[####]", "[####]"]


def test_the_level_in_force_stands_among_the_others():
    lines = [plain(each) for each in level_lines([Score(id="1", score=0.75, label=1)], 0.55)]
    assert lines[2] == ">   0.55      1      1      1      0      0"
    assert lines[-2] == "    0.90      0      0      0      0      1"


# --------------------------------------------------------------------------------------------------------------- lists


def test_a_list_that_is_empty_says_why():
    risk, folk, model = Risk(), Folk(), Model()
    heat = HeatSheet(model, risk, LOOK)
    assert plain(ScoreSheet(model, risk, LOOK).line(0, 80)) == " Loading scores ..."
    assert plain(PeopleSheet(model, folk, LOOK).line(0, 80)) == " Loading people ..."
    assert plain(heat.line(0, 80)) == "Loading counts ..."
    assert heat.head(80) is None
    refused = knowing(scores={"detail": "no"}, people={"detail": "no"}, heat={"detail": "no"})
    assert "not fetched: no" in plain(ScoreSheet(refused, risk, LOOK).line(0, 80))
    assert "not fetched: no" in plain(PeopleSheet(refused, folk, LOOK).line(0, 80))
    assert "not fetched: no" in plain(HeatSheet(refused, risk, LOOK).line(0, 80))
    none = knowing(scores={"items": []}, people={"items": []})
    assert "No punch of the last 24 h scored 0.30" in plain(ScoreSheet(none, risk, LOOK).line(0, 80))
    assert "No people yet" in plain(PeopleSheet(none, folk, LOOK).line(0, 80))
    risk.scores.filter = folk.people.filter = read_filter("x")
    assert "No scores match  x     0: clear" in plain(ScoreSheet(none, risk, LOOK).line(0, 80))
    assert "Nobody matches  x     0: clear" in plain(PeopleSheet(none, folk, LOOK).line(0, 80))


def test_what_was_told_no_longer_says_so_and_what_stands_still_is_dim():
    risk, folk = Risk(), Folk()
    model = knowing(scores=told.scores(T0), people=told.people(T0))
    risk.follow(model)
    folk.follow(model)
    assert {role for _, role in ScoreSheet(model, risk, LOOK, frozen=True).line(0, 120)} == {"muted"}
    assert {role for _, role in PeopleSheet(model, folk, LOOK, frozen=True).line(0, 120)} == {"muted"}
    assert plain(ScoreSheet(model, risk, LOOK, pending=frozenset({"FS-1"})).line(1, 120)).startswith("~0.81")
    risk.scores.order = folk.people.order = ["gone"]
    assert "no longer among the scores" in plain(ScoreSheet(model, risk, LOOK).line(0, 80))
    assert "gone is not among the people told" in plain(PeopleSheet(model, folk, LOOK).line(0, 80))


def test_labels_and_sparks_tell_open_from_judged_and_nothing_from_zero():
    assert label_of(Score(id="1")) == "-"
    assert [label_of(Score(id="1", label=label)) for label in (0, 1)] == ["false", "true"]
    assert label_of(Score(id="1", verdict="new_word")) == "new_word"
    assert score_spark([None, 0.0, 0.5, 1.0]) == " ▁▅█"


# -------------------------------------------------------------------------------------------------------------- person


@pytest.mark.parametrize("width", [48, 76, 100])
def test_a_day_is_drawn_by_site_and_hour_then_told_in_order(width: int):
    lines = day_lines(knowing(day_of=told.day_of(T0)), "P0077", LOOK, width)
    assert max(map(cells_of, lines)) <= width
    drawn = [plain(each) for each in lines]
    assert drawn[1].startswith("NTH-04")
    assert (drawn[1].count("P"), drawn[1].count("!"), drawn[2].count("P")) == (1, 1, 1)
    assert drawn[3].startswith("06:00  shift")
    assert drawn[-2].startswith("13:59  alert")


def test_a_day_without_an_answer_is_made_of_the_punches_that_were_scored():
    early = told.score("FS-7", 0.1, T0 - 13 * 3_600_000, checks=[])
    today = told.score("FS-8", 0.93, T0)
    unknown = {"detail": "there is no such route"}
    model = knowing(day_of=unknown, punches_of={"items": [early, today]})
    drawn = text_of(day_lines(model, "P0077", LOOK, 76))
    assert drawn.count("punch  NTH-04") == 2
    assert "as usual" in drawn
    assert text_of(day_lines(knowing(day_of=unknown), "P0077", LOOK, 76)) == "not known: there is no such route"
    assert "nothing happened" in text_of(day_lines(knowing(day_of={"items": []}), "P0077", LOOK, 76))


def test_habits_are_told_in_words_by_hour_and_by_day():
    drawn = text_of(habit_lines(knowing(profile=told.profile()), "P0077", 76))
    assert "usual at 06:00 to 07:59" in drawn
    assert "Sat ▁  Sun ▂" in drawn
    assert text_of(habit_lines(Model(), "P0077", 76)) == "Loading ..."
    young = told.profile(punches=0, words=["too few punches"], not_judged="too few punches")
    assert text_of(habit_lines(knowing(profile=young), "P0077", 76)) == "too few punches"
    assert text_of(habit_lines(knowing(profile={}), "P0077", 76)) == "nothing is usual yet"


def test_scores_of_a_person_are_told_in_all_by_day_and_the_highest():
    known = {"days": told.days(), "person_risk": told.person_risk(), "punches_of": told.scores(T0)}
    drawn = text_of(score_lines(knowing(**known), "P0077", LOOK, 76))
    assert "mean 0.08  max 0.93  2 high of 41 in 30 days  trend +0.05" in drawn
    assert "11-22  [#########-] max 0.93  mean 0.40  of 5  2 high" in drawn
    assert drawn.count("FS-") == 3
    assert "Loading ..." in text_of(score_lines(Model(), "P0077", LOOK, 76))
    none = {"days": {"items": []}, "person_risk": told.person_risk(mean=None, max=None, trend=None)}
    drawn = text_of(score_lines(knowing(**none), "P0077", LOOK, 76))
    assert "no punch in 30 days" in drawn
    assert "nothing scored in 30 days" in drawn


def test_links_name_places_alerts_tickets_and_what_was_said():
    model = knowing(tickets_of={"items": [told.ticket(9, T0, 45)]}, punches_of=told.scores(T0))
    model.alerts["A-1"] = read_alert(
        {"id": "A-1", "person": "P0077", "severity": "HIGH", "title": "Two doors", "incident": "I-3"}
    )
    row = read_people(told.people(T0)).rows[0]
    drawn = text_of(link_lines(model, row, "P0077", LOOK, 100))
    for words in (
        "sites    NTH-04, now at NTH-04",
        "alerts   A-1 P2 Two doors  I-3",
        "tickets  in 45m",
        "said     the punch is 28 km",
    ):
        assert words in drawn
    drawn = text_of(link_lines(Model(), None, "P0001", LOOK, 100))
    assert drawn.splitlines() == ["alerts   none", "tickets  Loading ...", "said     none"]
