"""The privacy mask: names of people as one letter and stars, wherever they stand and however they were cut."""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from noctui.state.cells import clean, width

if TYPE_CHECKING:
    from noctui.state.lines import Line

WORDS_MAX = 20_000
LETTERS_MIN = 2  # shorter words are no names by themselves
NODES_MAX = 20_000
NAMED = ("person_name", "assignee_name")
CUT = "…"
_WORD = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*…?")


class Names:
    """The words that people's names are made of, as far as they were told; at most twenty thousand."""

    def __init__(self) -> None:
        """Know nobody."""
        self._words: list[str] = []
        self._known: set[str] = set()

    def __len__(self) -> int:
        """Return how many words are known."""
        return len(self._words)

    def learn(self, body: object) -> None:
        """Learn the names in what the daemon told."""
        waiting, seen = [body], 0
        while waiting and seen < NODES_MAX:
            node, seen = waiting.pop(), seen + 1
            if isinstance(node, Mapping):
                self._name(node)
                waiting += [each for each in node.values() if isinstance(each, Mapping | list)]
            elif isinstance(node, list):
                waiting += [each for each in node if isinstance(each, Mapping | list)]

    def _name(self, node: Mapping[str, Any]) -> None:
        for key in NAMED:
            name = node.get(key)
            if isinstance(name, str) and name not in {node.get("person"), node.get("assignee")}:
                self.add(name)
        if node.get("kind") == "person" and isinstance(node.get("name"), str) and node["name"] != node.get("id"):
            self.add(node["name"])

    def add(self, name: str) -> None:
        """Learn a name."""
        for word in _WORD.findall(clean(name)):
            if len(word) >= LETTERS_MIN and word not in self._known and len(self._words) < WORDS_MAX:
                self._known.add(word)
                insort(self._words, word)

    def masked(self, text: str) -> str:
        """Return the text with every word of a name masked, in as many cells as before."""
        return _WORD.sub(self._mask, text)

    def _mask(self, found: re.Match[str]) -> str:
        word = found[0]
        if not self._named(word):
            return word
        return word[0] + "*" * (width(word) - width(word[0]))

    def _named(self, word: str) -> bool:
        if not word.endswith(CUT):
            return word in self._known
        start = word[:-1]
        at = bisect_left(self._words, start)
        return at < len(self._words) and self._words[at].startswith(start)

    def veil(self, spans: Line) -> Line:
        """Return the line with names masked."""
        return tuple((self.masked(text), role) for text, role in spans)
