"""One person over HTTP: habits, risk, the day in order, the trace; each for those who may read it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, from_ms
from nocd.domain.token import Right, Role
from nocd.store import people as stored
from tests.build import T0, Clock
from tests.integration.api.desk import Desk, running
from tests.unit.ingest.examples import envelope

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.asyncio(loop_scope="module")

DAYS = 34
LAST = T0 + (DAYS - 1) * DAY_MS


def told(kind: str, name: str, data: dict[str, Any], at: int = T0) -> dict[str, Any]:
    return envelope(kind, data, id=name, source="/t", time=from_ms(at).isoformat())


def came(day: int, direction: str = "in", hour: float = 6, person: str = "P1", **more: Any) -> dict[str, Any]:
    """Return a punch on a day after T0."""
    at = T0 + day * DAY_MS + round(hour * HOUR_MS)
    data = {"person": person, "site": "S1", "direction": direction, "method": "PIN", "verified": True, **more}
    return told("noc.attendance.punch", f"{person}-{day}-{hour:g}", {"device": f"D-{person}", **data}, at)


@asynccontextmanager
async def known() -> AsyncIterator[Desk]:
    """Run a daemon that knows P1 for a month, whose phone P2 punched on at the end, and P3 who has not punched."""
    clock = Clock()
    async with running(clock=clock) as desk:
        sites = [("S1", "ACME", "Asia/Kolkata"), ("S2", "OTHER", "UTC")]
        entries = [{"id": name, "name": f"Site {name}", "client": who, "timezone": zone} for name, who, zone in sites]
        people: list[dict[str, Any]] = [
            {"id": name, "name": f"Guard {name}", "sites": ["S1"]} for name in ("P1", "P2", "P3")
        ]
        people.append({"id": "P4", "name": "Guard P4", "sites": ["S1", "S2"]})
        await desk.post(*(told("noc.site", each["id"], each) for each in entries))
        await desk.post(*(told("noc.person", each["id"], each) for each in people))
        for day in range(DAYS):
            clock.now = T0 + day * DAY_MS + 7 * HOUR_MS
            await desk.post(came(day))
        shift = {"id": "H1", "person": "P1", "site": "S1", "start": at(5), "end": at(13)}
        tour = {"id": "TO1", "person": "P1", "site": "S1", "planned_start": at(8), "closed_at": at(9)}
        task = {"id": "K1", "person": "P1", "site": "S1", "created_at": at(6), "due_at": at(10)}
        later: list[tuple[str, dict[str, Any]]] = [
            ("noc.tour", tour),
            ("noc.tour", {**tour, "id": "TO2", "planned_start": at(11), "cancelled": True}),
        ]
        later += [("noc.task", task), ("noc.task", {**task, "id": "K2", "completed_at": at(10)}), ("noc.shift", shift)]
        await desk.post(*(told(kind, f"entry-{data['id']}", data, LAST) for kind, data in later))
        clock.now = LAST + 12 * HOUR_MS
        await desk.post(came(DAYS - 1, "out", 11, person="P2", device="D-P1"))
        await desk.post(came(DAYS - 1, "out", 11 + 2 / 60))
        yield desk


def at(hour: float) -> str:
    return from_ms(LAST + round(hour * HOUR_MS)).isoformat()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def desk() -> AsyncIterator[Desk]:
    async with known() as desk:
        await desk.give("narrow", Role.OPERATOR, sites=frozenset({"S1"}))
        await desk.give("elsewhere", Role.OPERATOR, sites=frozenset({"S2"}))
        await desk.give("nameless", Role.VIEWER, rights=frozenset({Right.FRAUD}))
        await desk.give("viewer", Role.VIEWER)
        yield desk


async def asked(desk: Desk, path: str, token: str = "admin") -> Any:
    answer = await desk.ask("GET", f"/v1/people/{path}", token=token)
    assert answer.status == 200, answer
    return answer.json


async def test_what_is_usual_of_a_person_is_told_in_words_and_numbers(desk: Desk) -> None:
    habits = await asked(desk, "P1/profile")
    assert (habits["person_name"], habits["punches"], habits["not_judged"]) == ("Guard P1", 35, None)
    assert habits["words"] == [
        "35 punches in 90 days",
        "usual at 11-12",
        "usual on Monday, Tuesday, Wednesday and 4 more",
        "usual at Site S1",
        "usual with D-P1",
        "0% at night, from 22:00 to 06:00",
    ]
    assert (habits["hours"][11], sum(habits["weekdays"]), habits["night_share"]) == (34, 35, 0.0)
    assert habits["sites"] == [{"site": "S1", "site_name": "Site S1", "punches": 35}]
    assert habits["devices"] == [{"device": "D-P1", "punches": 35}]


async def test_of_whoever_punched_too_seldom_it_is_said_that_nothing_is_usual(desk: Desk) -> None:
    for person, punches in (("P2", 1), ("P3", 0)):
        habits = await asked(desk, f"{person}/profile")
        reason = f"{punches} punches are known of 90 days; what is usual is told from 10"
        assert (habits["punches"], habits["not_judged"], habits["words"]) == (punches, reason, [reason])


async def test_a_persons_risk_is_of_thirty_days_beside_the_thirty_before(desk: Desk) -> None:
    risk = await asked(desk, "P1/risk")
    assert (risk["days"], risk["count"], risk["count_before"], risk["mean_before"]) == (30, 31, 4, 0.0)
    assert risk["critical"] == 1
    assert risk["max"] == pytest.approx(0.855)
    assert risk["trend"] == risk["mean"] == pytest.approx(0.855 / 31, abs=1e-4)
    unknown = await asked(desk, "P3/risk")
    assert (unknown["count"], unknown["mean"], unknown["trend"]) == (0, None, None)


async def test_the_heat_map_tells_where_it_rises(desk: Desk) -> None:
    (site,) = (await desk.ask("GET", "/v1/fraud/heatmap?hours=24&min_predictions=1")).json["items"]
    assert site["trend"] == site["mean"] > 0.2
    (site,) = (await desk.ask("GET", "/v1/fraud/heatmap?hours=2160")).json["items"]
    assert (site["count"], site["trend"]) == (36, None)


async def test_a_day_tells_what_was_planned_and_what_happened_in_order(desk: Desk) -> None:
    day = await asked(desk, "P1/day")
    assert (day["date"], day["timezone"], day["start"]) == ("2026-02-03", "Asia/Kolkata", "2026-02-02T18:30:00.000Z")
    rows = [(each["kind"], each["id"], each["words"]) for each in day["items"] if each["kind"] != "alert"]
    assert rows == [
        ("shift", "H1", "shift until 18:30"),
        ("punch", "P1-33-6", "punched in"),
        ("tour", "TO1", "routine tour, closed at 14:30"),
        ("task", "K1", "MEDIUM task due, open"),
        ("task", "K2", "MEDIUM task due, done at 15:30"),
        ("tour", "TO2", "routine tour, cancelled"),
        ("punch", "P1-33-11.0333", "punched out"),
    ]
    assert [each["level"] for each in day["items"] if each["kind"] == "punch"] == ["MINIMAL", "CRITICAL"]
    (fraud,) = [each for each in day["items"] if each["kind"] == "alert" and "fraud" in each["words"].lower()]
    assert (fraud["severity"], fraud["site_name"], day["left_out"]) == ("CRITICAL", "Site S1", 0)
    earlier = await asked(desk, "P1/day?date=2026-01-05")
    assert [each["id"] for each in earlier["items"]] == ["P1-4-6"]


async def test_a_day_has_a_bound_and_counts_what_it_left_out(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "DAY_ROWS_MAX", 2)
    day = await asked(desk, "P1/day")
    assert [each["id"] for each in day["items"]] == ["H1", "A-1"]
    assert day["left_out"] >= 5


async def test_names_are_masked_for_whoever_may_not_read_them(desk: Desk) -> None:
    for path in ("P1/profile", "P1/risk", "P1/day"):
        body = (await desk.ask("GET", f"/v1/people/{path}", token="nameless")).body.decode()
        assert '"person_name":"***"' in body
        assert "Guard P1" not in body, path


async def test_only_what_a_token_sees_is_told_and_the_right_is_needed(desk: Desk) -> None:
    for path in ("profile", "risk", "day", "trace"):
        assert (await desk.ask("GET", f"/v1/people/P1/{path}", token="viewer")).status == 403
        assert (await desk.ask("GET", f"/v1/people/P1/{path}", token="elsewhere")).told == (404, "not_found")
        assert (await desk.ask("GET", f"/v1/people/P9/{path}")).told == (404, "not_found")
        assert (await desk.ask("GET", f"/v1/people/P1/{path}", token="narrow")).status == 200
    assert (await desk.ask("GET", "/v1/people/P1/trace", token="nameless")).told == (403, "forbidden")
    for path in ("profile", "trace"):  # these are of all their sites together
        assert (await desk.ask("GET", f"/v1/people/P4/{path}", token="narrow")).told == (403, "forbidden")
    assert (await asked(desk, "P4/day", "narrow"))["items"] == []


async def test_a_trace_is_where_the_phone_was_page_by_page() -> None:
    clock = Clock()
    async with running(clock=clock) as desk:
        await desk.post(told("noc.person", "P1", {"id": "P1", "name": "Guard P1"}))
        for number in range(5):
            clock.forward(MINUTE_MS)
            for person in ("P1", "P11"):
                fix = {"person": person, "lat": 52.0 + number / 1_000, "lon": 13.0, "accuracy_m": 8.0}
                await desk.post(told("noc.location.fix", f"{person}-{number}", fix, clock.now))
        clock.forward(HOUR_MS)
        items = await desk.items("/v1/people/P1/trace")
        assert [each["lat"] for each in items] == [52.0, 52.001, 52.002, 52.003, 52.004]
        page = (await desk.ask("GET", "/v1/people/P1/trace?limit=3")).json
        rest = (await desk.ask("GET", f"/v1/people/P1/trace?limit=3&cursor={page['cursor']}")).json
        assert ([*page["items"], *rest["items"]], rest["cursor"]) == (items, None)
        first = from_ms(T0 + MINUTE_MS).isoformat().replace("+00:00", "Z")
        until = from_ms(T0 + 3 * MINUTE_MS).isoformat().replace("+00:00", "Z")
        some = await desk.items(f"/v1/people/P1/trace?from={first}&to={until}")
        assert [each["time"] for each in some] == [each["time"] for each in items[:2]]
        answer = await desk.ask("GET", f"/v1/people/P1/trace?from={until}&to={first}")
        assert answer.told == (400, "bad_parameter")


async def test_a_long_trace_is_looked_through_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "SCANNED_MAX", 2)
    async with running(clock=Clock()) as desk:
        await desk.post(told("noc.person", "P1", {"id": "P1", "name": "Guard P1"}))
        fix = {"person": "P1", "lat": 52.0, "lon": 13.0}
        await desk.post(*(told("noc.location.fix", f"f{number}", fix, T0 - MINUTE_MS) for number in range(3)))
        found, cursor = list[Any](), ""
        while cursor is not None:
            page = (await desk.ask("GET", f"/v1/people/P1/trace?cursor={cursor}")).json
            found, cursor = [*found, *page["items"]], page["cursor"]
        assert len(found) == 3
