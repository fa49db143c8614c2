"""The scorecard of a day that went wrong at one client and well at another, on a real file."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from nocd.domain.command import Command
from nocd.domain.finding import Category, Finding
from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, from_ms, rfc3339
from nocd.domain.severity import Severity
from nocd.store import scorecards
from nocd.wire.reports import ScorecardView
from tests.build import T0, Opened, event, firing
from tests.integration.jobs.house import House, kept

NOW = T0 + 30 * HOUR_MS
COPIED = (
    "INSERT INTO alerts SELECT no + 1, status, standing, severity, priority, last_seen, updated_at, type,"
    " site, client, person, 'other', ?, record FROM alerts WHERE no = ?"
)


@pytest.fixture
def opened(tmp_path) -> Opened:
    return Opened(tmp_path / "t.db")


async def scored(house: House, *, client: str = "ACME") -> dict[str, Any]:
    """Run the job; return the client's card as it is kept, by pillar."""
    report = (await house.upkeep.score()).parts["default"]
    assert report.ok, report
    bodies = await house.tenant.store.read(scorecards.cards, since=0, client=client, clients=None)
    return orjson.loads(bodies[0])  # type: ignore[no-any-return]  # JSON


def pillar(card: dict[str, Any], name: str) -> tuple[float | None, str, int]:
    found = next(each for each in card["pillars"] if each["name"] == name)
    return found["score"], found["colour"], found["count"]


async def directory(house: House) -> None:
    """Enter two clients' sites; at one a shift is manned, one late, one not at all, and one by a stand-in."""
    start = NOW - 10 * HOUR_MS
    entries = [
        event("noc.site", id=site, name=site, timezone="UTC", client=client)
        for site, client in (("S1", "ACME"), ("S2", "WELL"), ("S3", ""))
    ]
    for person, more in (("P1", {}), ("P2", {}), ("P3", {}), ("P4", {}), ("P5", {"substitute_for": "P4"})):
        times = {"start": from_ms(start), "end": from_ms(NOW + HOUR_MS)}
        entries.append(event("noc.shift", id=f"SH-{person}", site="S1", person=person, **times, **more))  # type: ignore[arg-type]  # data, not event()'s own
    report = {"report": "R1", "kind": "STATUTORY", "site": "S2", "delivered_at": from_ms(start)}
    await house.tenant.post([*entries, event("noc.report", **report)])  # type: ignore[arg-type]  # as above
    for person, late_ms in (("P1", 0), ("P2", 20 * MINUTE_MS), ("P5", 5 * MINUTE_MS)):
        house.clock.now = start + late_ms
        punch = event(
            "noc.attendance.punch", at=house.clock.now, person=person, site="S1", direction="in", method="FACE"
        )
        await house.tenant.post([punch])
    house.clock.now = NOW


async def test_each_pillar_counts_what_went_against_it(opened: Opened) -> None:
    async with kept(opened) as house:
        await directory(house)
        await answered_late(house)
        rows = [("TOUR_INCOMPLETE", 3), ("TOUR_INCOMPLETE", 3), ("REPORT_MISSING", 4), ("DAILY_REPORT_MISSING", 3)]
        await house.tenant.store.run([found(n, *row) for n, row in enumerate(rows)])
        card = await scored(house)
        assert pillar(card, "right_guard_right_post") == (50.0, "red", 2)  # of four, for one had a stand-in
        assert pillar(card, "supervision") == (85.0, "amber", 2)
        assert pillar(card, "control_room_response") == (76.0, "red", 2)
        assert pillar(card, "reports_and_legal") == (80.0, "amber", 1)
        assert pillar(card, "field_support")[2] == 0
        assert pillar(card, "records") == (85.0, "amber", 1)
        assert pillar(card, "emergency_response") == (100.0, "green", 0)
        assert (card["day"], card["colour"]) == ("2026-01-02", "red")
        shown = [each["what"] for each in card["pillars"][0]["violations"]]
        assert sorted(shown) == ["20 min late", "nobody came"]


async def answered_late(house: House) -> None:
    """Let one HIGH alert wait 31 minutes, a CRITICAL one for ever, and one be answered in time."""
    start = house.clock.now = NOW - 2 * HOUR_MS
    tried = [firing("Slow", at=start), firing("Quick", at=start), firing("Grave", at=start, severity="CRITICAL")]
    await house.tenant.post(tried)
    ids = {alert.type: alert.id for alert in house.tenant.pipeline.engine.book._alerts.values()}
    for name, after in (("Quick", 29), ("Slow", 31)):
        asked = Command(verb="ack", target=ids[name], actor="mara", time=start + after * MINUTE_MS)
        assert (await house.tenant.ask(asked)).ok
    house.clock.now = NOW


def found(number: int, kind: str, severity: int) -> tuple[str, tuple[Any, ...]]:
    body = Finding(
        id=f"F-{number}",
        type=kind,
        category=Category.COMPLIANCE,
        severity=Severity.MEDIUM,
        confidence=0.9,
        time=NOW - HOUR_MS,
        reason="x",
    )
    values = (9_000 + number, NOW - HOUR_MS, NOW - HOUR_MS, kind, severity, orjson.dumps(body))
    return "INSERT INTO findings VALUES (?, NULL, ?, ?, ?, ?, 'S1', 'ACME', NULL, 0, ?)", values


async def test_where_nothing_is_known_a_pillar_is_grey_and_where_all_went_well_it_is_green(opened: Opened) -> None:
    async with kept(opened) as house:
        await directory(house)
        card = await scored(house, client="WELL")
        assert pillar(card, "right_guard_right_post") == (None, "grey", 0)
        assert pillar(card, "reports_and_legal") == (100.0, "green", 0)
        assert pillar(card, "records") == (None, "grey", 0)
        assert card["colour"] == "grey"
        told = await house.told("scorecard")
        assert [each["client"] for each in told] == ["ACME", "WELL"]
        assert all(ScorecardView.model_validate(each) for each in told)
        assert {row["name"]: row["violations"] for row in told[0]["pillars"]}["right_guard_right_post"] == []


async def test_old_tickets_and_emergencies_that_were_nobodys_count(opened: Opened) -> None:
    class Ticket:
        id, site, open = "T-1", "S1", True
        created_at = NOW - 80 * HOUR_MS

    async with kept(opened) as house:
        await directory(house)
        house.clock.now = NOW - HOUR_MS
        await house.tenant.post([firing("Fall", at=house.clock.now, severity="CRITICAL")])
        engine = house.tenant.pipeline.engine
        alert = next(each for each in engine.book._alerts.values() if each.type == "Fall")
        body = {"category": "SAFETY", "status": "open", "opened_at": rfc3339(house.clock.now)}
        handed_up = {**body, "time_to_acknowledge_s": 60.0, "escalated_at": rfc3339(NOW)}
        await house.tenant.store.run(
            [
                ("UPDATE alerts SET body = ? WHERE no = ?", (orjson.dumps(body), alert.no)),
                (COPIED, (orjson.dumps(handed_up), alert.no)),
            ]
        )
        engine.shelves.restore("ticket", "T-1", Ticket())
        house.clock.now = NOW
        card = await scored(house)
        assert pillar(card, "emergency_response") == (60.0, "red", 2)
        assert pillar(card, "field_support") == (85.0, "amber", 1)
        del engine.shelves.kind("ticket")["T-1"]


async def test_what_begins_just_before_a_card_is_judged_with_the_next(opened: Opened) -> None:
    async with kept(opened) as house:
        await directory(house)
        start = house.clock.now = NOW - 10 * MINUTE_MS
        times = {"start": from_ms(start), "end": from_ms(NOW + HOUR_MS)}
        await house.tenant.post([event("noc.shift", at=start, id="SH-late", site="S2", person="P9", **times)])  # type: ignore[arg-type]  # data, not event()'s own
        await house.tenant.post([firing("Ajar", at=start, site="S2", severity="CRITICAL")])
        for now, posts, answers in ((NOW, (None, "grey", 0), 0), (NOW + DAY_MS, (0.0, "red", 1), 1)):
            house.clock.now = now
            card = await scored(house, client="WELL")
            assert pillar(card, "right_guard_right_post") == posts
            assert pillar(card, "control_room_response")[2] == answers


async def test_what_is_hidden_waits_for_no_answer(opened: Opened) -> None:
    async with kept(opened) as house:
        await directory(house)
        house.clock.now = NOW - HOUR_MS
        await house.tenant.post([firing("Drill", at=house.clock.now, severity="CRITICAL", site="S2")])
        matchers = [{"name": "type", "op": "=", "value": "Drill"}]
        args = {"matchers": matchers, "ends_at": NOW + HOUR_MS, "comment": "a drill"}
        asked = Command(verb="plan_silence", target="", actor="mara", time=house.clock.now, args=args)
        assert (await house.tenant.ask(asked)).ok
        house.clock.now = NOW
        assert pillar(await scored(house, client="WELL"), "control_room_response")[2] == 0


async def test_a_day_judged_again_is_one_card_and_cards_go_after_two_years(opened: Opened) -> None:
    async with kept(opened) as house:
        await directory(house)
        for _ in range(2):
            await scored(house)
        assert await house.count("scorecards") == 2
        house.clock.forward(731 * DAY_MS)
        assert "2 scorecards" in await house.retained()


async def test_without_clients_there_is_nothing_to_judge(opened: Opened) -> None:
    async with kept(opened) as house:
        (part,) = (await house.upkeep.score()).parts.values()
        assert part.detail == "no client has a site"
