"""What a model says of punches, live: it counts, it is kept, it is an input that a replay needs no model for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from nocd.domain.prediction import Alike, Moved, Prediction, Predictions
from nocd.domain.shelf import Shelves
from nocd.engine import Engine
from nocd.store import scores as stored
from nocd.store.codec import encode
from nocd.tenant import refold
from tests.build import ALONE, Opened, crash
from tests.build_field import company, hours, minutes, punch

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nocd.store.scores import ScoreRow
    from nocd.tenant import Tenant

EVERYTHING = (frozenset[str](), frozenset[str]())
FAR = Moved(feature="gps_drift_m", value=1_900.0, usual=(0.0, 60.0), raises=True, share=0.7, strength=5)


class Model:
    """Says the same of every punch; counts how often it is asked, and of how many."""

    def __init__(self, score: float, *, shadow: float | None = None) -> None:
        self.score, self.shadow = score, shadow
        self.asked: list[int] = []

    async def __call__(self, punches: Mapping[str, tuple[float, ...]], /) -> Predictions:
        self.asked.append(len(punches))
        alike = Alike(rows=43, share=0.88, low=0.77, high=0.94)
        return Predictions(
            version="000003",
            shadow_version="000002",
            latency_ms=0.4,
            of=tuple(
                Prediction(punch=each, score=self.score, shadow=self.shadow, reasons=(FAR,), alike=alike)
                for each in punches
            ),
        )


async def posted(tenant: Tenant, *people: str) -> None:
    await tenant.post([*company(*people), *(punch(each, "in", hours(8)) for each in people)])


async def rows(tenant: Tenant) -> list[ScoreRow]:
    return await tenant.store.read(stored.live, since=0, least=0.0, site=None, limits=EVERYTHING, limit=100)


async def views(tenant: Tenant) -> list[dict[str, Any]]:
    return [orjson.loads(row.body) for row in await rows(tenant)]


def opened(folder: Path) -> Opened:
    made = Opened(folder / "t.db")
    made.clock.now = minutes(482)
    return made


async def test_a_high_probability_makes_an_alert_and_a_ticket_where_no_check_speaks(tmp_path: Path) -> None:
    async with opened(tmp_path).tenant() as tenant:
        tenant.pipeline.predict = Model(0.87)
        await posted(tenant, "P1")
        (view,) = await views(tenant)
        assert (view["fraud_score"], view["rule_score"], view["model_score"], view["method"], view["level"]) == (
            *(0.87, 0.0, 0.87, "model", "CRITICAL"),
        )
        assert view["model"]["alike"] == "of 43 such scores 88% were fraud (77% to 94%)"
        assert view["model"]["reasons"][0]["words"] == "from the middle of the site: 1.9 km; usual 0 m to 60 m"
        (alert,) = (each for each in tenant.pipeline.engine.book.all() if each.type == "ATTENDANCE_FRAUD")
        assert alert.ticket is not None
        assert alert.fraud_score == 0.87
        assert "the model gives it 0.87; from the middle of the site: 1.9 km; usual 0 m to 60 m" in alert.reason


async def test_the_greater_of_rules_and_model_counts_and_both_are_shown(tmp_path: Path) -> None:
    async with opened(tmp_path).tenant() as tenant:
        tenant.pipeline.predict = Model(0.3)
        known = company("P1", "P2")
        await tenant.post(
            [*known, *(punch(each, "in", minutes(at), device="A") for each, at in (("P1", 480), ("P2", 481)))]
        )
        second, first = await views(tenant)
        assert (second["method"], second["model_score"], second["fraud_score"]) == ("both", 0.3, second["rule_score"])
        assert second["rule_score"] > 0.8
        assert (first["method"], first["fraud_score"]) == (
            "both" if first["rule_score"] else "model",
            max(0.3, first["rule_score"]),
        )


async def test_a_batch_of_punches_is_one_question(tmp_path: Path) -> None:
    async with opened(tmp_path).tenant() as tenant:
        model = tenant.pipeline.predict = Model(0.1)
        await posted(tenant, "P1", "P2", "P3")
        assert model.asked == [3]


async def test_without_an_answer_rules_decide_alone_and_the_score_says_so(tmp_path: Path) -> None:
    async def silent(_: Mapping[str, tuple[float, ...]], /) -> None:
        return None

    async with opened(tmp_path).tenant() as tenant:
        tenant.pipeline.predict = silent
        await posted(tenant, "P1")
        (view,) = await views(tenant)
        assert (view["method"], view["model_score"], view["fraud_score"]) == ("rules", None, 0.0)


async def test_what_a_shadow_says_is_kept_and_has_no_effect(tmp_path: Path) -> None:
    async with opened(tmp_path).tenant() as tenant:
        tenant.pipeline.predict = Model(0.1, shadow=0.95)
        await posted(tenant, "P1")
        (view,) = await views(tenant)
        assert view["fraud_score"] == 0.1
        kept = "SELECT model_version, shadow, shadow_version FROM scores"
        assert await tenant.store.read(lambda base: base.execute(kept).fetchall()) == [("000003", 0.95, "000002")]


async def test_a_crash_keeps_what_the_model_said_and_asks_nothing_again(tmp_path: Path) -> None:
    made = opened(tmp_path)
    tenant = await made.open()
    tenant.pipeline.predict = Model(0.87)
    await posted(tenant, "P1")
    before, alerts = await rows(tenant), [*tenant.pipeline.engine.book.all()]
    await crash(tenant)
    async with made.tenant() as again:
        assert await rows(again) == before
        assert [*again.pipeline.engine.book.all()] == alerts
        assert again.pipeline.engine.unscored() == {}


async def test_a_replay_of_the_inputs_without_a_model_makes_the_same_alerts(tmp_path: Path) -> None:
    async with opened(tmp_path).tenant() as tenant:
        tenant.pipeline.predict = Model(0.87)
        await posted(tenant, "P1", "P2")
        fresh = Engine(Shelves(encode), ALONE)
        refold(fresh, await tenant.store.tail(0, 100))
        told = [(each.id, each.reason, each.fraud_score) for each in fresh.book.all()]
        assert told == [(each.id, each.reason, each.fraud_score) for each in tenant.pipeline.engine.book.all()]
        assert [each.type for each in fresh.book.all()].count("ATTENDANCE_FRAUD") == 2
