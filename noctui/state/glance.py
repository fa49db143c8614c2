"""What is read for the overview and the people list: states of sites, counts by step, waits, due work, people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from noctui.state.cells import clean
from noctui.state.telemetry import items, number
from noctui.state.times import MINUTE_MS, parse

Body = Mapping[str, Any]
MEASURES = ("findings", "alerts", "fraud")
NO_FIGURES: Mapping[str, int] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """The state of a site, why, and its key figures."""

    site: str
    name: str
    state: str
    reasons: tuple[str, ...]
    figures: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """How many sites are in which state, the figures of all, and those that are not normal, the worst first."""

    time: int | None
    figures: Mapping[str, int]
    states: Mapping[str, int]
    troubled: tuple[Condition, ...]

    @property
    def sites(self) -> int:
        """Return how many sites there are."""
        return sum(self.states.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """Counts by site and measure, a number a step from `start` (UTC ms) on; `blind` where scores may not be read."""

    start: int
    step_ms: int
    steps: int
    sites: Mapping[str, Mapping[str, tuple[int, ...]]]
    blind: bool = False

    def sum(self, measure: str) -> tuple[int, ...]:
        """Return the counts of all sites."""
        columns = zip(*(counts[measure] for counts in self.sites.values()), strict=False)
        return tuple(map(sum, columns)) or (0,) * self.steps

    def busiest(self, measure: str) -> list[str]:
        """Return the sites that have any, those with most first."""
        counted = {site: sum(counts[measure]) for site, counts in self.sites.items() if site}
        return sorted((site for site, count in counted.items() if count), key=lambda site: (-counted[site], site))


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """How long alerts of a severity waited for a person, in seconds."""

    severity: str
    count: int
    median_s: float
    p90_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A ticket that is to be done, and when at the latest (UTC ms)."""

    id: str
    number: str
    priority: str
    title: str
    site: str
    status: str
    who: str
    due: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """Someone at a glance; `days` are the highest scores of the last days, the oldest first, None where none was."""

    id: str
    name: str
    role: str
    sites: tuple[str, ...]
    site: str
    heard_at: int | None
    alerts: int
    score: float | None
    days: tuple[float | None, ...]

    @property
    def words(self) -> str:
        """Return what the plain filter searches, in lower case."""
        duty = "on duty" if self.site else "off"
        return f"{self.id} {self.name} {self.role} {self.site} {' '.join(self.sites)} {duty}".lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """The people worth a look first, of how many, and how many are on duty."""

    total: int
    on_duty: int
    rows: tuple[PersonRow, ...]


def word(body: Body, *keys: str) -> str:
    """Return the first of some fields that says something, harmless."""
    return next((clean(body[key]) for key in keys if body.get(key) is not None), "")


def objects(value: object) -> Iterator[Body]:
    """Yield the objects of what should be a list of them."""
    for each in value if isinstance(value, list) else ():
        if isinstance(each, Mapping):
            yield each


def _figures(value: object) -> Mapping[str, int]:
    pairs = value.items() if isinstance(value, Mapping) else ()
    return {clean(name): figure for name, figure in pairs if isinstance(figure, int)}


def read_overview(body: Body) -> Overview:
    """Return the states of the sites in an Overview of the wire."""
    return Overview(
        time=parse(body.get("time")),
        figures=_figures(body.get("figures")),
        states=_figures(body.get("states")),
        troubled=tuple(
            Condition(
                site=word(each, "site"),
                name=word(each, "site_name", "site"),
                state=word(each, "state"),
                reasons=tuple(clean(reason) for reason in each.get("reasons") or ()),
                figures=_figures(each.get("figures")),
            )
            for each in objects(body.get("troubled"))
        ),
    )


def read_heat(body: Body) -> Heat:
    """Return the counts in a Heat of the wire."""
    steps = int(body.get("steps") or 0)
    found = list(objects(body.get("items")))
    sites = {word(each, "site"): {name: _counts(each.get(name), steps) for name in MEASURES} for each in found}
    blind = any(each.get("fraud") is None for each in found)
    step_ms = int(body.get("step_minutes") or 1) * MINUTE_MS
    return Heat(start=parse(body.get("start")) or 0, step_ms=step_ms, steps=steps, sites=sites, blind=blind)


def _counts(value: object, steps: int) -> tuple[int, ...]:
    told = [each for each in value if isinstance(each, int)] if isinstance(value, list) else []
    return tuple(told[:steps]) if len(told) >= steps else (0,) * steps


def read_mtta(body: Body) -> tuple[Waits, ...]:
    """Return the waits by severity that are known in ResponseTimes of the wire, the worst severity first."""
    return tuple(_waits(objects(body.get("by_severity"))))


def _waits(found: Iterable[Body]) -> Iterator[Waits]:
    for each in found:
        told = each.get("acknowledge") or {}
        median_s, p90_s = number(told.get("median_s")), number(told.get("p90_s"))
        if median_s is not None and p90_s is not None:
            yield Waits(severity=word(each, "severity"), count=int(told["count"]), median_s=median_s, p90_s=p90_s)


def read_trend(body: Body) -> dict[int, int]:
    """Return the events of each period by when it began (UTC ms), from a Trend of the wire."""
    found = ((parse(each.get("time")), each.get("events")) for each in objects(body.get("points")))
    return {at: events for at, events in found if at is not None and isinstance(events, int)}


def read_tickets(body: Body) -> tuple[Work, ...]:
    """Return the tickets of a page that are not done, those due first in front."""
    found = [_work(each) for each in items(body)]
    return tuple(sorted(found, key=lambda work: (work.due is None, work.due or 0, work.id)))


def _work(body: Body) -> Work:
    clocks = body.get("sla") or {}
    dues = [parse((clocks.get(name) or {}).get("due")) for name in ("response", "resolution")]
    return Work(
        id=clean(body["id"]),
        number=word(body, "number", "id"),
        priority=word(body, "priority"),
        title=word(body, "title"),
        site=word(body, "site"),
        status=word(body, "status"),
        who=word(body, "assignee_name", "assignee"),
        due=min((due for due in dues if due is not None), default=None),
    )


def read_people(body: Body) -> People:
    """Return the people in a PeopleGlance of the wire."""
    rows = tuple(_person(each) for each in objects(body.get("items")) if each.get("person"))
    return People(total=int(body.get("total") or len(rows)), on_duty=int(body.get("on_duty") or 0), rows=rows)


def _person(body: Body) -> PersonRow:
    return PersonRow(
        id=clean(body["person"]),
        name=word(body, "person_name", "person"),
        role=word(body, "role"),
        sites=tuple(clean(site) for site in body.get("sites") or ()),
        site=word(body, "site"),
        heard_at=parse(body.get("heard_at")),
        alerts=int(body.get("alerts") or 0),
        score=number(body.get("fraud_score")),
        days=tuple(number(score) for score in body.get("days") or ()),
    )
