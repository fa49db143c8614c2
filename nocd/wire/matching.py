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
SEARCHED_MAX: Final = 160  # characters of each text that a regex looks at
_RANKS: Final = {severity.value: severity.rank for severity in Severity}
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
    first, dot, rest = key.partition(".")
    value = view.get(first)
    return value.get(rest) if dot and value is not None else value


def _match(node: Match, asker: Asker) -> Test:
    keys = keys_of(node.field, names=asker.names)
    wanted = {fold(value) for value in node.values if "*" not in value}
    globs = [glob(value) for value in node.values if "*" in value]

    def test(view: Mapping[str, Any]) -> bool:
        found = [fold(value) for key in keys if isinstance(value := value_at(view, key), str)]
        if not found:
            return "none" in wanted
        return any(text in wanted or any(each.fullmatch(text) for each in globs) for text in found)

    return test


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

    def test(view: Mapping[str, Any]) -> bool:
        told = keys if not asker.names and view.get("person") is not None else (*keys, *SENTENCES)
        return any(isinstance(value := value_at(view, key), str) and says(value) for key in told)

    return test
