"""Where the daemon is, and by which token the console may speak to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_URL = "http://127.0.0.1:8460"
TOKEN_NAME = "operator.token"  # noqa: S105 - the name of a file, not a secret
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class BadAccess(Exception):
    """What was given cannot lead to a daemon; the sentence says what to do instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """An address, and a token given or read from its file whenever it is needed, so that a renewed one is met."""

    url: str
    token: str | None = None
    token_file: Path | None = None

    @property
    def feed_url(self) -> str:
        """Return the address of the feed's WebSocket."""
        return "ws" + self.url.removeprefix("http") + "/v1/feed"

    def secret(self) -> str:
        """Return the token, or an empty text where there is none (the daemon then says 401)."""
        if self.token is not None or self.token_file is None:
            return self.token or ""
        try:
            return self.token_file.read_text(encoding="utf-8").strip()
        except OSError:
            return ""

    def cure(self) -> str:
        """Return what to do when the daemon does not know the token."""
        if self.token is not None:
            return "the token given is not known there; try another by --token or --token-file, then press R"
        if self.token_file is None:
            return "no token for this address; give one by --token, --token-file or $NOCTUI_TOKEN"
        if not self.secret():
            return f"no token: {self.token_file} cannot be read; give one by --token or --token-file"
        return f"the token in {self.token_file} is not known there; renew it, then press R"


def find(
    environ: Mapping[str, str],
    *,
    url: str | None = None,
    token: str | None = None,
    token_file: Path | None = None,
    data_dir: Path | None = None,
) -> Access:
    """Return the access from arguments, else `NOCTUI_URL` and `NOCTUI_TOKEN`, else the data folder's files.

    The folder's own token is shown only to this machine or to where the folder's daemon listens; raises BadAccess.
    """
    folder = data_dir or data_folder(environ)
    own = _first_line(folder / "url")
    address = _checked(url or environ.get("NOCTUI_URL") or own or DEFAULT_URL)
    token = token or (environ.get("NOCTUI_TOKEN") if token_file is None else None)
    if token is None and token_file is None and (urlsplit(address).hostname in LOOPBACK or address == own):
        token_file = folder / TOKEN_NAME
    return Access(url=address, token=token, token_file=token_file)


def data_folder(environ: Mapping[str, str]) -> Path:
    """Return `$STATE_DIRECTORY` (its first entry), else `$XDG_STATE_HOME/nocd`, else `~/.local/state/nocd`."""
    if state := environ.get("STATE_DIRECTORY", "").split(":")[0]:
        return Path(state)
    if xdg := environ.get("XDG_STATE_HOME"):
        return Path(xdg) / "nocd"
    return Path.home() / ".local" / "state" / "nocd"


def _first_line(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip().rstrip("/")
    except OSError:
        return ""


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise BadAccess(f"{url!r} is no address of a daemon; give one like {DEFAULT_URL}")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
