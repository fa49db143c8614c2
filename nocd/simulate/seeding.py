"""Randomness by name: every person, shift and trouble draws from its own stream, so none reshuffles another."""

from __future__ import annotations

from hashlib import blake2b
from random import Random

_BITS = 64
_RANGE = float(1 << _BITS)


def _digest(seed: int, parts: tuple[str | int, ...]) -> int:
    text = "/".join(map(str, (seed, *parts)))
    return int.from_bytes(blake2b(text.encode(), digest_size=_BITS // 8).digest(), "big")


def derive(seed: int, *parts: str | int) -> Random:
    """Return the random stream that belongs to this name under this seed, the same on every machine."""
    return Random(_digest(seed, parts))


def chance(seed: int, *parts: str | int) -> float:
    """Return one uniform number in [0, 1) that belongs to this name under this seed."""
    return _digest(seed, parts) / _RANGE
