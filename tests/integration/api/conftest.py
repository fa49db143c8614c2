from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio

from nocd.domain.token import Role
from tests.integration.api.desk import Desk, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def desk() -> AsyncIterator[Desk]:
    """Give one daemon to a whole table of requests: each of them has names of its own."""
    async with running(max_body_bytes=1_048_576, max_batch=50) as desk:
        await desk.give("viewer", Role.VIEWER)
        yield desk
