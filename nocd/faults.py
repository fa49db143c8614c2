"""What people wrote in a file, and every fault in it at once, each a sentence that names the cure."""

from __future__ import annotations

import difflib
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from nocd.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

FAULTS_TOLD_MAX: Final = 20


class Faulty(InputError):
    """What was written cannot be used; `faults` has a sentence for each fault. Trying again mends nothing."""

    def __init__(self, faults: list[str]) -> None:
        """Keep the faults; the sentence has the first of them."""
        more = [f"and {len(faults) - FAULTS_TOLD_MAX} more"] if len(faults) > FAULTS_TOLD_MAX else []
        super().__init__("; ".join([*faults[:FAULTS_TOLD_MAX], *more]))
        self.faults = faults


def nearest(name: str, known: Iterable[str], *, prefix: str = "", otherwise: str = "") -> str:
    """Return words that name the known name nearest to one that is none, to end a sentence; else `otherwise`."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean {prefix}{near[0]}?" if near else otherwise


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is written: in `file`, at `path` of its tables; as words, `FILE line 12: NO_SHOW`."""

    file: str
    lines: Mapping[tuple[str, ...], int] = field(default_factory=dict)
    path: tuple[str, ...] = ()
    words: str = ""

    def __str__(self) -> str:
        """Return it in words."""
        return self.at()

    def at(self, *path: str) -> str:
        """Return it in words, with the line of what is at `path` within it, or of the nearest around that."""
        whole = (*self.path, *path)
        known = (self.lines.get(whole[:size]) for size in range(len(whole), 0, -1))
        line = next((f" line {found}" for found in known if found is not None), "")
        return f"{self.file}{line}{self.words}"

    def within(self, *path: str, words: str = "") -> Place:
        """Return a place within it, called by `words` or by its last step."""
        return Place(self.file, self.lines, (*self.path, *path), f"{self.words}: {words or path[-1]}")


def read_toml(file: Path, refused: type[Faulty]) -> dict[str, Any]:
    """Return a file's tables; raises `refused` for a file that is missing or is no TOML."""
    return written(file, refused)[0]


def written(file: Path, refused: type[Faulty]) -> tuple[dict[str, Any], Place]:
    """Return a file's tables and the place they are written at; raises `refused` as `read_toml` does."""
    try:
        text = file.read_text(encoding="utf-8")
        return tomllib.loads(text), Place(str(file), _lines(text))
    except OSError as error:
        raise refused([f"{file} cannot be read: {error.strerror}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise refused([f"{file} is no TOML: {error}"]) from error


def _lines(text: str) -> dict[tuple[str, ...], int]:
    """Return the line of each table and key; a guide for people, so what is written strangely may be missing."""
    found: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    elements: Counter[tuple[str, ...]] = Counter()
    for number, line in enumerate(map(str.strip, text.splitlines()), start=1):
        head, equals, _ = line.partition("=")
        if line.startswith("["):
            table = path = _keys(line.partition("#")[0].strip().strip("[]"))
            if line.startswith("[["):
                table = path = (*path, str(elements[path]))
                elements[path[:-1]] += 1
        else:
            path = (*table, *_keys(head)) if equals else ()
        if path:
            found.setdefault(path, number)
    return found


def _keys(text: str) -> tuple[str, ...]:
    """Return the steps of a TOML key, `client."ACME".NO_SHOW`; none where it is no key."""
    try:
        told: Any = tomllib.loads(f"[{text}]")
    except tomllib.TOMLDecodeError:
        return ()
    steps: list[str] = []
    while told:
        ((step, told),) = told.items()
        steps.append(step)
    return tuple(steps)
