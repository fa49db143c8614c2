"""A ticket's evidence over HTTP and at the command line: whole, sealed, for those who may, checked without a daemon."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from click.testing import CliRunner

from nocd.cli.main import cli
from nocd.domain.evidence import faults
from nocd.domain.token import Right, Role
from nocd.store import evidence as store
from tests.integration.api.desk import Desk, running
from tests.unit.ingest.examples import MINIMAL, envelope

pytestmark = pytest.mark.asyncio(loop_scope="module")
PATH = "/v1/tickets/T-1/evidence"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def desk() -> Any:
    async with running() as running_desk:
        north = {"id": "S1", "name": "North", "timezone": "UTC"}
        await running_desk.post(envelope("noc.site", north, id="s", source="/t"))
        person = {"id": "P1", "name": "Asha Rao", "sites": ["S1"]}
        punch = {"person": "P1", "site": "S1", "direction": "in", "method": "NFC"}
        await running_desk.post(
            envelope("noc.person", person, id="p", source="/t"),
            envelope("noc.attendance.punch", punch, id="in", source="/t", time=...),
            envelope("noc.phone.event", {"person": "P1", "kind": "panic"}, id="panic", source="/t", time=...),
            envelope("noc.alert", {**MINIMAL["noc.alert"], "site": "S1", "severity": "HIGH"}, id="a", source="/t"),
        )
        await running_desk.ask("POST", "/v1/tickets/T-1/ack", token="operator")
        await running_desk.give("viewer", Role.VIEWER)
        await running_desk.give("partial", Role.VIEWER, rights=frozenset({Right.FRAUD, Right.EXPORT}))
        await running_desk.give("elsewhere", Role.OPERATOR, sites=frozenset({"S9"}))
        await running_desk.give("north", Role.OPERATOR, sites=frozenset({"S1"}))
        yield running_desk


async def test_it_holds_the_whole_case_and_the_audit_trail_seals_it(desk: Desk) -> None:
    document = (await desk.ask("GET", PATH, token="operator")).json
    assert faults(document) == []
    kinds = Counter(each["kind"] for each in document["items"])
    assert set(kinds) == {"ticket", "timeline", "alert", "decision", "finding", "rule", "event", "act"}
    bodies = [json.loads(each["content"]["body"]) for each in document["items"] if each["kind"] == "event"]
    assert {"in", "panic"} <= {body["id"] for body in bodies}
    assert "a" not in {body["id"] for body in bodies}
    assert (document["ticket"], document["made_by"], document["model"]) == ("T-1", "operator", None)
    (row, *_) = await desk.items("/v1/audit?act=evidence")
    assert (row["no"], row["target"], row["detail"]["args"]["root"]) == (
        document["seal"]["no"],
        "T-1",
        document["root"],
    )
    assert (await desk.ask("GET", "/v1/audit/verify")).json["chains"][0]["fault"] is None


async def test_a_token_limited_to_the_site_has_it_too(desk: Desk) -> None:
    document = (await desk.ask("GET", PATH, token="north")).json
    assert faults(document) == []
    assert "event" in {each["kind"] for each in document["items"]}


@pytest.mark.parametrize(
    ("token", "told"),
    [("viewer", (403, "forbidden")), ("partial", (403, "forbidden")), ("elsewhere", (404, "not_found"))],
)
async def test_who_may_not_read_it_all_gets_nothing(desk: Desk, token: str, told: tuple[int, str]) -> None:
    assert (await desk.ask("GET", PATH, token=token)).told == told


async def test_a_bound_that_is_reached_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FINDINGS_MAX", "EVENTS_MAX", "ACTS_MAX", "SCANNED_MAX"):
        monkeypatch.setattr(store, name, 1)
    document = (await desk.ask("GET", PATH)).json
    assert faults(document) == []
    assert [each for each in document["limits"] if each.startswith("left out: ")]


async def test_the_command_line_writes_it_and_checks_it_without_a_daemon(desk: Desk, tmp_path: Path) -> None:
    file, root = tmp_path / "case.json", str(desk.daemon.folder.root)

    async def nocd(*arguments: str) -> Any:
        return await asyncio.to_thread(CliRunner().invoke, cli, ["evidence", *arguments])

    made = await nocd("T-1", "--out", str(file), "--data-dir", root)
    assert (made.exit_code, "row" in made.stdout) == (0, True), made
    assert (await nocd("T-1", "--out", str(file), "--data-dir", root)).exit_code == 1
    good = await nocd("verify", str(file), "--data-dir", root)
    assert (good.exit_code, "holds" in good.stdout) == (0, True), good
    document = json.loads(file.read_text())
    document["items"][0]["content"]["title"] = "another"
    file.write_text(json.dumps(document))
    bad = await nocd("verify", str(file), "--json")
    assert (bad.exit_code, json.loads(bad.stdout)["ok"]) == (1, False)
    file.write_text("no JSON")
    assert (await nocd("verify", str(file))).exit_code == 1
