"""Stretches of time: (from, to) in UTC ms, from included, to not; lists of them are in order and do not touch."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

Span = tuple[int, int]


def joined(spans: Iterable[Span]) -> list[Span]:
    """Return stretches in order, those that touch or overlap made one, empty ones left out."""
    made: list[Span] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if made and start <= made[-1][1]:
            made[-1] = (made[-1][0], max(made[-1][1], end))
        else:
            made.append((start, end))
    return made


def without(spans: Iterable[Span], holes: Iterable[Span]) -> list[Span]:
    """Return what is left of stretches once `holes` are taken out; both in order."""
    left = list(spans)
    for first, last in holes:
        parts: list[Span] = []
        for start, end in left:
            if last <= start or end <= first:
                parts.append((start, end))
                continue
            parts += [part for part in ((start, first), (last, end)) if part[0] < part[1]]
        left = parts
    return left


def common(spans: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """Return the stretches that both have; both in order."""
    others = list(others)
    both = ((max(start, first), min(end, last)) for start, end in spans for first, last in others)
    return [span for span in both if span[0] < span[1]]


def passed(spans: Iterable[Span], length_ms: int) -> int:
    """Return when stretches have lasted `length_ms` together, or would have if the last went on."""
    end = 0
    for start, end in spans:
        if length_ms <= end - start:
            return start + length_ms
        length_ms -= end - start
    return end + length_ms
