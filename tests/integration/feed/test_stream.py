"""The feed as Server-Sent Events: what `curl -N` and a browser's EventSource read."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from nocd.api.feed_server import FeedLimits
from tests.integration.feed.fixtures import House, until
from tests.unit.feed.made import commit, event, notes, numbered, stored

if TYPE_CHECKING:
    from aiohttp import ClientResponse

PATH = "/v1/feed.sse"


async def told(stream: ClientResponse, count: int) -> list[dict[str, str]]:
    """Return the next `count` events as their fields; comments are under the empty name."""
    found: list[dict[str, str]] = []
    fields: dict[str, str] = {}
    async for raw in stream.content:
        line = raw.decode().rstrip("\n")
        if line:
            name, _, value = line.partition(": ") if not line.startswith(":") else ("", "", line)
            fields[name] = value
        else:
            found.append(fields)
            fields = {}
        if len(found) == count:
            break
    return found


def data(fields: dict[str, str]) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(fields["data"])
    return message


async def test_past_and_live_are_told_with_the_number_as_id(house: House) -> None:
    house.tell(notes(1, 3))
    async with house.session.get(PATH, params={"after": "1"}) as stream:
        assert stream.headers["Content-Type"] == "text/event-stream"
        assert stream.headers["Cache-Control"] == "no-store"
        hello, second, third, caught_up = await told(stream, 4)
        assert (hello["event"], data(hello)["epoch"]) == ("hello", "epoch-1")
        assert [(each["id"], data(each)["seq"]) for each in (second, third)] == [("2", 2), ("3", 3)]
        assert (caught_up["event"], caught_up["id"]) == ("caught_up", "3")
        house.tell(notes(4, 5))
        assert [each["id"] for each in await told(stream, 2)] == ["4", "5"]


async def test_last_event_id_goes_before_after(house: House) -> None:
    house.tell(notes(1, 3))
    async with house.session.get(PATH, params={"after": "0"}, headers={"Last-Event-ID": "2"}) as stream:
        assert [each.get("id") for each in await told(stream, 3)] == [None, "3", "3"]


async def test_heartbeats_are_comments_that_move_the_number(house: House) -> None:
    async with house.session.get(PATH, params={"types": "alert_created"}) as stream:
        await told(stream, 2)
        house.tell(notes(1, 4))
        house.clock.advance(15)
        (heartbeat,) = await told(stream, 1)
        assert heartbeat == {"": ": heartbeat 1970-01-01T00:16:55.000Z", "id": "4"}


async def test_a_reader_with_nothing_to_read_is_kept(house: House) -> None:
    async with house.session.get(PATH) as stream:
        await told(stream, 2)
        for _ in range(8):
            house.clock.advance(15)
            await told(stream, 1)
        assert house.server.stats().clients == 1


async def test_events_with_raw_line_ends_stay_on_one_line(house: House) -> None:
    house.tell(commit(stored(1, 1, 1), events=(event(1, b'{\n "id": "e1"\r\n}'),)))
    async with house.session.get(PATH, params={"after": "0", "events": "1"}) as stream:
        _, change, _ = await told(stream, 3)
        assert data(change)["data"]["events"][0]["event"] == {"id": "e1"}


async def test_a_gap_is_an_event_of_its_own(house: House) -> None:
    house.tell(notes(1, 4))
    house.log.forget_before(4)
    async with house.session.get(PATH, params={"after": "1"}) as stream:
        _, gap, change, _ = await told(stream, 4)
        assert (gap["event"], data(gap)["from"], data(gap)["to"], change["id"]) == ("gap", 2, 3, "4")


async def test_stopping_ends_the_stream(house: House) -> None:
    async with house.session.get(PATH) as stream:
        await told(stream, 2)
        await house.server.close_all()
        assert await told(stream, 1) == []


async def test_a_reader_that_left_is_noticed_at_the_next_heartbeat(house: House) -> None:
    async with house.session.get(PATH) as stream:
        await told(stream, 2)
        stream.close()
    for _ in iter(lambda: house.server.stats().clients, 0):
        house.clock.advance(15)
        await asyncio.sleep(0)
    assert house.hub.clients == 0


@pytest.mark.parametrize("limits", [FeedLimits(backlog_max=20, close_timeout_s=0.01)])
async def test_a_stalled_reader_is_cut_off(house: House) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", house.port, limit=1)
    writer.write(f"GET {PATH} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    await until(lambda: house.hub.clients == 1)
    (connection,) = house.server._connections
    while house.hub.clients:
        house.tell(commit(numbered(house.hub.seq + 1, data={"text": "x" * 100_000})))
        await asyncio.sleep(0)
    await until(lambda: house.server.stats().clients == 0)
    assert house.server.stats().lagged == 1
    house.clock.advance(house.server.limits.close_timeout_s)
    assert connection._transport.get_write_buffer_size() == 0
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def test_a_slow_reader_is_told_that_it_lagged(house: House) -> None:
    async with house.session.get(PATH) as stream:
        await told(stream, 2)
        for connection in house.server._connections:
            connection.subscription._backlog_max = 1
        house.tell(notes(1, 1))
        house.tell(notes(2, 3))
        lagged, *rest = await told(stream, 2)
        assert (lagged["event"], data(lagged), rest) == ("lagged", {"type": "lagged", "seq": 0, "dropped": 3}, [])
