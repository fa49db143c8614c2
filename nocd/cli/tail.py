"""`nocd tail`: print what a daemon decides, resuming by number after any loss."""

from __future__ import annotations

import json
import random
import ssl
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import click

from nocd.cli.command import command, note
from nocd.cli.where import daemon_options
from nocd.clock import monotonic_s
from nocd.errors import NocdError, NotAllowed, StateError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from websockets.sync.client import ClientConnection

    from nocd.cli.client import Target

_ROUTE: Final = "/v1/feed"
_OPEN_TIMEOUT_S: Final = 10.0
_CLOSE_TIMEOUT_S: Final = 2.0
# Heartbeats come every 15 s; a feed silent for so long is lost, whatever the network says.
_SILENT_S: Final = 50.0
_FRAME_BYTES_MAX: Final = 64 * 1_048_576
_WAIT_FIRST_S: Final = 0.25
_WAIT_MAX_S: Final = 15.0
_BOUNDED_RETRY_S: Final = 60.0
_FATAL: Final = {4401: "unauthorised", 4403: "forbidden"}


@command(
    "tail",
    epilog="""\
  nocd tail
  nocd tail --after 0 --until-now --json > all.ndjson
  nocd tail --type alert_created --type alert_updated --site S12

Without --after it starts from now, or with --until-now from the first change that is kept. A lost connection is
taken up again after the last number printed: nothing is missed and nothing comes twice.""",
)
@click.option("--after", type=click.IntRange(0), help="Start after this number; 0 is the first that is kept.")
@click.option("--limit", type=click.IntRange(1), help="End after so many changes.")
@click.option("--until-now", is_flag=True, help="End when caught up.")
@click.option("--type", "types", multiple=True, help="Only changes of this type (repeatable).")
@click.option("--site", "sites", multiple=True, help="Only changes of this site (repeatable).")
@daemon_options
def tail(**options: Any) -> None:
    """Print what is decided, one change a line, as it is decided."""
    from nocd.cli.client import find

    target = find(options, prefer=("operator", "admin"))
    after = options["after"]
    follower = Follower(
        target,
        after=0 if after is None and options["until_now"] else after,
        until_now=options["until_now"],
        limit=options["limit"],
        query={"types": ",".join(options["types"]), "sites": ",".join(options["sites"])},
    )
    told = _as_json if options["as_json"] else as_text
    for change in follower.changes():
        click.echo(told(change))


class Lost(UnavailableError):
    """The connection to the feed broke, or could not be made; it may be taken up again."""

    code = "unreachable"


@dataclass(slots=True, kw_only=True)
class _Progress:
    """How far the feed was followed; `lost_at_s` and `wait_s` begin anew with each connection that said hello."""

    after: int | None
    epoch: str | None = None
    given: int = 0
    ended: bool = False
    caught_up: bool = False
    lost_at_s: float | None = None
    wait_s: float = _WAIT_FIRST_S


class Follower:
    """Follows the feed of one daemon across losses of the connection."""

    def __init__(
        self,
        target: Target,
        *,
        after: int | None,
        until_now: bool = False,
        limit: int | None = None,
        query: dict[str, str] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._target = target
        self._until_now = until_now
        self._limit = limit
        self._query = {key: value for key, value in (query or {}).items() if value}
        self._sleep = sleep
        self._at = _Progress(after=after)

    def changes(self) -> Iterator[dict[str, Any]]:
        """Give each change once, in order.

        Raises Lost where the first connection fails, or where one with an end in sight stays lost for 60 s; NotAllowed;
        StateError (`epoch_changed`) where the daemon's history was replaced, since its numbers then mean others.
        """
        while not self._at.ended:
            try:
                yield from self._connected()
            except Lost as error:
                self._keep_on(error)
                self._sleep(self._at.wait_s * random.uniform(0.5, 1.0))  # noqa: S311 - spreads callers
                self._at.wait_s = min(_WAIT_MAX_S, self._at.wait_s * 2)

    def _keep_on(self, error: Lost) -> None:
        """Raise `error` where waiting is not what was asked for."""
        first = self._at.lost_at_s is None
        self._at.lost_at_s = self._at.lost_at_s or monotonic_s()
        bounded = self._until_now or self._limit is not None
        if self._at.epoch is None or (bounded and monotonic_s() - self._at.lost_at_s > _BOUNDED_RETRY_S):
            raise error
        if first:
            note(f"{error.detail}; trying on, to resume after {self._at.after}")

    def _connected(self) -> Iterator[dict[str, Any]]:
        with _connect(self._target, self._path()) as socket:
            while not self._at.ended:
                yield from self._frame(json.loads(_received(socket)))

    def _path(self) -> str:
        after = {} if self._at.after is None else {"after": str(self._at.after)}
        query = urlencode({**after, **self._query})
        return f"{_ROUTE}?{query}" if query else _ROUTE

    def _frame(self, frame: dict[str, Any]) -> Iterator[dict[str, Any]]:
        kind = frame.get("type")
        if kind == "batch":
            yield from self._batch(frame)
        elif kind == "hello":
            self._hello(frame)
        elif kind == "caught_up":
            self._at.caught_up, self._at.ended = True, self._until_now
        elif kind == "gap":
            self._gap(frame["from"], frame["to"], frame["reason"])
        elif kind == "heartbeat" and self._at.caught_up:
            self._at.after = max(self._at.after or 0, frame["seq"])

    def _hello(self, frame: dict[str, Any]) -> None:
        self._at.lost_at_s, self._at.wait_s, self._at.caught_up = None, _WAIT_FIRST_S, False
        if self._at.epoch not in {None, frame["epoch"]}:
            raise StateError(
                "the daemon's history was replaced (a restored backup): start over, with --after 0 or without --after",
                code="epoch_changed",
            )
        self._at.epoch = frame["epoch"]
        if self._at.after is None:
            self._at.after = frame["seq"]

    def _gap(self, first: int, last: int, reason: str) -> None:
        """Go on after what is no longer kept, or from where the daemon is, where it never was as far as asked for."""
        note(f"changes {first} to {last} are not to be had: {reason}")
        self._at.after = last if first > (self._at.after or 0) else first - 1

    def _batch(self, frame: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for change in frame["changes"]:
            if change["seq"] <= (self._at.after or 0):
                continue
            self._at.after = change["seq"]
            self._at.given += 1
            yield change
            if self._at.given == self._limit:
                self._at.ended = True
                return
        self._at.after = max(self._at.after or 0, frame["to"])


def _connect(target: Target, path: str) -> ClientConnection:
    """Open the feed, to be used in a `with`; raises Lost, or NotAllowed where the daemon will not have us."""
    from websockets.exceptions import InvalidHandshake, InvalidStatus
    from websockets.sync.client import connect

    secure = target.url.scheme == "https"
    try:
        raw = target.open(_OPEN_TIMEOUT_S)
    except OSError as error:
        raise _unreachable(target, error) from error
    try:
        raw.settimeout(None)
        return connect(
            f"{'wss' if secure else 'ws'}://{target.url.netloc}{path}",
            sock=raw,
            ssl=ssl.create_default_context() if secure else None,
            additional_headers=target.headers(),
            compression=None,
            proxy=None,
            open_timeout=_OPEN_TIMEOUT_S,
            close_timeout=_CLOSE_TIMEOUT_S,
            max_size=_FRAME_BYTES_MAX,
        )
    except InvalidStatus as error:
        raw.close()
        raise _refused(error.response.status_code, bytes(error.response.body or b"")) from error
    except (OSError, InvalidHandshake) as error:
        raw.close()
        raise _unreachable(target, error) from error


def _unreachable(target: Target, error: Exception) -> Lost:
    return Lost(f"{target} does not answer: {error}; is the daemon running? (`nocd serve`, `nocd doctor`)")


def _received(socket: ClientConnection) -> str | bytes:
    from websockets.exceptions import ConnectionClosed

    try:
        return socket.recv(timeout=_SILENT_S)
    except TimeoutError as error:
        raise Lost("the feed fell silent") from error
    except ConnectionClosed as error:
        closed = error.rcvd
        if closed and closed.code in _FATAL:
            raise NotAllowed(
                f"the daemon closed the feed: {closed.reason or _FATAL[closed.code]}; give --token or $NOCD_TOKEN",
                code=closed.reason or _FATAL[closed.code],
            ) from error
        raise Lost(
            f"the feed was closed ({f'{closed.code} {closed.reason}'.strip() if closed else 'broken off'})"
        ) from error


def _refused(status: int, body: bytes) -> NocdError:
    """Return Lost for what passes (5xx, 429), NotAllowed or another lasting error for what does not."""
    try:
        problem = json.loads(body)
    except ValueError:
        problem = {}
    detail = problem.get("detail") or f"the daemon answered {status}"
    if status >= 500 or status == 429:  # noqa: PLR2004 - HTTP's own numbers
        return Lost(detail)
    return NotAllowed(detail, code=problem.get("code", "refused"))


def _as_json(change: dict[str, Any]) -> str:
    return json.dumps(change, ensure_ascii=False, separators=(",", ":"))


def as_text(change: dict[str, Any]) -> str:
    """Return a change of the feed as one line that a terminal can show as it is."""
    data = change.get("data") or {}
    names = (data.get("site_name") or change.get("site"), data.get("person_name") or change.get("person"))
    told = " · ".join(str(part) for part in (change.get("severity"), data.get("id"), *names, _about(data)) if part)
    line = f"{change['seq']:>8} {change['time'][:19]} {change['type']:<20} {told}"
    return "".join(char if char.isprintable() else "·" for char in line)


def _about(data: dict[str, Any]) -> str:
    if "count" in data and "first_no" in data:
        return f"{data['count']:,} events"
    return next((str(data[key]) for key in ("title", "reason", "detail", "text", "happened") if data.get(key)), "")
