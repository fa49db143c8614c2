"""The course of one phone: which of its fixes can follow from each other, and which cannot be true.

A fix is compared with the last one that could be. Where it would take more than the greatest speed, measured over a
minute at least, it strays and does not become the one to compare with, unless motion at a comparable speed before or
after it, or the speed the phone reports, says that this is travel: a teleport has stillness or a slow way on both
sides. A position said again to the letter is the last one known, not a new one: how long it was true is not known.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

from nocd.domain.geo import haversine_m, surely_within
from nocd.domain.instant import HOUR_MS, MINUTE_MS, SECOND_MS

if TYPE_CHECKING:
    from collections.abc import Callable

FIX, MOCKED, NULL, PUNCH, STEPS, JUMP, FROZEN = "fix", "mocked", "null", "punch", "steps", "jump", "frozen"

CLAIM_STEP_MS: Final = 5 * MINUTE_MS  # a run is told again this often
NEIGHBOUR_MS: Final = 20 * MINUTE_MS  # how near in time what makes a jump travel must be
STALE_MS: Final = 10 * MINUTE_MS  # how long a phone may repeat its last position while it moves
MOVED_MIN_M: Final = 1_000.0
FROZEN_FIXES: Final = 6
FROZEN_MS: Final = 30 * MINUTE_MS
FROZEN_STEPS: Final = 20  # fewer are a phone that is picked up
_BASE_MS: Final = MINUTE_MS
_COMPARABLE: Final = 0.5
_JET_MPS: Final = 1_000 / 3.6  # no airliner is faster over ground for long
_PHONE_OFF_MS: Final = HOUR_MS  # what an airliner's passenger switches off
_RESTED_MAX: Final = 8


class Sight(NamedTuple):
    """What a phone told at an instant (UTC ms), ordered by it; a speed or accuracy that is not known is 0."""

    time: int
    sort: str
    lat: float = 0.0
    lon: float = 0.0
    accuracy_m: float = 0.0
    speed_mps: float = 0.0
    steps: int = 0
    ref: str = ""
    site: str = ""


class Found(NamedTuple):
    """What cannot be true: its key, the sort, the sight, the run it belongs to, the figures; of a punch its key."""

    key: str
    sort: str
    time: int
    run: int
    figures: dict[str, Any]
    site: str = ""
    ref: str = ""


class Speeds(NamedTuple):
    """The greatest speeds (m/s) believed between two fixes, and between a fix and a punch."""

    fix_mps: float
    punch_mps: float


@dataclass(slots=True, kw_only=True)
class Course:
    """The last fix that can be trusted, what is known of the motion before it, and what was found of late.

    `since` is when the trusted position was first said; `strayed` the first fix of a run that cannot be.
    """

    anchor: Sight | None = None
    since: int = 0
    mark: Sight | None = None
    pace_mps: float = 0.0
    rested: list[tuple[int, float, float]] = field(default_factory=list)
    strayed: Sight | None = None
    punch: Sight | None = None
    still: tuple[float, float] | None = None
    still_since: int = 0
    still_fixes: int = 0
    still_steps: int = 0
    found: list[Found] = field(default_factory=list)

    def copy(self) -> Self:
        """Return one that goes on from here by itself."""
        return replace(self, rested=[*self.rested], found=[*self.found])

    def forget_before(self, instant: int) -> None:
        """Let go of what was found before an instant (ms)."""
        if self.found and self.found[0].time < instant:
            self.found = [each for each in self.found if each.time >= instant]

    def has(self, sort: str, time: int) -> bool:
        """Tell whether something of a sort is found in a time's step already."""
        return any(each.key == _key(sort, time) for each in self.found)

    def step(self, seen: Sight, speeds: Callable[[Sight], Speeds]) -> bool:
        """Take in what the phone told next; tell whether something was found, or found to be travel after all."""
        if seen.sort == FIX:
            frozen = self._stands_still(seen)
            return self._follows(seen, speeds) or frozen
        if seen.sort == STEPS:
            self.still_steps += seen.steps
            return False
        if seen.sort == PUNCH:
            return self._punched(seen, speeds)
        figures = {"lat": seen.lat, "lon": seen.lon}
        return self._find(seen.sort, seen, run=seen.time, figures=figures)

    def _stands_still(self, seen: Sight) -> bool:
        here = (round(seen.lat, 6), round(seen.lon, 6))
        if here != self.still:
            self.still, self.still_since, self.still_fixes, self.still_steps = here, seen.time, 1, 0
            return False
        self.still_fixes += 1
        still_ms = seen.time - self.still_since
        if self.still_fixes < FROZEN_FIXES or still_ms < FROZEN_MS or self.still_steps < FROZEN_STEPS:
            return False
        figures = {
            "fixes": self.still_fixes,
            "still_minutes": round(still_ms / MINUTE_MS, 1),
            "steps": self.still_steps,
            "lat": here[0],
            "lon": here[1],
        }
        return self._find(FROZEN, seen, run=self.still_since, figures=figures)

    def _follows(self, seen: Sight, speeds: Callable[[Sight], Speeds]) -> bool:
        """Compare a fix with the trusted one."""
        anchor = self.anchor
        if anchor is None:
            return self._trust(seen, speeds)
        if seen.lat == anchor.lat and seen.lon == anchor.lon:
            self._rest(seen)
            return self._after_punch(seen, speeds)
        if self.rested and self._said_before(seen):
            return False
        return self._moves(anchor, seen, speeds)

    def _moves(self, anchor: Sight, seen: Sight, speeds: Callable[[Sight], Speeds]) -> bool:
        """Trust a fix elsewhere, or find that nobody gets there."""
        if surely_within(MOVED_MIN_M, anchor.lat, anchor.lon, seen.lat, seen.lon):
            return self._trust(seen, speeds)
        moved_m = haversine_m(anchor.lat, anchor.lon, seen.lat, seen.lon)
        if moved_m <= MOVED_MIN_M or moved_m <= anchor.accuracy_m + seen.accuracy_m:
            return self._trust(seen, speeds)
        speed_mps, limit_mps = _speed_mps(moved_m, seen.time - anchor.time), speeds(seen).fix_mps
        if speed_mps <= limit_mps or self._is_travel(anchor, seen, moved_m, speed_mps):
            return self._trust(seen, speeds)
        if self.strayed is not None and self._went_on(anchor, self.strayed, seen, moved_m):
            run, self.mark = self.strayed.time, self.strayed
            self.found = [each for each in self.found if each.sort != JUMP or each.run != run]
            self._trust(seen, speeds)
            return True
        if self.strayed is None:
            self.strayed = seen
        figures = _figures(anchor, seen, moved_m, speed_mps=speed_mps, limit_mps=limit_mps)
        return self._find(JUMP, seen, run=self.strayed.time, figures=figures)

    def _trust(self, seen: Sight, speeds: Callable[[Sight], Speeds]) -> bool:
        self.anchor, self.since, self.strayed = seen, seen.time, None
        mark = self.mark
        if mark is None:
            self.mark = seen
        elif seen.time - mark.time >= _BASE_MS:
            gap_ms, self.mark = seen.time - mark.time, seen
            near = gap_ms <= NEIGHBOUR_MS
            self.pace_mps = _speed_mps(haversine_m(mark.lat, mark.lon, seen.lat, seen.lon), gap_ms) if near else 0.0
        return self.punch is not None and self._after_punch(seen, speeds)

    def _rest(self, seen: Sight) -> None:
        """Take in the trusted position said again."""
        self.anchor, self.strayed = seen, None
        if not self.rested or self.rested[-1][1:] != (seen.lat, seen.lon):
            self.rested = [*self.rested[1 - _RESTED_MAX :], (seen.time, seen.lat, seen.lon)]
        else:
            self.rested[-1] = (seen.time, seen.lat, seen.lon)

    def _said_before(self, seen: Sight) -> bool:
        """Tell whether a phone falls back, to the letter, on a position it rested at a while ago."""
        return any(
            lat == seen.lat and lon == seen.lon and seen.time - time <= STALE_MS for time, lat, lon in self.rested
        )

    def _is_travel(self, anchor: Sight, seen: Sight, moved_m: float, speed_mps: float) -> bool:
        """Tell whether the motion before a jump, or a reported speed, explains it, or an airliner with phones off."""
        gap_ms = seen.time - anchor.time
        if gap_ms >= _PHONE_OFF_MS and speed_mps <= _JET_MPS:
            return True
        needed_mps = self._needed_mps(anchor, seen, moved_m)
        near_mps = max(self.pace_mps, anchor.speed_mps, seen.speed_mps)
        return needed_mps <= _JET_MPS and near_mps >= needed_mps * _COMPARABLE

    def _needed_mps(self, anchor: Sight, seen: Sight, moved_m: float) -> float:
        """Return the speed a jump takes, where the trusted position may be as old as when it was first said."""
        since = self.since if 0 <= anchor.time - self.since <= STALE_MS else anchor.time
        return _speed_mps(moved_m, seen.time - since)

    def _went_on(self, anchor: Sight, strayed: Sight, seen: Sight, moved_m: float) -> bool:
        """Tell whether a phone that strayed went on the same way as fast, and so is travelling."""
        gap_ms = seen.time - strayed.time
        if not _BASE_MS <= gap_ms <= NEIGHBOUR_MS:
            return False
        strayed_m = haversine_m(anchor.lat, anchor.lon, strayed.lat, strayed.lon)
        onward_m = haversine_m(strayed.lat, strayed.lon, seen.lat, seen.lon)
        needed_mps = self._needed_mps(anchor, strayed, strayed_m)
        as_fast = needed_mps <= _JET_MPS and _speed_mps(onward_m, gap_ms) >= needed_mps * _COMPARABLE
        return as_fast and moved_m >= strayed_m + onward_m * _COMPARABLE

    def _punched(self, seen: Sight, speeds: Callable[[Sight], Speeds]) -> bool:
        self.punch = seen
        return self.anchor is not None and self._apart(self.anchor, seen, seen, speeds)

    def _after_punch(self, seen: Sight, speeds: Callable[[Sight], Speeds]) -> bool:
        """Compare the last punch with the first trusted fix after it."""
        punch, self.punch = self.punch, None
        return punch is not None and self._apart(punch, seen, punch, speeds)

    def _apart(self, first: Sight, then: Sight, punch: Sight, speeds: Callable[[Sight], Speeds]) -> bool:
        """Find a punch from where its person cannot have been, with a trusted fix right before or after it."""
        moved_m = haversine_m(first.lat, first.lon, then.lat, then.lon)
        if moved_m <= MOVED_MIN_M or moved_m <= first.accuracy_m + then.accuracy_m:
            return False
        speed_mps, limit_mps = _speed_mps(moved_m, then.time - first.time), speeds(punch).punch_mps
        if speed_mps <= limit_mps or self._is_travel(first, then, moved_m, speed_mps):
            return False
        figures = _figures(first, then, moved_m, speed_mps=speed_mps, limit_mps=limit_mps)
        return self._find(PUNCH, punch, run=punch.time, figures=figures)

    def _find(self, sort: str, seen: Sight, *, run: int, figures: dict[str, Any]) -> bool:
        """Keep what was found, of a run once a step, of a punch once; tell whether it is new."""
        key = f"{sort}:{seen.ref}" if seen.ref else _key(sort, seen.time)
        if any(each.key == key for each in self.found):
            return False
        self.found.append(Found(key, sort, seen.time, run, figures, seen.site, seen.ref))
        return True


def _key(sort: str, time: int) -> str:
    return f"{sort}:{time // CLAIM_STEP_MS}"


def _speed_mps(moved_m: float, gap_ms: int) -> float:
    """Return a speed over a base of a minute at least: what is nearer in time says how exact a clock is."""
    return moved_m * SECOND_MS / max(gap_ms, _BASE_MS)


def _figures(first: Sight, then: Sight, moved_m: float, *, speed_mps: float, limit_mps: float) -> dict[str, Any]:
    return {
        "moved_m": round(moved_m),
        "gap_s": round((then.time - first.time) / SECOND_MS, 1),
        "speed_kmh": round(speed_mps * 3.6),
        "speed_max_kmh": round(limit_mps * 3.6, 1),
        "accuracy_before_m": first.accuracy_m,
        "accuracy_m": then.accuracy_m,
        "lat_before": first.lat,
        "lon_before": first.lon,
        "lat": then.lat,
        "lon": then.lon,
    }
