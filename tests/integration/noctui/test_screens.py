"""What the operator sees and does, on a stage without sockets."""

from __future__ import annotations

import pytest

from noctui.state.actions import EVERYWHERE
from noctui.widgets.rows import VirtualRows
from tests.integration.noctui.fake import rfc3339, view
from tests.integration.noctui.stage import T0, Stage, matches_golden, queue_of_nine


def told_feed(stage: Stage) -> None:
    stage.alert(view("A-20419", T0, severity="CRITICAL", title="Door forced, dock 4", opened_at=rfc3339(T0)))
    found = {"type": "GPS_SPOOFING", "reason": "jumped 3.1 km in 4 s", "confidence": 0.8}
    stage.change("finding_created", found, site="NTH-04", person="P0412", severity="MEDIUM")
    stage.change("events_stored", {"count": 40, "first_no": 1, "last_no": 40})
    stage.change("job_finished", {"job": "tune", "outcome": "ok", "seconds": 2.0, "detail": ""})


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60), (79, 23), (59, 20)])
async def test_the_alert_screen_in_every_size(size: tuple[int, int]):
    stage = Stage()
    async with stage.app.run_test(size=size) as pilot:
        stage.load(*queue_of_nine())
        await stage.shows(pilot, "A-20418" if size[0] >= 60 else "Door forced")
        told_feed(stage)
        await stage.settled(pilot)
        await stage.press(pilot, "j")
        matches_golden(f"alerts-{size[0]}x{size[1]}", stage.text)
        assert all(len(line) <= size[0] for line in stage.lines)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_feed_screen_in_every_size(size: tuple[int, int]):
    stage = Stage()
    async with stage.app.run_test(size=size) as pilot:
        stage.load(*queue_of_nine())
        told_feed(stage)
        stage.now += 1_000
        stage.lose()
        stage.now += 5_000
        stage.resume()
        await stage.press(pilot, "3")
        await stage.shows(pilot, "nothing was missed")
        matches_golden(f"feed-{size[0]}x{size[1]}", stage.text)


async def test_help_lists_the_keys():
    stage = Stage()
    async with stage.app.run_test(size=(100, 60)) as pilot:
        await stage.press(pilot, "?")
        await stage.shows(pilot, "take the alert or case on")
        matches_golden("help-100x60", stage.text)
        await stage.press(pilot, "escape")
        await stage.shows(pilot, "2 ALERTS")


async def test_a_terminal_too_small_says_what_it_needs():
    stage = Stage()
    async with stage.app.run_test(size=(39, 11)) as pilot:
        await stage.shows(pilot, "needs 40x12")


async def test_a_lost_link_keeps_all_readable_and_says_so():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        stage.load(*queue_of_nine())
        await stage.shows(pilot, "LIVE 38ms")
        stage.lose(attempt=3, retry_in_ms=16_000)
        stage.now += 12_000
        await stage.shows(pilot, "LINK LOST 12 s. Showing 14:07:22. Retry 3 in 4 s")
        await stage.press(pilot, "R")
        assert stage.link.retries == 1
        assert stage.lines[0].endswith("LOST 12s  age 12s  14:07:34")
        assert "0:41 NTH-04" in stage.lines[3]
        matches_golden("lost-80x24", stage.text)


async def test_silence_turns_the_word_to_stale():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        stage.load(*queue_of_nine())
        await stage.shows(pilot, "LIVE 38ms")
        stage.now += 21_000
        await stage.shows(pilot, "STALE  age 21s")


# ------------------------------------------------------------------------------------------------------ moving about


async def test_500_new_alerts_leave_the_cursor_and_are_counted():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        stage.load(view("mine", T0, severity="LOW", title="My own"))
        await stage.shows(pilot, "My own")
        for number in range(500):
            stage.alert(view(f"N-{number:03}", T0, severity="HIGH"))
        await stage.shows(pilot, "-- 500 new above, press g g --")
        assert stage.lines[3].startswith(">   P4  NEW")
        assert stage.app.desk.queue.cursor == "mine"
        await stage.press(pilot, "g", "g")
        assert "new above" not in stage.text
        assert "500" not in stage.lines[12]
        assert stage.app.desk.queue.index == 0


async def test_moving_keeps_the_row_of_the_cursor_on_its_line():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        stage.load(*(view(f"L-{number:02}", T0, severity="LOW", priority=99 - number) for number in range(60)))
        await stage.shows(pilot, "Trouble L-00")
        await stage.press(pilot, "pagedown", "pagedown")
        line = next(index for index, text in enumerate(stage.lines) if text.startswith(">"))
        for number in range(5):
            stage.alert(view(f"N-{number}", T0, severity="HIGH"))
        await stage.shows(pilot, "5 new above")
        assert stage.lines[line].startswith(">")
        await stage.press(pilot, "k")
        assert stage.lines[line - 1].startswith(">")
        await stage.press(pilot, "j")
        assert stage.lines[line].startswith(">")
        await stage.press(pilot, "G")
        assert stage.app.desk.queue.index == 64
        await stage.press(pilot, "k", "pageup")


async def test_resizing_keeps_the_cursor_and_the_filter():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        stage.load(*queue_of_nine())
        await stage.shows(pilot, "Door forced")
        await stage.press(pilot, "/", *"nth", "enter", "j")
        cursor = stage.app.desk.queue.cursor
        for size in ((200, 60), (50, 14), (80, 24)):
            await pilot.resize_terminal(*size)
            await stage.shows(pilot, "2 ALERTS")
        assert stage.app.desk.queue.cursor == cursor
        assert stage.lines[1].startswith("/ nth")
        assert "4 of 9" in stage.lines[1]
        await stage.press(pilot, "0")
        assert "9 of 9" in stage.lines[1]


async def test_the_drawer_turns_its_tabs_and_fetches_the_ledger_once():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        stage.load(*queue_of_nine())
        await stage.shows(pilot, "Door forced")
        await stage.press(pilot, "tab")
        assert stage.link.fetched == ["A-20418"]
        assert "fetching the ledger" in stage.text
        opened = {"time": rfc3339(T0), "decision": "opened", "reason": "D3 held 41 s", "actor": "engine"}
        stage.ledger("A-20418", [opened])
        await stage.shows(pilot, "14:07:22  opened  by engine")
        await stage.press(pilot, "tab")
        assert '"id": "A-20418"' in stage.text
        await stage.press(pilot, "z")
        assert "Badge used" not in stage.text
        await stage.press(pilot, "j", "j", "pagedown", "pageup", "G", "g", "g", "q")
        assert "Badge used" in stage.text
        await stage.press(pilot, "enter", "shift+tab", "shift+tab", "escape")
        assert stage.link.fetched == ["A-20418"]


async def test_in_a_narrow_terminal_enter_opens_the_drawer_alone():
    stage = Stage()
    async with stage.app.run_test(size=(50, 14)) as pilot:
        stage.load(*queue_of_nine())
        await stage.shows(pilot, "Door forced")
        assert "Evidence" not in stage.text
        await stage.press(pilot, "enter")
        assert "silent for 12 min" in stage.text
        await stage.press(pilot, "escape")
        assert "Evidence" not in stage.text


async def test_every_screen_has_its_key_and_all_that_frames_it():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        stage.load(*queue_of_nine())
        for number, scope in enumerate(EVERYWHERE, 1):
            await stage.press(pilot, str(number))
            await stage.shows(pilot, f"{number} {scope.upper()}")
            assert stage.lines[0].startswith(f"{number} {scope.upper()}")
            assert stage.lines[0].endswith("LIVE 38ms  age 0s  14:07:22")
            assert stage.lines[-1].startswith(" j/k move")
            assert max(map(len, stage.lines)) <= 80
        await stage.press(pilot, "3", "a")
        assert "acknowledge is for overview, alerts, cases" in stage.text
        await stage.press(pilot, "2", "space", "ctrl+c")
        assert "q quits" in stage.text


async def test_the_mouse_chooses_rows_and_scrolls():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        stage.load(*queue_of_nine())
        await stage.shows(pilot, "Door forced")
        await pilot.click("#list", offset=(20, 4))
        await stage.settled(pilot)
        assert stage.app.desk.queue.index == 3
        rows = stage.app.screen.query_one("#list", VirtualRows)
        rows.on_mouse_scroll_down()
        await stage.settled(pilot)
        assert stage.app.desk.queue.index == 6
        rows.on_mouse_scroll_up()
        drawer = stage.app.screen.query_one("#drawer", VirtualRows)
        drawer.on_mouse_scroll_down()
        await pilot.click("#drawer", offset=(5, 3))
        await stage.settled(pilot)
        assert stage.app.desk.queue.index == 3
        assert drawer.has_focus
        await stage.press(pilot, "3")
        for number in range(9):
            stage.change("note_added", {"alert": "A-1", "text": f"note {number}", "actor": "mara"})
        await stage.shows(pilot, "note 8")
        await pilot.click("#feed", offset=(20, 3))
        await stage.settled(pilot)
        assert stage.app.desk.feed.index == 2
        stage.app.screen.query_one("#feed", VirtualRows).on_mouse_scroll_down()
        await stage.settled(pilot)
        assert stage.app.desk.feed.index == 5


async def test_hostile_text_is_shown_and_never_obeyed():
    stage = Stage()
    async with stage.app.run_test(size=(120, 40)) as pilot:
        evil = "\x1b]0;owned\x07 [bold red]x[/] \u202eabc"
        stage.load(view("A-1", T0, title=evil, reason=evil, site=evil, labels={"k": evil}, evidence={"e": evil}))
        await stage.shows(pilot, "^[]0;owned^G [bold red]x[/] abc")
        assert "\x1b" not in stage.text
        assert "\u202e" not in stage.text


# --------------------------------------------------------------------------------------------------------------- feed


async def test_paused_lines_stay_and_what_came_is_counted_and_told_in_order():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        stage.load(*queue_of_nine())
        for number in range(30):
            stage.change("note_added", {"alert": "A-1", "text": f"note {number}", "actor": "mara"})
        await stage.press(pilot, "3")
        await stage.shows(pilot, "note 29")
        await stage.press(pilot, "space")
        before = stage.lines[2:16]
        for number in range(30, 1_030):
            stage.change("note_added", {"alert": "A-1", "text": f"note {number}", "actor": "mara"})
        await stage.shows(pilot, "PAUSED  +1000 new")
        assert stage.lines[2:16] == before
        await stage.press(pilot, "space")
        await stage.shows(pilot, "note 1029")
        assert [line.seq for line in stage.app.desk.model.ring] == list(range(1, 1_031))


async def test_enter_on_a_line_goes_to_its_alert():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        stage.load(*queue_of_nine())
        told_feed(stage)
        await stage.press(pilot, "3")
        await stage.shows(pilot, "tune ok")
        await stage.press(pilot, "enter")
        assert "no alert on this line" in stage.text
        await stage.press(pilot, "g", "g", "enter")
        await stage.shows(pilot, "2 ALERTS")
        assert stage.app.desk.queue.cursor == "A-20419"
        await stage.press(pilot, "3", "/", *"tune", "enter", "j", "k", "pagedown", "pageup", "G", "0", "q")
    assert stage.app.return_code == 0
