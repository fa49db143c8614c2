"""What phones, terminals, sensors and scripts observe; the event types of the wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Le

from nocd.domain.directory import DIRECTORY_TYPES, Entry, Removal, both_or_neither, require_offset
from nocd.domain.limits import (
    STRICT,
    Count,
    Id,
    Labels,
    Latitude,
    LongId,
    Longitude,
    Name,
    NonNegative,
    Percent,
    Share,
    Text,
)
from nocd.domain.severity import Severity

RESOLVE_TIMEOUT_MIN_S, RESOLVE_TIMEOUT_MAX_S = 60, 7 * 86_400
Method = Literal["FACE", "FINGERPRINT", "IRIS", "NFC", "PIN", "MANUAL"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Punch:
    """Someone punching in, out, or to and from a break."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    person: Id
    site: Id
    direction: Literal["in", "out", "break_start", "break_end"]
    method: Method
    photo: Text | None = None
    lat: Latitude | None = None
    lon: Longitude | None = None
    accuracy_m: NonNegative | None = None
    location_mocked: bool | None = None
    device: Id | None = None
    match_distance: NonNegative | None = None
    confidence: Share | None = None
    liveness: Share | None = None
    verified: bool | None = None
    shift: Id | None = None

    def __post_init__(self) -> None:
        """Refuse half a position."""
        both_or_neither(self.lat, self.lon)


@dataclass(frozen=True, slots=True, kw_only=True)
class BiometricCheck:
    """A biometric comparison outside a punch."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    person: Id
    site: Id
    method: Method
    confidence: Share
    verified: bool
    device: Id | None = None
    quality: Share | None = None
    liveness: Share | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationFix:
    """Where a person's phone was."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    person: Id
    lat: Latitude
    lon: Longitude
    accuracy_m: NonNegative | None = None
    speed_mps: NonNegative | None = None
    location_mocked: bool | None = None
    device: Id | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneEvent:
    """A sign of life from a person's phone."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    person: Id
    kind: Literal["stepcount", "location_alert", "device_log", "login", "logout", "panic"]
    steps: Count | None = None
    device: Id | None = None
    battery_percent: Percent | None = None
    signal_percent: Percent | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TourScan:
    """A checkpoint scanned, or skipped, on a tour."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    tour: Id
    checkpoint: Id
    person: Id
    site: Id
    scan: Literal["QR", "NFC", "BLE", "ENTERED", "SKIP"]
    lat: Latitude | None = None
    lon: Longitude | None = None
    accuracy_m: NonNegative | None = None
    device: Id | None = None

    def __post_init__(self) -> None:
        """Refuse half a position."""
        both_or_neither(self.lat, self.lon)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDone:
    """A task finished."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    task: Id
    person: Id
    site: Id


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceHealth:
    """How a device feels."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    device: Id
    battery_percent: Percent | None = None
    signal_percent: Percent | None = None
    temperature_c: Annotated[float, Ge(-100), Le(200)] | None = None
    online: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report delivered, or expected."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    report: Id
    kind: Literal["DAILY", "STATUTORY", "INCIDENT"]
    site: Id | None = None
    client: Id | None = None
    due_at: datetime | None = None
    delivered_at: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse times without an offset."""
        require_offset(due_at=self.due_at, delivered_at=self.delivered_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Any number a script wants watched."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    metric: Name
    value: float
    site: Id | None = None
    entity: Id | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideAlert:
    """Trouble another monitoring system names, or says is seen to; `dedup_key` overrides what makes two of them one.

    `resolve_timeout_s` is how long it may be quiet before it counts as over, where the sender knows better.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    alert_type: Id
    severity: Severity
    status: Literal["firing", "acknowledged", "resolved"]
    message: Text
    entity_type: Id
    entity_id: LongId
    site: Id | None = None
    person: Id | None = None
    labels: Labels = field(default_factory=dict)
    dedup_key: LongId | None = None
    resolve_timeout_s: Annotated[int, Ge(RESOLVE_TIMEOUT_MIN_S), Le(RESOLVE_TIMEOUT_MAX_S)] | None = None


Observation = (
    Punch
    | BiometricCheck
    | LocationFix
    | PhoneEvent
    | TourScan
    | TaskDone
    | DeviceHealth
    | Report
    | Sample
    | OutsideAlert
)

OBSERVATION_TYPES: dict[str, type[Observation]] = {
    "noc.attendance.punch": Punch,
    "noc.biometric.check": BiometricCheck,
    "noc.location.fix": LocationFix,
    "noc.phone.event": PhoneEvent,
    "noc.tour.scan": TourScan,
    "noc.task.done": TaskDone,
    "noc.device.health": DeviceHealth,
    "noc.report": Report,
    "noc.sample": Sample,
    "noc.alert": OutsideAlert,
}

Data = Entry | Removal | Observation

# Every event type, and the dataclass its `data` must fit.
EVENT_TYPES: dict[str, type[Entry | Observation]] = {**DIRECTORY_TYPES, **OBSERVATION_TYPES}
