"""What people do to silences: plan one, end it, take it back; and how they end by themselves."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from nocd.domain.command import Command, Refused
from nocd.domain.instant import DAY_MS, MINUTE_MS, SECOND_MS
from nocd.domain.silence import KEPT_MS, KIND, SILENCE_MAX_DAYS, SILENCES_MAX, EndedBy, Matcher, Silence
from nocd.triage.matchers import vague

if TYPE_CHECKING:
    from nocd.domain.alert import Alert
    from nocd.domain.shelf import Shelves

VERBS: Final = frozenset({"plan_silence", "end_silence"})
UNDO_WITHIN_MS: Final = 10 * SECOND_MS


class Silences:
    """Every silence that is in force, and those that ended lately; `moved` names those that began or ended."""

    def __init__(self, shelves: Shelves) -> None:
        """Take up what the shelves hold."""
        self._shelves = shelves
        self._silences: dict[str, Silence] = shelves.kind(KIND)
        self._until_resolved: dict[str, set[str]] = {}
        self.moved: deque[tuple[str, str]] = deque()  # (silence, what happened to it)
        for silence in self._silences.values():
            self._place(silence)

    def all(self) -> list[Silence]:
        """Return every silence that is kept."""
        return list(self._silences.values())

    def get(self, name: str) -> Silence | None:
        """Return a silence by its id, or None."""
        return self._silences.get(name)

    def act(self, command: Command, *, now: int) -> Silence:
        """Carry out a command; return the silence after it. Raises Refused."""
        if command.verb == "end_silence":
            return self.end(command.target, command.actor, now=now)
        matchers = tuple(Matcher(**each) for each in command.args["matchers"])
        return self._plan(command, matchers, ends_at=command.args["ends_at"], now=now)

    def of_alert(self, alert: Alert, command: Command, *, now: int) -> Silence:
        """Silence what is like an alert for as long as asked, or until it is resolved. Raises Refused."""
        matchers = [Matcher(name="fingerprint", op="=", value=alert.fingerprint)]
        if alert.site is not None:
            matchers.append(Matcher(name="site", op="=", value=alert.site))
        minutes = command.args.get("minutes")
        ends_at = None if minutes is None else now + int(minutes) * MINUTE_MS
        return self._plan(command, tuple(matchers), ends_at=ends_at, now=now, alert=alert.id)

    def end(self, name: str, actor: str, *, now: int) -> Silence:
        """End a silence; who planned it a moment ago takes it back. Raises Refused."""
        silence = self._silences.get(name)
        if silence is None:
            raise Refused("not_found", f"there is no silence {name}")
        if not silence.in_force:
            raise Refused("over", f"{name} is over already: {silence.ended_by}")
        fresh = actor == silence.author and now <= silence.starts_at + UNDO_WITHIN_MS
        return self._end(silence, "undone" if fresh else "ended", now=now)

    def expire(self, name: str, *, now: int) -> None:
        """End a silence whose time is over."""
        silence = self._silences.get(name)
        if silence is not None and silence.in_force and silence.ends_at is not None and silence.ends_at <= now:
            self._end(silence, "expired", now=now)

    def resolved(self, alert_id: str, *, now: int) -> None:
        """End what lasts until an alert is resolved, for it is."""
        for name in sorted(self._until_resolved.get(alert_id, ())):
            self._end(self._silences[name], "resolved", now=now)

    def unresolved(self, alert_id: str, *, now: int) -> None:
        """Put back in force what ended with the resolve of an alert, for that was taken back."""
        for silence in sorted(self.all(), key=lambda each: each.no):
            late = silence.ended_at is None or now > silence.ended_at + UNDO_WITHIN_MS
            if silence.alert == alert_id and silence.ended_by == "resolved" and not late and self._room():
                self._keep(replace(silence, ended_at=None, ended_by=None), "revived")

    def forget_before(self, instant: int) -> None:
        """Let go of silences that ended before `instant` (ms), and of the oldest past the bound."""
        over = sorted((each.ended_at, each.no) for each in self.all() if each.ended_at is not None)
        surplus = len(over) - SILENCES_MAX
        for place, (ended_at, no) in enumerate(over):
            if ended_at < instant or place < surplus:
                self._shelves.drop(KIND, f"S-{no}")

    def _plan(
        self,
        command: Command,
        matchers: tuple[Matcher, ...],
        *,
        ends_at: int | None,
        now: int,
        alert: str | None = None,
    ) -> Silence:
        if not self._room():
            raise Refused("too_many_silences", f"{SILENCES_MAX} silences are in force already; end some")
        if ends_at is not None and not now < ends_at <= now + SILENCE_MAX_DAYS * DAY_MS:
            raise Refused("bad_silence", f"a silence ends in the future, {SILENCE_MAX_DAYS} days from now at most")
        if vague(matchers):
            raise Refused("bad_silence", "a silence demands at least one value: this one would hide everything")
        self.forget_before(now - KEPT_MS)
        number = (self._shelves.get("counter", KIND) or 0) + 1
        self._shelves.put("counter", KIND, number)
        silence = Silence(
            id=f"S-{number}",
            no=number,
            matchers=matchers,
            starts_at=now,
            ends_at=ends_at,
            author=command.actor,
            comment=str(command.args.get("comment") or command.args.get("note") or ""),
            alert=alert,
        )
        return self._keep(silence, "planned")

    def _room(self) -> bool:
        return sum(silence.in_force for silence in self._silences.values()) < SILENCES_MAX

    def _end(self, silence: Silence, how: EndedBy, *, now: int) -> Silence:
        return self._keep(replace(silence, ended_at=now, ended_by=how), how)

    def _keep(self, silence: Silence, happened: str) -> Silence:
        self._shelves.put(KIND, silence.id, silence)
        self._place(silence)
        self.moved.append((silence.id, happened))
        return silence

    def _place(self, silence: Silence) -> None:
        """Keep in mind what lasts until an alert is resolved."""
        if silence.alert is None or silence.ends_at is not None:
            return
        names = self._until_resolved.setdefault(silence.alert, set())
        if silence.in_force:
            names.add(silence.id)
        else:
            names.discard(silence.id)
            if not names:
                del self._until_resolved[silence.alert]
