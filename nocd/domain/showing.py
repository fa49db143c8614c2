"""How much of what surrounds an alert or incident is shown to whoever opens it."""

from __future__ import annotations

from typing import Final

RELATED_MAX: Final = 20
SIMILAR_MAX: Final = 5
CHANGES_MAX: Final = 20
PEOPLE_MAX: Final = 10
NEAREST_MAX: Final = 3
FIXES_MAX: Final = 50
TASKS_MAX: Final = 20
TOURS_MAX: Final = 10
SHIFTS_MAX: Final = 20
DEVICES_MAX: Final = 20
TICKETS_MAX: Final = 20
PUNCHES_MAX: Final = 20
