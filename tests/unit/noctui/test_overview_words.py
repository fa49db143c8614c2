"""What the overview and the heat map say, in lines."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noctui.state import heat as heats
from noctui.state.alert import read_alert
from noctui.state.find import read_filter
from noctui.state.glance import read_heat, read_overview
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
from noctui.state.times import HOUR_MS, MINUTE_MS, Look
from noctui.state.watch import NEEDS_MAX, Watch
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


def test_of_very_many_alerts_the_worst_are_listed_and_the_rest_counted():
    model, watch = Model(loaded=True), Watch()
    for number in range(NEEDS_MAX + 8):
        body = {"id": f"A-{number}", "severity": "CRITICAL" if number == 205 else "LOW", "status": "open"}
        model.alerts[f"A-{number}"] = read_alert(body)
    watch.follow(model)
    assert (len(watch.needs.order), watch.needs.order[0]) == (NEEDS_MAX, "A-205")
    foot = NeedSheet(model, watch, LOOK).foot(40)
    assert foot is not None
    assert plain(foot) == "  +8 more  (2)"
    watch.needs.filter = read_filter("a-7")
    assert NeedSheet(model, watch, LOOK).foot(40) is None


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
