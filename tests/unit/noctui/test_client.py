"""The client's decisions: how long to wait, where the feed stands, where the daemon is."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nocd.wire import frames
from noctui.client import feed
from noctui.client.access import BadAccess, data_folder, find
from noctui.client.backoff import BASE_S, CAP_S, delay_s
from noctui.client.cursor import Cursor, StartOver
from noctui.client.feed import Lost, read
from noctui.client.mailbox import Mailbox
from noctui.client.orders import Order, Orders
from noctui.client.queries import PATHS, Query
from noctui.client.tidings import Frame, Latency
from noctui.settings import theme_for
from noctui.state.facts import READERS
from noctui.state.pace import LOCAL_S, SLOW_S, SSH_S, Pacer, beat_for

# ------------------------------------------------------------------------------------------------------------ waiting


@given(attempt=st.integers(1, 10_000), chance=st.floats(0, 1))
def test_waits_double_up_to_the_cap_and_differ_by_chance(attempt: int, chance: float):
    whole = delay_s(attempt, 1.0)
    assert whole == min(BASE_S * 2 ** min(attempt - 1, 30), CAP_S)
    assert whole / 2 <= delay_s(attempt, chance) <= whole
    assert delay_s(attempt + 1, chance) >= delay_s(attempt, chance)


def test_the_pacer_skips_what_the_terminal_has_not_drawn_and_slows_down():
    pacer = Pacer(LOCAL_S)
    assert pacer.due(0.0, 0)
    assert not pacer.due(0.1, 5)
    assert not pacer.slow
    assert not pacer.due(0.2, 5)
    assert pacer.slow
    assert not pacer.due(0.3, 0)
    assert pacer.due(0.2 + SLOW_S, 0)
    assert pacer.due(0.2 + 2 * SLOW_S, 0)
    assert not pacer.slow


def test_the_beat_is_slower_over_ssh():
    assert beat_for({}) == LOCAL_S
    assert beat_for({"SSH_TTY": "/dev/pts/1"}) == beat_for({"SSH_CONNECTION": "x"}) == SSH_S


def test_colour_is_left_out_where_it_is_not_wanted():
    assert theme_for({}, mono=True, asked="hc-dark") == "mono"
    assert theme_for({"NO_COLOR": "1"}, mono=False, asked=None) == "mono"
    assert theme_for({"TERM": "dumb"}, mono=False, asked=None) == "mono"
    assert theme_for({"TERM": "xterm-256color"}, mono=False, asked=None) == "noc-dark"
    assert theme_for({"TERM": "xterm-256color"}, mono=False, asked="hc-light") == "hc-light"


# --------------------------------------------------------------------------------------------------- the law of numbers


def batch(first: int, last: int) -> dict[str, Any]:
    return {"type": "batch", "from": first, "to": last, "changes": []}


def test_the_cursor_follows_batches_and_lets_repeats_through():
    cursor = Cursor("e1", 5)
    cursor.take(batch(6, 9))
    cursor.take(batch(4, 7))
    assert cursor.seq == 9
    cursor.take({"type": "lagged", "seq": 9, "dropped": 3})
    cursor.take({"type": "a_newer_frame"})


@pytest.mark.parametrize(
    ("frame", "hole"),
    [
        (batch(7, 9), True),
        ({"type": "gap", "from": 6, "to": 8, "reason": "too old"}, False),
        ({"type": "hello", "epoch": "e2", "seq": 9}, False),
        ({"type": "hello", "epoch": "e1", "seq": 4}, False),
    ],
)
def test_what_cannot_be_carried_on_from_starts_over(frame: dict[str, Any], hole: bool):  # noqa: FBT001 - a parameter
    with pytest.raises(StartOver) as caught:
        Cursor("e1", 5).take(frame)
    assert caught.value.hole is hole


def test_a_loss_at_the_end_is_noticed_by_the_second_sign_of_life():
    cursor = Cursor("e1", 5)
    cursor.take({"type": "hello", "epoch": "e1", "seq": 7})
    cursor.take({"type": "heartbeat", "seq": 7, "time": ""})
    with pytest.raises(StartOver, match="6-7 did not arrive"):
        cursor.take({"type": "heartbeat", "seq": 7, "time": ""})


def test_a_promise_kept_in_between_is_no_loss():
    cursor = Cursor("e1", 5)
    cursor.take({"type": "caught_up", "seq": 7})
    cursor.take(batch(6, 7))
    cursor.take({"type": "heartbeat", "seq": 7, "time": ""})


def test_close_codes_are_those_of_the_wire():
    names = ("CLOSE_LAGGED", "CLOSE_UNKNOWN_TOKEN", "CLOSE_NOT_ALLOWED")
    assert [getattr(feed, name) for name in names] == [getattr(frames, name) for name in names]


@pytest.mark.parametrize("message", ["", "{", "[]", b"\xff"])
def test_what_is_no_frame_loses_the_link(message: str | bytes):
    with pytest.raises(Lost):
        read(message)


# -------------------------------------------------------------------------------------------------------------- access


def test_arguments_win_over_the_environment_and_both_over_the_folder(tmp_path: Path):
    (tmp_path / "url").write_text("http://127.0.0.1:9999/\n")
    (tmp_path / "operator.token").write_text("from-folder\n")
    own = find({}, data_dir=tmp_path)
    assert (own.url, own.secret(), own.feed_url) == (
        "http://127.0.0.1:9999",
        "from-folder",
        "ws://127.0.0.1:9999/v1/feed",
    )
    environ = {"NOCTUI_URL": "https://noc.example/x/", "NOCTUI_TOKEN": "from-env"}
    assert (find(environ).url, find(environ).secret()) == ("https://noc.example/x", "from-env")
    assert find(environ).feed_url == "wss://noc.example/x/v1/feed"
    given_ = find(environ, url="http://10.0.0.1:1", token="given")
    assert (given_.url, given_.secret()) == ("http://10.0.0.1:1", "given")


def test_a_token_file_is_read_anew_each_time(tmp_path: Path):
    file = tmp_path / "t"
    access = find({"NOCTUI_TOKEN": "not this"}, token_file=file)
    assert access.secret() == ""
    assert "cannot be read" in access.cure()
    file.write_text("one")
    assert access.secret() == "one"
    assert "renew it" in access.cure()


def test_the_folders_token_is_shown_to_no_stranger(tmp_path: Path):
    (tmp_path / "operator.token").write_text("secret")
    stranger = find({}, url="http://far.example:1", data_dir=tmp_path)
    assert stranger.secret() == ""
    assert "no token for this address" in stranger.cure()
    assert "--token" in find({}, token="x").cure()


def test_the_data_folder_is_where_the_daemon_keeps_it():
    assert data_folder({"STATE_DIRECTORY": "/var/lib/nocd:/x"}) == Path("/var/lib/nocd")
    assert data_folder({"XDG_STATE_HOME": "/s"}) == Path("/s/nocd")
    assert data_folder({}) == Path.home() / ".local/state/nocd"


@pytest.mark.parametrize("url", ["ftp://x", "127.0.0.1:8460", "http://"])
def test_what_is_no_address_is_refused_with_an_example(url: str):
    with pytest.raises(BadAccess, match="give one like http"):
        find({}, url=url)


# ------------------------------------------------------------------------------------------------- mailbox and orders


def frame(changes: int) -> dict[str, Any]:
    return {"type": "batch", "from": 1, "to": changes, "changes": [{}] * changes}


async def test_a_full_mailbox_makes_the_feed_wait_and_loses_nothing():
    mailbox, woken = Mailbox(changes_max=10), []
    mailbox.wake = lambda: woken.append(1)
    await mailbox.put(frame(5), 0)
    await mailbox.put(frame(5), 1)
    late = asyncio.create_task(mailbox.put(frame(1), 99))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not late.done()
    mailbox.post(Latency(1.0))
    first = mailbox.drain(changes_max=5)
    assert [each.at for each in first if isinstance(each, Frame)] == [0]
    await late
    rest = mailbox.drain()
    assert [type(each).__name__ for each in rest] == ["Frame", "Latency", "Frame"]
    assert mailbox.drain() == []
    assert len(woken) == 4


def test_a_mailbox_outlives_the_loop_of_its_client():
    mailbox = Mailbox()
    asyncio.run(mailbox.put(frame(1), 0))
    assert len(mailbox.drain()) == 1
    mailbox.post(Latency(1.0))
    assert len(mailbox.drain()) == 1


def test_an_order_can_be_taken_back_until_it_is_claimed():
    orders = Orders()
    for key in ("k1", "k2"):
        orders.add(Order(key=key, verb="ack", alert="A/1"))
    assert orders.cancel("k2")
    assert not orders.cancel("k2")
    claimed = orders.claim()
    assert claimed is not None
    assert claimed.path == "alerts/A%2F1/ack"
    moved = Order(key="k", verb="rollback", baseline="phone_events@S/1", change="TC/1")
    assert moved.path == "baselines/phone_events%40S%2F1/changes/TC%2F1/rollback"
    assert Order(key="k", verb="pin", baseline="a@S").path == "baselines/a%40S/pin"
    assert not orders.cancel("k1")
    assert orders.claim() is None


def test_every_question_about_a_site_has_its_place():
    assert Query(kind="signals", key="S/1").path == "telemetry/sites/S%2F1/signals?window_minutes=120"
    assert Query(kind="baselines", key="S 1").path == "baselines?site=S%201&limit=500"
    assert Query(kind="ticket", key="T-1").path == "tickets/T-1"
    assert Query(kind="runs", key="A-1").path == "playbooks/runs?alert=A-1&limit=5"
    for kind in ("hours", "week", "changes", "simulate"):
        assert Query(kind=kind, key="phone_events@S1").path.startswith("baselines/phone_events%40S1")


def test_every_fact_of_the_screens_has_its_place():
    assert Query(kind="overview", key="").path == "reports/overview"
    assert Query(kind="day_of", key="P/1").path == "people/P%2F1/day"
    assert Query(kind="similar", key="A-1").path == "alerts/A-1"
    assert set(READERS) <= set(PATHS)
