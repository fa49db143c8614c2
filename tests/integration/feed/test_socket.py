"""The feed over a WebSocket, end to end: joining, resuming, filters, keeping alive and being let go."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
import websockets

from nocd.errors import UnavailableError
from nocd.feed.frames import Frame, header
from tests.integration.feed.fixtures import House, closed, joined, kinds, messages, token, until
from tests.unit.feed.made import commit, event, notes, numbered, stored


async def test_from_now_on_a_client_gets_what_is_committed(house: House) -> None:
    house.tell(notes(1, 3))
    async with house.connect() as socket:
        hello, caught_up = await joined(socket)
        assert (hello["type"], hello["epoch"], hello["seq"], hello["oldest_seq"]) == ("hello", "epoch-1", 3, 1)
        assert (caught_up["seq"], hello["server_time"]) == (3, "1970-01-01T00:16:40.000Z")
        house.tell(notes(4, 5))
        (batch,) = await messages(socket, 1)
        assert (batch["from"], batch["to"], batch["latency_ms"]) == (4, 5, 1.5)
        assert [change["seq"] for change in batch["changes"]] == [4, 5]


async def test_a_client_resumes_after_any_number_without_a_hole(house: House) -> None:
    for seq in range(1, 1_203):
        house.tell(notes(seq, seq))
    async with house.connect("?after=1") as socket:
        _, *batches, caught_up = await joined(socket)
        house.tell(notes(1_203, 1_203))
        batches += await messages(socket, 1)
    assert [(each["from"], each["to"]) for each in batches] == [
        (2, 251),
        (252, 501),
        (502, 751),
        (752, 1001),
        (1002, 1202),
        (1203, 1203),
    ]
    assert [change["seq"] for each in batches for change in each["changes"]] == list(range(2, 1_204))
    assert caught_up["seq"] == 1_202


async def test_what_is_no_longer_kept_is_told_as_a_gap(house: House) -> None:
    house.tell(notes(1, 9))
    house.log.forget_before(7)
    async with house.connect("?after=2") as socket:
        hello, gap, batch, _ = await joined(socket)
    assert hello["oldest_seq"] == 7
    assert gap == {"type": "gap", "from": 3, "to": 6, "reason": "no longer kept; take a snapshot"}
    assert (batch["from"], batch["to"]) == (7, 9)


async def test_a_hole_in_what_is_kept_is_told_where_it_is(house: House) -> None:
    house.tell(notes(1, 9))
    del house.log.rows[3:6]
    async with house.connect("?after=0") as socket:
        _, *got, _ = await joined(socket)
    assert [(each["type"], each["from"], each["to"]) for each in got] == [
        ("batch", 1, 3),
        ("gap", 4, 6),
        ("batch", 7, 9),
    ]


async def test_a_past_that_vanished_is_told_as_a_gap(house: House) -> None:
    house.tell(notes(1, 9))
    house.log.rows.clear()
    house.log.newest = 0
    async with house.connect("?after=3") as socket:
        _, gap, caught_up = await joined(socket)
    assert (gap["from"], gap["to"], caught_up["seq"]) == (4, 9, 9)


async def test_a_number_from_the_future_is_a_gap_and_then_live(house: House) -> None:
    house.tell(notes(1, 2))
    async with house.connect("?after=10") as socket:
        hello, gap, caught_up = await joined(socket)
        assert (hello["seq"], gap["from"], gap["to"], caught_up["seq"]) == (2, 3, 10, 2)
        assert "restored backup" in gap["reason"]
        house.tell(notes(3, 3))
        assert (await messages(socket, 1))[0]["from"] == 3


async def test_a_client_that_read_of_a_commit_before_it_was_told_gets_it_once(house: House) -> None:
    untold = notes(1, 2)
    house.log.store(untold)
    async with house.connect("?after=1") as socket:
        assert kinds(await joined(socket)) == ["hello", "caught_up"]
        house.hub.publish(untold)
        house.tell(notes(3, 3))
        batches = await messages(socket, 2)
    assert [(each["from"], each["to"]) for each in batches] == [(2, 2), (3, 3)]


async def test_a_heartbeat_never_takes_a_client_back(house: House) -> None:
    untold = notes(1, 2)
    house.log.store(untold)
    async with house.connect("?after=2") as socket:
        await joined(socket)
        house.clock.advance(15)
        house.hub.publish(untold)
        house.clock.advance(15)
        (heartbeat,) = await messages(socket, 1)
    assert heartbeat["seq"] == 2


async def test_filters_hold_for_the_past_and_for_what_is_live(house: House) -> None:
    def placed(seq: int) -> list[int]:
        house.tell(commit(numbered(seq, site="S1", severity="LOW"), numbered(seq + 1, site="S2", severity="HIGH")))
        house.tell(commit(numbered(seq + 2, "alert_created", site="S2", client="C1", severity="HIGH")))
        return [seq, seq + 1, seq + 2]

    first = placed(1)
    seen: dict[str, list[int]] = {}
    async with (
        house.connect("?after=0&sites=S1") as sites,
        house.connect("?after=0&clients=C1,C2") as clients,
        house.connect("?after=0&types=alert_created") as types,
        house.connect("?after=0&min_severity=high") as severe,
    ):
        sockets = {"sites": sites, "clients": clients, "types": types, "severe": severe}
        past = {name: await joined(socket) for name, socket in sockets.items()}
        second = placed(4)
        for name, socket in sockets.items():
            house.clock.advance(0)
            live = await messages(socket, 2 if name == "severe" else 1)
            batches = [each for each in [*past[name], *live] if each["type"] == "batch"]
            seen[name] = [change["seq"] for batch in batches for change in batch["changes"]]
    assert seen["sites"] == [first[0], second[0]]
    assert seen["clients"] == seen["types"] == [first[2], second[2]]
    assert seen["severe"] == [*first[1:], *second[1:]]


async def test_a_filtered_client_sees_the_number_move_in_heartbeats(house: House) -> None:
    async with house.connect("?types=alert_created") as socket:
        await joined(socket)
        house.tell(notes(1, 5))
        house.clock.advance(15)
        (heartbeat,) = await messages(socket, 1)
    assert heartbeat == {"type": "heartbeat", "seq": 5, "time": "1970-01-01T00:16:55.000Z"}


async def test_events_come_inside_in_the_past_and_live_alike(house: House) -> None:
    house.tell(commit(stored(1, 1, 2), events=(event(1), event(2))))
    async with house.connect("?after=0&events=1") as socket:
        _, past, _ = await joined(socket)
        house.tell(commit(stored(2, 3, 3), events=(event(3),)))
        (live,) = await messages(socket, 1)
    inside = [change["data"]["events"] for batch in (past, live) for change in batch["changes"]]
    assert [[each["no"] for each in events] for events in inside] == [[1, 2], [3]]
    assert inside[1] == [{"no": 3, "received_at": "1970-01-01T00:00:00.003Z", "event": json.loads(event(3)[1].body)}]


async def test_names_are_masked_for_a_token_without_the_right(house: House) -> None:
    house.tell(commit(numbered(1, data={"person_name": "Asha", "reason": "Asha left"})))
    async with house.connect("?after=0", name="viewer") as socket:
        _, past, _ = await joined(socket)
        house.tell(commit(numbered(2, data={"person_name": "Asha"})))
        (live,) = await messages(socket, 1)
    assert past["changes"][0]["data"] == {"person_name": "***", "reason": "*** left"}
    assert live["changes"][0]["data"] == {"person_name": "***"}


async def test_a_limited_token_sees_its_sites_alone(house: House) -> None:
    house.tokens["limited"] = token("limited", sites=frozenset({"S1"}))
    async with house.connect("?after=0", name="limited") as socket:
        await joined(socket)
        house.tell(commit(numbered(1, site="S1"), numbered(2, site="S2"), numbered(3)))
        (batch,) = await messages(socket, 1)
    assert ([change["seq"] for change in batch["changes"]], batch["to"]) == ([1], 3)


async def test_tenants_hear_nothing_of_each_other(house: House) -> None:
    house.tokens["stranger"] = token("stranger", tenant="other")
    async with house.connect(name="stranger") as stranger, house.connect() as socket:
        assert (await joined(stranger))[0]["epoch"] == "epoch-2"
        await joined(socket)
        house.tell(notes(1, 1))
        await messages(socket, 1)
        house.clock.advance(15)
        assert (await messages(stranger, 1))[0]["seq"] == 0


@pytest.mark.parametrize(
    ("size", "length"), [(125, "7d"), (126, "7e007e"), (65_535, "7effff"), (65_536, "7f" + 5 * "00" + "010000")]
)
async def test_prebuilt_frames_of_every_length_arrive_whole(house: House, size: int, length: str) -> None:
    raw = await house.raw()
    async with house.connect() as socket:
        await joined(socket)
        assert [json.loads((await raw.frame())[2])["type"] for _ in range(2)] == ["hello", "caught_up"]
        text = b'"' + b"x" * (size - 2) + b'"'
        assert len(header(size)) == 1 + len(bytes.fromhex(length))
        for connection in house.server._connections:
            connection.subscription.offer(Frame(text, first=1, last=0))
        assert await raw.frame() == (0x81, bytes.fromhex(length), text)
        assert await socket.recv() == text.decode()


async def test_a_client_that_answers_pings_is_kept_and_the_past_has_no_heartbeat(house: House) -> None:
    async with house.connect() as socket:
        await joined(socket)
        for _ in range(8):
            house.clock.advance(15)
            assert kinds(await messages(socket, 1)) == ["heartbeat"]
            await (await socket.ping())
        assert house.server.stats().clients == 1


async def test_a_client_silent_for_a_minute_is_closed(house: House) -> None:
    raw = await house.raw()
    await until(lambda: house.hub.clients == 1)
    house.clock.advance(60)
    assert house.server.stats().clients == 1
    house.clock.advance(15)
    assert await raw.close_code() == 4408
    raw.send(0x8, (4408).to_bytes(2, "big"))
    assert await raw.reader.read() == b""


async def test_pings_of_a_client_are_answered_and_count_as_life(house: House) -> None:
    raw = await house.raw()
    for beat in range(5):
        house.clock.advance(15)
        raw.send(0x9, b"%d" % beat)
        while (await raw.frame())[::2] != (0x8A, b"%d" % beat):
            pass
    house.clock.advance(15)
    assert house.server.stats().clients == 1


async def test_what_a_client_says_is_ignored(house: House) -> None:
    async with house.connect() as socket:
        await joined(socket)
        await socket.send("ack A-1")
        house.tell(notes(1, 1))
        assert kinds(await messages(socket, 1)) == ["batch"]


async def test_a_client_that_says_too_much_at_once_is_closed(house: House) -> None:
    async with house.connect() as socket:
        await socket.send("x" * 2_000)
        assert (await closed(socket))[0] == 1009


async def test_a_client_that_says_too_much_in_all_is_closed(house: House) -> None:
    async with house.connect() as socket:
        await joined(socket)
        for _ in range(house.server.limits.messages_max + 1):
            await socket.send("x")
        assert await closed(socket) == (1008, "the feed is read-only")


async def test_a_client_may_leave_and_leaves_nothing_behind(house: House) -> None:
    async with house.connect() as socket:
        await joined(socket)
        assert (house.hub.clients, house.clock.armed) == (1, 1)
    await until(lambda: house.server.stats().clients == 0)
    assert (house.hub.clients, house.clock.armed) == (0, 0)
    house.tell(notes(1, 1))


async def test_a_client_that_vanishes_leaves_nothing_behind(house: House) -> None:
    raw = await house.raw()
    await until(lambda: house.hub.clients == 1)
    await raw.drop()
    await until(lambda: house.server.stats().clients == 0)
    assert house.hub.clients == 0


async def test_stopping_closes_everyone_as_restarting_and_admits_nobody(house: House) -> None:
    async with house.connect() as socket:
        await joined(socket)
        stop = asyncio.create_task(house.server.close_all())
        assert await closed(socket) == (1001, "restarting")
        await stop
    assert await house.get("/v1/changes") == (
        503,
        {"code": "restarting", "detail": "the daemon is restarting; connect again"},
    )


async def test_a_revoked_token_is_closed_at_once_and_others_stay(house: House) -> None:
    async with house.connect() as socket, house.connect(name="viewer") as other:
        await joined(socket)
        await joined(other)
        assert house.server.expel("default", "op") == 1
        assert await closed(socket) == (4401, "token revoked")
        house.tell(notes(1, 1))
        await messages(other, 1)


async def test_an_expired_token_is_closed_at_the_next_heartbeat(house: House) -> None:
    house.tokens["op"] = replace(house.tokens["op"], expires_at=house.clock.now() + 15_000)
    async with house.connect() as socket:
        await joined(socket)
        house.clock.advance(15)
        assert await closed(socket) == (4401, "token expired")


@pytest.mark.parametrize(("name", "code"), [("nobody", 4401), ("ingest", 4403)])
async def test_a_refusal_reaches_a_browser_as_a_close_code(house: House, name: str, code: int) -> None:
    async with house.connect(subprotocols=[websockets.Subprotocol(f"bearer.{name}")]) as socket:
        assert await closed(socket) == (code, "refused")


@pytest.mark.parametrize(
    ("offered", "taken"),
    [(["bearer.viewer"], "bearer.viewer"), (["bearer.viewer", "nocd.feed.v1"], "nocd.feed.v1"), (None, None)],
)
async def test_a_browser_gets_one_of_its_subprotocols(
    house: House, offered: list[str] | None, taken: str | None
) -> None:
    protocols = [websockets.Subprotocol(each) for each in offered or []] or None
    async with house.connect(subprotocols=protocols) as socket:
        assert socket.subprotocol == taken
        await joined(socket)


async def test_frames_are_not_compressed(house: House) -> None:
    async with house.connect(compression="deflate") as socket:
        await joined(socket)
        assert socket.protocol.extensions == []


@pytest.mark.parametrize(
    ("fault", "code"),
    [(UnavailableError("busy", code="store_busy"), 1013), (ValueError("broken"), 1011)],
)
async def test_a_log_that_fails_ends_the_connection_with_a_code(
    house: House, fault: Exception, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    house.tell(notes(1, 1))
    house.log.faults.append(fault)
    async with house.connect("?after=0") as socket:
        assert (await closed(socket))[0] == code
    await until(lambda: house.server.stats().clients == 0)
    async with house.connect("?after=0") as socket:
        assert kinds(await joined(socket)) == ["hello", "batch", "caught_up"]


async def test_who_listens_is_known(house: House) -> None:
    async with house.connect() as socket:
        await joined(socket)
        house.tell(notes(1, 1))
        (listener,) = house.server.listeners("default")
    assert listener == {
        "token": "op",
        "remote": "127.0.0.1",
        "kind": "websocket",
        "since": "1970-01-01T00:16:40.000Z",
        "seq": 1,
        "backlog": 0,
        "live": True,
    }
    assert house.server.listeners("other") == []
