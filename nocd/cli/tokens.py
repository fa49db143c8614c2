"""`nocd tokens`: make, list, renew and revoke bearer tokens, through a running daemon or on its folder."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

import click

from nocd.cli.client import Client, reached
from nocd.cli.command import command, note, show
from nocd.cli.durations import DURATION
from nocd.cli.where import daemon_options, data_folder
from nocd.clock import now_ms
from nocd.domain.instant import HOUR_MS, rfc3339
from nocd.domain.token import Right, Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nocd.store.tokens import TokenStore


@click.group()
def tokens() -> None:
    """Make, list, renew and revoke bearer tokens; a running daemon takes each change at once."""


@command(
    "create",
    epilog="""\
  nocd tokens create gate-7 --role ingest
  nocd tokens create anna --role operator --sites S1,S2 --expires 30d
  nocd tokens create siem --role viewer --allow 10.0.0.0/8 --rights export

The token is printed this once; only its SHA-256 is kept.""",
)
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True, help="What it may do.")
@click.option("--tenant", default="default", show_default=True, help="Whose data it reaches.")
@click.option("--sites", metavar="A,B", help="Only these sites (else all).")
@click.option("--clients", metavar="A,B", help="Only these clients' sites (else all).")
@click.option("--rights", metavar="A,B", help=f"Of {', '.join(Right)}, or none (else those of the role).")
@click.option("--allow", metavar="A,B", help="Only from these addresses or networks.")
@click.option("--expires", type=DURATION, help="How long it holds: 12h, 30d (else until revoked).")
@daemon_options
def create(*, as_json: bool, **options: Any) -> None:
    """Make the token NAME and print it."""
    asked = {
        "name": options["name"],
        "role": options["role"],
        "tenant": options["tenant"],
        "sites": _words(options["sites"]),
        "clients": _words(options["clients"]),
        "allow": _words(options["allow"]),
        "rights": None if options["rights"] is None else _rights(options["rights"]),
        "expires_at": None if options["expires"] is None else rfc3339(now_ms() + options["expires"]),
    }
    with _desk(options) as desk:
        made = desk.create(asked)
    if not as_json:
        note(f"token {made['name']} ({made['role']}, tenant {made['tenant']}); it is shown this once:")
    show(made, made["token"], as_json=as_json)


@command("list", epilog="  nocd tokens list --json | jq '.items[].name'")
@daemon_options
def index(*, as_json: bool, **options: Any) -> None:
    """List the tokens and what they may; secrets are not kept and cannot be shown."""
    with _desk(options) as desk:
        items = desk.all()
    show({"items": items}, "\n".join(_line(item) for item in items) or "no tokens", as_json=as_json)


@command("revoke", epilog="  nocd tokens revoke gate-7")
@click.argument("name")
@daemon_options
def revoke(*, as_json: bool, name: str, **options: Any) -> None:
    """Make the token NAME open nothing any more, at once."""
    with _desk(options) as desk:
        desk.revoke(name)
    show({"name": name, "revoked": True}, f"token {name} is revoked", as_json=as_json)


@command("rotate", epilog="  nocd tokens rotate gate-7 --overlap 24h")
@click.argument("name")
@click.option("--overlap", type=DURATION, default="24h", show_default=True, help="How long the former one still holds.")
@daemon_options
def rotate(*, as_json: bool, name: str, overlap: int, **options: Any) -> None:
    """Print a new secret for the token NAME; name and permissions stay."""
    with _desk(options) as desk:
        made = desk.rotate(name, overlap_ms=overlap)
    if not as_json:
        note(f"the new secret of {name}, shown this once; the former one holds {overlap / HOUR_MS:g} h longer:")
    show(made, made["token"], as_json=as_json)


for _command in (create, index, revoke, rotate):
    tokens.add_command(_command)


class _Desk(Protocol):
    """Where tokens are handled; answers have the API's form."""

    def create(self, asked: dict[str, Any]) -> dict[str, Any]: ...
    def all(self) -> list[dict[str, Any]]: ...
    def revoke(self, name: str) -> None: ...
    def rotate(self, name: str, *, overlap_ms: int) -> dict[str, Any]: ...


@contextlib.contextmanager
def _desk(options: dict[str, Any]) -> Iterator[_Desk]:
    """Give the running daemon, or the folder itself for as long as no daemon can start on it."""
    if target := reached(options):
        with Client(target) as client:
            yield _Remote(client)
        return
    from nocd.store.tokens import TokenStore

    with data_folder(options["data_dir"]).locked() as folder:
        note(f"no daemon runs on {folder.root}; the next one that does knows of this")
        yield _Direct(TokenStore(folder.daemon_db))


class _Remote:
    """Tokens by way of a running daemon."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def create(self, asked: dict[str, Any]) -> dict[str, Any]:
        return self._client.json("POST", "/v1/tokens", asked)

    def all(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self._client.json("GET", "/v1/tokens")["items"]
        return items

    def revoke(self, name: str) -> None:
        self._client.json("DELETE", f"/v1/tokens/{quote(name, safe='')}")

    def rotate(self, name: str, *, overlap_ms: int) -> dict[str, Any]:
        path = f"/v1/tokens/{quote(name, safe='')}/rotate"
        return self._client.json("POST", path, {"overlap_hours": overlap_ms / HOUR_MS})


class _Direct:
    """Tokens on the folder's own database."""

    def __init__(self, store: TokenStore) -> None:
        self._store = store

    def create(self, asked: dict[str, Any]) -> dict[str, Any]:
        from nocd.cli.rebase import instant
        from nocd.store.tokens import Grant

        grant = Grant(
            name=asked["name"],
            role=Role(asked["role"]),
            tenant=asked["tenant"],
            rights=None if asked["rights"] is None else frozenset(map(Right, asked["rights"])),
            sites=frozenset(asked["sites"]),
            clients=frozenset(asked["clients"]),
            allow=tuple(asked["allow"]),
            expires_at=instant(asked["expires_at"]),
        )
        return self._told(self._store.create(grant, now=now_ms()), grant.name)

    def all(self) -> list[dict[str, Any]]:
        from nocd.store.tokens import describe

        return [describe(token) for token in self._store.all()]

    def revoke(self, name: str) -> None:
        self._store.revoke(name, now=now_ms())

    def rotate(self, name: str, *, overlap_ms: int) -> dict[str, Any]:
        return self._told(self._store.rotate(name, overlap_ms=overlap_ms, now=now_ms()), name)

    def _told(self, secret: str, name: str) -> dict[str, Any]:
        from nocd.store.tokens import describe

        return {"token": secret, **describe(self._store.get(name))}


def _words(text: str | None) -> list[str]:
    return [word.strip() for word in (text or "").split(",") if word.strip()]


def _rights(text: str) -> list[str]:
    words = [] if text == "none" else _words(text)
    if unknown := [word for word in words if word not in set(Right)]:
        raise click.BadParameter(f"{unknown[0]!r} is none of {', '.join(Right)}", param_hint="--rights")
    return words


def _line(item: dict[str, Any]) -> str:
    limits = [f"{name} {','.join(item[name])}" for name in ("sites", "clients", "allow") if item[name]]
    used = f"used {item['last_used'][:16]}" if item["last_used"] else "never used"
    ends = [f"until {item['expires_at'][:16]}"] if item["expires_at"] else []
    return "  ".join([f"{item['name']:<20} {item['role']:<9} {item['tenant']:<12} {used}", *ends, *limits])
