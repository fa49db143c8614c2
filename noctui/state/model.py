"""All the console knows: the queue, the newest feed lines, the link, the acts under way; every part bounded."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from noctui.state.acts import Outbox
from noctui.state.cases import Cases
from noctui.state.facts import Facts
from noctui.state.present import Present
from noctui.state.privacy import Names
from noctui.state.rates import Minutes, Rate
from noctui.state.ring import Ring
from noctui.state.shiftbook import ShiftBook
from noctui.state.times import SECOND_MS, Look

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

    from noctui.state.alert import Alert
    from noctui.state.site import Site
    from noctui.state.sitepage import SitePage

ENDED_MAX = 200
LEDGERS_MAX = 50
SILENT_MS_MAX = 20 * SECOND_MS

Phase: TypeAlias = Literal["connecting", "resuming", "live", "lost", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """How the feed stands; times are this machine's monotonic clock in milliseconds."""

    phase: Phase = "connecting"
    since: int = 0
    heard_at: int = 0
    latency_ms: float | None = None
    detail: str = ""
    attempt: int = 0
    retry_at: int = 0

    def word(self, now: int) -> str:
        """Return the word of the status bar; LIVE turns to STALE after 20 s without a frame."""
        if self.phase in {"live", "resuming"} and now - self.heard_at > SILENT_MS_MAX:
            return "STALE"
        return {"connecting": "CONNECTING", "resuming": "RESUMING"}.get(self.phase, self.phase.upper())


@dataclass(frozen=True, slots=True)
class Mending:
    """A resume under way: the feed line that reports it, since when it was dark, how many changes were fetched."""

    no: int
    since: int
    until: int
    fetched: int = 0


@dataclass(frozen=True, slots=True)
class Ledger:
    """The decisions about one alert: None until they came, `problem` where that failed.

    `as_of` is the alert's `updated_at` when they were asked for.
    """

    rows: tuple[Mapping[str, Any], ...] | None = None
    problem: str = ""
    as_of: int = 0


@dataclass(slots=True)
class Model:
    """The picture, true at `seq` of `epoch` and at the daemon's time `told_at`; folded in place by `reduce`.

    The console has no time of day of its own: `offset_ms` added to this machine's monotonic clock is the daemon's time.
    `revision` moves whenever anything here does; `tz` None is this machine's zone.
    """

    epoch: str = ""
    seq: int = 0
    told_at: int | None = None
    offset_ms: int = 0
    hello_at: int | None = None
    version: str = ""
    revision: int = 0
    loaded: bool = False
    alerts: dict[str, Alert] = field(default_factory=dict)
    alerts_total: int = 0
    ended: OrderedDict[str, Alert] = field(default_factory=OrderedDict)
    ended_count: int = 0
    sites: dict[str, Site] = field(default_factory=dict)
    page: SitePage | None = None
    facts: Facts = field(default_factory=Facts)
    cases: Cases = field(default_factory=Cases)
    shift: ShiftBook = field(default_factory=ShiftBook)
    present: Present = field(default_factory=Present)
    counts: dict[str, int] = field(default_factory=dict)
    last_alert_at: int | None = None
    ring: Ring = field(default_factory=Ring)
    mending: Mending | None = None
    link: Link = field(default_factory=Link)
    events: Rate = field(default_factory=Rate)
    changes: Rate = field(default_factory=Rate)
    minutes: Minutes = field(default_factory=Minutes)
    degraded: dict[str, str] = field(default_factory=dict)
    gaps: int = 0
    holes: int = 0
    repeats: int = 0
    outbox: Outbox = field(default_factory=Outbox)
    ledgers: OrderedDict[str, Ledger] = field(default_factory=OrderedDict)
    names: Names = field(default_factory=Names)
    me: str = ""
    tz: tzinfo | None = None

    def find(self, alert_id: str | None) -> Alert | None:
        """Return an alert of the queue, or one that ended lately."""
        return self.alerts.get(alert_id or "") or self.ended.get(alert_id or "")

    def pending(self, subject: str) -> bool:
        """Tell whether an act on this alert or case awaits its answer."""
        return any(subject == act.what or subject in act.alerts for act in self.outbox.waiting.values())

    def keep_ledger(self, alert_id: str, ledger: Ledger) -> None:
        """Remember what was fetched about an alert, forgetting the oldest past the bound."""
        self.ledgers[alert_id] = ledger
        self.ledgers.move_to_end(alert_id)
        while len(self.ledgers) > LEDGERS_MAX:
            self.ledgers.popitem(last=False)
        self.revision += 1


def told_age_ms(model: Model, now: int) -> int | None:
    """Return how old the picture is by the daemon's clock, or None before there is one."""
    return None if model.told_at is None else max(now + model.offset_ms - model.told_at, 0)


def look_at(model: Model, now: int) -> Look:
    """Return from where to look: the daemon's time, standing still while nothing is heard from it."""
    frozen = model.link.word(now) not in {"LIVE", "RESUMING"} and model.loaded
    seen = min(model.link.heard_at or now, now) if frozen else now
    moment = seen + model.offset_ms
    there = partial(model.present.looking, me=model.me, now=moment)
    return Look(now=moment, tz=model.tz, me=model.me, there=there)


def holder(alert: Alert, model: Model, now: int) -> str:
    """Return who else has claimed an alert, by word or by name, or an empty text."""
    claimed = model.present.claimed(alert.id, me=model.me, now=now + model.offset_ms)
    assigned = str(alert.body.get("assignee") or "")
    return claimed or (assigned if model.me and assigned != model.me else "")


@dataclass(frozen=True, slots=True)
class Tally:
    """The counts of the status bar: alerts by P1 to P4, those nobody took on, and since when the oldest of them."""

    levels: tuple[int, int, int, int]
    unattended: int
    oldest: int | None


def tally(model: Model) -> Tally:
    """Count the queue; suppressed alerts are counted where they stand."""
    levels, unattended, oldest = [0, 0, 0, 0], 0, None
    for alert in model.alerts.values():
        levels[alert.level - 1] += 1
        if alert.unattended:
            unattended += 1
            oldest = min(alert.opened_at, oldest or alert.opened_at)
    return Tally((levels[0], levels[1], levels[2], levels[3]), unattended, oldest)
