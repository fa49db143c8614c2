"""A handover, or the sheet of one not signed yet, as text for people, and the name of a file for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nocd.wire.present_handovers import text_of
from noctui.state.cells import clean

if TYPE_CHECKING:
    from collections.abc import Mapping


def handover_text(view: Mapping[str, Any]) -> str:
    """Return it as text that no terminal obeys."""
    return "".join(f"{clean(each)}\n" for each in text_of(view).splitlines())


def file_name(view: Mapping[str, Any]) -> str:
    """Return `handover-H-3-2026-11-22T1407.txt`, whatever the id and time are made of."""
    when = str(view.get("signed_at") or view.get("time") or "")[:16]
    return re.sub(r"[^\w.-]", "", f"handover-{view.get('id') or 'sheet'}-{when}.txt")
