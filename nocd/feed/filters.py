"""Which changes a client sees, and in which form."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import orjson

from nocd.domain.instant import rfc3339
from nocd.domain.severity import Severity
from nocd.domain.token import Right, Role, Token
from nocd.feed.frames import Part
from nocd.feed.mask import mask

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nocd.domain.change import Change, NumberedChange

StoredEvent = tuple[int, int, bytes]  # number, received_at (UTC milliseconds), the received JSON

EVENTS_STORED = "events_stored"
WITHHELD = b'{"masked":true}'
SCORE_TYPES = frozenset({"fraud_scored"})

_RANK = {severity.value: severity.rank for severity in Severity}
_RANK_MAX = max(_RANK.values())


def _limits(token: Token) -> Token:
    """Return a token of the same limits and nothing else, so that clients of equal limits share frames."""
    return Token(name="", role=Role.VIEWER, sites=token.sites, clients=token.clients)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What a client asked for within what its token may see; clients with equal filters share every frame.

    Each of `sites`, `clients`, `types` and `min_rank` narrows; empty, or 0, is all. What is about no place, or has no
    severity, passes `sites`, `clients` and `min_rank`; but not `events_stored`, which tells of everything: narrowing
    hides it, unless `events` or `types` asks for it. A token limited to sites or clients never sees what is about no
    place, so no `events_stored` either: its counts would tell of other places.
    """

    sites: frozenset[str] = frozenset()
    clients: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    min_rank: int = 0
    events: bool = False
    names: bool = True
    scores: bool = True
    limits: Token = field(default=Token(name="", role=Role.VIEWER))

    @classmethod
    def of(
        cls,
        token: Token,
        *,
        sites: Iterable[str] = (),
        clients: Iterable[str] = (),
        types: Iterable[str] = (),
        min_severity: Severity | None = None,
        events: bool = False,
    ) -> Filter:
        """Return the filter of a client with this token that asked for this."""
        return cls(
            sites=frozenset(sites),
            clients=frozenset(clients),
            types=frozenset(types),
            min_rank=0 if min_severity is None else min_severity.rank,
            events=events,
            names=Right.PII in token.rights,
            scores=Right.FRAUD in token.rights,
            limits=_limits(token),
        )

    @property
    def narrows(self) -> bool:
        """Tell whether the client asked for less than everything."""
        return bool(self.sites or self.clients or self.types or self.min_rank)

    def passes(self, change: Change) -> bool:
        """Tell whether the client sees this change."""
        if self.limits.limited and not self.limits.sees(site=change.site, client=change.client):
            return False
        if change.type == EVENTS_STORED:
            return self.events or not self.narrows or EVENTS_STORED in self.types
        if change.type in SCORE_TYPES and not self.scores:
            return False
        return (not self.types or change.type in self.types) and self._severe(change) and self._placed(change)

    def _severe(self, change: Change) -> bool:
        return change.severity is None or _RANK.get(change.severity, _RANK_MAX) >= self.min_rank

    def _placed(self, change: Change) -> bool:
        if change.site is None and change.client is None:
            return True
        return (not self.sites or change.site in self.sites) and (not self.clients or change.client in self.clients)

    def wants_events(self, change: Change) -> bool:
        """Tell whether this change is to carry the events it counts."""
        return self.events and change.type == EVENTS_STORED

    def part(self, numbered: NumberedChange, events: list[StoredEvent] | None = None) -> Part:
        """Return the change as this client sees it, with `events` inside where they were asked for."""
        body = self._shown(numbered.body)
        if events is None:
            return Part(numbered.seq, body)
        shown = [(no, received_at, self._shown_event(event)) for no, received_at, event in events]
        return Part(numbered.seq, _with_events(body, shown), 1 + len(events))

    def _shown(self, body: bytes) -> bytes:
        return body if self.names and self.scores else mask(body, names=not self.names, scores=not self.scores)

    def _shown_event(self, body: bytes) -> bytes:
        try:
            return self._shown(body)
        except (TypeError, ValueError):  # orjson's limits on depth: what cannot be looked through is not shown
            return WITHHELD


def events_range(numbered: NumberedChange) -> tuple[int, int]:
    """Return the first and last input number that an `events_stored` change counts."""
    data = orjson.loads(numbered.body)["data"]
    return data["first_no"], data["last_no"]


def _with_events(body: bytes, events: list[StoredEvent]) -> bytes:
    change = orjson.loads(body)
    change["data"]["events"] = [
        {"no": no, "received_at": rfc3339(received_at), "event": orjson.Fragment(event)}
        for no, received_at, event in events
    ]
    return orjson.dumps(change)
