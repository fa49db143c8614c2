"""Every five minutes: the key figures of each site and client, kept, rolled up and told where they moved."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import orjson

from nocd.domain.change import Change
from nocd.domain.event import Event
from nocd.domain.instant import rfc3339
from nocd.domain.observation import Sample
from nocd.store import kpis as rows
from nocd.triage.kpis import EVENTS, GAUGES, STATES, Figures, condition, required, total

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nocd.engine import Engine
    from nocd.signals.heard import Heard
    from nocd.tenant import Tenant

SOURCE: Final = "nocd"
OF_SITES: Final = ("alerts_open", "people_missing", "devices_offline", "tasks_overdue", EVENTS)  # watched at each site
_STEP: Final = 500
_PERIODS_MAX: Final = 48  # rolled up in one run: a run that missed days catches up over the next


@dataclass(slots=True, kw_only=True)
class _Known:
    """What was last seen of a tenant: how many events by then, and what was told of each scope."""

    heard: Heard | None = None
    events: dict[str | None, int] = field(default_factory=dict)
    told: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Refresh:
    """Samples tenants; with `samples` the figures are also events that baselines watch."""

    samples: bool = False
    _known: dict[str, _Known] = field(default_factory=dict)

    async def run(self, tenant: Tenant, *, now: int) -> str:
        """Keep and tell a tenant's figures; return how many scopes were kept."""
        known = self._known.setdefault(tenant.name, _Known())
        engine = tenant.pipeline.engine
        figures = _since(known, engine, await tenant.figures(now))
        scopes = _scopes(engine, figures, now)
        for step in _steps(rows.sampled(name, now, scope["figures"]) for name, scope in scopes.items()):
            await tenant.store.run(step)
        await _roll_up(tenant, now)
        former, known.told = known.told, {name: _apart_from_events(scope) for name, scope in scopes.items()}
        for name, scope in scopes.items():
            if former.get(name) != known.told[name]:
                client = scope["client"]
                change = Change(type="metrics_refresh", time=now, data=scope, site=scope["site"], client=client)
                tenant.pipeline.announce(change)
        if self.samples:
            await tenant.post(list(_samples(figures, scopes, now)))
        return f"{len(scopes)} scopes"


def _since(known: _Known, engine: Engine, figures: dict[str | None, Figures]) -> dict[str | None, Figures]:
    """Return figures with the events since the sample before; an engine built anew counts from nothing."""
    former = known.events if known.heard is engine.heard else {}
    known.heard, known.events = engine.heard, {site: each[EVENTS] for site, each in figures.items()}
    return {site: {**each, EVENTS: max(0, each[EVENTS] - former.get(site, 0))} for site, each in figures.items()}


def _scopes(engine: Engine, figures: dict[str | None, Figures], now: int) -> dict[str, dict[str, Any]]:
    """Return what is kept and told: of each site, of each client's sites together, and of everything."""
    found: dict[str, dict[str, Any]] = {}
    of_client: dict[str, list[str]] = defaultdict(list)
    for site in engine.roster.sites:
        if site not in figures:
            continue  # entered a moment ago
        client, mine = engine.roster.client(site), figures[site]
        needed, silent_ms = required(engine.parts, site, mine), engine.heard.silent_ms(site, now)
        state, reasons = condition(mine, required=needed, silent_ms=silent_ms)
        found[f"site:{site}"] = {
            "scope": "site",
            "site": site,
            "site_name": engine.roster.site_name(site),
            "client": client,
            "figures": mine,
            "state": state,
            "reasons": reasons,
            "states": {state: 1},
        }
        if client:
            of_client[client].append(site)
    for client, sites in of_client.items():
        states = [found[f"site:{site}"]["state"] for site in sites]
        found[f"client:{client}"] = _together(client, total(figures[site] for site in sites), states)
    states = [scope["state"] for scope in found.values() if scope["site"] is not None]
    found["all"] = _together(None, total(figures.values()), states)
    return found


def _together(client: str | None, figures: Figures, states: list[str]) -> dict[str, Any]:
    worst = max(states, key=STATES.index, default="NORMAL")
    counted = {state: states.count(state) for state in STATES if state in states}
    reasons = [f"{count} sites are {state}" for state, count in reversed(counted.items()) if state != "NORMAL"]
    return {
        "scope": "client" if client else "all",
        "site": None,
        "site_name": None,
        "client": client,
        "figures": figures,
        "state": worst,
        "reasons": reasons,
        "states": counted,
    }


def _apart_from_events(scope: dict[str, Any]) -> dict[str, Any]:
    figures = {name: scope["figures"][name] for name in GAUGES}
    return {"figures": figures, "state": scope["state"], "states": scope["states"]}


async def _roll_up(tenant: Tenant, now: int) -> None:
    for minutes in rows.FINER:
        for _ in range(_PERIODS_MAX):
            start = await tenant.store.read(rows.unrolled, minutes, now)
            if start is None:
                break
            for step in _steps(await tenant.store.read(rows.rolled, minutes, start)):
                await tenant.store.run(step)
        else:
            return  # a day waits until all of its hours are there


def _steps(statements: Iterable[rows.Statement]) -> Iterator[list[rows.Statement]]:
    """Yield statements in transactions of a size that holds nobody up."""
    left = iter(statements)
    while step := list(islice(left, _STEP)):
        yield step


def _samples(figures: dict[str | None, Figures], scopes: dict[str, dict[str, Any]], now: int) -> Iterator[Event]:
    for name in (*GAUGES, EVENTS):
        yield _sample(name, None, scopes["all"]["figures"][name], now)
    for site, mine in figures.items():
        if site is not None:
            for name in OF_SITES:
                yield _sample(name, site, mine[name], now)


def _sample(name: str, site: str | None, value: int, now: int) -> Event:
    metric = f"nocd.kpi.{name}"
    data = {"metric": metric, "value": value} if site is None else {"metric": metric, "value": value, "site": site}
    event_id = f"{metric}@{site or '-'}:{now}"
    envelope = {"specversion": "1.0", "id": event_id, "source": SOURCE, "type": "noc.sample", "time": rfc3339(now)}
    return Event(
        id=event_id,
        source=SOURCE,
        type="noc.sample",
        time=now,
        received_at=now,
        data=Sample(metric=metric, value=float(value), site=site),
        body=orjson.dumps({**envelope, "data": data}),
    )
