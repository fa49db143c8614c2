"""Bearer tokens at rest: names, permissions and the SHA-256 of secrets; never a secret."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import ipaddress
import json
import os
import re
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from nocd.domain.audit import Entry
from nocd.domain.instant import rfc3339, rfc3339_or_none
from nocd.domain.token import DEFAULT_RIGHTS, Right, Role, Token
from nocd.errors import Conflict, InputError, NotFound, StateError, StorageFull
from nocd.store import audit
from nocd.store.audit import LOCAL, LOCALLY, By
from nocd.store.folder import adopt, tenant_name, write_private
from nocd.store.sqlite import sqlite3

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from nocd.store.folder import Folder

FIRST_ROLES: Final = (Role.ADMIN, Role.OPERATOR, Role.INGEST)
_VERSION: Final = 2  # 2 brought the audit trail
_REFUSALS_MAX: Final = 1_000
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LIMITS_MAX: Final = 1_000
_EXPIRES_AT_MAX: Final = 253_370_764_800_000  # 9999-01-01: every later instant cannot be shown in every zone
_BUSY_TIMEOUT_S: Final = 5.0
_SCHEMA: Final = (
    """CREATE TABLE tokens (
  name TEXT PRIMARY KEY,
  role TEXT NOT NULL,
  tenant TEXT NOT NULL,
  rights TEXT NOT NULL,
  sites TEXT NOT NULL,
  clients TEXT NOT NULL,
  allow TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  last_used INTEGER
) STRICT""",
    """CREATE TABLE secrets (
  hash TEXT PRIMARY KEY,
  name TEXT NOT NULL REFERENCES tokens (name) ON DELETE CASCADE,
  created_at INTEGER NOT NULL, expires_at INTEGER
) STRICT""",
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY) STRICT",
)
_SELECT: Final = (
    "SELECT name, role, tenant, rights, sites, clients, allow, created_at, expires_at, last_used FROM tokens"
)


def digest(secret: str) -> str:
    """Return the SHA-256 of a secret in hex, as it is stored and looked up."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class Tokens:
    """What every known secret may do, at one instant; immutable, replaced as a whole."""

    __slots__ = ("_by_digest",)

    def __init__(self, by_digest: Mapping[str, Token] | None = None) -> None:
        self._by_digest = {key: (key, token) for key, token in (by_digest or {}).items()}

    def __len__(self) -> int:
        return len(self._by_digest)

    def find(self, secret: str) -> Token | None:
        """Return the token that `secret` opens, expired or not, compared in constant time."""
        wanted = digest(secret)
        found = self._by_digest.get(wanted)
        return found[1] if found is not None and hmac.compare_digest(found[0], wanted) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a new token shall be permitted; `rights` None means those the role has by default."""

    name: str
    role: Role
    tenant: str = "default"
    rights: frozenset[Right] | None = None
    sites: frozenset[str] = frozenset()
    clients: frozenset[str] = frozenset()
    allow: tuple[str, ...] = ()
    expires_at: int | None = None

    def token(self, *, now: int) -> Token:
        """Return the token granted at `now`; raises InputError (`bad_token`) naming what cannot be."""
        if not _NAME.fullmatch(self.name) or self.name == LOCAL:
            raise _bad(
                f"{self.name!r} cannot name a token: use 1-64 letters, digits, '.', '_' and '-', and not 'local'"
            )
        if self.expires_at is not None and self.expires_at <= now:
            raise _bad(f"it would have expired at {rfc3339(self.expires_at)}: choose a later time")
        if self.expires_at is not None and self.expires_at > _EXPIRES_AT_MAX:
            raise _bad("it would expire after the year 9998: choose an earlier time, or none")
        for limit, values in (("sites", self.sites), ("clients", self.clients), ("allow", self.allow)):
            if len(values) > _LIMITS_MAX:
                raise _bad(f"{limit} takes at most {_LIMITS_MAX} entries")
        return Token(
            name=self.name,
            role=self.role,
            tenant=tenant_name(self.tenant),
            rights=DEFAULT_RIGHTS[self.role] if self.rights is None else self.rights,
            sites=self.sites,
            clients=self.clients,
            allow=tuple(_network(text) for text in self.allow),
            expires_at=self.expires_at,
            created_at=now,
        )


class TokenStore:
    """The tokens of one data folder, in `daemon.db`; each call is one short transaction, so threads may share it.

    The file is small and rarely written: a rollback journal keeps it one file and clear of any WAL trouble.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        if not path.exists():
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            adopt(path)
        with self._transaction() as base:
            version = base.execute("PRAGMA user_version").fetchone()[0]
            if version > _VERSION:
                detail = f"{path} was written by a newer version of nocd; install that one"
                raise StateError(detail, code="newer_database")
            steps = [*(_SCHEMA if version == 0 else ()), *(audit.schema() if version < _VERSION else ())]
            for statement in [*steps, f"PRAGMA user_version = {_VERSION}"] if steps else ():
                base.execute(statement)  # nothing where nothing is to be done: a start needs no room on disk

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Give one transaction, committed on return and rolled back on an error."""
        try:
            with contextlib.closing(sqlite3.connect(self._path, timeout=_BUSY_TIMEOUT_S, isolation_level=None)) as base:
                for statement in ("PRAGMA foreign_keys = ON", "PRAGMA synchronous = FULL", "BEGIN IMMEDIATE"):
                    base.execute(statement)
                with base:
                    yield base
        except sqlite3.IntegrityError:
            raise
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte is the primary code
            if code == sqlite3.SQLITE_FULL:
                raise StorageFull(f"{self._path}: the disk is full") from error
            told = "corrupt_database" if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) else "store_failed"
            raise StateError(f"{self._path}: {error}; run `nocd check`", code=told) from error

    def create(self, grant: Grant, *, now: int, by: By = LOCALLY) -> str:
        """Keep a new token and return its secret, which is shown this once; raises Conflict where the name is taken."""
        token = grant.token(now=now)
        secret = new_secret()
        try:
            with self._transaction() as base:
                _insert(base, token, secret)
                _record(base, "create_token", token, by, now=now, after=describe(token))
        except sqlite3.IntegrityError as error:
            raise Conflict(
                f"a token named {token.name!r} exists; revoke or rotate it, or choose another name", code="token_exists"
            ) from error
        return secret

    def all(self) -> list[Token]:
        """Return every token, by name."""
        with self._transaction() as base:
            return [_token(row) for row in base.execute(f"{_SELECT} ORDER BY name")]

    def get(self, name: str) -> Token:
        """Return the token `name`; raises NotFound."""
        with self._transaction() as base:
            return _get(base, name)

    def revoke(self, name: str, *, now: int, by: By = LOCALLY) -> None:
        """Forget the token `name` and its secrets at once; raises NotFound."""
        with self._transaction() as base:
            token = _get(base, name)
            base.execute("DELETE FROM tokens WHERE name = ?", (name,))
            _record(base, "revoke_token", token, by, now=now, before=describe(token))

    def rotate(self, name: str, *, overlap_ms: int, now: int, by: By = LOCALLY) -> str:
        """Give the token `name` a new secret, returned this once; its former ones hold `overlap_ms` longer."""
        secret = new_secret()
        with self._transaction() as base:
            token = _get(base, name)
            _record(base, "rotate_token", token, by, now=now, args={"overlap_ms": overlap_ms})
            base.execute("DELETE FROM secrets WHERE name = ? AND expires_at <= ?", (name, now))
            base.execute(
                "UPDATE secrets SET expires_at = min(coalesce(expires_at, ?1), ?1) WHERE name = ?2",
                (now + max(overlap_ms, 0), name),
            )
            base.execute("INSERT INTO secrets VALUES (?, ?, ?, NULL)", (digest(secret), name, now))
        return secret

    def load(self) -> Tokens:
        """Return the present permissions of every secret."""
        with self._transaction() as base:
            tokens = {row[0]: _token(row) for row in base.execute(_SELECT)}
            rows = base.execute("SELECT hash, name, expires_at FROM secrets").fetchall()
        return Tokens({key: _until(tokens[name], expires_at) for key, name, expires_at in rows})

    def touch(self, used: Mapping[str, int]) -> None:
        """Note when tokens were last used (name to UTC milliseconds); names that are gone are passed over."""
        if used:
            with self._transaction() as base:
                base.executemany(
                    "UPDATE tokens SET last_used = max(coalesce(last_used, 0), ?) WHERE name = ?",
                    [(instant, name) for name, instant in used.items()],
                )

    def record(self, entries: Sequence[Entry]) -> None:
        """Put acts on record that change no token: refused logins."""
        if entries:
            with self._transaction() as base:
                audit.append(base, entries)

    def configured(self, settings: dict[str, Any], *, now: int) -> None:
        """Put the settings a daemon starts with on record, where they changed."""
        with self._transaction() as base:
            audit.configured(base, settings, now)

    def trail(self, query: audit.AuditQuery) -> tuple[list[dict[str, Any]], int | None]:
        """Return rows of the audit trail of tokens and refused logins, newest first, and where to go on."""
        with self._transaction() as base:
            return audit.page(base, query)

    def check_trail(self, place: audit.Place | None = None) -> audit.Place:
        """Check a slice of the audit trail."""
        with self._transaction() as base:
            return audit.check(base, place)

    def first(self, folder: Folder, *, now: int) -> list[Path]:
        """On the first call ever make admin, operator and ingest, their secrets left in `*.token` files (0600).

        A name that is taken is left alone. Files are written before the commit: a crash leaves no token without one.
        """
        with self._transaction() as base:
            if base.execute("SELECT 1 FROM meta WHERE key = 'first_tokens_at'").fetchone():
                return []
            taken = {row[0] for row in base.execute("SELECT name FROM tokens")}
            written = []
            for role in FIRST_ROLES:
                if role.value in taken:
                    continue
                secret = new_secret()
                token = Grant(name=role.value, role=role).token(now=now)
                _insert(base, token, secret)
                _record(
                    base, "create_token", token, By(name="nocd", peer="first start"), now=now, after=describe(token)
                )
                write_private(folder.token_file(role.value), f"{secret}\n")
                written.append(folder.token_file(role.value))
            base.execute("INSERT INTO meta VALUES ('first_tokens_at', ?)", (now,))
        return written


class TokenTable:
    """The tokens in force in a running daemon: a snapshot for readers, replaced on reload, and who was seen when."""

    def __init__(self, store: TokenStore) -> None:
        self.store = store
        self._tokens = store.load()
        self._used: dict[str, int] = {}
        self._refusals: list[Entry] = []
        self._refused_more = 0

    def current(self) -> Tokens:
        """Return the snapshot in force."""
        return self._tokens

    def reload(self) -> None:
        """Read all tokens again; on an error the former ones stay in force."""
        self._tokens = self.store.load()

    def used(self, name: str, now: int) -> None:
        """Remember that `name` was used at `now` (UTC milliseconds), written by the next `flush`."""
        self._used[name] = now

    def refused(self, entry: Entry) -> None:
        """Remember a refused login, written by the next `flush_refusals`; past a bound they are only counted."""
        if len(self._refusals) < _REFUSALS_MAX:
            self._refusals.append(entry)
        else:
            self._refused_more += 1

    def flush_refusals(self) -> None:
        """Put the refused logins since the last call on record."""
        gathered, self._refusals = self._refusals, []
        more, self._refused_more = self._refused_more, 0
        if more:
            gathered.append(replace(gathered[-1], target="", peer="", detail={"more": more}))
        self.store.record(gathered)

    def flush(self) -> None:
        """Write what `used` and `refused` have gathered since the last flush."""
        self.flush_refusals()
        gathered, self._used = self._used, {}
        self.store.touch(gathered)


def first_tokens(folder: Folder, *, now: int) -> list[Path]:
    """On the first start write admin.token, operator.token and ingest.token (0600); returns the files written."""
    return TokenStore(folder.daemon_db).first(folder, now=now)


def new_secret() -> str:
    """Return a new secret: `noc_` and 43 URL-safe characters (256 bits)."""
    return f"noc_{secrets.token_urlsafe(32)}"


def describe(token: Token) -> dict[str, Any]:
    """Return a token's permissions as JSON-able values, times RFC 3339; there is no secret in it."""
    return {
        "name": token.name,
        "role": token.role.value,
        "tenant": token.tenant,
        "rights": sorted(token.rights),
        "sites": sorted(token.sites),
        "clients": sorted(token.clients),
        "allow": list(token.allow),
        "created_at": rfc3339(token.created_at),
        "expires_at": rfc3339_or_none(token.expires_at),
        "last_used": rfc3339_or_none(token.last_used),
    }


def _record(base: sqlite3.Connection, act: str, token: Token, by: By, *, now: int, **told: Any) -> None:
    detail = {"tenant": token.tenant, **told}
    audit.append(base, [Entry(time=now, actor=by.name, act=act, target=token.name, peer=by.peer, detail=detail)])


def _get(base: sqlite3.Connection, name: str) -> Token:
    if (row := base.execute(f"{_SELECT} WHERE name = ?", (name,)).fetchone()) is None:
        raise _missing(name)
    return _token(row)


def _insert(base: sqlite3.Connection, token: Token, secret: str) -> None:
    lists = (token.rights, token.sites, token.clients, token.allow)
    base.execute(
        "INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
        (token.name, token.role, token.tenant, *map(_list, lists), token.created_at, token.expires_at),
    )
    base.execute("INSERT INTO secrets VALUES (?, ?, ?, NULL)", (digest(secret), token.name, token.created_at))


def _list(values: Collection[str]) -> str:
    return json.dumps(sorted(values))


def _token(row: tuple[Any, ...]) -> Token:
    name, role, tenant, rights, sites, clients, allow, created_at, expires_at, last_used = row
    return Token(
        name=name,
        role=Role(role),
        tenant=tenant,
        rights=frozenset(Right(right) for right in json.loads(rights)),
        sites=frozenset(json.loads(sites)),
        clients=frozenset(json.loads(clients)),
        allow=tuple(json.loads(allow)),
        created_at=created_at,
        expires_at=expires_at,
        last_used=last_used,
    )


def _until(token: Token, secret_expires_at: int | None) -> Token:
    ends = (end for end in (token.expires_at, secret_expires_at) if end is not None)
    return replace(token, expires_at=min(ends, default=None))


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text.strip(), strict=False))
    except ValueError:
        raise _bad(f"{text!r} is no address or network, like 10.0.0.7 or 10.0.0.0/8") from None


def _bad(detail: str) -> InputError:
    return InputError(detail, code="bad_token")


def _missing(name: str) -> NotFound:
    return NotFound(f"no token is named {name!r}; `nocd tokens list` names them", code="unknown_token")
