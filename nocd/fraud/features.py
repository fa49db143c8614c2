"""The features of a punch that a model judges: names in their order, what stands for a missing value, known signs."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from math import isfinite, nan
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Sign = Literal[-1, 0, 1]
VERSION: Final = 2
_DIGEST_BYTES: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One number about a punch.

    `default` stands for a value that is not there, unless it would lie: then `stays_missing` keeps it NaN. With `sign`
    1 more of it never makes a fraud less likely, with -1 never more likely; 0 says nothing. `calendar` moves with the
    date and not with people, which is no drift. It looks `memory_days` back: with less of a past it is another number.
    """

    name: str
    default: float = nan
    stays_missing: bool = False
    sign: Sign = 0
    calendar: bool = False
    memory_days: int = 0

    @property
    def blank(self) -> float:
        """Return what stands in a vector where there is no value."""
        return nan if self.stays_missing else self.default


FEATURES: Final = (
    Feature(name="hour_of_day", default=8),
    Feature(name="day_of_week", default=0, calendar=True),
    Feature(name="is_weekend", default=0, calendar=True),
    Feature(name="is_holiday", default=0, calendar=True),
    Feature(name="gps_drift_m", default=0, stays_missing=True, sign=1),  # no position is not the centre of the fence
    Feature(name="location_consistency", default=0.5, memory_days=30),
    Feature(name="checkin_frequency_z", default=0, memory_days=30),
    # never scheduled is not always punctual, never seen not never at weekends, and to who is new all is
    Feature(name="late_arrival_rate", default=0, stays_missing=True, memory_days=30),
    Feature(name="weekend_work_rate", default=0, stays_missing=True, memory_days=90),
    Feature(name="face_confidence", default=0.5, stays_missing=True, sign=-1),  # a PIN is no half-matching face
    Feature(name="biometric_mismatches_30d", default=0, sign=1, memory_days=30),
    Feature(name="seconds_since_last_punch", default=86_400),
    Feature(name="device_novelty", default=0, stays_missing=True, sign=1, memory_days=90),
    Feature(name="hours_off_usual", default=0, stays_missing=True, sign=1, memory_days=90),
)
NAMES: Final = tuple(feature.name for feature in FEATURES)


def vector(values: Mapping[str, float | None], features: Iterable[Feature] = FEATURES) -> tuple[float, ...]:
    """Return values by name in the fixed order; what is not there, None or no finite number is blank."""
    found = ((feature, values.get(feature.name)) for feature in features)
    return tuple(float(value) if value is not None and isfinite(value) else feature.blank for feature, value in found)


def widened(x: Sequence[float | None], features: Sequence[Feature] = FEATURES) -> tuple[float, ...]:
    """Return a stored vector, perhaps of an earlier version, in today's width: new features are blank."""
    known = tuple(nan if value is None else float(value) for value in x)
    return (*known, *(feature.blank for feature in features[len(known) :]))


def digest(features: Iterable[Feature] = FEATURES) -> str:
    """Return what names this list of features: other for any other name, order, default, gap or sign."""
    lines = (f"{each.name}|{float(each.default)!r}|{each.stays_missing:d}|{each.sign:d}" for each in features)
    return blake2b("\n".join(lines).encode(), digest_size=_DIGEST_BYTES).hexdigest()
