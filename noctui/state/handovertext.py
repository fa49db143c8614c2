"""A handover as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nocd.wire.present_handovers import text_of
from noctui.state.cells import clean

if TYPE_CHECKING:
    from collections.abc import Mapping


def handover_text(view: Mapping[str, Any]) -> str:
    """Return a handover or sheet as text that no terminal obeys."""
    return "".join(f"{clean(each)}\n" for each in text_of(view).splitlines())
