"""What two runs over the same past have in common: troubles by what they are, and from when to when they stood."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_NEVER: Final = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """An alert or ticket: `key` is what it is about, `end` (UTC ms) None while it stands, `view` what is shown of it.

    `hidden` tells that something hid it at some time.
    """

    key: str
    start: int
    end: int | None
    type: str
    hidden: bool = False
    view: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Difference:
    """What one run has and the other has not; `both` are pairs about the same trouble at overlapping times."""

    gained: list[Span] = field(default_factory=list)
    lost: list[Span] = field(default_factory=list)
    both: list[tuple[Span, Span]] = field(default_factory=list)


def difference(before: Iterable[Span], after: Iterable[Span]) -> Difference:
    """Return what is lost of `before` and gained in `after`: those of one key that overlap in time are the same."""
    former, later = _by_key(before), _by_key(after)
    told = Difference()
    for key in sorted({*former, *later}):
        _compare(former.get(key, []), later.get(key, []), told)
    for spans in (told.gained, told.lost):
        spans.sort(key=lambda span: (span.start, span.key))
    return told


def _by_key(spans: Iterable[Span]) -> dict[str, list[Span]]:
    found: dict[str, list[Span]] = defaultdict(list)
    for span in sorted(spans, key=lambda each: each.start):
        found[span.key].append(span)
    return found


def _compare(former: list[Span], later: list[Span], told: Difference) -> None:
    was = now = 0
    while was < len(former) and now < len(later):
        old, new = former[was], later[now]
        if _end(old) < new.start:
            told.lost.append(old)
            was += 1
        elif _end(new) < old.start:
            told.gained.append(new)
            now += 1
        else:
            told.both.append((old, new))
            was, now = was + 1, now + 1
    told.lost += former[was:]
    told.gained += later[now:]


def _end(span: Span) -> int:
    return _NEVER if span.end is None else span.end
