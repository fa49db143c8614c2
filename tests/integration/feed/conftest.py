from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nocd.api.feed_server import FeedLimits
from tests.integration.feed.fixtures import House

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
def limits() -> FeedLimits:
    return FeedLimits()


@pytest.fixture
async def house(limits: FeedLimits) -> AsyncIterator[House]:
    async for each in House(limits).run():
        yield each
