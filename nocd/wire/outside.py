"""What the API says about telling the outside: notifications, receivers, which routes an alert takes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from nocd.wire.requests import Request
from nocd.wire.views import View


class NotificationView(View):
    """A message for a receiver: the alerts it tells of, where it stands, and why it has not arrived."""

    id: str
    webhook_id: str
    receiver: str
    state: Literal["waiting", "delivered", "dead"]
    route: str
    run: str | None = None
    alerts: list[str]
    created_at: str
    due_at: str | None = None
    ended_at: str | None = None
    attempts: int
    error: str | None = None


class ReceiverView(View):
    """A receiver: whether it is well, and how many messages wait for it or never arrived."""

    name: str
    kind: Literal["webhook", "apprise"]
    state: Literal["ok", "failing", "disabled"]
    detail: str
    waiting: int
    dead: int


class ReceiverState(View):
    """Whether a receiver is disabled after it was asked to be enabled."""

    receiver: str
    disabled: bool


class TriedReceiver(View):
    """What came of a test message."""

    receiver: str
    ok: bool
    detail: str


class RouteTaken(View):
    """One route, and whether the alert takes it."""

    name: str
    taken: bool
    receivers: list[str]
    matchers: list[str]
    held_until: str | None = None


class RoutesTaken(View):
    """Every route, in order, and who would be told in the end."""

    routes: list[RouteTaken]
    receivers: list[str]


class NotificationFailed(View):
    """A message was given up after a day, or its receiver is gone and was disabled."""

    receiver: str
    notification: str
    detail: str
    gone: bool
    attempts: int


class TestRoutes(Request):
    """Ask which routes an alert would take: a standing one by its id, or one with these labels."""

    alert: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    labels: (
        Annotated[
            dict[Annotated[str, Field(min_length=1, max_length=200)], Annotated[str, Field(max_length=4_000)]],
            Field(max_length=128),
        ]
        | None
    ) = None

    @model_validator(mode="after")
    def _one_of_them(self) -> TestRoutes:
        if (self.alert is None) == (self.labels is None):
            raise ValueError("name an alert or give labels")
        return self
