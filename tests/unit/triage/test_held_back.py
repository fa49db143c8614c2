"""What keeps a finding from opening an alert: its rule, its number, and maintenance."""

from __future__ import annotations

from typing import Any

import pytest

from nocd.detect.kinds import OpenAfter
from nocd.detect.registry import CATALOG
from nocd.detect.rules import Rules
from nocd.domain.command import Command
from nocd.domain.maintenance import WINDOWS_MAX
from nocd.domain.severity import Severity
from tests.build import event
from tests.build_field import Field, company, hours, minutes, punch, shift
from tests.build_site import directory, phone
from tests.unit.detect.build_watch import fixes, phones, span

STRANGER = "UNAUTHORIZED_SITE"


def run_with(**rule: Any) -> Field:
    """Return a run in which P1 belongs to S2, under changed rules for strangers."""
    run = Field()
    run.engine.scene.rules = Rules(CATALOG, general={STRANGER: rule})
    run.feed(company("P1", sites=("S2",)))
    return run


def come(run: Field, at: int) -> None:
    run.feed([punch("P1", "in", at)])


def held(run: Field) -> list[str | None]:
    return [
        change.data["held_back"]
        for outcome in run.outcomes
        for change in outcome.changes
        if change.type == "finding_created" and change.data["type"] == STRANGER
    ]


def command(run: Field, verb: str, name: str = "", args: dict[str, Any] | None = None) -> Any:
    asked = Command(verb=verb, target=name, actor="mara", time=run.engine.now, args=args or {})
    reply = run.engine.apply(asked)
    run.outcomes.append(run.engine.finish())
    return reply


def plan(run: Field, **args: Any) -> Any:
    given = {"scope": "site", "target": "S1", "start": hours(7), "end": hours(10), "types": [], "reason": "works"}
    return command(run, "plan_maintenance", args={**given, **args})


def test_in_shadow_findings_are_kept_and_open_nothing() -> None:
    run = run_with(mode="shadow")
    come(run, hours(8))
    assert len(run.of(STRANGER)) == 1
    assert run.alerts(STRANGER) == []
    assert held(run) == ["UNAUTHORIZED_SITE is in shadow: findings are kept and counted, alerts are not opened"]


def test_off_means_not_claimed() -> None:
    run = run_with(mode="off")
    come(run, hours(8))
    assert run.of(STRANGER) == []


def test_off_means_so_too_of_what_is_found_beside_the_detectors() -> None:
    run = Field()
    off = ("GUARD_DISTRESS", "DOUBLE_PUNCH", "UNKNOWN_ENTITY")
    run.engine.scene.rules = Rules(CATALOG, general={name: {"mode": "off"} for name in off})
    panic = event("noc.phone.event", at=hours(8), person="P1", kind="panic")
    twice = [punch("P1", "in", hours(8)), punch("P1", "in", hours(9))]
    stranger = punch("P2", "out", hours(9))
    run.feed([*company("P1"), panic, *twice, stranger])
    run.feed([punch("P1", "out", hours(8.5), received_at=hours(9.1))])
    assert not set(off).intersection(run.findings)
    assert "" not in [name for outcome in run.outcomes for name in outcome.withdrawn]


def test_below_its_border_a_finding_is_evidence_and_from_it_opens() -> None:
    run = run_with(severity=Severity.LOW)
    come(run, hours(8))
    assert held(run) == ["LOW is evidence only; alerts open from MEDIUM"]
    low = run_with(severity=Severity.LOW, alert_from=Severity.LOW)
    come(low, hours(8))
    assert low.alerts(STRANGER) == [("open", 1)]


def test_the_third_within_an_hour_opens_and_each_after_it_renews() -> None:
    run = run_with(open_after=OpenAfter(count=3, minutes=60))
    for at in (480, 500, 541, 542, 700):
        come(run, minutes(at))
    assert held(run) == [
        "1 of the 3 findings within 60 min that open an alert",
        "2 of the 3 findings within 60 min that open an alert",
        "2 of the 3 findings within 60 min that open an alert",
        None,
        None,
    ]
    assert run.alerts(STRANGER) == [("open", 2)]


def test_what_was_counted_is_let_go_of_after_a_day() -> None:
    run = run_with(open_after=OpenAfter(count=3, minutes=1_440))
    come(run, hours(8))
    assert len(run.engine.shelves.kind("held")) == 1
    run.feed(company("P1", sites=("S2",)))
    run.feed([event("noc.site", id="S1", name="Site S1", timezone="UTC", at=hours(60))])
    assert run.engine.shelves.kind("held") == {}


def test_past_the_bound_on_counted_troubles_one_opens_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nocd.telling.HELD_MAX", 0)
    run = run_with(open_after=OpenAfter(count=3, minutes=60))
    come(run, hours(8))
    assert run.alerts(STRANGER) == [("open", 1)]


def test_under_maintenance_a_site_gives_no_alert_and_says_why() -> None:
    run = run_with()
    reply = plan(run)
    assert (reply.status, reply.body["id"], reply.body["state"]) == (200, "M-1", "planned")
    come(run, hours(8))
    assert run.alerts(STRANGER) == []
    assert held(run) == ["maintenance M-1 until 10:00 by mara: works"]
    come(run, hours(10))
    assert run.alerts(STRANGER) == [("open", 1)]


def sleeper() -> Field:
    """Return a night of a guard who is awake and heard from 19:00 to 21:00; time has not passed yet."""
    run, awake = Field(), span(19 * 60, 21 * 60)
    run.feed([*company("P1"), shift("P1", 19, 31)])
    comes = [punch("P1", "in", hours(19)), *phones("P1", awake), *fixes("P1", awake, step_m=20.0)]
    run.feed(sorted(comes, key=lambda each: each.received_at))
    return run


def test_a_guard_who_sleeps_over_midnight_is_one_alert_that_counts() -> None:
    run = sleeper()
    run.pass_time(hours(25))
    assert len(run.of("GUARD_INACTIVITY")) == 25
    assert run.alerts("GUARD_INACTIVITY") == [("open", 25)]


def test_a_guard_who_sleeps_under_maintenance_is_found_and_opens_none() -> None:
    run = sleeper()
    plan(run, start=hours(22), end=hours(31))
    run.pass_time(hours(25))
    assert len(run.of("GUARD_INACTIVITY")) == 25
    assert run.alerts("GUARD_INACTIVITY") == []


@pytest.mark.parametrize(
    ("scope", "hidden"),
    [
        ({"scope": "all", "target": ""}, True),
        ({"scope": "client", "target": "ACME"}, True),
        ({"scope": "client", "target": "OTHER"}, False),
        ({"scope": "site", "target": "S2"}, False),
        ({"scope": "device", "target": "P1"}, False),
        ({"types": [STRANGER]}, True),
        ({"types": ["NO_SHOW"]}, False),
        ({"start": hours(8) + 1}, False),
        ({"end": hours(8)}, False),
    ],
)
def test_a_window_hides_its_scope_its_types_and_its_time(scope, hidden) -> None:
    run = run_with()
    plan(run, **scope)
    come(run, hours(8))
    assert (run.alerts(STRANGER) == []) is hidden


def test_a_panic_is_never_hidden_but_by_name() -> None:
    panic: dict[str, Any] = {"person": "P1", "kind": "panic"}
    run = run_with()
    plan(run, scope="all", target="")
    run.feed([event("noc.phone.event", at=hours(8), **panic)])
    assert run.alerts("GUARD_DISTRESS") == [("open", 1)]
    drill = run_with()
    plan(drill, scope="all", target="", types=["GUARD_DISTRESS"])
    drill.feed([event("noc.phone.event", at=hours(8), **panic)])
    assert drill.alerts("GUARD_DISTRESS") == []
    both = run_with()
    plan(both, scope="all", target="")
    plan(both, scope="all", target="", types=["GUARD_DISTRESS"])
    both.feed([event("noc.phone.event", at=hours(8), **panic)])
    assert both.alerts("GUARD_DISTRESS") == []


def test_what_began_under_maintenance_and_lasts_opens_its_alert_when_the_window_ends() -> None:
    run = Field()
    run.feed([*company("P1", "P2"), shift("P1", 8, 16), shift("P2", 8.5, 16), shift("P2", 0, 4, site="S2")])
    plan(run)
    run.pass_time(hours(9.5))
    run.feed([punch("P2", "in", hours(9.6))])
    assert (len(run.of("NO_SHOW")), run.alerts("NO_SHOW")) == (3, [("open", 1)])
    run.pass_time(hours(10) - 1)
    assert run.alerts("NO_SHOW") == [("open", 1)]
    run.pass_time(hours(10))
    assert run.alerts("NO_SHOW") == [("open", 1), ("open", 1)]
    alert = next(alert for outcome in run.outcomes for alert, _ in outcome.alerts if alert.site == "S1")
    assert (alert.person, alert.first_seen, alert.opened_at) == ("P1", minutes(495), hours(10))
    opened = [pair for outcome in run.outcomes for pair in outcome.opened]
    assert opened == [(alert.evidence["finding"], alert.id)]
    run.feed([punch("P1", "in", hours(11))])
    assert run.alerts("NO_SHOW") == [("open", 1), ("resolved", 1)]
    assert run.engine.shelves.kind("hidden") == {}


def test_what_lasts_is_told_at_once_where_its_window_is_ended_early_and_not_while_another_hides_it() -> None:
    run = Field()
    run.feed([*company("P1"), shift("P1", 8, 16)])
    plan(run)
    plan(run, scope="all", target="", end=hours(9))
    run.pass_time(hours(8.5))
    command(run, "end_maintenance", "M-1")
    assert run.alerts("NO_SHOW") == []
    run.feed([event("noc.phone.event", at=hours(8.6), person="P1", kind="device_log")])
    command(run, "end_maintenance", "M-2")
    assert run.alerts("NO_SHOW") == [("open", 1)]


def test_what_was_hidden_and_is_refuted_opens_nothing() -> None:
    run = Field()
    run.feed([*company("P1"), shift("P1", 8, 16)])
    plan(run)
    run.pass_time(minutes(500))
    run.feed([punch("P1", "in", minutes(485), received_at=minutes(501))])
    run.pass_time(hours(12))
    assert run.withdrawn("NO_SHOW") == 1
    assert run.alerts("NO_SHOW") == []


def test_a_window_ends_early_or_is_called_off_once() -> None:
    run = run_with()
    plan(run)
    off = command(run, "end_maintenance", "M-1").body
    assert off["start"] == off["end"]
    come(run, hours(8))
    assert run.alerts(STRANGER) == [("open", 1)]
    plan(run, start=hours(7), end=hours(30))
    run.feed([event("noc.phone.event", at=hours(9), person="P1", kind="device_log")])
    ended = command(run, "end_maintenance", "M-2")
    assert ended.body["end"] == "2026-01-01T09:00:00.000Z"
    assert command(run, "end_maintenance", "M-2").body["code"] == "over"
    assert command(run, "end_maintenance", "M-9").status == 404


def test_windows_are_bounded_and_end_after_they_start() -> None:
    run = run_with()
    assert plan(run, end=hours(7)).body["code"] == "bad_window"
    assert plan(run, start=hours(-3), end=hours(-2)).body["code"] == "bad_window"
    for _ in range(WINDOWS_MAX):
        plan(run)
    assert plan(run).body["code"] == "too_many_windows"


def test_windows_are_forgotten_weeks_after_their_end() -> None:
    run = run_with()
    plan(run)
    run.feed([event("noc.site", id="S1", name="Site S1", timezone="UTC", at=hours(24 * 36))])
    assert run.engine.scene.plans.all() == []


@pytest.mark.parametrize(("end_h", "learned"), [(48, False), (0.5, True)])
def test_hours_under_maintenance_teach_nothing(end_h, learned) -> None:
    run = Field()
    run.feed(directory(days=3))
    plan(run, start=hours(-1), end=hours(end_h))
    run.feed(phone(range(1, 30)))
    run.pass_time(hours(30))
    rows = [row for outcome in run.outcomes for row in outcome.hours if row.baseline == "phone_events@S1"]
    after = [row.learned for row in rows if row.hour >= hours(2)]
    assert len(after) > 20
    assert all(after) is learned
    assert any(after) is learned


def test_the_feed_hears_of_windows() -> None:
    run = run_with()
    plan(run)
    told = [change for outcome in run.outcomes for change in outcome.changes if change.type == "maintenance_window"]
    assert [(change.site, change.client, change.data["happened"]) for change in told] == [("S1", "ACME", "planned")]
