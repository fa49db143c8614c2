"""Text in terminal cells: made harmless, measured, cut and wrapped by what it occupies on screen."""

from __future__ import annotations

import re
import unicodedata
from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

TEXT_CHARS_MAX = 4_000
_SPACE = re.compile(r"[\t\n\v\f\r\u2028\u2029]+")
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb"
    "\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\ud800-\uf8ff\U000e0000-\U0010ffff]"
)


def clean(value: object, *, chars_max: int = TEXT_CHARS_MAX) -> str:
    """Return text that cannot move the cursor, colour the screen or reorder its neighbours; ESC shows as `^[`."""
    text = value if isinstance(value, str) else str(value)
    if len(text) > chars_max:
        text = text[: chars_max - 1] + "…"
    if not _UNSAFE.search(text):
        return text
    return _UNSAFE.sub(_visible, _SPACE.sub(" ", text))


def _visible(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x20:  # noqa: PLR2004 - C0 controls have a caret notation
        return "^" + chr(code + 0x40)
    return "?" if unicodedata.category(found[0]) in {"Cc", "Co", "Cs"} else ""


def width(text: str) -> int:
    """Return how many terminal cells a cleaned text occupies."""
    return len(text) if text.isascii() else sum(map(_char_width, text))


def _char_width(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def cut(text: str, cells: int) -> str:
    """Return the longest start of the text that fits, its last cell a `…` where something was cut."""
    if width(text) <= cells:
        return text
    return _start(text, cells - 1) + "…" if cells > 0 else ""


def _start(text: str, cells: int) -> str:
    if text.isascii():
        return text[: max(cells, 0)]
    used = 0
    for index, char in enumerate(text):
        used += _char_width(char)
        if used > cells:
            return text[:index]
    return text


def pad(text: str, cells: int, *, right: bool = False) -> str:
    """Return the text in exactly `cells` cells, cut or filled with blanks; `right` aligns it to the right."""
    fitted = cut(text, cells)
    blank = " " * (cells - width(fitted))
    return blank + fitted if right else fitted + blank


def wrap(text: str, cells: int) -> list[str]:
    """Return the text in lines of at most `cells` cells, broken at blanks where there are any; never empty."""
    lines, line = [], ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if width(joined) <= cells:
            line = joined
            continue
        if line:
            lines.append(line)
        *full, line = chop(word, cells)
        lines += full
    return [*lines, line]


def chop(word: str, cells: int) -> list[str]:
    """Return the text in pieces of at most `cells` cells, broken anywhere; never empty."""
    parts = []
    while width(word) > cells:
        start = _start(word, max(cells, 2)) or word[0]
        parts.append(start)
        word = word[len(start) :]
    return [*parts, word]


def common_start(texts: Sequence[str]) -> str:
    """Return what all of at least one text begin with."""
    first, last = min(texts), max(texts)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False)))
    return first[:same]
