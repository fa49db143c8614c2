"""A small client of the daemon's HTTP API: one kept connection, over TCP, TLS or the data folder's Unix socket."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import ssl
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import SplitResult, urlsplit

from nocd.cli.where import data_folder
from nocd.errors import InputError, NocdError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

    from nocd.store.folder import Folder

USER_AGENT: Final = "nocd-cli"
_TIMEOUT_S: Final = 60.0
_PROBE_TIMEOUT_S: Final = 2.0
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """How to reach a daemon: a URL, or the path of its Unix socket, and the token to show (none over the socket)."""

    url: SplitResult
    unix: Path | None = None
    token: str | None = None

    def __str__(self) -> str:
        return str(self.unix) if self.unix else f"{self.url.scheme}://{self.url.netloc}"

    def headers(self) -> dict[str, str]:
        """Return the headers that say who asks."""
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def open(self, timeout_s: float = _TIMEOUT_S) -> socket.socket:
        """Return a connected socket, before any TLS; raises OSError."""
        if self.unix:
            opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                opened.settimeout(timeout_s)
                opened.connect(str(self.unix))
            except OSError:
                opened.close()
                raise
            return opened
        port = self.url.port or (443 if self.url.scheme == "https" else 80)
        return socket.create_connection((self.url.hostname, port), timeout=timeout_s)


class Unreachable(UnavailableError):
    """Nobody answers there, or the connection broke; asking again may help."""

    code = "unreachable"


class Refused(NocdError):
    """The daemon answered with an error; `status` and `code` are its own, `retry_after_s` where it named one."""

    def __init__(self, detail: str, *, code: str, status: int, retry_after_s: float | None = None) -> None:
        super().__init__(detail, code=code)
        self.status = status
        self.retry_after_s = retry_after_s


def find(options: Mapping[str, Any], *, prefer: tuple[str, ...] = ("admin",)) -> Target:
    """Return how to reach the daemon that a command's `--url`, `--token` and `--data-dir` name.

    That is `--url`, else `$NOCD_URL` unless `--data-dir` was given, else the data folder's socket, else its url file.
    `prefer` names the first tokens (`NAME.token` files of the folder) that will do, best first. They are shown only to
    this machine or to where the folder's own daemon listens.
    """
    folder = data_folder(options["data_dir"])
    url, token = named(options), options["token"] or os.environ.get("NOCD_TOKEN")
    if not url and folder.socket.exists():
        return Target(url=urlsplit("http://localhost"), unix=folder.socket)
    own = folder.url_file.read_text(encoding="utf-8").strip() if folder.url_file.exists() else None
    parts = _parts(url or own)
    if token is None and (parts.hostname in _LOOPBACK or (own and parts.netloc == urlsplit(own).netloc)):
        token = _own_token(folder, prefer)
    return Target(url=parts, token=token)


def named(options: Mapping[str, Any]) -> str | None:
    """Return the address that the arguments or the environment name; asking for a folder means that folder's daemon."""
    url: str | None = options["url"] or (None if options["data_dir"] else os.environ.get("NOCD_URL"))
    return url


def reached(options: Mapping[str, Any]) -> Target | None:
    """Return how to reach the daemon, or None where none is named and none has the data folder's socket open."""
    return find(options) if named(options) or daemon_answers(data_folder(options["data_dir"])) else None


def _parts(url: str | None) -> SplitResult:
    if not url:
        raise Unreachable("no daemon runs on this data folder; start one by `nocd serve`, or name one by --url")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InputError(f"{url!r} is no address of a daemon, like http://127.0.0.1:8460", code="bad_url")
    return parts


def _own_token(folder: Folder, prefer: tuple[str, ...]) -> str | None:
    for name in prefer:
        with contextlib.suppress(OSError):
            return folder.token_file(name).read_text(encoding="utf-8").strip()
    return None


def daemon_answers(folder: Folder) -> bool:
    """Tell whether a daemon takes connections on the folder's socket."""
    try:
        if not stat.S_ISSOCK(folder.socket.stat().st_mode):
            return False
        Target(url=urlsplit("http://localhost"), unix=folder.socket).open(_PROBE_TIMEOUT_S).close()
    except OSError:
        return False
    return True


class Client:
    """Sends requests to one daemon over one connection, opened when needed and again after it broke."""

    def __init__(self, target: Target, *, timeout_s: float = _TIMEOUT_S) -> None:
        self.target = target
        self._connection = _connection(target, timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._connection.close()

    def json(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Ask with a JSON body, if any, and return the JSON answer; raises Refused or Unreachable."""
        data = None if body is None else json.dumps(body).encode()
        status, headers, answer = self.ask(method, path, data, {"Content-Type": "application/json"} if data else {})
        return checked(status, headers, answer)

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Return status, headers and body of the answer; raises Unreachable where there is none."""
        with self.stream(method, path, body, headers) as answer:
            try:
                return answer.status, answer.headers, answer.read()
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                raise Unreachable(f"the answer of {self.target} broke off: {_why(error)}") from error

    @contextlib.contextmanager
    def stream(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Iterator[http.client.HTTPResponse]:
        """Give the answer to be read in parts; raises Unreachable where there is none."""
        try:
            self._connection.request(
                method, path, body, {"User-Agent": USER_AGENT, **self.target.headers(), **(headers or {})}
            )
            answer = self._connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            cure = "is the daemon running? (`nocd serve`, `nocd doctor`)"
            raise Unreachable(f"{self.target} does not answer: {_why(error)}; {cure}") from error
        try:
            yield answer
        finally:
            if not answer.isclosed():
                self._connection.close()


def checked(status: int, headers: http.client.HTTPMessage, body: bytes) -> dict[str, Any]:
    """Return the JSON object of a good answer; raises Refused for any other."""
    try:
        content = json.loads(body or b"{}")
    except ValueError:
        content = None
    if status < http.client.BAD_REQUEST and isinstance(content, dict):
        return content
    raise refusal(status, headers, content if isinstance(content, dict) else {})


def refusal(status: int, headers: http.client.HTTPMessage, problem: Mapping[str, Any]) -> Refused:
    """Return the error that an answer's problem document tells."""
    detail = problem.get("detail") or problem.get("title") or f"the daemon answered {status}"
    if status == http.client.UNAUTHORIZED:
        detail = f"{detail}; give --token or $NOCD_TOKEN (`nocd tokens create` makes one)"
    return Refused(
        detail, code=problem.get("code", "refused"), status=status, retry_after_s=_seconds(headers.get("Retry-After"))
    )


def _why(error: Exception) -> str:
    return str(error) or type(error).__name__


def _seconds(text: str | None) -> float | None:
    return float(text) if text and text.isdecimal() else None


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, target: Target, timeout_s: float) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._target = target
        self._timeout_s = timeout_s

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = self._target.open(self._timeout_s)


def _connection(target: Target, timeout_s: float) -> http.client.HTTPConnection:
    if target.unix:
        return _UnixConnection(target, timeout_s)
    host, port = target.url.hostname or "", target.url.port
    if target.url.scheme == "https":
        return http.client.HTTPSConnection(host, port, timeout=timeout_s, context=ssl.create_default_context())
    return http.client.HTTPConnection(host, port, timeout=timeout_s)
