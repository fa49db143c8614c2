"""Whether honest people of some site, shift or device class are accused more often than others."""

from __future__ import annotations

from math import erfc, inf, sqrt
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ml.measure import rounded, rows_worth, share

if TYPE_CHECKING:
    from ml.dataset import Rows, Words
    from ml.measure import Bools, Floats

RATIO_SHOWN: Final = 1.25
RATIO_MAX: Final = 2.0
EXPECTED_MIN: Final = 10.0  # a group has enough rows if it would see so many accusations at the rate of all
CHANCE_MAX: Final = 0.05  # shared among the groups: a ratio that chance makes so often refuses nothing
GROUPS_MAX: Final = 200  # largest first; those of fewer rows could not be told apart anyway


def fairness(rows: Rows, flagged: Bools) -> dict[str, Any]:
    """Return, by class of group, false-positive rates, the largest ratio between groups, and what it leads to."""
    honest = rows.label == 0
    return {
        name: told
        for name, words in rows.groups.items()
        if (told := _compared(words[honest], flagged[honest], rows.weight[honest]))["rates"]
    }


def _compared(words: Words, flagged: Bools, weight: Floats) -> dict[str, Any]:
    names, at, counts = np.unique(words.astype(str), return_inverse=True, return_counts=True)
    largest = [index for index in np.argsort(-counts, kind="stable")[:GROUPS_MAX].tolist() if names[index]]
    rate = float(np.average(flagged, weights=weight)) if len(weight) else 0.0
    rates = {}
    for index in largest:
        inside = at == index
        worth = rows_worth(weight[inside])
        part = share(float(weight[inside & flagged].sum()), float(weight[inside].sum()), worth)
        enough = worth * rate >= EXPECTED_MIN
        rates[str(names[index])] = {"honest": int(inside.sum()), "worth": worth, "rate": part.told(), "enough": enough}
    return {"rates": rates, **_verdict(rates)}


def _verdict(rates: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the ratio between the highest and the lowest rate, and whether it is shown, or refuses."""
    judged = [(told["rate"][0], told["worth"], name) for name, told in rates.items() if told["enough"]]
    if len(judged) < 2:  # noqa: PLR2004  one group is compared with nothing
        return {"ratio": None, "level": "ok", "reason": "fewer than two groups have enough rows"}
    low, high = min(judged), max(judged)
    ratio = high[0] / low[0] if low[0] else inf
    chance = _chance(high[0], high[1], low[0], low[1]) * len(judged) * (len(judged) - 1) / 2
    level = "ok" if ratio <= RATIO_SHOWN else "shown"
    if ratio > RATIO_MAX and chance < CHANCE_MAX:
        level = "refused"
    told = f"{high[2]} {high[0]:.2%} of honest rows accused, {low[2]} {low[0]:.2%}"
    return {"ratio": rounded(ratio, 3) if ratio < inf else None, "level": level, "reason": told}


def _chance(high: float, high_rows: float, low: float, low_rows: float) -> float:
    """Return the chance of such a difference between two equal rates (two-sided test of two proportions)."""
    pooled = (high * high_rows + low * low_rows) / (high_rows + low_rows)
    spread = sqrt(pooled * (1 - pooled) * (1 / high_rows + 1 / low_rows))
    return erfc((high - low) / spread / sqrt(2)) if spread else 1.0
