"""What a person or a site shows in the window that ends now, as it is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nocd.domain.instant import MINUTE_MS
from nocd.domain.signal import Metric, Quality, Signal
from nocd.signals.activity import signals

if TYPE_CHECKING:
    from nocd.signals.activity import Activities
    from nocd.signals.presence import Presence

_BEST = (Quality.OBSERVED, Quality.SILENT, Quality.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonReport:
    """One person's signals, where they are on duty, and when a device of theirs was last heard (UTC ms)."""

    person: str
    site: str | None
    heard_at: int | None
    signals: dict[Metric, Signal]
    suspect_steps: int


def person_report(activities: Activities, presence: Presence, person: str, *, now: int, window_ms: int) -> PersonReport:
    """Return a person's signals over `window_ms` to `now` (UTC ms), in whole minutes, the one that runs included."""
    end = (now // MINUTE_MS + 1) * MINUTE_MS
    totals = activities.totals(person, end - window_ms, end)
    site, heard_at = presence.site_of(person, now), activities.heard_at(person)
    heard = heard_at is not None and heard_at >= end - window_ms
    told = signals(totals, heard=heard, on_duty=site is not None, known=heard_at is not None)
    return PersonReport(person=person, site=site, heard_at=heard_at, signals=told, suspect_steps=totals.suspect_steps)


def site_report(
    activities: Activities, presence: Presence, site: str, *, now: int, window_ms: int
) -> tuple[dict[Metric, Signal], list[PersonReport]]:
    """Return the sums over the people on duty at a site at `now`, and each of them; best quality counts."""
    people = [
        person_report(activities, presence, person, now=now, window_ms=window_ms)
        for person in presence.spans(site, now, now + 1)
    ]
    return {metric: _sum([each.signals[metric] for each in people]) for metric in Metric}, people


def _sum(parts: list[Signal]) -> Signal:
    qualities = {part.quality for part in parts}
    quality = next((each for each in _BEST if each in qualities), Quality.UNKNOWN)
    return Signal(value=sum(part.value for part in parts), quality=quality)
