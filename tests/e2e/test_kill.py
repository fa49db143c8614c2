"""Three kills in the gate; thirty by hand: `python -m tests.e2e.kill --kills 30`."""

from __future__ import annotations

import pytest

from tests.e2e.kill import run

pytestmark = pytest.mark.heavy


@pytest.mark.timeout(120)
@pytest.mark.may_block("the checks afterwards read the database of a daemon that has ended")
async def test_nothing_is_lost_doubled_or_told_twice_over_kills(tmp_path) -> None:
    counted = await run(tmp_path / "data", kills=3, seed=1)
    assert counted["answered"] > 0
    assert counted["alerts"] > 0
    assert counted["slowest_ready_s"] < 10
