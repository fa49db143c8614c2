"""Reading what other monitoring systems say: any JSON as text within bounds, times, digests, names of ours."""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

import orjson

from nocd.domain.instant import to_ms

if TYPE_CHECKING:
    from collections.abc import Mapping

LABELS_MAX: Final = 128
LABELS_BYTES_MAX: Final = 24_000
ID_CHARS_MAX: Final = 128
_LABEL_NAME_CHARS_MAX: Final = 200
_TEXT_CHARS_MAX: Final = 4_000


def bounded(labels: Mapping[str, str]) -> dict[str, str]:
    """Return labels as sent, up to 128 of them and 24 kB in all; what is past that is left out."""
    kept: dict[str, str] = {}
    left = LABELS_BYTES_MAX
    for name, value in labels.items():
        if len(kept) == LABELS_MAX:
            break
        short = name[:_LABEL_NAME_CHARS_MAX]
        left -= len(orjson.dumps(short)) + len(orjson.dumps(value))
        if left < 0:
            break
        kept[short] = value
    return kept


def subject(labels: Mapping[str, str]) -> dict[str, str]:
    """Return site and person where the labels of these names can be ids."""
    named = {label: labels.get(label, "").strip() for label in ("site", "person")}
    return {label: value for label, value in named.items() if is_id(value)}


def is_id(value: str) -> bool:
    """Tell whether a text can be an id: one line of 1 to 128 characters."""
    return bool(value) and value.isprintable() and len(value) <= ID_CHARS_MAX


def text(value: Any) -> str:
    """Return a value of somebody else's JSON as text of at most 4 000 characters."""
    if isinstance(value, str):
        return value[:_TEXT_CHARS_MAX]
    return "" if value is None else _json(value)[:_TEXT_CHARS_MAX]


def one_line(words: str) -> str:
    """Return text that may stand in an id: what cannot be printed becomes a space."""
    return (words if words.isprintable() else "".join(c if c.isprintable() else " " for c in words)).strip()


def instant(words: Any) -> int | None:
    """Return UTC milliseconds of an RFC 3339 time; None for none, for year 1 (Go's zero) and for what is no time."""
    try:
        moment = datetime.fromisoformat(words.upper()) if isinstance(words, str) else None
    except ValueError:
        return None
    if moment is None or moment.tzinfo is None or moment.year not in range(1970, 9999):
        return None
    return max(0, to_ms(moment))


def digest(content: bytes) -> str:
    """Return 16 hexadecimal digits that stand for `content`."""
    return blake2b(content, digest_size=8).hexdigest()


def _json(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:
        return ""
