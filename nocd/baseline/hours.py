"""One closed hour after another: judged alone and together with the hours before it, then learned unless unusual."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from nocd.baseline.learning import learn as learning
from nocd.baseline.learning import refuse_z
from nocd.domain.baseline import VALUE_MAX, Judgement
from nocd.domain.deviation import Law
from nocd.domain.instant import HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nocd.baseline.profile import Profile
    from nocd.domain.baseline import Baseline, Expectation, Recent, Slot

SPANS_H: Final = (2, 4)
_TOO_NEAR: Final = 1e-3  # to the usual to divide by


class _Seen(NamedTuple):
    span_h: int
    heads: float
    total: float
    law: Law


def close_hour(
    profile: Profile,
    slot: Slot,
    total: float,
    *,
    heads: float = 1.0,
    learn: bool = True,
    odd: bool = False,
    peers: Sequence[Profile] = (),
) -> Judgement | None:
    """Judge a closed local hour by its total over `heads` (> 0) and learn it; changes the baseline's own record.

    `learn=False` (maintenance) judges only; `odd` says that a part of the hour was too unusual to learn
    from. None where nothing is known yet, or the hour had been judged before.
    """
    about, heads = profile.baseline, float(heads)
    total = min(max(float(total), -VALUE_MAX), VALUE_MAX)
    if slot.start + HOUR_MS <= about.seen_to:
        return None
    about.seen_to = slot.start + HOUR_MS
    about.since = about.since or slot.start
    expected = profile.expect(slot, peers)
    told = _widest(about, slot, expected, total, heads) if expected is not None else None
    why = learning(profile, slot, expected, total, heads, told=told, odd=odd) if learn else "under maintenance"
    if expected is None or told is None:
        return None
    _remember(about, slot, expected, total, heads)
    return replace(told, learned=not why, why=why)


def judge(
    about: Baseline, slot: Slot, expected: Expectation, total: float, *, heads: float = 1.0, start: int | None = None
) -> Judgement:
    """Judge a total over `heads` in an hour, or in a part of one from `start` on (UTC ms), learning nothing."""
    told = _told(about, slot, expected, _alone(expected, total, heads))
    return told if start is None else replace(told, start=start)


def _widest(about: Baseline, slot: Slot, expected: Expectation, total: float, heads: float) -> Judgement:
    """Return the judgement of the hour alone or of the span that ends with it, whichever is farthest off."""
    alone = expected.law(heads)
    spans = [_alone(expected, total, heads)]
    entry = _entry(slot, expected, total, heads)
    for hours in SPANS_H:
        parts = [*about.recent[1 - hours :], entry]
        if len(parts) < hours or parts[0][0] != slot.start - (hours - 1) * HOUR_MS:
            break
        spans.append(_together(parts, leans=expected.leans))
    judged = [span for span in spans if span.span_h >= about.span_min_h]
    found = max(judged or spans, key=lambda span: abs(span.law.z(span.total)))
    return replace(
        _told(about, slot, expected, found),
        stable=expected.stable and bool(judged),
        hour_expected=alone.usual,
        hour_spread=_spread(alone, total),
    )


def _spread(law: Law, total: float) -> float:
    """Return the spread on the side of `total`."""
    z = law.z(total)
    return (total - law.usual) / z if abs(z) > _TOO_NEAR else law.spread


def _alone(expected: Expectation, total: float, heads: float) -> _Seen:
    return _Seen(1, heads, total, expected.law(heads))


def _together(parts: list[Recent], *, leans: bool) -> _Seen:
    """Add hours up; what they share adds up as it is, so that a busy day is no surprise four times over."""
    _, totals, usuals, owns, shares, heads = zip(*parts, strict=True)
    return _Seen(len(parts), sum(heads), sum(totals), Law(sum(usuals), sum(owns), sum(shares), leans))


def _entry(slot: Slot, expected: Expectation, total: float, heads: float) -> Recent:
    law = expected.law(heads)
    return (slot.start, total, law.usual, law.own, law.shared, heads)


def _remember(about: Baseline, slot: Slot, expected: Expectation, total: float, heads: float) -> None:
    """Keep an hour for the spans to come; one that is not yet stable, or was judged unusual by itself, ends them."""
    told_alone = about.span_min_h == 1 and abs(expected.plain_z(total, heads)) > refuse_z(about)
    if not expected.stable or told_alone:
        about.recent = []
    else:
        about.recent = [*about.recent[2 - max(SPANS_H) :], _entry(slot, expected, total, heads)]


def _told(about: Baseline, slot: Slot, expected: Expectation, seen: _Seen) -> Judgement:
    low, spread = seen.law.at(-about.threshold), _spread(seen.law, seen.total)
    return Judgement(
        observed=seen.total,
        expected=seen.law.usual,
        spread=spread,
        z=seen.law.z(seen.total),
        threshold=about.threshold,
        level=expected.level,
        effective_n=expected.effective_n,
        stable=expected.stable,
        borrowed=expected.borrowed,
        span_h=seen.span_h,
        heads=seen.heads,
        hour_of_week=slot.hour_of_week,
        start=slot.start - (seen.span_h - 1) * HOUR_MS,
        usual_low=low if about.signed else max(low, 0.0),
        usual_high=seen.law.at(about.threshold),
        learned=True,
        hour_expected=seen.law.usual,
        hour_spread=spread,
    )
