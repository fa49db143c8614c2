"""Who is at which alert or case just now: never stored, and gone when it is not said again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PRESENT_MS: Final = 75_000
PEOPLE_MAX: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """One person's place: what they look at, what they say they are at work on, until when that counts (UTC ms)."""

    name: str
    looking: str | None = None
    claims: tuple[str, ...] = ()
    until: int = 0


class Presence:
    """The people of one tenant; of more than `PEOPLE_MAX` who was heard of longest ago is let go of."""

    def __init__(self) -> None:
        self._people: dict[str, Present] = {}

    def say(self, name: str, *, looking: str | None, claims: tuple[str, ...], now: int) -> None:
        """Take in where somebody is at `now` (UTC ms); who is nowhere is gone."""
        self._people.pop(name, None)
        if looking is not None or claims:
            self._people[name] = Present(name=name, looking=looking, claims=claims, until=now + PRESENT_MS)
        while len(self._people) > PEOPLE_MAX:
            del self._people[next(iter(self._people))]

    def people(self, now: int) -> list[Present]:
        """Return who is somewhere at `now` (UTC ms), by name."""
        self._people = {name: each for name, each in self._people.items() if each.until > now}
        return sorted(self._people.values(), key=lambda each: each.name)
