"""`nocd simulate`: which troubles are planted, and how often, can be said on the command line."""

from __future__ import annotations

import csv
import json

import pytest
from click.testing import CliRunner, Result

from nocd.cli.simulate import simulate
from nocd.simulate.frauds import FRAUDS

pytestmark = pytest.mark.heavy


@pytest.fixture
def run(tmp_path):
    def ran(*arguments: str) -> Result:
        files = ("--out", str(tmp_path / "events.ndjson"), "--truth", str(tmp_path / "truth.csv"))
        return CliRunner().invoke(simulate, ["--sites", "3", "--people", "12", "--days", "3", *files, *arguments])

    return ran


def test_only_the_kinds_that_are_named_are_planted(run, tmp_path):
    only = ("--only", "SILENT_SITE", "--only", "SLACK_NIGHT", "--rate", "SLACK_NIGHT=1", "--rate", "SILENT_SITE=0.2")
    result = run(*only, "--json")
    assert result.exit_code == 0, result.output
    planted = json.loads(result.stdout)["truth"]
    assert set(planted) == {"SILENT_SITE", "SLACK_NIGHT"}
    rows = list(csv.DictReader((tmp_path / "truth.csv").read_text().splitlines()))
    assert len(rows) == sum(planted.values())
    assert all(bool(row["person"]) == (row["kind"] == "SLACK_NIGHT") for row in rows)


def test_a_rate_changes_one_kind_and_leaves_the_others(run):
    without = json.loads(run("--rate", "OPEN_PUNCH=0", "--json").stdout)["truth"]
    everyone = json.loads(run("--rate", "OPEN_PUNCH=1", "--json").stdout)["truth"]
    assert "OPEN_PUNCH" not in without
    assert everyone["OPEN_PUNCH"] > 10


def test_a_company_without_troubles_can_be_had(run):
    result = run("--only", "NO_SHOW", "--rate", "NO_SHOW=0", "--json")
    assert json.loads(result.stdout)["truth"] == {}


def test_frauds_and_a_drift_are_planted_when_asked_for(run, tmp_path):
    none, many = (json.loads(run("--frauds", share, "--json").stdout)["truth"] for share in ("0", "0.5"))
    assert FRAUDS.isdisjoint(none)
    assert sum(many.get(kind, 0) for kind in FRAUDS) >= 5
    plain = (tmp_path / "events.ndjson").read_bytes()
    run("--frauds", "0.5", "--drift", "faces=2026-01-07")
    changed = (tmp_path / "events.ndjson").read_bytes()
    assert 0 < changed.count(b"match_distance") < plain.count(b"match_distance")


@pytest.mark.parametrize(
    ("arguments", "cure"),
    [
        (("--rate", "SLACK_NIGHT"), "KIND=SHARE"),
        (("--rate", "SLACK_NIGHT=often"), "KIND=SHARE"),
        (("--rate", "NAPPING=0.1"), "known:"),
        (("--only", "NAPPING"), "known:"),
        (("--rate", "SLACK_NIGHT=2"), "give 0 to 1"),
        (("--rate", "SLACK_NIGHT=nan"), "give 0 to 1"),
        (("--frauds", "0.9"), "0<=x<=0.5"),
        (("--drift", "positions"), "KIND=DATE"),
        (("--drift", "tides=2026-01-06"), "known:"),
    ],
)
def test_a_rate_that_is_none_is_refused_with_the_cure(run, arguments, cure):
    result = run(*arguments)
    assert result.exit_code != 0
    assert cure in result.output + result.stderr
