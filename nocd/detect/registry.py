"""Every detector there is, and every finding type with what it means: one list for the engine, README and settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nocd.detect.arrivals import Arrivals
from nocd.detect.attendance import Attendance
from nocd.detect.built_in import BUILT_IN
from nocd.detect.worktime import Worktime

if TYPE_CHECKING:
    from nocd.detect.kinds import Kind
    from nocd.detect.protocol import Detector

DETECTORS: Final[tuple[Detector, ...]] = (Attendance(), Arrivals(), Worktime())
CATALOG: Final[dict[str, Kind]] = {
    kind.name: kind for kind in (*BUILT_IN, *(kind for detector in DETECTORS for kind in detector.kinds))
}
