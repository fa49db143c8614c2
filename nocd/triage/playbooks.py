"""Playbooks: each begun at most once for an alert, carried on over restarts, and every step with its outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from nocd.domain.alert import Status
from nocd.domain.command import Refused
from nocd.domain.delivery import STEP_TOLD
from nocd.domain.instant import MINUTE_MS, SECOND_MS
from nocd.domain.playbook import STEP_LIVE, Run, Step, Use
from nocd.triage.book import SYSTEM
from nocd.triage.deadlines import Deadlines
from nocd.wire.present import run_view

if TYPE_CHECKING:
    from collections.abc import Callable

    from nocd.domain.alert import Alert
    from nocd.domain.command import Command
    from nocd.domain.playbook import RunStatus, StepState
    from nocd.domain.roster import Roster
    from nocd.domain.shelf import Shelves
    from nocd.triage.book import AlertBook
    from nocd.triage.following import Teller
    from nocd.triage.runbooks import Runbook, Runbooks
    from nocd.triage.steps import Did, Steps

KIND: Final = "playbook_run"
USE_KIND: Final = "runbook_use"
START, APPROVE, CANCEL = "start_playbook", "approve_playbook", "cancel_playbook"
VERBS: Final = frozenset({START, APPROVE, CANCEL, STEP_TOLD})
_BEGIN: Final = frozenset({"opened", "severity_raised", "unsuppressed"})
_OVER: Final = frozenset({"resolved", "ended"})


class Playbooks:
    """Follows what is decided about alerts, and does what their runbooks let it do."""

    def __init__(
        self,
        shelves: Shelves,
        runbooks: Runbooks,
        *,
        book: AlertBook,
        steps: Steps,
        teller: Teller,
        roster: Roster,
        live: Callable[[int], None],
    ) -> None:
        """Take up the runs on the shelves; `live` moves the clock (UTC ms) where a command is carried out."""
        self._shelves, self._runbooks, self._book = shelves, runbooks, book
        self._steps, self._teller, self._roster, self._live = steps, teller, roster, live
        self._runs: dict[str, Run] = shelves.kind(KIND)
        self._uses: dict[str, Use] = shelves.kind(USE_KIND)
        self._of: dict[str, set[str]] = {}
        self._deadlines = Deadlines()
        self._do: dict[str, Callable[[Command, int], Run]] = {
            START: self._start,
            APPROVE: self._approve,
            CANCEL: self._cancel,
            STEP_TOLD: self._told,
        }
        for run in self._runs.values():
            self._of.setdefault(run.alert, set()).add(run.id)
            self._deadlines.plan(run.id, run.due)

    def heard(self, alert: Alert, decision: str, *, now: int) -> None:
        """Begin what an alert's runbook does by itself; cancel what is left of it when the alert is over."""
        if decision == "opened" and alert.runbook is not None:
            self._use(alert.runbook).alerts += 1
        if decision in _BEGIN and alert.status is not Status.SUPPRESSED:
            runbook = self._runbooks.named(alert.runbook)
            if runbook is not None and runbook.playbook and runbook.id not in alert.ran:
                self._begin(alert, runbook, SYSTEM, now)
        elif decision in _OVER:
            self._count(alert)
            for run_id in sorted(self._of.get(alert.id, ())):
                self._stop(self._edit(run_id), f"the alert was {decision}", now)

    def tick(self, now: int) -> bool:
        """Carry on what waited for its time, and fail what took too long."""
        due = self._deadlines.take(now)
        for run_id in due:
            run = self._edit(run_id)
            for step in run.steps:
                if step.state == "running":
                    late = f"no word from {', '.join(step.awaiting)} within {step.action.timeout_s} s"
                    self._end_step(step, "failed", late, now)
            self._go_on(run, now)
        return bool(due)

    def next_due(self) -> int | None:
        """Return when time alone moves a run on (UTC ms), or None."""
        return self._deadlines.next()

    def use(self, runbook: str) -> Use:
        """Return what came of a runbook so far, for reading."""
        return self._uses.get(runbook) or Use()

    def act(self, command: Command, now: int) -> dict[str, Any]:
        """Carry out a command on a playbook or a run; return the run. Raises Refused."""
        return self._view(self._do[command.verb](command, now))

    def _start(self, command: Command, now: int) -> Run:
        runbook, alert = self._runbooks.named(command.target), self._book.get(str(command.args["alert"]))
        if runbook is None or not runbook.playbook:
            raise Refused("not_found", f"there is no playbook {command.target}")
        if alert is None or not alert.unresolved or alert.status is Status.SUPPRESSED:
            raise Refused(
                "not_in_this_status", f"{command.args['alert']} does not stand; a playbook is for those that do"
            )
        if runbook.id in alert.ran:
            raise Refused("ran_already", f"{runbook.id} ran for {alert.id} already; each step is done once at most")
        self._live(now)
        return self._begin(alert, runbook, command.actor, now)

    def _approve(self, command: Command, now: int) -> Run:
        standing = self._unfinished(command.target)
        number = next((number for number, step in enumerate(standing.steps) if step.state == "approval"), None)
        if number is None:
            raise Refused("nothing_to_approve", f"no step of {standing.id} waits to be approved")
        self._live(now)
        run = self._edit(standing.id)
        run.steps[number].state, run.steps[number].approved_by = "waiting", command.actor
        self._go_on(run, now)
        return run

    def _cancel(self, command: Command, now: int) -> Run:
        standing = self._unfinished(command.target)
        self._live(now)
        run = self._edit(standing.id)
        self._stop(run, f"cancelled by {command.actor}", now)
        return run

    def _told(self, command: Command, now: int) -> Run:
        """Take in what became of a message that a step sent."""
        standing = self._unfinished(command.target)
        number, receiver = int(command.args["step"]), str(command.args["receiver"])
        if receiver not in standing.steps[number].awaiting:
            raise Refused("not_awaited", f"step {number} of {standing.id} does not wait for {receiver}")
        self._live(now)
        run = self._edit(standing.id)
        step = run.steps[number]
        step.awaiting.remove(receiver)
        step.reason = "; ".join(filter(None, (step.reason, f"{receiver}: {command.args['detail']}")))
        if not command.args["ok"]:
            self._end_step(step, "failed", step.reason, now)
        elif not step.awaiting:
            self._end_step(step, "done", step.reason, now)
        self._go_on(run, now)
        return run

    def _begin(self, alert: Alert, runbook: Runbook, actor: str, now: int) -> Run:
        number = (self._shelves.get("counter", KIND) or 0) + 1
        self._shelves.put("counter", KIND, number)
        run = Run(
            id=f"R-{number}",
            no=number,
            playbook=runbook.id,
            alert=alert.id,
            actor=actor,
            started_at=now,
            escalate_at=now + runbook.escalation_minutes * MINUTE_MS,
            steps=[Step(action=action) for action in runbook.playbook],
            site=alert.site,
            person=alert.person,
            severity=alert.severity,
        )
        self._shelves.put(KIND, run.id, run)
        self._of.setdefault(alert.id, set()).add(run.id)
        self._use(runbook.id).runs += 1
        self._book.edit(alert.id).ran.append(runbook.id)
        self._go_on(run, now)
        return run

    def _go_on(self, run: Run, now: int) -> None:
        """Take steps until one has to wait, or none is left."""
        alert = self._book.get(run.alert)
        for number, step in enumerate(run.steps):
            if step.state == "waiting" and alert is not None:
                self._take(run, number, alert, now)
            if step.state in STEP_LIVE:
                self._wait(run, step, now)
                return
            if step.state == "failed" and step.action.critical:
                break
        self._end(run, _outcome(run), "not reached: a critical step failed", now)

    def _take(self, run: Run, number: int, alert: Alert, now: int) -> None:
        step = run.steps[number]
        if not step.action.auto and step.approved_by is None and alert.severity.rank >= step.action.min_severity.rank:
            step.state = "approval"
            return
        did: Did = self._steps.do(run, number, alert, now=now)
        if did.state == "waiting":
            run.due = did.due
            return
        step.started_at = now
        if did.state == "running":
            step.state, step.reason, step.awaiting = "running", did.reason, list(did.awaiting)
            run.due = now + step.action.timeout_s * SECOND_MS
        else:
            self._end_step(step, did.state, did.reason, now)

    def _wait(self, run: Run, step: Step, now: int) -> None:
        run.status = "pending" if step.state == "approval" else "running"
        run.due = None if step.state == "approval" else run.due
        self._deadlines.plan(run.id, run.due)
        self._say(run, now)

    @staticmethod
    def _end_step(step: Step, state: StepState, reason: str, now: int) -> None:
        step.state, step.reason, step.ended_at, step.awaiting = state, reason, now, []

    def _stop(self, run: Run, reason: str, now: int) -> None:
        self._end(run, "cancelled", reason, now)

    def _end(self, run: Run, status: RunStatus, reason: str, now: int) -> None:
        """End a run; steps that were not reached say why."""
        for step in run.steps:
            if step.state in STEP_LIVE:
                self._end_step(step, "cancelled", reason, now)
        run.status, run.ended_at, run.due = status, now, None
        use = self._use(run.playbook)
        use.runs_ended, use.runs_ms = use.runs_ended + 1, use.runs_ms + now - run.started_at
        use.succeeded += status == "success"
        self._deadlines.plan(run.id, None)
        self._shelves.drop(KIND, run.id)
        self._of[run.alert].discard(run.id)
        if not self._of[run.alert]:
            del self._of[run.alert]
        self._say(run, now)

    def _say(self, run: Run, now: int) -> None:
        """Tell where a run stands, to the feed and in the alert's ledger."""
        self._teller.ran(run, self._view(run))
        if self._book.get(run.alert) is not None:
            steps = ", ".join(f"{step.action.do} {step.state}" for step in run.steps)
            reason = f"{run.id} of {run.playbook} is {run.status}: {steps}"
            self._book.follow(self._book.edit(run.alert), "playbook", reason, now=now, actor=run.actor)

    def _view(self, run: Run) -> dict[str, Any]:
        return run_view(run, roster=self._roster)

    def _unfinished(self, run_id: str) -> Run:
        run = self._runs.get(run_id)
        if run is None:
            raise Refused("over", f"{run_id} has ended")
        return run

    def _edit(self, run_id: str) -> Run:
        run: Run = self._shelves.edit(KIND, run_id)
        return run

    def _use(self, runbook: str) -> Use:
        if runbook not in self._uses:
            self._shelves.put(USE_KIND, runbook, Use())
        use: Use = self._shelves.edit(USE_KIND, runbook)
        return use

    def _count(self, alert: Alert) -> None:
        if alert.runbook is None or alert.resolved_at is None:
            return
        use = self._use(alert.runbook)
        use.resolved += 1
        use.resolved_ms += alert.resolved_at - alert.opened_at
        use.settled += alert.escalated_at is None


def _outcome(run: Run) -> RunStatus:
    """Return what came of a run none of whose steps waits: skipped ones count for neither."""
    failed = [step for step in run.steps if step.state == "failed"]
    if not failed:
        return "success"
    stopped = any(step.action.critical for step in failed)
    return "partial" if not stopped and any(step.state == "done" for step in run.steps) else "failed"
