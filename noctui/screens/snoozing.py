"""The question how long to snooze what, with what that hides said below; tab asks it of another scope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noctui.messages import DeedsWanted, FactWanted, Question
from noctui.state.cells import cut
from noctui.state.model import look_at
from noctui.state.snooze import LASTING, ending, preview, scopes, snooze_deed

if TYPE_CHECKING:
    from noctui.messages import Answered
    from noctui.screens.base import DeskScreen
    from noctui.state.alert import Alert
    from noctui.state.snooze import Scope

SNOOZE = "snooze"
LABEL_CELLS = 30


class Snoozing:
    """Asks on a screen; the scope tab has come to is kept while the question stands."""

    def __init__(self, screen: DeskScreen) -> None:
        self._screen = screen
        self._scopes: list[Scope] = []
        self._at = 0

    @property
    def _scope(self) -> Scope:
        return self._scopes[self._at]

    def ask(self, alert: Alert) -> None:
        """Ask for how long, and why."""
        self._scopes, self._at = scopes(alert), 0
        self._count()
        self._screen.post_message(FactWanted("sheet", ""))
        self._screen.prompt.ask(self._question(alert))
        self._screen.paint()

    def _question(self, alert: Alert) -> Question:
        label = f"snooze {alert.id} {cut(alert.title, LABEL_CELLS)}"
        if self._at:
            label = f"snooze all like {alert.id}"
        return Question(
            id=SNOOZE,
            label=label,
            alert=alert.id,
            choices=LASTING,
            hint=self._hint,
            turn=lambda: self._turned(alert),
        )

    def _turned(self, alert: Alert) -> Question:
        self._at = (self._at + 1) % len(self._scopes)
        self._count()
        return self._question(alert)

    def _count(self) -> None:
        if self._scope.text not in self._screen.desk.model.shift.hits:
            self._screen.post_message(FactWanted("hits", self._scope.text))

    def _hint(self) -> tuple[str, str]:
        model = self._screen.desk.model
        text, role = preview(self._scope, model.alerts.values(), model.shift.hits.get(self._scope.text))
        more = "   tab wider" if len(self._scopes) > 1 else ""
        return f"{text}{more}", role

    def answered(self, event: Answered) -> None:
        """Send the silence, or say what is missing."""
        screen = self._screen
        model = screen.desk.model
        alert = model.find(event.question.alert)
        if alert is None:
            return
        look = look_at(model, screen.now())
        found = ending(event.choice, event.text, look, model.shift.shift_ends)
        if isinstance(found, str):
            screen.say(found, "stale")
        else:
            screen.post_message(DeedsWanted((snooze_deed(alert, self._scope, *found, look),)))
