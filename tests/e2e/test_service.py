"""Under a service manager: sockets handed over, readiness, watchdog and stop told as sd_notify(3) has it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from nocd.service import listening, notify, watchdog_s

WATCHDOG_USEC = 400_000
HANDED_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(sys.executable, [sys.executable, "-m", "nocd", "serve", "--data-dir", sys.argv[2]])
"""


def hears(path: str) -> socket.socket:
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(path)
    manager.settimeout(20)
    return manager


def test_what_is_told_arrives_by_path_and_by_abstract_name(tmp_path: Path) -> None:
    for named, bound in ((str(tmp_path / "n"), str(tmp_path / "n")), ("@nocd-test", "\0nocd-test")):
        with hears(bound) as manager:
            notify({"NOTIFY_SOCKET": named}, "READY=1", "STATUS=well")
            assert manager.recv(100) == b"READY=1\nSTATUS=well"


def test_outside_a_service_manager_nothing_is_told_and_nothing_handed_over() -> None:
    notify({}, "READY=1")
    notify({"NOTIFY_SOCKET": ""}, "READY=1")
    assert listening({}) == []
    assert listening({"LISTEN_PID": "1", "LISTEN_FDS": "3"}) == []


@pytest.mark.parametrize(
    ("usec", "seconds"), [(None, None), ("", None), ("0", None), ("x", None), ("-5", None), ("3000000", 1.5)]
)
def test_the_watchdog_is_fed_twice_as_often_as_asked(usec: str | None, seconds: float | None) -> None:
    assert watchdog_s({} if usec is None else {"WATCHDOG_USEC": usec}) == seconds


@pytest.mark.timeout(90)
@pytest.mark.may_block("the test waits for a daemon in a process of its own")
async def test_a_daemon_serves_the_socket_it_is_handed_and_tells_how_it_is(tmp_path: Path) -> None:
    with (
        hears(str(tmp_path / "notify")) as manager,
        socket.create_server(("127.0.0.1", 0)) as handed,
        socket.create_connection(handed.getsockname()) as early,
        (tmp_path / "log").open("ab") as log,
    ):
        early.send(b"GET /v1/live HTTP/1.1\r\nHost: x\r\n\r\n")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", HANDED_OVER, str(handed.fileno()), str(tmp_path / "data")),
            pass_fds=(handed.fileno(),),
            env={
                **os.environ,
                "LISTEN_FDS": "1",
                "NOTIFY_SOCKET": str(tmp_path / "notify"),
                "WATCHDOG_USEC": str(WATCHDOG_USEC),
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
        assert process.stdout is not None
        assert await asyncio.to_thread(manager.recv, 100) == b"READY=1", (tmp_path / "log").read_text()
        told = (await process.stdout.readline()).decode()
        assert f"http://127.0.0.1:{handed.getsockname()[1]}" in told
        assert (await asyncio.to_thread(early.recv, 1_000)).startswith(b"HTTP/1.1 200 OK")
        for _ in range(3):
            assert await asyncio.to_thread(manager.recv, 100) == b"WATCHDOG=1"
        process.send_signal(signal.SIGTERM)
        while (last := await asyncio.to_thread(manager.recv, 100)) == b"WATCHDOG=1":
            pass
        assert last == b"STOPPING=1"
        assert await asyncio.wait_for(process.wait(), 15) == 0
