"""The frames of the feed: JSON text, told apart by `type`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from nocd.wire.views import SeverityName, View

CLOSE_GOING_AWAY = 1001
CLOSE_LAGGED = 4008
CLOSE_UNKNOWN_TOKEN = 4401
CLOSE_NOT_ALLOWED = 4403
CLOSE_SILENT = 4408


class ChangeFrame(View):
    """One decision; `data` fits the model of `nocd.wire.changes` that `type` names."""

    seq: int
    time: str
    type: str
    site: str | None = None
    person: str | None = None
    severity: SeverityName | None = None
    data: dict[str, Any]


class Hello(View):
    """The first frame. A changed `epoch` (a restored backup) means: start over from a snapshot.

    `you` is the name under which this client's token acts.
    """

    type: Literal["hello"] = "hello"
    epoch: str
    seq: int
    oldest_seq: int
    server_time: str
    version: str
    capabilities: list[str]
    you: str = ""


class Batch(View):
    """All that one commit decided: `from` to `to`, both included; a filtered client may see fewer changes inside."""

    type: Literal["batch"] = "batch"
    from_: int = Field(alias="from")
    to: int
    changes: list[ChangeFrame]
    latency_ms: float


class CaughtUp(View):
    """The stored past is told; what follows is live."""

    type: Literal["caught_up"] = "caught_up"
    seq: int


class Heartbeat(View):
    """Every 15 s: the newest number, also where a filter let nothing through."""

    type: Literal["heartbeat"] = "heartbeat"
    seq: int
    time: str


class PersonPresent(View):
    """Where somebody is: what they look at, and what they say they are at work on; it counts until `until`."""

    name: str
    looking: str | None = None
    claims: list[str]
    until: str


class Present(View):
    """Everybody who is somewhere just now, whenever that changes; without a number, never stored."""

    type: Literal["presence"] = "presence"
    people: list[PersonPresent]


class Lagged(View):
    """This client was too slow; the close code 4008 follows, and `after=seq` carries on without loss."""

    type: Literal["lagged"] = "lagged"
    seq: int
    dropped: int


class Gap(View):
    """The numbers `from` to `to` are no longer kept: take a snapshot."""

    type: Literal["gap"] = "gap"
    from_: int = Field(alias="from")
    to: int
    reason: str


FRAMES: dict[str, type[View]] = {
    "hello": Hello,
    "batch": Batch,
    "caught_up": CaughtUp,
    "heartbeat": Heartbeat,
    "presence": Present,
    "lagged": Lagged,
    "gap": Gap,
}
