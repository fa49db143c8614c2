"""Which alerts are one story: how two of them match, how strongly, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from nocd.domain.instant import MINUTE_MS
from nocd.domain.severity import Severity
from nocd.domain.signal import Metric, Quality

if TYPE_CHECKING:
    from nocd.domain.alert import Alert
    from nocd.domain.signal import Signal

INCIDENT_FROM: Final = 0.6
WINDOW_MS: Final = 15 * MINUTE_MS
_NEARNESS: Final = ((5 * MINUTE_MS, 0.3), (10 * MINUTE_MS, 0.2))
_FARTHEST: Final = 0.1
_SAME, _RELATED, _PHONE_IS_LOW = 0.5, 0.3, 0.2
PHONE_LOW, LOCATIONS_LOW = 5, 3


class Kind(StrEnum):
    """A part of guarding in which an alert and a signal tell of the same."""

    DEVICE = "device"
    TOUR = "tour"
    ATTENDANCE = "attendance"


_SIGNALS: Final[dict[str, Kind]] = {
    "ANOMALY_PHONE_EVENTS": Kind.DEVICE,
    "ANOMALY_LOCATION_UPDATES": Kind.DEVICE,
    "CRITICAL_SIGNAL_LOW": Kind.DEVICE,
    "SILENT_SITE": Kind.DEVICE,
    "ANOMALY_TOUR_CHECKPOINTS": Kind.TOUR,
    "CHECKPOINT_COVERAGE_LOW": Kind.TOUR,
    "ANOMALY_TASKS_COMPLETED": Kind.ATTENDANCE,
    "PHANTOM_GUARD": Kind.ATTENDANCE,
}
_PHONE_LOW: Final = ("ANOMALY_PHONE_EVENTS_BELOW", "CRITICAL_SIGNAL_LOW_PHONE", "SILENT_SITE")
_SUBJECTS: Final[dict[Kind, frozenset[str]]] = {
    Kind.DEVICE: frozenset({"DEVICE", "OFFLINE", "BATTERY"}),
    Kind.TOUR: frozenset({"TOUR", "TAG", "SCANS", "CHECKPOINT"}),
    Kind.ATTENDANCE: frozenset(
        {"ATTENDANCE", "SHOW", "ARRIVAL", "COVERAGE", "PUNCH", "PUNCHING", "SHIFT", "SHIFTS", "SCHEDULE"}
    ),
}
# What findings are about that is a device; whatever another monitoring system names is one, but people and places.
_DEVICES: Final = frozenset({"device", "phone", "terminal", "sensor"})
_NO_DEVICES: Final = frozenset({"", "person", "site", "alert"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """What of an alert can match another: whose, on what, where, of which kind, and from when to when (event ms)."""

    type: str
    site: str | None
    person: str | None
    device: str | None
    kind: Kind | None
    signal: bool
    first_seen: int
    last_seen: int

    @property
    def found_by(self) -> tuple[str, ...]:
        """Return the keys under which others find it."""
        return (*self._own, *((f"{self.related}:{'signal' if self.signal else 'alert'}",) if self.related else ()))

    @property
    def looks_for(self) -> tuple[str, ...]:
        """Return the keys under which it finds others, the strongest first."""
        return (*self._own, *((f"{self.related}:{'alert' if self.signal else 'signal'}",) if self.related else ()))

    @property
    def related(self) -> str | None:
        """Return the key of what is related at its site, or None."""
        return f"site:{self.site}:{self.kind}" if self.site is not None and self.kind is not None else None

    @property
    def _own(self) -> tuple[str, ...]:
        told = (("person", self.person), ("device", self.device))
        return tuple(f"{name}:{value}" for name, value in told if value is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """How strongly two alerts, or an alert and signals, belong together, with the parts of the score and why."""

    key: str
    parts: dict[str, float]
    reason: str

    @property
    def score(self) -> float:
        """Return the sum of the parts, at most 1."""
        return min(1.0, round(sum(self.parts.values()), 3))


def facet(alert: Alert, *, owner: str | None = None) -> Facet:
    """Return what of an alert can match; `owner` is whose phone it is about, where it names nobody itself."""
    signal = next((kind for name, kind in _SIGNALS.items() if alert.type.startswith(name)), None)
    words = frozenset(alert.type.upper().replace("-", "_").replace(" ", "_").split("_"))
    kind = signal or next((kind for kind, named in _SUBJECTS.items() if words & named), None)
    return Facet(
        type=alert.type,
        site=alert.site,
        person=alert.person or owner,
        device=device_of(alert),
        kind=kind,
        signal=signal is not None,
        first_seen=alert.first_seen,
        last_seen=alert.last_seen,
    )


def device_of(alert: Alert) -> str | None:
    """Return the device an alert is about as `type/id`, or None."""
    kind = alert.entity_type
    found = kind in _DEVICES if alert.source == "nocd" else kind not in _NO_DEVICES
    return f"{'device' if kind in _DEVICES else kind}/{alert.entity_id}" if found and alert.entity_id else None


def correlate(one: Facet, other: Facet, *, window_ms: int = WINDOW_MS) -> Match | None:
    """Return how two alerts match, by the strongest rule that applies, or None; the same site alone never does."""
    apart_ms = _apart(one, other)
    near = nearness(apart_ms, window_ms)
    if near is None:
        return None
    ago = f"{apart_ms // MINUTE_MS} min apart" if apart_ms >= MINUTE_MS else "at the same time"
    parts = {"time": near, **({"low_phone": _PHONE_IS_LOW} if _phone_is_low(one, other) else {})}
    if one.person is not None and one.person == other.person:
        return Match(
            key=f"person:{one.person}", parts={"same_person": _SAME, **parts}, reason=f"the same person, {ago}"
        )
    if one.device is not None and one.device == other.device:
        return Match(
            key=f"device:{one.device}", parts={"same_device": _SAME, **parts}, reason=f"the same device, {ago}"
        )
    if one.related is not None and one.related == other.related and one.signal != other.signal:
        reason = f"the same site and {one.kind} signals, {ago}"
        return Match(key=one.related, parts={"site_and_kind": _RELATED, **parts}, reason=reason)
    return None


def with_signals(one: Facet, *, whose: str, low_phone: bool) -> Match:
    """Return how an alert matches the signals of the same moment: its person's, or its site's where the kind fits."""
    own = whose == "person"
    part = {"same_person": _SAME} if own else {"site_and_kind": _RELATED}
    bonus = {"low_phone": _PHONE_IS_LOW} if low_phone and one.kind is Kind.DEVICE else {}
    words = "the same person's signals" if own else f"the same site's {one.kind} signals"
    return Match(
        key=f"person:{one.person}" if own else one.related or "",
        parts={**part, "time": _NEARNESS[0][1], **bonus},
        reason=f"{words} were wrong at that moment",
    )


def nearness(apart_ms: int, window_ms: int) -> float | None:
    """Return the points for two instants so far apart, None past the window."""
    if apart_ms > window_ms:
        return None
    return next((points for within_ms, points in _NEARNESS if apart_ms <= within_ms), _FARTHEST)


def wrong_signals(signals: dict[Metric, Signal], *, on_duty: bool) -> tuple[Severity, str] | None:
    """Return how bad the signals of a person or site are by themselves and why, or None; the unknown is not bad."""
    phone, fixes, tasks = (
        signals[metric] for metric in (Metric.PHONE_EVENTS, Metric.LOCATION_UPDATES, Metric.TASKS_COMPLETED)
    )
    if Quality.UNKNOWN in (phone.quality, fixes.quality):
        return None
    if on_duty and phone.value == 0 and tasks.value == 0 and tasks.quality is not Quality.UNKNOWN:
        return Severity.HIGH, "no phone event and no task done while on duty"
    if phone.value < PHONE_LOW and fixes.value < LOCATIONS_LOW:
        return Severity.MEDIUM, f"{phone.value:.0f} phone events and {fixes.value:.0f} positions"
    return None


def _apart(one: Facet, other: Facet) -> int:
    """Return how long lies between the nearest sightings known of two alerts."""
    ends = ((one.first_seen, one.last_seen), (other.first_seen, other.last_seen))
    return min(abs(mine - theirs) for mine in ends[0] for theirs in ends[1])


def _phone_is_low(one: Facet, other: Facet) -> bool:
    """Tell whether one is about a device and the other says that phones are low."""
    pair = (one, other), (other, one)
    return any(this.kind is Kind.DEVICE and not this.signal and that.type.startswith(_PHONE_LOW) for this, that in pair)
