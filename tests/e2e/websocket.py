"""Hold the WebSocket the feed is made of to RFC 6455, by the Autobahn test suite, which wants an echo.

    python2.7 -m virtualenv /tmp/ab && /tmp/ab/bin/pip install 'autobahntestsuite==25.10.1' 'setuptools<45'
    python -m tests.e2e.websocket --wstest /tmp/ab/bin/wstest --cases '1.*' '7.*' '9.*'

Serves an echo by the daemon's own server and its WebSocket, but for the bounds on what a client may say (9.* sends
16 MiB). Prints the cases by how they ended; 7.9.5 fails in the library.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web

from nocd.api.server import HttpLimits, Runner

MESSAGE_BYTES_MAX = 32 << 20


async def echo(request: web.Request) -> web.WebSocketResponse:
    """Say back what is said."""
    socket = web.WebSocketResponse(autoping=True, compress=False, max_msg_size=MESSAGE_BYTES_MAX)
    await socket.prepare(request)
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            await socket.send_str(message.data)
        elif message.type is WSMsgType.BINARY:
            await socket.send_bytes(message.data)
    return socket


async def run(scratch: Path, *, wstest: Path, cases: list[str]) -> dict[str, Any]:
    """Run the suite against the echo; return how the cases ended."""
    app = web.Application()
    app.router.add_get("/", echo)
    runner = Runner(app, HttpLimits())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    spec = {
        "outdir": str(scratch / "reports"),
        "servers": [{"agent": "nocd", "url": f"ws://127.0.0.1:{port}"}],
        "cases": cases,
        "exclude-cases": [],
        "exclude-agent-cases": {},
    }
    (scratch / "spec.json").write_text(json.dumps(spec))
    fuzzing = await asyncio.create_subprocess_exec(
        *(str(wstest), "-m", "fuzzingclient", "-s", str(scratch / "spec.json")),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await fuzzing.communicate()
    await runner.cleanup()
    report = scratch / "reports" / "index.json"
    assert report.exists(), said.decode()[-2_000:]
    ended = json.loads(report.read_text())["nocd"]
    wrong = {case: told["behavior"] for case, told in ended.items() if told["behavior"] == "FAILED"}
    return {"cases": len(ended), "by": Counter(told["behavior"] for told in ended.values()), "failed": wrong}


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wstest", type=Path, required=True)
    parser.add_argument("--cases", nargs="+", default=["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*"])
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        told = asyncio.run(run(Path(scratch), wstest=asked.wstest, cases=asked.cases))
    print(json.dumps(told))  # noqa: T201 - its output


if __name__ == "__main__":
    main()
