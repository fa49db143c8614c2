"""A backup over HTTP: made and checked inside the data folder, sent, and removed again."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aiohttp import web

from nocd.api.auth import LOCAL_TOKEN
from nocd.errors import NotAllowed, StorageFull
from nocd.store.backup import write_backup

if TYPE_CHECKING:
    from collections.abc import Collection
    from io import BufferedReader

    from nocd.domain.token import Token
    from nocd.store.folder import Folder

_PART_BYTES: Final = 1_048_576


def permit(token: Token, tenants: Collection[str]) -> None:
    """Pass who may read everything there is: the socket, or an admin of the only tenant; raises NotAllowed."""
    if token.limited or (token.name != LOCAL_TOKEN.name and set(tenants) != {token.tenant}):
        raise NotAllowed("a backup holds every tenant and site; ask for it over the daemon's own socket")


async def send(request: web.Request, folder: Folder, *, now: int) -> web.StreamResponse:
    """Answer with a fresh backup; raises StorageFull where there is no room to make one."""
    scratch = Path(await asyncio.to_thread(_scratch, folder))
    try:
        target = scratch / "backup.tar"
        await asyncio.to_thread(write_backup, folder, target, now=now)
        file = await asyncio.to_thread(target.open, "rb")
    finally:
        await asyncio.to_thread(shutil.rmtree, scratch, ignore_errors=True)  # what is open stays until it is closed
    with file:
        return await _stream(request, file)


async def _stream(request: web.Request, file: BufferedReader) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/x-tar"})
    response.content_length = await asyncio.to_thread(file.seek, 0, os.SEEK_END)
    await response.prepare(request)
    await asyncio.to_thread(file.seek, 0)
    while part := await asyncio.to_thread(file.read, _PART_BYTES):
        await response.write(part)
    await response.write_eof()
    return response


def _scratch(folder: Folder) -> str:
    """Return a new folder to make the backup in: it takes each database once in the tar, and one beside it."""
    needed = 2 * sum(path.stat().st_size for path in folder.databases())
    free = shutil.disk_usage(folder.root).free
    if free < needed:
        raise StorageFull(f"a backup needs up to {needed} bytes beside the databases; {free} are free")
    return tempfile.mkdtemp(prefix="backup-", dir=folder.root)
