"""Going from thing to thing: the screen that shows it, and back to where one was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import App

from noctui.screens.base import DeskScreen
from noctui.state.trail import MODE_OF, Place

if TYPE_CHECKING:
    from noctui.messages import AlertWanted, BackWanted, JumpWanted
    from noctui.state.desk import Desk


class Jumping(App[int]):
    """An app whose screens name things of one another."""

    desk: Desk

    async def on_alert_wanted(self, event: AlertWanted) -> None:
        """Show an alert of the feed in the queue."""
        if event.alert not in self.desk.model.alerts:
            self._tell(f"{event.alert} is no longer in the queue")
            return
        await self._jump(Place("alerts", event.alert))

    async def on_jump_wanted(self, event: JumpWanted) -> None:
        """Show a thing named elsewhere on its own screen."""
        await self._jump(Place(MODE_OF[event.kind], event.id))

    async def _jump(self, place: Place) -> None:
        if place.mode not in self._modes:
            self._tell(f"{place.id}: that screen comes with a later release")
            return
        self.desk.trail.leave(self._place)
        await self._show(place)

    @property
    def _place(self) -> Place:
        return Place(self.current_mode, self.screen.here if isinstance(self.screen, DeskScreen) else "")

    async def on_back_wanted(self, event: BackWanted) -> None:
        """Show the place one jumped from, or the one gone back from."""
        trail = self.desk.trail
        place = trail.forward(self._place) if event.forward else trail.back(self._place)
        if place is None:
            self._tell("nowhere to go back to" if not event.forward else "this is where you were last")
        else:
            await self._show(place)

    async def _show(self, place: Place) -> None:
        await self.switch_mode(place.mode)
        if isinstance(self.screen, DeskScreen) and place.id:
            self.screen.go_to(place.id)
            self.screen.paint()

    def _tell(self, text: str) -> None:
        if isinstance(self.screen, DeskScreen):
            self.screen.say(text, "muted")
