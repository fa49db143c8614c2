"""What the signals of a person or a site showed at an alert's moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nocd.domain.incident import Shown
from nocd.domain.instant import HOUR_MS, MINUTE_MS
from nocd.domain.signal import Metric, Quality
from nocd.signals.report import person_report, site_report
from nocd.triage.correlation import PHONE_LOW, Kind, wrong_signals

if TYPE_CHECKING:
    from nocd.domain.signal import Signal
    from nocd.signals.activity import Activities
    from nocd.signals.duty import Duties
    from nocd.signals.presence import Presence
    from nocd.triage.correlation import Facet

WINDOW_MS: Final = 120 * MINUTE_MS
ON_DUTY_FOR_MS: Final = 30 * MINUTE_MS  # before that nobody could have done much
REMEMBERED_MS: Final = 6 * HOUR_MS  # minutes are kept for longer than this and the window together
_SITE_KINDS: Final = frozenset({Kind.DEVICE, Kind.ATTENDANCE})


class Signs:
    """Reads the five signals as they were when something happened."""

    def __init__(self, activities: Activities, presence: Presence, duties: Duties) -> None:
        """Read these; none is changed."""
        self._activities = activities
        self._presence = presence
        self._duties = duties

    def of(self, one: Facet, *, now: int) -> tuple[Shown, bool] | None:
        """Return what was shown at an alert's latest sighting, and whether phones were low; None where nobody knows."""
        at = one.last_seen
        if not now - REMEMBERED_MS <= at <= now:
            return None
        if one.person is not None:
            return self._person(one.person, at)
        return self._site(one.site, at) if one.site is not None and one.kind in _SITE_KINDS else None

    def _person(self, person: str, at: int) -> tuple[Shown, bool] | None:
        told = person_report(self._activities, self._presence, person, now=at, window_ms=WINDOW_MS)
        return _shown(told.signals, at=at, on_duty=self._long_on_duty(person, at))

    def _site(self, site: str, at: int) -> tuple[Shown, bool] | None:
        signals, people = site_report(self._activities, self._presence, site, now=at, window_ms=WINDOW_MS)
        return _shown(signals, at=at, on_duty=any(self._long_on_duty(each.person, at) for each in people))

    def _long_on_duty(self, person: str, at: int) -> bool:
        duty = self._duties.on_duty(person)
        return duty is not None and duty.start <= at - ON_DUTY_FOR_MS


def _shown(signals: dict[Metric, Signal], *, at: int, on_duty: bool) -> tuple[Shown, bool] | None:
    if all(signal.quality is Quality.UNKNOWN for signal in signals.values()):
        return None
    wrong = wrong_signals(signals, on_duty=True) if on_duty else None
    values = {metric.value: round(signal.value, 1) for metric, signal in signals.items()}
    severity, reason = wrong or (None, "")
    phone = signals[Metric.PHONE_EVENTS]
    low = phone.quality is not Quality.UNKNOWN and phone.value < PHONE_LOW
    return Shown(at=at, values=values, severity=severity, reason=reason), low
