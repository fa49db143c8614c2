"""Reviews on a real file: what is put up stays, however often the job runs, and goes with time."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from nocd.domain.instant import DAY_MS
from nocd.jobs.retention import Keep
from nocd.store import reviews as stored
from tests.build import T0, Opened
from tests.integration.jobs.house import House, kept

NOW = T0 + 40 * DAY_MS
PUNCHES = 1_500
X = [8, 0, 0, 0, 40, 0.9, 0, 0.1, 0.2, 0.8, 0, 40_000]
INSERT = (
    "INSERT INTO scores (no, punch, person, site, time, updated_at, rules, score, level, alert, x, body, verdict)"
    " VALUES (?, ?, 'P1', 'S1', ?, ?, 0, ?, 'LOW', ?, ?, x'7b7d', ?)"
)


@pytest.fixture
def opened(tmp_path) -> Opened:
    opened = Opened(tmp_path / "t.db")
    opened.clock.now = NOW
    return opened


def scored(no: int, *, score: float = 0.1, days_ago: float = 3, **more: Any) -> tuple[str, tuple[Any, ...]]:
    at = NOW - int(days_ago * DAY_MS)
    x = orjson.dumps(more.get("x", X))
    return INSERT, (no, f"p{no}", at, at, score, more.get("alert"), x, more.get("verdict"))


async def put_up(house: House) -> str:
    part = (await house.upkeep.review()).parts["default"]
    assert part.ok, part
    return part.detail


async def rows(house: House) -> list[tuple[Any, ...]]:
    return await house.tenant.store.read(lambda base: base.execute("SELECT * FROM reviews ORDER BY score").fetchall())


async def test_a_hundredth_is_put_up_with_its_weight_and_a_rerun_adds_nothing(opened: Opened) -> None:
    async with kept(opened) as house:
        await house.tenant.store.run([scored(no) for no in range(PUNCHES)])
        told = await put_up(house)
        first = await rows(house)
        assert told == f"{len(first)} at random"
        assert 3 <= len(first) <= 35
        assert {row[1:] for row in first} == {(NOW, "random", 100.0)}
        house.clock.now = NOW + DAY_MS
        assert await put_up(house) == "nothing to put up"
        assert await rows(house) == first


async def test_no_more_than_ten_a_week_are_chosen(opened: Opened) -> None:
    async with kept(opened) as house:
        far = [*X[:4], 9_000, *X[5:]]
        await house.tenant.store.run(
            [
                *(scored(no, score=0.5, verdict="benign") for no in range(10)),
                *(scored(no, score=0.81, alert=no) for no in range(10, 30)),
                *(scored(no, score=0.5, x=[*far[:5], no / 100, *far[6:]]) for no in range(30, 60)),
            ]
        )
        assert await put_up(house) == "5 near the ticket threshold, 5 unlike anything labelled"
        assert {row[2:] for row in await rows(house)} == {("chosen", 1.0)}
        assert await put_up(house) == "nothing to put up"
        house.clock.now = NOW + 3 * DAY_MS
        assert await put_up(house) == "nothing to put up"
        house.clock.now = NOW + 7 * DAY_MS
        await house.tenant.store.run([scored(no, score=0.79, days_ago=-4) for no in range(90, 93)])
        assert await put_up(house) == "3 near the ticket threshold"


async def test_a_punch_waits_until_nothing_more_is_found_of_it_and_what_is_older_than_a_month_is_let_be(
    opened: Opened,
) -> None:
    async with kept(opened) as house:
        await house.tenant.store.run([scored(no, days_ago=1 + 33 * (no % 2)) for no in range(PUNCHES)])
        assert await put_up(house) == "nothing to put up"


async def test_scores_are_walked_once_each_however_many_are_of_one_instant(opened: Opened) -> None:
    async with kept(opened) as house:
        await house.tenant.store.run([scored(no) for no in range(1_201)])
        place, found = (NOW - 4 * DAY_MS, 0), []
        while slice_ := await house.tenant.store.read(stored.seen, place, until=NOW, limit=500):
            found += [row.no for row in slice_]
            place = slice_[-1].time, slice_[-1].no
        assert found == list(range(1_201))


async def test_a_review_is_let_go_of_as_its_score_is(opened: Opened) -> None:
    async with kept(opened, keep=Keep(alerts_days=40)) as house:
        await house.tenant.store.run([scored(no, score=0.8) for no in range(3)])
        await put_up(house)
        house.clock.now = NOW + 39 * DAY_MS
        await house.retained()
        assert await house.count("reviews") == 3
        house.clock.now = NOW + 41 * DAY_MS
        assert "3 reviews" in await house.retained()
        assert await house.count("reviews") == 0
