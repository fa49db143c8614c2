"""Frames are what the wire says they are, byte for byte, in both forms."""

from __future__ import annotations

import orjson
import pytest

from nocd.feed import frames
from nocd.feed.frames import FRAME_BYTES_MAX, Frame, Packer, Part, header, pack
from nocd.wire.frames import FRAMES
from tests.unit.feed.made import numbered, payload, said


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (0, "8100"),
        (125, "817d"),
        (126, "817e007e"),
        (65_535, "817effff"),
        (65_536, "817f0000000000010000"),
    ],
)
def test_header_has_the_shortest_length_that_fits(length: int, expected: str) -> None:
    assert header(length).hex() == expected


@pytest.mark.parametrize(
    "frame",
    [
        frames.hello(epoch="e", seq=9, oldest_seq=2, server_time="t", version="1", capabilities=["resume"]),
        frames.gap(first=1, last=4, reason="gone"),
        frames.caught_up(9),
        frames.heartbeat(9, "2026-01-31T23:59:59.123Z"),
        frames.lagged(9, 12),
        next(pack([Part(3, numbered(3).body)], first=2, last=4, latency_ms=1.25)),
    ],
    ids=lambda frame: said(frame)["type"],
)
def test_every_frame_fits_its_published_model(frame: Frame) -> None:
    message = said(frame)
    model = FRAMES[message["type"]].model_validate(message)
    assert not model.model_extra
    assert set(model.model_dump(by_alias=True)) == set(message)


def test_batch_joins_the_bodies_as_they_are() -> None:
    parts = [Part(7, b'{"seq":7}'), Part(9, b'{"seq":9}')]
    (frame,) = pack(parts, first=6, last=10, latency_ms=2.34567)
    text = b'{"type":"batch","from":6,"to":10,"changes":[{"seq":7},{"seq":9}],"latency_ms":2.346}'
    assert payload(frame) == text
    assert (frame.first, frame.last, frame.weight) == (6, 10, 2)


def test_nothing_to_tell_makes_no_frame() -> None:
    assert list(pack([], first=1, last=5, latency_ms=0.0)) == []
    assert Packer(1).finish(5) is None


def test_large_commit_is_split_into_frames_that_join_without_a_hole() -> None:
    big = b'{"text":"' + b"x" * (FRAME_BYTES_MAX // 2) + b'"}'
    told = [said(frame) for frame in pack([Part(seq, big) for seq in (2, 5, 6)], first=1, last=8, latency_ms=0.0)]
    assert [(each["from"], each["to"], len(each["changes"])) for each in told] == [(1, 4, 1), (5, 5, 1), (6, 8, 1)]


def test_one_change_larger_than_a_frame_is_told_alone() -> None:
    huge = b'"' + b"x" * (2 * FRAME_BYTES_MAX) + b'"'
    assert len(list(pack([Part(1, huge)], first=1, last=1, latency_ms=0.0))) == 1


def test_event_stream_names_each_change_by_its_number_on_one_line() -> None:
    (frame,) = pack([Part(3, b'{\r\n"seq": 3}'), Part(4, b"{}")], first=3, last=4, latency_ms=0.0)
    assert frame.sse == b'id: 3\ndata: {  "seq": 3}\n\nid: 4\ndata: {}\n\n'
    assert frame.sse is frame.sse


def test_event_stream_form_of_the_other_frames() -> None:
    assert frames.caught_up(9).sse == b'event: caught_up\nid: 9\ndata: {"type":"caught_up","seq":9}\n\n'
    assert frames.heartbeat(9, "now").sse == b": heartbeat now\nid: 9\n\n"
    for frame in (frames.lagged(9, 1), frames.gap(first=1, last=2, reason="r")):
        name, text, *_ = frame.sse.split(b"\n")
        assert name.removeprefix(b"event: ").decode() == orjson.loads(text.removeprefix(b"data: "))["type"]
