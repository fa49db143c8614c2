"""A tenant's file as the rest sees it: one writer in its own thread, a few read-only readers, errors made plain."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from nocd.errors import NocdError, StateError, StorageFull, UnavailableError
from nocd.store.codec import decode_alert, decode_ticket
from nocd.store.rows import number
from nocd.store.search import regexp
from nocd.store.sqlite import aiosqlite, sqlite3
from nocd.store.writer import Writer, connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from nocd.domain.alert import Alert
    from nocd.domain.command import Command
    from nocd.domain.ticket import Ticket
    from nocd.store.rows import Commit, InputRow, Loaded

P = ParamSpec("P")
R = TypeVar("R")
READERS = 2


class Store:
    """One tenant's durable side; open it with `Store.open`, close it once."""

    def __init__(
        self, path: Path, write: aiosqlite.Connection, writer: Writer, readers: list[aiosqlite.Connection]
    ) -> None:
        """Hold the connections; use `open`."""
        self.path = path
        self._write = write
        self._writer = writer
        self._readers = readers
        self.posted = asyncio.Event()  # set by each commit that put something in the outbox
        self._idle: asyncio.Queue[aiosqlite.Connection] = asyncio.Queue()
        for reader in readers:
            self._idle.put_nowait(reader)

    @classmethod
    async def open(cls, path: Path, *, now: int) -> Store:
        """Open and migrate the file at `path`; raises StateError for a damaged, altered or newer database."""
        opened = await asyncio.to_thread(connect, path)  # before a thread that a refusal would leave
        write = await aiosqlite.Connection(lambda: opened, iter_chunk_size=256)
        writer = Writer(opened, path)
        readers: list[aiosqlite.Connection] = []
        try:
            await _in_thread(write, writer.prepare, now)
            for _ in range(READERS):
                reader = aiosqlite.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
                readers.append(await reader)
                await reader.execute("PRAGMA query_only = ON")
                await reader.create_function("regexp", 2, regexp, deterministic=True)
        except BaseException:
            for each in (*readers, write):
                await each.close()
            raise
        return cls(path, write, writer, readers)

    async def close(self) -> None:
        """End running reads, then close every connection and its thread."""
        for reader in self._readers:
            await reader.interrupt()  # a long read must not keep the process
            await reader.close()
        await self._write.close()

    async def load(self) -> Loaded:
        """Return what the last complete save holds."""
        return await self._do(self._writer.load)

    async def tail(self, after: int, limit: int) -> list[InputRow]:
        """Return up to `limit` inputs after number `after`."""
        return await self._do(self._writer.tail, after, limit)

    async def known(self, keys: list[tuple[str, str]]) -> list[bool]:
        """Tell for each (source, id) whether it was stored before, or stands earlier in `keys`."""
        return await self._do(self._writer.known, keys)

    async def reply(self, key: str) -> tuple[str, int, bytes] | None:
        """Return (what was asked, status, body) of the first answer under an idempotency key."""
        return await self._do(self._writer.reply, key)

    async def recall(self, alert_id: str) -> Alert | None:
        """Return an alert the engine no longer holds, or None where there never was one."""
        if re.fullmatch(r"A-[0-9]{1,18}", alert_id) is None:
            return None
        no = number(alert_id)
        record = await self._do(self._writer.alert_record, no)
        return None if record is None or alert_id != f"A-{no}" else decode_alert(record)

    async def recall_ticket(self, ticket_id: str) -> Ticket | None:
        """Return a ticket the engine no longer holds, or None where there never was one."""
        if re.fullmatch(r"T-[0-9]{1,18}", ticket_id) is None:
            return None
        no = number(ticket_id)
        record = await self._do(self._writer.ticket_record, no)
        return None if record is None or ticket_id != f"T-{no}" else decode_ticket(record)

    async def complete(self, command: Command, ticket: bool, alerts: list[str]) -> Command:  # noqa: FBT001 - as the engine answers
        """Return a command with the ticket and the alerts that it is about and the engine holds no longer."""
        if ticket:
            return replace(command, recalled_ticket=await self.recall_ticket(command.target))
        recalled = [await self.recall(alert_id) for alert_id in alerts]
        return replace(command, recalled_alerts=tuple(filter(None, recalled))) if recalled else command

    async def begin_save(self, no: int) -> None:
        """Begin a save of the lagging state as it is at input number `no`."""
        await self._do(self._writer.begin_save, no)

    async def commit(self, commit: Commit) -> bool:
        """Make a batch durable; return whether a save under way became complete with it."""
        complete = await self._do(self._writer.commit, commit)
        if commit.outbox:
            self.posted.set()
        return complete

    async def checkpoint(self, *, wal_max_bytes: int) -> int:
        """Copy the write-ahead log back, cutting it where it is longer than `wal_max_bytes`; return its size before."""

        def run() -> int:
            size = self._writer.wal_bytes()
            if size:
                self._writer.checkpoint("TRUNCATE" if size > wal_max_bytes else "PASSIVE")
            return size

        return await self._do(run)

    async def wal_bytes(self) -> int:
        """Return the size of the write-ahead log."""
        return await self._do(self._writer.wal_bytes)

    async def run(self, statements: list[tuple[str, tuple[Any, ...]]]) -> int:
        """Carry out statements in one small transaction; return how many rows they changed."""
        return await self._do(self._writer.run, statements)

    async def remove_inputs(self, *, before: int, upto: int, step: int) -> int:
        """Remove events, their dedup keys, commands and ticks received before `before` and numbered up to `upto`."""
        total = 0
        while removed := await self._do(self._writer.remove_inputs, before, upto, step):
            total += removed
        return total

    async def let_go_of_audit(self, *, before: int, step: int, now: int) -> int:
        """Let go of the audit trail's rows from before `before` (UTC ms), behind anchors; return how many went."""
        total = 0
        while removed := await self._do(self._writer.let_go_of_audit, before, step, now):
            total += removed
        return total

    async def vacuum(self, pages_max: int) -> None:
        """Give free pages back to the file system, a few at a time."""
        while await self._do(self._writer.vacuum, pages_max):
            pass

    async def read(
        self, query: Callable[Concatenate[sqlite3.Connection, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run `query(connection, …)` on a reader, inside one read transaction."""
        async with self._reader() as reader:

            def run() -> R:
                connection = reader._conn  # noqa: SLF001 - aiosqlite has no public way to run a function in its thread
                connection.execute("BEGIN")
                try:
                    return query(connection, *args, **kwargs)
                finally:
                    connection.execute("ROLLBACK")

            return await _in_thread(reader, run)

    @asynccontextmanager
    async def _reader(self) -> AsyncIterator[aiosqlite.Connection]:
        reader = await self._idle.get()
        try:
            yield reader
        finally:
            self._idle.put_nowait(reader)

    async def _do(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        return await _in_thread(self._write, function, *args, **kwargs)


async def _in_thread(
    connection: aiosqlite.Connection, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs
) -> R:
    """Run a function in a connection's own thread: one hop, whatever it does there."""
    try:
        result: R = await connection._execute(function, *args, **kwargs)  # type: ignore[no-untyped-call]  # noqa: SLF001 - private and untyped, but the only way to one hop a batch
    except sqlite3.Error as error:
        raise plain(error) from error
    return result


def plain(error: sqlite3.Error) -> NocdError:
    """Return the product's own error for SQLite's."""
    code = getattr(error, "sqlite_errorcode", None)
    primary = None if code is None else code & 0xFF
    if primary == sqlite3.SQLITE_FULL:
        return StorageFull("the disk is full; free some space, intake then resumes by itself")
    if primary in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StateError(f"the database is damaged ({error}); restore a backup", code="corrupt_database")
    return UnavailableError(f"the store cannot write now ({error})", code="store_failing")
