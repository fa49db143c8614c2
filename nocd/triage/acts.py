"""What operators do to alerts: checked against the table, carried out, answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nocd.domain.alert import Alert, Status, Undo, Verdict
from nocd.domain.command import Command, Refused
from nocd.domain.instant import MINUTE_MS, SECOND_MS, rfc3339
from nocd.triage.lifecycle import after_end, refusal, target
from nocd.triage.silences import UNDO_WITHIN_MS

if TYPE_CHECKING:
    from collections.abc import Callable

    from nocd.domain.event import Event
    from nocd.triage.book import AlertBook
    from nocd.triage.silences import Silences

_UNDOABLE = (
    "status",
    "former_status",
    "suppressed_by",
    "hidden_by",
    "suppressed_until",
    "acknowledged_by",
    "acknowledged_at",
    "ack_expires_at",
    "resolved_by",
    "resolved_at",
    "verdict",
    "judged_at",
    "judged_before",
    "ended_unseen",
    "ended_time",
)


class Acts:
    """Carries out commands on the alerts of a book."""

    def __init__(self, book: AlertBook, silences: Silences, *, ack_expires_ms: int) -> None:
        """Work on `book` and `silences`; an acknowledgement that names no time holds `ack_expires_ms`."""
        self._book = book
        self._silences = silences
        self._ack_expires_ms = ack_expires_ms

    def act(self, alert_id: str, command: Command, *, now: int) -> Alert:
        """Carry out a command on a held alert and return it; raises Refused."""
        standing = self._book.get(alert_id)
        if standing is None:
            raise Refused("not_found", f"there is no alert {alert_id}")
        reason = refusal(command.verb, standing)
        if reason is not None:
            raise Refused("not_in_this_status", reason)
        if command.verb == "undo":
            return self._undo(standing, command, now=now)
        other = self._book.standing(standing.fingerprint)
        if command.verb == "reopen" and other is not None and other.unresolved and other.id != alert_id:
            raise Refused("another_stands", f"{other.id} stands for the same trouble already; work on that one")
        do = _AFTER_END[command.verb] if after_end(command.verb, standing) else f"_{command.verb}"
        alert = self._book.edit(alert_id)
        getattr(self, do)(alert, command, now)
        return alert

    def acknowledged(self, alert: Alert | None, event: Event, *, now: int) -> None:
        """Acknowledge an alert whose own monitoring system says that somebody did; no effect where it cannot be."""
        if alert is not None and refusal("ack", alert) is None:
            self.act(alert.id, Command(verb="ack", target=alert.id, actor=event.source, time=event.time), now=now)

    def _ack(self, alert: Alert, command: Command, now: int) -> None:
        self._offer_undo(alert, command, now)
        minutes = command.args.get("expires_minutes")
        _mark_seen(alert, command.actor, now)
        alert.ack_expires_at = now + (self._ack_expires_ms if minutes is None else int(minutes) * MINUTE_MS)
        self._move(alert, command, now)

    def _assign(self, alert: Alert, command: Command, now: int) -> None:
        alert.assignee = str(command.args["assignee"])
        alert.ack_expires_at = alert.undo = None
        self._move(alert, command, now, f"to {alert.assignee}")

    def _start(self, alert: Alert, command: Command, now: int) -> None:
        _mark_seen(alert, command.actor, now)
        alert.assignee = alert.assignee or command.actor
        alert.ack_expires_at = alert.undo = None
        self._move(alert, command, now)

    def _escalate(self, alert: Alert, command: Command, now: int) -> None:
        alert.escalated_at = now
        alert.ack_expires_at = alert.undo = None
        self._move(alert, command, now)

    def _verify(self, alert: Alert, command: Command, now: int) -> None:
        """Take in a duty check: answered, somebody has seen to the alert; unanswered, it goes up at once."""
        how, answered = str(command.args["method"]), command.args["answer"] == "answered"
        what = f"answered by {how}" if answered else f"no answer by {how}"
        if answered and alert.status in (Status.OPEN, Status.ESCALATED):
            self._offer_undo(alert, command, now)
            _mark_seen(alert, command.actor, now)
            alert.ack_expires_at = now + self._ack_expires_ms
            self._move(alert, command, now, what)
        elif answered or alert.status is Status.ESCALATED:
            self._book.decide(alert, "verified", _words(command, what), now=now, actor=command.actor)
        else:
            self._book.move(alert, Status.ESCALATED)
            alert.escalated_at = now
            alert.ack_expires_at = alert.undo = None
            self._book.decide(alert, "escalated", _words(command, what), now=now, actor=command.actor)

    def _resolve(self, alert: Alert, command: Command, now: int) -> None:
        self._offer_undo(alert, command, now)
        alert.judged_before, alert.judged_at = alert.judged_at, now
        alert.verdict = Verdict(command.args["verdict"])
        if alert.acknowledged_at is None:
            _mark_seen(alert, command.actor, now)
        alert.resolved_by, alert.resolved_at, alert.ack_expires_at = command.actor, now, None
        alert.show()
        alert.ended_unseen = False
        self._move(alert, command, now, f"verdict {alert.verdict}")

    def _reopen(self, alert: Alert, command: Command, now: int) -> None:
        alert.resolved_by = alert.resolved_at = alert.ended_time = alert.ack_expires_at = None
        alert.verdict, alert.judged_at = None, alert.judged_before  # this verdict is taken back; an earlier one stays
        alert.ended_unseen = False
        alert.undo = None
        alert.renewed_at = now
        self._move(alert, command, now)

    def _silence(self, alert: Alert, command: Command, now: int) -> None:
        silence = self._silences.of_alert(alert, command, now=now)
        before = {"silence": silence.id}
        alert.undo = Undo(verb=command.verb, actor=command.actor, until=now + UNDO_WITHIN_MS, before=before)
        until = "it is resolved" if silence.ends_at is None else rfc3339(silence.ends_at)
        what = f"{silence.id} until {until}"
        self._book.decide(alert, "silenced", _words(command, what), now=now, actor=command.actor)

    def _note(self, alert: Alert, command: Command, now: int) -> None:
        alert.notes += 1
        self._book.decide(alert, "note", str(command.args["text"]), now=now, actor=command.actor)

    def _look_at(self, alert: Alert, command: Command, now: int) -> None:
        alert.ended_unseen = False
        _mark_seen(alert, command.actor, now)
        self._book.decide(alert, "seen", _words(command, "ended before anyone saw it"), now=now, actor=command.actor)

    def _judge(self, alert: Alert, command: Command, now: int) -> None:
        """Say what an alert was that ended by itself: as good a label as any."""
        self._offer_undo(alert, command, now)
        alert.judged_before, alert.judged_at = alert.judged_at, now
        alert.verdict = Verdict(command.args["verdict"])
        alert.ended_unseen = False
        _mark_seen(alert, command.actor, now)
        words = _words(command, f"verdict {alert.verdict} after it ended")
        self._book.decide(alert, "judged", words, now=now, actor=command.actor)

    def _undo(self, standing: Alert, command: Command, *, now: int) -> Alert:
        """Put back all that an acknowledge or resolve replaced."""
        undo, reason = standing.undo, _not_undone(standing, command, now)
        if undo is None or reason:
            raise Refused("nothing_to_undo", reason)
        if undo.verb == "silence":
            self._silences.end(undo.before["silence"], command.actor, now=now)
        alert = self._book.edit(standing.id)
        if undo.verb != "silence":
            self._put_back(alert, undo)
        alert.undo = None
        self._book.decide(alert, "undone", f"{undo.verb} taken back", now=now, actor=command.actor)
        return alert

    def _put_back(self, alert: Alert, undo: Undo) -> None:
        before = {name: _as_was(name, value) for name, value in undo.before.items()}
        status = before.pop("status")
        for name, value in before.items():
            setattr(alert, name, value)
        if status is not alert.status:  # a verdict on what ended before moved nothing
            self._book.move(alert, status)

    def _move(self, alert: Alert, command: Command, now: int, what: str = "") -> None:
        self._book.move(alert, target(command.verb))
        self._book.decide(alert, _PAST[command.verb], _words(command, what), now=now, actor=command.actor)

    @staticmethod
    def _offer_undo(alert: Alert, command: Command, now: int) -> None:
        before: dict[str, Any] = {name: getattr(alert, name) for name in _UNDOABLE}
        alert.undo = Undo(verb=command.verb, actor=command.actor, until=now + UNDO_WITHIN_MS, before=before)


# What a stored form cannot tell from text or list.
_STORED_AS: dict[str, Callable[[Any], Any]] = {
    "status": Status,
    "former_status": Status,
    "verdict": Verdict,
    "hidden_by": tuple,
}
_AFTER_END = {"ack": "_look_at", "resolve": "_judge"}
_PAST = {
    "ack": "acknowledged",
    "assign": "assigned",
    "start": "started",
    "escalate": "escalated",
    "verify": "verified",
    "resolve": "resolved",
    "reopen": "reopened",
}


def _not_undone(alert: Alert, command: Command, now: int) -> str:
    """Return why there is nothing for this actor to take back now, empty where there is."""
    undo, seconds = alert.undo, UNDO_WITHIN_MS // SECOND_MS
    if undo is None:
        return f"nothing done to {alert.id} waits to be undone: ack, resolve and silence can be, for {seconds} s"
    if undo.actor != command.actor:
        return f"the {undo.verb} of {alert.id} was by {undo.actor}, and only they can take it back"
    if now > undo.until:
        late = (now - undo.until) / SECOND_MS
        return f"the {undo.verb} of {alert.id} can no longer be undone: its {seconds} s were over {late:.1f} s ago"
    return ""


def _as_was(name: str, value: Any) -> Any:
    return value if value is None else _STORED_AS.get(name, _same)(value)


def _same(value: Any) -> Any:
    return value


def _mark_seen(alert: Alert, actor: str, now: int) -> None:
    """Keep who acknowledged first, and when: it is what the time to acknowledge is measured to."""
    if alert.acknowledged_at is None:
        alert.acknowledged_at = now
    alert.acknowledged_by = actor


def _words(command: Command, what: str) -> str:
    note = str(command.args.get("note") or "")
    return ": ".join(part for part in (what, note) if part) or f"by {command.actor}"
