"""A daemon that hears of a company as things happen: its clock goes by what is sent to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from tests.bench.daemon import Daemon
from tests.bench.post import Poster, Request, request
from tests.bench.traffic import Traffic
from tests.bench.wound import Clock

if TYPE_CHECKING:
    from pathlib import Path

BATCH = 1_000
CONNECTIONS = 4


@dataclass(slots=True)
class Live:
    """A daemon on a new folder and the traffic of its company, as a context; `folder` is empty before."""

    folder: Path
    traffic: Traffic = field(default_factory=Traffic)
    daemon: Daemon = field(init=False)
    _clock: Clock = field(init=False)

    def __post_init__(self) -> None:
        path = self.folder / "clock"
        self._clock = Clock(path, self.traffic.time)
        self.daemon = Daemon(self.folder / "data", clock=path)

    def __enter__(self) -> Self:
        self.daemon.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.daemon.stop()

    def begin(self, count: int) -> None:
        """Post the directory, and `count` events."""
        bodies = [b"\n".join(lines) for lines in self.traffic.directory()]
        with self.poster(1) as poster:
            poster.post([self._request(body) for body in bodies])
        with self.poster() as poster:
            poster.post(self.requests(count))

    def poster(self, connections: int = CONNECTIONS) -> Poster:
        """Return what posts to the daemon, and winds its clock."""
        return Poster(self.daemon.address, connections, clock=self._clock)

    def requests(self, count: int, size: int = BATCH) -> list[Request]:
        """Return requests that post the next `count` events, `size` each."""
        return [self._request(body, size) for body in self.traffic.bodies(count, size)]

    def _request(self, body: bytes, size: int = BATCH) -> Request:
        kind = "application/json" if size == 1 else "application/x-ndjson"
        return request(body, self.daemon.token("ingest"), kind=kind, at=self.traffic.time)
