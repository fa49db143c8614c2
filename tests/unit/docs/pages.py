"""The project's own papers as data: their tables, links, code blocks and names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.architecture.tree import FOLDERS, ROOT, files

if TYPE_CHECKING:
    from pathlib import Path

SOURCES = (".py", ".toml", ".sql", ".service", ".timer", ".socket", ".conf", ".tcss")


def papers() -> list[Path]:
    """Return every page of the tree."""
    return [ROOT / "README.md", ROOT / "CHANGELOG.md", *files(*FOLDERS, suffix=".md")]


def section(page: Path, title: str) -> str:
    """Return what stands under a heading, up to the next of its rank or a higher one."""
    text = page.read_text("utf-8")
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^#{{1,2}} |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"{page.name} has no section {title}"
    return found[2]


def table(page: Path, title: str) -> list[list[str]]:
    """Return the rows of the first table under a heading, without its head."""
    lines = [line for line in section(page, title).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def quoted(text: str) -> list[str]:
    """Return what stands between backticks, code blocks left out."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))


def blocks(page: Path) -> list[str]:
    """Return the code blocks of a page."""
    return re.findall(r"^```\w*\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def source(*folders: str) -> str:
    """Return all source text of the folders."""
    names = [path for path in files(*folders) if path.suffix in SOURCES or path.name == "noc"]
    return "\n".join(path.read_text("utf-8") for path in names)
