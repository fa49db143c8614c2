"""The overview, the risk and the people screen on a stage: what is asked, shown in every size, and done by key."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from noctui.widgets.rows import VirtualRows
from tests.integration.noctui.fake import view
from tests.integration.noctui.stage import T0, Stage, matches_golden, queue_of_nine
from tests.integration.noctui.visiting import asked
from tests.unit.noctui import glance_story as told

pytestmark = pytest.mark.heavy
SIZES = [(80, 24), (200, 60), (120, 40), (79, 23), (59, 20), (50, 14)]
KEYS = {"1": "1 OVERVIEW", "5": "5 PEOPLE", "6": "6 RISK"}


async def at(stage: Stage, pilot: Pilot[int], key: str, *, facts: bool = True) -> None:
    """Go to a screen, and answer all that it asks."""
    stage.load(*queue_of_nine())
    await visit(stage, pilot, key, facts=facts)


async def visit(stage: Stage, pilot: Pilot[int], key: str, *, facts: bool = True) -> None:
    await stage.press(pilot, key)
    await stage.shows(pilot, KEYS[key])
    await stage.settled(pilot)
    while facts and answer_all(stage):
        await stage.settled(pilot)
        stage.app.paint()
        await stage.settled(pilot)


def answer_all(stage: Stage) -> bool:
    """Answer what was asked since the last time, and tell whether there was anything."""
    wanted, stage.link.queries[:] = asked(stage), []
    known = told.all_told(T0)
    for kind, key in wanted:
        body = known.get((kind, key))
        stage.tell(
            kind, key, body if body is not None else {"detail": "nothing known"}, 200 if body is not None else 404
        )
    return bool(wanted)


@pytest.mark.parametrize("size", SIZES)
async def test_the_overview_the_people_and_the_risk_screen_in_every_size(size: tuple[int, int]):
    stage = Stage()
    async with stage.app.run_test(size=size) as pilot:
        stage.load(*queue_of_nine())
        for key, title in KEYS.items():
            await visit(stage, pilot, key)
            matches_golden(f"{title.split()[1].lower()}-{size[0]}x{size[1]}", stage.text)
            holds_the_frame(stage, size, title)


def holds_the_frame(stage: Stage, size: tuple[int, int], title: str) -> None:
    """Title, link word, age, clock and key line are there; nothing is wider than the screen and no box is cut."""
    assert stage.lines[0].startswith(title)
    assert stage.lines[0].endswith("LIVE 38ms  age 0s  14:07:22")
    assert stage.lines[-1].startswith(" j/k move  enter open")
    assert max(map(len, stage.lines)) <= size[0]
    assert len(stage.lines) == size[1]
    starts, ends = stage.text.count("+- "), sum(line.count("-+") for line in stage.lines)
    assert ends == 2 * starts


async def test_at_200x60_every_pane_is_there_and_under_40x12_none():
    stage = Stage()
    async with stage.app.run_test(size=(200, 60)) as pilot:
        await at(stage, pilot, "1")
        for words in (
            "Needs you now",
            "Sites  (3 of 4 not normal)",
            "Last 3 hours",
            "Cases and due work",
            "On shift",
            "Feed",
        ):
            assert words in stage.text
        await stage.press(pilot, "6")
        for words in ("by site and hour", "What another level gives", "Scores from 0.30", "Why "):
            assert words in stage.text
        await stage.press(pilot, "5")
        for words in ("People", "Day by site", "Habits", "Scores", "Links"):
            assert f"+- {words}" in stage.text
        for key, title in KEYS.items():
            await stage.press(pilot, key)
            await pilot.resize_terminal(39, 11)
            await stage.shows(pilot, "needs 40x12")
            assert "+-" not in stage.text
            await pilot.resize_terminal(200, 60)
            await stage.shows(pilot, title)


async def test_resizing_keeps_screen_cursor_pane_and_filter():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await at(stage, pilot, "6")
        await stage.press(pilot, "j", "/", *"critical", "enter", "right", "left")
        desk = stage.app.desk
        before = desk.risk.scores.cursor, desk.risk.pane, desk.risk.cell, desk.risk.scores.filter.text
        for size in ((200, 60), (50, 14), (120, 40), (80, 24)):
            await pilot.resize_terminal(*size)
            await stage.shows(pilot, "6 RISK")
        assert before == (desk.risk.scores.cursor, desk.risk.pane, desk.risk.cell, desk.risk.scores.filter.text)
        assert before == ("FS-1", "heat", 22, "critical")


# --------------------------------------------------------------------------------------------------- what is asked for


async def test_facts_are_asked_for_once_then_each_minute_and_soon_after_the_feed_says_that_they_moved():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await at(stage, pilot, "1", facts=False)
        assert {kind for kind, _ in asked(stage)} == {"overview", "pulse", "heat", "mtta", "trend", "due"}
        answer_all(stage)
        await stage.shows(pilot, "NTH-04")
        stage.change("finding_created", {"type": "GPS_SPOOFING", "reason": "jumped"}, site="NTH-04")
        await stage.settled(pilot)
        assert asked(stage) == []
        stage.now += 5_000
        stage.app.paint()
        await stage.settled(pilot)
        assert asked(stage) == [("pulse", ""), ("heat", "")]
        answer_all(stage)
        stage.now += 55_000
        stage.app.paint()
        await stage.settled(pilot)
        assert {kind for kind, _ in asked(stage)} == {"overview", "mtta", "trend", "due"}


async def test_what_cannot_be_had_says_why_and_is_asked_for_again_by_key_and_after_a_lost_link():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await at(stage, pilot, "6", facts=False)
        assert "Loading scores ..." in stage.text
        for kind, key in asked(stage):
            stage.tell(kind, key, {"detail": "lacks the right 'fraud'"}, 403)
        await stage.shows(pilot, "not fetched: lacks the right 'fraud'   R asks again")
        stage.link.queries.clear()
        await stage.press(pilot, "R")
        assert ("scores", "") in asked(stage)
        stage.lose()
        await stage.shows(pilot, "LINK LOST")
        stage.link.queries.clear()
        stage.now += 700_000
        stage.app.paint()
        await stage.settled(pilot)
        assert asked(stage) == []
        stage.resume()
        await stage.until(pilot, lambda: ("scores", "") in asked(stage))
        await stage.press(pilot, "5")
        for kind, key in asked(stage, "people"):
            stage.tell(kind, key, {"detail": "no"}, 500)
        await stage.shows(pilot, "not fetched: no   R asks again")
        await stage.press(pilot, "R", "1", "R")
        assert stage.link.retries == 3


# ------------------------------------------------------------------------------------------------------- the overview


async def test_the_overview_goes_to_alerts_and_sites_and_acks():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await at(stage, pilot, "1")
        await stage.press(pilot, "j", "j", "a", *"seen", "enter")
        assert [(order.verb, order.alert) for order in stage.link.orders] == [("ack", "A-20416")]
        assert stage.lines[4].startswith("| ~* P2")
        await stage.press(pilot, "G", "g", "g", "pagedown", "pageup", "enter")
        await stage.shows(pilot, "2 ALERTS")
        assert stage.app.desk.queue.cursor == "A-20418"
        await stage.press(pilot, "1", "tab", "j", "a")
        assert "no alert under the cursor" in stage.text
        await stage.press(pilot, "enter")
        await stage.shows(pilot, "4 SITES")
        assert stage.app.desk.model.page is not None
        assert stage.app.desk.model.page.site == "STH-11"
        await stage.press(pilot, "1", "escape", "escape", "shift+tab", "shift+tab", "/", *"camera", "enter")
        assert stage.lines[1] == "/ camera"
        assert "Door forced" not in stage.text
        await stage.press(pilot, "0", "/", "escape", "q", "q")
    assert stage.app.return_code == 0


async def test_what_ends_or_comes_leaves_the_row_under_the_cursor_where_it_is():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await at(stage, pilot, "1")
        await stage.press(pilot, "j", "j", "j")
        before = stage.app.desk.watch.needs.cursor
        stage.alert(told_alert("N-1", "CRITICAL"))
        await stage.settled(pilot)
        assert stage.app.desk.watch.needs.cursor == before
        assert stage.lines[5].startswith("| >* P2")


def told_alert(alert_id: str, severity: str) -> dict[str, object]:
    return view(alert_id, T0, severity=severity, title="Newer and worse")


# --------------------------------------------------------------------------------------------------------------- risk


async def test_a_verdict_is_sent_once_marked_at_once_and_taken_back_in_time():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await at(stage, pilot, "6")
        await stage.press(pilot, "l", "f", *"on video", "enter")
        (order,) = stage.link.orders
        assert order.path == "fraud/scores/FS-2/verdict"
        assert order.body == {"verdict": "fraud", "note": "on video"}
        assert stage.lines[9].endswith("~")
        stage.answer(told.score("FS-2", 0.93, T0, verdict="fraud", judged_by="mara", label=1, note="on video"))
        await stage.shows(pilot, "you judged FS-2 gps spoofing P0077  'fraud'   (u undo, 10 s)")
        assert stage.lines[9].endswith("fraud")
        assert "fraud by mara  'on video'" in stage.text
        await stage.press(pilot, "u")
        assert stage.link.orders[-1].body == {"verdict": "unknown"}
        stage.answer(told.score("FS-2", 0.93, T0, verdict="unknown", judged_by="mara"))
        await stage.settled(pilot)
        await stage.press(pilot, "j", "j", "l", "b", "enter")
        stage.answer(told.score("FS-3", 0.71, T0, verdict="benign", judged_by="mara"))
        await stage.settled(pilot)
        await stage.press(pilot, "u")
        assert stage.link.orders[-1].path == "fraud/scores/FS-3/verdict"
        assert stage.link.orders[-1].body == {"verdict": "fraud"}
        stage.answer({"detail": "may not judge"}, 403)
        await stage.shows(pilot, "verdict FS-3 gps spoofing P0077 refused: may not judge")


async def test_a_level_is_tried_and_says_what_it_would_give():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await at(stage, pilot, "6")
        assert "4 of the last day from .30 on: 2 judged, 1 true (50 %); 0 true below" in stage.text
        await stage.press(pilot, "t", *"0.8", "enter")
        assert "2 of the last day from .80 on: 1 judged, 0 true (0 %); 1 true below" in stage.text
        assert "FS-3" not in stage.app.desk.risk.scores.order
        await stage.press(pilot, "t", *"much", "enter")
        assert "'much' is no number" in stage.text
        await stage.press(pilot, "t", "enter", "t", *"--", "enter")
        assert stage.app.desk.risk.level == 0.7


async def test_why_heat_and_levels_are_gone_through_and_lead_on():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await at(stage, pilot, "6")
        await stage.press(pilot, "enter", "z")
        assert "gps drift 812.5 m  (usual 0 to 9 of 20)" in stage.text
        assert "3 resolved at this site: fraud 2, no verdict 1" in stage.text
        await stage.press(pilot, "j", "k", "pagedown", "G", "g", "g", "tab", "tab", "tab", "tab", "escape", "q")
        assert "WHY (top parts)" in stage.text
        await stage.press(pilot, "v", "v", "left", "left", "right", "j", "k")
        assert "Fraud from .70 by site and hour" in stage.text
        assert "NTH-04 14:00–15:00: 2 punches scored .70 or more" in stage.text
        await stage.press(pilot, "enter")
        await stage.shows(pilot, "4 SITES")
        await stage.press(pilot, "6", "q", "shift+tab", "enter")
        await stage.shows(pilot, "2 ALERTS")
        assert stage.app.desk.queue.cursor == "A-20416"
        await stage.press(pilot, "[")
        await stage.shows(pilot, "6 RISK")
        assert stage.app.desk.risk.scores.cursor == "FS-2"
        await stage.press(pilot, "o")
        await stage.shows(pilot, "5 PEOPLE")
        assert stage.app.desk.folk.people.cursor == "P0077"
        await stage.press(pilot, "6", "/", *"nobody", "enter", "l", "o")
        assert "no score under the cursor" in stage.text
        assert "No scores match  nobody     0: clear" in stage.text
        await stage.press(pilot, "0", "/", "escape", "q")
    assert stage.app.return_code == 0


# ------------------------------------------------------------------------------------------------------------- people


async def test_people_are_gone_through_with_what_is_known_of_each():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await at(stage, pilot, "5")
        assert ("punches_of", "P0077") not in asked(stage)
        await stage.press(pilot, "tab")
        assert asked(stage) == [("profile", "P0077")]
        answer_all(stage)
        await stage.shows(pilot, "usual at 06:00 to 07:59")
        await stage.press(pilot, "tab")
        answer_all(stage)
        await stage.shows(pilot, "trend +0.05")
        await stage.press(pilot, "tab")
        answer_all(stage)
        await stage.shows(pilot, "NTH-04-9")
        await stage.press(pilot, "enter", "j", "k", "z", "pagedown", "escape", "G", "pageup", "k")
        assert stage.app.desk.folk.people.cursor == "P0077"
        await stage.press(pilot, "/", *"on duty", "enter")
        assert stage.lines[1].endswith("2 of 4,012")
        await stage.press(pilot, "/", *"x", "enter")
        assert "Nobody matches  on dutyx     0: clear" in stage.text
        await stage.press(pilot, "enter", "0", "shift+tab", "shift+tab", "enter", "q", "q")
    assert stage.app.return_code == 0


async def test_what_this_daemon_does_not_know_of_someone_is_said():
    stage = Stage()
    async with stage.app.run_test(size=(200, 60)) as pilot:
        await at(stage, pilot, "5")
        await stage.press(pilot, "j")
        answer_all(stage)
        await stage.shows(pilot, "not known: nothing known")


async def test_in_a_small_terminal_what_is_known_stands_alone():
    stage = Stage()
    async with stage.app.run_test(size=(50, 14)) as pilot:
        await at(stage, pilot, "5")
        assert "Day by site" not in stage.text
        await stage.press(pilot, "enter")
        await stage.shows(pilot, "Day by site")
        assert "LAST SEEN" not in stage.text
        await stage.press(pilot, "escape")
        assert "Day by site" not in stage.text


async def test_a_person_who_is_not_told_is_named():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await at(stage, pilot, "5")
        await stage.press(pilot, "6")
        answer_all(stage)
        await stage.settled(pilot)
        stage.tell("scores", "", {"items": [told.score("FS-9", 0.99, T0, person="P9999")], "cursor": None})
        await stage.shows(pilot, "P9999")
        await stage.press(pilot, "o")
        assert "P9999 is not among the people told" in stage.text


# ---------------------------------------------------------------------------------------------------------- all three


async def test_a_read_only_console_looks_at_everything_and_judges_nothing():
    stage = Stage(read_only=True)
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await at(stage, pilot, "6")
        await stage.press(pilot, "l", "1", "a")
        assert "read-only: ask a supervisor" in stage.text
        assert stage.link.orders == []


async def test_the_mouse_chooses_rows_on_every_screen():
    stage = Stage()
    async with stage.app.run_test(size=(200, 60)) as pilot:
        await at(stage, pilot, "1")
        await pilot.click("#needs", offset=(10, 4))
        await pilot.click("#beside", offset=(10, 3))
        await stage.settled(pilot)
        assert stage.app.desk.watch.needs.cursor == "A-20416"
        assert (stage.app.desk.watch.pane, stage.app.desk.watch.places.cursor) == ("places", "STH-11")
        stage.app.screen.query_one("#beside", VirtualRows).on_mouse_scroll_down()
        await stage.press(pilot, "6")
        while answer_all(stage):
            await stage.settled(pilot)
        await pilot.click("#scores", offset=(10, 3))
        await stage.settled(pilot)
        assert stage.app.desk.risk.scores.cursor == "FS-1"
        await pilot.click("#why", offset=(10, 3))
        await pilot.click("#heat", offset=(10, 3))
        stage.app.screen.query_one("#heat", VirtualRows).on_mouse_scroll_up()
        await stage.settled(pilot)
        assert stage.app.desk.risk.pane == "heat"
        await stage.press(pilot, "5")
        while answer_all(stage):
            await stage.settled(pilot)
        await pilot.click("#people", offset=(10, 3))
        await pilot.click("#links", offset=(10, 2))
        stage.app.screen.query_one("#people", VirtualRows).on_mouse_scroll_down()
        await stage.settled(pilot)
        assert (stage.app.desk.folk.people.cursor, stage.app.desk.folk.tab) == ("P0050", "links")
