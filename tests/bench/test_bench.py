"""That a bench runs and prints its form; how fast it is, the gate does not ask."""

from __future__ import annotations

import asyncio
import json
import sys

import pytest

from tests.bench.__main__ import BENCHES

pytestmark = pytest.mark.heavy


@pytest.mark.long
@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", BENCHES)
async def test_a_quick_run_prints_the_form_of_each_row(name: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench", "--quick", name),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    rows = [json.loads(line) for line in out.splitlines()]
    assert rows
    assert all({"name", "value", "limit", "ratio", "must", "ok"} <= row.keys() for row in rows)
