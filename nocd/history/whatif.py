"""What if: the stored past folded by two engines, one as things are and one changed, and what only one of them made."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import orjson

from nocd.baseline import calendar
from nocd.detect.work import ENTITY as TICKET
from nocd.domain.alert import Status
from nocd.domain.command import Command
from nocd.domain.directory import DIRECTORY_TYPES
from nocd.domain.instant import DAY_MS, MINUTE_MS, rfc3339, rfc3339_or_none
from nocd.engine import Engine
from nocd.errors import InputError
from nocd.faults import nearest
from nocd.history.retold import Known, Retold
from nocd.history.spans import Span, difference
from nocd.store.codec import decode_command, decode_predictions
from nocd.store.evidence import first_no
from nocd.store.rows import InputKind, InputRow, Loaded
from nocd.tenant import event_of, restored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nocd.domain.alert import Alert
    from nocd.domain.silence import Matcher
    from nocd.domain.ticket import Ticket
    from nocd.history.spans import Difference
    from nocd.store.sqlite import sqlite3
    from nocd.tenant import TenantLimits

LEARNING_DAYS: Final = 28
EXAMPLES: Final = 10
SPANS_MAX: Final = 200_000
SLICE: Final = 500
_KINDS: Final = tuple(name.removeprefix("noc.") for name in DIRECTORY_TYPES)
_ACTOR: Final = "whatif"
_LIMITS: Final = (
    "'before' is the present configuration, whatever was in force at the time",
    "time passes in whole minutes, so that an alert may open or end up to a minute from when it did",
    "commands on incidents and playbooks are left out, as are those on what neither engine made",
)
_STARTED: Final = {
    "beginning": "both engines knew nothing at first and folded all there ever was",
    "directory": f"both engines knew the directory of today and folded up to {LEARNING_DAYS} days before the window;"
    " what was learned or stood before that is not known to them",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Supposed:
    """Two ways to decide: `before` and `after`; `thresholds` by baseline, and a silence, are for `after` alone."""

    before: TenantLimits
    after: TenantLimits
    thresholds: dict[str, float] = field(default_factory=dict)
    silence: tuple[Matcher, ...] = ()


class Side:
    """One engine on its way through the past, and what it made since the window began."""

    def __init__(self, loaded: Loaded, limits: TenantLimits, known: Known, thresholds: dict[str, float]) -> None:
        """Begin with what is loaded; thresholds are set as soon as there is the baseline."""
        self.engine = Engine(
            restored(loaded),
            limits.triage,
            lateness_ms=limits.lateness_ms,
            rules=limits.rules,
            runbooks=limits.runbooks,
            routes=limits.routes,
        )
        self._retold = Retold(self.engine, known, steered=frozenset(thresholds))
        self._thresholds = dict(thresholds)
        self._silenced = False
        self._hidden: set[str] = set()
        self.alerts: dict[str, Span] = {}
        self.tickets: dict[str, Span] = {}
        self.told: Counter[str] = Counter()
        self.left_out = 0

    def take(self, row: InputRow, event: Any) -> None:
        """Let time pass up to an input, in whole minutes, and fold it; the ticks of the past are not these."""
        self.pass_time(row.received_at)
        if event is not None:
            self.engine.fold([event])
        elif row.kind is InputKind.COMMAND:
            self._retold.apply(decode_command(row.body))
            self.left_out = self._retold.left_out
        elif row.kind is InputKind.PREDICTIONS:
            self.engine.predict(decode_predictions(row.body))

    def silence(self, matchers: tuple[Matcher, ...], now: int) -> None:
        """Put a silence in force, once."""
        if self._silenced:
            return
        self._silenced = True
        told = [{"name": each.name, "op": each.op, "value": each.value} for each in matchers]
        self._ask("plan_silence", "", {"matchers": told, "ends_at": None, "comment": _ACTOR}, max(now, self.engine.now))

    def finish(self, since: int) -> None:
        """End a batch, and keep what it made of alerts and tickets that began at `since` (UTC ms) or later."""
        for name in [*self._thresholds]:
            if self.engine.shelves.get("baseline", name) is not None:
                self._ask("set_threshold", name, {"threshold": self._thresholds.pop(name)}, self.engine.now)
                self._ask("pin", name, {"pinned": True}, self.engine.now)
        outcome = self.engine.finish()
        self._hidden |= {row.alert for row in outcome.ledger if row.decision == Status.SUPPRESSED}
        for alert, view in outcome.alerts:
            if alert.opened_at >= since:
                self.alerts[alert.id] = _alert_span(
                    alert, view, key=self._trouble(alert), hidden=alert.id in self._hidden
                )
        for ticket, view in outcome.tickets:
            if ticket.created_at >= since:
                self.tickets[ticket.id] = _ticket_span(ticket, view)
        self.told.update(each.receiver for each in outcome.outbox if each.created_at >= since)
        if len(self.alerts) + len(self.tickets) > SPANS_MAX:
            raise InputError(f"there are more than {SPANS_MAX} alerts to compare; take fewer days", code="too_many")

    def _trouble(self, alert: Alert) -> str:
        """Return what an alert is about; one about a ticket by the ticket's own trouble: numbers differ."""
        if (known := self.alerts.get(alert.id)) is not None:
            return known.key  # the ticket may be let go of by now
        ticket = self.engine.triage.tickets.get(alert.entity_id) if alert.entity_type == TICKET else None
        return alert.fingerprint if ticket is None else f"{alert.type}|{_work(ticket)}"

    def _ask(self, verb: str, target: str, args: dict[str, Any], now: int) -> None:
        reply = self.engine.apply(Command(verb=verb, target=target, actor=_ACTOR, time=now, args=args))
        if not reply.ok:
            raise InputError(reply.body["detail"], code=reply.body["code"])

    def pass_time(self, now: int) -> None:
        """Tick at every whole minute up to `now` (UTC ms) at which something is due."""
        while (due := self.engine.next_due()) is not None:
            minute = -(-due // MINUTE_MS) * MINUTE_MS
            if minute > now:
                return
            self.engine.tick(minute)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The window: `days` up to `now` (UTC ms)."""

    now: int
    days: int

    @property
    def since(self) -> int:
        """Return when the window begins (UTC ms)."""
        return self.now - self.days * DAY_MS


def run(
    connection: sqlite3.Connection, supposed: Supposed, asked: Asked, *, spent: Callable[[], str]
) -> dict[str, Any]:
    """Fold the past twice and return the difference, of the earlier part of it once `spent` says what ran out.

    `connection` is read-only. Raises InputError for thresholds of baselines there are not.
    """
    _check(connection, supposed)
    first = first_no(connection, asked.since - LEARNING_DAYS * DAY_MS)
    whole = first <= 1
    known, loaded = Known(connection), _loaded(connection, whole=whole)
    sides = (Side(loaded, supposed.before, known, {}), Side(loaded, supposed.after, known, supposed.thresholds))
    counts, reached, ran_out = Counter[str](), asked.since, ""
    for rows in _slices(connection, first, _newest(connection)):
        if ran_out := spent():
            break
        counts += _fold(rows, sides, supposed, since=asked.since)
        reached = rows[-1].received_at
    if not ran_out:
        reached = asked.now
        for side in sides:
            side.pass_time(asked.now)
            side.finish(asked.since)
    return {
        "from": rfc3339(asked.since),
        "to": rfc3339(reached),
        "days": asked.days,
        "complete": not ran_out,
        "started_from": "beginning" if whole else "directory",
        "events": counts["event"],
        "commands": counts["command"],
        "commands_left_out": max(side.left_out for side in sides),
        **_told(sides),
        "limits": _limits(whole=whole, ran_out=ran_out),
    }


def _fold(rows: list[InputRow], sides: tuple[Side, Side], supposed: Supposed, *, since: int) -> Counter[str]:
    """Fold inputs on both sides; the silence comes into force with the first of the window."""
    counts = Counter[str]()
    for row in rows:
        event = event_of(row) if row.kind is InputKind.EVENT else None
        if event is not None and (country := getattr(event.data, "country", "")):
            calendar.load(country)
        if supposed.silence and row.received_at >= since:
            sides[1].silence(supposed.silence, since)
        for side in sides:
            side.take(row, event)
        counts[row.kind.name.lower()] += 1
    for side in sides:
        side.finish(since)
    return counts


def _slices(connection: sqlite3.Connection, first: int, last: int) -> Iterator[list[InputRow]]:
    """Yield the inputs numbered `first` to `last`, some at a time: no read lasts, so that the log can be cut."""
    while True:
        rows = [
            InputRow(no, InputKind(kind), time, received_at, claimed_time, bool(late), body)
            for no, kind, time, received_at, claimed_time, late, body in connection.execute(
                "SELECT no, kind, time, received_at, claimed_time, late, body FROM inputs"
                " WHERE no BETWEEN ? AND ? ORDER BY no LIMIT ?",
                (first, last, SLICE),
            ).fetchall()
        ]
        if not rows:
            return
        yield rows
        first = rows[-1].no + 1


def _newest(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT max(no) FROM inputs").fetchone()[0] or 0)


def _loaded(connection: sqlite3.Connection, *, whole: bool) -> Loaded:
    """Return what both engines know at first: nothing, or the directory as it was saved last."""
    rows = [] if whole else _saved(connection, _KINDS)
    for country in (orjson.loads(body).get("country", "") for kind, _, body in rows if kind == "site"):
        calendar.load(country)
    return Loaded(epoch="", last_no=0, last_seq=0, saved_to=0, state=rows)


def _saved(connection: sqlite3.Connection, kinds: tuple[str, ...]) -> list[tuple[str, str, bytes]]:
    marks = ", ".join("?" * len(kinds))
    return connection.execute(
        "SELECT kind, key, body FROM (SELECT kind, key, body, max(no) FROM state"  # noqa: S608 - marks only
        f" WHERE kind IN ({marks}) AND no <= (SELECT value FROM meta WHERE key = 'saved_to') GROUP BY kind, key)"
        " WHERE body IS NOT NULL",
        kinds,
    ).fetchall()


def _check(connection: sqlite3.Connection, supposed: Supposed) -> None:
    """Refuse thresholds of baselines that nothing was learned for."""
    if not supposed.thresholds:
        return
    there = {key for _, key, _ in _saved(connection, ("baseline",))}
    wrong = [f"there is no baseline {name}{nearest(name, there)}" for name in supposed.thresholds if name not in there]
    if wrong:
        raise InputError("; ".join(wrong), code="bad_setting")


def _alert_span(alert: Alert, view: dict[str, Any], *, key: str, hidden: bool) -> Span:
    names = ("type", "severity", "title", "reason", "site", "site_name", "person", "person_name", "count")
    shown = {name: view[name] for name in names}
    return Span(
        key=key,
        start=alert.opened_at,
        end=alert.resolved_at if not alert.unresolved else None,
        type=alert.type,
        hidden=hidden,
        view={**shown, "opened_at": rfc3339(alert.opened_at), "resolved_at": rfc3339_or_none(alert.resolved_at)},
    )


def _ticket_span(ticket: Ticket, view: dict[str, Any]) -> Span:
    names = ("type", "severity", "priority", "title", "site", "site_name", "person", "person_name", "alerts_total")
    shown = {name: view[name] for name in names}
    ended = None if ticket.open else ticket.updated_at
    times = {"opened_at": rfc3339(ticket.created_at), "resolved_at": rfc3339_or_none(ended)}
    return Span(key=_work(ticket), start=ticket.created_at, end=ended, type=ticket.type, view={**shown, **times})


def _work(ticket: Ticket) -> str:
    """Return what a ticket is about; one made by hand, whose key is its number, by its words."""
    return f"{ticket.title}|{ticket.site}" if ticket.origin == "operator" else ticket.key


def _told(sides: tuple[Side, Side]) -> dict[str, Any]:
    before, after = sides
    alerts = difference(before.alerts.values(), after.alerts.values())
    tickets = difference(before.tickets.values(), after.tickets.values())
    receivers = sorted({*before.told, *after.told})
    return {
        "alerts": _counted(len(before.alerts), len(after.alerts), alerts),
        "tickets": _counted(len(before.tickets), len(after.tickets), tickets),
        "notifications": {name: {"before": before.told[name], "after": after.told[name]} for name in receivers},
        "types": _types(alerts),
    }


def _counted(before: int, after: int, found: Difference) -> dict[str, Any]:
    hidden = [new for old, new in found.both if new.hidden and not old.hidden]
    shown = [new for old, new in found.both if old.hidden and not new.hidden]
    parts = {"gained": found.gained, "lost": found.lost, "hidden": hidden, "shown": shown}
    counts = {"before": before, "after": after, **{name: len(spans) for name, spans in parts.items()}}
    return {**counts, "examples": {name: [span.view for span in spans[:EXAMPLES]] for name, spans in parts.items()}}


def _types(found: Difference) -> dict[str, dict[str, int]]:
    gained, lost = Counter(span.type for span in found.gained), Counter(span.type for span in found.lost)
    return {name: {"gained": gained[name], "lost": lost[name]} for name in sorted({*gained, *lost})}


def _limits(*, whole: bool, ran_out: str) -> list[str]:
    cut = [f"{ran_out} ran out: only what was received up to 'to' is compared"] if ran_out else []
    return [_STARTED["beginning" if whole else "directory"], *_LIMITS, *cut]
