"""What the client tells the console; `at` is the monotonic millisecond at which it was heard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Start over from here; `reason` says why an earlier picture was given up, `hole` that numbers were missing.

    `past` holds the last changes before it, oldest first.
    """

    body: Mapping[str, Any]
    at: int
    reason: str = ""
    hole: bool = False
    past: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of the feed, in order and without a hole."""

    body: Mapping[str, Any]
    at: int


@dataclass(frozen=True, slots=True)
class Latency:
    """How long the daemon took to answer a ping."""

    latency_ms: float


@dataclass(frozen=True, slots=True)
class LinkLost:
    """The link is down; try number `attempt` follows at `retry_at`."""

    detail: str
    at: int
    attempt: int
    retry_at: int


@dataclass(frozen=True, slots=True)
class LinkRefused:
    """The daemon does not want us; nothing is tried until the operator asks."""

    detail: str
    at: int


@dataclass(frozen=True, slots=True)
class OrderTried:
    """A command is being sent: from here on it may have been carried out."""

    key: str


@dataclass(frozen=True, slots=True)
class OrderAnswered:
    """The daemon's definite answer to a command."""

    key: str
    status: int
    body: Mapping[str, Any]
    at: int


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was asked about one alert."""

    alert: str
    status: int
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """What was asked about a site or a baseline, by the question's kind and key."""

    kind: str
    key: str
    status: int
    body: Mapping[str, Any]


Tiding: TypeAlias = Snapshot | Frame | Latency | LinkLost | LinkRefused | OrderTried | OrderAnswered | Fetched | Told
