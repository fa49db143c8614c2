"""What a model said of a punch, in words with units and what is usual."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from nocd.fraud.deviations import WEEKDAY_NAMES, metre_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from nocd.domain.prediction import Alike, Moved, Said

_THOUSAND: Final = 1_000
_MINUTE_S: Final = 60
_HOUR_S: Final = 3_600


def words(moved: Moved) -> str:
    """Return a feature's part in a score as a person reads it: the value, and what is usual where that is known."""
    name, unit = _UNITS.get(moved.feature, (moved.feature.replace("_", " "), _number))
    if moved.value is None:
        return f"{name}: not known"
    told = f"{name}: {unit(moved.value)}"
    if moved.usual is None:
        return told
    low, high = (unit(end) for end in moved.usual)
    return f"{told}; usual {low}" if low == high else f"{told}; usual {low} to {high}"


def of_alike(alike: Alike | None) -> str:
    """Return what such scores turned out to be, with bounds; or that the model is not calibrated."""
    if alike is None or not alike.rows or alike.share is None or alike.low is None or alike.high is None:
        return "not calibrated"
    return f"of {alike.rows} such scores {alike.share:.0%} were fraud ({alike.low:.0%} to {alike.high:.0%})"


def told(said: Said) -> dict[str, Any]:
    """Return what a model said as `ModelView`."""
    prediction = said.prediction
    return {
        "version": said.version,
        "score": prediction.score,
        "alike": of_alike(prediction.alike),
        "latency_ms": said.latency_ms,
        "reasons": [
            {
                "feature": each.feature,
                "words": words(each),
                "direction": "raises" if each.raises else "lowers",
                "strength": each.strength,
                "share": each.share,
            }
            for each in prediction.reasons
        ],
    }


def _number(value: float) -> str:
    return f"{value:g}" if abs(value) < _THOUSAND else f"{value:,.0f}"


def _seconds(value: float) -> str:
    if value < _MINUTE_S:
        return f"{value:.0f} s"
    return f"{value / _MINUTE_S:.0f} min" if value < _HOUR_S else f"{value / _HOUR_S:.1f} h"


def _hours(value: float) -> str:
    return f"{value:.0f} h"


def _share(value: float) -> str:
    return f"{value:.0%}"


def _ratio(value: float) -> str:
    return f"{value:.2f}"


def _hour(value: float) -> str:
    return f"{value:02.0f}:00"


def _day(value: float) -> str:
    return WEEKDAY_NAMES[round(value) % len(WEEKDAY_NAMES)]


def _yes(value: float) -> str:
    return "yes" if value else "no"


def _deviations(value: float) -> str:
    return f"{value:+.1f} deviations"


_UNITS: Final[dict[str, tuple[str, Callable[[float], str]]]] = {
    "hour_of_day": ("hour of the day", _hour),
    "day_of_week": ("day of the week", _day),
    "is_weekend": ("at a weekend", _yes),
    "is_holiday": ("on a holiday", _yes),
    "gps_drift_m": ("from the middle of the site", metre_words),
    "location_consistency": ("how alike the places of earlier punches here are", _ratio),
    "checkin_frequency_z": ("punches here in a month against colleagues", _deviations),
    "late_arrival_rate": ("share of late arrivals in a month", _share),
    "weekend_work_rate": ("share of punches at weekends", _share),
    "face_confidence": ("match of the face", _ratio),
    "biometric_mismatches_30d": ("mismatches in a month", _number),
    "seconds_since_last_punch": ("since the punch before", _seconds),
    "device_novelty": ("how new the device is (1 never used)", _ratio),
    "hours_off_usual": ("off the nearest usual hour", _hours),
}
