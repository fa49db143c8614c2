from __future__ import annotations

import gzip
import json

import pytest

from nocd.cli.client import Client, Refused, Unreachable, find
from nocd.cli.lines import Line
from nocd.cli.post import Poster, prepared
from nocd.cli.rebase import instant
from nocd.clock import now_ms
from tests.integration.cli.daemon import DROP, TAKE_AND_DROP, TOKEN, FakeDaemon

FORM = {"accepted", "duplicates", "rejected", "seconds", "events_per_s"}


def event(number, **more):
    return {
        "specversion": "1.0",
        "id": f"e{number}",
        "source": "test",
        "type": "noc.sample",
        "time": f"2026-01-01T00:{number % 60:02d}:00Z",
        "data": {"metric": "m", "value": number},
        **more,
    }


@pytest.fixture
def file(tmp_path):
    def write(*events, name="events.ndjson"):
        path = tmp_path / name
        text = "".join(f"{each if isinstance(each, str) else json.dumps(each)}\n" for each in events).encode()
        path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
        return path

    return write


class Patient(Poster):
    """Notes how long it would have slept."""

    def __init__(self, client):
        self.waits: list[float] = []
        super().__init__(client, sleep=self.waits.append)


def time_of(event):
    moment = instant(event["time"])
    assert moment is not None
    return moment


@pytest.fixture
def poster(daemon, folder):
    with Client(find({"data_dir": folder.root, "url": None, "token": None})) as client:
        yield Patient(client)


def lines(*numbers):
    return [Line(number, json.dumps(event(number)).encode()) for number in numbers]


def counts(tally):
    return tally.accepted, tally.duplicates, tally.rejected


@pytest.mark.parametrize("name", ["events.ndjson", "events.ndjson.gz"])
def test_a_file_is_posted_once_and_again_is_all_duplicates(nocd, daemon, folder, file, name):
    path = file(*map(event, range(2_500)), name=name)
    first = nocd("post", path, "--data-dir", folder.root, "--json")
    assert first.exit_code == 0, first.output
    result = json.loads(first.stdout)
    assert set(result) == FORM
    assert (result["accepted"], result["duplicates"], result["rejected"]) == (2_500, 0, 0)
    assert [len(sent) for _, sent in daemon.bodies] == [1_000, 1_000, 500]
    again = json.loads(nocd("post", path, "--data-dir", folder.root, "--json").stdout)
    assert (again["accepted"], again["duplicates"], again["rejected"]) == (0, 2_500, 0)


def test_what_is_sent_is_the_line_as_it_was(nocd, daemon, folder, file):
    strange = '{ "id":"x", "type" : "noc.sample","extra":1.50, "specversion":"1.0","source":"s" }'
    nocd("post", file(strange), "--data-dir", folder.root)
    ((headers, (sent,)),) = daemon.bodies
    assert sent == strange.encode()
    assert headers["Content-Type"] == "application/x-ndjson"


def test_bodies_are_packed_when_asked(nocd, daemon, folder, file):
    result = nocd("post", file(event(1)), "--data-dir", folder.root, "--gzip", "--json")
    assert json.loads(result.stdout)["accepted"] == 1
    assert daemon.bodies[0][0]["Content-Encoding"] == "gzip"


def test_standard_input(nocd, daemon, folder):
    result = nocd("post", "-", "--data-dir", folder.root, "--json", input=json.dumps(event(1)) + "\n\n")
    assert json.loads(result.stdout)["accepted"] == 1


def test_nothing_to_send_is_no_failure(nocd, daemon, folder, file):
    result = nocd("post", file(), "--data-dir", folder.root, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["accepted"] == 0
    assert daemon.bodies == []


def test_lines_without_an_id_get_one_that_stays_through_a_resend(nocd, daemon, folder, file):
    daemon.answers.append(TAKE_AND_DROP)
    plain = {"type": "noc.sample", "data": {"metric": "m", "value": 1, "id": "not this one"}}
    result = nocd("post", file(plain, plain), "--data-dir", folder.root, "--json")
    told = json.loads(result.stdout)
    assert (told["accepted"], told["duplicates"]) == (0, 2)
    assert len(daemon.events) == 2


def test_rejected_lines_are_named_by_their_place_in_the_file(nocd, daemon, folder, file):
    result = nocd("post", file(event(1), "", "broken", event(2)), "--data-dir", folder.root, "--json")
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert (told["accepted"], told["rejected"]) == (2, 1)
    assert "line 3 rejected: not_json: no event" in result.stderr


def test_only_the_first_rejections_are_told(nocd, daemon, folder, file):
    result = nocd("post", file(event(1), *["broken"] * 50), "--data-dir", folder.root)
    assert result.stderr.count("rejected:") == 10
    assert "1 accepted, 0 duplicates, 50 rejected" in result.stdout


def test_all_rejected_is_a_failure_with_its_counts(nocd, daemon, folder, file):
    result = nocd("post", file("broken", "worse"), "--data-dir", folder.root, "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["rejected"] == 2


def test_rebase_moves_the_end_to_now_and_keeps_ids(nocd, daemon, folder, file):
    shift = {"id": "SH", "start": "2026-01-01T01:00:00Z", "end": "2026-01-01T09:00:00Z"}
    path = file(event(30), event(59), event(10, type="noc.shift", data=shift), "broken")
    before = now_ms()
    result = nocd("post", path, "--rebase", "now", "--data-dir", folder.root, "--json")
    assert json.loads(result.stdout)["accepted"] == 3
    times = {key[1]: time_of(event) for key, event in daemon.events.items()}
    assert before <= times["e59"] <= now_ms()
    assert times["e59"] - times["e30"] == 29 * 60_000
    moved = daemon.events["test", "e10"]["data"]
    assert time_of({"time": moved["start"]}) - times["e10"] == 50 * 60_000
    again = json.loads(nocd("post", path, "--rebase", "now", "--data-dir", folder.root, "--json").stdout)
    assert (again["accepted"], again["duplicates"], again["rejected"]) == (0, 3, 1)


def test_rebase_of_standard_input(nocd, daemon, folder):
    before = now_ms()
    nocd("post", "-", "--rebase", "now", "--data-dir", folder.root, input=json.dumps(event(1)))
    assert time_of(daemon.events["test", "e1"]) >= before


@pytest.mark.parametrize("status", [429, 502, 503, 504, 507])
def test_what_passes_is_tried_again_after_as_long_as_asked(daemon, poster, status):
    daemon.answers.extend([(status, "busy", {"Retry-After": "7"}), (status, "busy")])
    poster.send(lines(1, 2))
    assert counts(poster.tally) == (2, 0, 0)
    assert poster.waits[0] == 7.0
    assert 0.1 <= poster.waits[1] <= 0.4


def test_a_connection_lost_before_the_commit_loses_nothing(daemon, poster):
    daemon.answers.extend([DROP, DROP])
    poster.send(lines(1, 2))
    assert counts(poster.tally) == (2, 0, 0)


def test_a_connection_lost_after_the_commit_doubles_nothing(daemon, poster):
    daemon.answers.append(TAKE_AND_DROP)
    poster.send(lines(1, 2))
    assert counts(poster.tally) == (0, 2, 0)
    assert len(daemon.events) == 2


def test_a_body_that_is_too_large_is_halved_down_to_the_line(folder):
    with FakeDaemon(folder, body_max=400) as daemon:
        daemon.answers.append((413, "too_large"))
        giant = Line(4, json.dumps(event(4, data={"metric": "m" * 400, "value": 4})).encode())
        with Client(find({"data_dir": folder.root, "url": None, "token": None})) as client:
            poster = Poster(client)
            poster.send([*lines(1, 2, 3), giant])
        assert counts(poster.tally) == (3, 0, 1)


def test_a_refusal_is_final(daemon, poster):
    daemon.answers.append((403, "forbidden"))
    with pytest.raises(Refused) as refused:
        poster.send(lines(1))
    assert (refused.value.code, refused.value.status) == ("forbidden", 403)
    assert poster.waits == []


def test_patience_ends(daemon, folder):
    with Client(find({"data_dir": folder.root, "url": None, "token": None})) as client:
        daemon.answers.extend([(503, "store_failed")] * 10)
        with pytest.raises(Refused) as refused:
            Poster(client, retry_for_s=0.0).send(lines(1))
    assert refused.value.code == "store_failed"


def test_giving_up_says_how_far_it_came(nocd, daemon, folder, file):
    daemon.answers.extend([None, (503, "store_failed")])
    path = file(*map(event, range(1_500)))
    result = nocd("post", path, "--data-dir", folder.root, "--json", "--retry-for", 0)
    assert result.exit_code == 1
    assert "1,000 events were answered before this" in result.stderr
    assert json.loads(result.stdout) == {"code": "store_failed", "detail": "it is store_failed"}


def test_an_address_and_a_token_are_taken_from_arguments_then_the_environment(nocd, daemon, file, monkeypatch):
    path = file(event(1))
    assert nocd("post", path, "--url", daemon.url, "--token", TOKEN).exit_code == 0
    refused = nocd("post", path, "--url", daemon.url, "--token", "wrong", "--json")
    assert refused.exit_code == 1
    assert json.loads(refused.stdout)["code"] == "unauthorised"
    assert "--token" in refused.stderr
    monkeypatch.setenv("NOCD_URL", daemon.url)
    monkeypatch.setenv("NOCD_TOKEN", TOKEN)
    assert nocd("post", path).exit_code == 0


def test_the_folders_tokens_are_shown_to_this_machine_only(folder):
    folder.token_file("ingest").write_text(TOKEN)
    options = {"data_dir": folder.root, "token": None}
    here = find({**options, "url": "http://127.0.0.1:1"}, prefer=("ingest",))
    there = find({**options, "url": "http://noc.example:1"}, prefer=("ingest",))
    assert (here.token, there.token) == (TOKEN, None)
    folder.url_file.write_text("https://noc.example:1\n")
    assert find({**options, "url": "https://noc.example:1"}, prefer=("admin", "ingest")).token == TOKEN
    assert find({**options, "url": None}, prefer=("ingest",)).url.hostname == "noc.example"


def test_no_daemon_is_told_with_the_cure(nocd, folder, file):
    path = file(event(1))
    result = nocd("post", path, "--data-dir", folder.root, "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["code"] == "unreachable"
    assert "nocd serve" in result.stderr
    result = nocd("post", path, "--url", "http://127.0.0.1:9", "--token", "x", "--retry-for", 0)
    assert result.exit_code == 1
    assert "127.0.0.1:9 does not answer" in result.stderr


def test_an_address_that_is_none_is_told(nocd, file):
    result = nocd("post", file(event(1)), "--url", "localhost:8460", "--json")
    assert json.loads(result.stdout)["code"] == "bad_url"


def test_a_daemon_that_answers_nonsense_is_told(daemon, folder):
    with Client(find({"data_dir": folder.root, "url": None, "token": None})) as client:
        with pytest.raises(Refused, match="404"):
            client.json("GET", "/v1/nowhere")
        daemon.answers.append(DROP)
        with pytest.raises(Unreachable):
            client.json("POST", "/v1/events", {})


def test_preparing_leaves_what_is_complete_as_it_is():
    (line,) = lines(1)
    assert prepared([line], None) == [line]
    (broken,) = prepared([Line(1, b"broken")], None)
    assert broken.text == b"broken"
    (cloud,) = prepared([Line(1, b'{"specversion":"1.0"}')], None)
    assert cloud.text == b'{"specversion":"1.0"}'
