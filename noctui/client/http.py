"""The REST side of the daemon: a question, an answer with its status, or Unreachable."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import orjson
from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from noctui.client.access import Access

TIMEOUT_S = 10.0
ANSWER_BYTES_MAX = 64 * 1024 * 1024
AGENT = "noctui"


class Unreachable(Exception):
    """Nobody answered, or the answer broke off; asking again may help."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the daemon said; a body that is no JSON object reads as empty."""

    status: int
    body: Mapping[str, Any]
    retry_after_s: float = 1.0


class Api:
    """Speaks to one daemon over kept connections; the token is read anew for every question."""

    def __init__(self, access: Access, *, timeout_s: float = TIMEOUT_S) -> None:
        self._access = access
        self._timeout = ClientTimeout(total=timeout_s)
        self._session: ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the session."""
        self._session = ClientSession(timeout=self._timeout, headers={"User-Agent": AGENT})
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()

    async def get(self, path: str) -> Answer:
        """Return the answer to GET /v1/`path`; raises Unreachable."""
        return await self._ask("GET", path, None, {})

    async def post(self, path: str, body: Mapping[str, Any], *, key: str = "") -> Answer:
        """Return the answer to POST /v1/`path`, a command under its idempotency key; raises Unreachable."""
        return await self.send("POST", path, body, key=key)

    async def send(self, method: str, path: str, body: Mapping[str, Any], *, key: str = "") -> Answer:
        """Return the answer to a command by any method, under its idempotency key; raises Unreachable."""
        headers = {"Content-Type": "application/json", **({"Idempotency-Key": key} if key else {})}
        return await self._ask(method, path, orjson.dumps(dict(body)), headers)

    async def _ask(self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]) -> Answer:
        if self._session is None:
            raise RuntimeError("the session is not open")
        url = f"{self._access.url}/v1/{path}"
        said = {**headers, "Authorization": f"Bearer {self._access.secret()}"}
        try:
            async with self._session.request(method, url, data=data, headers=said, allow_redirects=False) as answer:
                return Answer(answer.status, _object(await _bounded(answer)), _wait_s(answer))
        except (ClientError, TimeoutError, OSError, ValueError) as error:
            raise Unreachable(f"{self._access.url}: {reason(error)}") from error


def reason(error: Exception) -> str:
    """Return what went wrong in a few words: of a refused connection, what the system calls it."""
    told = error.certificate_error if isinstance(error, ClientConnectorCertificateError) else error
    if isinstance(told, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({told.verify_message}); name who signed it in SSL_CERT_FILE"
    cause = error.os_error if isinstance(error, ClientConnectorError) else error
    if isinstance(cause, OSError) and cause.errno:
        return os.strerror(cause.errno).lower()
    return str(error) or type(error).__name__


async def _bounded(answer: ClientResponse) -> bytes:
    parts, size = [], 0
    async for part in answer.content.iter_chunked(256 * 1024):
        size += len(part)
        if size > ANSWER_BYTES_MAX:
            raise Unreachable(f"the answer is larger than {ANSWER_BYTES_MAX} bytes")
        parts.append(part)
    return b"".join(parts)


def _object(data: bytes) -> Mapping[str, Any]:
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def _wait_s(answer: ClientResponse) -> float:
    told = answer.headers.get("Retry-After", "")
    return float(told) if told.isdecimal() else 1.0
