"""What-if over HTTP and at the command line: in a process of its own, one at a time, for admins, and on record."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from click.testing import CliRunner

from nocd import whatif
from nocd.cli.main import cli
from nocd.domain.token import Role
from tests.integration.api.desk import Desk, running
from tests.unit.ingest.examples import MINIMAL, envelope

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.heavy]
PATH = "/v1/whatif"
FEWER: dict[str, Any] = {"set": {"ticket_severities": ""}, "days": 1}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def desk() -> Any:
    async with running() as running_desk:
        data = {**MINIMAL["noc.alert"], "severity": "HIGH", "site": "S1"}
        await running_desk.post(envelope("noc.alert", data, id="a", source="/t", time=...))
        await running_desk.give("narrow", Role.ADMIN, sites=frozenset({"S1"}))
        yield running_desk


async def test_what_would_be_lost_is_told_and_that_it_was_asked_is_on_record(desk: Desk) -> None:
    answer = await desk.ask("POST", PATH, json=FEWER)
    assert answer.status == 200, answer
    assert (answer.json["tickets"]["lost"], answer.json["alerts"]["lost"]) == (1, 0)
    assert len(await desk.items("/v1/tickets")) == 1
    (row, *_) = await desk.items("/v1/audit?act=whatif")
    assert row["detail"]["args"]["set"] == FEWER["set"]


@pytest.mark.parametrize(
    ("body", "token", "told"),
    [
        ({"set": {"detectors.gps_spoofing.max_speed_kmh": 2}}, "admin", (400, "bad_rules")),
        ({"days": 3}, "admin", (400, "bad_request")),
        (FEWER, "operator", (403, "forbidden")),
        (FEWER, "narrow", (403, "forbidden")),
    ],
)
async def test_what_cannot_be_tried_is_refused(desk: Desk, body: Any, token: str, told: tuple[int, str]) -> None:
    assert (await desk.ask("POST", PATH, json=body, token=token)).told == told


async def test_two_at_a_time_are_one_and_a_refusal(desk: Desk) -> None:
    answers = await asyncio.gather(*(desk.ask("POST", PATH, json=FEWER) for _ in range(2)))
    assert sorted(answer.status for answer in answers) == [200, 409]
    (refused,) = (answer for answer in answers if answer.status == 409)
    assert refused.json["code"] == "whatif_running"


async def test_one_that_is_ended_says_so(desk: Desk) -> None:
    asked = asyncio.create_task(desk.ask("POST", PATH, json=FEWER))
    while desk.daemon.whatif._running is None:  # noqa: ASYNC110 - what is waited for gives no event
        await asyncio.sleep(0.001)
    await desk.daemon.whatif.close()
    assert (await asked).told == (503, "whatif_ended")


async def test_one_that_takes_too_long_is_ended(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whatif, "GRACE_S", 0.01)
    monkeypatch.setattr(desk.daemon.whatif, "seconds_max", 0)
    assert (await desk.ask("POST", PATH, json=FEWER)).told == (503, "whatif_ended")


async def test_the_command_line_asks_the_daemon_and_prints_for_a_person(desk: Desk) -> None:
    arguments = ["whatif", "--set", "ticket_severities=", "--days", "1", "--data-dir", str(desk.daemon.folder.root)]
    ran = await asyncio.to_thread(CliRunner().invoke, cli, arguments)
    assert ran.exit_code == 0, ran
    assert "tickets: 1 -> 0: 1 would not be" in ran.stdout
    nothing = await asyncio.to_thread(CliRunner().invoke, cli, arguments[:1])
    assert nothing.exit_code == 1


async def test_the_command_line_without_a_daemon_wants_a_data_folder(tmp_path: Any) -> None:
    missing = await asyncio.to_thread(
        CliRunner().invoke, cli, ["whatif", "--set", "ticket_severities=", "--data-dir", str(tmp_path)]
    )
    assert (missing.exit_code, "--data-dir" in missing.stderr) == (1, True)


async def test_the_command_line_without_a_daemon_folds_the_folder_within_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(root=tmp_path) as another:
        data = {**MINIMAL["noc.alert"], "severity": "HIGH", "site": "S1"}
        await another.post(envelope("noc.alert", data, id="a", source="/t", time=...))
    arguments = ["whatif", "--set", "ticket_severities=", "--days", "1", "--data-dir", str(tmp_path)]
    ran = await asyncio.to_thread(CliRunner().invoke, cli, arguments)
    assert (ran.exit_code, "tickets: 1 -> 0" in ran.stdout) == (0, True), ran
    monkeypatch.setattr(whatif, "MEMORY_MAX_BYTES", 1)
    short = await asyncio.to_thread(CliRunner().invoke, cli, arguments)
    assert "memory ran out" in short.stdout, short


async def test_the_daemons_stop_ends_one_that_runs_and_answers_who_asked() -> None:
    async with running() as another:
        asked = asyncio.create_task(another.ask("POST", PATH, json=FEWER))
        while another.daemon.whatif._running is None:  # noqa: ASYNC110 - what is waited for gives no event
            await asyncio.sleep(0.001)
        child = another.daemon.whatif._running
        await another.daemon.stop()
        assert (await asked).told == (503, "whatif_ended")
        assert child.returncode is not None
