"""Reports that were promised, or usual, and did not come."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

from annotated_types import Ge, Le

from nocd.detect.kinds import Kind, Rule
from nocd.detect.protocol import Claim, Detector
from nocd.domain.directory import Removal
from nocd.domain.finding import Category
from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, local, rfc3339, to_ms, zone
from nocd.domain.observation import Report
from nocd.domain.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nocd.detect.scene import Scene
    from nocd.domain.event import Event

REPORTS_KEPT: Final = 200
REMEMBERED_MS: Final = 45 * DAY_MS
FINAL_MS: Final = 27 * DAY_MS
FORGOTTEN_MS: Final = 400 * DAY_MS
GAP_MIN_MS: Final = 7 * DAY_MS  # no setting minds a shorter time without a report
GAPS_KEPT: Final = 4
AGAIN_MS: Final = HOUR_MS  # while nothing can come
_NOON_H: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class DueRule(Rule):
    """How long after it was due a statutory report is missing."""

    grace_minutes: Annotated[float, Ge(0), Le(1_440)] = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NeverRule(Rule):
    """After how long without any report a site's reporting is dead."""

    days: Annotated[float, Ge(7), Le(90)] = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyRule(Rule):
    """On how many of the last seven days a daily report came for one to be expected."""

    usual_days: Annotated[int, Ge(1), Le(7)] = 5


REPORT_MISSING: Final = Kind(
    name="REPORT_MISSING",
    category=Category.COMPLIANCE,
    severities=(Severity.HIGH,),
    confidence=0.95,
    says="a statutory report that is 60 min past due; over with its delivery",
    rule=DueRule,
)
REPORT_NEVER_GENERATED: Final = Kind(
    name="REPORT_NEVER_GENERATED",
    category=Category.COMPLIANCE,
    severities=(Severity.CRITICAL,),
    confidence=0.95,
    says="no daily or statutory report for 30 days of a site or client that once had or was promised one",
    rule=NeverRule,
)
DAILY_REPORT_MISSING: Final = Kind(
    name="DAILY_REPORT_MISSING",
    category=Category.COMPLIANCE,
    severities=(Severity.MEDIUM,),
    confidence=0.85,
    says="no daily report from noon to noon of the site, though one was promised or came on 5 of the 7 days before",
    rule=DailyRule,
)


@dataclass(slots=True, kw_only=True)
class Known:
    """What is known of one report: told from when to when (event time), due by the last to say so, delivered first."""

    kind: str
    told_at: int
    last_at: int
    due_at: int | None = None
    due_told_at: int = 0
    delivered_at: int | None = None

    @property
    def at(self) -> int:
        """Return when it was due, else delivered, else told of."""
        return next(at for at in (self.due_at, self.delivered_at, self.told_at) if at is not None)

    @property
    def awaited(self) -> bool:
        """Tell whether it is due some time and has not come."""
        return self.due_at is not None and self.delivered_at is None and self.kind != "INCIDENT"


@dataclass(slots=True, kw_only=True)
class Reports:
    """A site's or client's reports of the last weeks by id, and since when none has come, by event time.

    `source` is what the newest delivery came through: while it is silent none can come.
    """

    known: dict[str, Known] = field(default_factory=dict)
    promised_at: int | None = None
    delivered_at: int | None = None
    gaps: list[tuple[int, int]] = field(default_factory=list)
    source: str = ""
    source_at: int = 0

    def take(self, event: Event, data: Report) -> None:
        """Take what is told of a report in, in any order; one without any time was delivered as it was told."""
        due_at = None if data.due_at is None else to_ms(data.due_at)
        delivered_at = None if data.delivered_at is None else to_ms(data.delivered_at)
        if due_at is None and delivered_at is None:
            delivered_at = event.time
        report = self.known.get(data.report)
        if report is None:
            report = self.known[data.report] = Known(kind=data.kind, told_at=event.time, last_at=event.time)
        report.told_at, report.last_at = min(report.told_at, event.time), max(report.last_at, event.time)
        if due_at is not None and event.time >= report.due_told_at:
            report.due_at, report.due_told_at = due_at, event.time
        if delivered_at is not None:
            report.delivered_at = _least(report.delivered_at, delivered_at)
            self.source_at, self.source = max((self.source_at, self.source), (event.time, event.source))
        if data.kind != "INCIDENT":
            self.promised_at = _least(self.promised_at, event.time)
            if delivered_at is not None:
                self._delivered(delivered_at)
        self._forget()

    def _forget(self) -> None:
        """Let go of what was due, and came, long ago; and of the oldest where there are too many."""
        newest = max(report.last_at for report in self.known.values())
        placed = sorted((report.at, name) for name, report in self.known.items())
        excess = len(placed) - REPORTS_KEPT
        for index, (at, name) in enumerate(placed):
            if index < excess or (at < newest - REMEMBERED_MS and not self.known[name].awaited):
                del self.known[name]

    def _delivered(self, at: int) -> None:
        """Know of a delivery, and keep how long there had been none."""
        last = self.delivered_at or self.promised_at
        if last is not None and at - last >= GAP_MIN_MS:
            self.gaps = [*self.gaps[1 - GAPS_KEPT :], (last, at)]
        else:
            self.gaps = [(max(start, at), end) if start < at < end else (start, end) for start, end in self.gaps]
        self.delivered_at = max(self.delivered_at or at, at)


@dataclass(frozen=True, slots=True)
class Awaited(Detector):
    """Waits for the reports of each site and client: an expectation is a report with `due_at` only."""

    name = "reports"
    kinds = (REPORT_MISSING, REPORT_NEVER_GENERATED, DAILY_REPORT_MISSING)
    events = (Report, Removal)
    record = Reports

    def keys(self, event: Event, scene: Scene) -> Sequence[str]:
        """Return whose report it is: the site's, else the client's; or a site that is removed."""
        data = event.data
        if isinstance(data, Removal):
            key = f"site|{data.id}"
            return (key,) if event.type == "noc.site" and scene.shelves.get(self.name, key) is not None else ()
        assert isinstance(data, Report)
        return (f"site|{data.site}" if data.site is not None else f"client|{data.client or ''}",)

    def step(self, record: Reports, event: Event, scene: Scene) -> bool:  # noqa: ARG002 - the event says it all
        """Take what is told of a report in."""
        if isinstance(event.data, Report):
            record.take(event, event.data)
        return True

    def claims(self, key: str, record: Reports, at: int, scene: Scene) -> list[Claim]:
        """Return the reports, and the days of a site, that are or were missing."""
        whose = _whose(key)
        if whose.site is not None and whose.site not in scene.roster.sites:
            return []
        return [
            *_overdue(whose, record, at, scene),
            *_never(whose, record, at, scene),
            *_dailies(whose, record, at, scene),
        ]

    def due(self, key: str, record: Reports, after: int, scene: Scene) -> int | None:
        """Return the next deadline."""
        whose = _whose(key)
        awaited = (report for report in record.known.values() if report.awaited)
        deadlines = [_deadline(report, whose, record, scene) for report in awaited]
        since = _never_since(whose, record, scene)
        if since is not None:
            deadlines.append(since)
        if whose.site is not None:
            week = _Week(whose.site, record, scene)
            today = week.day(after)
            deadlines += [
                week.deadline(day) for day in (today, today + 1) if week.expected(day) and day not in week.came
            ]
        return min((deadline for deadline in deadlines if deadline > after), default=None)

    def final_before(self, key: str, record: Reports, scene: Scene) -> int:  # noqa: ARG002 - by the time of day
        """Return some weeks ago: what began before is not taken back, but of a site that is gone: that owes nothing."""
        site = _whose(key).site
        return scene.now - FINAL_MS if site is None or site in scene.roster.sites else 0

    def ends(self, key: str, record: Reports, scene: Scene) -> int:  # noqa: ARG002 - the record says it
        """Return over a year after anything was told: whoever it was reports elsewhere, or no more."""
        told = (record.promised_at, record.delivered_at, *(report.last_at for report in record.known.values()))
        return max((at for at in told if at is not None), default=0) + FORGOTTEN_MS


def _least(left: int | None, right: int) -> int:
    return right if left is None else min(left, right)


class Whose(NamedTuple):
    """Whose reports: a site's or a client's."""

    site: str | None
    client: str

    def said(self, scene: Scene) -> str:
        """Return the name."""
        return scene.site_name(self.site) if self.site is not None else self.client or "nobody named"

    def rule(self, finding_type: str, scene: Scene) -> Any:
        """Return the rule in force: the site's, or the client's own."""
        client = scene.roster.client(self.site) if self.site is not None else self.client
        return scene.rules.of(finding_type, site=self.site, client=client)

    @property
    def entity(self) -> tuple[str, str]:
        """Return what a finding is about: its kind and id."""
        return ("site", self.site) if self.site is not None else ("client", self.client)


def _whose(key: str) -> Whose:
    kind, _, name = key.partition("|")
    return Whose(name, "") if kind == "site" else Whose(None, name)


def _deadline(report: Known, whose: Whose, record: Reports, scene: Scene) -> int:
    """Return when a report is missing unless it comes; what it would come through has to speak for the whole grace."""
    rule: DueRule = whose.rule(REPORT_MISSING.name, scene)
    grace_ms = int(rule.grace_minutes * MINUTE_MS)
    deadline = scene.heard_out(report.at, grace_ms)
    for since, until in scene.silences_of(record.source):
        if since <= deadline and (until is None or until > report.at):
            deadline = max(deadline, scene.now + AGAIN_MS if until is None else until + grace_ms)
    return deadline


def _overdue(whose: Whose, record: Reports, at: int, scene: Scene) -> Iterator[Claim]:
    for name, report in record.known.items():
        if report.kind != "STATUTORY" or report.due_at is None:
            continue
        deadline, came = _deadline(report, whose, record, scene), report.delivered_at
        if deadline > at or (came is not None and came <= deadline):
            continue
        was_due = scene.wall(whose.site, report.due_at, told_at=at)
        finding = REPORT_MISSING.finding(
            time=deadline,
            reason=f"Statutory report {name} of {whose.said(scene)} was due {was_due}: have it written and sent now",
            evidence={
                "report": name,
                "due_at": rfc3339(report.due_at),
                "late_minutes": round((deadline - report.due_at) / MINUTE_MS, 1),
            },
            site=whose.site,
            entity_type="report",
            entity_id=name,
        )
        over = "" if came is None else f"delivered {(came - report.due_at) / MINUTE_MS:.0f} min after it was due"
        yield Claim(key=f"REPORT_MISSING:{name}", finding=finding, since=deadline, lasting=True, until=came, over=over)


def _never_since(whose: Whose, record: Reports, scene: Scene) -> int | None:
    """Return when reporting counts as dead unless a report comes before; a promise not yet due puts it off."""
    last = record.delivered_at or record.promised_at
    if last is None or whose == Whose(None, ""):
        return None
    rule: NeverRule = whose.rule(REPORT_NEVER_GENERATED.name, scene)
    promised = (report.due_at for report in record.known.values() if report.awaited and report.due_at is not None)
    return max(last + int(rule.days * DAY_MS), min((due for due in promised if due > last), default=0))


def _never(whose: Whose, record: Reports, at: int, scene: Scene) -> Iterator[Claim]:
    rule: NeverRule = whose.rule(REPORT_NEVER_GENERATED.name, scene)
    silences: list[tuple[int, int, int | None]] = [
        (start, start + int(rule.days * DAY_MS), end) for start, end in record.gaps
    ]
    since = _never_since(whose, record, scene)
    if since is not None:
        silences.append((record.delivered_at or record.promised_at or 0, since, None))
    for last, found_at, until in silences:
        if found_at > at or (until is not None and until <= found_at):
            continue
        finding = REPORT_NEVER_GENERATED.finding(
            time=found_at,
            reason=f"No daily or statutory report of {whose.said(scene)} for {(found_at - last) / DAY_MS:.0f} days: "
            "find out who writes them, and whether they are sent here",
            evidence={"last_at": rfc3339(last), "days": round((found_at - last) / DAY_MS, 1)},
            site=whose.site,
            entity_type=whose.entity[0],
            entity_id=whose.entity[1],
        )
        over = "" if until is None else "a report came"
        yield Claim(key=f"NEVER:{last}", finding=finding, since=found_at, lasting=True, until=until, over=over)


class _Week:
    """A site's days of reporting, each from noon to noon of its clock: the morning's report is the day's before."""

    def __init__(self, site: str, record: Reports, scene: Scene) -> None:
        entry = scene.roster.sites.get(site)
        self._timezone = entry.timezone if entry is not None else "UTC"
        rule: DailyRule = scene.rule(DAILY_REPORT_MISSING.name, site)
        self._usual_days = rule.usual_days
        daily = [report for report in record.known.values() if report.kind == "DAILY"]
        self.promised = {self.day(report.due_at) for report in daily if report.due_at is not None}
        self.deliveries = sorted(report.delivered_at for report in daily if report.delivered_at is not None)
        self.came: dict[int, int] = {}
        for report in daily:
            if report.delivered_at is not None:
                day = self.day(report.at)
                self.came[day] = min(self.came.get(day, report.delivered_at), report.delivered_at)

    def day(self, at: int) -> int:
        """Return the day an instant belongs to, as an ordinal."""
        moment = local(at, self._timezone)
        return moment.toordinal() - (moment.hour < _NOON_H)

    def noon(self, day: int) -> int:
        """Return when a day begins (UTC ms)."""
        return to_ms(datetime.fromordinal(day).replace(hour=_NOON_H, tzinfo=zone(self._timezone)))

    def deadline(self, day: int) -> int:
        """Return when a day's report is missing: noon of the next."""
        return self.noon(day + 1)

    def expected(self, day: int) -> bool:
        """Tell whether a report is expected for a day: promised, or as on most of the seven days before."""
        return day in self.promised or sum(day - back in self.came for back in range(1, 8)) >= self._usual_days

    def days(self) -> list[int]:
        """Return the days for which a report is expected, in order: a due time may lie decades back."""
        usual = (day + ahead for day in self.came for ahead in range(1, 8))
        return [day for day in sorted({*self.promised, *usual}) if self.expected(day)]

    def missed(self, at: int) -> Iterator[tuple[int, int | None]]:
        """Yield the deadline of each day whose report had not come, and when the next one came."""
        for day in self.days():
            deadline = self.deadline(day)
            if deadline <= at and self.came.get(day, deadline + 1) > deadline:
                yield deadline, next((came for came in self.deliveries if came > deadline), None)


def _dailies(whose: Whose, record: Reports, at: int, scene: Scene) -> list[Claim]:
    if whose.site is None:
        return []
    week = _Week(whose.site, record, scene)
    missed: list[tuple[int, int | None, int]] = []
    for deadline, came in week.missed(at):
        if scene.unheard(deadline - DAY_MS, deadline) or scene.source_silent(record.source, deadline, deadline):
            continue
        if missed and (missed[-1][1] is None or deadline <= missed[-1][1]):
            missed[-1] = (missed[-1][0], came, missed[-1][2] + 1)
        else:
            missed.append((deadline, came, 0))
    return [_daily(whose.site, since, until, days, scene) for since, until, days in missed]


def _daily(site: str, since: int, until: int | None, step: int, scene: Scene) -> Claim:
    finding = DAILY_REPORT_MISSING.finding(
        time=since,
        reason=f"No daily report of {scene.site_name(site)} has come by {scene.wall(site, since)} for the day before: "
        "ask the site's supervisor for it",
        evidence={"noon_at": rfc3339(since), "days_missing": step + 1},
        site=site,
    )
    over = "" if until is None else f"a daily report came at {scene.wall(site, until)}"
    return Claim(key=f"DAILY:{since}", finding=finding, since=since, lasting=True, until=until, over=over, step=step)
