"""What a service manager is told and hands over: systemd's notify socket, watchdog and listening sockets."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_FIRST_FD = 3


def notify(environ: Mapping[str, str], *lines: str) -> None:
    """Send `READY=1`, `WATCHDOG=1` or `STOPPING=1` as sd_notify(3) does; nothing happens outside a service manager."""
    address = environ.get("NOTIFY_SOCKET")
    if not address:
        return
    path = f"\0{address[1:]}" if address.startswith("@") else address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.connect(path)
        sender.send("\n".join(lines).encode())


def watchdog_s(environ: Mapping[str, str]) -> float | None:
    """Return how often the watchdog is to be fed, half of what is asked; None where there is none."""
    usec = environ.get("WATCHDOG_USEC", "")
    return int(usec) / 2_000_000 if usec.isdecimal() and int(usec) > 0 else None


def listening(environ: Mapping[str, str]) -> list[socket.socket]:
    """Return the sockets handed over for this process (sd_listen_fds(3))."""
    if environ.get("LISTEN_PID") != str(os.getpid()):
        return []
    count = int(environ.get("LISTEN_FDS", "0"))
    return [socket.socket(fileno=fd) for fd in range(_FIRST_FD, _FIRST_FD + count)]
