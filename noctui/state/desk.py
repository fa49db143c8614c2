"""Everything the screens are given: the picture, and where the operator looks at it from."""

from __future__ import annotations

from dataclasses import dataclass, field

from noctui.state.actions import ACTIONS, Action
from noctui.state.bars import Badges
from noctui.state.cells import wrap
from noctui.state.docket import Docket
from noctui.state.drawer import TABS
from noctui.state.folk import Folk
from noctui.state.lines import Line, line
from noctui.state.model import Ledger, Model
from noctui.state.places import Places
from noctui.state.queue import Queue
from noctui.state.risk import Risk
from noctui.state.shiftdesk import ShiftDesk
from noctui.state.tail import Tail
from noctui.state.times import SECOND_MS
from noctui.state.trail import Trail
from noctui.state.watch import Watch

NOTICE_MS = 8 * SECOND_MS
SAID_LINES_MAX = 2


@dataclass(frozen=True, slots=True)
class Notice:
    """Something said in the prompt line for a while."""

    text: str
    role: str = "text"
    until: int = 0


@dataclass(slots=True)
class Drawer:
    """How the drawer is read: which tab, and whether it has the whole screen."""

    tab: str = "why"
    maximised: bool = False

    def turn(self) -> None:
        """Go to the next tab."""
        self.tab = TABS[(TABS.index(self.tab) + 1) % len(TABS)]


@dataclass(slots=True)
class Desk:
    """One operator's place: the model and all view state, so that a screen can be drawn from it alone."""

    model: Model = field(default_factory=Model)
    queue: Queue = field(default_factory=Queue)
    feed: Tail = field(default_factory=Tail)
    strip: Tail = field(default_factory=Tail)
    glimpse: Tail = field(default_factory=Tail)
    drawer: Drawer = field(default_factory=Drawer)
    places: Places = field(default_factory=Places)
    watch: Watch = field(default_factory=Watch)
    risk: Risk = field(default_factory=Risk)
    folk: Folk = field(default_factory=Folk)
    docket: Docket = field(default_factory=Docket)
    shift: ShiftDesk = field(default_factory=ShiftDesk)
    trail: Trail = field(default_factory=Trail)
    actions: tuple[Action, ...] = ACTIONS
    badges: Badges = field(default_factory=Badges)
    notice: Notice = field(default_factory=lambda: Notice(""))

    def say(self, text: str, now: int, role: str = "text") -> None:
        """Put a sentence into the prompt line for eight seconds."""
        self.notice = Notice(text, role, now + NOTICE_MS)

    def said(self, now: int, width: int) -> list[Line]:
        """Return what is said now: a line, or two where one has no room."""
        if now >= self.notice.until:
            return []
        return [line(text, self.notice.role) for text in wrap(self.notice.text, width)[:SAID_LINES_MAX]]

    def ledger_wanted(self) -> str | None:
        """Return the alert whose ledger is looked at and not yet asked for as it stands now, and note it as asked."""
        alert = self.model.find(self.queue.cursor)
        if self.drawer.tab != "notes" or alert is None:
            return None
        held = self.model.ledgers.get(alert.id)
        if held is not None and held.as_of == alert.updated_at:
            return None
        self.model.keep_ledger(alert.id, Ledger(held.rows if held else None, as_of=alert.updated_at))
        return alert.id
