"""Patterns that people write for alerts: those of Rust's regex crate, whose matching takes time linear in the text."""

from __future__ import annotations

import re
from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING, Final

from pydantic_core import SchemaError, SchemaValidator, core_schema

from nocd.domain.silence import PATTERN_CHARS_MAX, PATTERN_SIZE_MAX

if TYPE_CHECKING:
    from collections.abc import Callable


_COUNTS: Final = re.compile(r"\{(\d*),?(\d*)\}")


@lru_cache(maxsize=2_048)
def whole(pattern: str) -> Callable[[str], bool]:
    r"""Return what tells whether a pattern fits a whole text; raises ValueError for one that cannot be read.

    There is no look-around and no reference back, so none takes longer than its length times the text's.
    """
    size = len(pattern) * prod(int(count) for pair in _COUNTS.findall(pattern) for count in pair if int(count or 0))
    if len(pattern) > PATTERN_CHARS_MAX or size > PATTERN_SIZE_MAX:
        msg = f"a pattern has at most {PATTERN_CHARS_MAX} characters, {PATTERN_SIZE_MAX} with the counts in its braces"
        raise ValueError(msg)
    _compiled(pattern)  # by itself first: its brackets must be its own
    return _compiled(rf"\A(?:{pattern})\z").isinstance_python


def _compiled(pattern: str) -> SchemaValidator:
    try:
        return SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex", strict=True))
    except SchemaError as error:
        msg = f"{pattern!r} is no pattern that can be read: {_why(error)}"
        raise ValueError(msg) from None


def _why(error: SchemaError) -> str:
    """Return the last line of what the crate says, which names the fault."""
    return str(error).strip().rpartition("\n")[2].removeprefix("error: ").strip()
