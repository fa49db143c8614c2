"""From a command to its reply: who carries out which verb, what is told of it, and why it is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nocd.baseline.acts import VERBS as THRESHOLD_VERBS
from nocd.baseline.acts import ThresholdActs
from nocd.detect.failures import JOB_FAILED, job_failed
from nocd.domain.audit import WITNESSED
from nocd.domain.command import HEARTBEAT, Command, Refused, Reply
from nocd.domain.instant import MINUTE_MS
from nocd.fraud.acts import VERBS as SCORE_VERBS
from nocd.fraud.acts import judged
from nocd.fraud.steps import MODEL_STEP
from nocd.fraud.steps import taken as step_taken
from nocd.triage.handovers import VERBS as HANDOVER_VERBS
from nocd.triage.incident_table import COMMANDS as INCIDENT_VERBS
from nocd.triage.lifecycle import VERBS
from nocd.triage.maintenance import VERBS as MAINTENANCE_VERBS
from nocd.triage.maintenance import MaintenanceActs
from nocd.triage.playbooks import VERBS as PLAYBOOK_VERBS
from nocd.triage.receivers import VERBS as RECEIVER_VERBS
from nocd.triage.silences import VERBS as SILENCE_VERBS
from nocd.triage.ticket_acts import VERBS as TICKET_VERBS
from nocd.wire.present import maintenance_view, silence_view, threshold_change_view, threshold_changed_view
from nocd.wire.present_incidents import incident_view
from nocd.wire.present_tickets import ticket_view

if TYPE_CHECKING:
    from collections.abc import Callable

    from nocd.detect.scene import Scene
    from nocd.telling import Telling
    from nocd.triage.wiring import Triage

STOPPED_MS = 11 * MINUTE_MS  # two heartbeats and a little
STOPS_KEPT = 32


class Commands:
    """Carries out commands; only what is carried out moves the clock, for only that is logged."""

    def __init__(self, scene: Scene, telling: Telling, triage: Triage, *, live: Callable[[int], None]) -> None:
        """Work on `triage` and what lies on `scene`; `live` moves the clock (UTC ms)."""
        self._shelves, self._roster = scene.shelves, scene.roster
        self._telling = telling
        self._triage = triage
        self._live = live
        self._thresholds = ThresholdActs(scene.shelves)
        self._maintenance = MaintenanceActs(scene.shelves)
        self._by_verb: dict[str, Callable[[Command, int], Reply]] = {
            **dict.fromkeys(VERBS, self._act),
            **dict.fromkeys(THRESHOLD_VERBS, self._steer),
            **dict.fromkeys(MAINTENANCE_VERBS, self._maintain),
            **dict.fromkeys(SILENCE_VERBS, self._silence),
            **dict.fromkeys(TICKET_VERBS, self._work),
            **dict.fromkeys(INCIDENT_VERBS, self._regroup),
            HEARTBEAT: self._beat,
            JOB_FAILED: self._job_failed,
            **dict.fromkeys(WITNESSED, self._witness),
            **dict.fromkeys(RECEIVER_VERBS, self._steer_receiver),
            **dict.fromkeys(PLAYBOOK_VERBS, self._play),
            **dict.fromkeys(SCORE_VERBS, self._judge),
            MODEL_STEP: self._model_step,
            **dict.fromkeys(HANDOVER_VERBS, self._hand_over),
        }

    def carry_out(self, command: Command, *, now: int) -> Reply:
        """Return what became of a command at `now` (UTC ms)."""
        do = self._by_verb.get(command.verb)
        if do is None:
            return _refusal(400, "unknown_command", f"there is no command {command.verb}")
        try:
            return do(command, now)
        except Refused as refused:
            return _refusal(404 if refused.code == "not_found" else 409, refused.code, refused.detail)

    def forget_before(self, instant: int) -> None:
        """Let go of maintenance windows and silences that ended before `instant` (UTC ms)."""
        self._triage.suppression.forget_before(instant)
        self._maintenance.forget_before(instant)

    def _act(self, command: Command, now: int) -> Reply:
        """Carry out a command on an alert."""
        recalled = command.recalled if self._triage.book.get(command.target) is None else None
        if recalled is not None:
            self._triage.book.recall(recalled)
        try:
            alert = self._triage.acts.act(command.target, command, now=now)
        except Refused:
            if recalled is not None:
                self._triage.book.let_go(recalled.id)
            raise
        self._live(now)
        if command.verb == "note":
            self._telling.noted(alert, text=command.args["text"], actor=command.actor)
        self._triage.followers.settle(now)
        return _done(self._telling.view(alert))

    def _work(self, command: Command, now: int) -> Reply:
        """Carry out a command on a ticket."""
        ticket = self._triage.ticket_acts.act(command, now=now)
        self._live(now)
        self._triage.followers.settle(now)
        return _done(ticket_view(ticket, roster=self._roster))

    def _regroup(self, command: Command, now: int) -> Reply:
        """Carry out a command on an incident."""
        incident = self._triage.incident_acts.act(command, now=now)
        self._live(now)
        self._triage.followers.settle(now)
        return _done(incident_view(incident, roster=self._roster))

    def _maintain(self, command: Command, now: int) -> Reply:
        """Carry out a command on a maintenance window."""
        window, happened = self._maintenance.act(command, now=now)
        self._live(now)
        self._triage.suppression.moved(now, window.id, happened)
        self._telling.uncovered(now)
        self._triage.followers.settle(now)
        hiding = self._triage.suppression.hiding(window.id)
        return _done(maintenance_view(window, roster=self._roster, now=now, hiding=hiding))

    def _silence(self, command: Command, now: int) -> Reply:
        """Carry out a command on a silence."""
        silence = self._triage.suppression.silences.act(command, now=now)
        self._live(now)
        self._triage.suppression.moved(now)
        self._triage.followers.settle(now)
        return _done(silence_view(silence, roster=self._roster, hiding=self._triage.suppression.hiding(silence.id)))

    def _steer(self, command: Command, now: int) -> Reply:
        """Carry out a command on a threshold."""
        baseline, changes = self._thresholds.act(command, now=now)
        self._live(now)
        site = baseline.series if baseline.series in self._roster.sites else None
        client = self._roster.client(site)
        for change in changes:
            self._telling.outcome.threshold_changes.append((change, site, client))
            self._telling.tell(
                "threshold_changed", threshold_changed_view(change, baseline, roster=self._roster), site=site
            )
        return _done({"id": baseline.id, "change": threshold_change_view(changes[-1]) if changes else None})

    def _beat(self, _: Command, now: int) -> Reply:
        """Know that the daemon lives; where the last sign of it is long ago, it did not between."""
        self._live(now)
        former = self._shelves.get("counter", HEARTBEAT)
        self._shelves.put("counter", HEARTBEAT, now)
        if former is not None and now - former > STOPPED_MS:
            stops = self._shelves.get("stops", "") or []
            self._shelves.put("stops", "", [*stops[1 - STOPS_KEPT :], (former, now)])
        return _done({})

    def _steer_receiver(self, command: Command, now: int) -> Reply:
        """Carry out a command on a receiver, which moves the clock itself."""
        return _done(self._triage.receiver_acts.act(command, now))

    def _play(self, command: Command, now: int) -> Reply:
        """Carry out a command on a playbook, which moves the clock itself."""
        return _done(self._triage.playbooks.act(command, now))

    def _judge(self, command: Command, now: int) -> Reply:
        """Take in what the punch of a score turned out to be."""
        verdict = judged(command, now=now)
        self._live(now)
        self._telling.judged(verdict)
        return _done({"id": verdict.score, "verdict": verdict.verdict})

    def _model_step(self, command: Command, now: int) -> Reply:
        """Take in a step of a model's life."""
        step = step_taken(command, now=now)
        self._live(now)
        self._telling.stepped(step)
        return _done({"kind": step.kind, "version": step.version})

    def _hand_over(self, command: Command, now: int) -> Reply:
        """Carry out a command on the desk's notes and handovers."""
        made, happened = self._triage.handovers.act(command, now=now)
        self._live(now)
        return _done(self._telling.handed_over(made, happened, actor=command.actor))

    def _job_failed(self, command: Command, now: int) -> Reply:
        """Take in that a job of the daemon failed."""
        self._live(now)
        self._telling.found(job_failed(command, time=now))
        return _done({})

    def _witness(self, _: Command, now: int) -> Reply:
        """Take part in nothing: the act is on record before it happens."""
        self._live(now)
        return _done({})


def _done(body: dict[str, Any]) -> Reply:
    return Reply(status=200, body=body)


def _refusal(status: int, code: str, detail: str) -> Reply:
    return Reply(status=status, body={"code": code, "detail": detail})
