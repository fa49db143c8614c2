"""Which checks of a punch could not be judged, and why: that is no evidence for or against anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nocd.detect.biometric import BODY
from nocd.fraud.rules import CHECK_OF

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nocd.detect.scene import Scene
    from nocd.domain.observation import Punch

_BY_PLACE: Final = ("impossible_travel", "unauthorized_site", "wrong_person", "schedule")


def missing(punch: Punch, scene: Scene) -> dict[str, str]:
    """Return the checks that say nothing of a punch, each with its reason."""
    modes = {check: scene.rule(kind, punch.site).mode for kind, check in CHECK_OF.items()}
    found = {check: f"the check is {mode}" for check, mode in modes.items() if mode != "on"}
    for check, reason in (*_of_roster(punch, scene), *_of_phone(punch, scene), *_of_body(punch)):
        found.setdefault(check, reason)
    return found


def _of_roster(punch: Punch, scene: Scene) -> Iterator[tuple[str, str]]:
    if punch.verified is False:
        yield from ((check, "the punch is not verified") for check in _BY_PLACE)
    elif punch.direction != "in":
        yield from ((check, "it is judged when someone comes") for check in _BY_PLACE[1:])
    if not scene.roster.people[punch.person].sites:
        yield "unauthorized_site", "nobody said which sites are theirs"
    if not scene.roster.planned(punch.site):
        yield from ((check, "no shifts are planned at the site") for check in ("wrong_person", "schedule"))
    if len(scene.duties.marks(punch.person)) < 2:  # noqa: PLR2004 - this one and one before
        yield "impossible_travel", "no earlier punch is known"


def _of_phone(punch: Punch, scene: Scene) -> Iterator[tuple[str, str]]:
    site = scene.roster.sites.get(punch.site)
    if punch.lat is None:
        yield from ((check, "the punch has no position") for check in ("geofence", "gps_spoofing"))
    if site is None or (site.lat is None and not site.polygon):
        yield "geofence", "the site has no fence"
    if punch.device is None:
        yield "device_sharing", "the punch names no device"


def _of_body(punch: Punch) -> Iterator[tuple[str, str]]:
    if punch.method not in BODY or (punch.confidence, punch.liveness) == (None, None):
        for check in ("biometric_low", "biometric_pattern"):
            yield check, "no face, finger or iris was compared"
