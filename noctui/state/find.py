"""The plain filter: words that must all be found, `-word` that must not."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Filter:
    """What was typed, and what it asks for; an empty filter lets everything through."""

    text: str = ""
    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether it asks for anything."""
        return bool(self.wanted or self.unwanted)

    def __call__(self, words: str) -> bool:
        """Tell whether lower-case words pass."""
        return all(word in words for word in self.wanted) and not any(word in words for word in self.unwanted)


def read_filter(text: str) -> Filter:
    """Return the filter that was typed; every text is one."""
    words = text.lower().split()
    unwanted = tuple(word[1:] for word in words if word.startswith("-") and len(word) > 1)
    return Filter(text.strip(), tuple(word for word in words if not word.startswith("-")), unwanted)
