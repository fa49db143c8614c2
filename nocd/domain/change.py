"""What was decided: the unit of the feed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One decision about one object; `data` is JSON-able and says what a reader needs without another query.

    `client` is for filters and rights, never shown twice; `time` is UTC milliseconds.
    """

    type: str
    time: int
    data: dict[str, Any]
    site: str | None = None
    client: str | None = None
    person: str | None = None
    severity: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """Why something was decided about an alert: who, what, when, and the reason in words.

    `row` counts from 1 within the alert; a run of renewals keeps its row and moves it on.
    """

    alert: str
    row: int
    time: int
    decision: str
    reason: str
    actor: str
    old_status: str | None = None
    new_status: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberedChange:
    """A committed change: its gapless `seq`, the last input number it is true at, its JSON as the feed carries it."""

    seq: int
    no: int
    change: Change
    body: bytes
