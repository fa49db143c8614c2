from __future__ import annotations

import io
import sys

import pytest

from nocd.cli import progress
from nocd.cli.progress import Progress


class Screen(io.StringIO):
    def __init__(self, *, terminal):
        super().__init__()
        self.terminal = terminal

    def isatty(self):
        return self.terminal


@pytest.fixture
def screen(monkeypatch):
    def start(*, terminal):
        now = [100.0]
        screen = Screen(terminal=terminal)
        monkeypatch.setattr(sys, "stderr", screen)
        monkeypatch.setattr(progress, "monotonic_s", lambda: now[0])
        return screen, now

    return start


def test_a_terminal_gets_a_bar_at_most_ten_times_a_second_and_a_clean_line_after(screen):
    stderr, now = screen(terminal=True)
    bar = Progress("post")
    bar.at(50, 100, "5 events")
    bar.at(60, 100, "6 events")
    now[0] += 0.11
    bar.at(200, 100, "7 events")
    bar.end()
    first, last, end = stderr.getvalue().split("\r\x1b[K")[1:]
    assert first == "post [###############---------------]  50% 5 events"
    assert last == f"post [{'#' * 30}] 100% 7 events"
    assert end == ""


def test_anything_else_gets_a_plain_line_every_ten_seconds(screen):
    stderr, now = screen(terminal=False)
    bar = Progress("post")
    bar.at(1, 0, "1 events")
    now[0] += 10.0
    bar.at(2, 0, "2 events")
    bar.end()
    assert stderr.getvalue() == "post: 2 events\n"
