"""`nocd roster` against the daemon itself."""

from __future__ import annotations

import json

from tests.integration.cli.test_real import served  # noqa: F401 - a fixture

SITES = "id,name,timezone,radius_m,client\nS1,North Yard,UTC,150,ACME\nS2,South Yard,Europe/Berlin,,ACME\n"


def test_a_table_is_shown_applied_changed_and_written_back(nocd, folder, served, tmp_path) -> None:  # noqa: F811 - the fixture
    file, here = tmp_path / "sites.csv", ("--data-dir", folder.root)
    file.write_text(SITES, "utf-8")
    dry = nocd("roster", "import", "site", file, *here)
    assert dry.exit_code == 0
    assert dry.stdout.splitlines() == [
        "  + S1",
        "  + S2",
        "site: 2 created, 0 updated, 0 removed, 0 unchanged if applied; nothing was sent: add --apply",
    ]
    assert json.loads(nocd("roster", "export", "site", "--json", *here).stdout) == {"items": []}
    applied = nocd("roster", "import", "site", file, "--apply", *here)
    assert applied.stdout.splitlines()[-1] == "site: 2 created, 0 updated, 0 removed, 0 unchanged"
    again = json.loads(nocd("roster", "import", "site", file, "--apply", "--json", *here).stdout)
    assert (again["unchanged"], again["created"], again["changes"]) == (2, 0, [])

    file.write_text("id,name,timezone\nS1,North Gate,UTC\n", "utf-8")
    moved = nocd("roster", "import", "site", file, "--apply", "--remove-missing", *here)
    assert "  ~ S1: name North Yard → North Gate" in moved.stdout
    assert "  - S2" in moved.stdout
    (site,) = json.loads(nocd("roster", "export", "site", "--json", *here).stdout)["items"]
    assert (site["name"], site["radius_m"], site["client"]) == ("North Gate", 150.0, "ACME")

    exported = nocd("roster", "export", "site", *here).stdout
    file.write_text(exported, "utf-8")
    same = json.loads(nocd("roster", "import", "site", file, "--remove-missing", "--json", *here).stdout)
    assert (same["unchanged"], same["updated"], same["removed"], same["applied"]) == (1, 0, 0, False)


def test_what_the_daemon_made_up_itself_is_nobodys_to_export(nocd, folder, served, tmp_path) -> None:  # noqa: F811 - the fixture
    event = {"type": "noc.task.done", "data": {"task": "K1", "person": "P9", "site": "S9"}}
    file = tmp_path / "e.ndjson"
    file.write_text(json.dumps(event), "utf-8")
    assert nocd("post", file, "--data-dir", folder.root).exit_code == 0
    assert json.loads(nocd("roster", "export", "person", "--json", "--data-dir", folder.root).stdout) == {"items": []}


def test_a_bad_table_is_told_by_line_and_nothing_is_sent(nocd, folder, served, tmp_path) -> None:  # noqa: F811 - the fixture
    file = tmp_path / "people.csv"
    file.write_text("id,name,active\nP1,Mara,perhaps\n", "utf-8")
    refused = nocd("roster", "import", "person", file, "--apply", "--json", "--data-dir", folder.root)
    assert refused.exit_code == 1
    assert json.loads(refused.stdout)["code"] == "bad_table"
    assert "line 2: active" in refused.stderr


def test_long_lists_are_cut_short(nocd, folder, served, tmp_path) -> None:  # noqa: F811 - the fixture
    file = tmp_path / "people.csv"
    file.write_text("id,name\n" + "".join(f"P{number},x\n" for number in range(25)), "utf-8")
    told = nocd("roster", "import", "person", file, "--data-dir", folder.root).stdout.splitlines()
    assert len(told) == 22
    assert told[-2] == "  … and 5 more"
