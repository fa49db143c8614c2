"""`nocd serve`: run the daemon."""

from __future__ import annotations

import asyncio
import json
import os
from typing import TYPE_CHECKING, Any

import click

from nocd import __version__
from nocd.cli.command import command
from nocd.cli.where import config_file, config_option, data_dir_option

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@command(
    "serve",
    epilog="""\
  nocd serve
  nocd serve --listen 127.0.0.1:9000 --data-dir /srv/nocd
  nocd serve --config /etc/nocd/nocd.toml --set lateness_minutes=5

Settings: arguments, then NOCD_… variables, then the file, then defaults; `nocd check` shows those in force.
On the first start admin.token, operator.token and ingest.token are left in the data folder (readable by you
only). SIGTERM stops it within shutdown_s; SIGHUP takes over changed rules, runbooks, routes, receivers and tokens.
Exit code 2 if a setting cannot be used.""",
)
@click.option("--listen", help="Where to serve HTTP, HOST:PORT (default 127.0.0.1:8460).")
@data_dir_option
@config_option
@click.option("--set", "more", metavar="NAME=VALUE", multiple=True, help="Any other setting (repeatable).")
def serve(*, as_json: bool, **options: Any) -> None:
    """Run the daemon until SIGTERM or Ctrl-C; it says when it takes events."""
    from nocd.settings import load

    arguments = {**assignments(options["more"]), "listen": options["listen"], "data_dir": options["data_dir"]}
    file = config_file(options["config"])
    settings = load(arguments, file=file).settings
    # Wrong settings are told before the whole daemon is imported.
    from nocd import log
    from nocd.app import Daemon
    from nocd.app import serve as run
    from nocd.service import listening
    from nocd.store.folder import Folder, default_root

    os.umask(0o077)  # whatever it makes, in the data folder or beside it, is its user's alone
    log.set_up(level=settings.log_level, form=settings.log_format)
    with Folder(settings.data_dir or default_root(os.environ)).locked() as folder:
        daemon = Daemon(
            settings,
            folder,
            sockets=listening(os.environ),
            reread=lambda: load(arguments, file=file).settings,
        )
        asyncio.run(run(daemon, ready=announcer(folder.root, as_json=as_json)))


def assignments(texts: tuple[str, ...]) -> Mapping[str, str]:
    """Return `NAME=VALUE` texts as a mapping; raises click's usage error for another form."""
    pairs = [text.partition("=") for text in texts]
    if wrong := [name for name, sign, _ in pairs if not sign or not name]:
        raise click.BadParameter(f"{wrong[0]!r} is not NAME=VALUE", param_hint="--set")
    return {name.strip(): value.strip() for name, _, value in pairs}


def announcer(root: object, *, as_json: bool) -> Callable[[str], None]:
    """Return what prints the one line that says where events are taken from now on."""

    def ready(url: str) -> None:
        text = f"nocd {__version__} takes events at {url}; its data is in {root}"
        click.echo(json.dumps({"ready": True, "url": url}) if as_json else text)

    return ready
