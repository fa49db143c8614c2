"""How unusual a total is, on a scale on which chance is as likely above as below.

Counts lean: chance reaches farther up than down, and what cannot fall below zero has little room there, so that plain
spreads find surprises in quiet hours and call silence usual where hours scatter by a third. The two-thirds power takes
the skew out of chance (Anscombe 1953). Below the usual it is taken of everything, above it of chance alone: what hours
share (a festive day) is no chance, and is to stand out.
"""

from __future__ import annotations

from math import sqrt
from typing import Final, NamedTuple

_CHANCE_POWER: Final = 2.0 / 3.0
_HALF_COUNT: Final = 0.5  # the continuity of whole numbers


class Law(NamedTuple):
    """The law of a total: mean, variance of its own parts, standard deviation its parts share, whether it leans.

    A law that `leans` lies on counts, from zero on; others are symmetric. Own parts are chance: only counts have them.
    """

    usual: float
    own: float
    shared: float
    leans: bool

    @property
    def spread(self) -> float:
        """Return the standard deviation; never zero."""
        return sqrt(self.own + self.shared * self.shared)

    def plain_z(self, total: float) -> float:
        """Return how many standard deviations a total lies from what is usual."""
        return (total - self.usual) / self.spread

    def z(self, total: float) -> float:
        """Return how unusual a total is: as many spreads as a normal law would have there."""
        if self._plain or (not self.own and total >= self.usual):
            return self.plain_z(total)
        if total > self.usual:
            power, near = self._power_above, max(total - self._half, self.usual)
        else:
            power, near = _CHANCE_POWER, min(max(total, 0.0) + self._half, self.usual)
        mean, moved = self.usual + self._lift, near + self._lift
        return float(((moved / mean) ** power - 1.0) * mean / (power * self.spread))

    def at(self, z: float) -> float:
        """Return the total that is `z` unusual; zero where the law has nothing so low."""
        if self._plain or (not self.own and z >= 0.0):
            return self.usual + z * self.spread
        power, half = (self._power_above, self._half) if z > 0.0 else (_CHANCE_POWER, -self._half)
        mean = self.usual + self._lift
        base = max(1.0 + z * power * self.spread / mean, 0.0)
        return float(max(mean * base ** (1.0 / power) - self._lift + half, 0.0))

    @property
    def _plain(self) -> bool:
        return not self.leans or self.usual < 0.0 or not (self.usual or self.own)

    @property
    def _power_above(self) -> float:
        chance = self.own / (self.own + self.shared * self.shared)
        return 1.0 - (1.0 - _CHANCE_POWER) * chance

    @property
    def _half(self) -> float:
        return _HALF_COUNT if self.own else 0.0

    @property
    def _lift(self) -> float:
        """Return what is added to a count's mean, so that it is a half at least: its variance is."""
        return max(_HALF_COUNT - self.usual, 0.0) if self.own else 0.0
