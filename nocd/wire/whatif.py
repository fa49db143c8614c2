"""What-if on the wire: what is to be tried, and what it would have changed."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from nocd.wire.requests import Request
from nocd.wire.views import View

Text = Annotated[str, Field(min_length=1, max_length=500)]


class TryOut(Request):
    """Settings to try over the last `days`, by name, and matchers of a silence.

    Names are `detectors.TYPE.FIELD` (`detectors.site.ID.TYPE.FIELD`, `detectors.client.ID.TYPE.FIELD`),
    `thresholds.BASELINE`, `routes.ROUTE.FIELD` (`routes.ROUTE` set to null takes it away), or a setting that decides.
    """

    set: dict[Text, Any] = Field(default_factory=dict, max_length=50)
    silence: Annotated[list[Text], Field(max_length=20)] = Field(default_factory=list)
    days: Annotated[int, Field(ge=1, le=90)] = 30


class ExamplesView(View):
    """Some of each, oldest first."""

    gained: list[dict[str, Any]]
    lost: list[dict[str, Any]]
    hidden: list[dict[str, Any]]
    shown: list[dict[str, Any]]


class DifferenceView(View):
    """How many there were and would have been; `hidden` and `shown` are in both, hidden in one alone."""

    before: int
    after: int
    gained: int
    lost: int
    hidden: int
    shown: int
    examples: ExamplesView


class CountsView(View):
    """Messages to a receiver, as things are and as they would be."""

    before: int
    after: int


class TypeView(View):
    """Alerts of a type."""

    gained: int
    lost: int


class WhatIfView(View):
    """What would have been otherwise, up to `to` where time ran out; `limits` say what it cannot know."""

    from_: Annotated[str, Field(alias="from")]
    to: str
    days: int
    complete: bool
    started_from: Literal["beginning", "directory"]
    events: int
    commands: int
    commands_left_out: int
    seconds: float
    alerts: DifferenceView
    tickets: DifferenceView
    notifications: dict[str, CountsView]
    types: dict[str, TypeView]
    limits: list[str]
