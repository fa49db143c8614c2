"""A slow client hurts only itself: its backlog is bounded, it is told where to resume, and it is cut off."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
import websockets

from nocd.api.feed_server import FeedLimits
from tests.integration.feed.fixtures import House, closed, joined, messages, until
from tests.unit.feed.made import commit, notes, numbered

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from nocd.feed.hub import Committed

ROUNDS_MAX = 2_000


def large(seq: int) -> Committed:
    return commit(numbered(seq, data={"text": "x" * 100_000}))


@pytest.fixture
def limits() -> FeedLimits:
    return FeedLimits(backlog_max=20, write_buffer_bytes_max=64 * 1024)


@pytest.fixture
async def impatient() -> AsyncIterator[House]:
    """Yield a server that waits for no goodbye."""
    async for each in House(FeedLimits(backlog_max=20, close_timeout_s=0.01)).run():
        yield each


async def stall_until_cut(house: House, quick: websockets.ClientConnection) -> list[int]:
    """Tell large commits until a client is cut; return what `quick` was told meanwhile."""
    told: list[int] = []
    for seq in range(1, ROUNDS_MAX):
        if house.hub.lagged:
            break
        house.tell(large(seq))
        told += [change["seq"] for change in (await messages(quick, 1))[0]["changes"]]
    return told


async def test_a_stalled_client_is_cut_and_told_where_to_resume_while_others_miss_nothing(house: House) -> None:
    raw = await house.raw()
    async with house.connect() as quick:
        await joined(quick)
        await until(lambda: house.hub.clients == 2)
        told = await stall_until_cut(house, quick)
        assert told == list(range(1, house.hub.seq + 1))
        assert (house.hub.lagged, house.hub.clients, house.server.stats().backlog) == (1, 1, 0)
        got = [await raw.message()]
        while got[-1]["type"] != "lagged":
            got.append(await raw.message())
        assert await raw.close_code() == 4008
    lagged = got[-1]
    seen = [change["seq"] for message in got for change in message.get("changes", [])]
    assert seen == list(range(1, lagged["seq"] + 1))
    assert lagged["dropped"] == house.hub.seq - lagged["seq"] == 21
    async with house.connect(f"?after={lagged['seq']}") as again:
        rest = [change["seq"] for message in await joined(again) for change in message.get("changes", [])]
    assert seen + rest == told


async def test_a_client_that_is_slow_for_a_while_gets_everything_late(house: House) -> None:
    raw = await house.raw()
    await until(lambda: house.hub.clients == 1)
    seqs = itertools.count(1)
    while not house.server.stats().backlog:
        house.tell(large(next(seqs)))
    house.tell(notes(next(seqs), next(seqs)))
    house.clock.advance(15)
    assert [(await raw.message())["type"] for _ in range(2)] == ["hello", "caught_up"]
    seen: list[int] = []
    while not seen or seen[-1] < house.hub.seq:
        seen += [change["seq"] for change in (await raw.message())["changes"]]
    assert seen == list(range(1, house.hub.seq + 1))
    house.tell(notes(house.hub.seq + 1, house.hub.seq + 1))
    assert (await raw.message())["from"] == house.hub.seq
    assert (house.hub.lagged, house.server.stats().backlog) == (0, 0)


async def test_a_stalled_client_that_never_reads_is_cut_off(impatient: House) -> None:
    await impatient.raw()
    async with impatient.connect() as quick:
        await joined(quick)
        await until(lambda: impatient.hub.clients == 2)
        await stall_until_cut(impatient, quick)
        await until(lambda: impatient.server.stats().clients == 1)
        assert impatient.server.stats().lagged == 1


async def test_a_client_that_never_reads_the_past_is_cut_off_as_silent(impatient: House) -> None:
    for seq in range(1, 200):
        impatient.tell(large(seq))
    await impatient.raw("?after=0")
    await until(lambda: impatient.server.stats().clients == 1)
    for _ in range(5):
        impatient.clock.advance(15)
    await until(lambda: impatient.server.stats().clients == 0)
    assert (impatient.hub.clients, impatient.clock.armed) == (0, 0)


async def test_a_client_sent_away_while_it_reads_the_past_gets_nothing_after_the_close(house: House) -> None:
    for seq in range(1, 200):
        house.tell(large(seq))
    raw = await house.raw("?after=0")
    await until(lambda: bool(house.server._connections))
    (connection,) = house.server._connections
    await until(lambda: connection._transport.get_write_buffer_size() > 0)
    assert house.server.expel("default", "op") == 1
    assert await raw.close_code() == 4401
    raw.send(0x8, (4401).to_bytes(2, "big"))
    assert await raw.reader.read() == b""


async def test_a_client_that_leaves_without_reading_does_not_linger(impatient: House) -> None:
    raw = await impatient.raw()
    await until(lambda: impatient.hub.clients == 1)
    (connection,) = impatient.server._connections
    while not impatient.server.stats().backlog:
        impatient.tell(large(impatient.hub.seq + 1))
    raw.send(0x8, (1000).to_bytes(2, "big"))
    await until(lambda: impatient.server.stats().clients == 0)
    assert connection._transport.get_write_buffer_size() > 0
    impatient.clock.advance(impatient.server.limits.close_timeout_s)
    assert connection._transport.get_write_buffer_size() == 0


async def test_stopping_waits_for_nobody_for_long(impatient: House) -> None:
    await impatient.raw()
    async with impatient.connect() as quick:
        await joined(quick)
        await until(lambda: impatient.hub.clients == 2)
        while not impatient.server.stats().backlog:
            impatient.tell(large(impatient.hub.seq + 1))
            await messages(quick, 1)
        await impatient.server.close_all()
        assert (await closed(quick))[0] == 1001
    await until(lambda: impatient.server.stats().clients == 0)  # who is cut off is gone with the loop's next turn


async def test_with_many_clients_commits_of_a_moment_come_in_one_frame(house: House) -> None:
    house.hub._later = house.clock.later
    house.hub._coalesce_over = 0
    async with house.connect() as socket:
        await joined(socket)
        for seq in range(1, 5):
            house.tell(notes(seq, seq))
        house.clock.advance(0.01)
        batches = await messages(socket, 2)
        async with house.connect("?after=0") as other:
            house.tell(notes(5, 5))
            house.tell(notes(6, 6))
            got = await joined(other)
            house.clock.advance(0.01)
            got += [message for message in await messages(other, 1) if got[-1]["seq"] < 6]
    assert [(each["from"], each["to"]) for each in batches] == [(1, 1), (2, 4)]
    assert [change["seq"] for message in got for change in message.get("changes", [])] == [1, 2, 3, 4, 5, 6]
