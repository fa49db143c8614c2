"""`nocd` by a clock that is wound: it stands where a file says, so that what is sent now also happened now.

python -m tests.bench.wound FILE ARGUMENTS…   `nocd ARGUMENTS…`, its time of day read from FILE
"""

from __future__ import annotations

import mmap
import struct
import sys
from pathlib import Path
from typing import Final

from nocd import clock

_AT: Final = struct.Struct("<q")


class Clock:
    """An instant (UTC ms) in a file, shared by whoever winds it and whoever reads it; it never goes back."""

    def __init__(self, path: Path, at: int | None = None) -> None:
        """Open the file at `path`; given `at`, make it."""
        if at is not None:
            path.write_bytes(_AT.pack(at))
        with path.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), _AT.size)

    def now_ms(self) -> int:
        """Return where it stands."""
        at: int = _AT.unpack(self._shared)[0]
        return at

    def wind(self, at: int) -> None:
        """Move it on to an instant, unless it is past it."""
        self._shared[:] = _AT.pack(max(at, self.now_ms()))


def main(path: str, *arguments: str) -> None:
    """Run `nocd` by the clock in a file."""
    machines, clock.now_ms = clock.now_ms, Clock(Path(path)).now_ms
    from nocd.cli import main as nocd  # noqa: PLC0415 - only now, or the other clock were bound by name already
    from nocd.jobs.scheduler import Scheduler  # noqa: PLC0415 - as above

    # Jobs are planned by a library that reads the machine's clock: a plan months before it is caught up with second by
    # second.
    defaults = Scheduler.__init__.__kwdefaults__
    assert defaults is not None
    defaults["now_ms"] = machines
    sys.argv = ["nocd", *arguments]
    nocd()


if __name__ == "__main__":
    main(*sys.argv[1:])
