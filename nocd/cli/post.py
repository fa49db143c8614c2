"""`nocd post`: send events of a file to a daemon, safely however often."""

from __future__ import annotations

import gzip
import http.client
import json
import random
import time
import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from nocd.cli.command import Failed, command, note, show
from nocd.cli.lines import Line, Source
from nocd.cli.where import daemon_options
from nocd.clock import monotonic_s, now_ms
from nocd.errors import NocdError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nocd.cli.client import Client
    from nocd.cli.rebase import Rebase

_ROUTE: Final = "/v1/events"
_RETRIED: Final = frozenset({429, 502, 503, 504, 507})
_WAIT_FIRST_S: Final = 0.2
_WAIT_MAX_S: Final = 30.0
_FIRST_CONTACT_S: Final = 5.0
_REJECTIONS_SHOWN_MAX: Final = 10


@command(
    "post",
    epilog="""\
  nocd post events.ndjson
  nocd post history.ndjson.gz --rebase now
  some-script | nocd post - --url https://noc.example:8460 --token noc_…

Repeats are harmless: events that were taken before count as duplicates, so after any failure run the same
command again. Lines without an id are given one. Exit code 0 if any event was taken, or there was none;
1 if all were rejected or the daemon could not be reached.""",
)
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True))
@click.option(
    "--rebase",
    type=click.Choice(["now"]),
    help="Move all times (also shifts', tours' and tasks') by one span, so that the last event is now; ids stay.",
)
@click.option("--gzip", "compress", is_flag=True, help="Compress what is sent, for slow links.")
@click.option(
    "--retry-for",
    "retry_for_s",
    type=click.FloatRange(0, 86_400),
    default=300.0,
    show_default=True,
    help="Seconds without progress after which to give up.",
)
@daemon_options
def post(**options: Any) -> None:
    """Send the events of FILE (one JSON object a line, plain or gzip; - for standard input) to a daemon."""
    from nocd.cli.client import Client, find

    target = find(options, prefer=("ingest", "admin"))
    source = Source(None if str(options["file"]) == "-" else options["file"])
    started = monotonic_s()
    with Client(target) as client:
        poster = Poster(client, compress=options["compress"], retry_for_s=options["retry_for_s"])
        if options["rebase"]:
            with source.kept() as kept:
                _post_all(poster, kept, _rebase(kept))
        else:
            _post_all(poster, source, None)
    result = poster.tally.result(seconds=monotonic_s() - started)
    show(result, _sentence(result), as_json=options["as_json"])
    if result["rejected"] and not result["accepted"] + result["duplicates"]:
        raise Failed("every event was rejected")


def _rebase(source: Source) -> Rebase | None:
    from nocd.cli.rebase import Rebase, last_time

    last = last_time(source.lines())
    return None if last is None else Rebase(now_ms() - last)


def _post_all(poster: Poster, source: Source, rebase: Rebase | None) -> None:
    from nocd.cli.progress import Progress

    progress = Progress("post")
    try:
        for chunk in source.prefetched(lambda lines: prepared(lines, rebase)):
            poster.send(chunk)
            progress.at(source.read_bytes, source.total_bytes, f"{poster.tally.total:,} events")
    except NocdError:
        progress.end()
        note(f"{poster.tally.total:,} events were answered before this; run the same command again to send the rest")
        raise
    finally:
        progress.end()


def prepared(chunk: Iterable[Line], rebase: Rebase | None) -> list[Line]:
    """Return the lines as they are sent: moved by `rebase`, and with an id each, so that sending again is harmless."""
    from nocd.cli.rebase import as_object

    lines = []
    for line in chunk:
        event = as_object(line.text)
        if event is None:
            lines.append(line)
            continue
        plain = "id" not in event and "specversion" not in event
        if plain:
            event["id"] = uuid.uuid4().hex
        if rebase:
            rebase.event(event)
        lines.append(replace(line, text=_dumped(event)) if plain or rebase else line)
    return lines


def _dumped(event: dict[str, Any]) -> bytes:
    import orjson

    return orjson.dumps(event)


@dataclass(slots=True)
class Tally:
    """What became of the events so far."""

    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0

    @property
    def total(self) -> int:
        """Return how many were answered."""
        return self.accepted + self.duplicates + self.rejected

    def result(self, *, seconds: float) -> dict[str, Any]:
        """Return the fixed form that scripts rely on."""
        return {
            "accepted": self.accepted,
            "duplicates": self.duplicates,
            "rejected": self.rejected,
            "seconds": round(seconds, 3),
            "events_per_s": round(self.total / seconds, 1) if seconds > 0 else 0.0,
        }


class Poster:
    """Sends chunks in order, each until it is answered; gives up after `retry_for_s` seconds without progress."""

    def __init__(
        self,
        client: Client,
        *,
        compress: bool = False,
        retry_for_s: float = 300.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._compress = compress
        self._retry_for_s = retry_for_s
        self._sleep = sleep
        self._met = False
        self.tally = Tally()

    def send(self, chunk: list[Line]) -> None:
        """Have every event of the chunk answered; raises Refused, or UnavailableError having given up."""
        status, headers, answer = self._answered(b"\n".join(line.text for line in chunk))
        if status == http.client.REQUEST_ENTITY_TOO_LARGE:
            self._send_smaller(chunk)
            return
        content = _answer(status, headers, answer)
        self.tally.accepted += content["accepted"]
        self.tally.duplicates += content["duplicates"]
        for rejection in content["rejected"]:
            self._reject(chunk[rejection["index"]], rejection["code"], rejection["detail"])

    def _send_smaller(self, chunk: list[Line]) -> None:
        if len(chunk) == 1:
            self._reject(chunk[0], "too_large", "larger than the daemon takes")
            return
        half = len(chunk) // 2
        self.send(chunk[:half])
        self.send(chunk[half:])

    def _reject(self, line: Line, code: str, detail: str) -> None:
        self.tally.rejected += 1
        if self.tally.rejected <= _REJECTIONS_SHOWN_MAX:
            note(f"line {line.no} rejected: {code}: {detail}")
        elif self.tally.rejected == _REJECTIONS_SHOWN_MAX + 1:
            note("more were rejected; only their number is told")

    def _answered(self, body: bytes) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Return the daemon's answer, asking again while it cannot be had now."""
        from nocd.cli.client import refusal

        headers = {"Content-Type": "application/x-ndjson"}
        if self._compress:
            headers["Content-Encoding"] = "gzip"
            body = gzip.compress(body, compresslevel=1, mtime=0)
        started, wait_s = monotonic_s(), _WAIT_FIRST_S
        while True:
            error: Exception
            asked_s = 0.0
            try:
                answer = self._client.ask("POST", _ROUTE, body, headers)
                self._met = True
                if answer[0] not in _RETRIED:
                    return answer
                refused = refusal(answer[0], answer[1], _problem(answer[2]))
                error, asked_s = refused, refused.retry_after_s or 0.0
            except UnavailableError as unreachable:
                error = unreachable
            pause_s = min(_WAIT_MAX_S, max(asked_s, wait_s * random.uniform(0.5, 1.0)))  # noqa: S311 - spreads callers
            patience_s = self._retry_for_s if self._met else min(self._retry_for_s, _FIRST_CONTACT_S)
            if monotonic_s() - started + pause_s > patience_s:
                raise error
            self._sleep(pause_s)
            wait_s = min(_WAIT_MAX_S, wait_s * 2)


def _answer(status: int, headers: http.client.HTTPMessage, body: bytes) -> dict[str, Any]:
    """Return the tally of one request, which also comes with 422 where every event was rejected."""
    from nocd.cli.client import checked

    content = _problem(body)
    return content if isinstance(content.get("rejected"), list) else checked(status, headers, body)


def _problem(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _sentence(result: dict[str, Any]) -> str:
    return (
        f"{result['accepted']:,} accepted, {result['duplicates']:,} duplicates, {result['rejected']:,} rejected "
        f"in {result['seconds']:.1f} s ({result['events_per_s']:,.0f} events/s)"
    )
