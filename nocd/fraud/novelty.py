"""What is new about a punch beside its person's habits, in numbers: the device and the hour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nocd.fraud.profile import HOURS_DAY, PUNCHES_MIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nocd.fraud.profile import Profile, Seen

USUAL_HOUR: Final = 0.02  # of all punches, the least in an hour that is one of theirs


def novelty(profile: Profile, seen: Seen) -> dict[str, float | None]:
    """Return how new the device is (1 never used, then 1/2, 1/3, …) and how many hours off the nearest usual one.

    Neither is known before ten punches are; of a punch that names no device the first is None.
    """
    if profile.punches < PUNCHES_MIN:
        return {}
    return {
        "device_novelty": None if seen.device is None else 1 / (1 + profile.with_device(seen.device)),
        "hours_off_usual": hours_off(profile.hours, seen.hour),
    }


def hours_off(hours: Sequence[int], hour: int) -> int:
    """Return how far an hour of the day is from the nearest one in which people of these counts usually punch."""
    least = max(1.0, USUAL_HOUR * sum(hours))
    for off in range(HOURS_DAY // 2):
        if hours[(hour - off) % HOURS_DAY] >= least or hours[(hour + off) % HOURS_DAY] >= least:
            return off
    return HOURS_DAY // 2
