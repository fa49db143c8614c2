"""Forgetting a person: where their id, names and phones stand in what is stored, and a pseudonym in their place."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import orjson

from nocd.domain.alert import Status, Verdict
from nocd.domain.finding import Category
from nocd.domain.severity import Severity
from nocd.domain.ticket import TicketPriority, TicketStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# An id of digits alone is looked for in sentences only from this length on: shorter ones are counts.
_DIGITS_MIN: Final = 4
RESERVED: Final = frozenset(
    word.casefold() for words in (Status, Verdict, Category, Severity, TicketPriority, TicketStatus) for word in words
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgetting:
    """One person: `id`, the texts that name them, and the pseudonym that takes their place.

    `names` are looked for everywhere, `shared` (names others have too, or of one word) only beside the id.
    """

    id: str
    pseudonym: str
    names: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    _id: re.Pattern[str] = field(init=False, repr=False, compare=False)
    _names: re.Pattern[str] = field(init=False, repr=False, compare=False)
    _shared: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Make the patterns."""
        for name, words in (("_id", (self.id,)), ("_names", self.names), ("_shared", self.shared)):
            object.__setattr__(self, name, _pattern(words))

    def cell(self, value: object) -> object:
        """Return a stored value, JSON as bytes or text, rewritten; itself where it does not name the person."""
        if not isinstance(value, str | bytes) or not value:
            return value
        content = _json(value)
        if content is None:
            return self._put(value, beside=self._says_id(value)) if isinstance(value, str) else value
        if not self.named_in(content):
            return value
        beside = any(self._says_id(text) for text in _texts(content))
        told = orjson.dumps(_mapped(content, lambda text: self._put(text, beside=beside)))
        return told if isinstance(value, bytes) else told.decode()

    def named_in(self, content: Any) -> bool:
        """Tell whether a JSON value names the person."""
        return any(self._says_id(text) or self._names.search(text) is not None for text in _texts(content))

    def _says_id(self, text: str) -> bool:
        return self._may_be_id(text) and self._id.search(text) is not None

    def _may_be_id(self, text: str) -> bool:
        return not (self.id.isdigit() and len(self.id) < _DIGITS_MIN and " " in text)

    def _put(self, text: str, *, beside: bool) -> str:
        """Return a text rewritten: names first, for an id may be part of one; shared names only beside the id."""
        patterns = [self._names, *([self._shared] if beside else []), *([self._id] if self._may_be_id(text) else [])]
        for pattern in patterns:
            text = pattern.sub(self.pseudonym, text)
        return text


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    """Return what finds words that stand by themselves, the longest first; without any, what finds nothing."""
    either = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.compile(rf"(?<![\w-])(?:{either})(?![\w-])" if either else r"(?!)")


def _json(value: str | bytes) -> Any:
    """Return what a value says as JSON, or None where it is none."""
    first = value[:1] if isinstance(value, bytes) else value[:1].encode()
    if first not in (b"{", b"[", b'"'):
        return None
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return None


def _texts(content: Any) -> list[str]:
    """Return every text of a JSON value, keys too; a loop, so that depth costs no stack."""
    found: list[str] = []
    waiting = [content]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            found.append(each)
        elif isinstance(each, dict):
            found += each
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
    return found


def _mapped(content: Any, text: Callable[[str], str]) -> Any:
    """Return a JSON value with every text in it, keys too, put through `text`."""
    if isinstance(content, str):
        return text(content)
    if isinstance(content, dict):
        return {text(key): _mapped(value, text) for key, value in content.items()}
    return [_mapped(each, text) for each in content] if isinstance(content, list) else content
