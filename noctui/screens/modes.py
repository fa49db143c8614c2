"""The screens of the console, each a mode with focus, scroll and stack of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noctui.screens.alerts import AlertsScreen
from noctui.screens.cases import CasesScreen
from noctui.screens.feed import FeedScreen
from noctui.screens.overview import OverviewScreen
from noctui.screens.people import PeopleScreen
from noctui.screens.risk import RiskScreen
from noctui.screens.shift import ShiftScreen
from noctui.screens.sites import SitesScreen

if TYPE_CHECKING:
    from noctui.screens.base import DeskScreen

MODES: dict[str, type[DeskScreen]] = {
    "overview": OverviewScreen,
    "alerts": AlertsScreen,
    "feed": FeedScreen,
    "sites": SitesScreen,
    "people": PeopleScreen,
    "risk": RiskScreen,
    "cases": CasesScreen,
    "shift": ShiftScreen,
}
