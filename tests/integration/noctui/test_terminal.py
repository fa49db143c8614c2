"""The console on a real terminal: what it leaves behind however it ends, and what it never sends."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from noctui.app import Console
from noctui.widgets import terminal
from tests.integration.noctui.stage import ScriptedLink

PATIENCE_S = 20.0
COLOUR = re.compile(rb"\x1b\[(?:[0-9;]*;)?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;[0-9;]*)?m")


class Terminal:
    """A console under a pseudo-terminal of 80 x 24, its output kept."""

    def __init__(self, *arguments: str) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        command = [sys.executable, "-m", "noctui", "--url", "http://127.0.0.1:9", "--token", "x", *arguments]
        environ = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        environ.pop("NO_COLOR", None)
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environ,
            start_new_session=True,
        )
        os.close(slave)
        self.seen = b""
        self._open = True

    def until(self, words: bytes) -> None:
        """Read until words were drawn, blind to the colours between them."""
        limit = time.monotonic() + PATIENCE_S
        while words not in re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]", b"", self.seen):
            assert self._read(limit - time.monotonic()), f"ended without {words!r}: {self.seen[-2000:]!r}"

    def _read(self, wait_s: float) -> bool:
        ready, _, _ = select.select([self.master], [], [], max(wait_s, 0))
        assert ready, f"silent: {self.seen[-2000:]!r}"
        try:
            part = os.read(self.master, 65_536)
        except OSError:  # the other side has closed
            return False
        self.seen += part
        return bool(part)

    def end(self) -> int:
        """Read to the end and return the exit code."""
        limit = time.monotonic() + PATIENCE_S
        while self._read(limit - time.monotonic()):
            pass
        return self.process.wait(PATIENCE_S)

    def hang_up(self) -> None:
        os.close(self.master)
        self._open = False

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self._open:
            os.close(self.master)


@pytest.fixture
def console() -> Iterator[Terminal]:
    opened = Terminal()
    yield opened
    opened.close()


def restored(seen: bytes) -> bool:
    """Tell whether the last word on screen, mouse and cursor is that all are as before."""
    ends = ((b"\x1b[?1049h", b"\x1b[?1049l"), (b"\x1b[?1000h", b"\x1b[?1000l"), (b"\x1b[?25l", b"\x1b[?25h"))
    return all(seen.rfind(off) > seen.rfind(on) >= 0 for on, off in ends)


@pytest.mark.parametrize(("name", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_signals_restore_the_terminal(console: Terminal, name: signal.Signals, code: int):
    console.until(b"LINK LOST")
    console.process.send_signal(name)
    assert console.end() == code
    assert restored(console.seen)


def test_q_leaves_with_0_and_restores_the_terminal(console: Terminal):
    console.until(b"LINK LOST")
    os.write(console.master, b"q")
    assert console.end() == 0
    assert restored(console.seen)


def test_when_the_terminal_is_gone_it_ends_though_no_hangup_was_sent():
    console = Terminal()
    try:
        console.until(b"LINK LOST")
        console.hang_up()
        assert console.process.wait(PATIENCE_S) != 0
    finally:
        console.close()


def test_mono_sends_no_colour():
    console = Terminal("--mono")
    try:
        console.until(b"LINK LOST")
        os.write(console.master, b"?")
        console.until(b"Acknowledge")
        os.write(console.master, b"qq")
        assert console.end() == 0
        assert not COLOUR.findall(console.seen)
    finally:
        console.close()


def test_the_log_goes_to_a_file_and_names_the_loss(tmp_path: Path):
    console = Terminal("--log", str(tmp_path / "log"), "--no-mouse")
    try:
        console.until(b"LINK LOST")
        os.write(console.master, b"q")
        assert console.end() == 0
        assert b"\x1b[?1000h" not in console.seen
        assert "lost: http://127.0.0.1:9" in (tmp_path / "log").read_text("utf-8")
    finally:
        console.close()


async def test_the_private_names_of_textual_are_those_of_this_version():
    assert version("textual").startswith("8.2.")
    app = Console(ScriptedLink())
    async with app.run_test():
        assert terminal.backlog(app) == 0
    from textual.drivers._writer_thread import WriterThread  # noqa: PLC0415 - its private name is the subject

    assert WriterThread(sys.stderr)._queue.qsize() == 0
