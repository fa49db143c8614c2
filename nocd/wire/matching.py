"""Whether a view, as the API shows it, is one a query asks for; the same answer as the store's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from nocd.domain.instant import rfc3339
from nocd.domain.severity import Severity
from nocd.wire.query import All, Either, Node, Not
from nocd.wire.terms import FIELDS, Match, Order, Phrase, instant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nocd.wire.terms import Regex

    Test = Callable[[Mapping[str, Any]], bool]

# Where a phrase is looked for. Names of people, and sentences that may hold one, only for those who may read them.
TEXTS: Final = ("id", "type", "site", "site_name", "person", "entity.id", "source", "incident", "ticket", "assignee")
NAMES: Final = ("person_name",)
SENTENCES: Final = ("title", "reason")
REMEMBERED_MAX: Final = 4_096  # texts a term remembers its answer to
SEARCHED_MAX: Final = 160  # characters of each text that a regex looks at
_RANKS: Final = {severity.value: severity.rank for severity in Severity}
_INNER: Final = {"entity.id": ("entity", "id")}
_LOWER: Final = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_ORDERS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": lambda left, right: bool(left < right),
    "<=": lambda left, right: bool(left <= right),
    ">": lambda left, right: bool(left > right),
    ">=": lambda left, right: bool(left >= right),
}
_TURNED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """When it is asked (UTC ms), and whether who asks may read names of people and fraud scores."""

    now: int
    names: bool = True
    scores: bool = True


def matcher(node: Node, asker: Asker) -> Test:
    """Return what tells whether a view matches; made once, it is quick for many."""
    if isinstance(node, Not):
        part = matcher(node.part, asker)
        return lambda view: not part(view)
    if isinstance(node, All | Either):
        parts = [matcher(each, asker) for each in node.parts]
        if isinstance(node, All):
            return lambda view: all(test(view) for test in parts)
        return lambda view: any(test(view) for test in parts)
    if isinstance(node, Match):
        return _match(node, asker)
    if isinstance(node, Order):
        return _order(node, asker)
    return _said(node, asker)


def fold(text: str) -> str:
    """Return a text as it is compared: A to Z in small letters, and up to a NUL, as SQLite has it."""
    if text.isascii() and "\0" not in text:
        return text.lower()
    return text.partition("\0")[0].translate(_LOWER)


@lru_cache(maxsize=256)
def glob(value: str) -> re.Pattern[str]:
    """Return the form of a folded text that a value with `*` stands for."""
    return re.compile(".*".join(re.escape(part) for part in fold(value).split("*")), re.DOTALL)


@lru_cache(maxsize=256)
def searched(pattern: str) -> re.Pattern[str]:
    """Return a query's regex, compiled."""
    return re.compile(pattern, re.IGNORECASE)


def keys_of(field: str, *, names: bool) -> list[str]:
    """Return where in a view a field lies, for those who may read names or may not."""
    return [key for key in FIELDS[field].keys if names or key not in NAMES]


def value_at(view: Mapping[str, Any], key: str) -> Any:
    """Return what lies at a key; a dot goes into an object."""
    if key not in _INNER:
        return view.get(key)
    first, rest = _INNER[key]
    return (view.get(first) or {}).get(rest)


def _match(node: Match, asker: Asker) -> Test:
    keys = keys_of(node.field, names=asker.names)
    if FIELDS[node.field].kind != "word":
        (key,), wanted = keys, {None if value == "none" else value for value in node.values}
        return lambda view: view.get(key) in wanted
    holds = _any_of(node.values)
    none = any(fold(value) == "none" for value in node.values)
    if len(keys) == 1 and "." not in keys[0]:
        (key,) = keys
        return lambda view: none if (value := view.get(key)) is None else holds(value)

    def test(view: Mapping[str, Any]) -> bool:
        found = [value for key in keys if (value := value_at(view, key)) is not None]
        return any(map(holds, found)) if found else none

    return test


def _any_of(values: tuple[str, ...]) -> Callable[[str], bool]:
    """Return what tells whether a text is one of some values; it remembers, for ids come again and again."""
    wanted = {fold(value) for value in values if "*" not in value}
    globs = [glob(value) for value in values if "*" in value]

    @lru_cache(maxsize=REMEMBERED_MAX)
    def holds(text: str) -> bool:
        folded = fold(text)
        return folded in wanted or any(each.fullmatch(folded) for each in globs)

    return holds


def _order(node: Order, asker: Asker) -> Test:
    (key,) = FIELDS[node.field].keys
    holds, wanted, read = _ORDERS[node.operator], node.value, value_at
    if node.field == "severity":
        rank = _RANKS[str(node.value)]
        return lambda view: holds(_RANKS[view["severity"]], rank)
    if node.field == "age":
        wanted, holds = rfc3339(max(0, asker.now - int(node.value))), _ORDERS[_TURNED[node.operator]]
    elif node.field == "since":
        wanted = rfc3339(instant(str(node.value), asker.now))
    elif node.field == "score" and not asker.scores:
        return lambda _: False
    return lambda view: (value := read(view, key)) is not None and holds(value, wanted)


def _said(node: Phrase | Regex, asker: Asker) -> Test:
    if isinstance(node, Phrase):
        phrase = fold(node.text)

        def says(text: str) -> bool:
            return phrase in fold(text)
    else:
        pattern = searched(node.pattern)

        def says(text: str) -> bool:
            return pattern.search(text[:SEARCHED_MAX]) is not None

    keys = (*TEXTS, *(NAMES if asker.names else ()))
    every = (*keys, *SENTENCES)

    def test(view: Mapping[str, Any]) -> bool:
        told = keys if not asker.names and view.get("person") is not None else every
        return any((value := value_at(view, key)) is not None and says(value) for key in told)

    return test
