"""What a child answers becomes steps; a stand-in for it says what a test wants, at once."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from nocd.errors import UnavailableError
from nocd.fraud import steps
from tests.integration.build_scores import scored
from tests.integration.school import School, opened
from tests.unit.fraud.test_retraining import ANSWER, GATES, part
from tests.unit.ml.test_registry import save

CHILD = "import sys; sys.stdout.buffer.write(open(f'{sys.argv[1]}/{sys.argv[2]}.json', 'rb').read())"
QUIET: dict[str, Any] = {
    "outcome": "compared",
    "level": "none",
    "rows": 900,
    "features": [],
    "scores": part("scores"),
    "performance": [],
}


@dataclass(frozen=True, slots=True)
class Taught:
    """A school whose child answers what it is told to."""

    school: School
    folder: Path

    async def answers(self, **said: Any) -> None:
        """Let the child answer so, by command."""
        for name, answer in said.items():
            body = answer if isinstance(answer, bytes) else orjson.dumps(answer)
            await asyncio.to_thread((self.folder / f"{name}.json").write_bytes, body)

    async def stored(self, *, passed: bool = True) -> str:
        """Have a version in the registry; return the answer of who stored it."""
        return await asyncio.to_thread(save, self.school.registry, passed=passed)


@pytest.fixture
async def taught(tmp_path: Path) -> AsyncIterator[Taught]:
    async with opened(tmp_path) as school:
        school.training.command = (sys.executable, "-I", "-S", "-c", CHILD, str(tmp_path))
        await scored(school.tenant, people=2)
        yield Taught(school, tmp_path)


def drifted(level: str, *, version: str) -> dict[str, Any]:
    return {**QUIET, "version": version, "level": level, "features": [part("gps_drift_m", level)]}


async def test_one_that_passed_is_told_put_in_force_and_heard_of(taught: Taught) -> None:
    school, version = taught.school, await taught.stored()
    await taught.answers(train={**ANSWER, "version": version})
    assert await school.retrain() == f"{version} passed its gates and is in force"
    assert await school.steps() == [(steps.TRAINED, version), (steps.ACTIVATED, version)]
    assert (school.registry.active(), school.heard) == (version, ["default"])


async def test_one_that_failed_is_refused_and_the_former_goes_on(taught: Taught) -> None:
    school, former, version = taught.school, await taught.stored(), await taught.stored(passed=False)
    school.registry.activate(former)
    await taught.answers(train={**ANSWER, "version": version, "outcome": "failed", "gates": GATES})
    assert await school.retrain() == "refused: by site: north 3 %, south 1 %"
    assert await school.steps() == [(steps.REFUSED, version)]
    assert (school.registry.active(), school.heard) == (former, [])


async def test_one_that_the_registry_refuses_is_told_with_its_code(taught: Taught) -> None:
    await taught.answers(train={**ANSWER, "version": "000009"})
    assert await taught.school.retrain() == "refused: there is no version 000009"
    assert await taught.school.steps() == [(steps.TRAINED, "000009"), (steps.REFUSED, "000009")]
    assert (await taught.school.last())["code"] == "no_such_version"


@pytest.mark.parametrize("approved", [False, True])
async def test_after_a_critical_drift_a_person_approves_unless_it_is_set_otherwise(
    taught: Taught,
    approved: bool,  # noqa: FBT001 - a test's case
) -> None:
    school, former, version = taught.school, await taught.stored(), await taught.stored()
    school.registry.activate(former)
    school.training.auto_approve = approved
    await taught.answers(drift=drifted("CRITICAL", version=former), train={**ANSWER, "version": version})
    said = await school.look()
    assert ("it waits for approval" in said) is not approved
    assert (f"{version} passed its gates and is in force" in said) is approved
    kinds = [kind for kind, _ in await school.steps()]
    assert kinds == [steps.DRIFTED, steps.TRAINED, *([steps.ACTIVATED] if approved else [])]
    assert (school.registry.active() == version) is approved
    assert school.heard == ["default"]  # in force, or in the shadow until somebody approves


async def test_a_high_drift_has_one_trained_once_in_seven_days_and_a_lesser_one_none(taught: Taught) -> None:
    school, former = taught.school, await taught.stored()
    school.registry.activate(former)
    refused = {"outcome": "refused", "code": "too_few_labels", "reason": "7 of 100", "counts": {"labelled": 7}}
    await taught.answers(drift=drifted("MEDIUM", version=former), train=refused)
    assert "not trained anew: a model is trained at once from HIGH drift on" in await school.look()
    await taught.answers(drift=drifted("HIGH", version=former))
    assert "trained anew: refused: 7 of 100" in await school.look()
    assert "not trained anew: one was trained for drift" in await school.look()
    assert [kind for kind, _ in await school.steps()].count(steps.REFUSED) == 1
    assert school.training.running is None


async def test_where_nothing_moved_no_step_is_made(taught: Taught) -> None:
    school, former = taught.school, await taught.stored()
    school.registry.activate(former)
    await taught.answers(drift={**QUIET, "version": former})
    assert await school.look() == f"nothing moved in 900 punches since {former} was trained"
    assert await school.steps() == []


async def test_a_model_of_other_features_is_not_compared_and_says_so(taught: Taught) -> None:
    taught.school.registry.activate(await taught.stored())
    refused = {"outcome": "refused", "code": "foreign_schema", "reason": "made for schema 7", "counts": {}}
    await taught.answers(drift=refused)
    assert await taught.school.look() == "not compared: made for schema 7"
    assert await taught.school.steps() == []


async def test_of_less_than_a_day_nothing_is_compared(taught: Taught) -> None:
    school = taught.school
    school.registry.activate(await taught.stored())
    await school.tenant.store.run([("DELETE FROM scores WHERE no > 1", ())])
    school.training.now_ms = lambda: 0
    assert await school.look() == "less than a day of punches was scored: 1"


@pytest.mark.parametrize(
    ("said", "why"),
    [(b"", "ended before it had an answer"), (b"[" * 5_000_000, "it said more than 4194304 bytes")],
)
async def test_what_is_no_answer_is_a_failure_and_no_step(taught: Taught, said: bytes, why: str) -> None:
    await taught.answers(train=said)
    with pytest.raises(UnavailableError, match=why):
        await taught.school.retrain()
    assert await taught.school.steps() == []


async def test_a_step_that_is_not_taken_is_a_failure(taught: Taught) -> None:
    version = await taught.stored()
    data = {**ANSWER["data"], "columns": "x" * 70_000}
    await taught.answers(train={**ANSWER, "version": version, "data": data})
    with pytest.raises(UnavailableError, match="the step was not taken"):
        await taught.school.retrain()
    assert taught.school.registry.active() is None


async def test_vectors_of_other_features_are_left_out(taught: Taught) -> None:
    await taught.school.tenant.store.run([("UPDATE scores SET x = CAST('[1.0, ' || substr(x, 2) AS BLOB)", ())])
    assert await taught.school.retrain() == "no punch was scored yet"
