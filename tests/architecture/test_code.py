"""Rules on size, names, clocks and exceptions to rules. Docstrings are held by ruff's D rules."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from typing import TYPE_CHECKING

from tests.architecture.tree import PRODUCT, modules, syntax, where

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 50
VAGUE = r"(managers?|helpers?|utils?|utilities|data|infos?|process|handlers)"
CLOCK = "nocd/clock.py"
DIRECTIVE = re.compile(
    r"noqa(:\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*)?|type:\s*ignore(\[[^]]*\])?|pragma:\s*no \w+|fmt:\s*\w+|nosec"
)
REASON = re.compile(r"[^\W\d_]{4,}")


def test_files_fit_in_the_head() -> None:
    sizes = {where(path): len(path.read_text("utf-8").splitlines()) for path in modules(*PRODUCT, "tests")}
    assert not {name: lines for name, lines in sizes.items() if lines > FILE_LINES_MAX}


def test_functions_fit_on_a_screen() -> None:
    assert not [
        f"{where(path)}:{node.lineno} {node.name} has {lines} lines"
        for path in modules(*PRODUCT, "tests")
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES_MAX
    ]


def test_modules_and_classes_have_telling_names() -> None:
    vague_module = re.compile(rf"(.*_)?{VAGUE}")
    vague_class = re.compile(rf"(.*[a-z0-9])?{VAGUE.title()}", re.ASCII)
    stems = [(where(path), path.stem) for path in modules(*PRODUCT)]
    named = [f"{place} is named vaguely" for place, stem in stems if vague_module.fullmatch(stem)]
    named += [
        f"{where(path)}:{node.lineno} {node.name} is named vaguely"
        for path in modules(*PRODUCT)
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.ClassDef) and vague_class.fullmatch(node.name)
    ]
    assert not named


def test_only_the_clock_reads_the_time_of_day() -> None:
    assert not [
        f"{where(path)}:{node.lineno} reads the time of day; take it as an argument from {CLOCK}"
        for path in modules(*PRODUCT)
        if where(path) != CLOCK
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.Attribute | ast.ImportFrom) and reads_time_of_day(node)
    ]


def reads_time_of_day(node: ast.Attribute | ast.ImportFrom) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.module == "time" and any(alias.name in {"time", "time_ns"} for alias in node.names)
    owner = ast.unparse(node.value).split(".")[-1]
    return (owner == "time" and node.attr in {"time", "time_ns", "localtime", "gmtime", "ctime"}) or (
        owner in {"datetime", "date"} and node.attr in {"now", "utcnow", "today"}
    )


def test_every_exception_to_a_rule_gives_its_reason() -> None:
    assert not [
        f"{where(path)}:{line} gives no reason: {comment}"
        for path in modules(*PRODUCT, "tests")
        for line, comment in comments(path)
        if DIRECTIVE.search(comment) and not REASON.search(DIRECTIVE.sub("", comment))
    ]


def comments(path: Path) -> Iterator[tuple[int, str]]:
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline)
    return ((token.start[0], token.string) for token in tokens if token.type == tokenize.COMMENT)
