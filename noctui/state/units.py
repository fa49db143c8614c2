"""Figures with their units: the last part of a name says the unit, as in `radius_m`."""

from __future__ import annotations

from noctui.state.cells import clean
from noctui.state.times import spell

UNITS = {
    "m": "m",
    "km": "km",
    "kmh": "km/h",
    "s": "s",
    "min": "min",
    "minutes": "min",
    "h": "h",
    "hours": "h",
    "days": "d",
    "pct": "%",
    "percent": "%",
    "mbps": "Mbit/s",
    "dbm": "dBm",
    "c": "°C",
    "v": "V",
}
ITEMS_MAX = 20
LONG_S = 120


def measure(name: str, value: object) -> str:
    """Return `radius 10 m` for `radius_m` 10, `held_ms` 41000 as `held 41 s`, and any other pair as it is."""
    stem, _, suffix = name.rpartition("_")
    if isinstance(value, bool) or not isinstance(value, int | float) or not stem:
        return f"{words_of(name)} {shown(value)}"
    if suffix == "ms":
        return f"{words_of(stem)} {spell(round(value)) if value >= 1_000 else f'{number(value)} ms'}"  # noqa: PLR2004 - a second
    if suffix == "s" and value >= LONG_S:
        return f"{words_of(stem)} {spell(round(value * 1_000))}"
    if suffix in UNITS:
        return f"{words_of(stem)} {number(value)} {UNITS[suffix]}"
    return f"{words_of(name)} {number(value)}"


def words_of(name: str) -> str:
    """Return a name of the wire as words."""
    return name.replace("_", " ")


def number(value: object) -> str:
    """Return a figure without noise: at most three decimals."""
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".") if abs(value) < 1e9 else f"{value:.6g}"  # noqa: PLR2004 - past a billion no digit matters
    return clean(value)


def shown(value: object) -> str:
    """Return any JSON value as short words."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        more = f" and {len(value) - ITEMS_MAX} more" if len(value) > ITEMS_MAX else ""
        return ", ".join(shown(item) for item in value[:ITEMS_MAX]) + more
    return number(value)


def short(count: int) -> str:
    """Return a count in at most four characters: 9999, 16k, 999k, 3M; cut, never rounded up."""
    if count >= 1_000_000:  # noqa: PLR2004 - its name says it
        return f"{count // 1_000_000}M"
    return f"{count // 1_000}k" if count >= 10_000 else str(count)  # noqa: PLR2004 - five characters from here
