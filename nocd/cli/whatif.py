"""`nocd whatif`: what a change would have done to the past, before it is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from nocd.cli.client import Client, reached
from nocd.cli.command import command, show
from nocd.cli.where import config_file, config_option, daemon_options, data_folder
from nocd.errors import InputError, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_TIMEOUT_S: Final = 700.0
_SHOWN: Final = {"gained": "would be new", "lost": "would not be", "hidden": "would be hidden", "shown": "would show"}


@command(
    "whatif",
    epilog="""\
  nocd whatif --set detectors.gps_spoofing.speed_max_kmh=300 --days 30
  nocd whatif --set detectors.site.NTH-04.no_show.mode=off
  nocd whatif --set thresholds.phone_events@NTH-04=3.5 --set ticket_severities=CRITICAL
  nocd whatif --set 'routes.night.matchers=["severity=CRITICAL"]'
  nocd whatif --silence 'type="Camera"' --silence 'site=~"NTH.*"' --json

Nothing changes. It runs in a process of its own at the lowest priority; without a daemon, on its data folder.""",
)
@click.option(
    "--set", "sets", multiple=True, metavar="NAME=VALUE", help="Something to set; may be given more than once."
)
@click.option("--silence", multiple=True, metavar="MATCHER", help="What to silence; all the matchers together.")
@click.option("--days", type=click.IntRange(1, 90), default=30, show_default=True, help="How far back.")
@click.option("--tenant", default="default", show_default=True, help="Whose past, where no daemon runs.")
@config_option
@daemon_options
def whatif(*, as_json: bool, sets: tuple[str, ...], silence: tuple[str, ...], days: int, **options: Any) -> None:
    """Fold the last days again with something changed; print which alerts and tickets would be new, and which not."""
    from nocd.supposed import assigned

    asked = {"set": assigned(sets), "silence": list(silence), "days": days}
    if not sets and not silence:
        raise InputError("name something to --set, or a --silence; nothing would be changed", code="bad_request")
    if target := reached(options):
        with Client(target, timeout_s=_TIMEOUT_S) as client:
            told = client.json("POST", "/v1/whatif", asked)
    else:
        told = _here(asked, options["data_dir"], options["config"], options["tenant"])
    show(told, text(told), as_json=as_json)


def _here(asked: dict[str, Any], data_dir: Path | None, config: Path | None, tenant: str) -> dict[str, Any]:
    """Make it in this process, of a folder that no daemon has."""
    from nocd.clock import now_ms
    from nocd.settings import load
    from nocd.whatif import SECONDS_MAX, answered, request

    database = data_folder(data_dir, config).tenant_db(tenant)
    if not database.exists():
        raise NotFound(f"there is no {database}; name the data folder by --data-dir", code="nothing_there")
    settings = load(file=config_file(config)).settings
    return answered(request(settings, database, {**asked, "now": now_ms()}, seconds_max=SECONDS_MAX))


def text(told: Mapping[str, Any]) -> str:
    """Return the difference for a person."""
    lines = [
        f"{told['from'][:16]} to {told['to'][:16]}: {told['events']:,} events folded twice in {told['seconds']:g} s"
    ]
    for noun in ("alerts", "tickets"):
        found = told[noun]
        counts = ", ".join(f"{found[name]} {words}" for name, words in _SHOWN.items() if found[name])
        lines.append(f"{noun}: {found['before']} -> {found['after']}: {counts or 'the same'}")
        for name, words in _SHOWN.items():
            lines += [f"  {words}: {_line(each)}" for each in found["examples"][name]]
    messages = told["notifications"].items()
    lines += [f"messages to {name}: {each['before']} -> {each['after']}" for name, each in messages]
    return "\n".join([*lines, *(f"note: {each}" for each in told["limits"])])


def _line(example: Mapping[str, Any]) -> str:
    return f"{example['opened_at'][:16]} {example['severity']} {example['site'] or '-'}: {example['title']}"
