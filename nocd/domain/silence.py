"""Silences: what a person hides, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from nocd.domain.instant import DAY_MS

KIND = "silence"
SILENCES_MAX = 1_000  # in force; as many more that are over are kept for a day
KEPT_MS = DAY_MS
MATCHERS_MAX = 10
NAME_CHARS_MAX = 200
VALUE_CHARS_MAX = 256
PATTERN_CHARS_MAX = 128
PATTERN_SIZE_MAX = 400  # its length times the counts in its braces: what it grows to when it is compiled
SILENCE_MAX_DAYS = 31

Operator = Literal["=", "!=", "=~", "!~"]
EndedBy = Literal["ended", "expired", "resolved", "undone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matcher:
    """A demand on one of an alert's own fields or labels; `=~` and `!~` take a pattern for the whole value."""

    name: str
    op: Operator
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """What hides the alerts that meet all its matchers; without `ends_at` until `alert` is resolved.

    `ended_at` and `ended_by` say when and how it came to its end; times are UTC milliseconds.
    """

    id: str
    no: int
    matchers: tuple[Matcher, ...]
    starts_at: int
    ends_at: int | None
    author: str
    comment: str
    alert: str | None = None
    ended_at: int | None = None
    ended_by: EndedBy | None = None

    @property
    def in_force(self) -> bool:
        """Tell whether it hides what meets it."""
        return self.ended_at is None

    def demands(self, name: str) -> str | None:
        """Return the one value that a field must have, or None where several would do."""
        return next((each.value for each in self.matchers if each.name == name and each.op == "="), None)
