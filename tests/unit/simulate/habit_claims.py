"""What frauds of habit claim: no rule is broken, and something is other than it usually is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nocd.domain.instant import HOUR_MS, MINUTE_MS
from tests.unit.simulate.further_claims import PUNCH, near_shifts
from tests.unit.simulate.sight import Event, Seen, metres

if TYPE_CHECKING:
    from collections.abc import Callable

    from nocd.simulate import Truth


def fair(face: dict[str, Any]) -> bool:
    """A face that no rule doubts, and less like its owner's than most are."""
    return bool(face["confidence"] >= 0.7 and face["liveness"] >= 0.6 and face["match_distance"] >= 0.17)


def _by_a_friend(truth: Truth, saw: Seen) -> bool:
    """The phone is a colleague's who is off, and nobody else's punch is on it within the half hour."""
    here = saw.by_id[truth.event_id]
    face = here["data"]
    others = [p for p in saw.of[PUNCH] if p["data"]["device"] == face["device"] and p is not here]
    alone = all(abs(other["at"] - here["at"]) > 30 * MINUTE_MS for other in others)
    return alone and fair(face) and face["device"] not in {f"PH-{truth.person[2:]}", here["source"]}


def _beside_the_door(truth: Truth, saw: Seen) -> bool:
    """A colleague punched at the door minutes before; this is by the own phone, inside the fence and off the spot."""
    here = saw.by_id[truth.event_id]
    near = [p for p in saw.of[PUNCH] if 0 < here["at"] - p["at"] < 5 * MINUTE_MS and p["data"]["site"] == truth.site]
    return bool(near) and fair(here["data"]) and _off_spot(here, saw)


def _off_spot(here: Event, saw: Seen) -> bool:
    site = saw.site[here["data"]["site"]]
    own = here["data"]["device"] == f"PH-{here['data']['person'][2:]}"
    return own and 10 < metres(here["data"], site) < float(site["radius_m"])


def _padded(truth: Truth, saw: Seen) -> bool:
    """On the roster for a day off, hours away from all shifts of one's own."""
    here = saw.by_id[truth.event_id]
    shift = near_shifts(truth, saw, 10 * MINUTE_MS)
    rested = here["at"] - saw.before(PUNCH, here)["at"]
    return len(shift) == 1 and rested > 20 * HOUR_MS and _off_spot(here, saw)


HABITS: dict[str, Callable[[Truth, Seen], bool]] = {
    "FRIEND_PUNCHING": _by_a_friend,
    "TURN_TAKING": _beside_the_door,
    "PADDED_SHIFT": _padded,
}
