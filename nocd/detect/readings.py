"""What a device told of itself over four days, one reading in ten minutes, and the score of any of them."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

SLOT_MS: Final = 10 * MINUTE_MS
WINDOW_SLOTS: Final = 72 * HOUR_MS // SLOT_MS
SLOTS_MAX: Final = WINDOW_SLOTS + DAY_MS // SLOT_MS  # every score of the last day has its whole window
UNKNOWN: Final = -(10**4)
FEW: Final = 5
KNOWN_WEIGHT_MIN: Final = 0.5
_WEIGHTS: Final = {"battery": 0.40, "signal": 0.30, "uptime": 0.20, "temperature": 0.10}
_BATTERY: Final = ((80, 100), (50, 80), (30, 60), (20, 40))
_FALLING: Final = 20
_SIGNAL: Final = ((80, 10.0, 100), (60, 20.0, 80))
_SIGNAL_FAIR: Final = 40
_TEMPERATURE: Final = ((15, 35, 100), (10, 40, 80), (5, 45, 60))
_FAIR, _POOR, _LOWEST = 60, 40, 20
_EASY_C: Final = 25


class Score(NamedTuple):
    """A device's score (0-100) at a slot, and the parts that are known."""

    slot: int
    score: float
    parts: dict[str, float]


class Readings:
    """Slots of ten minutes, in order: lowest battery, mean signal, most extreme temperature, whether it was offline.

    Whatever order readings of a slot come in, they leave the same. `poor_at` is when one was last poor: until then no
    score is worth a look.
    """

    __slots__ = ("battery", "offline", "poor_at", "signals", "slots", "strength", "temperature")

    def __init__(self) -> None:
        """Start at nothing."""
        self.slots = array("i")
        self.battery, self.temperature = array("h"), array("h")
        self.strength, self.signals = array("f"), array("H")
        self.offline = array("h")
        self.poor_at = 0

    def take(
        self,
        time: int,
        *,
        battery: float | None = None,
        signal: float | None = None,
        temperature: float | None = None,
        online: bool | None = None,
    ) -> bool:
        """Take a reading in, in any order; tell whether it begins a slot."""
        at, fresh = self._slot(time // SLOT_MS)
        if at is None:
            return False
        if battery is not None:
            self.battery[at] = round(battery) if self.battery[at] == UNKNOWN else min(self.battery[at], round(battery))
        if signal is not None:
            self.strength[at] += signal
            self.signals[at] = min(self.signals[at] + 1, 65_535)
        if temperature is not None:
            self.temperature[at] = max(self.temperature[at], round(temperature), key=_extreme)
        if online is not None:
            self.offline[at] = max(self.offline[at], int(not online))
        return fresh

    def _slot(self, slot: int) -> tuple[int | None, bool]:
        """Return where a slot lies, and whether it had to be made; None for one before all that is kept."""
        at = bisect_left(self.slots, slot)
        if at < len(self.slots) and self.slots[at] == slot:
            return at, False
        if self.slots and slot <= self.slots[-1] - SLOTS_MAX:
            return None, False
        for column, empty in self._columns():
            column.insert(at, empty)
        self.slots[at] = slot
        old = bisect_left(self.slots, self.slots[-1] - SLOTS_MAX + 1)
        for column, _ in self._columns():
            del column[:old]
        return at - old, True

    def _columns(self) -> Sequence[tuple[array[Any], int]]:
        return (
            (self.slots, 0),
            (self.battery, UNKNOWN),
            (self.strength, 0),
            (self.signals, 0),
            (self.temperature, UNKNOWN),
            (self.offline, UNKNOWN),
        )

    def battery_falls(self) -> bool:
        """Tell whether the last five readings of the battery lie below the five before."""
        known = (value for value in reversed(self.battery) if value != UNKNOWN)
        return _below_before(list(islice(known, 2 * FEW))[::-1])

    def scored_from(self) -> int:
        """Return the first slot of the last day."""
        return self.slots[-1] - DAY_MS // SLOT_MS + 1 if self.slots else 0

    def scores(self) -> list[Score]:
        """Return the score of each slot of the last day of which enough is known, in one pass over all slots."""
        day, walk = self.scored_from(), _Walk(self)
        scores = [walk.score(at) for at in range(len(self.slots)) if walk.on(at) and self.slots[at] >= day]
        return [score for score in scores if score is not None]

    def dump(self) -> list[Any]:
        """Return the stored form."""
        return [self.poor_at, *(list(column) for column, _ in self._columns())]

    @classmethod
    def load(cls, stored: list[Any]) -> Self:
        """Bring readings back from their stored form."""
        made = cls()
        made.poor_at = stored[0]
        for (column, _), values in zip(made._columns(), stored[1:], strict=True):
            column.extend(values)
        return made


def _extreme(celsius: int) -> tuple[int, int]:
    return (-1, 0) if celsius == UNKNOWN else (abs(celsius - _EASY_C), celsius)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


class _Walk:
    """Sums over the 72 h before each slot, in one pass."""

    def __init__(self, readings: Readings) -> None:
        self._readings = readings
        self._first = 0
        self._count, self._sum, self._squares = 0, 0.0, 0.0
        self._heard, self._offline = 0, 0
        self._battery: list[tuple[int, int]] = []
        self._temperature: list[tuple[int, int]] = []

    def on(self, at: int) -> bool:
        """Go on to a slot."""
        slot = self._readings.slots[at]
        self._count_in(at, 1)
        for column, seen in (
            (self._readings.battery, self._battery),
            (self._readings.temperature, self._temperature),
        ):
            if column[at] != UNKNOWN:
                seen.append((slot, column[at]))
        while self._readings.slots[self._first] <= slot - WINDOW_SLOTS:
            self._count_in(self._first, -1)
            self._first += 1
        return True

    def score(self, at: int) -> Score | None:
        """Return the score as it stands; weights count where the part is known."""
        slot = self._readings.slots[at]
        parts = {
            "battery": _battery(_lately(self._battery, slot)),
            "signal": _signal(self._count, self._sum, self._squares),
            "uptime": 100 * (1 - self._offline / self._heard) if self._heard else None,
            "temperature": _temperature(_lately(self._temperature, slot)),
        }
        known = {name: part for name, part in parts.items() if part is not None}
        weight = sum(_WEIGHTS[name] for name in known)
        if weight < KNOWN_WEIGHT_MIN:
            return None
        return Score(slot, sum(_WEIGHTS[name] * part for name, part in known.items()) / weight, known)

    def _count_in(self, at: int, sign: int) -> None:
        readings = self._readings
        if readings.signals[at]:
            strength = readings.strength[at] / readings.signals[at]
            self._count += sign
            self._sum += sign * strength
            self._squares += sign * strength * strength
        if readings.offline[at] != UNKNOWN:
            self._heard += sign
            self._offline += sign * readings.offline[at]


def _lately(seen: list[tuple[int, int]], slot: int) -> list[int]:
    """Return the last ten values of the 72 h before a slot."""
    return [value for at, value in seen[-2 * FEW :] if at > slot - WINDOW_SLOTS]


def _battery(levels: list[int]) -> float | None:
    """Return the battery's part by its last five readings, less where they fall below the five before."""
    if not levels:
        return None
    now = _mean(levels[-FEW:])
    part = next((points for level, points in _BATTERY if now >= level), _LOWEST)
    return part - _FALLING if _below_before(levels) else part


def _below_before(levels: list[int]) -> bool:
    before = levels[-2 * FEW : -FEW]
    return len(before) == FEW and _mean(levels[-FEW:]) < _mean(before)


def _signal(count: int, total: float, squares: float) -> float | None:
    """Return the signal's part by its mean and spread."""
    if not count:
        return None
    mean = total / count
    spread = max(0.0, squares / count - mean * mean) ** 0.5
    for strength, spread_max, points in _SIGNAL:
        if mean >= strength and spread < spread_max:
            return points
    return _FAIR if mean >= _SIGNAL_FAIR else _POOR


def _temperature(celsius: list[int]) -> float | None:
    """Return the temperature's part by its last five readings."""
    if not celsius:
        return None
    now = _mean(celsius[-FEW:])
    return next((points for low, high, points in _TEMPERATURE if low <= now <= high), _POOR)
