"""`nocd jobs`: what the daemon does by itself, how it went, and a run on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from nocd.cli.client import Client, find
from nocd.cli.command import Failed, command, show
from nocd.cli.where import daemon_options

if TYPE_CHECKING:
    from collections.abc import Mapping


@click.group()
def jobs() -> None:
    """List the daemon's jobs, or run one now."""


@command(
    "list", epilog="  nocd jobs list\n  nocd jobs list --json | jq '.items[] | select(.last_outcome == \"failed\")'"
)
@daemon_options
def index(*, as_json: bool, **options: Any) -> None:
    """List the jobs: when each runs, and how its last run ended."""
    with Client(find(options)) as client:
        answer = client.json("GET", "/v1/jobs")
    show(answer, "\n".join(_line(item) for item in answer["items"]), as_json=as_json)


@command("run", epilog="  nocd jobs run tuning\n  nocd jobs run retention --json")
@click.argument("name")
@daemon_options
def run(*, as_json: bool, name: str, **options: Any) -> None:
    """Run the job NAME now, or wait for its run under way, and say how it ended."""
    with Client(find(options), timeout_s=_RUN_TIMEOUT_S) as client:
        ran = client.json("POST", f"/v1/jobs/{quote(name, safe='')}/run")
    told = f"{ran['job']}: {ran['outcome']} in {ran['seconds']:g} s: {ran['detail'] or 'nothing to tell'}"
    show(ran, told, as_json=as_json)
    if ran["outcome"] != "ok":
        raise Failed(told)


_RUN_TIMEOUT_S = 1_830.0  # a job's own longest limit, and some


def _line(item: Mapping[str, Any]) -> str:
    last = "has not run yet"
    if item["last_started"]:
        ended = f"{item['last_outcome']} in {item['last_seconds']:g} s"
        last = f"{item['last_started'][:19]}Z {ended}: {item['last_detail']}"
    return f"{item['name']:12} {item['plan']:16} next {(item['next_run'] or '-')[:19]:20} {last}"


for _command in (index, run):
    jobs.add_command(_command)
