"""Rules on what lies in the tree beside code."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.architecture.tree import FOLDERS, ROOT, files, where

PAPERS = {"pyproject.toml", "requirements.lock", "README.md", "CHANGELOG.md", "LICENSE", "noc"}
BUILT = {"build", "dist"}
LOCKS = ("requirements.lock", "tests/requirements.lock")
PINNED = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)
FOREIGN = re.compile(
    r"pypi\.org|pythonhosted|npmjs\.|deb\.debian|proxy\.golang"  # hosts of registries
    r"|/work/|/root/|/tmp/v/|\.pyenv|\.\./shared"  # paths of one machine
    r"|claude|anthropic|openai|chatgpt|copilot|\bllm\b|language model|house\.md|proving\.md",  # how it was written
    re.IGNORECASE,
)


def test_top_level_is_what_the_readme_shows() -> None:
    names = {path.name for path in ROOT.iterdir() if not path.name.startswith((".", "_"))}
    assert names - BUILT == {*FOLDERS, *PAPERS}


def test_nothing_in_the_tree_names_a_registry_a_machine_or_how_it_was_written() -> None:
    texts = (path for path in files(*FOLDERS, *PAPERS, ".ci", ".gitignore") if path != Path(__file__))
    lines = (
        (path, number, line)
        for path in texts
        for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1)
    )
    assert not [f"{where(path)}:{number} {line}" for path, number, line in lines if FOREIGN.search(line)]


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_hold_names_versions_and_hashes_alone(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    assert not re.search(r"://|^-|file:|\s@\s", text, re.MULTILINE)
    assert all("--hash=sha256:" in entry for entry in re.split(r"\n(?=\S)", text) if entry)


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_carry_nothing_for_graphics_cards(lock: str) -> None:
    assert not re.search(r"^(torch|nvidia|xgboost==)", (ROOT / lock).read_text("utf-8"), re.MULTILINE)


def test_locks_agree_with_pyproject_and_each_other() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    groups = project["dependency-groups"]
    product, gate = ((ROOT / lock).read_text("utf-8") for lock in LOCKS)
    assert not unmet([*project["project"]["dependencies"], *groups["build"]], product)
    assert not unmet(groups["gate"], gate)
    pinned = dict(PINNED.findall(product))
    assert not {name for name, version in PINNED.findall(gate) if pinned.get(name, version) != version}


def unmet(wanted: list[str], lock: str) -> list[str]:
    pinned = PINNED.findall(lock)
    requirements = [Requirement(text) for text in wanted]
    return [
        str(each)
        for each in requirements
        if not any(name == each.name and each.specifier.contains(version) for name, version in pinned)
    ]


def test_migrations_are_numbered_without_a_gap_and_named_by_what_they_do() -> None:
    names = [path.name for path in files("nocd/store/migrations", suffix=".sql")]
    assert not [name for name in names if not re.fullmatch(r"\d{4}_[a-z]+(_[a-z0-9]+)+\.sql", name)]
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))


def test_ci_runs_the_test_command_of_the_readme() -> None:
    assert (ROOT / ".ci/run").read_text("utf-8").endswith("\nexec ./noc test\n")
    assert "./noc test" in (ROOT / "README.md").read_text("utf-8")
