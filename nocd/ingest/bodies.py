"""From the body of a request to lines, one event each, by its content type; streams included.

| code | status | refused because |
|---|---|---|
| unsupported_media_type | 415 | the content type is none of those below |
| not_json | 400 | the body as a whole is no JSON, or no array where one is due |
| batch_too_large | 413 | there are more than `max_events` |
| bad_gzip | 400 | the compressed stream is damaged or cut off |
| gzip_bomb | 413 | it inflates more than 200-fold, past 1 MiB |
| body_too_large | 413 | it inflates to more than `max_bytes` |

Pieces come back as `Line`s for the decoder, or as `Rejection`s where one piece is refused already here.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

import orjson

from nocd.errors import InputError, TooLarge
from nocd.ingest.refusal import DecodeError, event_id_of
from nocd.wire.views import Rejection

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

SINGLE: Final = frozenset({"application/cloudevents+json"})
BATCH: Final = frozenset({"application/cloudevents-batch+json"})
NDJSON: Final = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl"})
JSON: Final = frozenset({"application/json"})

_MARKS: Final = frozenset({"ce-specversion", "ce-type", "ce-id", "ce-source"})
_PIECE_BYTES: Final = 65_536
_RATIO_FREE_BYTES: Final = 1_048_576
_GZIP: Final = zlib.MAX_WBITS | 16
_ATTRIBUTE: Final = re.compile(r"ce-([a-z0-9]{1,64})")
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class Line:
    """One event as sent: its place in the request, counted from 0, and its JSON."""

    index: int
    raw: bytes


Item = Line | Rejection


class UnsupportedMediaType(InputError):
    """No event can be read from this content type."""

    code = "unsupported_media_type"
    status = 415


def media_type(headers: Mapping[str, str]) -> str:
    """Return the content type in lower case, without its parameters; empty for none."""
    found = (value for name, value in headers.items() if name.lower() == "content-type")
    return next(found, "").partition(";")[0].strip().lower()


def split(kind: str, body: bytes, *, max_event_bytes: int = 65_536, max_events: int = 10_000) -> list[Item]:
    """Return the events of a whole body of media type `kind`; raises InputError where no events can be told apart."""
    if kind in NDJSON:
        lines = LineSplitter(max_event_bytes=max_event_bytes, max_events=max_events)
        return lines.feed(body) + lines.end()
    if kind in BATCH or (kind in JSON and body.lstrip()[:1] == b"["):
        return _elements(body, max_events)
    if kind in SINGLE or kind in JSON:
        return [Line(0, body)]
    raise _unsupported(kind)


def is_binary(headers: Mapping[str, str]) -> bool:
    """Tell whether a request is a CloudEvent in binary mode: attributes in `ce-` headers, data as the body."""
    marked = not _MARKS.isdisjoint(map(str.lower, headers))
    return marked and media_type(headers) not in SINGLE | BATCH


def binary_line(headers: Mapping[str, str], body: bytes) -> bytes:
    """Return a binary-mode request (CloudEvents HTTP binding, 3.1) as one event in the structured mode."""
    kind = media_type(headers)
    if kind not in {"", "application/json", "text/json"} and not kind.endswith("+json"):
        raise _unsupported(kind)
    lowered = ((name.lower(), value) for name, value in headers.items())
    event: dict[str, Any] = {
        _attribute(name): _header_value(name, value) for name, value in lowered if name.startswith("ce-")
    }
    try:
        if body.strip():
            event["data"] = orjson.loads(body)
        return orjson.dumps(event)
    except orjson.JSONDecodeError as error:
        raise DecodeError(f"Invalid JSON: {error}", code="not_json", event_id=event_id_of(event)) from None
    except orjson.JSONEncodeError as error:
        raise DecodeError(f"nested too deeply: {error}", code="not_json", event_id=event_id_of(event)) from None


class LineSplitter:
    """Cuts a stream at its newlines, whatever its chunks; keeps no more than one line within the bound.

    Blank lines are skipped, and counted: an index is the number of the line, from 0. A line past `max_event_bytes`
    comes back as a rejection; more than `max_events` lines raise TooLarge.
    """

    def __init__(self, *, max_event_bytes: int, max_events: int) -> None:
        """Start at line 0."""
        self._max_event_bytes = max_event_bytes
        self._max_events = max_events
        self._kept_max = max_event_bytes + 3  # two bytes for the blanks around a line, one to see that it is longer
        self._kept = bytearray()
        self._index = 0
        self._events = 0

    def feed(self, chunk: bytes) -> list[Item]:
        """Return the lines that `chunk` completes."""
        first, *others = chunk.split(b"\n")
        self._keep(first)
        if not others:
            return []
        last = others.pop()
        found = [self._end(bytes(self._kept)), *map(self._end, others)]
        self._kept.clear()
        self._keep(last)
        return [item for item in found if item is not None]

    def end(self) -> list[Item]:
        """Return the last line, where no newline ends it."""
        last = self._end(bytes(self._kept))
        self._kept.clear()
        return [] if last is None else [last]

    def _keep(self, part: bytes) -> None:
        self._kept += part[: self._kept_max - len(self._kept)]

    def _end(self, line: bytes) -> Item | None:
        index = self._index
        self._index += 1
        raw = line.strip() if len(line) < self._kept_max else line
        if not raw:
            return None
        self._events += 1
        if self._events > self._max_events:
            raise _too_many(self._max_events)
        if len(raw) > self._max_event_bytes:
            detail = f"line {index} has more than {self._max_event_bytes} bytes"
            return Rejection(index=index, code="event_too_large", detail=detail)
        return Line(index, raw)


class Inflater:
    """Inflates a gzip stream (RFC 1952, members one after another) chunk by chunk, to at most `max_bytes` in all."""

    def __init__(self, *, max_bytes: int, max_ratio: int = 200) -> None:
        """Await the first chunk."""
        self._max_bytes = max_bytes
        self._max_ratio = max_ratio
        self._bytes_in = 0
        self._bytes_out = 0
        self._members = 0
        self._member: Any = None

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what `chunk` inflates to, in pieces of at most 64 KiB; take them all before the next chunk."""
        rest = chunk
        while rest:
            if self._member is None:
                rest = rest.lstrip(b"\0") if self._members else rest  # zeros may fill the space after a member
                if not rest:
                    return
                self._member = zlib.decompressobj(_GZIP)
                self._members += 1
            rest = yield from self._inflate(rest)

    def end(self) -> None:
        """Raise InputError where the stream ended within a member, or never began."""
        if self._member is not None or not self._members:
            raise InputError("the gzip stream is cut off", code="bad_gzip")

    def _inflate(self, rest: bytes) -> Generator[bytes, None, bytes]:
        """Yield pieces of the present member; return what of `rest` lies behind its end."""
        while True:
            try:
                piece = self._member.decompress(rest, _PIECE_BYTES)
            except zlib.error as error:
                raise InputError(f"the gzip stream is damaged: {error}", code="bad_gzip") from None
            unused = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
            self._count(bytes_in=len(rest) - len(unused), bytes_out=len(piece))
            rest = unused
            if piece:
                yield piece
            if self._member.eof:
                self._member = None
                return rest
            if not rest and len(piece) < _PIECE_BYTES:
                return rest

    def _count(self, *, bytes_in: int, bytes_out: int) -> None:
        self._bytes_in += bytes_in
        self._bytes_out += bytes_out
        if self._bytes_out > max(_RATIO_FREE_BYTES, self._bytes_in * self._max_ratio):
            raise TooLarge(f"the body inflates more than {self._max_ratio}-fold", code="gzip_bomb")
        if self._bytes_out > self._max_bytes:
            raise TooLarge(f"the body inflates to more than {self._max_bytes} bytes", code="body_too_large")


def _elements(body: bytes, max_events: int) -> list[Item]:
    try:
        elements = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InputError(f"Invalid JSON: {error}", code="not_json") from None
    if not isinstance(elements, list):
        raise InputError("a batch is a JSON array of events", code="not_json")
    if len(elements) > max_events:
        raise _too_many(max_events)
    return [_element(index, element) for index, element in enumerate(elements)]


def _element(index: int, element: Any) -> Item:
    try:
        return Line(index, orjson.dumps(element))
    except orjson.JSONEncodeError as error:
        event_id = event_id_of(element) if isinstance(element, dict) else None
        return Rejection(index=index, id=event_id, code="not_json", detail=f"nested too deeply: {error}")


def _attribute(header: str) -> str:
    """Return the attribute a `ce-` header carries; data and its media type travel elsewhere."""
    match = _ATTRIBUTE.fullmatch(header)
    if match is None or match[1] in {"data", "datacontenttype"}:
        raise DecodeError(f"{header[:64]!a}: is no CloudEvents attribute header", code="unknown_field")
    return match[1]


def _header_value(header: str, value: str) -> str:
    """Undo a header's quoting, then one round of percent-encoding, as the HTTP binding (3.1.3.2) has it."""
    quoted = _QUOTED.fullmatch(value.strip())
    plain = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else value.strip()
    try:
        decoded = unquote(plain, errors="strict")
        decoded.encode()
    except UnicodeError:
        raise DecodeError(f"{header}: must be percent-encoded UTF-8", code="bad_value") from None
    return decoded


def _unsupported(kind: str) -> UnsupportedMediaType:
    taken = ", ".join(sorted(SINGLE | BATCH | NDJSON | JSON))
    return UnsupportedMediaType(f"content type {kind[:64]!a} is not taken; send one of {taken}")


def _too_many(max_events: int) -> TooLarge:
    return TooLarge(f"more than {max_events} events in one request", code="batch_too_large")
