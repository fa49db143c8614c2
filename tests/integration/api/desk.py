"""A daemon in the test's own loop, on real sockets and a real file, and clients that hold it to its documents."""

from __future__ import annotations

import asyncio
import io
import shutil
import tempfile
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import ClientSession
from yarl import URL

from nocd.api.server import HttpLimits
from nocd.app import Daemon
from nocd.clock import now_ms
from nocd.domain.token import Role
from nocd.settings import Settings, load
from nocd.store.folder import Folder
from nocd.store.tokens import Grant, TokenStore
from tests.conformance.contract import Contract

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

READING_S = 20.0
LARGE_BYTES = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        return self.headers.get("Content-Type", "").partition(";")[0].strip()

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def told(self) -> tuple[int, str]:
        """Return (status, code) of a problem."""
        return self.status, self.json["code"]


@dataclass(slots=True, kw_only=True)
class Desk:
    """A running daemon and what its clients do; every answer is held against the OpenAPI document."""

    daemon: Daemon
    session: ClientSession
    contract: Contract
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def port(self) -> int:
        return int(self.daemon.url.rpartition(":")[2])

    async def ask(
        self,
        method: str,
        path: str,
        *,
        token: str | None = "admin",
        json: Any = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask as the named token (None: as nobody) and return the answer, which must be as documented."""
        more = dict(headers or {})
        if token is not None:
            more.setdefault("Authorization", f"Bearer {self.tokens.get(token, token)}")
        if json is not None:
            body = orjson.dumps(json)
            more.setdefault("Content-Type", "application/json")
        body = io.BytesIO(body) if isinstance(body, bytes) and len(body) > LARGE_BYTES else body
        url = URL(f"{self.daemon.url}{path}", encoded=True)
        async with self.session.request(method, url, data=body, headers=more, allow_redirects=False) as response:
            answer = Answer(status=response.status, headers=response.headers, body=await response.read())
        self.judge(method, path, answer)
        return answer

    def judge(self, method: str, path: str, answer: Answer) -> None:
        bare = method == "HEAD" or answer.status == 304
        content = answer.json if answer.media_type.endswith(("/json", "+json")) and not bare else answer.body
        if not bare:
            self.contract.judge(method, path.partition("?")[0], answer.status, answer.media_type, content)

    async def raw(self, request: bytes, *, path: str = "", method: str = "GET") -> Answer:
        """Send bytes as they are and return what is answered to them."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(request)
        try:
            async with asyncio.timeout(READING_S):
                answer = await read_answer(reader)
        finally:
            writer.close()
        self.judge(method, path, answer)
        return answer

    async def post(self, *events: Any, token: str = "ingest", status: int = 200) -> dict[str, Any]:
        """Post events as a batch; return what became of them."""
        answer = await self.ask("POST", "/v1/events", token=token, json=list(events))
        assert answer.status == status, answer
        told: dict[str, Any] = answer.json
        return told

    async def give(self, name: str, role: Role, *, now: int | None = None, **limits: Any) -> str:
        """Make a token as the command line does, and have the daemon read it; return its secret."""
        store = await asyncio.to_thread(TokenStore, self.daemon.folder.daemon_db)
        grant = Grant(name=name, role=role, **limits)
        self.tokens[name] = await asyncio.to_thread(store.create, grant, now=now_ms() if now is None else now)
        await self.daemon_reads_tokens()
        return self.tokens[name]

    async def daemon_reads_tokens(self) -> None:
        """Make and revoke a token over HTTP: the daemon then knows all there are."""
        made = await self.ask("POST", "/v1/tokens", json={"name": "reload", "role": "viewer"})
        assert made.status == 201, made
        assert (await self.ask("DELETE", "/v1/tokens/reload")).status == 200

    async def items(self, path: str, *, token: str = "admin") -> list[dict[str, Any]]:
        answer = await self.ask("GET", path, token=token)
        assert answer.status == 200, answer
        items: list[dict[str, Any]] = answer.json["items"]
        return items


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    """Read one HTTP answer with a Content-Length, or to the end of the connection."""
    status = int((await reader.readline()).split()[1])
    headers: dict[str, str] = {}
    while line := (await reader.readline()).decode().strip():
        name, _, value = line.partition(":")
        headers[name.title()] = value.strip()
    length = headers.get("Content-Length")
    body = await reader.read() if length is None else await reader.readexactly(int(length))
    return Answer(status=status, headers=headers, body=body)


@asynccontextmanager
async def running(
    *,
    http: HttpLimits | None = None,
    clock: Callable[[], int] = now_ms,
    root: Path | None = None,
    reread: Callable[[], Settings] | None = None,
    **settings: Any,
) -> AsyncIterator[Desk]:
    """Run a daemon in this loop, in `root` or a folder of its own that goes with it; its first tokens are at hand."""
    where = root or Path(tempfile.mkdtemp(prefix="nocd-"))
    folder = await asyncio.to_thread(Folder(where).create)
    chosen = {"listen": "127.0.0.1:0", "data_dir": str(where), "commands_per_minute": 100_000, **settings}
    chosen.setdefault("failed_logins_per_minute", 1_000)
    daemon = Daemon(load(chosen).settings, folder, http=http, now_ms=clock, reread=reread)
    await daemon.start()
    try:
        async with ClientSession() as session:
            async with session.get(f"{daemon.url}/openapi.json") as answer:
                contract = Contract(await answer.json())
            tokens = {role: folder.token_file(role).read_text().strip() for role in ("admin", "operator", "ingest")}
            yield Desk(daemon=daemon, session=session, contract=contract, tokens=tokens)
    finally:
        await daemon.stop()
        if root is None:
            await asyncio.to_thread(shutil.rmtree, where)
