"""The source tree as data, for the tests beside this file."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("nocd", "noctui", "ml")
FOLDERS = (*PRODUCT, "config", "tests", "systemd")


def where(path: Path) -> str:
    """Return the path as written in this project: from its root, with slashes."""
    return path.relative_to(ROOT).as_posix()


def files(*names: str, suffix: str = "") -> list[Path]:
    """Return the files that are, or lie under, the named places (those that exist), sorted."""
    found = [path for name in names for path in (ROOT / name, *(ROOT / name).rglob("*")) if path.is_file()]
    return sorted(path for path in found if path.name.endswith(suffix) and "__pycache__" not in path.parts)


def modules(*names: str) -> list[Path]:
    """Return the Python files that are, or lie under, the named places."""
    return files(*names, suffix=".py")


@cache
def syntax(path: Path) -> ast.Module:
    """Return the parsed file."""
    return ast.parse(path.read_text("utf-8"), filename=where(path))


def imports(path: Path) -> set[str]:
    """Return every name the file imports, wherever in it and for whatever purpose, as `package.module.name`."""
    names: set[str] = set()
    for node in ast.walk(syntax(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names
