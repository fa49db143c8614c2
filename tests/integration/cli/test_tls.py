"""TLS with a certificate of one's own: every client speaks it once it is trusted, and none before."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import ssl
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, TCPConnector

from nocd.app import Daemon
from nocd.settings import load
from nocd.store.folder import Folder
from noctui.client.access import Access
from noctui.client.feed import opened
from tests.certificate import made
from tests.unit.ingest.examples import MINIMAL, envelope


class Served:
    """A daemon behind TLS, and how to reach it."""

    def __init__(self, daemon: Daemon, certificate: Path, event: Path) -> None:
        self.url = daemon.url
        self.certificate = certificate
        self.event = event
        self.token = daemon.folder.token_file("admin").read_text().strip()

    def clients(self) -> dict[str, tuple[str, ...]]:
        """Return each client as a command; curl where there is one."""
        reach = ("--url", self.url, "--token", self.token)
        nocd, noctui = (sys.executable, "-m", "nocd"), (sys.executable, "-m", "noctui")
        found = {
            "nocd post": (*nocd, "post", str(self.event), *reach),
            "nocd tail": (*nocd, "tail", "--after", "0", "--until-now", *reach),
            "noctui": (*noctui, "status", "--json", *reach),
        }
        curl = ("curl", "-fsS", f"{self.url}/v1/alerts", "-H", f"Authorization: Bearer {self.token}")
        return found | ({"curl": curl} if shutil.which("curl") else {})


@contextlib.asynccontextmanager
async def served(root: Path) -> AsyncIterator[Served]:
    certificate, key = made(root, now=datetime.now(UTC))
    folder = Folder(root / "data")
    await asyncio.to_thread(folder.create)
    event = root / "event.ndjson"
    await asyncio.to_thread(event.write_text, json.dumps(envelope("noc.alert", MINIMAL["noc.alert"])) + "\n")
    settings = {"listen": "127.0.0.1:0", "data_dir": str(folder.root), "tls_cert": certificate, "tls_key": key}
    daemon = Daemon(load(settings).settings, folder)
    await daemon.start()
    try:
        yield Served(daemon, certificate, event)
    finally:
        await daemon.stop()


async def run(command: tuple[str, ...], **more: str) -> tuple[int, str]:
    """Return how a client ended and what it said."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("NOC", "SSL_", "CURL_"))}
    child = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env={**bare, **more}
    )
    said, _ = await asyncio.wait_for(child.communicate(), 40)
    assert child.returncode is not None
    return child.returncode, said.decode()


@pytest.mark.may_block("the test makes a certificate")
async def test_every_client_trusts_the_certificate_it_is_told_to(tmp_path: Path) -> None:
    async with served(tmp_path) as there:
        assert there.url.startswith("https://127.0.0.1:")
        trusting = {"SSL_CERT_FILE": str(there.certificate), "CURL_CA_BUNDLE": str(there.certificate)}
        post, *others = there.clients().values()
        code, said = await run(post, **trusting)
        assert code == 0, said
        told = await asyncio.gather(*(run(each, **trusting) for each in others))
        for command, (code, said) in zip(others, told, strict=True):
            assert code == 0, (command, said)
            assert "A-1" in said or '"HIGH": 1' in said, (command, said)


@pytest.mark.may_block("the test makes a certificate")
async def test_no_client_speaks_to_whom_it_does_not_trust(tmp_path: Path) -> None:
    async with served(tmp_path) as there:
        _, *impatient = there.clients().items()  # `nocd post` goes on trying
        told = await asyncio.gather(*(run(command) for _, command in impatient))
        for (name, _), (code, said) in zip(impatient, told, strict=True):
            assert code != 0, name
            assert "certificate" in said.lower(), (name, said)
            assert "Traceback" not in said


@pytest.mark.may_block("the test makes a certificate")
async def test_python_and_the_consoles_feed_speak_it(tmp_path: Path, monkeypatch: Any) -> None:
    async with served(tmp_path) as there:
        trusting = ssl.create_default_context(cafile=there.certificate)
        async with ClientSession(connector=TCPConnector(ssl=trusting)) as session:
            async with session.get(f"{there.url}/v1/ready") as answer:
                assert answer.status == 200
            plain = there.url.replace("https", "http")
            with pytest.raises(Exception, match=r"[Dd]isconnected|reset"):
                await session.get(f"{plain}/v1/ready")
        monkeypatch.setenv("SSL_CERT_FILE", str(there.certificate))
        async with opened(Access(url=there.url, token=there.token), 0) as feed:
            assert json.loads(await feed.recv())["type"] == "hello"
