from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest

from nocd.cli.client import find
from nocd.cli.tail import Follower, Lost
from nocd.errors import NotAllowed, StateError
from tests.integration.cli.daemon import DROP, TOKEN, batch, caught_up, change, close, hello


class Patient(Follower):
    """Notes how long it would have slept."""

    def __init__(self, target, **kwargs):
        self.waits: list[float] = []
        super().__init__(target, sleep=self.waits.append, **kwargs)


@pytest.fixture
def follow(daemon, folder):
    """Follow the fake feed from a number; the waits between connections are told, not slept."""

    def start(after=0, **kwargs):
        return Patient(find({"data_dir": folder.root, "url": None, "token": None}), after=after, **kwargs)

    return start


def seqs(changes):
    return [each["seq"] for each in changes]


def test_until_now_prints_what_is_kept_and_ends(nocd, daemon, folder):
    wanted = [change(1), change(2, "note_added", site="S1")]
    daemon.feeds.append([hello(2), batch(*wanted), caught_up(2)])
    result = nocd("tail", "--until-now", "--json", "--data-dir", folder.root)
    assert result.exit_code == 0, result.output
    assert [json.loads(line) for line in result.stdout.splitlines()] == wanted
    assert daemon.asked == [{"after": "0"}]


def test_a_person_reads_how_many_events_were_stored(nocd, daemon, folder):
    stored = change(1, "events_stored", data={"count": 1_000, "first_no": 1, "last_no": 1_000})
    daemon.feeds.append([hello(), batch(stored), caught_up(1)])
    assert nocd("tail", "--until-now", "--data-dir", folder.root).stdout.endswith(" 1,000 events\n")


def test_filters_are_the_daemons(nocd, daemon, folder):
    daemon.feeds.append([hello(), caught_up(7)])
    nocd("tail", "--after", 7, "--until-now", "--type", "a", "--type", "b", "--site", "S1", "--data-dir", folder.root)
    assert daemon.asked == [{"after": "7", "types": "a,b", "sites": "S1"}]


def test_a_person_reads_one_change_a_line(nocd, daemon, folder):
    bad = change(1, severity="HIGH", data={"id": "A-1", "title": "two\nlines\x1b[2J", "site_name": "Depot"})
    daemon.feeds.append([hello(), batch(bad), caught_up(1)])
    result = nocd("tail", "--until-now", "--data-dir", folder.root)
    (line,) = result.stdout.splitlines()
    assert line == "       1 2026-01-01T00:00:00 alert_created        HIGH · A-1 · Depot · two·lines·[2J"


def test_without_a_number_it_starts_from_now(daemon, follow):
    daemon.feeds.append([hello(41), caught_up(41), batch(change(42)), DROP])
    daemon.feeds.append([hello(42), batch(change(43)), caught_up(43)])
    follower = follow(after=None, limit=2)
    assert seqs(follower.changes()) == [42, 43]
    assert daemon.asked == [{}, {"after": "42"}]


def test_a_limit_ends_inside_a_batch(daemon, follow):
    daemon.feeds.append([hello(), batch(*map(change, range(1, 10)))])
    assert seqs(follow(limit=3).changes()) == [1, 2, 3]


def test_losses_lose_and_double_nothing(daemon, follow, capsys):
    daemon.feeds.append([hello(9), batch(change(1), change(2)), DROP])
    daemon.feeds.append((503, "restarting"))
    daemon.feeds.append([DROP])
    daemon.feeds.append([hello(9), batch(change(2), change(3)), close(4008, "lagged")])
    daemon.feeds.append([hello(9), close(1001, "restarting")])
    daemon.feeds.append([hello(9), batch(change(4)), caught_up(4)])
    follower = follow(until_now=True)
    assert seqs(follower.changes()) == [1, 2, 3, 4]
    assert [asked["after"] for asked in daemon.asked] == ["0", "2", "2", "2", "3", "3"]
    assert len(follower.waits) == 5
    assert capsys.readouterr().err.count("trying on") == 3  # once a loss, not once a try
    assert follower.waits[0] <= 0.25
    assert 0.25 <= follower.waits[2] <= 1.0
    assert follower.waits[3] <= 0.25  # a hello ends the waiting's growth


def test_a_filtered_feed_resumes_after_what_it_was_not_shown(daemon, follow):
    daemon.feeds.append(
        [hello(9), {"type": "batch", "from": 1, "to": 6, "changes": [change(3)], "latency_ms": 0.1}, DROP]
    )
    daemon.feeds.append([hello(9), caught_up(9), {"type": "heartbeat", "seq": 9, "time": "x"}, DROP])
    daemon.feeds.append([hello(9), caught_up(9), batch(change(10))])
    assert seqs(follow(limit=2).changes()) == [3, 10]
    assert [asked["after"] for asked in daemon.asked] == ["0", "6", "9"]


def test_a_heartbeat_before_the_past_is_told_skips_none_of_it(daemon, follow):
    daemon.feeds.append([hello(9), {"type": "heartbeat", "seq": 9, "time": "x"}, batch(change(1)), caught_up(1)])
    assert seqs(follow(until_now=True).changes()) == [1]


def test_a_gap_is_told_and_gone_past(daemon, follow, capsys):
    daemon.feeds.append([hello(60), {"type": "gap", "from": 1, "to": 50, "reason": "no longer kept"}, DROP])
    daemon.feeds.append([hello(60), batch(change(51)), caught_up(60)])
    assert seqs(follow(until_now=True).changes()) == [51]
    assert daemon.asked[1] == {"after": "50"}
    assert "changes 1 to 50 are not to be had: no longer kept" in capsys.readouterr().err


def test_a_number_from_the_future_hides_nothing_that_comes(daemon, follow):
    daemon.feeds.append([hello(10), {"type": "gap", "from": 11, "to": 500, "reason": "newer"}, batch(change(11))])
    assert seqs(follow(after=500, limit=1).changes()) == [11]


def test_a_restored_backup_ends_it_since_numbers_mean_others(daemon, follow):
    daemon.feeds.append([hello(9), batch(change(1)), DROP])
    daemon.feeds.append([hello(9, epoch="two"), batch(change(2))])
    with pytest.raises(StateError) as refused:
        list(follow().changes())
    assert refused.value.code == "epoch_changed"


@pytest.mark.parametrize(("code", "told"), [(4401, "token_expired"), (4403, "forbidden")])
def test_a_refusal_is_final(daemon, follow, code, told):
    daemon.feeds.append([close(code, told)])
    with pytest.raises(NotAllowed) as refused:
        list(follow().changes())
    assert refused.value.code == told


def test_no_daemon_is_told_at_once(nocd, folder, daemon, follow):
    daemon.feeds.append((503, "starting"))
    with pytest.raises(Lost):
        list(follow().changes())
    result = nocd("tail", "--url", "http://127.0.0.1:9", "--token", "x", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["code"] == "unreachable"


@pytest.fixture
def heeds_sigint():
    """What runs in the background ignores SIGINT, and so would its children."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeds_sigint")
def test_ctrl_c_is_an_end_and_no_failure_of_ours(daemon, folder):
    daemon.feeds.append([hello(), caught_up(0)])
    command = [sys.executable, "-m", "nocd", "tail", "--data-dir", str(folder.root)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert daemon.listened.wait(20)
            process.send_signal(signal.SIGINT)
            _, told = process.communicate(timeout=20)
        finally:
            process.kill()
    assert process.returncode == 130
    assert told == ""


def test_a_wrong_token_is_told(nocd, daemon):
    result = nocd("tail", "--url", daemon.url, "--token", "wrong", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["code"] == "unauthorised"


def test_over_the_network_the_token_is_shown(nocd, daemon):
    daemon.feeds.append([hello(), batch(change(1)), caught_up(1)])
    result = nocd("tail", "--until-now", "--json", "--url", daemon.url, "--token", TOKEN)
    assert seqs(map(json.loads, result.stdout.splitlines())) == [1]
