"""Events of a file, of a .gz or of standard input, in the chunks they are posted in."""

from __future__ import annotations

import contextlib
import gzip
import os
import select
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

CHUNK_LINES_MAX: Final = 1_000
CHUNK_BYTES_MAX: Final = 4 * 1_048_576
_GZIP_MAGIC: Final = b"\x1f\x8b"
_READ_BYTES: Final = 65_536
# A pipe that falls silent for so long gets what it has written so far posted.
_IDLE_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is not blank, and its number in the file, from 1."""

    no: int
    text: bytes


class Source:
    """Where the events come from; it can be read any number of times, but for standard input that was not `kept`."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._raw: IO[bytes] | None = None

    @property
    def total_bytes(self) -> int:
        """Return the size of what is read, 0 where that cannot be known."""
        return self._path.stat().st_size if self._path else 0

    @property
    def read_bytes(self) -> int:
        """Return how far it has been read."""
        return self._raw.tell() if self._raw and not self._raw.closed else 0

    @contextlib.contextmanager
    def kept(self) -> Iterator[Source]:
        """Give a source that can be read twice: standard input is first written to a temporary file."""
        if self._path:
            yield self
            return
        with tempfile.NamedTemporaryFile(prefix="nocd-post-") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
            file.flush()
            yield Source(Path(file.name))

    def lines(self) -> Iterator[bytes]:
        """Give every line of a file; standard input has to be `kept` first."""
        assert self._path, "standard input is read once, by chunks"
        with self._path.open("rb") as raw:
            self._raw = raw
            packed = raw.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
            raw.seek(0)
            yield from gzip.GzipFile(fileobj=raw) if packed else raw

    def chunks(self) -> Iterator[list[Line]]:
        """Give the lines in chunks of at most 1 000 and 4 MiB; a silent pipe's last lines without waiting for more."""
        yield from _chunks(self.lines() if self._path else _live())

    def prefetched(self, prepare: Callable[[list[Line]], list[Line]]) -> Iterator[list[Line]]:
        """Give the chunks prepared, a file's next one while the last is being sent."""
        chunks = map(prepare, self.chunks())
        if self._path is None:
            yield from chunks
            return
        with ThreadPoolExecutor(1) as pool:
            coming = pool.submit(next, chunks, None)
            while (chunk := coming.result()) is not None:
                coming = pool.submit(next, chunks, None)
                yield chunk


def _live() -> Iterator[bytes]:
    """Give standard input's lines, and an empty text where it has fallen silent."""
    try:
        handle = sys.stdin.buffer.fileno()
    except OSError:
        yield from sys.stdin.buffer
        return
    rest = b""
    while True:
        if not select.select([handle], [], [], _IDLE_S)[0]:
            yield b""
            continue
        part = os.read(handle, _READ_BYTES)
        if not part:
            break
        *whole, rest = (rest + part).split(b"\n")
        yield from (text + b"\n" for text in whole)
    yield rest + b"\n"


def _chunks(texts: Iterable[bytes]) -> Iterator[list[Line]]:
    chunk: list[Line] = []
    size, no = 0, 0
    for text in texts:
        no += bool(text)
        line = Line(no, text.strip())
        full = len(chunk) >= CHUNK_LINES_MAX or size + len(line.text) > CHUNK_BYTES_MAX
        if chunk and (full or not text):
            yield chunk
            chunk, size = [], 0
        if line.text:
            chunk.append(line)
            size += len(line.text) + 1
    if chunk:
        yield chunk
