"""Acting by key: asked, marked, sent once, answered, taken back; and never by accident."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from noctui.state.actions import ACTIONS
from tests.integration.noctui.fake import rfc3339
from tests.integration.noctui.stage import T0, Stage, queue_of_nine

pytestmark = pytest.mark.heavy


async def test_ack_marks_the_row_sends_once_and_goes_on():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        stage.load(*queue_of_nine())
        await stage.shows(pilot, "Door forced")
        await stage.press(pilot, "a")
        assert "ack A-20418 Door forced, dock 3? reason:" in stage.text
        await stage.press(pilot, *"sent", "enter")
        assert [(order.verb, order.alert, order.body) for order in stage.link.orders] == [
            ("ack", "A-20418", {"note": "sent"})
        ]
        assert stage.lines[3].startswith(" ~! P1  NEW")
        assert stage.app.desk.queue.cursor == "A-20416"
        assert "~ ack A-20418 Door forced, dock 3 waits for nocd  (u cancel)" in stage.text
        after = {**queue_of_nine()[0], "status": "acknowledged", "acknowledged_by": "mara"}
        stage.answer({**after, "undo_until": rfc3339(T0 + 10_000)})
        await stage.shows(pilot, "you acked A-20418 Door forced, dock 3  'sent'   (u undo, 10 s)")
        assert stage.lines[3].startswith("  ! P1  ACK")
        assert " you " in stage.lines[3]
        await stage.press(pilot, "u")
        assert stage.link.orders[-1].verb == "undo"
        assert len({order.key for order in stage.link.orders}) == 2


async def test_resolve_asks_for_a_letter_then_a_note():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        stage.load(*queue_of_nine())
        await stage.shows(pilot, "Door forced")
        await stage.press(pilot, "r")
        assert ": t true  f fraud  p false  b benign  d duplicate  u unknown" in stage.text
        await stage.press(pilot, "enter", "x", "enter")
        assert stage.link.orders == []
        await stage.press(pilot, "p")
        assert "false positive, note:" in stage.text
        await stage.press(pilot, *"cat", "enter")
        assert stage.link.orders[0].body == {"note": "cat", "verdict": "false_positive"}


async def test_a_note_needs_words_and_leaves_the_cursor():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        stage.load(*queue_of_nine())
        await stage.shows(pilot, "Door forced")
        await stage.press(pilot, "n", "enter")
        assert stage.link.orders == []
        await stage.press(pilot, "n", *"hi", "enter")
        assert stage.link.orders[0].body == {"text": "hi"}
        assert stage.app.desk.queue.cursor == "A-20418"


async def test_a_refused_act_restores_the_row_and_names_the_reason():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        stage.load(*queue_of_nine())
        await stage.shows(pilot, "Door forced")
        await stage.press(pilot, "a", "enter")
        stage.answer({"detail": "locked by tomas"}, status=409)
        await stage.shows(pilot, "ack A-20418 refused: locked by tomas")
        assert stage.lines[3].startswith("  ! P1  NEW")


async def test_what_was_never_sent_is_cancelled_by_undo():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        stage.load(*queue_of_nine())
        stage.lose()
        await stage.shows(pilot, "LINK LOST")
        await stage.press(pilot, "a", "enter")
        assert "Acts wait: 1" in stage.lines[1]
        await stage.press(pilot, "u")
        assert stage.link.cancelled == [stage.link.orders[0].key]
        assert "never sent and is cancelled" in stage.text
        await stage.press(pilot, "u")
        assert "nothing to undo" in stage.text


async def test_read_only_answers_and_sends_nothing():
    stage = Stage(read_only=True)
    async with stage.app.run_test(size=(100, 30)) as pilot:
        stage.load(*queue_of_nine())
        await stage.shows(pilot, "[READ-ONLY]")
        await stage.press(pilot, "a")
        assert "read-only: ask a supervisor" in stage.text
        await stage.press(pilot, "r", "p", "enter", "n", "x", "enter", "u")
        assert stage.link.orders == []


async def test_no_key_acts_while_a_question_is_open():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        stage.load(*queue_of_nine())
        await stage.shows(pilot, "Door forced")
        await stage.press(pilot, "/", "a", "r", "u", "down", "pagedown", "tab", "delete", "backspace", "escape")
        assert stage.link.orders == []
        assert stage.app.desk.queue.cursor == "A-20418"
        assert stage.app.screen.focused is not None
        assert stage.app.screen.focused.id == "list"


async def test_leaving_with_acts_waiting_asks_once():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        stage.load(*queue_of_nine())
        await stage.shows(pilot, "Door forced")
        await stage.press(pilot, "a", "enter", "q")
        assert "acts waiting to be sent: 1; q again drops them" in stage.text
        await pilot.press("q")
        await stage.until(pilot, lambda: stage.app.return_code is not None)
    assert stage.app.return_code == 0
    assert stage.link.closed


async def test_the_outbox_is_bounded():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        stage.load(*queue_of_nine())
        await stage.shows(pilot, "Door forced")
        for number in range(100):
            stage.app._submit("note", f"A-{number}", {"text": "x"})
        await stage.press(pilot, "a", "enter")
        assert "100 acts wait already" in stage.text
        assert len(stage.link.orders) == 100


async def test_random_keys_send_nothing_from_a_read_only_console_nor_without_enter():
    keys = [key.split()[0] for action in ACTIONS for key in action.keys if action.id not in {"quit", "help"}]
    dice = random.Random(7)
    for options, never in (({"read_only": True}, set()), ({}, {"enter"})):
        stage = Stage(**options)
        async with stage.app.run_test(size=(80, 24)) as pilot:
            stage.load(*queue_of_nine())
            await stage.shows(pilot, "Door forced")
            walk = [*keys, "backspace", "delete", "t", "x", "left", "ctrl+u"]
            await pilot.press(*(key for key in dice.choices(walk, k=60) if key not in never))
            await stage.settled(pilot)
        assert {order.verb for order in stage.link.orders} <= ({"undo", "start"} if not options else set())


async def test_taking_and_escalating_an_alert():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        stage.load(*queue_of_nine())
        await stage.shows(pilot, "Door forced")
        await stage.press(pilot, "t")
        await stage.press(pilot, "e", *"dog", "enter")
        assert [(order.verb, order.alert, order.body) for order in stage.link.orders] == [
            ("start", "A-20418", {}),
            ("escalate", "A-20418", {"note": "dog"}),
        ]


async def test_marked_alerts_are_acked_together_after_a_look_at_how_many():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        stage.load(*queue_of_nine())
        await stage.shows(pilot, "Door forced")
        order = list(stage.app.desk.queue.order)
        await stage.press(pilot, "x", "j", "X")
        assert stage.app.desk.queue.marks == set(order[:3])
        assert "3 marked" in stage.text
        assert stage.lines[3].startswith(" x! P1")
        await stage.press(pilot, "A")
        wanted = [each for each in order[:3] if stage.app.desk.model.alerts[each].unattended]
        assert f"ack {len(wanted)} marked" in stage.text
        await stage.press(pilot, "enter")
        assert stage.link.orders == []
        await stage.press(pilot, "y", *"storm", "enter")
        (sent,) = stage.link.orders
        assert (sent.path, sent.body) == ("alerts/bulk", {"ids": wanted, "command": "ack", "args": {"note": "storm"}})
        assert not stage.app.desk.queue.marks
        bodies = {body["id"]: body for body in queue_of_nine()}
        after = {"status": "acknowledged", "acknowledged_by": "mara", "undo_until": rfc3339(T0 + 10_000)}
        items = [{"id": each, "status": 200, "body": {**bodies[each], **after}} for each in wanted]
        stage.answer({"items": items})
        await stage.shows(pilot, f"you acked {len(wanted)} alerts")
        await stage.press(pilot, "u")
        assert stage.link.orders[-1].body == {"ids": wanted, "command": "undo", "args": {}}


async def test_without_a_mark_all_that_the_filter_shows_is_meant():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        stage.load(*queue_of_nine())
        await stage.shows(pilot, "Door forced")
        await stage.press(pilot, "/", *"door", "enter")
        await stage.press(pilot, "A", "y", "enter")
        assert stage.link.orders[0].body["ids"] == ["A-20418"]
        await stage.press(pilot, "0", "ctrl+x")
        assert "9 marked" in stage.text


async def test_a_key_of_ones_own_works_and_shows_as_soon_as_its_file_is_saved(tmp_path: Path):
    keymap = tmp_path / "keymap.toml"
    stage = Stage(keymap=keymap)
    async with stage.app.run_test(size=(80, 24)) as pilot:
        stage.load(*queue_of_nine())
        await stage.shows(pilot, "a ack")
        keymap.write_text('ack = "B"')
        await stage.shows(pilot, "B ack")
        await stage.press(pilot, "a")
        assert "reason:" not in stage.text
        await stage.press(pilot, "B", "enter")
        assert stage.link.orders[0].verb == "ack"
        keymap.write_text('ack = "r"  # taken')
        await stage.shows(pilot, "keymap not taken: r is both ack and resolve on alerts")
        assert "B ack" in stage.text


async def test_what_to_do_can_be_named():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        stage.load(*queue_of_nine())
        await stage.shows(pilot, "Door forced")
        await stage.press(pilot, ":", *"esc", "tab", "enter")
        assert "escalate A-20418" in stage.text
        await stage.press(pilot, "escape", ":", *"page", "enter")
        assert "page may mean page down, page up" in stage.text
        await stage.press(pilot, ":", *"xyzzy", "enter")
        assert "nothing here is called xyzzy" in stage.text
        await stage.press(pilot, ":", "tab", "enter")
        assert stage.link.orders == []
