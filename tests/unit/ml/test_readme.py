"""What ml/README.md says is so: its commands, files, codes and gates."""

from __future__ import annotations

import re

import click
import pytest

from ml import gate
from ml.cli import main
from ml.dataset import GROUPS
from ml.fairness import RATIO_MAX
from tests.architecture.tree import ROOT, files
from tests.unit.docs.pages import blocks, quoted, source, table

README = ROOT / "ml" / "README.md"
LINES = [line for block in blocks(README) for line in block.splitlines() if line.startswith("python -m ml ")]


@pytest.mark.parametrize("line", LINES)
def test_every_command_shown_is_one_and_takes_what_it_is_given(line: str) -> None:
    words = re.sub(r"\s+#.*", "", line).split()[3:]
    command: click.Command = main
    while isinstance(command, click.Group):
        command = command.commands[words.pop(0)]
    known = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known


def test_every_command_is_shown() -> None:
    groups = {name: command for name, command in main.commands.items() if isinstance(command, click.Group)}
    names = {*main.commands} - {*groups} | {
        f"{name} {each}" for name, group in groups.items() for each in group.commands
    }
    assert not {name for name in names if not any(line.startswith(f"python -m ml {name} ") for line in LINES)}


def test_every_file_is_told_of() -> None:
    told = {name for cell, _ in table(README, "Files") for name in quoted(cell)}
    assert told == {path.name for path in files("ml", suffix=".py")} - {"__init__.py", "__main__.py"}


def test_every_code_is_told_of() -> None:
    told = {code for cell, _ in table(README, "Refusals") for code in quoted(cell)}
    assert told == set(re.findall(r'Refused\(\s*"([a-z_]+)"', source("ml")))


def test_every_gate_is_told_of_with_what_it_needs() -> None:
    told = {name: needs for cell, needs in table(README, "Gates") for name in quoted(cell)}
    others = {f"no_worse_than_{other}" for other in ("rules", "champion")}
    assert told.keys() == {"pr_auc", "precision_at_80_recall", *others, "fair_by_site"}
    assert all(group in cell for cell, _ in table(README, "Gates") if "fair_by" in cell for group in GROUPS)
    assert f"{gate.PR_AUC_MIN:.2f}" in told["pr_auc"]
    assert f"{gate.PRECISION_MIN:.2f}" in told["precision_at_80_recall"]
    assert f"−{gate.WORSE_MAX}" in told["no_worse_than_rules"]
    assert f"{RATIO_MAX:g} ×" in told["fair_by_site"]
