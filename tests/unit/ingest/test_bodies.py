from __future__ import annotations

import gzip
import zlib

import orjson
import pytest

from nocd.errors import InputError, TooLarge
from nocd.ingest.bodies import Inflater, Line, LineSplitter, binary_line, is_binary, media_type, split
from nocd.ingest.decode import DecodeError, Decoder
from nocd.wire.views import Rejection
from tests.unit.ingest.examples import MINIMAL, RECEIVED_AT, envelope, native

FIX = native("noc.location.fix")
BINARY = {
    "Content-Type": "application/json; charset=utf-8",
    "ce-specversion": "1.0",
    "CE-Type": "noc.location.fix",
    "ce-source": "/gates/1",
    "ce-id": "b-1",
    "ce-time": "2026-01-01T00:00:00Z",
}
BODY = orjson.dumps(MINIMAL["noc.location.fix"])


def inflated(inflater: Inflater, *chunks: bytes) -> bytes:
    pieces = [piece for chunk in chunks for piece in inflater.feed(chunk)]
    inflater.end()
    return b"".join(pieces)


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({"Content-Type": "Application/JSON ; charset=UTF-8"}, "application/json"),
        ({"content-type": " application/x-ndjson"}, "application/x-ndjson"),
        ({"Content-Type": ""}, ""),
        ({"Accept": "text/html"}, ""),
    ],
)
def test_media_type_is_read_without_its_parameters(headers: dict[str, str], kind: str) -> None:
    assert media_type(headers) == kind


@pytest.mark.parametrize("kind", ["application/cloudevents+json", "application/json"])
def test_one_event_is_one_line(kind: str) -> None:
    assert split(kind, FIX) == [Line(0, FIX)]


@pytest.mark.parametrize("kind", ["application/cloudevents-batch+json", "application/json"])
def test_array_is_told_apart_and_each_element_is_compact(kind: str) -> None:
    events = [envelope("noc.location.fix", id=str(n)) for n in range(3)]
    body = b" \n" + orjson.dumps([*events, 7], option=orjson.OPT_INDENT_2)
    assert split(kind, body) == [
        *(Line(n, native("noc.location.fix", id=str(n))) for n in range(3)),
        Line(3, b"7"),
    ]


def test_element_nested_too_deeply_is_refused_alone() -> None:
    deep = b"[" * 300 + b"]" * 300
    body = b'[{"id":"x","data":' + deep + b"}," + deep + b"," + FIX + b"]"
    first, second, third = split("application/cloudevents-batch+json", body)
    assert isinstance(first, Rejection)
    assert (first.index, first.id, first.code) == (0, "x", "not_json")
    assert isinstance(second, Rejection)
    assert (second.index, second.id) == (1, None)
    assert third == Line(2, FIX)


@pytest.mark.parametrize("body", [b"", b"{}", b"[", b"[NaN]", b"null", FIX])
def test_batch_that_is_no_array_is_refused_whole(body: bytes) -> None:
    with pytest.raises(InputError) as caught:
        split("application/cloudevents-batch+json", body)
    assert (caught.value.code, caught.value.status) == ("not_json", 400)


@pytest.mark.parametrize("kind", ["application/x-ndjson", "application/jsonl", "application/ndjson"])
def test_lines_keep_their_numbers_past_blank_ones(kind: str) -> None:
    body = b"\n" + FIX + b"\r\n  \n\t" + FIX
    assert split(kind, body) == [Line(1, FIX), Line(3, FIX)]


@pytest.mark.parametrize("kind", ["application/cloudevents-batch+json", "application/x-ndjson"])
def test_more_than_the_most_events_are_refused_whole(kind: str) -> None:
    body = b"[1,2,3]" if "batch" in kind else b"1\n\n2\n3"
    assert len(split(kind, body, max_events=3)) == 3
    with pytest.raises(TooLarge) as caught:
        split(kind, body, max_events=2)
    assert caught.value.code == "batch_too_large"


@pytest.mark.parametrize("kind", ["", "text/plain", "application/xml", "application/x-www-form-urlencoded"])
def test_other_content_types_are_refused(kind: str) -> None:
    with pytest.raises(InputError) as caught:
        split(kind, FIX)
    assert (caught.value.code, caught.value.status) == ("unsupported_media_type", 415)
    assert "application/x-ndjson" in caught.value.detail


def test_line_past_the_bound_is_refused_alone() -> None:
    lines = LineSplitter(max_event_bytes=4, max_events=10)
    found = lines.feed(b"1234\n12345\n1234\r\n 1234\r\n" + b"x" * 99) + lines.feed(b"y" * 99 + b"\n1") + lines.end()
    assert [item.raw if isinstance(item, Line) else (item.index, item.code) for item in found] == [
        b"1234",
        (1, "event_too_large"),
        b"1234",
        b"1234",
        (4, "event_too_large"),
        b"1",
    ]


def test_endless_line_is_not_kept() -> None:
    lines = LineSplitter(max_event_bytes=100, max_events=10)
    for _ in range(1_000):
        assert lines.feed(b"x" * 1_000) == []
        assert len(lines._kept) <= 103
    assert [type(item) for item in lines.end()] == [Rejection]
    assert lines.end() == []


@pytest.mark.parametrize(
    ("headers", "binary"),
    [
        (BINARY, True),
        ({"Ce-Id": "1"}, True),
        ({"ce-type": "noc.sample", "content-type": "application/json"}, True),
        ({**BINARY, "Content-Type": "application/cloudevents+json"}, False),
        ({**BINARY, "Content-Type": "application/cloudevents-batch+json; charset=utf-8"}, False),
        ({"Content-Type": "application/json"}, False),
        ({"ce-foo": "1"}, False),
    ],
)
def test_binary_mode_is_told_by_its_headers(headers: dict[str, str], binary: object) -> None:
    assert is_binary(headers) is binary


def test_binary_event_becomes_a_native_one() -> None:
    line = binary_line({**BINARY, "ce-note": "Euro%20%E2%82%AC%21", "X-Other": "1", "ce-old": '"a \\"b\\" %25"'}, BODY)
    assert orjson.loads(line) == {
        **envelope("noc.location.fix", source="/gates/1", id="b-1"),
        "note": "Euro €!",
        "old": 'a "b" %',
    }
    event = Decoder(new_id=lambda: "made").line(line, received_at=RECEIVED_AT, source="t")
    assert (event.id, event.body) == ("b-1", line)


@pytest.mark.parametrize("content_type", ["application/json", "text/json", "application/vnd.acme+json", None])
def test_binary_data_may_be_any_json_type(content_type: str | None) -> None:
    headers = {name: value for name, value in BINARY.items() if name != "Content-Type"}
    extra = {} if content_type is None else {"Content-Type": content_type}
    assert orjson.loads(binary_line({**headers, **extra}, BODY))["data"] == MINIMAL["noc.location.fix"]


def test_binary_event_without_a_body_has_no_data() -> None:
    assert "data" not in orjson.loads(binary_line(BINARY, b" "))


@pytest.mark.parametrize(
    ("headers", "body", "code"),
    [
        ({"Content-Type": "text/plain"}, BODY, "unsupported_media_type"),
        ({"Content-Type": "application/x-ndjson"}, BODY, "unsupported_media_type"),
        ({}, b"{", "not_json"),
        ({}, b"NaN", "not_json"),
        ({}, b'1},"id":{"a":1', "not_json"),
        ({}, b"[" * 300 + b"]" * 300, "not_json"),
        ({"ce-note": "%ff"}, BODY, "bad_value"),
        ({"ce-note": "\udcff"}, BODY, "bad_value"),
        ({"ce-data": "{}"}, BODY, "unknown_field"),
        ({"ce-datacontenttype": "text/xml"}, BODY, "unknown_field"),
        ({"ce-data_base64": "aGk="}, BODY, "unknown_field"),
        ({"ce-": "x"}, BODY, "unknown_field"),
    ],
)
def test_binary_event_that_cannot_be_read_is_refused(headers: dict[str, str], body: bytes, code: str) -> None:
    with pytest.raises(InputError) as caught:
        binary_line({**BINARY, **headers}, body)
    assert caught.value.code == code
    if isinstance(caught.value, DecodeError) and code == "not_json":
        assert caught.value.event_id == "b-1"


def test_gzip_members_follow_one_another_with_zeros_between() -> None:
    packed = gzip.compress(b"one ") + bytes(7) + gzip.compress(b"") + gzip.compress(b"two") + bytes(512)
    assert inflated(Inflater(max_bytes=7), packed) == b"one two"


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"\0\0",
        b"plain text",
        zlib.compress(b"zlib, not gzip"),
        gzip.compress(b"cut off", mtime=0)[:-1],
        gzip.compress(b"damaged", mtime=0)[:-8] + bytes(8),
        gzip.compress(b"whole", mtime=0) + b"rubbish",
        gzip.compress(b"whole", mtime=0) + b"\x1f",
    ],
)
def test_damaged_gzip_is_refused(packed: bytes) -> None:
    with pytest.raises(InputError) as caught:
        inflated(Inflater(max_bytes=1_000), packed)
    assert (caught.value.code, caught.value.status) == ("bad_gzip", 400)


def test_gzip_bomb_is_refused_soon_after_a_mebibyte() -> None:
    packed = gzip.compress(bytes(64 << 20))
    inflater = Inflater(max_bytes=1 << 30)
    sizes: list[int] = []
    with pytest.raises(TooLarge) as caught:
        sizes.extend(map(len, inflater.feed(packed)))
    assert caught.value.code == "gzip_bomb"
    assert sum(sizes) <= (1 << 20) + 65_536


def test_small_repetitive_bodies_are_no_bombs() -> None:
    assert len(inflated(Inflater(max_bytes=1 << 20), gzip.compress(bytes(1 << 20)))) == 1 << 20


def test_pieces_are_small_and_the_whole_is_bounded() -> None:
    content = b"".join(b'{"no":%d}\n' % n for n in range(300_000))
    inflater = Inflater(max_bytes=len(content) - 1)
    sizes: list[int] = []
    with pytest.raises(TooLarge) as caught:
        sizes.extend(map(len, inflater.feed(gzip.compress(content))))
    assert caught.value.code == "body_too_large"
    assert max(sizes) <= 65_536
    assert sum(sizes) < len(content)
