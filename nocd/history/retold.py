"""Stored commands retold to an engine that numbered things otherwise: each id becomes that of the same thing there."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from nocd.baseline.acts import VERBS as THRESHOLD_VERBS
from nocd.detect.failures import JOB_FAILED
from nocd.detect.work import ENTITY as TICKET
from nocd.domain.command import HEARTBEAT, Command
from nocd.fraud.steps import MODEL_STEP
from nocd.store.rows import number
from nocd.triage.lifecycle import VERBS as ALERT_VERBS
from nocd.triage.maintenance import VERBS as MAINTENANCE_VERBS
from nocd.triage.silences import VERBS as SILENCE_VERBS
from nocd.triage.ticket_acts import CREATE
from nocd.triage.ticket_acts import VERBS as TICKET_VERBS

if TYPE_CHECKING:
    from nocd.engine import Engine
    from nocd.store.sqlite import sqlite3

_MADE: Final = ("plan_maintenance", "plan_silence", CREATE)
_AS_THEY_ARE: Final = THRESHOLD_VERBS | {HEARTBEAT, JOB_FAILED, MODEL_STEP, *_MADE} - {CREATE}
_WORK: Final = re.compile(rf"\|{TICKET}:(T-[0-9]+)$")  # an alert about a ticket
_ID: Final = re.compile(r"[AT]-[0-9]{1,18}")


class Known:
    """What stored ids stand for: an alert's trouble, a ticket's key, who made a window, silence or ticket when."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Look up in a tenant's file."""
        self._connection = connection
        rows = connection.execute(
            "SELECT target, act, time, actor FROM audit WHERE act IN (?, ?, ?) ORDER BY no DESC LIMIT 10000", _MADE
        )
        self._made = {(act, time, actor): target for target, act, time, actor in rows}

    def trouble(self, alert_id: str) -> str | None:
        """Return an alert's fingerprint."""
        return self._word("SELECT fingerprint FROM alerts WHERE no = ?", alert_id)

    def key(self, ticket_id: str) -> str | None:
        """Return a ticket's key."""
        return self._word("SELECT key FROM tickets WHERE no = ?", ticket_id)

    def made(self, command: Command) -> str | None:
        """Return the id of what a command made when it was carried out."""
        return self._made.get((command.verb, command.time, command.actor))

    def _word(self, sql: str, name: str) -> str | None:
        if _ID.fullmatch(name) is None:
            return None
        row = self._connection.execute(sql, (number(name),)).fetchone()
        return None if row is None else str(row[0])


class Retold:
    """Hands one engine the commands that were given to another; counts those that make no sense to it."""

    def __init__(self, engine: Engine, known: Known, *, steered: frozenset[str] = frozenset()) -> None:
        """Act on `engine`; commands on the thresholds of `steered` baselines are left out."""
        self._engine = engine
        self._known = known
        self._steered = steered
        self._ids: dict[str, str] = {}
        self.left_out = 0

    def apply(self, command: Command) -> None:
        """Carry a command out as far as there is the same thing here."""
        meant = self._meant(command)
        reply = None if meant is None else self._engine.apply(meant)
        if reply is None or not reply.ok:
            self.left_out += 1
        elif command.verb in _MADE and (former := self._known.made(command)) is not None:
            self._ids[former] = str(reply.body["id"])

    def _meant(self, command: Command) -> Command | None:
        verb = command.verb
        plain = replace(command, recalled=None, recalled_ticket=None, recalled_alerts=())
        if verb in _AS_THEY_ARE:
            return None if command.target in self._steered else plain
        if verb in ALERT_VERBS:
            return self._at(plain, self._alert(command.target))
        if verb in TICKET_VERBS:
            return self._ticket(plain)
        if verb in MAINTENANCE_VERBS | SILENCE_VERBS:
            return self._at(plain, self._ids.get(command.target))
        return None  # what is numbered anew each time: incidents, runs of playbooks; and what decides nothing

    def _ticket(self, command: Command) -> Command | None:
        if command.verb == CREATE:
            alerts = [self._alert(each) for each in command.args.get("alerts", [])]
            return replace(command, args={**command.args, "alerts": [each for each in alerts if each is not None]})
        return self._at(command, self._own_ticket(command.target))

    def _own_ticket(self, ticket_id: str) -> str | None:
        if (own := self._ids.get(ticket_id)) is not None:
            return own
        key = self._known.key(ticket_id)
        ticket = None if key is None else self._engine.triage.tickets.of_key(key)
        return None if ticket is None else ticket.id

    def _alert(self, alert_id: str) -> str | None:
        trouble = self._known.trouble(alert_id)
        if trouble is None:
            return None
        if (work := _WORK.search(trouble)) is not None:
            trouble = f"{trouble[: work.start(1)]}{self._own_ticket(work[1])}"
        book = self._engine.triage.book
        standing = book.standing(trouble)
        held = [standing] if standing is not None else [each for each in book.all() if each.fingerprint == trouble]
        return held[-1].id if held else None

    @staticmethod
    def _at(command: Command, target: str | None) -> Command | None:
        return None if target is None else replace(command, target=target)
