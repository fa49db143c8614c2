"""Spans of time as people type them: 90s, 15m, 24h, 30d."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import click

from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS

if TYPE_CHECKING:
    from click.core import Context, Parameter

_UNITS: Final = {"s": SECOND_MS, "m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS}
_SPAN: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd])")


class Duration(click.ParamType[int]):
    """A span in milliseconds, typed with its unit."""

    name = "duration"

    def convert(self, value: Any, param: Parameter | None, ctx: Context | None) -> int:
        """Return milliseconds."""
        if isinstance(value, int):
            return value
        match = _SPAN.fullmatch(str(value).strip())
        if not match:
            self.fail(f"{value!r} is no span of time, like 90s, 15m, 24h or 30d", param, ctx)
        return int(float(match[1]) * _UNITS[match[2]])


DURATION: Final = Duration()
