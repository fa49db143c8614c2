"""Coverage-guided fuzzing of every parser that meets an outsider's bytes; no part of the gate.

    uv venv /tmp/fuzz && uv pip install -p /tmp/fuzz/bin/python atheris -r requirements.lock
    PYTHONPATH=. /tmp/fuzz/bin/python tests/fuzz/fuzz_decode.py -max_total_time=120 -max_len=4096 /tmp/fuzz-corpus

The first byte chooses the parser. Anything but an event or an InputError is a crash, and its input is written beside.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import orjson

from nocd.errors import InputError
from nocd.ingest.alertmanager import pushed_lines, to_lines
from nocd.ingest.bodies import BATCH, JSON, NDJSON, Inflater, Item, Line, binary_line, split
from nocd.ingest.decode import DecodeError, Decoder, decode_body
from nocd.ingest.pagerduty import to_page

RECEIVED_AT = 1_767_225_600_000
KINDS = sorted(BATCH | JSON | NDJSON)
DECODER = Decoder(new_id=lambda: "made")


def answered(error: DecodeError) -> None:
    """A refusal can be shown as it is."""
    assert orjson.dumps(error.at(0).model_dump())
    assert error.detail.isprintable(), error.detail


def decode(raw: bytes) -> None:
    """Decode a line; what is accepted must be readable for ever."""
    try:
        event = DECODER.line(raw, received_at=RECEIVED_AT, source="fuzz")
    except DecodeError as error:
        answered(error)
        return
    again = decode_body(
        event.body,
        time=event.time,
        received_at=event.received_at,
        claimed_time=event.claimed_time,
        late=event.late,
    )
    assert again == event
    assert orjson.loads(event.body)["type"] == event.type


def take(items: list[Item], *, valid: bool = False) -> None:
    """Decode the lines among `items`; those a mapping of ours made must be `valid`."""
    for item in items:
        if isinstance(item, Line) and valid:
            DECODER.line(item.raw, received_at=RECEIVED_AT, source="fuzz")
        elif isinstance(item, Line):
            decode(item.raw)


def inflate(packed: bytes) -> None:
    """Inflate a body."""
    inflater = Inflater(max_bytes=1 << 20)
    assert sum(map(len, inflater.feed(packed))) <= 1 << 20
    inflater.end()


def parse(content: bytes) -> None:
    """Give `content` to the parser its first byte chooses."""
    choice, rest = content[:1], content[1:]
    match choice:
        case b"b":
            head, _, body = rest.partition(b"\n")
            decode(binary_line({"ce-id": head.decode("utf-8", "surrogateescape"), "ce-type": "noc.sample"}, body))
        case b"g":
            inflate(rest)
        case b"a":
            mapped(to_lines(rest, received_at=RECEIVED_AT))
        case b"m":
            mapped(pushed_lines(rest, received_at=RECEIVED_AT, pusher="fuzz"))
        case b"p":
            page = to_page(rest, received_at=RECEIVED_AT, sender="fuzz", new_key=lambda: "made")
            DECODER.line(page.raw, received_at=RECEIVED_AT, source="fuzz")
        case b"0" | b"1" | b"2" | b"3" | b"4":
            take(split(KINDS[int(choice)], rest))
        case _:
            decode(rest)


def mapped(items: Iterator[Item]) -> None:
    """Decode what was mapped from another system's form; it must be valid."""
    try:
        take(list(items), valid=True)
    except DecodeError as error:
        raise AssertionError(error.detail) from error


def one(content: bytes) -> None:
    """Run one input."""
    try:
        parse(content)
    except InputError:
        return


if __name__ == "__main__":
    atheris: Any = import_module("atheris")
    atheris.instrument_all()
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
