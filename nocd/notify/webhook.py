"""Webhooks: signed, sent to a checked address, never redirected, and never waited for longer than the limit."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

from nocd import __version__
from nocd.notify.addresses import sockets
from nocd.notify.receiver import Unusable, checked_url, key_of, named
from nocd.notify.sending import Sent
from nocd.notify.signing import signed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nocd.notify.receiver import Receiver

TIMEOUT_S: Final = 15.0
RETRY_AFTER_MAX_S: Final = 3_600.0
_GONE: Final = 410
_SUCCESS: Final = range(200, 300)
_REDIRECT: Final = range(300, 400)


class Webhook:
    """Sends messages to one address; what is secret is read anew each time, so that it can be replaced at any time."""

    def __init__(self, receiver: Receiver, *, timeout_s: float = TIMEOUT_S) -> None:
        """Plan to send to a webhook; nothing is opened before the first message."""
        self._receiver = receiver
        self._timeout_s = timeout_s
        self._session: ClientSession | None = None

    async def send(self, message_id: str, body: bytes, *, now: int) -> Sent:
        """Try once to deliver a message at `now` (UTC ms)."""
        try:
            async with asyncio.timeout(self._timeout_s):
                url, keys = await asyncio.to_thread(self._secrets)
                headers = signed(message_id, body, timestamp_s=now // 1_000, keys=keys)
                return await self._post(url, body, headers)
        except TimeoutError:
            return Sent(ok=False, detail=f"no answer within {self._timeout_s:g} s")
        except Unusable as error:
            return Sent(ok=False, detail=error.detail)
        except (ClientError, OSError, ValueError) as error:
            return Sent(ok=False, detail=_why(error))

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Sent:
        told = {"Content-Type": "application/json", "User-Agent": f"nocd/{__version__}", **headers}
        async with self._opened().post(url, data=body, headers=told, allow_redirects=False) as response:
            status, wait = response.status, response.headers.get("Retry-After", "")
            response.close()  # what else it says is not read: it may never end
        if status in _SUCCESS:
            return Sent(ok=True, detail=f"answered {status}")
        after_s = min(float(wait), RETRY_AFTER_MAX_S) if wait.isascii() and wait.isdigit() else None
        more = ", and redirects are not followed" if status in _REDIRECT else ""
        return Sent(ok=False, detail=f"answered {status}{more}", gone=status == _GONE, retry_after_s=after_s)

    def _opened(self) -> ClientSession:
        if self._session is None:
            self._session = ClientSession(
                connector=TCPConnector(
                    limit=1,
                    use_dns_cache=False,
                    force_close=True,
                    socket_factory=sockets(self._receiver.addresses),
                ),
                timeout=ClientTimeout(total=self._timeout_s),
                cookie_jar=DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
            )
        return self._session

    def _secrets(self) -> tuple[str, list[bytes]]:
        return checked_url(named(self._receiver.webhook)), [key_of(named(each)) for each in self._receiver.secrets]


def _why(error: Exception) -> str:
    """Return what went wrong without the address, which may be secret."""
    cause = getattr(error, "os_error", None) or error
    if isinstance(cause, OSError):
        return cause.strerror or str(cause.args[-1] if cause.args else type(cause).__name__)
    return f"no usable answer ({type(error).__name__})"
