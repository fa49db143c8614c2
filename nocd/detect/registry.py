"""Every detector there is, and every finding type with what it means: one list for the engine, README and settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nocd.detect.abandonment import Abandonment
from nocd.detect.after_hours import AfterHours
from nocd.detect.arrivals import Arrivals
from nocd.detect.attendance import Attendance
from nocd.detect.biometric import Biometrics
from nocd.detect.built_in import BUILT_IN
from nocd.detect.clocks import Clocks
from nocd.detect.coverage import Coverage
from nocd.detect.devices import Devices
from nocd.detect.ghosts import Ghosts
from nocd.detect.left_site import LeftSite
from nocd.detect.location import Location
from nocd.detect.night import Night
from nocd.detect.offline import Offline
from nocd.detect.phones import Phones
from nocd.detect.reports import Awaited
from nocd.detect.rhythm import Regular
from nocd.detect.scans import Tags
from nocd.detect.sharing import Hopping, Sharing
from nocd.detect.silence import Silence
from nocd.detect.sources import Sources
from nocd.detect.spoofing import Spoofing
from nocd.detect.storms import Storms
from nocd.detect.tasks import Tasks
from nocd.detect.tours import Tours
from nocd.detect.worktime import Worktime

if TYPE_CHECKING:
    from nocd.detect.kinds import Kind
    from nocd.detect.protocol import Detector

DETECTORS: Final[tuple[Detector, ...]] = (
    Attendance(),
    Arrivals(),
    Worktime(),
    Night(),
    Silence(),
    Coverage(),
    Phones(),
    Ghosts(),
    AfterHours(),
    Storms(),
    Sources(),
    Location(),
    Spoofing(),
    LeftSite(),
    Offline(),
    Devices(),
    Clocks(),
    Biometrics(),
    Hopping(),
    Sharing(),
    Awaited(),
    Tours(),
    Abandonment(),
    Tags(),
    Regular(),
    Tasks(),
)
CATALOG: Final[dict[str, Kind]] = {
    kind.name: kind for kind in (*BUILT_IN, *(kind for detector in DETECTORS for kind in detector.kinds))
}
