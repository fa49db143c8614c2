"""Signatures of webhooks, as https://www.standardwebhooks.com has them: v1, HMAC-SHA256."""

from __future__ import annotations

import base64
import hmac
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def signed(message_id: str, body: bytes, *, timestamp_s: int, keys: Iterable[bytes]) -> dict[str, str]:
    """Return the headers that let a receiver check a message: one signature for each key that may be in force there."""
    content = b".".join((message_id.encode(), str(timestamp_s).encode(), body))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": " ".join(_signature(content, key) for key in keys),
    }


def _signature(content: bytes, key: bytes) -> str:
    return f"v1,{base64.b64encode(hmac.digest(key, content, sha256)).decode()}"
