"""The feed's WebSocket: frames after a number, or the reason there are none."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from noctui.client.http import AGENT, reason

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from noctui.client.access import Access

OPEN_TIMEOUT_S = 10.0
PING_INTERVAL_S = 10.0
PING_TIMEOUT_S = 20.0
FRAME_BYTES_MAX = 16 * 1024 * 1024
CLOSE_LAGGED = 4008
CLOSE_UNKNOWN_TOKEN = 4401
CLOSE_NOT_ALLOWED = 4403
HTTP_UNAUTHORISED = 401
HTTP_FORBIDDEN = 403


class Refused(Exception):
    """The daemon does not know the token, or does not let it read; asking again as we are will not help."""


class Lost(Exception):
    """The link broke or could not be made; `at_once` where there is no reason to wait before the next try."""

    def __init__(self, detail: str, *, at_once: bool = False) -> None:
        super().__init__(detail)
        self.at_once = at_once


@asynccontextmanager
async def opened(access: Access, after: int) -> AsyncIterator[ClientConnection]:
    """Give a connection whose first frame is hello and whose changes follow `after`; raises Refused or Lost."""
    try:
        async with connect(
            f"{access.feed_url}?after={after}",
            additional_headers={"Authorization": f"Bearer {access.secret()}"},
            user_agent_header=AGENT,
            compression=None,
            proxy=None,
            open_timeout=OPEN_TIMEOUT_S,
            ping_interval=PING_INTERVAL_S,
            ping_timeout=PING_TIMEOUT_S,
            max_size=FRAME_BYTES_MAX,
            close_timeout=0.2,
        ) as socket:
            yield socket
    except InvalidStatus as error:
        raise refusal(access, error.response.status_code) from error
    except ConnectionClosed as error:
        raise farewell(access, error) from error
    except (InvalidHandshake, InvalidURI, OSError, TimeoutError, EOFError) as error:
        raise Lost(f"{access.url}: {reason(error)}") from error


def refusal(access: Access, status: int) -> Refused | Lost:
    """Return the error that an HTTP status instead of an answer stands for."""
    if status == HTTP_UNAUTHORISED:
        return Refused(access.cure())
    if status == HTTP_FORBIDDEN:
        return Refused("this token may not read the feed; ask for a viewer or operator token, then press R")
    return Lost(f"{access.url} answered {status}; is nocd listening there?")


def farewell(access: Access, error: ConnectionClosed) -> Refused | Lost:
    """Return the error that a close code stands for."""
    code = error.rcvd.code if error.rcvd is not None else None
    if code == CLOSE_UNKNOWN_TOKEN:
        return refusal(access, HTTP_UNAUTHORISED)
    if code == CLOSE_NOT_ALLOWED:
        return refusal(access, HTTP_FORBIDDEN)
    if code == CLOSE_LAGGED:
        return Lost("this console was too slow", at_once=True)
    said = f"{code} {error.rcvd.reason}".strip() if error.rcvd is not None else "the connection broke"
    return Lost(f"{access.url}: {said}")


def read(message: str | bytes) -> dict[str, Any]:
    """Return the frame in a message; raises Lost for anything else."""
    try:
        frame = orjson.loads(message)
    except orjson.JSONDecodeError as error:
        raise Lost(f"a frame that is no JSON: {error}") from error
    if not isinstance(frame, dict):
        raise Lost("a frame that is no JSON object")
    return frame
