"""How each action of a playbook is done, and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nocd.domain.alert import Status
from nocd.domain.command import Command, Refused
from nocd.domain.delivery import Delivery
from nocd.domain.instant import rfc3339
from nocd.domain.playbook import AUTHOR

if TYPE_CHECKING:
    from collections.abc import Callable

    from nocd.domain.alert import Alert
    from nocd.domain.playbook import Deed, Run, StepState
    from nocd.triage.acts import Acts
    from nocd.triage.following import Teller
    from nocd.triage.notifications import Notifications

    CreateTicket = Callable[[Alert, str, int], str]  # (alert, why, now) → which ticket came of it; may raise Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Did:
    """What came of a step: its state, why, whose answer is awaited, and until when it waits by itself (UTC ms)."""

    state: StepState
    reason: str
    awaiting: tuple[str, ...] = ()
    due: int | None = None


class Steps:
    """Does the actions of playbooks."""

    def __init__(
        self,
        *,
        acts: Acts,
        notifications: Notifications,
        teller: Teller,
        create_ticket: CreateTicket | None = None,
    ) -> None:
        """Act on alerts by `acts`, tell receivers by `notifications`, and make tickets by `create_ticket`."""
        self._acts = acts
        self._notifications = notifications
        self._teller = teller
        self._create_ticket = create_ticket
        self._deeds: dict[Deed, Callable[[Run, int, Alert, int], Did]] = {
            "notify": self._notify,
            "create_ticket": self._ticket,
            "assign": self._assign,
            "webhook": self._webhook,
            "note": self._note,
            "escalate": self._escalate,
        }

    def do(self, run: Run, number: int, alert: Alert, *, now: int) -> Did:
        """Do the step of that number for an alert; never raises Refused."""
        action = run.steps[number].action
        if alert.severity.rank < action.min_severity.rank:
            return Did(state="skipped", reason=f"{alert.severity} is below {action.min_severity}")
        if alert.status is Status.SUPPRESSED:
            return Did(state="skipped", reason=f"the alert is suppressed by {alert.suppressed_by}")
        try:
            return self._deeds[action.do](run, number, alert, now)
        except Refused as refused:
            return Did(state="failed", reason=refused.detail)

    def _notify(self, run: Run, number: int, alert: Alert, now: int) -> Did:
        action = run.steps[number].action
        knows, waiting = self._notifications.knows(alert)
        hidden = self._notifications.hidden(alert)
        if not action.receivers:
            told = [*knows, *(f"{name} soon" for name in waiting if name not in knows)]
            state: StepState = "done" if told else "skipped"
            why_not = hidden or "no route takes it"
            return Did(state=state, reason=f"its routes tell {', '.join(told)}" if told else why_not)
        wanted = tuple(name for name in action.receivers if name not in knows)
        if not wanted:
            return Did(state="done", reason=f"{', '.join(action.receivers)} knew of it")
        if hidden is not None:
            return Did(state="skipped", reason=hidden)
        by = f"{AUTHOR} {run.playbook}"
        step = run.id, number
        return self._post(wanted, lambda able: self._notifications.tell(alert, able, by=by, step=step, now=now))

    def _webhook(self, run: Run, number: int, alert: Alert, now: int) -> Did:
        action = run.steps[number].action

        def send(able: tuple[str, ...]) -> None:
            for receiver in able:
                self._teller.post(self._message(run, number, alert, receiver, now))

        return self._post(action.receivers, send)

    def _post(self, wanted: tuple[str, ...], send: Callable[[tuple[str, ...]], None]) -> Did:
        """Send to those of `wanted` that can be reached, and await their answer."""
        why = {name: self._notifications.unreachable(name) for name in wanted}
        able = tuple(name for name, reason in why.items() if reason is None)
        reasons = "; ".join(reason for reason in why.values() if reason is not None)
        if not able:
            return Did(state="failed", reason=reasons)
        send(able)
        return Did(state="running", reason=reasons, awaiting=able)

    def _message(self, run: Run, number: int, alert: Alert, receiver: str, now: int) -> Delivery:
        view = self._teller.view(alert)
        text = run.steps[number].action.text
        data: dict[str, Any] = {"playbook": run.playbook, "run": run.id, "step": number, "text": text}
        entry = {"status": "standing", "happened": f"{AUTHOR} {run.playbook}", "alert": view}
        return Delivery(
            receiver=receiver,
            alerts=(alert.id,),
            body={"type": AUTHOR, "timestamp": rfc3339(now), "data": {**data, "alerts": [entry]}},
            created_at=now,
            run=run.id,
            step=number,
            site=alert.site,
            client=view.get("client"),
        )

    def _ticket(self, run: Run, _: int, alert: Alert, now: int) -> Did:
        if self._create_ticket is None:
            return Did(state="skipped", reason="there are no tickets here")
        return Did(state="done", reason=self._create_ticket(alert, f"{AUTHOR} {run.playbook}", now))

    def _assign(self, run: Run, number: int, alert: Alert, now: int) -> Did:
        assignee = run.steps[number].action.assignee
        self._act("assign", run, alert, now, {"assignee": assignee})
        return Did(state="done", reason=f"to {assignee}")

    def _note(self, run: Run, number: int, alert: Alert, now: int) -> Did:
        self._act("note", run, alert, now, {"text": run.steps[number].action.text})
        return Did(state="done", reason="written down")

    def _escalate(self, run: Run, _: int, alert: Alert, now: int) -> Did:
        """Hand an alert on when its runbook's time has passed and nobody has taken it up."""
        if alert.status is Status.ESCALATED:
            return Did(state="done", reason="it was handed up already")
        if alert.status is not Status.OPEN:
            return Did(state="skipped", reason=f"it is {alert.status}")
        if now < run.escalate_at:
            return Did(state="waiting", reason="", due=run.escalate_at)
        self._act("escalate", run, alert, now, {})
        return Did(state="done", reason="nobody had taken it up")

    def _act(self, verb: str, run: Run, alert: Alert, now: int, args: dict[str, Any]) -> None:
        actor = f"{AUTHOR} {run.playbook}"
        self._acts.act(alert.id, Command(verb=verb, target=alert.id, actor=actor, time=now, args=args), now=now)
