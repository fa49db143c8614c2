"""The key figures of each site, counted from what the engine holds, and the state they put a site in."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from nocd.domain.instant import MINUTE_MS, to_ms
from nocd.domain.roster import due_ms
from nocd.domain.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping

    from nocd.domain.roster import Roster
    from nocd.domain.shelf import Shelves
    from nocd.signals.duty import Duties
    from nocd.signals.heard import Heard

# In this order they are stored: new ones go to the end.
GAUGES: Final = (
    *("tickets_open", "tickets_overdue", "tasks_open", "tasks_overdue"),
    *("people_expected", "people_present", "people_late", "people_missing"),
    *("devices_total", "devices_offline", "alerts_open", "alerts_critical", "incidents_open", "fraud_high"),
    *("alerts_high", "sources_silent"),
)
EVENTS: Final = "events"
FRAUD_HIGH_FROM: Final = 0.8
LATE_MS: Final = 15 * MINUTE_MS  # into a shift whoever is not there is late, then missing
UNHEARD_MS: Final = 15 * MINUTE_MS
SLICE: Final = 500  # records a step
SITES_SLICE: Final = 5  # sites a step, each with all the shifts of a week
STATES: Final = ("NORMAL", "UNKNOWN", "ATTENTION", "WARNING", "CRITICAL")
_TICKETS_OVERDUE_MAX: Final = 5
_DEVICES_OFFLINE_MAX: Final = 10

Figures = dict[str, int]


class Parts(NamedTuple):
    """What is counted: the engine's memory, for reading."""

    shelves: Shelves
    roster: Roster
    duties: Duties
    heard: Heard


class Condition(NamedTuple):
    """The state of a site and the reasons for it, the gravest first."""

    state: str
    reasons: list[str]


def count(parts: Parts, now: int) -> Generator[None, None, dict[str | None, Figures]]:
    """Return the figures of each site at `now` (UTC ms), None for what lies nowhere; a step is a few records.

    Events are those since the engine began to listen: whoever samples them takes the difference.
    """
    found: dict[str | None, Figures] = defaultdict(lambda: dict.fromkeys((*GAUGES, EVENTS), 0))
    for number, site in enumerate(list(parts.roster.sites), 1):
        found[site].update(_people(parts, site, now))
        found[site][EVENTS] = parts.heard.events[site]
        if number % SITES_SLICE == 0:
            yield
    found[None][EVENTS] = sum(heard for site, heard in parts.heard.events.items() if site not in parts.roster.sites)
    shelves = parts.shelves
    for kind, counted in (("alert", _alert), ("tasks", _task), ("ticket", _ticket), ("incident", _incident)):
        records = list(shelves.kind(kind).values())
        for start in range(0, len(records), SLICE):
            for record in records[start : start + SLICE]:
                _add(found, *counted(record, now))
            yield
    devices = list(shelves.kind("device"))
    for start in range(0, len(devices), SLICE):
        for device in devices[start : start + SLICE]:
            _add(found, parts.roster.device_site(device), ("devices_total",))
        yield
    return dict(found)


def _add(found: dict[str | None, Figures], site: str | None, names: Iterable[str]) -> None:
    for name in names:
        found[site][name] += 1


def _people(parts: Parts, site: str, now: int) -> Figures:
    due: dict[str, int] = {}
    for shift in parts.roster.shifts_at(site, now, now + 1):
        due[shift.person] = min(to_ms(shift.start), due.get(shift.person, now))
    gone = [start for person, start in due.items() if not _there(parts, person, site)]
    return {
        "people_expected": len(due),
        "people_present": parts.duties.heads(site),
        "people_late": sum(now - start < LATE_MS for start in gone),
        "people_missing": sum(now - start >= LATE_MS for start in gone),
    }


def _there(parts: Parts, person: str, site: str) -> bool:
    duty = parts.duties.on_duty(person)
    return duty is not None and duty.site == site


def _alert(alert: Any, _: int) -> tuple[str | None, list[str]]:
    if not alert.unresolved:
        return alert.site, []
    names = ["alerts_open"]
    graded = {Severity.CRITICAL: "alerts_critical", Severity.HIGH: "alerts_high"}
    typed = {"DEVICE_OFFLINE": "devices_offline", "SOURCE_SILENT": "sources_silent"}
    names += [name for name in (graded.get(alert.severity), typed.get(alert.type)) if name]
    if (alert.fraud_score or 0) >= FRAUD_HIGH_FROM:
        names.append("fraud_high")
    return alert.site, names


def _task(job: Any, now: int) -> tuple[str | None, list[str]]:
    """Count a task by what is known of it (`nocd.detect.tasks`)."""
    if job.task is None or job.over_at() is not None:
        return None, []
    return job.task.site, ["tasks_open", "tasks_overdue"] if due_ms(job.task) < now else ["tasks_open"]


def _ticket(ticket: Any, now: int) -> tuple[str | None, list[str]]:
    if not ticket.open:
        return ticket.site, []
    late = ticket.resolution_due is not None and ticket.resolution_due < now
    return ticket.site, ["tickets_open", "tickets_overdue"] if late else ["tickets_open"]


def _incident(incident: Any, _: int) -> tuple[str | None, list[str]]:
    return incident.site, [] if incident.status == "resolved" else ["incidents_open"]


def total(figures: Iterable[Mapping[str, int]]) -> Figures:
    """Return the sum over sites, at one instant."""
    summed = dict.fromkeys((*GAUGES, EVENTS), 0)
    for each in figures:
        for name in summed:
            summed[name] += each[name]
    return summed


def condition(figures: Mapping[str, int], *, required: int, silent_ms: int) -> Condition:
    """Return the state of a site that needs `required` people now and of which nothing was heard for `silent_ms`."""
    grades = (
        ("CRITICAL", _critical(figures)),
        ("WARNING", _warning(figures, required)),
        ("ATTENTION", _attention(figures)),
        ("UNKNOWN", _unknown(figures, silent_ms)),
    )
    reasons = [reason for _, told in grades for reason in told]
    return Condition(next((state for state, told in grades if told), "NORMAL"), reasons)


def _critical(figures: Mapping[str, int]) -> list[str]:
    told = []
    if alerts := figures["alerts_critical"]:
        told.append(f"{alerts} CRITICAL alerts are open")
    if (tickets := figures["tickets_overdue"]) > _TICKETS_OVERDUE_MAX:
        told.append(f"{tickets} tickets are overdue")
    if (devices := figures["devices_offline"]) > _DEVICES_OFFLINE_MAX:
        told.append(f"{devices} devices are offline")
    return told


def _warning(figures: Mapping[str, int], required: int) -> list[str]:
    told = []
    if alerts := figures["alerts_high"]:
        told.append(f"{alerts} HIGH alerts are open")
    if 0 < (tickets := figures["tickets_overdue"]) <= _TICKETS_OVERDUE_MAX:
        told.append(f"{tickets} tickets are overdue")
    if (present := figures["people_present"]) < required:
        told.append(f"{present} people are there instead of {required}")
    return told


def _attention(figures: Mapping[str, int]) -> list[str]:
    told = []
    if tasks := figures["tasks_overdue"]:
        told.append(f"{tasks} tasks are overdue")
    if figures["sources_silent"]:
        told.append("a source of events is silent")
    return told


def _unknown(figures: Mapping[str, int], silent_ms: int) -> list[str]:
    on_duty = figures["people_present"]
    if not on_duty or silent_ms < UNHEARD_MS:
        return []
    return [f"nothing was heard for {silent_ms // MINUTE_MS} min with {on_duty} on duty"]


def required(parts: Parts, site: str, figures: Mapping[str, int]) -> int:
    """Return how many people a site needs now: none where it is closed, or nothing is known of its shifts."""
    entry = parts.roster.sites.get(site)
    if entry is None or not (parts.roster.planned(site) or parts.duties.known_at(site)):
        return 0
    return entry.required_guards if entry.open_24h or figures["people_expected"] else 0
