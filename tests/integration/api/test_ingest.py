"""Whatever is sent to `POST /v1/events` gets its documented answer; nothing but what was answered is stored."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import orjson
import pytest

from nocd.store.rows import Commit
from tests.build import until
from tests.integration.api.desk import Desk, running
from tests.unit.ingest.examples import FULL, MINIMAL, envelope, native

pytestmark = pytest.mark.asyncio(loop_scope="module")

BODY_MAX = 1_048_576
NDJSON = "application/x-ndjson"
ONE = "application/cloudevents+json"
MANY = "application/cloudevents-batch+json"
PLAIN = "application/json"
_ids = count(1)


def line(**attributes: Any) -> bytes:
    return native("noc.sample", id=f"s{next(_ids)}", **attributes)


def deep(levels: int) -> bytes:
    return b'{"type":"noc.sample","data":' + b'{"a":' * levels + b"1" + b"}" * levels + b"}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A body, and the answer it must get."""

    body: bytes
    kind: str | None = NDJSON
    status: int
    code: str
    headers: dict[str, str] = field(default_factory=dict)


GZIPPED = {"Content-Encoding": "gzip"}
REFUSED_WHOLE = {
    "nothing": Sent(body=b"", status=400, code="no_events"),
    "blank lines": Sent(body=b"\n\n \n", status=400, code="no_events"),
    "an empty array": Sent(body=b"[]", kind=MANY, status=400, code="no_events"),
    "no JSON as a batch": Sent(body=b"[{", kind=MANY, status=400, code="not_json"),
    "an object as a batch": Sent(body=b"{}", kind=MANY, status=400, code="not_json"),
    "a number as a batch": Sent(body=b"7", kind=MANY, status=400, code="not_json"),
    "an array of arrays without end": Sent(body=b"[" * 5_000, kind=PLAIN, status=400, code="not_json"),
    "bytes that are no UTF-8, as a batch": Sent(body=b'["\xff"]', kind=MANY, status=400, code="not_json"),
    "no content type": Sent(body=b"{}", kind=None, status=415, code="unsupported_media_type"),
    "a foreign content type": Sent(body=b"a=b", kind="text/plain", status=415, code="unsupported_media_type"),
    "a form": Sent(body=b"a=b", kind="multipart/form-data; boundary=x", status=415, code="unsupported_media_type"),
    "a foreign encoding": Sent(
        body=b"{}", status=415, code="unsupported_media_type", headers={"Content-Encoding": "br"}
    ),
    "an encoding that is no text": Sent(
        body=b"{}", status=415, code="unsupported_media_type", headers={"Content-Encoding": "\udcff"}
    ),
    "gzip that is none": Sent(body=b"plain", status=400, code="bad_gzip", headers=GZIPPED),
    "gzip cut off": Sent(body=gzip.compress(line())[:-5], status=400, code="bad_gzip", headers=GZIPPED),
    "gzip of nothing at all": Sent(body=b"", status=400, code="bad_gzip", headers=GZIPPED),
    "gzip with a wrong checksum": Sent(
        body=gzip.compress(line())[:-8] + b"\0" * 8, status=400, code="bad_gzip", headers=GZIPPED
    ),
    "a gzip bomb": Sent(body=gzip.compress(b" " * 60_000_000), status=413, code="gzip_bomb", headers=GZIPPED),
    "a gzip bomb in a gzip bomb's dress": Sent(
        body=gzip.compress(b"\n" * 1_000) * 3 + gzip.compress(b" " * 30_000_000),
        kind=MANY,
        status=413,
        code="gzip_bomb",
        headers=GZIPPED,
    ),
    "more than inflates to the limit": Sent(
        body=gzip.compress(b"".join(line(data={"metric": str(n), "value": n}) + b"\n" for n in range(40)) * 200),
        status=413,
        code="batch_too_large",
        headers=GZIPPED,
    ),
    "too many lines": Sent(body=b"{}\n" * 51, status=413, code="batch_too_large"),
    "too many in an array": Sent(
        body=b"[" + b",".join([b"{}"] * 51) + b"]", kind=MANY, status=413, code="batch_too_large"
    ),
    "one event that is too long": Sent(
        body=line(data={"metric": "m" * 66_000, "value": 1}), kind=ONE, status=413, code="event_too_large"
    ),
    "one line that is too long": Sent(body=b'"' + b"m" * 66_000 + b'"', status=413, code="event_too_large"),
    "a body that is too long": Sent(body=b"\n" * (BODY_MAX + 1), status=413, code="body_too_large"),
}


@pytest.mark.parametrize("name", REFUSED_WHOLE)
async def test_a_body_that_cannot_be_taken_is_refused_and_nothing_of_it_stored(desk: Desk, name: str) -> None:
    sent = REFUSED_WHOLE[name]
    before = desk.daemon.tenants["default"].pipeline.accepted
    kind = {} if sent.kind is None else {"Content-Type": sent.kind}
    if sent.kind is None or "\udcff" in sent.headers.values():
        answer = await desk.raw(_as_bytes(desk, sent, kind), path="/v1/events", method="POST")
    else:
        headers = {**kind, **sent.headers}
        answer = await desk.ask("POST", "/v1/events", token="ingest", body=sent.body, headers=headers)
    assert answer.told == (sent.status, sent.code)
    assert desk.daemon.tenants["default"].pipeline.accepted == before


def _as_bytes(desk: Desk, sent: Sent, kind: dict[str, str]) -> bytes:
    headers = {"Host": "x", "Authorization": f"Bearer {desk.tokens['ingest']}", **kind, **sent.headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode(errors="surrogateescape")
    return b"POST /v1/events HTTP/1.1\r\n" + head + b"Content-Length: %d\r\n\r\n" % len(sent.body) + sent.body


async def in_pieces(whole: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(whole), size):
        yield whole[start : start + size]


@pytest.mark.parametrize("size", [1 << 16, 1 << 20])
async def test_a_body_without_a_declared_length_is_measured_while_it_comes(desk: Desk, size: int) -> None:
    whole = b"\n" * (BODY_MAX + 1)
    headers = {"Content-Type": NDJSON}
    answer = await desk.ask("POST", "/v1/events", token="ingest", body=in_pieces(whole, size), headers=headers)
    assert answer.told == (413, "body_too_large")


async def test_a_declared_length_past_the_limit_is_refused_before_it_comes(desk: Desk) -> None:
    head = f"POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {desk.tokens['ingest']}\r\n"
    head += f"Content-Type: {NDJSON}\r\nContent-Length: {BODY_MAX + 1}\r\n\r\n"
    answer = await desk.raw(head.encode(), path="/v1/events", method="POST")
    assert answer.told == (413, "body_too_large")


EACH_REFUSED = {
    "no JSON": (b"{", "not_json"),
    "a text": (b'"event"', "not_json"),
    "NaN": (native("noc.sample").replace(b":3", b":NaN"), "not_json"),
    "NaN in the plain form": (b'{"type":"noc.sample","data":{"metric":"m","value":NaN}}', "not_json"),
    "infinity by overflow": (native("noc.sample").replace(b":3", b":1e999"), "not_json"),
    "bytes that are no UTF-8": (b'{"type":"\xff"}', "not_json"),
    "half of a surrogate pair": (b'{"type":"noc.sample","id":"\\ud800"}', "not_json"),
    "nesting past 200": (deep(300), "not_json"),
    "nesting past every stack": (deep(6_000), "not_json"),
    "no type": (b'{"data":{}}', "missing_field"),
    "a type nobody knows": (native("noc.alarm", {}), "unknown_type"),
    "a number as type": (b'{"type":7,"data":{}}', "bad_value"),
    "a field nobody knows": (native("noc.sample", {"metric": "m", "value": 1, "valeu": 1}), "unknown_field"),
    "an attribute nobody knows, in the plain form": (
        b'{"type":"noc.sample","data":{"metric":"m","value":1},"tpye":1}',
        "unknown_field",
    ),
    "no required field": (native("noc.sample", {"metric": "m"}), "missing_field"),
    "no id": (native("noc.sample", id=...), "missing_field"),
    "an empty id": (native("noc.sample", id=""), "bad_value"),
    "an id that is too long": (native("noc.sample", id="x" * 129), "bad_value"),
    "another version": (native("noc.sample", specversion="0.3"), "bad_value"),
    "a source with spaces": (native("noc.sample", source="a b"), "bad_value"),
    "a time without an offset": (native("noc.sample", time="2026-01-01T00:00:00"), "bad_time"),
    "a day that does not exist": (native("noc.sample", time="2026-02-30T00:00:00Z"), "bad_time"),
    "a time before 1970": (native("noc.sample", time="1969-12-31T23:59:59Z"), "bad_time"),
    "a time far ahead": (native("noc.sample", time="9999-12-31T23:59:59Z"), "from_the_future"),
    "an integer no machine holds": (b'{"type":"noc.phone.event","data":{"steps":1' + b"0" * 400 + b"}}", "not_json"),
    "data in base64": (native("noc.sample", data_base64="AA=="), "not_json"),
    "a latitude without a longitude": (native("noc.checkpoint", {"id": "C", "site": "S", "lat": 1}), "bad_value"),
    "a time zone nobody has": (native("noc.site", {"id": "S", "name": "N", "timezone": "Mars/Base"}), "bad_value"),
}


@pytest.mark.parametrize("name", EACH_REFUSED)
async def test_an_event_that_cannot_be_read_is_named_with_its_reason(desk: Desk, name: str) -> None:
    raw, code = EACH_REFUSED[name]
    headers = {"Content-Type": NDJSON}
    alone = await desk.ask("POST", "/v1/events", token="ingest", body=raw, headers=headers)
    assert (alone.status, alone.json["accepted"], alone.json["rejected"][0]["code"]) == (422, 0, code)
    beside = b"\n".join([line(), raw, line()])
    mixed = await desk.ask("POST", "/v1/events", token="ingest", body=beside, headers=headers)
    assert (mixed.status, mixed.json["accepted"]) == (200, 2)
    assert [(each["index"], each["code"]) for each in mixed.json["rejected"]] == [(1, code)]


@pytest.mark.parametrize("example", [MINIMAL, FULL])
@pytest.mark.parametrize("form", [ONE, MANY, NDJSON, PLAIN, "gzip"])
async def test_every_type_is_taken_in_every_form(desk: Desk, example: dict[str, Any], form: str) -> None:
    events = [envelope(kind, data, id=f"t{next(_ids)}", source="/forms") for kind, data in example.items()]
    if form == ONE:
        answers = [
            await desk.ask("POST", "/v1/events", token="ingest", json=event, headers={"Content-Type": form})
            for event in events
        ]
    else:
        lines = b"\n".join(map(orjson.dumps, events))
        body = {NDJSON: lines, "gzip": gzip.compress(lines)}.get(form, orjson.dumps(events))
        headers = {"Content-Type": NDJSON, **GZIPPED} if form == "gzip" else {"Content-Type": form}
        answers = [await desk.ask("POST", "/v1/events", token="ingest", body=body, headers=headers)]
    assert {answer.status for answer in answers} == {200}
    assert sum(answer.json["accepted"] for answer in answers) == len(events)
    assert [answer.json["rejected"] for answer in answers if answer.json["rejected"]] == []


async def test_a_repeat_is_a_success_counted_as_one(desk: Desk) -> None:
    twice = envelope("noc.sample", id="twice")
    told = await desk.post(twice, twice, envelope("noc.sample", id="twice", source="/elsewhere"))
    assert told == {"accepted": 2, "duplicates": 1, "rejected": []}
    assert await desk.post(twice) == {"accepted": 0, "duplicates": 1, "rejected": []}


async def test_the_plain_form_gets_what_it_leaves_out(desk: Desk) -> None:
    before = desk.daemon.tenants["default"].pipeline.last_no
    assert (await desk.post({"type": "noc.sample", "data": MINIMAL["noc.sample"]}))["accepted"] == 1
    (stored,) = await desk.items(f"/v1/events?after={before}")
    assert stored["event"]["source"] == "ingest"
    assert stored["event"]["specversion"] == "1.0"
    assert len(stored["event"]["id"]) == 36


async def test_binary_mode_is_one_event_of_headers_and_body(desk: Desk) -> None:
    headers = {
        "ce-specversion": "1.0",
        "ce-id": "b%C3%A41",
        "ce-source": "/bin",
        "ce-type": "noc.sample",
        "Content-Type": PLAIN,
    }
    body = orjson.dumps(MINIMAL["noc.sample"])
    answer = await desk.ask("POST", "/v1/events", token="ingest", body=body, headers=headers)
    assert answer.json["accepted"] == 1
    again = await desk.post(envelope("noc.sample", id="bä1", source="/bin"))
    assert again["duplicates"] == 1
    for wrong, code in ({"ce-id": "%ff"}, "bad_value"), ({"ce-type": "noc.x"}, "unknown_type"):
        answer = await desk.ask("POST", "/v1/events", token="ingest", body=body, headers={**headers, **wrong})
        assert (answer.status, answer.json["rejected"][0]["code"]) == (422, code)
    answer = await desk.ask(
        "POST", "/v1/events", token="ingest", body=body, headers={**headers, "Content-Type": "text/xml"}
    )
    assert answer.told == (415, "unsupported_media_type")


async def test_a_full_inbox_says_when_to_come_again_and_what_it_took_is_stored() -> None:
    async with running(inbox_events_max=100, batch_events_max=1) as desk:
        pipeline = desk.daemon.tenants["default"].pipeline
        commit, disk = pipeline._store.commit, asyncio.Event()

        async def slow(batch: Commit) -> bool:
            await disk.wait()
            return await commit(batch)

        pipeline._store.commit = slow  # type: ignore[assignment,method-assign]  # a disk that takes its time
        first = asyncio.create_task(desk.post(*(envelope("noc.sample", id=f"f{n}") for n in range(100))))
        await until(lambda: pipeline._inbox.waiting_events > 0)
        answer = await desk.ask("POST", "/v1/events", token="ingest", json=[envelope("noc.sample")] * 10)
        assert answer.told == (429, "inbox_full")
        assert answer.headers["Retry-After"] == "1"
        disk.set()
        assert (await first)["accepted"] == 100
