"""`nocd baselines` and `nocd jobs` against the daemon itself, on a history that was replayed."""

from __future__ import annotations

import json

import pytest

from tests.integration.cli.test_real import served  # noqa: F401 - a fixture

pytestmark = pytest.mark.heavy

BASELINE = "phone_events@S-001"


@pytest.fixture
def learned(nocd, folder, tmp_path):
    files = ("--out", tmp_path / "e.ndjson", "--truth", tmp_path / "t.csv")
    assert nocd("simulate", "--sites", 1, "--people", 4, "--days", 16, *files).exit_code == 0
    assert nocd("replay", tmp_path / "e.ndjson", "--data-dir", folder.root).exit_code == 0


@pytest.mark.timeout(180)
def test_a_threshold_is_seen_tried_moved_and_taken_back(nocd, learned, folder, served) -> None:  # noqa: F811 - the fixture
    here = ("--data-dir", folder.root)
    listed = nocd("baselines", "list", "--metric", "phone_events", *here)
    assert "phone_events@S-001" in listed.stdout
    assert "threshold 3" in listed.stdout
    week = nocd("baselines", "show", BASELINE, *here).stdout.splitlines()
    assert [line[:3] for line in week[1:]] == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert "it never moved" in nocd("baselines", "changes", BASELINE, *here).stdout
    tried = nocd("baselines", "simulate", BASELINE, 2, "--days", 400, *here).stdout
    assert "alerts at 3," in tried
    moved = json.loads(nocd("baselines", "set", BASELINE, 2.5, "--note", "rush", *here, "--json").stdout)
    assert (moved["change"]["old"], moved["change"]["new"], moved["change"]["reason"]) == (3.0, 2.5, "rush")
    assert "pinned" in nocd("baselines", "pin", BASELINE, *here).stdout
    back = nocd("baselines", "rollback", BASELINE, moved["change"]["id"], *here)
    assert "2.5 -> 3" in back.stdout
    again = nocd("baselines", "rollback", BASELINE, moved["change"]["id"], *here)
    assert (again.exit_code, "rolled back already" in again.stderr) == (1, True)
    assert "rolled back by" in nocd("baselines", "changes", BASELINE, *here).stdout
    assert nocd("baselines", "set", BASELINE, 9, *here).exit_code == 2
    assert nocd("baselines", "show", "nothing@S-001", *here).exit_code == 1

    ran = nocd("jobs", "run", "tuning", *here)
    assert "tuning: ok" in ran.stdout
    assert "1 pinned" in ran.stdout
    assert "sun at 03:00" in nocd("jobs", "list", *here).stdout
    assert nocd("jobs", "run", "nothing", *here).exit_code == 1
