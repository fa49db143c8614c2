"""The long poll: the same changes over plain HTTP, and what every form of the feed refuses."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from nocd.api.feed_server import FeedLimits
from tests.integration.feed.fixtures import House, joined, token, until
from tests.unit.feed.made import commit, event, notes, numbered, stored

if TYPE_CHECKING:
    from nocd.domain.change import NumberedChange


async def poll(house: House, query: str) -> dict[str, Any]:
    status, answer = await house.get(f"/v1/changes{query}")
    assert status == 200, answer
    return answer


def seqs(answer: dict[str, Any]) -> list[int]:
    return [change["seq"] for change in answer["changes"]]


async def test_changes_after_a_number_come_at_once_and_say_where_to_go_on(house: House) -> None:
    house.tell(notes(1, 5))
    answer = await poll(house, "?after=2&limit=2")
    assert seqs(answer) == [3, 4]
    assert {name: value for name, value in answer.items() if name != "changes"} == {
        "seq": 4,
        "oldest_seq": 1,
        "epoch": "epoch-1",
        "gap": False,
    }
    assert seqs(await poll(house, f"?after={answer['seq']}")) == [5]


async def test_without_after_a_poll_starts_from_now(house: House) -> None:
    house.tell(notes(1, 5))
    answer = await poll(house, "")
    assert (seqs(answer), answer["seq"]) == ([], 5)


async def test_a_poll_waits_for_the_next_matching_change(house: House) -> None:
    waiting = asyncio.create_task(poll(house, "?after=0&wait_s=30&types=alert_created"))
    await until(lambda: house.hub.clients == 1)
    assert house.server.stats().polls == 1
    house.tell(notes(1, 2))
    assert not waiting.done()
    house.tell(commit(numbered(3, "alert_created")))
    answer = await waiting
    assert (seqs(answer), answer["seq"]) == ([3], 3)
    assert (house.hub.clients, house.clock.armed, house.server.stats().polls) == (0, 0, 0)


async def test_a_change_told_while_a_poll_looks_is_not_waited_for(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = house.log.read

    async def racing(after: int, *, limit: int) -> list[NumberedChange]:
        rows = await read(after, limit=limit)
        if house.hub.seq == 0:
            house.tell(notes(1, 1))
        return rows

    monkeypatch.setattr(house.log, "read", racing)
    assert seqs(await poll(house, "?after=0&wait_s=30")) == [1]


async def test_a_poll_that_waited_in_vain_says_how_far_it_looked(house: House) -> None:
    waiting = asyncio.create_task(poll(house, "?after=0&wait_s=30&types=alert_created"))
    await until(lambda: house.hub.clients == 1)
    house.tell(notes(1, 2))
    house.clock.advance(30)
    answer = await waiting
    assert (seqs(answer), answer["seq"]) == ([], 2)


async def test_a_poll_ends_when_the_daemon_stops(house: House) -> None:
    waiting = asyncio.create_task(poll(house, "?wait_s=60"))
    await until(lambda: house.hub.clients == 1)
    await house.server.close_all()
    assert seqs(await waiting) == []


async def test_a_filtered_poll_looks_through_many_pages_but_not_all(house: House) -> None:
    house.tell(notes(1, 10_500))
    house.tell(commit(numbered(10_501, "alert_created")))
    first = await poll(house, "?after=0&types=alert_created")
    assert (seqs(first), first["seq"]) == ([], 10_000)
    second = await poll(house, f"?after={first['seq']}&types=alert_created")
    assert (seqs(second), second["seq"]) == ([10_501], 10_501)


async def test_the_bytes_of_an_answer_are_bounded(house: House) -> None:
    house.tell(commit(*(numbered(seq, data={"text": "x" * 100_000}) for seq in range(1, 101))))
    answer = await poll(house, "?after=0")
    assert 30 < len(answer["changes"]) < 60
    assert answer["seq"] == seqs(answer)[-1]


async def test_a_hole_is_owned_up_to(house: House) -> None:
    house.tell(notes(1, 9))
    house.log.forget_before(7)
    answer = await poll(house, "?after=2&wait_s=30")
    assert (answer["gap"], answer["oldest_seq"], seqs(answer)) == (True, 7, [7, 8, 9])
    assert (await poll(house, "?after=6"))["gap"] is False
    ahead = await poll(house, "?after=50&wait_s=30")
    assert (ahead["gap"], ahead["seq"], seqs(ahead)) == (True, 9, [])


async def test_a_hole_that_opens_while_reading_is_owned_up_to(house: House) -> None:
    house.tell(notes(1, 9))
    del house.log.rows[3:6]
    answer = await poll(house, "?after=0")
    assert (answer["gap"], seqs(answer)) == (True, [1, 2, 3, 7, 8, 9])


async def test_events_come_inside_a_poll_too(house: House) -> None:
    house.tell(commit(stored(1, 1, 2), events=(event(1), event(2))))
    answer = await poll(house, "?after=0&events=true")
    assert [each["no"] for each in answer["changes"][0]["data"]["events"]] == [1, 2]


@pytest.mark.parametrize("path", ["/v1/feed", "/v1/feed.sse", "/v1/changes"])
@pytest.mark.parametrize(
    "query",
    [
        "after=-1",
        "after=x",
        "after=1.5",
        "after=99999999999999999999",
        "after=%D9%A1",
        "site=S1",
        "types=alert_creatd",
        "min_severity=worst",
        "events=maybe",
        "sites=" + ",".join(f"S{number}" for number in range(201)),
        "clients=" + "c" * 129,
    ],
)
async def test_what_cannot_be_meant_is_refused(house: House, path: str, query: str) -> None:
    status, problem = await house.get(f"{path}?{query}")
    assert (status, problem["code"]) == (400, "bad_parameter")
    assert query.partition("=")[0] in problem["detail"] or "change type" in problem["detail"]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=501", "limit=x", "wait_s=61", "wait_s=-1", "wait_s=nan", "wait_s=x"]
)
async def test_a_poll_is_bounded(house: House, query: str) -> None:
    status, problem = await house.get(f"/v1/changes?{query}")
    assert (status, problem["code"]) == (400, "bad_parameter")


async def test_empty_parameters_are_as_good_as_none(house: House) -> None:
    house.tell(notes(1, 1))
    answer = await poll(house, "?after=0&sites=&types=&clients=&min_severity=&events=&limit=&wait_s=")
    assert seqs(answer) == [1]


async def test_plain_http_on_the_socket_path_is_told_where_to_go(house: House) -> None:
    status, problem = await house.get("/v1/feed")
    assert (status, problem["code"]) == (400, "websocket_expected")


@pytest.mark.parametrize("limits", [FeedLimits(clients_max=1)])
async def test_places_are_bounded_and_given_back(house: House) -> None:
    async with house.connect() as socket:
        await joined(socket)
        for path in ("/v1/feed.sse", "/v1/changes"):
            assert (await house.get(path))[0] == 503
    await until(lambda: house.server._admitted == 0)
    assert seqs(await poll(house, "")) == []


async def test_a_limited_token_polls_its_own(house: House) -> None:
    house.tokens["limited"] = token("limited", sites=frozenset({"S1"}))
    house.tell(commit(numbered(1, site="S1"), numbered(2, site="S2"), stored(3, 1, 1)))
    _, answer = await house.get("/v1/changes?after=0&events=1", Authorization="Bearer limited")
    assert (seqs(answer), answer["seq"]) == ([1], 3)
