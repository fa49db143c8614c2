"""What-if over a real file: nothing changed changes nothing, what is changed is told, and what it cannot know."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import orjson
import pytest

from nocd.detect.registry import CATALOG
from nocd.detect.rules import Rules
from nocd.domain.command import Command
from nocd.domain.instant import DAY_MS, MINUTE_MS
from nocd.domain.severity import Severity
from nocd.errors import InputError
from nocd.history import whatif
from nocd.history.whatif import Asked, Supposed, run
from nocd.store.backup import read_only
from nocd.tenant import Tenant, TenantLimits
from nocd.triage.intake import Limits
from nocd.triage.matchers import matcher
from nocd.triage.routes import Route, Routes
from tests.build import T0, Opened, event, firing, resolved, until

PLAIN = TenantLimits()
NOW = T0 + DAY_MS


@pytest.fixture
async def past(tmp_path: Any) -> Opened:
    """Give a day of alerts, a distress call, and commands on them."""
    opened = Opened(tmp_path / "t.db")

    async def act(tenant: Tenant, verb: str, target: str = "", **args: Any) -> Any:
        reply = await tenant.ask(
            Command(verb=verb, target=target, actor="mara", time=opened.clock.now, args={"note": "x", **args})
        )
        assert reply.ok, reply
        return reply.body["id"]

    async with opened.tenant() as tenant:
        site = event("noc.site", at=T0, id="S1", name="North", timezone="UTC")
        person = event("noc.person", at=T0, id="P1", name="Asha Rao")
        await tenant.post([site, person, firing(), firing("Door", severity="MEDIUM")])
        await tenant.post([event("noc.phone.event", at=T0, person="P1", kind="panic")])
        opened.clock.forward(30 * MINUTE_MS)
        await act(tenant, "ack", "A-1")
        await act(tenant, "start_ticket", "T-1")
        made = await act(tenant, "create_ticket", title="Mend it", alerts=["A-2"], priority="P3")
        await act(tenant, "start_ticket", made)
        matchers = [{"name": "type", "op": "=", "value": "Gate"}]
        until = opened.clock.now + DAY_MS
        silence = await act(tenant, "plan_silence", matchers=matchers, ends_at=until, comment="x")
        await tenant.post([firing("Gate", at=opened.clock.now, entity="g")])
        await act(tenant, "end_silence", silence)
        await act(tenant, "ack_incident", "I-1")
        await tenant.post([resolved(at=opened.clock.now)])
    return opened


def tried(opened: Opened, after: TenantLimits = PLAIN, *, days: int = 30, slices: int = 100, **more: Any) -> Any:
    with contextlib.closing(read_only(opened.path)) as base:
        left = iter([""] * slices)
        told = run(
            base,
            Supposed(before=PLAIN, after=after, **more),
            Asked(now=NOW, days=days),
            spent=lambda: next(left, "time"),
        )
    return orjson.loads(orjson.dumps(told))


def counts(found: dict[str, Any]) -> tuple[int, ...]:
    return tuple(found[name] for name in ("gained", "lost", "hidden", "shown"))


def test_where_nothing_is_changed_nothing_would_be_otherwise(past: Opened) -> None:
    told = tried(past)
    assert (told["complete"], told["started_from"]) == (True, "beginning")
    assert (counts(told["alerts"]), counts(told["tickets"])) == ((0, 0, 0, 0), (0, 0, 0, 0))
    assert (told["alerts"]["before"], told["tickets"]["before"]) == (told["alerts"]["after"], 4)
    assert (told["events"], told["commands"], told["commands_left_out"]) == (7, 7, 1)


def test_a_rule_that_is_off_loses_its_alerts_and_their_tickets(past: Opened) -> None:
    rules = Rules(CATALOG, general={"GUARD_DISTRESS": {"mode": "off"}})
    told = tried(past, TenantLimits(rules=rules))
    assert told["types"]["GUARD_DISTRESS"] == {"gained": 0, "lost": 1}
    assert set(told["types"]) <= {
        "GUARD_DISTRESS",
        "EMERGENCY_TICKET_UNASSIGNED",
        "EMERGENCY_ESCALATION_DELAYED",
        "SLA_BREACH",
    }
    assert all(each["gained"] == 0 for each in told["types"].values())
    assert counts(told["tickets"]) == (0, 1, 0, 0)
    example = told["alerts"]["examples"]["lost"][0]
    assert (example["person_name"], example["severity"]) == ("Asha Rao", "CRITICAL")


async def test_an_alert_about_a_ticket_is_the_same_whatever_the_tickets_number(tmp_path: Any) -> None:
    opened = Opened(tmp_path / "t.db")
    async with opened.tenant() as tenant:
        await tenant.post(
            [firing("Fence", severity="HIGH", entity="f"), firing("Gate", severity="CRITICAL", entity="g")]
        )
        later = opened.clock.forward(30 * MINUTE_MS)
        tenant.pipeline.tick(later)
        await until(lambda: tenant.pipeline.idle)
        rows = await tenant.store.read(
            lambda base: base.execute("SELECT no FROM alerts WHERE type = 'EMERGENCY_TICKET_UNASSIGNED'").fetchall()
        )
        late = f"A-{rows[0][0]}"
        told = await tenant.ask(Command(verb="ack", target=late, actor="mara", time=later, args={}))
        assert told.ok
    critical = TenantLimits(triage=Limits(ticket_severities=frozenset({Severity.CRITICAL})))
    found = await asyncio.to_thread(tried, opened, critical)
    assert (found["tickets"]["lost"], found["tickets"]["gained"], found["commands_left_out"]) == (1, 0, 0)
    assert "EMERGENCY_TICKET_UNASSIGNED" not in found["types"]


def test_fewer_severities_for_tickets_lose_tickets_and_no_alert(past: Opened) -> None:
    told = tried(past, TenantLimits(triage=Limits(ticket_severities=frozenset())))
    assert not {"GUARD_DISTRESS", "Camera", "Door"} & set(told["types"])
    assert (told["tickets"]["lost"], told["tickets"]["after"]) == (3, 1)


def test_a_silence_hides_what_meets_it_and_a_route_tells_more(past: Opened) -> None:
    told = tried(past, silence=(matcher('type="Door"'),))
    assert (counts(told["alerts"]), told["alerts"]["examples"]["hidden"][0]["type"]) == ((0, 0, 1, 0), "Door")
    routes = Routes((Route(name="all", receivers=("desk",), group_wait_s=0),), frozenset({"desk"}))
    messages = tried(past, TenantLimits(routes=routes))["notifications"]["desk"]
    assert messages["before"] == 0 < messages["after"]


def test_a_window_after_the_beginning_compares_only_what_began_in_it(past: Opened) -> None:
    rules = Rules(CATALOG, general={"GUARD_DISTRESS": {"mode": "off"}})
    with contextlib.closing(read_only(past.path)) as base:
        asked = Asked(now=NOW + 60 * DAY_MS, days=1)
        told = run(base, Supposed(before=PLAIN, after=TenantLimits(rules=rules)), asked, spent=str)
    assert (told["alerts"]["before"], told["alerts"]["lost"]) == (0, 0)


async def test_where_the_beginning_is_gone_the_directory_of_today_is_known(past: Opened, tmp_path: Any) -> None:
    async with past.tenant() as tenant:
        await tenant.store.remove_inputs(before=T0 + 1, upto=2, step=2)
    told = await asyncio.to_thread(tried, past)
    assert told["started_from"] == "directory"
    assert "knew the directory of today" in told["limits"][0]
    assert counts(told["alerts"]) == (0, 0, 0, 0)


def test_time_that_runs_out_is_told_with_how_far_it_came(past: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whatif, "SLICE", 4)
    told = tried(past, slices=1)
    assert (told["complete"], told["events"], told["to"]) == (False, 4, "2026-01-01T00:00:00.000Z")
    assert any("time ran out" in each for each in told["limits"])


def test_more_alerts_than_can_be_compared_are_refused(past: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whatif, "SPANS_MAX", 2)
    with pytest.raises(InputError, match="take fewer days"):
        tried(past)


async def test_a_threshold_is_set_as_soon_as_there_is_its_baseline_and_what_moves_it_is_left_out(tmp_path: Any) -> None:
    opened = Opened(tmp_path / "t.db")
    async with opened.tenant() as tenant:
        await tenant.post([event("noc.sample", metric="queue", value=3.0, site="S1")])
        moved = {"threshold": 2.0, "note": "x"}
        told = await tenant.ask(Command(verb="set_threshold", target="queue@S1", actor="mara", time=T0, args=moved))
        assert told.ok
    found = await asyncio.to_thread(tried, opened, thresholds={"queue@S1": 2.5})
    assert (found["commands"], found["commands_left_out"]) == (1, 1)
    with pytest.raises(InputError, match="did you mean queue@S1"):
        await asyncio.to_thread(tried, opened, thresholds={"queue@S2": 2.5})
    with pytest.raises(InputError, match="a threshold lies between"):
        await asyncio.to_thread(tried, opened, thresholds={"queue@S1": 1_000.0})


def test_a_threshold_is_refused_where_there_is_no_such_baseline(past: Opened) -> None:
    with pytest.raises(InputError, match="there is no baseline queue@S1"):
        tried(past, thresholds={"queue@S1": 2.5})
