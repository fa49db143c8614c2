"""What a slow, cut-off or shameless client gets: an end within a bound, and never more than its own connection."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from nocd.api.server import HttpLimits
from tests.integration.api.desk import Desk, read_answer, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.asyncio(loop_scope="module")

BODY_S = 2.0  # long enough that a busy machine is not taken for a silent client
IDLE_S = 0.5
LINGER_S = 0.2
BOUND_S = 10.0
LIMITS = HttpLimits(body_timeout_s=BODY_S, idle_s=IDLE_S, linger_s=LINGER_S, body_bytes_per_s_min=100_000)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def hasty() -> AsyncIterator[Desk]:
    async with running(http=LIMITS) as desk:
        yield desk


@asynccontextmanager
async def connected(desk: Desk) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", desk.port)
    try:
        async with asyncio.timeout(BOUND_S):
            yield reader, writer
    finally:
        writer.close()


def head(desk: Desk, path: str, *more: str, token: str = "admin") -> bytes:
    lines = (f"POST {path} HTTP/1.1", "Host: x", f"Authorization: Bearer {desk.tokens[token]}", *more)
    return "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n"


NDJSON = "Content-Type: application/x-ndjson"
BODIES = {
    "events in lines": ("/v1/events", NDJSON, "Content-Length: 1000"),
    "events in an array": ("/v1/events", "Content-Type: application/json", "Content-Length: 1000"),
    "chunks": ("/v1/events", NDJSON, "Transfer-Encoding: chunked"),
    "a webhook": ("/v1/webhooks/alertmanager", "Content-Length: 1000"),
    "a page": ("/v1/webhooks/pagerduty", "Content-Length: 1000"),
    "a command": ("/v1/alerts/A-1/note", "Content-Length: 1000"),
    "a bulk": ("/v1/alerts/bulk", "Content-Length: 1000"),
    "a token": ("/v1/tokens", "Content-Length: 1000"),
}


async def stopped(hasty: Desk, name: str, begun: bytes) -> None:
    path, *more = BODIES[name]
    async with connected(hasty) as (reader, writer):
        began = time.monotonic()
        writer.write(head(hasty, path, *more) + begun)
        answer = await read_answer(reader)
        hasty.judge("POST", path, answer)
        assert answer.told == (408, "body_timeout"), name
        assert await reader.read() == b""
        assert time.monotonic() - began >= BODY_S


@pytest.mark.parametrize("begun", [b"", b"3\r\n{ \n"], ids=["never begun", "begun"])
async def test_a_body_that_stops_coming_is_ended(hasty: Desk, begun: bytes) -> None:
    await asyncio.gather(*(stopped(hasty, name, begun) for name in BODIES))


async def test_a_body_that_trickles_is_ended_too(hasty: Desk) -> None:
    async with connected(hasty) as (reader, writer):
        writer.write(head(hasty, "/v1/events", NDJSON, "Content-Length: 1000000"))
        answer = asyncio.ensure_future(read_answer(reader))
        while not answer.done():
            writer.write(b"\n")
            await asyncio.wait([answer], timeout=0.02)
        assert (await answer).told == (408, "body_timeout")


async def test_a_body_that_comes_steadily_is_waited_for(hasty: Desk) -> None:
    async with connected(hasty) as (reader, writer):
        writer.write(head(hasty, "/v1/events", NDJSON, "Content-Length: 1200003"))
        answer = asyncio.ensure_future(read_answer(reader))
        for _ in range(12):
            writer.write(b"\n" * 100_000)
            await asyncio.wait([answer], timeout=BODY_S / 8)
        writer.write(b"{} ")
        assert (await answer).status == 422


async def test_a_head_that_stops_coming_is_ended(hasty: Desk) -> None:
    for begun in (b"", b"GET /v1/live HTTP/1.1\r\nHost: x\r\n"):
        async with connected(hasty) as (reader, writer):
            began = time.monotonic()
            writer.write(begun)
            assert await reader.read() == b""
            assert time.monotonic() - began >= IDLE_S * 0.9


async def test_a_connection_that_falls_silent_after_an_answer_is_ended(hasty: Desk) -> None:
    async with connected(hasty) as (reader, writer):
        for _ in range(2):
            writer.write(b"GET /v1/live HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (await read_answer(reader)).status == 200
        assert await reader.read() == b""


async def test_what_is_left_of_a_refused_body_is_read_so_that_the_refusal_arrives(desk: Desk) -> None:
    async with connected(desk) as (reader, writer):
        writer.write(head(desk, "/v1/events", NDJSON, "Content-Length: 3000000", token="viewer"))
        for _ in range(30):
            writer.write(b"\n" * 100_000)
        answer = await read_answer(reader)
        assert answer.told == (403, "forbidden")


async def test_a_client_that_goes_away_in_its_body_troubles_nobody(
    hasty: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    pipeline = hasty.daemon.tenants["default"].pipeline
    before = pipeline.accepted
    for more in ("Content-Length: 1000", "Transfer-Encoding: chunked"):
        async with connected(hasty) as (_, writer):
            writer.write(head(hasty, "/v1/events", NDJSON, more) + b'5\r\n{"a":')
            await writer.drain()
    assert (await hasty.ask("GET", "/v1/live", token=None)).status == 200
    assert pipeline.accepted == before
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


CHUNKED = ("/v1/events", NDJSON, "Transfer-Encoding: chunked")
UNREADABLE = {
    "no HTTP": (b"\x00\x01\x02\r\n\r\n", 400),
    "a TLS handshake": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "another protocol": (b"GET / SIP/2.0\r\n\r\n", 400),
    "bytes in the path": (b"GET /v1/sites/\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "bytes in the query": (b"GET /v1/alerts?site=\xff HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "a space in the path": (b"GET /v1/si tes HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "a header without a colon": (b"GET /v1/live HTTP/1.1\r\nHost\r\n\r\n", 400),
    "a control character in a header": (b"GET /v1/live HTTP/1.1\r\nHost: a\x00b\r\n\r\n", 400),
    "a length below nothing": (b"POST /v1/events HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
    "a length in words": (b"POST /v1/events HTTP/1.1\r\nContent-Length: ten\r\n\r\n", 400),
    "two lengths": (b"POST /v1/events HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
    "a length and chunks": (
        b"POST /v1/events HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "a header past its size": (b"GET /v1/live HTTP/1.1\r\nX: " + b"a" * 20_000 + b"\r\n\r\n", 431),
    "a path past its size": (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431),
    "too many headers": (
        b"GET /v1/live HTTP/1.1\r\n" + b"".join(b"X%d: a\r\n" % n for n in range(200)) + b"\r\n",
        431,
    ),
}


@pytest.mark.parametrize("name", UNREADABLE)
async def test_what_cannot_be_read_is_answered_as_a_problem_and_not_in_the_log(
    desk: Desk, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    request, status = UNREADABLE[name]
    answer = await desk.raw(request)
    assert answer.told == (status, "headers_too_large" if status == 431 else "bad_request")
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_a_chunk_that_cannot_be_read_is_the_requests_fault(hasty: Desk, caplog: pytest.LogCaptureFixture) -> None:
    async with connected(hasty) as (reader, writer):
        writer.write(head(hasty, *CHUNKED) + b"2\r\n{}\r\n")
        await writer.drain()
        assert (await hasty.ask("GET", "/v1/live", token=None)).status == 200
        writer.write(b"ZZ\r\nabc\r\n0\r\n\r\n")
        answer = await read_answer(reader)
    hasty.judge("POST", "/v1/events", answer)
    assert answer.status in {400, 408}
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_an_expectation_nobody_meets_is_a_problem(desk: Desk) -> None:
    request = head(desk, "/v1/events", NDJSON, "Expect: tea", "Content-Length: 0")
    assert (await desk.raw(request, path="/v1/events", method="POST")).told == (417, "expectation_failed")


async def test_a_client_that_asks_first_is_told_to_go_on(desk: Desk) -> None:
    async with connected(desk) as (reader, writer):
        writer.write(head(desk, "/v1/events", NDJSON, "Expect: 100-continue", "Content-Length: 2"))
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"{}")
        assert (await read_answer(reader)).status == 422


async def test_requests_sent_together_are_answered_in_order(desk: Desk) -> None:
    async with connected(desk) as (reader, writer):
        writer.write(b"GET /v1/live HTTP/1.1\r\nHost: x\r\n\r\n" * 3 + b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n")
        assert [(await read_answer(reader)).status for _ in range(4)] == [200, 200, 200, 404]


async def test_past_the_last_connection_newcomers_are_cut_off_and_the_others_served() -> None:
    async with (
        running(http=HttpLimits(connections_max=3)) as desk,
        connected(desk) as (reader, writer),
        connected(desk) as (third, _),
    ):
        writer.write(b"GET /v1/live HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await read_answer(reader)).status == 200
        async with connected(desk) as (cut, _):
            assert await cut.read() == b""
        assert not third.at_eof()
        writer.write(b"GET /v1/live HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await read_answer(reader)).status == 200
