"""A full disk refuses and loses nothing; by hand: `python -m tests.e2e.disk_full`."""

from __future__ import annotations

import pytest

from tests.e2e.disk_full import RESUMES_WITHIN_S, NotPermitted, run, small_disk

pytestmark = pytest.mark.heavy


@pytest.mark.timeout(180)
@pytest.mark.may_block("the test fills the disk and mounts it; the daemon runs in a process of its own")
async def test_a_full_disk_refuses_loses_nothing_and_comes_back_by_itself(tmp_path) -> None:
    try:
        with small_disk(tmp_path / "disk") as folder:
            counted = await run(folder)
    except NotPermitted as error:
        pytest.skip(str(error))
    assert 0 < counted["before"] < counted["answered"]
    assert counted["stored"] >= counted["answered"]
    assert counted["resumed_s"] <= RESUMES_WITHIN_S
