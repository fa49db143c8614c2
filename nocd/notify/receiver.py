"""A receiver as settings name it; what is secret stays in a file or the environment, and is read when it is needed."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final
from urllib.parse import urlsplit

from annotated_types import MaxLen

from nocd.errors import UnavailableError

SECRETS_MAX: Final = 2  # the one in force, and the one before it while it is replaced
SECRET_FILE_BYTES_MAX: Final = 65_536
_KEY_BYTES: Final = (24, 64)
_FROM: Final = ("file:", "env:")
Texts = Annotated[tuple[Annotated[str, MaxLen(500)], ...], MaxLen(50)]


class Unusable(UnavailableError):
    """A receiver's address or secret cannot be read, or is none; the sentence never repeats it."""

    code = "receiver_unusable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Where messages go: a `webhook` signed with `secrets`, or an `apprise` URL.

    Secrets and Apprise URLs are named, `file:/etc/nocd/desk.secret` or `env:DESK_SECRET`, never written here. A webhook
    goes to public addresses only, and to those `addresses` lists (networks like 10.1.0.0/16).
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}
    webhook: Annotated[str, MaxLen(2_000)] = ""
    apprise: Annotated[str, MaxLen(500)] = ""
    secrets: Annotated[Texts, MaxLen(SECRETS_MAX)] = ()
    addresses: Texts = ()

    def __post_init__(self) -> None:
        """Refuse, with a ValueError, what cannot be a receiver."""
        if bool(self.webhook) == bool(self.apprise):
            raise ValueError("a receiver has either a webhook or an apprise URL")
        if self.webhook and not self.secrets:
            raise ValueError("a webhook is signed: name its secrets")
        if self.webhook and not self.webhook.startswith(_FROM):
            checked_url(self.webhook)
        wrong = [text for text in (*self.secrets, self.apprise) if text and not text.startswith(_FROM)]
        if wrong:
            raise ValueError("secrets and apprise URLs are named by file:/PATH or env:NAME, never written here")
        for text in self.addresses:
            ipaddress.ip_network(text)

    @property
    def kind(self) -> str:
        """Return `webhook` or `apprise`."""
        return "webhook" if self.webhook else "apprise"


def checked_url(url: str) -> str:
    """Return a webhook's address; raises ValueError for one that cannot be it."""
    parts = urlsplit(url)
    if parts.scheme not in {"https", "http"} or not parts.hostname or parts.username or parts.password:
        raise ValueError("a webhook is an http or https address without a password in it")
    return url


def named(reference: str) -> str:
    """Return what `file:/PATH` or `env:NAME` names, or the text itself; raises Unusable. It may block."""
    kind, _, place = reference.partition(":")
    if f"{kind}:" not in _FROM:
        return reference
    if kind == "env":
        value = os.environ.get(place)
        if not value:
            raise Unusable(f"the environment has no {place}")
        return value.strip()
    try:
        with Path(place).open("rb") as file:
            return file.read(SECRET_FILE_BYTES_MAX).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        told = error.strerror if isinstance(error, OSError) else "it is no text"
        raise Unusable(f"{place} cannot be read: {told}") from error


def key_of(secret: str) -> bytes:
    """Return the key in a secret, `whsec_` and 24 to 64 bytes in Base64; raises Unusable."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        key = b""
    if not _KEY_BYTES[0] <= len(key) <= _KEY_BYTES[1]:
        raise Unusable("a webhook's secret is whsec_ and 24 to 64 bytes in Base64")
    return key
