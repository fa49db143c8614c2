"""What is to be told outside: one message for one receiver, decided in the engine and sent after it is durable."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from nocd.domain.instant import DAY_MS

STEP_TOLD = "playbook_told"  # the command that tells a playbook what became of a message of its step
GIVE_UP_MS = DAY_MS  # past it a message that could not be delivered is a dead letter


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A message: its receiver, the alerts it tells of, the route or playbook step it is for; `body` is JSON-able.

    `site` and `client` are those of all its alerts, None where they differ; `created_at` is UTC milliseconds.
    """

    receiver: str
    alerts: tuple[str, ...]
    body: dict[str, Any]
    created_at: int
    route: str = ""
    run: str | None = None
    step: int | None = None
    site: str | None = None
    client: str | None = None


@dataclass(slots=True, kw_only=True)
class Item:
    """One alert that waits to be told of: what happened to it, to whom it is told, and as it was where it is over."""

    happened: str
    receivers: tuple[str, ...]
    over: bool = False
    view: dict[str, Any] | None = None


@dataclass(slots=True, kw_only=True)
class Group:
    """What one route tells together at `due` (UTC ms), by alert."""

    route: str
    due: int
    items: dict[str, Item] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Told:
    """What became of telling an alert: receivers that know it stands, those that know it is over, each by its route.

    `waiting` names the group it waits in, by route; `again` is when a route tells of it again, `forget_at` when all
    this is needed no more (UTC ms).
    """

    standing: dict[str, str] = field(default_factory=dict)
    over: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)
    again: dict[str, int] = field(default_factory=dict)
    forget_at: int | None = None
