"""`nocd notify`: try a receiver, list what never arrived, and send it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import click

from nocd.cli.client import Client, find
from nocd.cli.command import Failed, command, show
from nocd.cli.where import daemon_options

if TYPE_CHECKING:
    from collections.abc import Mapping

_TEST_TIMEOUT_S: Final = 30.0  # a receiver's own limit, and some


@click.group()
def notify() -> None:
    """Try receivers, list messages, send dead letters again."""


@command("test", epilog="  nocd notify test desk\n  nocd notify test desk --json | jq .ok")
@click.argument("receiver")
@daemon_options
def test(*, as_json: bool, receiver: str, **options: Any) -> None:
    """Have the daemon send a test message to RECEIVER now, and say what came of it."""
    with Client(find(options), timeout_s=_TEST_TIMEOUT_S) as client:
        tried = client.json("POST", f"/v1/receivers/{quote(receiver, safe='')}/test")
    told = f"{tried['receiver']}: {'told' if tried['ok'] else 'not told'}, {tried['detail']}"
    show(tried, told, as_json=as_json)
    if not tried["ok"]:
        raise Failed(told)


@command("list", epilog="  nocd notify list\n  nocd notify list --state dead --json | jq -r '.items[].id'")
@click.option("--state", type=click.Choice(["waiting", "delivered", "dead"]), help="Only those that stand so.")
@daemon_options
def index(*, as_json: bool, state: str | None, **options: Any) -> None:
    """List the newest messages, and where each stands."""
    with Client(find(options)) as client:
        answer = client.json("GET", f"/v1/notifications{f'?state={state}' if state else ''}")
    show(answer, "\n".join(_line(item) for item in answer["items"]) or "none", as_json=as_json)


@command("replay", epilog="  nocd notify replay N-12")
@click.argument("notification")
@daemon_options
def replay(*, as_json: bool, notification: str, **options: Any) -> None:
    """Send the dead letter NOTIFICATION again, under the id it had."""
    with Client(find(options)) as client:
        item = client.json("POST", f"/v1/notifications/{quote(notification, safe='')}/replay")
    show(item, _line(item), as_json=as_json)


def _line(item: Mapping[str, Any]) -> str:
    why = f": {item['error']}" if item["error"] else ""
    alerts = ",".join(item["alerts"][:3]) + ("…" if len(item["alerts"]) > 3 else "")  # noqa: PLR2004 - as many as fit a line
    tries = f"{item['attempts']} attempts"
    return f"{item['id']:8} {item['created_at'][:19]}Z {item['receiver']:12} {item['state']:9} {tries:12} {alerts}{why}"


for _command in (test, index, replay):
    notify.add_command(_command)
