"""What every test runs under."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from blockbuster import blockbuster_ctx
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

# On CI the same examples every run; elsewhere new ones, and a failing one is kept and can be replayed from its blob.
settings.register_profile("search", deadline=None, print_blob=True)
settings.register_profile("repeat", deadline=None, print_blob=True, derandomize=True)
settings.load_profile("repeat" if os.environ.get("CI") else "search")


@pytest.fixture(autouse=True)
def unblocked_loop(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail an asyncio test in which the daemon blocks the event loop, unless it is marked `may_block("why")`."""
    allowed = request.node.get_closest_marker("may_block")
    if allowed and not allowed.args:
        pytest.fail('may_block needs its reason: @pytest.mark.may_block("why")')
    if allowed or not request.node.get_closest_marker("asyncio"):
        yield
        return
    with blockbuster_ctx("nocd") as watched:
        for name in ("os.stat", "io.BufferedReader.read"):  # a zone's file is read once, and kept
            watched.functions[name].can_block_in("nocd/domain/instant.py", "zone")
        yield
