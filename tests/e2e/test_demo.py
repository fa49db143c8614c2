"""`nocd demo --headless`: a company, three days of its history and live traffic, in numbers scripts can rely on."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.heavy

FORM = {"events", "findings", "alerts", "incidents", "tickets", "fraud_scores"}


@pytest.mark.timeout(120)
def test_the_demo_prints_its_numbers_in_the_fixed_form(tmp_path) -> None:
    done = subprocess.run(
        (sys.executable, "-m", "nocd", "demo", "--headless", "--seconds", "3", "--json"),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HOME": str(tmp_path), "TMPDIR": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    counts = json.loads(line)
    assert set(counts) == FORM
    assert all(isinstance(count, int) and count >= 0 for count in counts.values())
    assert counts["events"] > 0
    assert counts["findings"] > 0
    assert counts["alerts"] > 0
    assert not list(tmp_path.glob("nocd-demo-*")), "the scratch folder is left behind"


@pytest.mark.long
@pytest.mark.timeout(120)
def test_the_demo_prints_the_feed_where_nobody_asked_for_json(tmp_path) -> None:
    done = subprocess.run(
        (sys.executable, "-m", "nocd", "demo", "--headless", "--seconds", "3", "--speed", "600"),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HOME": str(tmp_path), "TMPDIR": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert "nocd takes events at http://127.0.0.1:" in done.stderr
    *feed, total = done.stdout.splitlines()
    assert "events" in total
    assert any("events_stored" in line or "stored" in line for line in feed), done.stdout[-2_000:]
