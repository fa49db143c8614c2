"""A person's habits in words and numbers, as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from nocd.fraud.deviations import WEEKDAY_NAMES, hour_words, metre_words, unjudged
from nocd.fraud.profile import METRES, MINUTES, PART_MS, Profile, usual, usual_upto

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

DAYS: Final = 90
_NIGHT: Final = (22, 23, 0, 1, 2, 3, 4, 5)
_NAMED_MAX: Final = 3


def portrait(profile: Profile | None, *, at: int, site_name: Callable[[str], str | None]) -> dict[str, Any]:
    """Return what is usual of a person at an instant (UTC ms), and why where that cannot be told yet."""
    known = Profile() if profile is None else profile.at(at // PART_MS)
    reason = unjudged(known)
    named = {site: site_name(site) or site for site in known.by_site()}
    hours = known.hours
    return {
        "days": DAYS,
        "punches": known.punches,
        "not_judged": reason,
        "words": [reason] if reason is not None else list(_words(known, named)),
        "hours": hours,
        "weekdays": known.weekdays,
        "night_share": round(sum(hours[hour] for hour in _NIGHT) / known.punches, 4) if known.punches else None,
        "sites": [
            {"site": site, "site_name": named[site], "punches": count} for site, count in known.by_site().items()
        ],
        "devices": [{"device": device, "punches": count} for device, count in known.by_device().items()],
        "distances": _steps(known.metres, METRES, "upto_m"),
        "delays": _steps(known.minutes, MINUTES, "upto_minutes"),
        "matches": known.matches,
        "match_mean": round(known.match()[0], 4) if known.matches else None,
    }


def _words(profile: Profile, named: dict[str, str]) -> Iterator[str]:
    yield f"{profile.punches} punches in {DAYS} days"
    yield f"usual at {hour_words(usual(profile.hours))}"
    yield f"usual on {_listed([WEEKDAY_NAMES[day] for day in usual(profile.weekdays)])}"
    yield f"usual at {_listed(_most(profile.by_site(), named))}"
    if profile.with_devices:
        yield f"usual with {_listed(_most(profile.by_device(), {}))}"
    if sum(profile.metres):
        yield f"usual {_upto(profile.metres, METRES, metre_words)} from the middle of the site"
    if sum(profile.minutes):
        yield f"usual {_upto(profile.minutes, MINUTES, '{} min'.format)} after the start of a shift"
    night = sum(profile.hours[hour] for hour in _NIGHT)
    yield f"{night / profile.punches:.0%} at night, from 22:00 to 06:00"
    if profile.matches:
        yield f"face, finger or iris matched to {profile.match()[0]:.0%} in the mean"


def _most(counts: dict[str, int], named: dict[str, str]) -> list[str]:
    names = [*counts]
    return [named.get(names[column], names[column]) for column in usual([*counts.values()])]


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMED_MAX
    told = [*names[:_NAMED_MAX], f"{more} more"] if more > 1 else [*names]
    return " and ".join(filter(None, [", ".join(told[:-1]), *told[-1:]]))


def _upto(counts: Sequence[int], edges: Sequence[int], words: Callable[[int], str]) -> str:
    column = usual_upto(counts)
    return f"up to {words(edges[column])}" if column < len(edges) else f"beyond {words(edges[-1])}"


def _steps(counts: Sequence[int], edges: Sequence[int], name: str) -> list[dict[str, Any]]:
    """Return counts with the edge each goes up to, None where it is what is beyond the last."""
    return [{name: edge, "punches": count} for edge, count in zip((*edges, None), counts, strict=True)]
