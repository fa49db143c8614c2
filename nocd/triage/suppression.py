"""The one place that decides whether an alert is hidden: by silences, maintenance windows and worse alerts."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapify, heappop, heappush, nlargest, nsmallest
from typing import TYPE_CHECKING, Final

from nocd.domain.alert import Alert, Status
from nocd.triage.book import KIND as ALERT_KIND
from nocd.triage.causes import kinds
from nocd.triage.inhibition import explains
from nocd.triage.silences import Silences
from nocd.triage.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Callable

    from nocd.detect.scene import Scene
    from nocd.triage.book import AlertBook
    from nocd.triage.causes import Kind

KIND: Final = "reach"
STEP_MAX: Final = 256  # alerts looked at in one go; what a cause hides beyond is looked at with the next ticks
HIDDEN_BY_MAX: Final = 8  # causes kept of an alert; as one ends, the next that holds takes its place
SHOWN_MAX: Final = 100
REASONS_MAX: Final = 3
WINDOW: Final = "M"
SAID_OF: Final = ("S", WINDOW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """A cause in force: of the alerts up to number `upto`, there when it began, those to `looked` were looked at."""

    upto: int
    looked: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hiding:
    """How many alerts a cause hides, and the ids of the newest of them, at most a hundred."""

    count: int
    alerts: list[str]


class Suppression:
    """Hides alerts while anything holds that hides them, and gives them back their former status after."""

    def __init__(self, scene: Scene, book: AlertBook) -> None:
        """Take up what the shelves hold."""
        self._scene, self._shelves = scene, scene.shelves
        self._book = book
        self.silences = Silences(scene.shelves)
        self._kinds: dict[str, Kind] = kinds(scene, book, self.silences)
        self._reach: dict[str, Reach] = self._shelves.kind(KIND)
        self._standing = Standing()
        self._hiding: dict[str, set[int]] = {}
        self._noted: dict[int, tuple[str, ...]] = {}
        self._news: dict[str, str] = {}
        self._leaving: set[str] = set()
        self._take_up()
        self._unlooked = {cause for cause, reach in self._reach.items() if reach.looked < reach.upto}
        self._leaving.update(cause for cause in self._hiding if cause not in self._reach)
        self._room = STEP_MAX

    def _take_up(self) -> None:
        for cause in self._reach:
            self._kinds[cause[0]].begin(cause)
        for alert in self._book.all():
            if alert.unresolved:
                self._standing.enter(alert)
                self._note(alert)
        ends = [(each.ends_at, each.id) for each in self.silences.all() if each.in_force and each.ends_at is not None]
        plans = self._scene.plans.all()
        ends += [(window.end, window.id) for window in plans]
        self._due = ends + [(window.start, window.id) for window in plans if window.id not in self._reach]
        heapify(self._due)
        self._news.clear()

    def heard(self, alert: Alert, decision: str, *, now: int) -> None:
        """Hide or show an alert about which something was decided, and what it explains."""
        self._room = STEP_MAX
        if decision in _ENDS or not alert.unresolved:  # it may stand again by now
            self.silences.resolved(alert.id, now=now)
        if alert.unresolved:
            if alert.no not in self._standing:
                self._enter(alert, decision, now)
            self._turn(now)
            self._look(alert, now)
        elif alert.no in self._standing:
            self._leave(alert, now)
            self._turn(now)

    def tick(self, now: int) -> bool:
        """Let time pass to `now` (UTC ms), never back; tell whether anything came of it."""
        self._room, now = STEP_MAX, max(now, self._scene.now)
        waiting = bool(self._unlooked or self._leaving)
        turned = self._turn(now)
        self._advance(now)
        return waiting or turned

    def next_due(self) -> int | None:
        """Return when something begins or ends, or is still to be looked at (UTC ms), or None."""
        if self._unlooked or self._leaving:
            return self._scene.now
        return self._due[0][0] if self._due else None

    def moved(self, now: int, window: str = "", happened: str = "") -> None:
        """Take up at once what people did to silences, or to a maintenance window."""
        self._room = STEP_MAX
        plan = self._scene.plans.get(window)
        if plan is not None:
            for at in (plan.start, plan.end):
                heappush(self._due, (at, window))
            self._say(window, happened)
        self._turn(now)

    def forget_before(self, instant: int) -> None:
        """Let go of silences that ended before `instant` (UTC ms), once nothing is hidden by what is over."""
        self.moved(self._scene.now)
        self.silences.forget_before(instant)

    def news(self) -> list[tuple[str, str]]:
        """Return each silence and window of which there is something to tell, and what happened to it; once."""
        news, self._news = self._news, {}
        return list(news.items())

    def hiding(self, cause: str, sees: Callable[[Alert], bool] | None = None) -> Hiding:
        """Return what a cause hides, of what the reader `sees`."""
        numbers = self._hiding.get(cause, set())
        if sees is not None:
            numbers = {no for no in numbers if sees(self._alert(no))}
        return Hiding(count=len(numbers), alerts=[f"A-{no}" for no in nlargest(SHOWN_MAX, numbers)])

    def _enter(self, alert: Alert, decision: str, now: int) -> None:
        self._standing.enter(alert)
        if decision == "undone":
            self.silences.unresolved(alert.id, now=now)
        if explains(alert):
            self._toggle(alert.id, now)

    def _leave(self, alert: Alert, now: int) -> None:
        self._standing.leave(alert)
        self._note(alert)
        if explains(alert):
            self._toggle(alert.id, now)

    def _turn(self, now: int) -> bool:
        """Take up what began or ended by `now`; tell whether anything did."""
        turned = False
        while self._due and self._due[0][0] <= now:
            name = heappop(self._due)[1]
            self.silences.expire(name, now=now)
            turned |= self._toggle(name, now)
        while self.silences.moved:
            name, happened = self.silences.moved.popleft()
            self._say(name, happened)
            silence = self.silences.get(name)
            if silence is not None and silence.in_force and silence.ends_at is not None:
                heappush(self._due, (silence.ends_at, name))
            turned |= self._toggle(name, now)
        return turned

    def _toggle(self, cause: str, now: int) -> bool:
        """Begin or end a cause, where it is not as it should be; tell whether it was not."""
        kind = self._kinds[cause[0]]
        holds = kind.holds(cause, now)
        if holds is (cause in self._reach):
            return False
        if holds:
            upto = self._shelves.get("counter", ALERT_KIND) or 0
            self._shelves.put(KIND, cause, Reach(upto=upto))
            kind.begin(cause)
            self._leaving.discard(cause)
            self._unlooked.add(cause)
            self._look_into(cause, now)
        else:
            kind.end(cause)
            self._shelves.drop(KIND, cause)
            self._unlooked.discard(cause)
            self._let_out(cause, now)
        if cause.startswith(WINDOW):
            self._say(cause, "began" if holds else "over")
        return True

    def _advance(self, now: int) -> None:
        """Go on with what could not be looked at in one go."""
        for cause in sorted(self._unlooked):
            self._look_into(cause, now)
        for cause in sorted(self._leaving):
            self._let_out(cause, now)

    def _look_into(self, cause: str, now: int) -> None:
        """Look at the next alerts that stood when a cause began."""
        reach = self._reach[cause]
        places = self._kinds[cause[0]].where(cause)
        found = (no for no in self._standing.of(places) if reach.looked < no <= reach.upto)
        numbers = nsmallest(self._room, found)
        looked = reach.upto if len(numbers) < self._room else max(numbers, default=reach.looked)
        self._shelves.put(KIND, cause, Reach(upto=reach.upto, looked=looked))
        if looked >= reach.upto:
            self._unlooked.discard(cause)
        self._look_at(numbers, now)

    def _let_out(self, cause: str, now: int) -> None:
        """Look at the next alerts that a cause hid which is over."""
        hidden = self._hiding.get(cause, set())
        self._look_at(nsmallest(self._room, hidden), now)
        if cause in self._hiding:
            self._leaving.add(cause)

    def _look_at(self, numbers: list[int], now: int) -> None:
        self._room -= len(numbers)
        for no in numbers:
            self._look(self._alert(no), now)

    def _look(self, standing: Alert, now: int) -> None:
        """Hide an alert or show it again, where that is not what it is; of one that is over nothing is heard yet."""
        causes = self._causes_of(standing) if standing.unresolved else standing.hidden_by
        if causes != standing.hidden_by:
            alert = self._book.edit(standing.id)
            if causes:
                self._hide(alert, causes, now)
            else:
                self._show(alert, now)
        self._note(standing)

    def _causes_of(self, alert: Alert) -> tuple[str, ...]:
        """Return what hides an alert now; nothing hides what was handed up."""
        if alert.status is Status.ESCALATED:
            return ()
        found = [cause for kind in self._kinds.values() for cause in kind.of(alert)]
        return tuple(found[:HIDDEN_BY_MAX])

    def _hide(self, alert: Alert, causes: tuple[str, ...], now: int) -> None:
        gone = [cause for cause in alert.hidden_by if cause not in causes]
        why = [self._kinds[cause[0]].why(cause, alert) for cause in causes]
        ends = [at for _, at in why if at is not None]
        if alert.status is not Status.SUPPRESSED:
            alert.former_status = alert.status
        alert.hide(causes, max(ends) if len(ends) == len(why) else None)
        self._book.move(alert, Status.SUPPRESSED)
        reasons = [f"{self._why_not(gone)}, still hidden" if gone else "", *(text for text, _ in why)]
        self._book.follow(alert, "suppressed", _said(reasons), now=now)

    def _show(self, alert: Alert, now: int) -> None:
        gone, former = list(alert.hidden_by), alert.former_status
        snoozes = [silence for name in gone if (silence := self.silences.get(name)) is not None]
        if snoozes:
            alert.snoozed_by, alert.snooze_ended_at = snoozes[-1].author, now
        alert.show()
        if alert.status is Status.SUPPRESSED:
            self._book.move(alert, former or Status.OPEN)
            self._book.follow(alert, "unsuppressed", self._why_not(gone), now=now)

    def _why_not(self, gone: list[str]) -> str:
        return _said([self._kinds[cause[0]].why_not(cause) for cause in gone])

    def _note(self, alert: Alert) -> None:
        """Keep in mind which causes hide an alert."""
        former, causes = self._noted.pop(alert.no, ()), alert.hidden_by
        for cause in former:
            if cause not in causes:
                numbers = self._hiding[cause]
                numbers.discard(alert.no)
                if not numbers:
                    del self._hiding[cause]
                    self._leaving.discard(cause)
                self._say(cause, "hiding")
        for cause in causes:
            if cause not in former:
                self._hiding.setdefault(cause, set()).add(alert.no)
                self._say(cause, "hiding")
        if causes:
            self._noted[alert.no] = causes

    def _alert(self, no: int) -> Alert:
        alert = self._book.get(f"A-{no}")
        assert alert is not None  # it stands
        return alert

    def _say(self, cause: str, happened: str) -> None:
        """Have something told of a silence or a window; what people did to it goes before what came of it."""
        if cause[0] in SAID_OF and _RANKS.get(happened, 2) >= _RANKS.get(self._news.get(cause, "hiding"), 2):
            self._news[cause] = happened


_ENDS: Final = ("ended", "resolved")
_RANKS: Final = {"hiding": 0, "began": 1, "over": 1}


def _said(reasons: list[str]) -> str:
    """Return reasons as one sentence, the first few of many."""
    given = [reason for reason in reasons if reason]
    more = [f"and {len(given) - REASONS_MAX} more"] if len(given) > REASONS_MAX else []
    return "; ".join(given[:REASONS_MAX] + more)
