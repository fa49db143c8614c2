"""Who else is at what just now, and what is said of oneself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from noctui.state.cells import clean
from noctui.state.times import SECOND_MS, parse

AGAIN_MS: Final = 30 * SECOND_MS
PEOPLE_MAX: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody's place, as long as it counts (UTC ms)."""

    name: str
    looking: str
    claims: frozenset[str]
    until: int


@dataclass(slots=True)
class Present:
    """The others, and what was last said of oneself: where, on what, and when by this machine's milliseconds."""

    people: tuple[Person, ...] = ()
    said: tuple[str, tuple[str, ...]] = ("", ())
    said_at: int = 0

    def take(self, body: Mapping[str, Any]) -> None:
        """Take in where everybody is."""
        found = [each for each in body.get("people") or () if isinstance(each, Mapping)]
        self.people = tuple(map(_person, found[:PEOPLE_MAX]))

    def looking(self, subject: str, *, me: str, now: int) -> tuple[str, ...]:
        """Return who else looks at something, or is at work on it, at the daemon's time."""
        return tuple(
            each.name
            for each in self.people
            if each.name != me and each.until > now and subject in {each.looking, *each.claims}
        )

    def claimed(self, subject: str, *, me: str, now: int) -> str:
        """Return who else says to be at work on something, or an empty text."""
        found = (each for each in self.people if each.name != me and each.until > now and subject in each.claims)
        return next((each.name for each in found), "")

    def due(self, looking: str, claims: tuple[str, ...], now: int) -> Mapping[str, Any] | None:
        """Return what is to be said of oneself now: a change at once, else the same again each half minute."""
        here = (looking, claims)
        if here == self.said and (here == ("", ()) or now - self.said_at < AGAIN_MS):
            return None
        self.said, self.said_at = here, now
        return {"looking": looking or None, "claims": [*claims]}


def _person(body: Mapping[str, Any]) -> Person:
    return Person(
        name=clean(body.get("name") or "-"),
        looking=clean(body.get("looking") or ""),
        claims=frozenset(map(clean, body.get("claims") or ())),
        until=parse(body.get("until")) or 0,
    )


@dataclass(slots=True)
class Warned:
    """The subject whose claim by somebody else was pointed out: asking for the same again goes on."""

    subject: str = field(default="")

    def first(self, subject: str) -> bool:
        """Tell whether this is the first time in a row, and note it."""
        again, self.subject = self.subject == subject, subject
        return not again
