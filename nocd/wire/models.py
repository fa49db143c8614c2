"""Steps of a model's life as the feed shows them."""

from __future__ import annotations

from typing import Any

from nocd.wire.views import View


class ModelStepped(View):
    """A model was trained, refused, put in force or taken back: which, by whom, why, and the figures behind it."""

    version: str | None = None
    reason: str
    actor: str
    body: dict[str, Any]


class DriftDetected(ModelStepped):
    """What the active model judges is no longer what it learned from; `body` has the level and what moved."""
