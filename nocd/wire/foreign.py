"""The forms of other monitoring systems: PagerDuty's events and answers, and the alerts of Alertmanager's APIs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from nocd.domain.limits import ONE_LINE
from nocd.wire.views import View

Words = Annotated[str, Field(min_length=1, pattern=r"\S")]
DedupKey = Annotated[str, Field(min_length=1, max_length=255), ONE_LINE]


class Foreign(BaseModel):
    """Base of what others send: fields nobody here reads are let be."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class PagePayload(Foreign):
    """What a trigger is about."""

    summary: Words
    source: Words
    severity: Literal["critical", "error", "warning", "info"]
    timestamp: Any = None
    component: Any = None
    group: Any = None
    class_: Any = Field(None, alias="class")
    custom_details: Any = None


class Trigger(Foreign):
    """A trouble is there; without a `dedup_key` it gets one."""

    event_action: Literal["trigger"]
    payload: PagePayload
    dedup_key: DedupKey | None = None
    routing_key: Any = None
    client: Any = None
    client_url: Any = None
    links: Any = None


class FollowUp(Foreign):
    """A trouble is seen to, or over."""

    event_action: Literal["acknowledge", "resolve"]
    dedup_key: DedupKey
    routing_key: Any = None


class PageTaken(View):
    """An event was taken, and is durable."""

    status: Literal["success"] = "success"
    message: str = "Event processed"
    dedup_key: str


class PageRefused(View):
    """An event was refused; `errors` has a sentence for each fault."""

    status: Literal["invalid event"] = "invalid event"
    message: str = "Event object is invalid"
    errors: list[str]
    code: str


class PushedAlert(Foreign):
    """An alert as Alertmanager's push API takes it; past its `endsAt` it is over."""

    labels: dict[str, Any]
    annotations: Any = None
    startsAt: Any = None  # noqa: N815 - Alertmanager's name
    endsAt: Any = None  # noqa: N815 - Alertmanager's name
    generatorURL: Any = None  # noqa: N815 - Alertmanager's name
