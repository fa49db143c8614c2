"""How often frauds are planted, and what looks like them: of three, two leave a finding, one shows in habits only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nocd.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

HABITS: Final = frozenset({"FRIEND_PUNCHING", "PADDED_SHIFT", "TURN_TAKING"})
# By kind, for one fraud a shift: what befalls a crew befalls two or three shifts, and not all fit everywhere.
_FRAUDS: Final[Mapping[str, float]] = {
    "BUDDY_PUNCHING": 0.17,
    "IMPOSSIBLE_SHIFTS": 0.33,
    "UNAUTHORIZED_SITE": 0.13,
    "GEOFENCE_VIOLATION": 0.13,
    "BIOMETRIC_LOW": 0.13,
    "WRONG_PERSON": 0.26,  # of crews
    "DEVICE_SHARING": 0.22,  # of crews
    "FRIEND_PUNCHING": 0.36,
    "PADDED_SHIFT": 0.66,
    "TURN_TAKING": 0.38,  # of crews
}
_ALIKE: Final[Mapping[str, float]] = {"bad-light": 0.5, "new-phone": 1.0, "together": 0.5, "extra-shift": 1.0}
SHARE_MAX: Final = 0.5
FRAUDS: Final = frozenset(_FRAUDS)


def frauds(share: float) -> tuple[dict[str, float], dict[str, float]]:
    """Return rates and likenesses of a world in which about so many of a hundred shifts hold a fraud (0 to 0.5).

    About as many honest shifts as frauds of habit look like one of each sort. Raises InputError for another share.
    """
    if not 0 <= share <= SHARE_MAX:
        raise InputError(f"the share of frauds is {share}; give 0 to {SHARE_MAX}")
    return _scaled(_FRAUDS, share), _scaled(_ALIKE, share)


def _scaled(parts: Mapping[str, float], share: float) -> dict[str, float]:
    return {name: part * share for name, part in parts.items()}
