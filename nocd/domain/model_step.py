"""A step of a model's life: it was trained, refused, activated or rolled back, or what it judges has drifted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStep:
    """What happened at `time` (UTC ms), by whom and why; `kind` is the type of the change that tells of it.

    `version` is the model's, None where there is none; `body` is JSON-able and holds the figures behind it.
    """

    time: int
    kind: str
    version: str | None
    reason: str
    actor: str
    body: dict[str, Any] = field(default_factory=dict)
