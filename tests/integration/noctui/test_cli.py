"""The commands that print and end."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result

from noctui.cli import main
from noctui.state.handovertext import handover_text
from tests.integration.noctui.fake import TOKEN, FakeNocd
from tests.unit.noctui import shift_story as shift
from tests.unit.noctui.story import T0


@pytest.fixture
async def nocd() -> AsyncIterator[FakeNocd]:
    daemon = await FakeNocd().start()
    daemon.open_alert("A-1", title="Camera dark")
    daemon.open_alert("A-2", severity="CRITICAL", title="Door forced \x1b[31m")
    daemon.open_alert("A-3", severity="INFO", title="Clock drift")
    yield daemon
    await daemon.stop()


async def noctui(nocd: FakeNocd, *words: str, token: str = TOKEN) -> Result:
    environ = {"NOCTUI_URL": nocd.url, "NOCTUI_TOKEN": token}
    return await asyncio.to_thread(CliRunner(env=environ).invoke, main, words)


async def test_status_says_what_stands_open(nocd: FakeNocd):
    result = await noctui(nocd, "status", "--json")
    found = orjson.loads(result.stdout)
    assert (found["P1"], found["P2"], found["P4"], found["unattended"], found["seq"]) == (1, 1, 1, 3, 3)
    plain = await noctui(nocd, "status")
    assert "P1 1  P2 1  P3 0  P4 1  unack 3" in plain.stdout


async def test_alerts_are_printed_worst_first(nocd: FakeNocd):
    lines = (await noctui(nocd, "alerts", "--plain")).stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["ID", "A-2", "A-1", "A-3"]
    assert "Door forced ^[[31m" in lines[1]
    limited = await noctui(nocd, "alerts", "--json", "--limit", "1")
    assert [orjson.loads(line)["id"] for line in limited.stdout.splitlines()] == ["A-2"]
    assert (await noctui(nocd, "alerts", "--json", "--plain")).exit_code == 2


async def test_a_handover_is_printed_as_text_or_json_and_obeyed_by_no_terminal(nocd: FakeNocd):
    plain = (await noctui(nocd, "handover", "--plain")).stdout
    assert plain.startswith("Handover (not signed)  shift ")
    assert "P1: 2  unacked 1\n  A-20418  open  Door forced, dock 3  Depot North" in plain
    assert orjson.loads((await noctui(nocd, "handover", "--json", "--id", "H-3")).stdout)["signed_by"] == "tomas"
    gone = await noctui(nocd, "handover", "--id", "H-9")
    assert (gone.exit_code, "there is no handover H-9" in gone.stderr) == (1, True)
    assert (await noctui(nocd, "handover", "--json", "--plain")).exit_code == 2
    view = {**shift.sheet(T0), "notes": [{**shift.notes(T0)[0], "text": "gate\x1b[31m"}]}
    assert "gate^[[31m" in handover_text(view)


async def test_ack_and_resolve_act_once(nocd: FakeNocd):
    acked = await noctui(nocd, "ack", "A-1", "--note", "guard sent")
    assert (acked.exit_code, " ACK " in acked.stdout) == (0, True)
    resolved = await noctui(nocd, "resolve", "A-2", "--verdict", "benign")
    assert " RES " in resolved.stdout
    assert [(verb, alert) for verb, alert, _ in nocd.done] == [("ack", "A-1"), ("resolve", "A-2")]


async def test_a_refusal_says_why_and_exits_1(nocd: FakeNocd):
    nocd.refuse["A-1"] = (409, "it is resolved already")
    result = await noctui(nocd, "ack", "A-1")
    assert (result.exit_code, result.stderr) == (1, "Error: it is resolved already\n")
    unknown = await noctui(nocd, "status", token="wrong")
    assert unknown.exit_code == 1
    assert "try another by --token or --token-file" in unknown.stderr


async def test_where_nobody_answers_it_exits_3_and_says_what_to_do(nocd: FakeNocd):
    await nocd.stop()
    result = await noctui(nocd, "alerts")
    assert result.exit_code == 3
    assert "is nocd running there?" in result.stderr


def test_options_may_stand_before_or_after_the_command(tmp_path: Path):
    for words in (("--url", "ftp://x", "status"), ("status", "--url", "ftp://x")):
        result = CliRunner().invoke(main, [*words, "--data-dir", str(tmp_path)])
        assert result.exit_code == 2
        assert "is no address of a daemon" in result.stderr


def test_without_a_terminal_the_console_names_the_commands_for_scripts():
    result = CliRunner().invoke(main, [])
    assert result.exit_code == 2
    assert "noctui status" in result.stderr


@pytest.mark.parametrize("module", ["noctui.cli", "noctui.client.link", "noctui.state.reduce"])
def test_what_needs_no_screen_loads_neither_textual_nor_rich_nor_pydantic(module: str):
    code = f"import {module}, sys; print([n for n in ('textual', 'rich', 'pydantic') if n in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_help_loads_no_http_client():
    code = (
        "from noctui.cli import main; import sys; main(['-h'], standalone_mode=False); print('aiohttp' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip().endswith("False")
