"""What people wrote in a file, and every fault in it at once, each a sentence that names the cure."""

from __future__ import annotations

import difflib
import tomllib
from typing import TYPE_CHECKING, Any, Final

from nocd.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable
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


def read_toml(file: Path, refused: type[Faulty]) -> dict[str, Any]:
    """Return a file's tables; raises `refused` for a file that is missing or is no TOML."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise refused([f"{file} cannot be read: {error.strerror}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise refused([f"{file} is no TOML: {error}"]) from error
