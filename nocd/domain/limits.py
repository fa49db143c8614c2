"""The text and number types of the wire, each with its bound in one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

from annotated_types import Ge, Le, MaxLen, MinLen

if TYPE_CHECKING:
    from collections.abc import Callable

# What pydantic is to do with these dataclasses, as plain data: this package imports no pydantic.
STRICT: Final[dict[str, Any]] = {"extra": "forbid", "strict": True, "allow_inf_nan": False}


@dataclass(frozen=True, slots=True)
class Matching:
    """A regular expression the text must fit, written so that Rust, JavaScript and Python read it alike."""

    pattern: str

    def __get_pydantic_core_schema__(self, source: object, handler: Callable[[object], dict[str, Any]]) -> Any:
        """Add the pattern to the text's schema, where pydantic's compiled core checks it."""
        return {**handler(source), "pattern": self.pattern}


# What must never reach a terminal: control characters, line and paragraph separators, reversals of direction.
_UNSAFE: Final = r"\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069"
ONE_LINE: Final = Matching(rf"^[^{_UNSAFE}]*$")
NO_SPACES: Final = Matching(rf"^[^ {_UNSAFE}]*$")

Id = Annotated[str, MinLen(1), MaxLen(128), ONE_LINE]
Source = Annotated[str, MinLen(1), MaxLen(256), NO_SPACES]
LongId = Annotated[str, MaxLen(256), ONE_LINE]
Name = Annotated[str, MinLen(1), MaxLen(200)]
Text = Annotated[str, MaxLen(4_000)]
Latitude = Annotated[float, Ge(-90), Le(90)]
Longitude = Annotated[float, Ge(-180), Le(180)]
Share = Annotated[float, Ge(0), Le(1)]
Percent = Annotated[float, Ge(0), Le(100)]
NonNegative = Annotated[float, Ge(0)]
Count = Annotated[int, Ge(0), Le(1_000_000_000)]
Ids = Annotated[tuple[Id, ...], MaxLen(1_000)]
Labels = Annotated[dict[Annotated[str, MinLen(1), MaxLen(200)], Text], MaxLen(128)]
