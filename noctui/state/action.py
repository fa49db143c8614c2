"""What an action is: something a key does, on which screens, and how it is named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Scope: TypeAlias = Literal["overview", "alerts", "feed", "sites", "people", "risk", "cases", "shift"]
EVERYWHERE: tuple[Scope, ...] = ("overview", "alerts", "feed", "sites", "people", "risk", "cases", "shift")
ALERTS: tuple[Scope, ...] = ("alerts",)
FEED: tuple[Scope, ...] = ("feed",)
SITES: tuple[Scope, ...] = ("sites",)
RISK: tuple[Scope, ...] = ("risk",)
HEATED: tuple[Scope, ...] = ("sites", "risk")
SHIFT: tuple[Scope, ...] = ("shift",)
NOTED: tuple[Scope, ...] = ("alerts", "cases", "shift")
CASES: tuple[Scope, ...] = ("cases",)
SAVED: tuple[Scope, ...] = tuple(scope for scope in EVERYWHERE if scope not in SHIFT)
WORKED: tuple[Scope, ...] = ("alerts", "cases")
PANED: tuple[Scope, ...] = ("overview", "alerts", "sites", "people", "risk", "cases", "shift")


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something a key does; a blank in `keys` parts keys pressed in turn.

    `footer` is its word in the key line, behind its first key.
    """

    id: str
    title: str
    keys: tuple[str, ...]
    help: str
    scopes: tuple[Scope, ...] = EVERYWHERE
    mutating: bool = False
    footer: str = ""
