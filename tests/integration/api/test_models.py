"""Models over HTTP: what there is, why one cannot be used, and moves of the pointer, told before they are made."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import orjson

from ml.registry import Registry
from nocd.domain.token import Right, Role
from nocd.store.folder import Folder
from tests.build_models import manifest, stored
from tests.integration.api.desk import Desk, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@asynccontextmanager
async def with_models(root: Path, **saved: Any) -> AsyncIterator[tuple[Desk, Registry, list[str]]]:
    """Run a daemon whose registry holds two versions that passed and one that did not; nothing loads them."""
    registry = Registry((await asyncio.to_thread(Folder(root).create)).tenant_models("default"))
    for passed in (True, True, False):
        await asyncio.to_thread(stored, registry.folder, passed=passed, **saved)
    async with running(root=root) as desk:
        loaded: list[str] = []

        async def load(tenant: str) -> None:
            loaded.append(tenant)

        desk.daemon.versions.reload = load
        yield desk, registry, loaded


async def steps(desk: Desk) -> list[tuple[str, str, str, str]]:
    """Return (kind, version, reason, actor) of what the feed tells of models."""
    kinds = "model_activated,model_rolled_back"
    changes = (await desk.ask("GET", f"/v1/changes?after=0&types={kinds}")).json["changes"]
    told = [(each["type"], each["data"]) for each in changes]
    return [(kind, data["version"], data["reason"], data["actor"]) for kind, data in told]


async def test_a_version_is_put_in_force_once_it_is_told_and_then_loaded(tmp_path: Path) -> None:
    async with with_models(tmp_path) as (desk, registry, loaded):
        answer = await desk.ask("POST", "/v1/models/000001/activate", json={"note": "first"})
        assert answer.json == {"version": "000001", "former": None}
        answer = await desk.ask("POST", "/v1/models/000002/activate")
        assert answer.json == {"version": "000002", "former": "000001"}
        assert (await asyncio.to_thread(registry.active), loaded) == ("000002", ["default"] * 2)
        assert await steps(desk) == [
            ("model_activated", "000001", "first", "admin"),
            ("model_activated", "000002", "put in force by hand", "admin"),
        ]
        again = await desk.ask("POST", "/v1/models/000002/activate")
        assert again.json == {"version": "000002", "former": "000002"}
        assert len(await steps(desk)) == 2
        acts = await desk.items("/v1/audit?act=model_step")
        assert [(each["actor"], each["target"]) for each in acts] == [("admin", "000002"), ("admin", "000001")]


async def test_a_version_that_may_not_be_used_is_refused_with_the_registrys_reason_and_nothing_changes(
    tmp_path: Path,
) -> None:
    async with with_models(tmp_path) as (desk, registry, loaded):
        await asyncio.to_thread((registry.folder / "000002" / "model.ubj").write_bytes, b"{")
        refused = {}
        for version in ("000002", "000003", "000009", "active"):
            answer = await desk.ask("POST", f"/v1/models/{version}/activate")
            refused[version] = (*answer.told, answer.json["detail"])
        assert refused["000002"][:2] == (409, "model_truncated")
        assert refused["000003"][:2] == (409, "gates_not_passed")
        assert "PR-AUC" in refused["000003"][2]
        assert refused["000009"] == (404, "not_found", "there is no version 000009")
        assert refused["active"][:2] == (404, "not_found")
        assert (await desk.ask("POST", "/v1/models/rollback")).told == (409, "no_former_model")
        assert (await asyncio.to_thread(registry.active), loaded, await steps(desk)) == (None, [], [])


async def test_the_former_version_comes_back_and_a_repeat_under_the_same_key_moves_nothing(tmp_path: Path) -> None:
    async with with_models(tmp_path) as (desk, registry, _):
        for version in ("000001", "000002"):
            await desk.ask("POST", f"/v1/models/{version}/activate")
        for _ in range(2):
            answer = await desk.ask("POST", "/v1/models/rollback", headers={"Idempotency-Key": "k"})
            assert answer.json == {"version": "000001", "former": "000002"}
        assert await asyncio.to_thread(registry.active) == "000001"
        assert (await steps(desk))[2:] == [("model_rolled_back", "000001", "taken back by hand", "admin")]
        answer = await desk.ask("POST", "/v1/models/rollback", headers={"Idempotency-Key": "other"})
        assert answer.json == {"version": "000002", "former": "000001"}


async def test_a_move_is_for_admins_who_may_approve_and_a_look_for_who_may_see_fraud(tmp_path: Path) -> None:
    async with with_models(tmp_path) as (desk, _, _):
        rights = frozenset({Right.FRAUD, Right.PII})
        await desk.give("lesser", Role.ADMIN, rights=rights)
        await desk.give("viewer", Role.VIEWER)
        await desk.give("narrow", Role.ADMIN, sites=frozenset({"S1"}), rights=rights | {Right.APPROVE})
        for method, path in (("GET", ""), ("GET", "/000001"), ("POST", "/000001/activate"), ("POST", "/rollback")):
            assert (await desk.ask(method, f"/v1/models{path}", token="narrow")).told == (403, "forbidden")
        assert (await desk.ask("POST", "/v1/models/000001/activate", token="lesser")).told == (403, "forbidden")
        assert (await desk.ask("POST", "/v1/models/rollback", token="operator")).told == (403, "forbidden")
        for path in ("", "/active", "/compare"):
            assert (await desk.ask("GET", f"/v1/models{path}", token="viewer")).told == (403, "forbidden")


async def test_the_list_says_what_each_is_worth_or_why_it_cannot_be_used(tmp_path: Path) -> None:
    async with with_models(tmp_path) as (desk, registry, _):
        await desk.ask("POST", "/v1/models/000001/activate")
        await asyncio.to_thread((registry.folder / "000002" / "calibrator.json").write_bytes, b"{}")
        told = (await desk.ask("GET", "/v1/models")).json
        assert (told["active"], told["former"]) == ("000001", None)
        assert [(each["version"], each["usable"], each["code"]) for each in told["items"]] == [
            ("000003", False, "gates_not_passed"),
            ("000002", False, "model_tampered"),
            ("000001", True, None),
        ]
        assert told["items"][2]["learned_to"].startswith("2026-01-17")
        assert told["items"][2]["pr_auc"][0] > 0.9


async def test_a_card_says_all_that_is_known_and_which_steps_the_version_took(tmp_path: Path) -> None:
    async with with_models(tmp_path) as (desk, registry, _):
        await desk.ask("POST", "/v1/models/000001/activate")
        card = (await desk.ask("GET", "/v1/models/active")).json
        assert (card["version"], card["active"], card["usable"]) == ("000001", True, True)
        assert card["figures"].keys() == {"model", "rules", "both"}
        assert len(card["figures"]["model"]["pr_curve"]) == 20
        assert card["base_rate"] == card["score_table"][0]["precision"]
        assert [each["kind"] for each in card["steps"]] == ["model_activated"]
        assert all(gate["reason"] for gate in card["gates"])
        refused = (await desk.ask("GET", "/v1/models/000003")).json
        assert (refused["usable"], refused["code"], refused["passed"]) == (False, "gates_not_passed", False)
        await asyncio.to_thread((registry.folder / "000002" / "manifest.json").write_bytes, b"{}")
        harmed = (await desk.ask("GET", "/v1/models/000002")).json
        assert (harmed["code"], "gates" in harmed) == ("model_tampered", False)
        assert (await desk.ask("GET", "/v1/models/000009")).told == (404, "not_found")
        assert (await desk.ask("GET", "/v1/models/former")).told == (404, "not_found")


async def test_a_manifest_of_another_form_is_told_as_unreadable(tmp_path: Path) -> None:
    async with with_models(tmp_path, metrics={}) as (desk, _, _):
        card = (await desk.ask("GET", "/v1/models/000001")).json
        assert (card["usable"], card["code"]) == (False, "model_unreadable")


async def test_a_step_that_cannot_be_told_is_not_made(tmp_path: Path) -> None:
    async with with_models(tmp_path) as (desk, registry, loaded):
        body = {"note": "n" * 3_000}
        assert (await desk.ask("POST", "/v1/models/000001/activate", json=body)).status == 400
        assert (await desk.ask("POST", "/v1/models/000001/activate", json={"why": "x"})).told == (400, "unknown_field")
        assert (await asyncio.to_thread(registry.active), loaded) == (None, [])


def test_a_manifest_made_here_has_the_form_of_one_that_training_leaves() -> None:
    made = manifest()
    assert orjson.loads(orjson.dumps(made))["gates"]["passed"] is True
