"""The search language, one parser everywhere: a text to a tree and back; what is wrong with it is said with its column.

`field:value` `field>n` `-term` `"phrase"` `/regex/`, `a,b` any, space all, `|` or, `( )`; `*` stands for anything.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from nocd.errors import InputError
from nocd.wire.terms import ALIASES, FIELDS, Faulty, Match, Order, Phrase, Regex, pattern_fault, term

if TYPE_CHECKING:
    from collections.abc import Callable

LENGTH_MAX: Final = 1_000
TERMS_MAX: Final = 50
DEPTH_MAX: Final = 10
VALUES_MAX: Final = 50
_STOPS: Final = ' \t\n()|"'
_FIELD: Final = re.compile(r"([A-Za-z_]+)(!=|>=|<=|[:=<>])")


class QueryError(InputError):
    """A query that cannot be understood; `column` counts from 1 and says where."""

    code = "bad_query"

    def __init__(self, column: int, what: str) -> None:
        """Say what is wrong, and at which column."""
        super().__init__(f"column {column}: {what}")
        self.column = column
        self.what = what


@dataclass(frozen=True, slots=True)
class Not:
    """What does not match `part`."""

    part: Node


@dataclass(frozen=True, slots=True)
class All:
    """What matches every part; without parts, everything."""

    parts: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Either:
    """What matches any part; there are two or more."""

    parts: tuple[Node, ...]


Node = Not | All | Either | Match | Order | Phrase | Regex


def parse(text: str) -> Node:
    """Return the tree of a query; raises QueryError with the column and, where one is near, what was meant."""
    if len(text) > LENGTH_MAX:
        raise QueryError(LENGTH_MAX + 1, f"a query has at most {LENGTH_MAX} characters")
    for column, char in enumerate(text, 1):
        if not char.isprintable() and char not in "\t\n":
            raise QueryError(column, "this character cannot be shown")
    return _Parser(text).whole()


def asks(node: Node, field: str) -> bool:
    """Tell whether a query has a term about a field."""
    if isinstance(node, Not):
        return asks(node.part, field)
    if isinstance(node, All | Either):
        return any(asks(part, field) for part in node.parts)
    return isinstance(node, Match | Order) and node.field == field


def written(node: Node) -> str:
    """Return a query that parses to `node`."""
    if isinstance(node, Not):
        return f"-{_grouped(node.part)}"
    if isinstance(node, All):
        return " ".join(_grouped(part) for part in node.parts)
    if isinstance(node, Either):
        return " | ".join(_grouped(part) if isinstance(part, Either) else written(part) for part in node.parts)
    return str(node)


def _grouped(node: Node) -> str:
    return f"({written(node)})" if isinstance(node, All | Either) else written(node)


class _Parser:
    """Reads a query once from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._terms = 0

    def whole(self) -> Node:
        """Return the tree of the whole text."""
        node = self._either(0)
        if self._at < len(self._text):
            raise self._fault("there is no ( for this )")
        return node

    def _either(self, depth: int) -> Node:
        parts = [self._all(depth)]
        while self._peek() == "|":
            self._at += 1
            parts.append(self._all(depth))
        if All() in parts and (len(parts) > 1 or depth):
            raise self._fault("nothing stands here to look for")
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _all(self, depth: int) -> Node:
        parts = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._unary(depth))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _unary(self, depth: int) -> Node:
        if depth > DEPTH_MAX:
            raise self._fault(f"a query nests at most {DEPTH_MAX} deep")
        if self._peek() == "-":
            self._at += 1
            if self._next() in ("", " ", "\t", "\n", "|", ")"):
                raise self._fault("what is not wanted must follow the - at once")
            return Not(self._unary(depth + 1))
        if self._peek() != "(":
            return self._term()
        opened = self._at
        self._at += 1
        node = self._either(depth + 1)
        if self._peek() != ")":
            self._at = opened
            raise self._fault("this ( has no )")
        self._at += 1
        return node

    def _term(self) -> Node:
        self._terms += 1
        if self._terms > TERMS_MAX:
            raise self._fault(f"a query has at most {TERMS_MAX} terms")
        if self._next() == '"':
            return self._said(self._at, lambda: Phrase(self._quoted('"')))
        if self._next() == "/":
            return self._regex()
        found = _FIELD.match(self._text, self._at)
        if found is None:
            return Phrase(self._word(_STOPS))
        return self._compared(found[1], found[2])

    def _regex(self) -> Regex:
        start = self._at
        pattern = self._quoted("/")
        if (why := pattern_fault(pattern)) is not None:
            raise QueryError(start + 1, why)
        return Regex(pattern)

    def _compared(self, name: str, operator: str) -> Node:
        start = self._at
        field = ALIASES.get(name.lower(), name.lower())
        if field not in FIELDS:
            near = difflib.get_close_matches(field, [*FIELDS, *ALIASES], n=1, cutoff=0.6)
            meant = f"; did you mean {near[0]}?" if near else '; to look for it as text put it in "quotes"'
            raise self._fault(f"there is no field {name}{meant}")
        self._at += len(name) + len(operator)
        valued = self._at
        values = self._values()
        node = self._said(valued, lambda: term(field, ":" if operator in ("=", "!=") else operator, values), start)
        return Not(node) if operator == "!=" else node

    def _values(self) -> list[str]:
        values = [self._value()]
        while self._next() == ",":
            self._at += 1
            values.append(self._value())
        if len(values) > VALUES_MAX:
            raise self._fault(f"a term has at most {VALUES_MAX} values")
        return values

    def _value(self) -> str:
        value = self._quoted('"') if self._next() == '"' else self._word(f"{_STOPS},")
        if not value:
            raise self._fault("a value is missing")
        return value

    def _word(self, stops: str) -> str:
        start = self._at
        while self._at < len(self._text) and self._text[self._at] not in stops:
            self._at += 1
        return self._text[start : self._at]

    def _quoted(self, mark: str) -> str:
        """Return what stands between two marks; a backslash before the mark, or before one in a phrase, is undone."""
        opened, found = self._at, []
        self._at += 1
        while (char := self._next()) != mark:
            if char == "":
                self._at = opened
                raise self._fault(f"the closing {mark} is missing")
            self._at += 1
            if char == "\\" and self._next():
                escaped = self._next()
                self._at += 1
                char = escaped if escaped == mark or (mark == '"' and escaped == "\\") else char + escaped
            found.append(char)
        self._at += 1
        return "".join(found)

    def _peek(self) -> str:
        while self._next() in (" ", "\t", "\n"):
            self._at += 1
        return self._next()

    def _next(self) -> str:
        return self._text[self._at : self._at + 1]

    def _said(self, at: int, make: Callable[[], Node], start: int | None = None) -> Node:
        """Return what `make` makes; its fault is told at the value's place, or at the term's."""
        try:
            return make()
        except Faulty as faulty:
            raise QueryError((start if faulty.whole and start is not None else at) + 1, faulty.what) from None

    def _fault(self, what: str) -> QueryError:
        return QueryError(self._at + 1, what)
