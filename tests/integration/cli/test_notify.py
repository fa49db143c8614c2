"""`nocd notify` against the daemon itself and a receiver on a real socket."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.integration.cli.test_real import served  # noqa: F401 - a fixture
from tests.integration.notify.receiving import SECRETS

WITHIN_S = 20


class Receiver(ThreadingHTTPServer):
    """Answers 410 to alerts, 204 to everything else."""

    daemon_threads = True

    class RequestHandlerClass(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(410 if body["type"] == "alerts" else 204)
            self.end_headers()

        def log_message(self, *args):
            pass

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Receiver.RequestHandlerClass)


@pytest.fixture
def receiver(tmp_path, monkeypatch):
    secret, config = tmp_path / "hook.secret", tmp_path / "nocd.toml"
    secret.write_text(SECRETS["new1"])
    with Receiver() as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        config.write_text(
            f'[receivers.desk]\nwebhook = "http://127.0.0.1:{made.server_address[1]}/"\nsecrets = ["file:{secret}"]\n'
            'addresses = ["127.0.0.0/8"]\n[receivers.shut]\nwebhook = "http://127.0.0.1:9/"\nsecrets = ["env:NONE"]\n'
            '[[routes]]\nname = "all"\nreceivers = ["desk"]\ngroup_wait_s = 0\n'
        )
        monkeypatch.setenv("NOCD_CONFIG", str(config))
        yield made
        made.shutdown()


def test_a_receiver_is_tried_and_what_never_arrived_is_listed_and_sent_again(
    nocd,
    folder,
    receiver,
    served,  # noqa: F811 - the fixture
    tmp_path,
):
    here = ("--data-dir", folder.root)
    tried = nocd("notify", "test", "desk", *here)
    assert (tried.exit_code, tried.stdout) == (0, "desk: told, answered 204\n")
    shut = nocd("notify", "test", "shut", *here, "--json")
    assert (shut.exit_code, json.loads(shut.stdout)["detail"]) == (1, "the environment has no NONE")
    assert "there is no receiver nobody" in nocd("notify", "test", "nobody", *here).stderr
    assert nocd("notify", "list", *here).stdout == "none\n"
    door = {"alert_type": "Door", "severity": "HIGH", "status": "firing", "entity_type": "door", "entity_id": "d"}
    (tmp_path / "e.ndjson").write_text(json.dumps({"type": "noc.alert", "data": {**door, "message": "x"}}) + "\n")
    assert nocd("post", tmp_path / "e.ndjson", *here).exit_code == 0
    ends = time.monotonic() + WITHIN_S
    while "N-1" not in (listed := nocd("notify", "list", "--state", "dead", *here)).stdout:
        assert time.monotonic() < ends, listed.output
    assert listed.stdout.split()[2:4] == ["desk", "dead"]
    assert listed.stdout.rstrip().endswith("A-1: answered 410")
    assert "waiting" in nocd("notify", "replay", "N-1", *here).stdout
    assert nocd("notify", "replay", "N-77", *here).exit_code == 1
