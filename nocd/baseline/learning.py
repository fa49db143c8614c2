"""What a closed hour teaches: its bucket a value, its baseline how far hours scatter; the unusual teaches nothing.

An hour of the week that was odd to one side three weeks in a row is the exception, or anomalous eight weeks: that is
its new usual.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nocd.baseline.moments import learned, odd_times
from nocd.domain.baseline import OWN_MIN

if TYPE_CHECKING:
    from nocd.baseline.profile import Profile
    from nocd.domain.baseline import Baseline, Expectation, Judgement, Slot

REFUSE_Z: Final = 2.5  # at a threshold of 3 or less an hour farther off is not learned
_REFUSE_BELOW: Final = 0.5  # at a higher one, an hour this close to it: where much is usual, much is to be learned
_CLIP_BELOW: Final = 0.25  # what is learned is drawn in to this much less
NEW_USUAL_TIMES: Final = 3.0
# What was anomalous raised an alert: it counts this much toward a new usual, so that three weeks of silence teach no
# silence, and so little that a change which stays for eight weeks is not alerted for ever.
_ANOMALOUS_TIMES: Final = 3 / 8
_OLD_USUAL_TRUST: Final = 0.25  # what former values still weigh when the usual has changed
_MEMORY_H: Final = 1_000.0
_SEASON_H: Final = 168.0
# E[min(Z², 2.25²) | |Z| ≤ 2.5] of a standard normal Z: what drawing in leaves of a variance.
_CLIPPED_VARIANCE: Final = 0.905


def learn(
    profile: Profile,
    slot: Slot,
    expected: Expectation | None,
    total: float,
    heads: float,
    *,
    told: Judgement | None = None,
    odd: bool = False,
) -> str:
    """Learn a closed hour, or say why not; `told` is its judgement, `odd` where a part of it was too unusual.

    A bucket learns at most one value per local date, so that the hour a clock shows twice counts once. What peers lend
    keeps no site from learning how it differs from them.
    """
    about = profile.baseline
    bucket = profile.buckets.get(slot.hour_of_week)
    if bucket is not None and slot.day <= bucket[6]:
        return "this local hour was learned already"
    value, trust, times = total / heads, 1.0, 0.0
    if expected is not None and expected.stable and not expected.borrowed:
        limit = refuse_z(about)
        drawn = _drawn_in(expected, value, heads, limit - _CLIP_BELOW)
        z, anomalous = oddness(expected, total, heads), told is not None and told.anomalous
        if bucket is None or not (odd or anomalous or abs(z) > limit):
            value = drawn
        else:
            times = odd_times(bucket, z, times=_ANOMALOUS_TIMES if anomalous else 1.0)
            trust = _OLD_USUAL_TRUST
            if abs(times) < NEW_USUAL_TIMES:
                if not (odd or anomalous) and abs(expected.plain_z(total, heads)) <= limit:
                    _scatter(about, expected, drawn, heads)  # a spread that never saw the rainy days would be too small
                profile.buckets.put(slot.hour_of_week, (*bucket[:7], times))
                return "too unusual to learn from"
    _meet(about, total, heads)
    if bucket is not None and expected is not None and not times:
        _scatter(about, expected, value, heads)
        _season(profile, expected, value)
    profile.buckets.put(slot.hour_of_week, (*learned(bucket, value, slot.day, trust=trust)[:7], times))
    return ""


def _drawn_in(expected: Expectation, value: float, heads: float, limit: float) -> float:
    """Return a value for one head, drawn in to `limit` spreads about what is usual."""
    reach = limit * expected.spread(heads) / heads
    return min(max(value, expected.mean - reach), expected.mean + reach)


def oddness(expected: Expectation, total: float, heads: float) -> float:
    """Return how far off an hour is by itself: the farther of its plain and its leaning z.

    Silence is odd on the leaning scale, by which it is judged, long before plain spreads tell; a crowd on the plain.
    """
    return max(expected.plain_z(total, heads), expected.z(total, heads), key=abs)


def refuse_z(about: Baseline) -> float:
    """Return how far off an hour may be and still be learned."""
    return max(REFUSE_Z, about.threshold - _REFUSE_BELOW)


def _meet(about: Baseline, total: float, heads: float) -> None:
    """Keep what kind of numbers these are: counts are whole and not below zero."""
    about.counts = about.counts and total >= 0 and total == int(total)
    about.signed = about.signed or total < 0
    about.size_weight += 1.0 if about.size_weight < _MEMORY_H else 0.0
    about.size += (abs(total / heads) - about.size) / about.size_weight
    about.heads += (heads - about.heads) / about.size_weight


def _season(profile: Profile, expected: Expectation, value: float) -> None:
    """Learn by how much hours of late lie above what their buckets say."""
    about = profile.baseline
    kept = 1.0 - 1.0 / _SEASON_H
    usual = expected.mean / profile.season()
    about.lately = kept * about.lately + value
    about.lately_usual = kept * about.lately_usual + usual


def _scatter(about: Baseline, expected: Expectation, value: float, heads: float) -> None:
    """Learn from one squared residual.

    For counts its regression on Poisson's variance and on the squared mean, each hour weighed by what is expected of
    it; the last thousand hours count.
    """
    off = (value - expected.mean) ** 2 / (_CLIPPED_VARIANCE if expected.stable else 1.0)
    about.variance_weight += 1.0 if about.variance_weight < _MEMORY_H else 0.0
    about.variance += (off - about.variance) / about.variance_weight
    mean = max(expected.mean, 0.0)
    if not about.counts or not mean:
        return
    variance = (expected.spread(heads) / heads) ** 2
    chance = max(mean, OWN_MIN / heads) / heads / variance
    square = mean * mean / variance
    seen = off / variance
    kept = 1.0 - 1.0 / _MEMORY_H
    news = (chance * chance, chance * square, square * square, chance * seen, square * seen)
    about.law = [kept * old + new for old, new in zip(about.law, news, strict=True)]
    about.fano, about.phi = solved(about.law)


def solved(law: list[float]) -> tuple[float, float]:
    """Return (fano ≥ 1, phi ≥ 0) of the least squares fit of squared residuals by fano·Poisson + phi·mean²."""
    cc, cm, mm, cs, ms = law
    determinant = cc * mm - cm * cm
    if determinant > _NEARLY_NOTHING * cc * mm:
        fano, phi = (cs * mm - ms * cm) / determinant, (ms * cc - cs * cm) / determinant
        if fano >= 1.0 and phi >= 0.0:
            return fano, phi
    candidates = [(1.0, max((ms - cm) / mm, 0.0)), (max(cs / cc, 1.0), 0.0)]
    return min(candidates, key=lambda at: _misfit(law, *at))


def _misfit(law: list[float], fano: float, phi: float) -> float:
    cc, cm, mm, cs, ms = law
    return fano * fano * cc + 2.0 * fano * phi * cm + phi * phi * mm - 2.0 * (fano * cs + phi * ms)


_NEARLY_NOTHING: Final = 1e-9
