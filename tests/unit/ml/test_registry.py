"""Models on disk: whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from ml.registry import Registry
from ml.schema import FRAUD, Refused, any_columns
from tests.architecture.tree import ROOT

MODEL = b"{i\x01ai\x01}"
CALIBRATOR = {"kind": "logistic", "numbers": {"ab": [1.0, 0.0]}, "calibrated": True}


def manifest(*, passed: bool = True, **more: Any) -> dict[str, Any]:
    reasons = [{"passed": False, "reason": "PR-AUC 0.4"}]
    return {"schema": FRAUD.told(), "gates": {"passed": passed, "gates": [] if passed else reasons}, **more}


def save(registry: Registry, *, passed: bool = True) -> str:
    return registry.save(MODEL, CALIBRATOR, manifest(passed=passed))


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "models" / "default")


def code(refused: pytest.ExceptionInfo[Refused]) -> str:
    return refused.value.code


def test_what_is_saved_is_loaded_as_it_was(registry: Registry) -> None:
    version = save(registry)
    registry.activate(version)
    stored = registry.load(schema=FRAUD)
    assert (stored.version, stored.model, stored.calibrator) == (version, MODEL, CALIBRATOR)
    assert stored.manifest["files"].keys() == {"model.ubj", "calibrator.json"}
    assert sorted(path.name for path in (registry.folder / version).iterdir()) == [
        *("calibrator.json", "manifest.json", "model.ubj")
    ]


def test_an_empty_registry_has_nothing_and_says_so(registry: Registry) -> None:
    assert (registry.versions(), registry.active(), registry.listing()) == ([], None, [])
    with pytest.raises(Refused) as refused:
        registry.load()
    assert code(refused) == "no_active_model"


def test_a_model_that_did_not_pass_is_kept_and_never_activated(registry: Registry) -> None:
    version = save(registry, passed=False)
    with pytest.raises(Refused, match=r"PR-AUC 0\.4") as refused:
        registry.activate(version)
    assert code(refused) == "gates_not_passed"
    assert registry.active() is None


def test_the_last_three_the_active_and_the_former_are_kept(registry: Registry) -> None:
    first, second = save(registry), save(registry)
    for version in (first, second):
        registry.activate(version)
    for _ in range(5):
        save(registry)
    assert registry.versions() == ["000001", "000002", "000005", "000006", "000007"]


def test_a_rollback_and_another_end_where_they_began(registry: Registry) -> None:
    first, second = save(registry), save(registry)
    registry.activate(first)
    registry.activate(second)
    registry.activate(second)
    assert registry.rollback() == first
    assert (registry.active(), registry.former()) == (first, second)
    assert registry.rollback() == second


def test_without_a_former_model_there_is_no_rollback(registry: Registry) -> None:
    registry.activate(save(registry))
    with pytest.raises(Refused) as refused:
        registry.rollback()
    assert code(refused) == "no_former_model"


@pytest.mark.parametrize("name", ["model.ubj", "calibrator.json", "manifest.json"])
def test_a_tampered_file_refuses_the_model(registry: Registry, name: str) -> None:
    version = save(registry)
    path = registry.folder / version / name
    path.write_bytes(path.read_bytes().replace(b"a", b"b", 1))
    with pytest.raises(Refused) as refused:
        registry.activate(version)
    assert code(refused) in ("model_tampered", "foreign_schema")
    assert registry.active() is None


@pytest.mark.parametrize("name", ["model.ubj", "calibrator.json", "manifest.json"])
def test_a_missing_file_refuses_the_model(registry: Registry, name: str) -> None:
    version = save(registry)
    (registry.folder / version / name).unlink()
    with pytest.raises(Refused) as refused:
        registry.load(version)
    assert code(refused) == "model_missing"


def test_a_model_cut_short_is_refused_wherever_it_was_cut(registry: Registry) -> None:
    version = save(registry)
    for cut in range(len(MODEL)):
        (registry.folder / version / "model.ubj").write_bytes(MODEL[:cut])
        with pytest.raises(Refused) as refused:
            registry.load(version)
        assert code(refused) == "model_truncated"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null"])
def test_a_manifest_that_is_none_is_refused(registry: Registry, content: bytes) -> None:
    version = save(registry)
    (registry.folder / version / "manifest.json").write_bytes(content)
    with pytest.raises(Refused) as refused:
        registry.load(version)
    assert code(refused) == "model_unreadable"


def test_a_manifest_of_another_version_is_refused(registry: Registry) -> None:
    first, second = save(registry), save(registry)
    told = (registry.folder / first / "manifest.json").read_bytes()
    (registry.folder / second / "manifest.json").write_bytes(told)
    with pytest.raises(Refused) as refused:
        registry.load(second)
    assert code(refused) == "model_tampered"


def test_a_model_for_other_columns_is_refused(registry: Registry) -> None:
    version = registry.save(MODEL, CALIBRATOR, manifest() | {"schema": any_columns("ab").told()})
    with pytest.raises(Refused) as refused:
        registry.load(version, FRAUD)
    assert code(refused) == "foreign_schema"


@pytest.mark.parametrize("version", ["000009", "../default", ""])
def test_a_version_that_is_none_is_refused(registry: Registry, version: str) -> None:
    registry.activate(save(registry))
    with pytest.raises(Refused) as refused:
        registry.activate(version or "none")
    assert code(refused) == "no_such_version"


@pytest.mark.parametrize("pointer", [b"", b"../../etc\n", b"\xff\xfe"])
def test_a_pointer_to_nowhere_leaves_the_rules_alone(registry: Registry, pointer: bytes) -> None:
    save(registry)
    (registry.folder / "active").write_bytes(pointer)
    assert registry.active() is None


def test_a_file_too_large_is_not_read(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    version = save(registry)
    monkeypatch.setattr("ml.registry.MODEL_MAX_BYTES", len(MODEL) - 1)
    with pytest.raises(Refused) as refused:
        registry.load(version)
    assert code(refused) == "too_large"


def test_the_listing_tells_what_each_version_is_worth_or_why_it_is_refused(registry: Registry) -> None:
    registry.activate(save(registry))
    broken = save(registry)
    (registry.folder / broken / "model.ubj").write_bytes(b"")
    good, bad = registry.listing()
    assert (good["active"], good["passed"]) == (True, True)
    assert (bad["active"], bad["refused"]) == (False, "model_truncated")


@pytest.mark.parametrize(("call", "steps"), [("fsync", 8), ("rename", 1), ("replace", 1), ("mkdir", 2)])
def test_a_job_that_stops_at_any_step_leaves_the_registry_whole(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, call: str, steps: int
) -> None:
    registry.activate(save(registry))
    owner: Any = os if call == "fsync" else Path
    real = getattr(owner, call)
    for step in range(steps):
        left = [step]

        def failing(*arguments: Any, left: list[int] = left, **named: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                raise OSError(28, "no space left")
            return real(*arguments, **named)

        before = registry.versions(), registry.active()
        monkeypatch.setattr(owner, call, failing)
        try:
            registry.activate(save(registry))
        except OSError:
            assert registry.active() in (before[1], registry.versions()[-1])
        monkeypatch.setattr(owner, call, real)
        assert registry.load().manifest == orjson.loads(orjson.dumps(registry.load().manifest))
        assert not [line for line in registry.listing() if "refused" in line]
    assert save(registry)
    assert not list(registry.folder.glob(".new-*"))


SAVING = """
import sys
from pathlib import Path
from tests.unit.ml.test_registry import Registry, save
registry = Registry(Path(sys.argv[1]))
registry.activate(save(registry))
print(flush=True)
while True:
    registry.activate(save(registry))
"""


def test_a_killed_job_leaves_the_registry_whole(registry: Registry) -> None:
    arguments = (sys.executable, "-c", SAVING, str(registry.folder))
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE) as job:
        assert job.stdout is not None
        job.stdout.readline()
        job.kill()
    active = registry.load()
    assert active.version in registry.versions()
    assert not [line for line in registry.listing() if "refused" in line]
    registry.activate(save(registry))
    assert len(registry.versions()) <= 5
