"""Whether bytes are one whole UBJSON value, as the draft 12 specification has it and XGBoost writes it.

XGBoost ends the process on a file cut short; what is read from disk is therefore walked through first.
"""

from __future__ import annotations

from typing import Final

_WIDTHS: Final = {b"Z": 0, b"T": 0, b"F": 0, b"i": 1, b"U": 1, b"C": 1, b"I": 2, b"l": 4, b"d": 4, b"L": 8, b"D": 8}
_INTEGERS: Final = frozenset({b"i", b"U", b"I", b"l", b"L"})
_OPEN: Final = {b"{": b"}", b"[": b"]"}
DEPTH_MAX: Final = 64


class Broken(ValueError):
    """Not one whole value."""


def whole(raw: bytes) -> bool:
    """Say whether this is exactly one value from first byte to last."""
    try:
        walk = _Walk(raw)
        walk.value(walk.take(1), DEPTH_MAX)
    except Broken:
        return False
    return walk.at == len(raw)


class _Walk:
    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self.at = 0

    def take(self, count: int) -> bytes:
        taken = self._raw[self.at : self.at + count]
        if count < 0 or len(taken) != count:
            raise Broken
        self.at += count
        return taken

    def next_is(self, mark: bytes) -> bool:
        if self._raw[self.at : self.at + 1] != mark:
            return False
        self.at += 1
        return True

    def length(self) -> int:
        kind = self.take(1)
        if kind not in _INTEGERS:
            raise Broken
        return int.from_bytes(self.take(_WIDTHS[kind]), "big", signed=kind != b"U")

    def value(self, kind: bytes, depth: int) -> None:
        if kind in _WIDTHS:
            self.take(_WIDTHS[kind])
        elif kind in (b"S", b"H"):
            self.take(self.length())
        elif kind in _OPEN and depth > 0:
            self.container(kind, depth - 1)
        else:
            raise Broken

    def container(self, kind: bytes, depth: int) -> None:
        """Walk to the end of an array or object: of one kind and counted, counted, or up to its closing mark."""
        named = kind == b"{"
        element = self.take(1) if self.next_is(b"$") else None
        if not self.next_is(b"#"):
            if element is not None:
                raise Broken
            while not self.next_is(_OPEN[kind]):
                self.member(None, depth, named=named)
            return
        count = self.length()
        if element in _WIDTHS and not named:
            self.take(count * _WIDTHS[element])
            return
        for _ in range(count):
            self.member(element, depth, named=named)

    def member(self, element: bytes | None, depth: int, *, named: bool) -> None:
        if named:
            self.take(self.length())
        self.value(element or self.take(1), depth)
