"""Frames: their JSON, their WebSocket bytes and their Server-Sent Events form, each made once for every client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FRAME_BYTES_MAX = 256 * 1024  # a commit past it is told in several frames: clients refuse messages over 1 MiB
PING = b"\x89\x00"

_SHORT_MAX = 125
_MEDIUM_MAX = 65_535
# Raw line ends in JSON are white space; in an event stream they would end the field.
_ONE_LINE = bytes.maketrans(b"\r\n", b"  ")


def header(length: int) -> bytes:
    """Return the header of an unmasked, final text frame of `length` bytes (RFC 6455, 5.2)."""
    if length <= _SHORT_MAX:
        return bytes((0x81, length))
    if length <= _MEDIUM_MAX:
        return b"\x81\x7e" + length.to_bytes(2, "big")
    return b"\x81\x7f" + length.to_bytes(8, "big")


class Part(NamedTuple):
    """One change as a client sees it; `weight` counts it and the events inside it."""

    seq: int
    body: bytes
    weight: int = 1


class Frame:
    """An immutable message shared by all its receivers; it tells what is new from `first` to `last`.

    `wire` is the whole WebSocket frame, its header and a control frame `before` it included; `weight` counts the
    changes and events inside.
    """

    __slots__ = ("_sse", "first", "last", "parts", "weight", "wire")

    def __init__(
        self,
        text: bytes,
        *,
        first: int,
        last: int,
        parts: tuple[Part, ...] = (),
        sse: bytes | None = None,
        before: bytes = b"",
    ) -> None:
        self.wire = before + header(len(text)) + text
        self.first = first
        self.last = last
        self.parts = parts
        self.weight = sum(part.weight for part in parts)
        self._sse = sse

    @property
    def sse(self) -> bytes:
        """Return the same as Server-Sent Events: one event for each change, its id the change's number."""
        if self._sse is None:
            self._sse = b"".join(b"id: %d\ndata: %b\n\n" % (part.seq, _line(part.body)) for part in self.parts)
        return self._sse


def _line(body: bytes) -> bytes:
    return body.translate(_ONE_LINE)


class Packer:
    """Packs parts into `batch` frames whose `from` and `to` join without a hole, from `first` on."""

    def __init__(self, first: int, latency_ms: float = 0.0) -> None:
        self._first = first
        self._tail = b'],"latency_ms":%b}' % orjson.dumps(round(latency_ms, 3))
        self._parts: list[Part] = []
        self._bytes = 0

    def add(self, part: Part) -> Frame | None:
        """Take a part; return the frame that was full without it, if one was."""
        full = None
        if self._parts and self._bytes + len(part.body) > FRAME_BYTES_MAX:
            full = self._cut(part.seq - 1)
        self._parts.append(part)
        self._bytes += len(part.body) + 1
        return full

    def finish(self, last: int) -> Frame | None:
        """Return what is left, told up to `last`; None where nothing is."""
        return self._cut(last) if self._parts else None

    def _cut(self, last: int) -> Frame:
        head = b'{"type":"batch","from":%d,"to":%d,"changes":[' % (self._first, last)
        text = head + b",".join([part.body for part in self._parts]) + self._tail
        frame = Frame(text, first=self._first, last=last, parts=tuple(self._parts))
        self._parts, self._bytes, self._first = [], 0, last + 1
        return frame


def pack(parts: Iterable[Part], *, first: int, last: int, latency_ms: float) -> Iterator[Frame]:
    """Yield the batches, mostly one, that tell `parts` and everything from `first` to `last`."""
    packer = Packer(first, latency_ms)
    for part in parts:
        if (full := packer.add(part)) is not None:
            yield full
    if (rest := packer.finish(last)) is not None:
        yield rest


def _event(name: str, text: bytes, *, seq: int | None = None) -> bytes:
    return b"event: %b\n%bdata: %b\n\n" % (name.encode(), b"" if seq is None else b"id: %d\n" % seq, text)


def hello(
    *, epoch: str, seq: int, oldest_seq: int, server_time: str, version: str, capabilities: list[str], you: str = ""
) -> Frame:
    """Return the first frame of a connection."""
    fields: dict[str, Any] = {"epoch": epoch, "seq": seq, "oldest_seq": oldest_seq, "server_time": server_time}
    text = orjson.dumps({"type": "hello", **fields, "version": version, "capabilities": capabilities, "you": you})
    return Frame(text, first=1, last=0, sse=_event("hello", text))


def gap(*, first: int, last: int, reason: str) -> Frame:
    """Return the frame that owns up to a hole: the numbers `first` to `last` cannot be told."""
    text = orjson.dumps({"type": "gap", "from": first, "to": last, "reason": reason})
    return Frame(text, first=first, last=last, sse=_event("gap", text))


def caught_up(seq: int) -> Frame:
    """Return the frame between the stored past and what is live."""
    text = orjson.dumps({"type": "caught_up", "seq": seq})
    return Frame(text, first=seq + 1, last=seq, sse=_event("caught_up", text, seq=seq))


def heartbeat(seq: int, time: str) -> Frame:
    """Return the sign of life that carries the newest number: after a ping; or a comment that moves a stream's id."""
    text = orjson.dumps({"type": "heartbeat", "seq": seq, "time": time})
    comment = b": heartbeat %b\nid: %d\n\n" % (time.encode(), seq)
    return Frame(text, first=seq + 1, last=seq, sse=comment, before=PING)


def presence(people: list[dict[str, Any]], seq: int) -> Frame:
    """Return who is at what just now: it has no number, and is never told again."""
    text = orjson.dumps({"type": "presence", "people": people})
    return Frame(text, first=seq + 1, last=seq, sse=_event("presence", text))


def lagged(seq: int, dropped: int) -> Frame:
    """Return the farewell to a client that was too slow: it resumes after `seq`."""
    text = orjson.dumps({"type": "lagged", "seq": seq, "dropped": dropped})
    return Frame(text, first=seq + 1, last=seq, sse=_event("lagged", text))
