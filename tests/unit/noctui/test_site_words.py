"""What the lines of a site's page say."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noctui.state import week
from noctui.state.bands import chart, figure, grid, outside, spark
from noctui.state.find import read_filter
from noctui.state.lines import Line, cells_of, plain
from noctui.state.metricrows import MetricSheet, quality_words
from noctui.state.model import Model
from noctui.state.places import Places
from noctui.state.site import Site, Standing, standings
from noctui.state.sitepage import SitePage
from noctui.state.siterows import SiteSheet, nothing, row
from noctui.state.telemetry import Hour, Reading, Usual, Week, read_change, read_hours, read_simulation, read_week
from noctui.state.threshold import (
    change_words,
    level,
    metric_words,
    read_threshold,
    revocable,
    short_simulated,
    simulated_words,
    threshold_lines,
)
from noctui.state.times import DAY_MS, HOUR_MS, Look, day_time
from tests.unit.noctui import site_story as told
from tests.unit.noctui.story import T0

LOOK = Look(now=T0 + 41_000, tz=UTC)
START = T0 // HOUR_MS * HOUR_MS


def hour(ago: int, value: float, **fields: Any) -> Hour:
    return Hour(start=START - (ago + 1) * HOUR_MS, hour_of_week=ago % 168, value=value, threshold=3.0, **fields)


def said(lines: list[Line]) -> str:
    return "\n".join(plain(each) for each in lines)


# -------------------------------------------------------------------------------------------------- against the band


def test_a_spark_shows_values_and_marks_what_lies_outside_the_band():
    hours = [
        hour(5, 0, z=0.0),
        hour(4, 4, z=0.0),
        hour(3, 8, z=0.0),
        hour(2, 99, z=5.0, anomalous=True),
        hour(1, 0, z=-5.0, anomalous=True),
        hour(0, 8),
    ]
    drawn = spark(hours, 8, START)
    assert plain(drawn) == "  ▁▅█!v█"
    assert drawn[-1] == ("█", "muted")
    assert ("!v", "p1") in drawn
    assert outside(hours, 8, START) == 2
    assert outside(hours, 2, START) == 1


def test_hours_that_were_not_told_leave_a_blank_and_so_does_what_has_not_come_yet():
    hours = [hour(4, 2, z=0.0), hour(2, 2, z=0.0)]
    assert [each is not None for each in grid(hours, 5, START)] == [True, False, True, False, False]
    assert spark(hours, 5, START) == (("█", "text"), (" ", "muted"), ("█", "text"), ("  ", "muted"))
    assert plain(spark([], 5, START)) == ""
    assert grid(hours, 3, START + 90 * DAY_MS) == [None, None, None]


@given(st.lists(st.tuples(st.integers(0, 80), st.floats(-1e6, 1e6)), max_size=60), st.integers(1, 60))
def test_a_spark_is_as_wide_as_asked(told_hours: list[tuple[int, float]], count: int):
    hours = sorted((hour(ago, value, z=0.0) for ago, value in told_hours), key=lambda each: each.start)
    assert cells_of(spark(hours, count, START)) == count


def test_the_band_of_an_hour_is_what_its_threshold_allowed():
    read = read_hours(told.hours(T0, count=5))
    assert [each.side for each in read] == [0, 1, 0, 0, 0]
    newest = read[-1]
    assert newest.start == START - HOUR_MS
    assert newest.low is not None
    assert newest.high is not None
    assert newest.low < newest.value < newest.high


def test_a_chart_draws_values_in_their_band_with_the_hours_of_the_day_below():
    hours = [
        hour(3, 10, z=0.0, low=5, high=20),
        hour(2, 40, z=9.0, low=5, high=20, anomalous=True),
        hour(1, 0, z=-9.0, low=5, high=20, anomalous=True),
        hour(0, 10, z=0.0, low=5, high=20),
    ]
    assert said(chart(hours, 15, 6, START)).split("\n") == [
        "    40   !",
        "",
        "       ::::::::",
        "       o ::::o",
        "     0 ::::v ::",
        "             00",
    ]
    assert said(chart([], 40, 8, START)) == "no closed hour yet"
    wide = [hour(1, 10, z=0.0, low=0, high=900), hour(0, 8, z=0.0, low=0, high=20)]
    assert plain(chart(wide, 15, 6, START)[0]) == "    15 ::::"
    assert all(cells_of(each) <= 11 for each in chart(hours, 11, 5, START))


@pytest.mark.parametrize(
    ("value", "words", "brief"),
    [(0, "0", "0"), (4.52, "4.5", "4.5"), (45.2, "45", "45"), (1_234, "1234", "1.2k"), (-16_799, "-16k", "-16k")],
)
def test_figures_are_short(value: float, words: str, brief: str):
    assert (figure(value), figure(value, brief=True)) == (words, brief)


# ------------------------------------------------------------------------------------------------------ the metrics


def test_no_zero_looks_like_another():
    zeros = {quality: Reading(value=0, quality=quality) for quality in ("observed", "silent", "unknown")}
    words = {quality: [text for text, _ in quality_words(reading)] for quality, reading in zeros.items()}
    assert words == {"observed": ["0", "observed"], "silent": ["0", "silent"], "unknown": ["-", "unknown"]}
    assert [text for text, _ in quality_words(None)] == ["-", "not told"]


@pytest.mark.parametrize("cells", [40, 59, 60, 79, 80, 104, 118, 140])
def test_metric_rows_fit_their_list(cells: int):
    page = SitePage(told.SITE)
    page.take("signals", told.SITE, 200, told.signals(T0))
    page.take("baselines", told.SITE, 200, told.baselines())
    page.take("hours", told.baseline_id(), 200, told.hours(T0))
    page.take("hours", told.baseline_id("tasks_completed"), 200, {"items": []})
    page.take("hours", told.baseline_id("tour_checkpoints"), 500, {})
    sheet = MetricSheet(page, page.rows, "phone_events", LOOK, frozenset({told.baseline_id()}))
    heads = sheet.head(cells)
    assert heads is not None
    assert cells_of(heads) <= cells
    assert all(cells_of(sheet.line(index, cells)) <= cells for index in range(sheet.count))
    assert plain(sheet.line(0, cells)).startswith(">~phone")
    assert (sheet.cursor, sheet.top, sheet.foot(cells)) == (0, None, None)
    assert {role for _, role in MetricSheet(page, page.rows, "", LOOK, frozen=True).line(0, cells)} == {"muted"}
    if cells >= 80:
        assert "no closed hour yet" in plain(sheet.line(3, cells))
        assert "not fetched" in plain(sheet.line(4, cells))


def test_metrics_have_names_with_units():
    assert metric_words("movement_distance_m") == "movement distance (m)"
    assert metric_words("phone_events") == "phone events"


# --------------------------------------------------------------------------------------------------------- the week


def test_the_heat_map_shades_what_is_usual_and_marks_what_learns_runs_and_is_read():
    read = read_week(told.detail())
    rows = [plain(each) for each in week.heat(read, 50, 80)]
    assert len(rows) == 8
    assert rows[1] == "Mon  .  .  .  .  .  .  :  +  #  @  @  @  #  #  @  @  @  @  #  +  :  :  :  ."
    assert rows[3].startswith("Wed  -  - >-< -  -  -  :")
    assert "[+]" in rows[7]
    narrow = [plain(each) for each in week.heat(read, 50, 55)]
    assert narrow[3].startswith("Wed  - ->- - - - :")
    assert ":[+" in narrow[7]
    tiny = week.heat(read, 50, 30)
    assert plain(tiny[3]).startswith("Wed ------:+#@")
    assert [text for text, role in tiny[3] if role == "cell"] == ["-"]
    assert [text for text, role in tiny[7] if role == "accent"] == ["+"]


@pytest.mark.parametrize("cells", [28, 40, 52, 75, 76, 200])
def test_the_heat_map_fits(cells: int):
    assert all(cells_of(each) <= cells for each in week.heat(read_week(told.detail()), 3, cells))
    assert all(plain(each)[4:].strip() == "" for each in week.heat(None, None, cells)[1:])


@pytest.mark.parametrize(
    ("expected", "top", "glyph"),
    [(0.0, 10.0, "."), (1.9, 10.0, "."), (2.0, 10.0, ":"), (5.0, 10.0, "+"), (9.9, 10.0, "@"), (10.0, 10.0, "@")],
)
def test_shades_grow_with_what_is_usual(expected: float, top: float, glyph: str):
    assert week.shade(Usual(hour_of_week=0, expected=expected, stable=True), top)[0] == glyph


def test_what_is_not_stable_is_learning_whatever_it_expects():
    assert week.shade(Usual(hour_of_week=0, expected=9.0, stable=False), 10.0) == ("-", "muted")
    assert week.shade(None, 10.0) == ("-", "muted")
    assert week.shade(Usual(hour_of_week=0, expected=0.0, stable=True), 0.0) == (".", "muted")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"level": "hour_of_weekday_or_weekend", "quantiles": (("p5", 20), ("p50", 27), ("p95", 33), ("p99", 35))},
            "Sun 02–03: usual 21–34 per guard, p5 20 p50 27 p95 33, n 14 on hour of weekend",
        ),
        ({"level": "hour_of_week"}, "Sun 02–03: usual 21–34 per guard, n 14 on hour of week"),
        ({"level": "peers", "borrowed": True}, "Sun 02–03: usual 21–34 per guard, n 14 on sites like it, borrowed"),
        ({"level": "", "low": None}, "Sun 02–03: usual -–34 per guard, n 14 on no pool"),
    ],
)
def test_an_hour_is_read_in_words(fields: dict[str, Any], words: str):
    usual = {"low": 21.0, "high": 34.0, "expected": 27.0, "effective_n": 14.0, "stable": True, **fields}
    read = Week(hours={146: Usual(hour_of_week=146, **usual)}, now=7)
    assert week.hour_words(read, 146, per_guard=True) == words


def test_an_hour_that_learns_says_how_far_it_is():
    read = Week(hours={7: Usual(hour_of_week=7, n=4, mean=12, least=3, most=20), 8: Usual(hour_of_week=8, n=1)}, now=7)
    assert week.hour_words(read, 7, per_guard=False, say_now=True) == (
        "Mon 07–08 (now): learning, n 4, mean 12 of 3–20 so far"
    )
    assert week.hour_words(read, 8, per_guard=False) == "Mon 08–09: learning, n 1"
    lent = Usual(hour_of_week=9, n=0, expected=27.0, low=21.0, high=34.0, level="hour_of_day", borrowed=True)
    assert week.hour_words(Week(hours={9: lent}, now=7), 9, per_guard=True) == (
        "Mon 09–10: learning, n 0; till then 21–34 per guard on hour of day"
    )
    assert week.hour_words(read, 9, per_guard=False) == "Mon 09–10: learning, n 0"
    assert week.level_words(Usual(hour_of_week=3, level="hour_of_weekday_or_weekend")) == "hour of weekday"
    assert week.level_words(Usual(hour_of_week=3, level="of_a_newer_daemon")) == "of a newer daemon"


def test_the_week_explains_its_shades_where_there_is_room():
    read = read_week(told.detail())
    assert week.LEGEND in said(week.week_lines(read, None, 80, 12, per_guard=True, here=True))
    short = week.week_lines(read, None, 80, 9, per_guard=True, here=False)
    assert len(short) == 9
    assert plain(short[-1]).startswith("Sun 14–15: usual")
    assert len(week.week_lines(None, None, 80, 12, per_guard=True, here=False)) == 8


# ---------------------------------------------------------------------------------------------------- the threshold


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        (" 3.5 ", 3.5),
        ("3,5", 3.5),
        ("+", 3.25),
        ("---", 2.25),
        ("+0.5", 3.5),
        ("-1.5", 1.5),
        ("5", 5.0),
        ("2.004", 2.0),
    ],
)
def test_a_threshold_is_typed_as_a_number_or_in_steps(typed: str, wanted: float):
    assert read_threshold(typed, 3.0) == wanted


@pytest.mark.parametrize("typed", ["5.01", "1.4", "nan", "inf", "+9", "-", "1e999"])
def test_a_threshold_beyond_its_bounds_asks_nothing(typed: str):
    assert read_threshold(typed, 1.5) == "a threshold lies from 1.5 to 5.0; nothing was asked"


@pytest.mark.parametrize("typed", ["high", "", "3.5x", "+-"])
def test_what_is_no_number_says_what_to_type(typed: str):
    assert "is no number; type one from 1.5 to 5.0" in str(read_threshold(typed, 3.0))


@given(st.text(max_size=12), st.floats(1.5, 5.0))
def test_whatever_is_typed_is_a_threshold_within_bounds_or_a_sentence(text: str, now: float):
    read = read_threshold(text, now)
    assert isinstance(read, str) or 1.5 <= read <= 5.0


def test_a_simulation_says_what_would_have_been_beside_what_was():
    simulation = read_simulation(told.simulation())
    assert simulated_words(simulation) == (
        "3.5 gives 4 alerts in 30 d, 3.0 gives 9; a week 0.9 against 2.1; "
        "false positives 12 % against 31 % of 38 verdicts"
    )
    assert short_simulated(simulation) == "alerts 9>4, false 31>12 %"


def test_a_simulation_without_verdicts_or_hours_claims_no_rate():
    unjudged = told.simulation(
        verdicts=0,
        now={"threshold": 3, "alerts": 9, "per_week": 2.1},
        then={"threshold": 3.25, "alerts": 4, "per_week": 0.9},
    )
    assert simulated_words(read_simulation(unjudged)).endswith("no verdicts, so no false-positive rate")
    assert short_simulated(read_simulation(unjudged)) == "alerts 9>4"
    assert simulated_words(read_simulation({**unjudged, "hours": 0})) == "3.25: no stored hour in 30 d to try it on"


def test_a_change_says_when_who_why_on_what_and_whether_it_stands():
    assert change_words(read_change(told.threshold_change()), Look(now=T0, tz=UTC)) == (
        "today 03:00 2.5 > 3.0 by tuning; more than 30 % were false; 38 verdicts of site, 42 % > 18 % false; "
        "alerts 21 > 9"
    )
    bare = {"id": "TC-1", "old": 3, "new": 3.25, "rolled_back_at": "2025-11-16T09:30:00Z", "verdicts": 12}
    assert change_words(read_change(bare), LOOK) == "- 3.0 > 3.25 by -; 12 verdicts; ROLLED BACK by - 2025-11-16 09:30"


def test_only_the_newest_change_can_be_taken_back_and_once():
    newest, older = (read_change(each) for each in told.changes()["items"])
    assert revocable([newest, older]) == newest
    assert revocable([older]) is None
    assert revocable([]) is None


def test_the_threshold_pane_says_where_it_stands_how_it_came_there_and_what_is_missing():
    page = SitePage(told.SITE)

    def shown(width: int = 80, *, here: bool = False) -> str:
        return said(threshold_lines(page, page.row("phone_events"), LOOK, width, here=here))

    assert "Loading baselines" in shown()
    page.take("baselines", told.SITE, 500, {"detail": "busy"})
    assert "not fetched: busy   R asks again" in shown()
    page.take("baselines", told.SITE, 200, {"items": []})
    assert shown(here=True) == "> no baseline yet: it learns from the first closed hour"
    page.take("baselines", told.SITE, 200, told.baselines())
    assert "Loading the threshold's history" in shown()
    page.take("changes", told.baseline_id(), 500, {"detail": "gone"})
    assert "history not fetched: gone" in shown()
    page.take("changes", told.baseline_id(), 200, {"items": []})
    assert "never changed; t tries another" in shown()
    page.take("changes", told.baseline_id(), 200, told.changes())
    page.take("simulate", told.baseline_id(), 200, told.simulation())
    assert shown(here=True).startswith("> threshold 3.0, not pinned; 150 of 168 hours stable, n 12")
    assert "simulated 3.5 gives 4 alerts" in shown()
    assert "ROLLED BACK by tomas 11-16 09:30" in shown(100)
    for width in (30, 58, 80):
        lines = threshold_lines(page, page.row("phone_events"), LOOK, width, here=False)
        assert all(cells_of(each) <= width for each in lines)


def test_levels_and_days_are_written_short():
    assert [level(3), level(3.25), level(3.5)] == ["3.0", "3.25", "3.5"]
    assert [day_time(at, LOOK) for at in (None, T0, T0 - DAY_MS, T0 - 365 * DAY_MS)] == [
        "-",
        "today 14:00",
        "11-21 14:00",
        "2025-11-22 14:00",
    ]


# --------------------------------------------------------------------------------------------------------- the sites


@pytest.mark.parametrize("cells", [40, 55, 56, 76, 80, 140])
def test_site_rows_fit(cells: int):
    site = Site(id="NTH-04", name="警" * 40, client="Acme")
    line = row(site, Standing([2, 0, 1, 12_345], T0), LOOK, cells, here=True, opened=True)
    assert cells_of(line) <= cells
    assert plain(line).startswith(">=! P1 NTH-04")
    assert plain(row(site, Standing([0, 0, 0, 0]), LOOK, cells)).startswith("  . ok NTH-04")


def test_an_empty_list_of_sites_says_why():
    model, places = Model(), Places()
    assert nothing(model, places) == "Loading sites ..."
    model.loaded = True
    assert nothing(model, places).startswith("No sites yet")
    places.narrow(model, read_filter("nowhere"))
    sheet = SiteSheet(model, places, LOOK, standings([]))
    assert plain(sheet.line(0, 80)) == " No sites match  nowhere     0: clear"
    assert (sheet.count, sheet.cursor, sheet.top, sheet.foot(80)) == (1, None, None, None)
